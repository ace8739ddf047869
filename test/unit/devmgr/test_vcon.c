/* The console device with several ports: control messages, lines, back-pressure, lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/vcon.h>

#include "fake_virtio.h"

#define CONTROL_RX 2u
#define CONTROL_TX 3u
#define PORTS 31u
#define AREA (VCON_AREA + 2 * VCON_LINE_AREA)

struct control {
    uint32_t id;
    uint16_t event, value;
};

static struct fake_virtio fake;
static struct vcon vcon;
static uint8_t memory[AREA] __attribute__((aligned(4096)));

static int set_up(void **state)
{
    (void)state;
    const struct dma area = {memory, (uintptr_t)memory, sizeof memory};
    memset(&vcon, 0, sizeof vcon);
    fake_init(&fake, VIRTIO_TYPE_CONSOLE, 64, 2 | VIRTIO_F_EVENT_INDEX, &vcon.dev);
    fake.config[4] = PORTS;
    assert_int_equal(vcon_add(&vcon, "org.pecan.control"), 0);
    assert_int_equal(vcon_add(&vcon, "org.pecan.console.phone0"), 1);
    assert_int_equal(vcon_start(&vcon, &area), L4_OK);
    return 0;
}

static void say_bytes(const void *bytes, uint32_t size)
{
    struct fake_chain chain;
    assert_true(fake_pop(&fake, CONTROL_RX, &chain));
    assert_true(size <= chain.buffer[0].size);
    memcpy(chain.buffer[0].bytes, bytes, size);
    (void)fake_push(&fake, CONTROL_RX, chain.head, size);
}

static void say(uint32_t id, uint16_t event, uint16_t value, const char *name)
{
    uint8_t bytes[128];
    const struct control message = {id, event, value};
    const uint32_t length = name != NULL ? (uint32_t)strlen(name) + 1 : 0;
    memcpy(bytes, &message, sizeof message);
    memcpy(bytes + sizeof message, name != NULL ? name : "", length);
    say_bytes(bytes, sizeof message + length);
}

/* What the driver says next; event 0xffff: nothing. */
static struct control heard(void)
{
    struct fake_chain chain;
    struct control message = {0, 0xffff, 0};
    if (fake_pop(&fake, CONTROL_TX, &chain)) {
        assert_int_equal(chain.buffer[0].size, sizeof message);
        memcpy(&message, chain.buffer[0].bytes, sizeof message);
        (void)fake_push(&fake, CONTROL_TX, chain.head, 0);
    }
    return message;
}

static void hears(uint32_t id, uint16_t event)
{
    const struct control message = heard();
    assert_int_equal(message.event, event);
    assert_int_equal(message.id, id);
    assert_int_equal(message.value, 1);
}

/* The line's port comes, and somebody opens it. */
static void plug(uint32_t port, const char *name)
{
    (void)heard();
    say(port, 1, 1, NULL);
    vcon_run(&vcon);
    hears(port, 3);
    say(port, 7, 1, name);
    say(port, 6, 1, NULL);
    vcon_run(&vcon);
    hears(port, 6);
}

static uint32_t queue_of(uint32_t port)
{
    return 2 * port + 2;
}

static void test_ports(void **state)
{
    (void)state;
    hears(0, 0);
    assert_int_equal(heard().event, 0xffff);
    say(5, 1, 1, NULL);
    vcon_run(&vcon);
    hears(5, 3);
    assert_false(vcon_is_open(&vcon, 1));
    say(5, 7, 1, "org.pecan.console.phone0");
    vcon_run(&vcon);
    hears(5, 6);
    assert_false(vcon_is_open(&vcon, 1));
    say(5, 6, 1, NULL);
    vcon_run(&vcon);
    assert_true(vcon_is_open(&vcon, 1));
    say(5, 6, 0, NULL);
    vcon_run(&vcon);
    assert_false(vcon_is_open(&vcon, 1));
}

/* As many ports as there can be say everything at once; the answers wait for room. */
static void test_all_ports(void **state)
{
    (void)state;
    bool ready[PORTS] = {false};
    hears(0, 0);
    for (uint32_t i = 0; i < PORTS; i++) {
        say(i, 1, 1, NULL);
    }
    for (uint32_t round = 0; round < PORTS; round++) {
        vcon_run(&vcon);
        struct control message = heard();
        for (; message.event == 3; message = heard()) {
            assert_false(ready[message.id]);
            ready[message.id] = true;
        }
    }
    for (uint32_t i = 0; i < PORTS; i++) {
        assert_true(ready[i]);
    }
}

static void test_other_names(void **state)
{
    (void)state;
    (void)heard();
    say(1, 7, 1, "org.pecan.console.phone");
    say(2, 7, 1, "org.pecan.console.phone00");
    say(3, 7, 1, "");
    say(PORTS, 7, 1, "org.pecan.control");
    say(0xffffffff, 6, 1, NULL);
    say(1, 99, 1, NULL);
    say(1, 2, 1, NULL);
    say_bytes("abc", 3);
    vcon_run(&vcon);
    assert_int_equal(heard().event, 0xffff);
    assert_false(vcon.dev.failed);
    plug(0, "org.pecan.control");
    say(4, 7, 1, "org.pecan.control"); /* the first one is it */
    vcon_run(&vcon);
    assert_int_equal(vcon.line[0].port, 0);
}

