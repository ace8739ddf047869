/* virtio-net over a session whose server is the test: sizes, splits, batches, back-pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/virtio_net.h>

#include "fake_queues.h"

#define HEADER 12u

static struct virtio_net net;
static struct driver driver;
static struct l4_net_page *page;
static struct l4_ring tx, rx; /* the server's sides */
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
    memcpy(page->mac, "\x02\x00\x00\x00\x00\x07", 6);
    page->link = 1;
    l4_ring_init(&tx, &page->tx, NULL, L4_NET_SLOTS);
    l4_ring_init(&rx, &page->rx, NULL, L4_NET_SLOTS);
    assert_true(l4_ring_wait_data(&tx));
    virtio_net_attach(&net, page, &doorbell);
}

static int setup(void **state)
{
    (void)state;
    bells = 0;
    page = malloc(sizeof(*page));
    virtio_net_init(&net);
    driver_init(&driver, &net.virtio);
    session_new();
    driver_start(&driver, 64, net.virtio.ops->features);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    driver_free(&driver);
    free(page);
    return 0;
}

static void fill(uint8_t *frame, uint32_t size, uint8_t seed)
{
    for (uint32_t i = 0; i < size; i++) {
        frame[i] = (uint8_t)(seed + i * 3u);
    }
}

/* A frame of the guest's in one buffer, behind a header full of nonsense. */
static void guest_send(uint32_t size, uint8_t seed)
{
    uint8_t bytes[HEADER + 2000] = {0};
    memset(bytes, 0xee, HEADER);
    fill(bytes + HEADER, size, seed);
    driver_send(&driver, VIRTIO_NET_TX, bytes, HEADER + size);
}

static void server_expect(uint32_t size, uint8_t seed)
{
    static const uint8_t zero[HEADER];
    uint8_t frame[2000];
    assert_true(l4_ring_used(&tx) != 0);
    const struct l4_net_slot *slot = &page->tx_slot[l4_ring_slot(&tx)];
    fill(frame, size, seed);
    assert_int_equal(slot->size, size);
    assert_memory_equal(slot->header, zero, HEADER);
    assert_memory_equal(slot->frame, frame, size);
    l4_ring_skip(&tx, 1);
}

/* As ipc-net does it; false: no slot. */
static bool server_send(uint32_t size, uint8_t seed)
{
    if (l4_ring_space(&rx) == 0) {
        return false;
    }
    struct l4_net_slot *slot = &page->rx_slot[l4_ring_slot(&rx)];
    slot->size = size;
    fill(slot->frame, size < 1520 ? size : 1520, seed);
    l4_ring_publish(&rx, 1);
    if (l4_ring_must_wake_consumer(&rx)) {
        virtio_net_ready(&net);
    }
    return true;
}

static void guest_expect(uint32_t size, uint8_t seed)
{
    uint8_t bytes[HEADER + 2000] = {[10] = 1};
    uint16_t head;
    uint32_t written;
    fill(bytes + HEADER, size, seed);
    assert_true(driver_used(&driver, VIRTIO_NET_RX, &head, &written));
    assert_int_equal(written, HEADER + size);
    assert_memory_equal(driver_ram(&driver, driver_buffer(&driver, VIRTIO_NET_RX, head)), bytes,
                        written);
}

static void configuration(void **state)
{
    (void)state;
    uint8_t bytes[12];
    net.virtio.ops->config_read(&net.virtio, 0, bytes, 12);
    assert_memory_equal(bytes, "\x02\0\0\0\0\x07\x01\0\x01\0\xdc\x05", 12);
    net.virtio.ops->config_read(&net.virtio, 10, bytes, 2);
    assert_memory_equal(bytes, "\xdc\x05", 2);
    page->link = 0;
    virtio_net_ready(&net);
    net.virtio.ops->config_read(&net.virtio, 6, bytes, 2);
    assert_memory_equal(bytes, "\0\0", 2);
    assert_int_equal(driver.interrupts, 1);
}

static void one_each_way(void **state)
{
    (void)state;
    guest_send(60, 1);
    driver_kick(&driver, VIRTIO_NET_TX);
    assert_int_equal(bells, 1);
    server_expect(60, 1);
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_TX), 1);
    driver_give(&driver, VIRTIO_NET_RX, 1530);
    assert_true(server_send(1514, 9));
    guest_expect(1514, 9);
    assert_int_equal(driver.counters.bytes_from, 60);
    assert_int_equal(driver.counters.bytes_to, 1514);
}

