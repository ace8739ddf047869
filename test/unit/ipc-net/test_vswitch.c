/*
 * Forwarding: who gets a frame, learning, turns, full receivers, doorbells.
 */
#include <string.h>

#include "fake_switch.h"

static void test_unicast(void **state)
{
    (void)state;
    sends_now(0, mac(1), mac(0), 7);
    expect(1, 7);
    for (uint32_t i = 2; i < PORTS; i++) {
        expect_none(i);
    }
    assert_int_equal(counters[0].tx_frames, 1);
    assert_int_equal(counters[0].tx_bytes, 64);
    assert_int_equal(counters[1].rx_frames, 1);
    assert_int_equal(counters[1].rx_bytes, 64);
}

static void test_broadcast_stays_in_its_network(void **state)
{
    (void)state;
    sends_now(0, BROADCAST, mac(0), 9);
    expect_none(0);
    for (uint32_t i = 1; i < 6; i++) {
        expect(i, 9);
    }
    expect_none(6);
    expect_none(7);
    sends_now(6, UINT64_C(0x0100005e0001), mac(6), 10); /* multicast */
    expect(7, 10);
    expect_none(0);
}

static void test_sizes(void **state)
{
    (void)state;
    static const uint32_t good[] = {14, 15, 60, 1514, L4_NET_FRAME_MAX}; /* last: with VLAN tag */
    for (uint32_t n = 0; n < sizeof good / sizeof good[0]; n++) {
        uint8_t mark = 0;
        assert_true(sends(0, mac(1), mac(0), good[n], 0x5a));
        run(1);
        assert_int_equal(gets(1, &mark), good[n]);
        assert_int_equal(mark, good[n] > 14 ? 0x5a : 0);
    }
}

static void test_order_and_wrap(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 300; n++) {
        assert_true(sends(0, mac(1), mac(0), 64, (uint8_t)(2 * n)));
        assert_true(sends(0, mac(1), mac(0), 64, (uint8_t)(2 * n + 1)));
        run(1);
        uint8_t mark = 0;
        assert_int_equal(gets(1, &mark), 64);
        assert_int_equal(mark, (uint8_t)(2 * n));
        assert_int_equal(gets(1, &mark), 64);
        assert_int_equal(mark, (uint8_t)(2 * n + 1));
    }
    assert_int_equal(counters[1].dropped_full, 0);
}

static void test_unknown_goes_to_bridges(void **state)
{
    (void)state;
    const uint64_t outside = UINT64_C(0x001122334404);
    sends_now(0, outside, mac(0), 1);
    expect(UPLINK, 1);
    expect(BRIDGE, 1);
    expect_none(1);
    sends_now(UPLINK, mac(0), outside, 2); /* it answers: learned */
    expect(0, 2);
    sends_now(0, outside, mac(0), 3);
    expect(UPLINK, 3);
    expect_none(BRIDGE);
}

static void test_move(void **state)
{
    (void)state;
    const uint64_t outside = UINT64_C(0x001122334404);
    sends_now(UPLINK, mac(0), outside, 1);
    sends_now(BRIDGE, mac(0), outside, 2);
    assert_int_equal(gets_all(0), 2);
    sends_now(0, outside, mac(0), 3);
    expect(BRIDGE, 3);
    expect_none(UPLINK);
}

static void test_ageing(void **state)
{
    (void)state;
    const uint64_t outside = UINT64_C(0x001122334404);
    sends_now(UPLINK, mac(0), outside, 1);
    now += (uint64_t)(LEARN_AGE + 2) << LEARN_TICK_SHIFT;
    sends_now(0, outside, mac(0), 2);
    expect(UPLINK, 2);
    expect(BRIDGE, 2);
}

static void test_learned_goes_with_its_port(void **state)
{
    (void)state;
    const uint64_t outside = UINT64_C(0x001122334404);
    sends_now(UPLINK, mac(0), outside, 1);
    port_open(UPLINK);
    sends_now(0, outside, mac(0), 2);
    expect(UPLINK, 2);
    expect(BRIDGE, 2);
}

/* A frame to where it comes from is not for the switch. */
static void test_hairpin(void **state)
{
    (void)state;
    sends_now(0, mac(0), mac(0), 1);
    sends_now(UPLINK, mac(0), UINT64_C(0x10), 1);
    assert_int_equal(gets_all(0), 1);
    sends_now(UPLINK, UINT64_C(0x10), UINT64_C(0x20), 2);
    for (uint32_t i = 0; i < PORTS; i++) {
        expect_none(i);
    }
}

static void test_doorbells(void **state)
{
    (void)state;
    assert_true(l4_ring_wait_data(&client[1].rx));
    sends_now(0, mac(1), mac(0), 1);
    assert_int_equal(outcome.ring, 1u << 1);
    sends_now(0, mac(1), mac(0), 2); /* it has been woken and has not gone to sleep again */
    assert_int_equal(outcome.ring, 0);
    assert_int_equal(outcome.again, VSWITCH_NEVER);
    assert_int_equal(client[0].page->tx.consumer_waits, 1);
    for (uint32_t n = 0; n < L4_NET_SLOTS; n++) {
        assert_true(sends(0, mac(2), mac(0), 64, 0));
    }
    assert_true(l4_ring_wait_space(&client[0].tx));
    assert_true(l4_ring_wait_data(&client[2].rx));
    run(1);
    assert_int_equal(outcome.ring, 1u | 1u << 2); /* one for room, one for a batch of frames */
}

