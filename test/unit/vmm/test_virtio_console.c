/* virtio-console over a session whose server is the test: nothing is lost either way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/virtio_console.h>

#include "fake_queues.h"

static struct virtio_console console;
static struct driver driver;
static struct l4_console_page *page;
static struct l4_ring out, in; /* the server's sides */
static uint32_t bells;

static void bell(void *context)
{
    (void)context;
    bells++;
}

static void session_new(void)
{
    const struct doorbell doorbell = {bell, NULL};
    memset(page, 0, sizeof(*page));
    l4_ring_init(&out, &page->tx, page->tx_data, L4_CONSOLE_TX_SIZE);
    l4_ring_init(&in, &page->rx, page->rx_data, L4_CONSOLE_RX_SIZE);
    assert_true(l4_ring_wait_data(&out));
    virtio_console_attach(&console, page, &doorbell);
}

static int setup(void **state)
{
    (void)state;
    bells = 0;
    page = malloc(sizeof(*page));
    virtio_console_init(&console);
    driver_init(&driver, &console.virtio);
    session_new();
    driver_start(&driver, 16, VIRTIO_CONSOLE_F_EMERG_WRITE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    driver_free(&driver);
    free(page);
    return 0;
}

static uint8_t byte_at(uint32_t n)
{
    return (uint8_t)(n * 7u + (n >> 8));
}

/* Output in chains of odd sizes, taken by the server in odd bites: the stream stays whole. */
static void output_stream(void **state)
{
    (void)state;
    uint32_t sent = 0;
    uint32_t seen = 0;
    srand(1);
    while (seen < 60000) {
        struct driver_part parts[3];
        uint32_t at = driver.allocated = 0x20000;
        for (uint32_t i = 0; i < 3; i++) {
            parts[i] = (struct driver_part){DRIVER_BASE + at, 1u + (uint32_t)rand() % 3000u, false};
            for (uint32_t n = 0; n < parts[i].size; n++) {
                driver.ram[at + n] = byte_at(sent++);
            }
            at += parts[i].size;
        }
        driver_add(&driver, VIRTIO_CONSOLE_TX, parts, 3);
        driver_kick(&driver, VIRTIO_CONSOLE_TX);
        while (driver_used_count(&driver, VIRTIO_CONSOLE_TX) == 0) {
            uint8_t bytes[700];
            uint32_t got = l4_ring_take(&out, bytes, 1u + (uint32_t)rand() % sizeof(bytes));
            for (uint32_t i = 0; i < got; i++) {
                assert_int_equal(bytes[i], byte_at(seen++));
            }
            if (l4_ring_must_wake_producer(&out)) {
                virtio_console_ready(&console);
            }
        }
        uint8_t bytes[L4_CONSOLE_TX_SIZE];
        uint32_t got = l4_ring_take(&out, bytes, sizeof(bytes));
        for (uint32_t i = 0; i < got; i++) {
            assert_int_equal(bytes[i], byte_at(seen++));
        }
        assert_int_equal(seen, sent);
    }
    assert_int_equal(driver.counters.bytes_from, sent);
}

static void input_waits_for_buffers(void **state)
{
    (void)state;
    uint8_t bytes[L4_CONSOLE_RX_SIZE + 100];
    uint32_t seen = 0;
    for (uint32_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = byte_at(i);
    }
    assert_int_equal(l4_ring_put(&in, bytes, sizeof(bytes)), L4_CONSOLE_RX_SIZE);
    virtio_console_ready(&console);
    assert_int_equal(driver_used_count(&driver, VIRTIO_CONSOLE_RX), 0);
    assert_true(l4_ring_wait_space(&in));
    while (seen < L4_CONSOLE_RX_SIZE) {
        uint16_t head;
        uint32_t written;
        uint32_t ipa = driver_give(&driver, VIRTIO_CONSOLE_RX, 100);
        driver_kick(&driver, VIRTIO_CONSOLE_RX);
        assert_true(driver_used(&driver, VIRTIO_CONSOLE_RX, &head, &written));
        assert_memory_equal(driver_ram(&driver, ipa), bytes + seen, written);
        seen += written;
    }
    assert_int_equal(seen, L4_CONSOLE_RX_SIZE);
    assert_int_equal(bells, 1); /* the server waited for space */
    assert_int_equal(page->rx.consumer_waits, 1);
    assert_int_equal(driver.counters.bytes_to, seen);
}

/* The guest shortens a chain of which a part is on its way: it is done. */
static void chain_shrinks(void **state)
{
    (void)state;
    struct driver_part part = {driver_alloc(&driver, 4000), 4000, false};
    driver_add(&driver, VIRTIO_CONSOLE_TX, &part, 1);
    driver_kick(&driver, VIRTIO_CONSOLE_TX);
    assert_int_equal(console.state.sent, L4_CONSOLE_TX_SIZE);
    *(uint32_t *)(void *)(driver_ram(&driver, 0x40004000) + 8) = 10; /* the descriptor's size */
    l4_ring_skip(&out, 1000);
    virtio_console_ready(&console);
    assert_int_equal(driver_used_count(&driver, VIRTIO_CONSOLE_TX), 1);
    assert_int_equal(console.state.sent, 0);
    assert_int_equal(l4_ring_used(&out), L4_CONSOLE_TX_SIZE - 1000);
}

static void broken_rings(void **state)
{
    (void)state;
    driver_give(&driver, VIRTIO_CONSOLE_RX, 100);
    page->rx.head = 0x12345678;
    page->tx.tail = 0x9abcdef0;
    driver_send(&driver, VIRTIO_CONSOLE_TX, "lost?", 5);
    driver_kick(&driver, VIRTIO_CONSOLE_RX);
    driver_kick(&driver, VIRTIO_CONSOLE_TX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_CONSOLE_RX), 0);
    assert_int_equal(driver_used_count(&driver, VIRTIO_CONSOLE_TX), 0);
    virtio_console_attach(&console, NULL, NULL);
    driver_kick(&driver, VIRTIO_CONSOLE_TX);
    virtio_console_ready(&console);
    session_new();
    uint8_t bytes[8];
    assert_int_equal(l4_ring_take(&out, bytes, 8), 5);
    assert_memory_equal(bytes, "lost?", 5);
}