static void sizes(void **state)
{
    (void)state;
    static const uint32_t good[] = {14, 60, 1514, 1518};
    static const uint32_t bad[] = {0, 1, 13, 1519, 1600, 1990};
    for (uint32_t i = 0; i < 6; i++) {
        guest_send(bad[i], 1);
    }
    driver_send(&driver, VIRTIO_NET_TX, "short", 5); /* not even a header */
    for (uint32_t i = 0; i < 4; i++) {
        guest_send(good[i], (uint8_t)i);
    }
    driver_kick(&driver, VIRTIO_NET_TX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_TX), 11);
    assert_int_equal(net.dropped, 7);
    for (uint32_t i = 0; i < 4; i++) {
        server_expect(good[i], (uint8_t)i);
    }
    assert_int_equal(l4_ring_used(&tx), 0);
    assert_int_equal(driver.virtio->state.status, 0xf);
}

static void split_anyhow(void **state)
{
    (void)state;
    uint8_t bytes[HEADER + 100] = {0};
    srand(3);
    fill(bytes + HEADER, 100, 5);
    for (uint32_t round = 0; round < 200; round++) {
        struct driver_part parts[16];
        uint32_t at = driver_alloc(&driver, 16);
        uint32_t done = 0;
        uint32_t count = 0;
        driver.allocated -= 16;
        for (; done < sizeof(bytes); count++) {
            uint32_t left = (uint32_t)sizeof(bytes) - done;
            uint32_t size = count == 15 ? left : 1u + (uint32_t)rand() % (left < 20 ? left : 20);
            parts[count] = (struct driver_part){at + 300 * count, size, false};
            memcpy(driver_ram(&driver, parts[count].ipa), bytes + done, size);
            done += size;
        }
        driver_add(&driver, VIRTIO_NET_TX, parts, count);
        driver_kick(&driver, VIRTIO_NET_TX);
        server_expect(100, 5);
        for (uint32_t i = 0; i < count; i++) {
            parts[i].write = true;
            memset(driver_ram(&driver, parts[i].ipa), 0, parts[i].size);
        }
        driver_add(&driver, VIRTIO_NET_RX, parts, count);
        assert_true(server_send(100, 5));
        assert_int_equal(driver_used_count(&driver, VIRTIO_NET_RX), 1);
        bytes[10] = 1;
        for (uint32_t i = 0, from = 0; i < count; from += parts[i++].size) {
            assert_memory_equal(driver_ram(&driver, parts[i].ipa), bytes + from, parts[i].size);
        }
        bytes[10] = 0;
    }
}

static void batch_one_bell_one_interrupt(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 10; i++) {
        guest_send(60, i);
        driver_give(&driver, VIRTIO_NET_RX, 1530);
    }
    driver_kick(&driver, VIRTIO_NET_TX);
    assert_int_equal(bells, 1);
    assert_int_equal(driver.interrupts, 1);
    driver.interrupts = 0;
    driver.line = false;
    page->rx.consumer_waits = 0;
    for (uint8_t i = 0; i < 10; i++) {
        assert_true(server_send(60, i));
    }
    virtio_net_ready(&net);
    assert_int_equal(driver.interrupts, 1);
    for (uint8_t i = 0; i < 10; i++) {
        guest_expect(60, i);
    }
    assert_int_equal(page->rx.consumer_waits, 1);
    guest_send(60, 77); /* the server has not gone to sleep again: no bell */
    driver_kick(&driver, VIRTIO_NET_TX);
    assert_int_equal(bells, 1);
}

static void transmit_waits_for_slots(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 40; i++) {
        guest_send(60, i);
    }
    driver_kick(&driver, VIRTIO_NET_TX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_TX), L4_NET_SLOTS);
    assert_int_equal(page->tx.producer_waits, 1);
    uint8_t next = 0;
    for (uint32_t left = 24; next < 40;) {
        uint32_t take = 1u + next % 5u;
        for (uint32_t i = 0; i < take && next < 40; i++) {
            server_expect(60, next++);
        }
        if (l4_ring_must_wake_producer(&tx)) {
            virtio_net_ready(&net);
        }
        left -= driver_used_count(&driver, VIRTIO_NET_TX);
        assert_true(left <= 24);
    }
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_TX), 0);
}

