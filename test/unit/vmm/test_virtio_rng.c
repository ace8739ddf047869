/* The entropy device over a source that gives as much as the test says. */
#include "fake_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/virtio_rng.h>

static struct virtio_rng rng;
static uint32_t stock;

static uint32_t source(void *context, uint8_t *bytes, uint32_t count)
{
    (void)context;
    count = count < stock ? count : stock;
    memset(bytes, 0xa5, count);
    stock -= count;
    return count;
}

static int setup(void **state)
{
    (void)state;
    const struct virtio_rng_port port = {NULL, source};
    memset(&rng, 0, sizeof(rng));
    virtio_rng_init(&rng, &port);
    driver_init(&rng.virtio);
    driver_start(0);
    stock = 0;
    return 0;
}

static const struct part buffer[] = {{DRIVER_DATA, 10, true}, {DRIVER_DATA + 0x100, 10, true}};

static void as_much_as_there_is(void **state)
{
    (void)state;
    uint32_t size;
    stock = 35;
    (void)driver_put(0, buffer, 2);
    uint16_t second = driver_put(0, buffer, 2);
    driver_kick(0);
    assert_int_equal(driver_read(REG_DEVICE_ID), 4);
    assert_int_equal(driver_take(0, &size), 0);
    assert_int_equal(size, 20);
    assert_int_equal(driver_take(0, &size), second);
    assert_int_equal(size, 15);
    assert_int_equal(driver_ram[DRIVER_DATA + 0x109], 0xa5);
    assert_int_equal(driver_ram[DRIVER_DATA + 0x10a], 0);
    assert_int_equal(driver.counters.bytes_to, 35);
    assert_int_equal(driver.counters.interrupts, 1);
}

static void buffers_wait_for_the_source(void **state)
{
    (void)state;
    uint32_t size;
    (void)driver_put(0, buffer, 2);
    driver_kick(0);
    assert_int_equal(driver_take(0, &size), DRIVER_NONE);
    assert_false(driver.level);
    stock = 1;
    virtio_rng_more(&rng);
    assert_int_equal(driver_take(0, &size), 0);
    assert_int_equal(size, 1);
    assert_true(driver.level);
}

static void buffers_that_the_device_may_not_write(void **state)
{
    (void)state;
    const struct part readable = {DRIVER_DATA, 10, false};
    uint32_t size;
    stock = 10;
    (void)driver_put(0, &readable, 1);
    driver_kick(0);
    assert_int_equal(driver_take(0, &size), 0);
    assert_int_equal(size, 0);
    assert_int_equal(driver_ram[DRIVER_DATA], 0);
}

static void a_malformed_ring(void **state)
{
    (void)state;
    stock = 10;
    driver_offer(0, 77);
    driver_kick(0);
    assert_false(virtio_live(&rng.virtio));
    virtio_rng_more(&rng);
    assert_int_equal(stock, 10);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(as_much_as_there_is),
        T(buffers_wait_for_the_source),
        T(buffers_that_the_device_may_not_write),
        T(a_malformed_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