static void odd_buffers(void **state)
{
    (void)state;
    const struct driver_part read_only = {driver_alloc(&driver, 16), 16, false};
    driver_add(&driver, VIRTIO_CONSOLE_RX, &read_only, 1); /* nothing to write into */
    driver_give(&driver, VIRTIO_CONSOLE_RX, 8);
    assert_int_equal(l4_ring_put(&in, "abc", 3), 3);
    virtio_console_ready(&console);
    uint16_t head;
    uint32_t written;
    assert_true(driver_used(&driver, VIRTIO_CONSOLE_RX, &head, &written));
    assert_int_equal(written, 0);
    assert_true(driver_used(&driver, VIRTIO_CONSOLE_RX, &head, &written));
    assert_int_equal(written, 3);
    driver_give(&driver, VIRTIO_CONSOLE_TX, 8); /* nothing to read from */
    driver_kick(&driver, VIRTIO_CONSOLE_TX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_CONSOLE_TX), 1);
}

static void emergency_write(void **state)
{
    (void)state;
    uint8_t bytes[12];
    driver_reset(&driver);
    console.virtio.ops->config_read(&console.virtio, 0, bytes, 12);
    assert_int_equal(bytes[4], 1); /* max_nr_ports */
    console.virtio.ops->config_write(&console.virtio, 8, "!\0\0\0", 4);
    console.virtio.ops->config_write(&console.virtio, 0, "?", 1);
    assert_int_equal(l4_ring_take(&out, bytes, 12), 1);
    assert_int_equal(bytes[0], '!');
    assert_int_equal(bells, 1);
}

static void reset_forgets(void **state)
{
    (void)state;
    uint8_t bytes[3000] = {0};
    driver_send(&driver, VIRTIO_CONSOLE_TX, bytes, sizeof(bytes));
    driver_kick(&driver, VIRTIO_CONSOLE_TX);
    driver_reset(&driver);
    assert_int_equal(console.state.sent, 0);
    driver_start(&driver, 16, 0);
    l4_ring_skip(&out, l4_ring_used(&out));
    driver_send(&driver, VIRTIO_CONSOLE_TX, "new", 3);
    driver_kick(&driver, VIRTIO_CONSOLE_TX);
    assert_int_equal(l4_ring_take(&out, bytes, 10), 3);
    assert_memory_equal(bytes, "new", 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(output_stream), T(input_waits_for_buffers), T(chain_shrinks), T(broken_rings),
        T(odd_buffers),   T(emergency_write),         T(reset_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
