/* The network device: slots to and from the device without a copy, lies of client and device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/nic.h>

#include "fake_virtio.h"

#define RX 0u
#define TX 1u
#define FEATURES (1ull << 5 | 1ull << 16 | VIRTIO_F_EVENT_INDEX)

static struct fake_virtio fake;
static struct nic nic;
static struct l4_net_page page __attribute__((aligned(4096)));
static struct l4_ring tx, rx; /* the client's side */
static uint8_t memory[NIC_AREA] __attribute__((aligned(4096)));

static void open(void)
{
    const struct dma area = {(uint8_t *)&page, (uintptr_t)&page, sizeof page};
    assert_int_equal(nic_open(&nic, &area), L4_OK);
    l4_ring_init(&tx, &page.tx, NULL, L4_NET_SLOTS);
    l4_ring_init(&rx, &page.rx, NULL, L4_NET_SLOTS);
    assert_false(nic_run(&nic));
}

static int set_up(void **state)
{
    (void)state;
    const struct dma area = {memory, (uintptr_t)memory, sizeof memory};
    memset(&nic, 0, sizeof nic);
    fake_init(&fake, VIRTIO_TYPE_NETWORK, 64, FEATURES | 0xfff, &nic.dev);
    memcpy(fake.config, "\x52\x54\x00\x12\x34\x56\x01", 7);
    assert_int_equal(nic_start(&nic, &area), L4_OK);
    assert_int_equal(fake.status, 0);
    open();
    return 0;
}

static void send(uint32_t size)
{
    assert_true(l4_ring_space(&tx) != 0);
    page.tx_slot[l4_ring_slot(&tx)].size = size;
    memset(page.tx_slot[l4_ring_slot(&tx)].header, 0xee, L4_NET_HEADER);
    l4_ring_publish(&tx, 1);
}

static void test_open(void **state)
{
    (void)state;
    struct fake_chain chain;
    assert_true(fake.accepted == (FEATURES | VIRTIO_F_VERSION_1)); /* no offloads */
    assert_memory_equal(page.mac, "\x52\x54\x00\x12\x34\x56", 6);
    assert_int_equal(page.link, 1);
    for (uint32_t i = 0; i < L4_NET_SLOTS; i++) {
        assert_true(fake_pop(&fake, RX, &chain));
        assert_ptr_equal(chain.buffer[0].bytes, page.rx_slot[i].header);
        assert_int_equal(chain.buffer[0].size, L4_NET_HEADER + 1520);
    }
    assert_false(fake_pop(&fake, RX, &chain));
}

static void test_send(void **state)
{
    (void)state;
    struct fake_chain chain[L4_NET_SLOTS];
    static const uint8_t zero[L4_NET_HEADER];
    for (uint32_t i = 0; i < L4_NET_SLOTS; i++) {
        send(60 + i);
    }
    (void)nic_run(&nic);
    for (uint32_t i = 0; i < L4_NET_SLOTS; i++) {
        assert_true(fake_pop(&fake, TX, &chain[i]));
        assert_int_equal(chain[i].out, 2);
        assert_memory_equal(chain[i].buffer[0].bytes, zero, sizeof zero); /* not the client's */
        assert_ptr_equal(chain[i].buffer[1].bytes, page.tx_slot[i].frame);
        assert_int_equal(chain[i].buffer[1].size, 60 + i);
    }
    assert_true(l4_ring_wait_space(&tx));
    (void)fake_push(&fake, TX, chain[1].head, 0);
    assert_false(nic_run(&nic)); /* the first is still with the device */
    assert_int_equal(page.tx.tail, 0);
    (void)fake_push(&fake, TX, chain[0].head, 0);
    assert_true(nic_run(&nic));
    assert_int_equal(page.tx.tail, 2);
    send(100);
    (void)nic_run(&nic);
    assert_true(fake_pop(&fake, TX, &chain[0]));
    assert_ptr_equal(chain[0].buffer[1].bytes, page.tx_slot[0].frame);
}

static void test_receive(void **state)
{
    (void)state;
    struct fake_chain chain;
    for (uint32_t i = 0; i < L4_NET_SLOTS; i++) {
        assert_true(fake_pop(&fake, RX, &chain));
        (void)fake_push(&fake, RX, chain.head, L4_NET_HEADER + (i == 3 ? 5 : 100 + i));
    }
    assert_true(l4_ring_wait_data(&rx));
    assert_true(nic_run(&nic));
    assert_int_equal(l4_ring_used(&rx), L4_NET_SLOTS);
    assert_int_equal(page.rx_slot[2].size, 102);
    assert_int_equal(page.rx_slot[3].size, L4_NET_FRAME_MIN); /* padded */
    assert_false(fake_pop(&fake, RX, &chain));
    l4_ring_skip(&rx, 2);
    assert_true(l4_ring_must_wake_producer(&rx));
    (void)nic_run(&nic);
    assert_true(fake_pop(&fake, RX, &chain));
    assert_ptr_equal(chain.buffer[0].bytes, page.rx_slot[0].header);
    assert_true(fake_pop(&fake, RX, &chain));
    assert_false(fake_pop(&fake, RX, &chain));
}

static void test_hostile_client(void **state)
{
    (void)state;
    struct fake_chain chain;
    const uint32_t bad[] = {0, L4_NET_FRAME_MIN - 1, L4_NET_FRAME_MAX + 1, 0xffffffff};
    for (uint32_t i = 0; i < 4; i++) {
        open();
        send(bad[i]);
        assert_false(nic_run(&nic));
        assert_true(nic.broken);
        assert_false(fake_pop(&fake, TX, &chain));
    }
    open();
    page.tx.head = L4_NET_SLOTS + 1;
    (void)nic_run(&nic);
    assert_true(nic.broken);
    open();
    page.rx.tail = 1; /* more than was put */
    (void)nic_run(&nic);
    assert_true(nic.broken);
    assert_false(nic.dev.failed);
}

static void test_bad_device(void **state)
{
    (void)state;
    struct fake_chain chain;
    assert_true(fake_pop(&fake, RX, &chain));
    (void)fake_push(&fake, RX, chain.head, L4_NET_HEADER + 1521);
    assert_false(nic_run(&nic));
    assert_true(nic.dev.failed);
    assert_int_equal(l4_ring_used(&rx), 0);
    assert_int_equal(fake.status, 0);
}

static void test_close(void **state)
{
    (void)state;
    nic_close(&nic);
    assert_int_equal(fake.status, 0);
    send(60);
    assert_false(nic_run(&nic));
    open();
    assert_int_equal(fake.status, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_open, set_up),
        cmocka_unit_test_setup(test_send, set_up),
        cmocka_unit_test_setup(test_receive, set_up),
        cmocka_unit_test_setup(test_hostile_client, set_up),
        cmocka_unit_test_setup(test_bad_device, set_up),
        cmocka_unit_test_setup(test_close, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
