/* The transport's registers and the handshake, over a device that remembers what it is told. */
#include "fake_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FEATURE_A 1u
#define FEATURE_B 2u
#define ACCEPTED (ST_ACK | ST_DRIVER | ST_FEATURES_OK)

static struct {
    uint32_t resets, readies, notified, last_queue;
    bool quiet;
    uint8_t config[6];
} seen;

static void reset(struct virtio *virtio)
{
    (void)virtio;
    seen.resets++;
}

static bool quiet(const struct virtio *virtio)
{
    (void)virtio;
    return seen.quiet;
}

static void ready(struct virtio *virtio)
{
    (void)virtio;
    seen.readies++;
}

static void notify(struct virtio *virtio, uint32_t queue)
{
    (void)virtio;
    seen.notified++;
    seen.last_queue = queue;
}

static void config_read(struct virtio *virtio, uint32_t offset, void *bytes, uint32_t size)
{
    (void)virtio;
    assert_in_range(offset + size, 1, sizeof(seen.config));
    memcpy(bytes, seen.config + offset, size);
}

static void config_write(struct virtio *virtio, uint32_t offset, const void *bytes, uint32_t size)
{
    (void)virtio;
    assert_in_range(offset + size, 1, sizeof(seen.config));
    memcpy(seen.config + offset, bytes, size);
}

static const struct virtio_ops ops = {.id = 42,
                                      .queues = 2,
                                      .config_size = sizeof(seen.config),
                                      .features = FEATURE_A | FEATURE_B,
                                      .reset = reset,
                                      .quiet = quiet,
                                      .ready = ready,
                                      .notify = notify,
                                      .config_read = config_read,
                                      .config_write = config_write};
static struct virtio virtio;

static int setup(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    seen.quiet = true;
    virtio = (struct virtio){.ops = &ops};
    driver_init(&virtio);
    return 0;
}

static void features_set(uint64_t features)
{
    for (uint32_t i = 0; i < 2; i++) {
        driver_write(REG_DRIVER_FEATURES_SEL, i);
        driver_write(REG_DRIVER_FEATURES, (uint32_t)(features >> (32 * i)));
    }
}

static void identity(void **state)
{
    (void)state;
    assert_int_equal(driver_read(REG_MAGIC), 0x74726976);
    assert_int_equal(driver_read(REG_VERSION), 2);
    assert_int_equal(driver_read(REG_DEVICE_ID), 42);
    assert_int_equal(driver_read(REG_SHM_LEN), 0xffffffff);
    uint32_t value = 0;
    assert_int_equal(driver_access(REG_MAGIC + 1, 1, false, &value), L4_OK);
    assert_int_equal(value, 'i');
}

static void an_empty_transport(void **state)
{
    (void)state;
    driver.page.slot[1] = NULL;
    assert_int_equal(driver_read(REG_MAGIC), 0x74726976);
    assert_int_equal(driver_read(REG_DEVICE_ID), 0);
    for (uint32_t offset = 0x10; offset < 0x200; offset += 4) {
        driver_write(offset, 0xffffffff);
        assert_int_equal(driver_read(offset), 0);
    }
}