static void receive_waits_for_buffers(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < L4_NET_SLOTS; i++) {
        assert_true(server_send(200, i));
    }
    assert_false(server_send(200, 99));
    assert_int_equal(net.dropped, 0);
    for (uint8_t i = 0; i < L4_NET_SLOTS; i++) {
        driver_give(&driver, VIRTIO_NET_RX, 1530);
        driver_kick(&driver, VIRTIO_NET_RX);
        guest_expect(200, i);
        assert_true(server_send(200, (uint8_t)(i + L4_NET_SLOTS)));
    }
}

static void buffers_too_small(void **state)
{
    (void)state;
    uint32_t ipa = driver_give(&driver, VIRTIO_NET_RX, 100);
    assert_true(server_send(89, 1));
    assert_true(server_send(1518, 1));
    assert_int_equal(net.dropped, 2);
    assert_int_equal(driver_ram(&driver, ipa)[0], 0);
    assert_true(server_send(88, 2));
    guest_expect(88, 2);
}

static void hostile_slots(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0, 13, 1519, 1520, 1536, 0x7fffffff, 0xffffffff, 0xfffffff4};
    driver_give(&driver, VIRTIO_NET_RX, 4096);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(server_send(bad[i], 1));
    }
    assert_int_equal(net.dropped, 8);
    page->rx.head += 0x1000; /* an index beyond the ring: nothing is taken */
    virtio_net_ready(&net);
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_RX), 0);
    page->tx.tail = page->tx.head + 5;
    guest_send(60, 1);
    driver_kick(&driver, VIRTIO_NET_TX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_TX), 0);
    session_new(); /* opened anew, all is well */
    server_expect(60, 1);
    assert_true(server_send(60, 3));
    guest_expect(60, 3);
}

static void malformed_chains(void **state)
{
    (void)state;
    const struct driver_part outside = {DRIVER_BASE + DRIVER_RAM - 10, 100, false};
    driver_add(&driver, VIRTIO_NET_TX, &outside, 1);
    driver_kick(&driver, VIRTIO_NET_TX);
    assert_false(virtio_live(&net.virtio));
    assert_true(server_send(60, 1)); /* no harm */
    virtio_net_ready(&net);
    assert_int_equal(l4_ring_used(&tx), 0);
}

static void indices_wrap(void **state)
{
    (void)state;
    driver_queue_at(&driver, VIRTIO_NET_TX, 0xfff0);
    driver_queue_at(&driver, VIRTIO_NET_RX, 0xfff0);
    page->tx.head = page->tx.tail = net.tx.index = tx.index = 0xfffffff8u;
    page->rx.head = page->rx.tail = net.rx.index = rx.index = 0xfffffff8u;
    for (uint32_t i = 0; i < 100; i++) {
        driver.allocated = 0x20000;
        guest_send(60, (uint8_t)i);
        driver_kick(&driver, VIRTIO_NET_TX);
        server_expect(60, (uint8_t)i);
        driver_give(&driver, VIRTIO_NET_RX, 1530);
        driver_kick(&driver, VIRTIO_NET_RX);
        assert_true(server_send(61, (uint8_t)i));
        guest_expect(61, (uint8_t)i);
    }
}

static void reset_and_restart(void **state)
{
    (void)state;
    driver_reset(&driver);
    assert_true(server_send(60, 1)); /* old when the driver comes */
    driver_start(&driver, 16, 0);
    driver_give(&driver, VIRTIO_NET_RX, 1530);
    driver_kick(&driver, VIRTIO_NET_RX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_RX), 0);
    assert_true(server_send(60, 2));
    guest_expect(60, 2);
    virtio_net_attach(&net, NULL, NULL); /* the server is gone */
    guest_send(60, 4);
    driver_kick(&driver, VIRTIO_NET_TX);
    driver_kick(&driver, VIRTIO_NET_RX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_NET_TX), 0);
    session_new();
    server_expect(60, 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(configuration),
        T(one_each_way),
        T(sizes),
        T(split_anyhow),
        T(batch_one_bell_one_interrupt),
        T(transmit_waits_for_slots),
        T(receive_waits_for_buffers),
        T(buffers_too_small),
        T(hostile_slots),
        T(malformed_chains),
        T(indices_wrap),
        T(reset_and_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