static void test_send(void **state)
{
    (void)state;
    static uint8_t bytes[4 * VCON_TX_BYTES];
    struct fake_chain chain;
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    assert_int_equal(vcon_send(&vcon, 1, bytes, 100), 100); /* to nowhere */
    assert_int_equal(vcon_send(&vcon, VCON_NONE, bytes, 100), 100);
    plug(1, "org.pecan.console.phone0");
    assert_int_equal(vcon_send(&vcon, 1, bytes, sizeof bytes), 2 * VCON_TX_BYTES);
    assert_int_equal(vcon_send(&vcon, 1, bytes, 1), 0); /* both buffers are with the device */
    assert_true(fake_pop(&fake, queue_of(1) + 1, &chain));
    assert_int_equal(chain.buffer[0].size, VCON_TX_BYTES);
    assert_memory_equal(chain.buffer[0].bytes, bytes, VCON_TX_BYTES);
    assert_true(fake_push(&fake, queue_of(1) + 1, chain.head, 0));
    vcon_run(&vcon);
    assert_int_equal(vcon_send(&vcon, 1, bytes, 3), 3);
    say(1, 6, 0, NULL);
    vcon_run(&vcon);
    assert_int_equal(vcon_send(&vcon, 1, bytes, 9), 9);
}

static void test_receive(void **state)
{
    (void)state;
    struct fake_chain first, second;
    const uint8_t *bytes = NULL;
    plug(0, "org.pecan.console.phone0");
    assert_int_equal(vcon_peek(&vcon, 1, &bytes), 0);
    assert_true(fake_pop(&fake, 0, &first)); /* port 0's queues are the first two */
    assert_true(fake_pop(&fake, 0, &second));
    memcpy(first.buffer[0].bytes, "hello", 5);
    memcpy(second.buffer[0].bytes, "you", 3);
    (void)fake_push(&fake, 0, first.head, 5);
    (void)fake_push(&fake, 0, second.head, 3);
    vcon_run(&vcon);
    assert_int_equal(vcon_peek(&vcon, 1, &bytes), 5);
    assert_memory_equal(bytes, "hello", 5);
    vcon_skip(&vcon, 1, 2);
    assert_int_equal(vcon_peek(&vcon, 1, &bytes), 3);
    assert_memory_equal(bytes, "llo", 3);
    assert_false(fake_pop(&fake, 0, &first)); /* not taken: the host waits */
    vcon_skip(&vcon, 1, 3);
    assert_int_equal(vcon_peek(&vcon, 1, &bytes), 3);
    assert_memory_equal(bytes, "you", 3);
    assert_true(fake_pop(&fake, 0, &first));
    (void)fake_push(&fake, 0, first.head, 0); /* nothing at all */
    vcon_skip(&vcon, 1, 3);
    vcon_run(&vcon);
    assert_int_equal(vcon_peek(&vcon, 1, &bytes), 0);
    assert_true(fake_pop(&fake, 0, &first));
    assert_true(fake_pop(&fake, 0, &second));
}

static void test_bad_device(void **state)
{
    struct fake_chain chain;
    plug(1, "org.pecan.control");
    assert_true(fake_pop(&fake, queue_of(1), &chain));
    (void)fake_push(&fake, queue_of(1), chain.head, VCON_RX_BYTES + 1);
    vcon_run(&vcon);
    assert_true(vcon.dev.failed);
    assert_int_equal(vcon_send(&vcon, 0, "x", 1), 1);
    (void)set_up(state);
    assert_true(fake_pop(&fake, CONTROL_RX, &chain));
    (void)fake_push(&fake, CONTROL_RX, chain.head, VCON_CONTROL_BYTES + 1);
    vcon_run(&vcon);
    assert_true(vcon.dev.failed);
    (void)set_up(state);
    fake_set_used(&fake, CONTROL_TX, 100);
    vcon_run(&vcon);
    assert_true(vcon.dev.failed);
    vcon_run(&vcon);
}

static void test_start(void **state)
{
    (void)state;
    const struct dma small = {memory, (uintptr_t)memory, VCON_AREA / 2};
    const struct dma area = {memory, (uintptr_t)memory, sizeof memory};
    fake_init(&fake, VIRTIO_TYPE_CONSOLE, 64, 0, &vcon.dev);
    assert_int_equal(vcon_start(&vcon, &area), L4_ERR_NOT_SUPPORTED); /* one port only */
    fake_init(&fake, VIRTIO_TYPE_CONSOLE, 64, 2, &vcon.dev);
    fake.config[4] = PORTS;
    assert_int_not_equal(vcon_start(&vcon, &small), L4_OK);
    assert_int_equal(fake.status, 0);
    assert_int_equal(vcon_add(&vcon, "a name of sixty-four bytes, which is one more than there is "
                                     "room."),
                     VCON_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ports, set_up),
        cmocka_unit_test_setup(test_all_ports, set_up),
        cmocka_unit_test_setup(test_other_names, set_up),
        cmocka_unit_test_setup(test_send, set_up),
        cmocka_unit_test_setup(test_receive, set_up),
        cmocka_unit_test_setup(test_bad_device, set_up),
        cmocka_unit_test_setup(test_start, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