static void features_offered(void **state)
{
    (void)state;
    assert_int_equal(driver_read(REG_DEVICE_FEATURES),
                     FEATURE_A | FEATURE_B | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
    driver_write(REG_DEVICE_FEATURES_SEL, 1);
    assert_int_equal(driver_read(REG_DEVICE_FEATURES), 1); /* VERSION_1 */
    driver_write(REG_DEVICE_FEATURES_SEL, 2);
    assert_int_equal(driver_read(REG_DEVICE_FEATURES), 0);
}

static void features_refused(uint64_t features)
{
    driver_write(REG_STATUS, 0);
    driver_write(REG_STATUS, ST_ACK | ST_DRIVER);
    features_set(features);
    driver_write(REG_STATUS, ACCEPTED);
    assert_int_equal(driver_read(REG_STATUS), ST_ACK | ST_DRIVER);
    driver_write(REG_STATUS, ACCEPTED | ST_DRIVER_OK);
    assert_int_equal(driver_read(REG_STATUS), ST_ACK | ST_DRIVER);
    assert_int_equal(seen.readies, 0);
}

static void features_that_are_not_offered(void **state)
{
    (void)state;
    features_refused(VIRTIO_F_VERSION_1 | 4u);
    features_refused(VIRTIO_F_VERSION_1 | UINT64_C(1) << 40);
}

static void no_legacy_driver(void **state)
{
    (void)state;
    features_refused(FEATURE_A);
}

static void features_stay_once_accepted(void **state)
{
    (void)state;
    driver_start(FEATURE_A);
    features_set(VIRTIO_F_VERSION_1 | FEATURE_B);
    assert_int_equal(virtio.state.features, VIRTIO_F_VERSION_1 | FEATURE_A);
}

static void status_bits_only_add(void **state)
{
    (void)state;
    driver_start(0);
    assert_int_equal(seen.readies, 1);
    driver_write(REG_STATUS, ST_ACK);
    assert_int_equal(driver_read(REG_STATUS), ACCEPTED | ST_DRIVER_OK);
    driver_write(REG_STATUS, 0xffffffff);
    assert_int_equal(driver_read(REG_STATUS), ACCEPTED | ST_DRIVER_OK | 128); /* FAILED, no more */
    assert_int_equal(seen.readies, 1);
}

static void reset_by_status(void **state)
{
    (void)state;
    driver_start(FEATURE_A);
    virtio_interrupt(&virtio, VIRTIO_INTERRUPT_USED);
    assert_true(driver.level);
    seen.resets = 0;
    driver_write(REG_STATUS, 0);
    assert_int_equal(seen.resets, 1);
    assert_int_equal(driver_read(REG_STATUS), 0);
    assert_int_equal(driver_read(REG_INTERRUPT_STATUS), 0);
    assert_int_equal(driver_read(REG_QUEUE_READY), 0);
    assert_false(driver.level);
}

static void a_reset_waits_for_quiet(void **state)
{
    (void)state;
    driver_start(0);
    seen.quiet = false;
    uint32_t value = 0;
    assert_int_equal(driver_access(REG_STATUS, 4, true, &value), L4_ERR_BUSY);
    assert_int_equal(driver_access(REG_STATUS, 4, true, &value), L4_ERR_BUSY);
    driver_write(REG_QUEUE_NOTIFY, 0);
    assert_int_equal(seen.notified, 0); /* it is over all the same */
    seen.quiet = true;
    driver_write(REG_STATUS, 0);
    assert_int_equal(driver_read(REG_STATUS), 0);
}

static void a_queue_stops_when_quiet(void **state)
{
    (void)state;
    driver_start(0);
    seen.quiet = false;
    uint32_t value = 0;
    driver_write(REG_QUEUE_SEL, 1);
    assert_int_equal(driver_access(REG_QUEUE_READY, 4, true, &value), L4_ERR_BUSY);
    seen.quiet = true;
    driver_write(REG_QUEUE_READY, 0);
    assert_int_equal(driver_read(REG_QUEUE_READY), 0);
    driver_kick(1);
    assert_int_equal(seen.notified, 0);
    driver_kick(0);
    assert_int_equal(seen.notified, 1);
}

static void notifications(void **state)
{
    (void)state;
    driver_queue(0);
    driver_kick(0);
    assert_int_equal(seen.notified, 0); /* not before DRIVER_OK */
    driver_start(0);
    driver_kick(1);
    assert_int_equal(seen.last_queue, 1);
    driver_kick(2);
    driver_kick(0xffffffff);
    assert_int_equal(seen.notified, 1);
    assert_int_equal(driver.counters.kicks, 1);
    virtio_broken(&virtio);
    driver_kick(0);
    assert_int_equal(seen.notified, 1);
}

static void queue_registers(void **state)
{
    (void)state;
    assert_int_equal(driver_read(REG_QUEUE_NUM_MAX), VIRTIO_QUEUE_MAX);
    driver_queue(0);
    assert_int_equal(driver_read(REG_QUEUE_READY), 1);
    driver_write(REG_QUEUE_NUM, 8); /* in use: stays */
    driver_write(REG_QUEUE_DESC, 0);
    assert_int_equal(virtio.state.queue[0].size, DRIVER_QUEUE_SIZE);
    assert_int_equal(virtio.state.queue[0].desc, DRIVER_RAM);
    driver_write(REG_QUEUE_SEL, 2);
    assert_int_equal(driver_read(REG_QUEUE_NUM_MAX), 0);
    driver_write(REG_QUEUE_NUM, 16);
    driver_write(REG_QUEUE_READY, 1);
    assert_int_equal(driver_read(REG_QUEUE_READY), 0);
    driver_write(REG_QUEUE_SEL, 0xffffffff);
    assert_int_equal(driver_read(REG_QUEUE_READY), 0);
}

/* One register of a queue wrong: the device wants a reset instead of using it. */
static void bad_queue(uint32_t reg, uint32_t value)
{
    driver_write(REG_STATUS, 0);
    driver_write(REG_QUEUE_SEL, 0);
    driver_write(REG_QUEUE_NUM, 16);
    driver_write(REG_QUEUE_DESC, DRIVER_RAM);
    driver_write(REG_QUEUE_DRIVER, DRIVER_RAM + 0x400);
    driver_write(REG_QUEUE_DEVICE, DRIVER_RAM + 0x800);
    driver_write(reg, value);
    driver_write(REG_QUEUE_READY, 1);
    assert_int_equal(driver_read(REG_QUEUE_READY), 0);
    assert_int_equal(driver_read(REG_STATUS), ST_NEEDS_RESET);
}

static void bad_queues(void **state)
{
    (void)state;
    bad_queue(REG_QUEUE_NUM, 0);
    bad_queue(REG_QUEUE_NUM, 17);
    bad_queue(REG_QUEUE_NUM, 512);
    bad_queue(REG_QUEUE_NUM, 0x10010);
    bad_queue(REG_QUEUE_DESC, DRIVER_RAM + 8);
    bad_queue(REG_QUEUE_DESC, DRIVER_RAM + DRIVER_RAM_SIZE - 240);
    bad_queue(REG_QUEUE_DESC, 0x1000);
    bad_queue(REG_QUEUE_DESC + 4, 1);
    bad_queue(REG_QUEUE_DRIVER, DRIVER_RAM + 1);
    bad_queue(REG_QUEUE_DRIVER, DRIVER_RAM + DRIVER_RAM_SIZE - 36);
    bad_queue(REG_QUEUE_DRIVER + 4, 0xffffffff);
    bad_queue(REG_QUEUE_DEVICE, DRIVER_RAM + 2);
    bad_queue(REG_QUEUE_DEVICE, DRIVER_RAM + DRIVER_RAM_SIZE - 132);
    bad_queue(REG_QUEUE_DEVICE + 4, 1);
    assert_int_equal(driver.counters.errors, 14);
}

static void broken_once_started(void **state)
{
    (void)state;
    driver_start(0);
    virtio_broken(&virtio);
    virtio_broken(&virtio);
    assert_int_equal(driver_read(REG_STATUS), ACCEPTED | ST_DRIVER_OK | ST_NEEDS_RESET);
    assert_int_equal(driver_read(REG_INTERRUPT_STATUS), VIRTIO_INTERRUPT_CONFIG);
    assert_int_equal(driver.edges, 1);
    assert_int_equal(driver.counters.errors, 1);
    assert_false(virtio_live(&virtio));
    driver_write(REG_STATUS, ACCEPTED | ST_DRIVER_OK); /* no way out but a reset */
    assert_false(virtio_live(&virtio));
    driver_start(0);
    assert_true(virtio_live(&virtio));
}

static void interrupts(void **state)
{
    (void)state;
    driver_start(0);
    virtio_interrupt(&virtio, VIRTIO_INTERRUPT_USED);
    virtio_config_changed(&virtio);
    assert_int_equal(driver_read(REG_INTERRUPT_STATUS), 3);
    driver_write(REG_INTERRUPT_ACK, 1);
    assert_true(driver.level);
    driver_write(REG_INTERRUPT_ACK, 0xfffffffe);
    assert_false(driver.level);
    assert_int_equal(driver.edges, 1);
    assert_int_equal(driver.counters.interrupts, 2);
}

static void configuration_changes(void **state)
{
    (void)state;
    uint32_t before = driver_read(REG_GENERATION);
    virtio_config_changed(&virtio);
    assert_int_equal(driver_read(REG_GENERATION), before + 1);
    assert_false(driver.level); /* nobody is ready to hear it */
    driver_write(REG_STATUS, 0);
    assert_int_equal(driver_read(REG_GENERATION), before + 1);
}

static void configuration_space(void **state)
{
    (void)state;
    memcpy(seen.config, "\1\2\3\4\5\6", 6);
    uint32_t value = 0;
    assert_int_equal(driver_read(REG_CONFIG), 0x04030201);
    assert_int_equal(driver_read(REG_CONFIG + 4), 0x0605); /* two bytes are beyond its end */
    assert_int_equal(driver_read(REG_CONFIG + 8), 0);
    assert_int_equal(driver_read(REG_CONFIG + 0xfc), 0);
    assert_int_equal(driver_access(REG_CONFIG + 3, 1, false, &value), L4_OK);
    assert_int_equal(value, 4);
    assert_int_equal(driver_access(REG_CONFIG + 2, 2, false, &value), L4_OK);
    assert_int_equal(value, 0x0403);
    value = 0xaabb;
    assert_int_equal(driver_access(REG_CONFIG + 4, 2, true, &value), L4_OK);
    driver_write(REG_CONFIG + 8, 0xffffffff);
    driver_write(REG_CONFIG + 4, 0xccddeeff);
    assert_memory_equal(seen.config, "\1\2\3\4\xff\xee", 6);
}

static void registers_are_words(void **state)
{
    (void)state;
    uint32_t value = 1;
    assert_int_equal(driver_access(REG_STATUS, 1, true, &value), L4_OK);
    assert_int_equal(driver_access(REG_STATUS, 2, true, &value), L4_OK);
    assert_int_equal(driver_read(REG_STATUS), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(identity),
        T(an_empty_transport),
        T(features_offered),
        T(features_that_are_not_offered),
        T(no_legacy_driver),
        T(features_stay_once_accepted),
        T(status_bits_only_add),
        T(reset_by_status),
        T(a_reset_waits_for_quiet),
        T(a_queue_stops_when_quiet),
        T(notifications),
        T(queue_registers),
        T(bad_queues),
        T(broken_once_started),
        T(interrupts),
        T(configuration_changes),
        T(configuration_space),
        T(registers_are_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
