/*
 * Sessions of ipc-net over test/unit/fake_l4: who gets which memory with which rights, and what is
 * left when a session or a client ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fake_l4.h>
#include <l4/start.h>

#include "net.h"

#define PAGES 8u /* slots that init has filled */
#define COUNTERS 9u
#define FIRST 16u /* slots of ipc-net's own ... */
#define LAST 64u
#define CLIENT 100u /* ... and of its clients, in the same table */
#define BELL 120u
#define WINDOW 0x20000000u

#define A (L4_BADGE_CLIENT_FIRST + 0u)
#define B (L4_BADGE_CLIENT_FIRST + 1u)
#define CHANNEL 4096u
#define MEMORY (L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_INFO | L4_RIGHT_COPY)

struct net net;
static struct l4_start_net start;

void net_fail(const char *what, l4_status_t status)
{
    fail_msg("%s: %d", what, status);
    abort();
}

l4_cap_t net_slot(void)
{
    l4_cap_t slot = 0;
    assert_int_equal(l4_slots_take(&net.slots, &slot), L4_OK);
    return slot;
}

uint32_t net_window(uint32_t bytes)
{
    const uint32_t address = net.window;
    net.window += bytes;
    return address;
}

static void describe(void)
{
    start = (struct l4_start_net){.pages = PAGES,
                                  .page_count = 40,
                                  .counters = COUNTERS,
                                  .counters_size = L4_PAGE_SIZE,
                                  .port_count = 3,
                                  .channel_count = 1};
    start.port[0] = (struct l4_start_port){.badge = A, .mac = {2, 0, 0, 0, 0, 10}};
    start.port[1] = (struct l4_start_port){.badge = L4_BADGE_NET};
    start.port[2] = (struct l4_start_port){.badge = B, .mac = {2, 0, 0, 0, 0, 12}};
    start.channel[0] = (struct l4_start_channel){.badge = {B, A}, .size = CHANNEL};
}

static int set_up(void **state)
{
    (void)state;
    fake_l4_init();
    fake_give_region(PAGES, FAKE_PA, 40 * L4_PAGE_SIZE, L4_RIGHT_ALL);
    fake_give_region(COUNTERS, 0x7f000000, L4_PAGE_SIZE, L4_RIGHT_READ | L4_RIGHT_WRITE);
    describe();
    memset(&net, 0, sizeof net);
    net.start = &start;
    net.window = WINDOW;
    l4_slots_init(&net.slots, FIRST, LAST);
    net.offer = net_slot();
    session_init();
    return 0;
}

/* The kernel has put the client's endpoint into the offered slot. */
static l4_status_t request(uint32_t badge, uint32_t kind, uint32_t number, struct l4_msg *msg)
{
    fake_give(net.offer, L4_TYPE_ENDPOINT, L4_RIGHT_SIGNAL | L4_RIGHT_INFO);
    *msg = l4_msg(L4_SESSION_OPEN, 0x100u | badge, kind, number, 0);
    msg->tag = l4_tag(L4_SESSION_OPEN, 0, 1);
    msg->badge = badge;
    session_open(msg);
    return (l4_status_t)msg->w[0];
}

/* ... and the client takes the memory. */
static void take(uint32_t slot, const struct l4_msg *msg)
{
    assert_int_equal(l4_tag_items(msg->tag), 1);
    assert_int_equal(fake_receive(0, slot), L4_OK);
    assert_int_equal(fake_l4.cap[slot].size, msg->w[2]);
    assert_int_equal(fake_l4.cap[slot].rights, MEMORY);
}

static bool has(uint32_t slot)
{
    return fake_l4.cap[slot].type != L4_TYPE_NULL;
}

/* What ipc-net was given is all that it can pass on less of; none of its memory can be executed or
 * tells where it is, and no two pieces overlap. */
