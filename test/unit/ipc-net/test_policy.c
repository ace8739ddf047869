/*
 * Policy: who may send to whom, under which address, how fast, how many broadcasts.
 */
#include <string.h>

#include "fake_switch.h"

#define OUTSIDE UINT64_C(0x001122334404)
#define S UINT64_C(1000000000)

static int set_up_peers(void **state)
{
    (void)state;
    fake_config();
    config[0].peers = 1u << 1 | 1u << 6; /* port 6 is of another switch: that counts for nothing */
    config[1].peers = 0;
    fake_start();
    return 0;
}

static void test_peers(void **state)
{
    (void)state;
    sends_now(0, mac(1), mac(0), 1);
    expect(1, 1);
    sends_now(0, mac(2), mac(0), 2);
    expect_none(2);
    assert_int_equal(counters[0].dropped_policy, 1);
    assert_int_equal(counters[0].tx_frames, 1);
    sends_now(0, mac(6), mac(0), 3);
    sends_now(0, OUTSIDE, mac(0), 3); /* unknown: none of its peers can have it */
    sends_now(0, BROADCAST, mac(0), 4);
    expect(1, 4);
    for (uint32_t i = 2; i < PORTS; i++) {
        expect_none(i);
    }
    sends_now(1, BROADCAST, mac(1), 5); /* may talk to nobody */
    sends_now(1, mac(0), mac(1), 5);
    for (uint32_t i = 0; i < PORTS; i++) {
        expect_none(i);
    }
}

static void test_peers_hold_for_learned_addresses(void **state)
{
    (void)state;
    sends_now(UPLINK, mac(3), OUTSIDE, 1);
    sends_now(0, OUTSIDE, mac(0), 2);
    expect_none(UPLINK);
    assert_int_equal(counters[0].dropped_policy, 1);
}

static void test_spoofing(void **state)
{
    (void)state;
    sends_now(0, mac(1), mac(2), 1);     /* a neighbour's */
    sends_now(0, mac(1), OUTSIDE, 1);    /* anybody's */
    sends_now(0, mac(1), 0, 1);          /* none */
    sends_now(0, mac(1), mac(0) | 1, 1); /* a group's */
    sends_now(0, BROADCAST, mac(1), 1);
    for (uint32_t i = 0; i < PORTS; i++) {
        expect_none(i);
    }
    assert_int_equal(counters[0].dropped_policy, 5);
    assert_int_equal(counters[0].tx_frames, 0);
    sends_now(2, mac(0), mac(2), 2); /* and the neighbour still gets its own */
    sends_now(0, mac(2), mac(0), 3);
    expect(2, 3);
}

/* Not even a port that may use any address takes one that the configuration gave to another. */
static void test_bridges_cannot_take_a_guests_address(void **state)
{
    (void)state;
    sends_now(UPLINK, mac(1), mac(0), 1);
    expect_none(1);
    assert_int_equal(counters[UPLINK].dropped_policy, 1);
    sends_now(UPLINK, mac(1), mac(BRIDGE), 1);
    expect_none(1);
    sends_now(BRIDGE, mac(1), mac(BRIDGE), 2); /* its own */
    expect(1, 2);
    sends_now(BRIDGE, mac(1), BROADCAST, 1);
    expect_none(1);
    sends_now(1, mac(0), mac(1), 3);
    expect(0, 3);
}

static void test_delivered_under_the_judged_addresses(void **state)
{
    (void)state;
    assert_true(sends(3, mac(1), mac(3), 64, 1));
    run(1u << 3);
    const uint64_t from = mac(3);
    const uint64_t to = mac(1);
    const struct l4_net_slot *const slot = &client[1].rx_slot[0];
    assert_memory_equal(slot->frame, &to, 6);
    assert_memory_equal(slot->frame + 6, &from, 6);
}

static int set_up_limits(void **state)
{
    (void)state;
    fake_config();
    config[0].rate_kbps = 8000; /* a megabyte a second */
    config[2].broadcast_pps = 10;
    fake_start();
    return 0;
}

/* Bytes that port 0 gets through in a second when it always has more. */
static uint32_t flood_for_a_second(void)
{
    const uint64_t end = now + S;
    uint32_t bytes = 0;
    while (now < end) {
        while (sends(0, mac(1), mac(0), 1514, 1)) {
        }
        run(1);
        uint8_t mark = 0;
        for (uint32_t size = gets(1, &mark); size != 0; size = gets(1, &mark)) {
            bytes += size;
        }
        assert_true(outcome.again > now);
        now = outcome.again == VSWITCH_NEVER ? end : outcome.again;
    }
    return bytes;
}

static void test_rate_holds_back(void **state)
{
    (void)state;
    const uint32_t bytes = flood_for_a_second();
    assert_in_range(bytes, 1000000 - 1514, 1000000 + 10000 + 2 * 1514);
    assert_int_equal(counters[0].dropped_rate, 0); /* nothing is lost */
    assert_int_equal(counters[1].dropped_full, 0);
    assert_in_range(l4_ring_space(&client[0].tx), 0, 1); /* it waits in the sender's ring */
    sends_now(3, mac(2), mac(3), 4);                     /* and the others go on */
    expect(2, 4);
}

/* What is refused counts too: nobody gets round the limit by sending what others never see. */
static void test_rate_counts_refused_frames(void **state)
{
    (void)state;
    uint32_t taken = 0;
    for (uint32_t n = 0; n < 100; n++) {
        while (sends(0, mac(1), mac(2), n % 2 == 0 ? 1514 : 9999, 1)) {
            taken++;
        }
        run(1);
    }
    assert_in_range(taken, L4_NET_SLOTS, L4_NET_SLOTS + 10000 / 1514 + 2);
}

static void test_broadcast_limit(void **state)
{
    (void)state;
    uint32_t got = 0;
    for (uint32_t n = 0; n < 1000; n++) { /* over ten seconds */
        sends_now(2, BROADCAST, mac(2), 1);
        got += gets_all(1);
        (void)gets_all(0);
        (void)gets_all(3);
        (void)gets_all(UPLINK);
        (void)gets_all(BRIDGE);
        now += S / 100;
    }
    assert_in_range(got, 100, 100 + VSWITCH_BROADCAST_BURST + 2);
    assert_int_equal(counters[2].dropped_rate, 1000 - got);
    sends_now(2, mac(1), mac(2), 2); /* unicast is not limited by it */
    expect(1, 2);
}

static void test_other_ports_have_no_limit(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 1000; n++) {
        sends_now(3, BROADCAST, mac(3), 1);
        assert_int_equal(gets_all(1), 1);
    }
    assert_int_equal(counters[3].dropped_rate, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_peers, set_up_peers),
        cmocka_unit_test_setup(test_peers_hold_for_learned_addresses, set_up_peers),
        cmocka_unit_test_setup(test_spoofing, fake_set_up),
        cmocka_unit_test_setup(test_bridges_cannot_take_a_guests_address, fake_set_up),
        cmocka_unit_test_setup(test_delivered_under_the_judged_addresses, fake_set_up),
        cmocka_unit_test_setup(test_rate_holds_back, set_up_limits),
        cmocka_unit_test_setup(test_rate_counts_refused_frames, set_up_limits),
        cmocka_unit_test_setup(test_broadcast_limit, set_up_limits),
        cmocka_unit_test_setup(test_other_ports_have_no_limit, set_up_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
