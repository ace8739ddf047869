/*
 * Clients that break the rules: each hurts itself alone, and the others' frames still arrive.
 */
#include <string.h>

#include "fake_switch.h"

static void others_work(void)
{
    (void)gets_all(2);
    (void)gets_all(3);
    sends_now(2, mac(3), mac(2), 0x11);
    uint8_t mark = 0;
    assert_int_equal(gets(3, &mark), 64);
    assert_int_equal(mark, 0x11);
}

static void test_sizes(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0,    1,      13,          L4_NET_FRAME_MAX + 1,
                                   1520, 0xffff, 0x7fffffffu, 0xffffffffu};
    for (uint32_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_true(sends(0, mac(1), mac(0), bad[n], 0));
        run(1);
        expect_none(1);
        assert_int_equal(counters[0].errors, n + 1);
    }
    assert_int_equal(outcome.broken, 0);
    sends_now(0, mac(1), mac(0), 5); /* one bad frame is a bad frame, no more */
    expect(1, 5);
    others_work();
}

static void test_tx_head(void **state)
{
    (void)state;
    static const uint32_t bad[] = {L4_NET_SLOTS + 1, 0x80000000u, 0xffffffffu, 1000};
    for (uint32_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        port_open(0);
        client[0].page->tx.head = bad[n];
        run(1);
        assert_int_equal(outcome.broken, 1);
        assert_int_equal(counters[0].errors, n + 1);
        run(1); /* dead: looked at no more */
        assert_int_equal(outcome.broken, 0);
        assert_int_equal(outcome.again, VSWITCH_NEVER);
        expect_none(1);
        others_work();
    }
    port_open(0);
    sends_now(0, mac(1), mac(0), 6);
    expect(1, 6);
}

static void test_rx_tail(void **state)
{
    (void)state;
    static const uint32_t bad[] = {1, 0x80000000u, 0xffffffefu};
    for (uint32_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        port_open(1);
        client[1].page->rx.tail = bad[n];
        sends_now(0, mac(1), mac(0), 1);
        assert_int_equal(outcome.broken, 1u << 1);
        assert_int_equal(outcome.again, VSWITCH_NEVER); /* nobody waits for it */
        sends_now(0, BROADCAST, mac(0), 1);
        assert_int_equal(outcome.broken, 0);
        others_work();
    }
    port_open(1);
    sends_now(0, mac(1), mac(0), 6);
    expect(1, 6);
}

/* What a client writes where the switch writes reaches nobody and moves no index. */
static void test_switchs_own_words(void **state)
{
    (void)state;
    client[0].page->tx.tail = 0x12345678;
    client[1].page->rx.head = 0x9abcdef0;
    for (uint32_t n = 0; n < 3; n++) {
        client[0].page->tx.tail = client[0].tx.index; /* its own view of room */
        sends_now(0, mac(1), mac(0), (uint8_t)n);
        uint8_t mark = 0;
        assert_int_equal(gets(1, &mark), 64);
        assert_int_equal(mark, n);
    }
}

/* A client that fills a bridge's table pushes out nobody else's addresses. */
static void test_address_flood(void **state)
{
    (void)state;
    const uint64_t outside = UINT64_C(0x001122334404);
    sends_now(UPLINK, mac(0), outside, 1);
    (void)gets_all(0);
    for (uint64_t n = 1; n < 5000; n++) {
        sends_now(BRIDGE, mac(1), n << 16 | 2, 1);
        (void)gets_all(1);
    }
    sends_now(0, outside, mac(0), 2);
    expect(UPLINK, 2);
    expect_none(BRIDGE);
}

/* Broadcasts to receivers that never take anything: counted, and no one waits. */
static void test_broadcast_flood(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 1000; n++) {
        sends_now(0, BROADCAST, mac(0), 1);
        assert_int_equal(outcome.again, VSWITCH_NEVER);
    }
    assert_int_equal(counters[1].dropped_full, 1000 - L4_NET_SLOTS);
    others_work();
}

/* One run is bounded however fast a client refills its ring. */
static void test_endless_sender(void **state)
{
    (void)state;
    uint32_t taken = 0;
    for (uint32_t n = 0; n < 100; n++) {
        client[0].page->tx.head = client[0].page->tx.tail + L4_NET_SLOTS;
        const uint32_t before = client[0].page->tx.tail;
        vswitch_run(&sw, 1, now, &outcome);
        taken = client[0].page->tx.tail - before;
        assert_in_range(taken, 1, VSWITCH_BATCH * VSWITCH_ROUNDS);
    }
}

static uint32_t seed = 1;
static uint32_t random_word(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8 ^ seed << 20;
}

/* Anything at all in a client's memory: the sanitizers watch, the others work, time is bounded. */
/* One that takes a frame just before nobody waits for it any more, over and over: what its peer has
 * for others must not go at that pace. */
static void test_drip(void **state)
{
    (void)state;
    const uint64_t end = now + 50 * VSWITCH_HOLD_NS;
    uint64_t next = now + VSWITCH_HOLD_NS - 1000;
    uint32_t others = 0;
    bool evil = true;
    while (now < end) {
        while (sends(0, mac(evil ? 1 : 2), mac(0), 64, 1)) {
            evil = !evil;
        }
        run(1);
        others += gets_all(2);
        now += 10000;
        if (now >= next) {
            uint8_t mark = 0;
            (void)gets(1, &mark);
            next = now + VSWITCH_HOLD_NS - 1000;
        }
        run(1u << 1 | 1u << 2);
        others += gets_all(2);
    }
    assert_in_range(others, 5000, 1000000);
}

static void test_noise(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 3000; round++) {
        uint32_t *const word = (uint32_t *)(void *)client[0].page;
        for (uint32_t n = random_word() % 8; n > 0; n--) {
            word[random_word() % 8] = random_word() % 3 == 0 ? random_word() : random_word() % 40;
        }
        for (uint32_t n = 0; n < 8; n++) {
            word[random_word() % (L4_NET_BYTES / 4)] = random_word();
            client[0].tx_slot[n].size = random_word() % 2000;
        }
        vswitch_run(&sw, random_word(), now, &outcome);
        now += random_word() % 3000000;
        others_work();
        if (outcome.broken != 0 || round % 16 == 0) {
            port_open(0);
        }
        (void)gets_all(1);
    }
    sends_now(2, mac(3), mac(2), 1);
    expect(3, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sizes, fake_set_up),
        cmocka_unit_test_setup(test_tx_head, fake_set_up),
        cmocka_unit_test_setup(test_rx_tail, fake_set_up),
        cmocka_unit_test_setup(test_switchs_own_words, fake_set_up),
        cmocka_unit_test_setup(test_address_flood, fake_set_up),
        cmocka_unit_test_setup(test_broadcast_flood, fake_set_up),
        cmocka_unit_test_setup(test_endless_sender, fake_set_up),
        cmocka_unit_test_setup(test_drip, fake_set_up),
        cmocka_unit_test_setup(test_noise, fake_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