static void test_memory(void **state)
{
    (void)state;
    uint64_t end = FAKE_PA;
    for (uint32_t i = 0; i < 3; i += 2) {
        const struct fake_cap *const memory = &fake_l4.cap[net.port[i].memory];
        assert_int_equal(memory->rights, MEMORY);
        assert_int_equal(memory->pa, end);
        assert_int_equal(memory->size, L4_NET_BYTES);
        end += memory->size;
    }
    assert_int_equal(net.port[1].memory, L4_CAP_NULL);
    for (uint32_t e = 0; e < 2; e++) {
        const struct fake_cap *const memory = &fake_l4.cap[net.end[e].memory];
        assert_int_equal(memory->rights, MEMORY);
        assert_int_equal(memory->pa, end);
        assert_int_equal(memory->size, L4_CHANNEL_BYTES(CHANNEL));
    }
}

static void test_port(void **state)
{
    (void)state;
    struct l4_msg msg;
    net.port_page[2]->rx.head = 77; /* of an earlier session */
    assert_int_equal(request(B, L4_SESSION_PORT, 0, &msg), L4_OK);
    take(CLIENT, &msg);
    assert_int_equal(msg.w[1], 1u << 2);
    assert_int_equal(msg.w[2], L4_NET_BYTES);
    assert_int_equal(fake_l4.cap[CLIENT].pa, fake_l4.cap[net.port[2].memory].pa);
    assert_memory_equal(net.port_page[2]->mac, start.port[2].mac, 6);
    assert_int_equal(net.port_page[2]->link, 1);
    assert_int_equal(net.port_page[2]->rx.head, 0);
    assert_int_equal(net.vswitch.up, 1u << 2);
    session_ring(&net.port[2]);
    session_ring(&net.port[0]); /* nobody there */
    assert_int_equal(fake_l4.signals, 1);
    assert_int_equal(fake_l4.signal[0].cap, net.port[2].doorbell);
    assert_int_equal(fake_l4.signal[0].bits, 0x100u | B);
}