static void test_nothing_without_doorbell(void **state)
{
    (void)state;
    assert_true(sends(0, mac(1), mac(0), 64, 1));
    run(0);
    expect_none(1);
    run(0xffffffffu); /* bits of ports that do not exist */
    expect(1, 1);
}

/* A burst beyond the receiver's ring waits in the sender's, and nothing is lost. */
static void test_full_receiver_is_waited_for(void **state)
{
    (void)state;
    uint32_t sent = 0;
    uint32_t got = 0;
    for (uint32_t n = 0; n < 20; n++) {
        while (sends(0, mac(1), mac(0), 64, (uint8_t)sent)) {
            sent++;
        }
        run(1);
        if (n % 2 == 1) {
            now += 1000;
            got += gets_all(1);
            run(1u << 1);
        }
    }
    now += 10 * VSWITCH_HOLD_NS;
    for (uint32_t n = 0; n < 3; n++) {
        got += gets_all(1);
        run(1u << 1);
    }
    assert_int_equal(got, sent);
    assert_int_equal(counters[1].dropped_full, 0);
}

/* It asks the receiver to ring when there is room, and names the time until which it waits. */
static void test_held_frames_time_out(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < L4_NET_SLOTS; n++) {
        sends_now(0, mac(1), mac(0), 1);
    }
    sends_now(0, mac(1), mac(0), 2);
    assert_int_equal(outcome.again, now + VSWITCH_HOLD_NS);
    assert_int_equal(client[1].page->rx.producer_waits, 1);
    assert_int_equal(counters[1].dropped_full, 0);
    assert_true(sends(0, mac(2), mac(0), 64, 3)); /* behind it */
    now = outcome.again;
    run(0);
    assert_int_equal(counters[1].dropped_full, 1);
    expect(2, 3);
    for (uint32_t n = 0; n < 100; n++) { /* from now on nobody waits for it */
        sends_now(0, mac(1), mac(0), 4);
        assert_int_equal(outcome.again, VSWITCH_NEVER);
    }
    assert_int_equal(counters[1].dropped_full, 101);
    assert_int_equal(gets_all(1), L4_NET_SLOTS);
    sends_now(0, mac(1), mac(0), 5);
    expect(1, 5);
}

/* Who waits for one full port delays nobody else. */
static void test_held_port_blocks_only_itself(void **state)
{
    (void)state;
    for (uint32_t n = 0; n <= L4_NET_SLOTS; n++) {
        sends_now(0, mac(1), mac(0), 1);
    }
    sends_now(2, mac(3), mac(2), 2);
    expect(3, 2);
    sends_now(2, BROADCAST, mac(2), 3); /* never waits */
    expect(3, 3);
    assert_int_equal(counters[1].dropped_full, 1);
}

static void test_port_that_goes_down(void **state)
{
    (void)state;
    for (uint32_t n = 0; n <= L4_NET_SLOTS; n++) {
        sends_now(0, mac(1), mac(0), 1);
    }
    vswitch_port_down(&sw, 1);
    run(0);
    assert_int_equal(outcome.again, VSWITCH_NEVER);
    assert_int_equal(counters[1].dropped_full, 1);
    const struct l4_net_page before = *client[1].page;
    sends_now(0, BROADCAST, mac(0), 1);
    assert_memory_equal(&before, client[1].page, sizeof before);
    port_open(1);
    sends_now(0, mac(1), mac(0), 8);
    expect(1, 8);
}

/* A port that never stops sending gets no more than its turns. */
static void test_fairness(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < L4_NET_SLOTS; n++) {
        assert_true(sends(0, mac(2), mac(0), 64, 1));
        assert_true(sends(1, mac(2), mac(1), 64, 2));
    }
    vswitch_run(&sw, 3, now, &outcome);
    uint32_t count[3] = {0};
    uint8_t mark = 0;
    while (gets(2, &mark) != 0) {
        count[mark]++;
    }
    assert_int_equal(count[1], VSWITCH_BATCH);
    assert_int_equal(count[2], VSWITCH_BATCH);
}

static void test_no_ports(void **state)
{
    (void)state;
    vswitch_init(&sw, config, 0, counters);
    run(0xffffffffu);
    assert_int_equal(outcome.again, VSWITCH_NEVER);
    fake_start();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_unicast, fake_set_up),
        cmocka_unit_test_setup(test_broadcast_stays_in_its_network, fake_set_up),
        cmocka_unit_test_setup(test_sizes, fake_set_up),
        cmocka_unit_test_setup(test_order_and_wrap, fake_set_up),
        cmocka_unit_test_setup(test_unknown_goes_to_bridges, fake_set_up),
        cmocka_unit_test_setup(test_move, fake_set_up),
        cmocka_unit_test_setup(test_ageing, fake_set_up),
        cmocka_unit_test_setup(test_learned_goes_with_its_port, fake_set_up),
        cmocka_unit_test_setup(test_hairpin, fake_set_up),
        cmocka_unit_test_setup(test_doorbells, fake_set_up),
        cmocka_unit_test_setup(test_nothing_without_doorbell, fake_set_up),
        cmocka_unit_test_setup(test_full_receiver_is_waited_for, fake_set_up),
        cmocka_unit_test_setup(test_held_frames_time_out, fake_set_up),
        cmocka_unit_test_setup(test_held_port_blocks_only_itself, fake_set_up),
        cmocka_unit_test_setup(test_port_that_goes_down, fake_set_up),
        cmocka_unit_test_setup(test_fairness, fake_set_up),
        cmocka_unit_test_setup(test_no_ports, fake_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