static void test_not_configured(void **state)
{
    (void)state;
    struct l4_msg msg;
    const uint32_t before = fake_count();
    assert_int_equal(request(A, L4_SESSION_PORT, 1, &msg), L4_ERR_CONFIG);
    assert_int_equal(request(A, L4_SESSION_CHANNEL, 1, &msg), L4_ERR_CONFIG);
    assert_int_equal(request(B + 1u, L4_SESSION_PORT, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(request(L4_BADGE_NET, L4_SESSION_PORT, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(request(A, L4_SESSION_DISK, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(request(A, L4_SESSION_PORT, 0xffffffffu, &msg), L4_ERR_CONFIG);
    assert_int_equal(l4_tag_items(msg.tag), 0);
    assert_int_equal(fake_count(), before + 1); /* the offered slot, which main.c empties */
    assert_int_equal(net.vswitch.up, 0);
}

/* Without an endpoint to ring there is no session, and what was before has ended. */
static void refused(uint32_t items, enum l4_cap_type type, uint32_t rights)
{
    struct l4_msg msg = l4_msg(L4_SESSION_OPEN, 1, L4_SESSION_PORT, 0, 0);
    msg.tag = l4_tag(L4_SESSION_OPEN, 0, items);
    msg.badge = A;
    fake_give(net.offer, type, rights);
    session_open(&msg);
    assert_int_equal(msg.w[0], (uint32_t)L4_ERR_TRANSFER);
    assert_int_equal(l4_tag_items(msg.tag), 0);
    assert_int_equal(net.port[0].doorbell, L4_CAP_NULL);
    assert_int_equal(net.vswitch.up, 0);
    assert_false(has(CLIENT));
}

static void test_bad_doorbells(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(request(A, L4_SESSION_PORT, 0, &msg), L4_OK);
    take(CLIENT, &msg);
    refused(0, L4_TYPE_ENDPOINT, L4_RIGHT_SIGNAL | L4_RIGHT_INFO);
    refused(2, L4_TYPE_ENDPOINT, L4_RIGHT_SIGNAL | L4_RIGHT_INFO);
    refused(1, L4_TYPE_ENDPOINT, L4_RIGHT_SEND | L4_RIGHT_INFO);
    refused(1, L4_TYPE_ENDPOINT, L4_RIGHT_SIGNAL); /* nobody can tell what it is */
    refused(1, L4_TYPE_REGION, L4_RIGHT_ALL);
}

/* Opened again and again: the earlier memory is taken away, and no slot is lost. */
static void test_reopen(void **state)
{
    (void)state;
    struct l4_msg msg;
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(request(A, i % 2 == 0 ? L4_SESSION_PORT : L4_SESSION_CHANNEL, 0, &msg),
                         L4_OK);
        assert_false(has(CLIENT + i % 2)); /* gone before the reply */
        take(CLIENT + i % 2, &msg);
    }
    assert_int_equal(fake_l4.cap[net.offer].type, L4_TYPE_NULL);
}

/* The table is full: the request is refused, and works when there is room again. */
static void test_no_slots(void **state)
{
    (void)state;
    struct l4_msg msg;
    l4_cap_t slot = 0;
    while (l4_slots_take(&net.slots, &slot) == L4_OK) {
    }
    const l4_cap_t offer = net.offer;
    assert_int_equal(request(A, L4_SESSION_PORT, 0, &msg), L4_ERR_NO_MEMORY);
    assert_int_equal(net.offer, offer);
    assert_int_equal(net.port[0].doorbell, L4_CAP_NULL);
    l4_slots_give(&net.slots, LAST - 1u);
    assert_int_equal(request(A, L4_SESSION_PORT, 0, &msg), L4_OK);
}

/* Each end is told which it is, and the other hears that it came and went. */
static void test_channel(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(request(A, L4_SESSION_CHANNEL, 0, &msg), L4_OK);
    take(CLIENT, &msg);
    assert_int_equal(msg.w[3], 1);
    assert_int_equal(msg.w[1], session_end_bit(1));
    assert_int_equal(msg.w[2], L4_CHANNEL_BYTES(CHANNEL));
    assert_int_equal(request(B, L4_SESSION_CHANNEL, 0, &msg), L4_OK);
    take(CLIENT + 1, &msg);
    assert_int_equal(msg.w[3], 0);
    assert_int_equal(msg.w[1], session_end_bit(0));
    net.channel[0].page->open[0] = 1; /* B opens, as ipc-net sees when it rings */
    (void)channel_rung(&net.channel[0], 0);
    fake_l4.signals = 0;
    session_client_gone(B);
    assert_int_equal(net.channel[0].page->open[0], 0);
    assert_int_equal(fake_l4.signals, 1);
    assert_int_equal(fake_l4.signal[0].cap, net.end[1].doorbell);
    assert_true(has(CLIENT));
    assert_false(has(CLIENT + 1));
}

static void test_gone(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(request(A, L4_SESSION_PORT, 0, &msg), L4_OK);
    take(CLIENT, &msg);
    assert_int_equal(request(B, L4_SESSION_PORT, 0, &msg), L4_OK);
    take(CLIENT + 1, &msg);
    net.port[1].doorbell = BELL; /* an uplink has none: it must not be looked at */
    const l4_cap_t bell = net.port[0].doorbell;
    session_client_gone(A);
    assert_false(has(CLIENT));
    assert_false(has(bell));
    assert_true(has(CLIENT + 1));
    assert_int_equal(net.vswitch.up, 1u << 2);
    session_client_gone(L4_BADGE_NET);
    session_client_gone(12345);
    assert_int_equal(net.vswitch.up, 1u << 2);
    assert_int_equal(net.port[1].doorbell, BELL);
}

/* More ends than bits: they share. */
static void test_bits(void **state)
{
    (void)state;
    for (uint32_t end = 0; end < NET_ENDS; end++) {
        assert_int_equal(session_end_bit(end), 1u << (3u + end) % 32u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_memory, set_up),
        cmocka_unit_test_setup(test_port, set_up),
        cmocka_unit_test_setup(test_not_configured, set_up),
        cmocka_unit_test_setup(test_bad_doorbells, set_up),
        cmocka_unit_test_setup(test_reopen, set_up),
        cmocka_unit_test_setup(test_no_slots, set_up),
        cmocka_unit_test_setup(test_channel, set_up),
        cmocka_unit_test_setup(test_gone, set_up),
        cmocka_unit_test_setup(test_bits, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
