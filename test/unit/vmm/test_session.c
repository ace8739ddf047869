/*
 * Servers that hang: no call of the VMM's waits for ever, and a round of opening sessions again
 * ends in time for init to hear of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fake_l4.h>
#include <l4/log.h>
#include <l4/proto/init.h>
#include <l4/start.h>

#include "guest_session.h"

#define WINDOW 0x20000000u
#define SLOTS 64u
#define ROUND_US 2000000u /* init's patience with a round (servers/init) */

static struct l4_slots slots;
static struct l4_window window;
static uint32_t hangs; /* servers, a bit each */
static uint32_t calls;
static uint64_t waited_us;
static uint32_t kept; /* so often something more urgent keeps everybody from running */

static l4_status_t serve(uint32_t server, struct l4_msg *msg, uint32_t timeout_us)
{
    struct l4_msgbuf *const buffer = l4_msgbuf();
    calls++;
    assert_true(timeout_us != L4_TIMEOUT_NEVER);
    fake_l4.now_ns += 1000;
    if (kept != 0) {
        kept--;
        fake_l4.now_ns += timeout_us * 1000ull + 3000000000ull;
        return L4_ERR_TIMEOUT;
    }
    if ((hangs >> server & 1u) != 0) {
        waited_us += timeout_us;
        fake_l4.now_ns += timeout_us * 1000ull;
        return L4_ERR_TIMEOUT;
    }
    buffer->item[0] = (struct l4_item){
        .cap = buffer->slot[0], .kind = L4_ITEM_MAP, .offset = buffer->window_base, .size = 4096};
    *msg = l4_msg(0, L4_OK, 1, 4096, 0);
    msg->tag = l4_tag(0, 0, 1);
    return L4_OK;
}

static int set_up(void **state)
{
    (void)state;
    fake_l4_init();
    fake_l4.call = serve;
    l4_slots_init(&slots, 16, SLOTS);
    l4_window_init(&window, WINDOW, 0x100000);
    hangs = 0;
    calls = 0;
    waited_us = 0;
    kept = 0;
    guest_server_round(SERVER_CREATE_US);
    return 0;
}

static l4_status_t open(struct guest_session *session, l4_cap_t server)
{
    const struct l4_session_offer offer = {
        .server = server, .kind = L4_SESSION_DISK, .window = L4_PAGE_SIZE};
    return guest_session_open(session, &slots, &window, "disk", &offer, NULL);
}

static void test_opens(void **state)
{
    (void)state;
    struct guest_session session;
    assert_int_equal(open(&session, L4_START_DEVMGR), L4_OK);
    assert_true(session.open);
    assert_ptr_equal(session.session.address, (void *)(uintptr_t)WINDOW);
    assert_int_equal(calls, 1);
}

/* A server that hangs while the guest is built fails it; it is not waited for once a session. */
static void test_create(void **state)
{
    (void)state;
    struct guest_session session[8];
    hangs = 1u << L4_START_DEVMGR;
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(open(&session[i], L4_START_DEVMGR), L4_ERR_TIMEOUT);
        assert_false(session[i].open);
    }
    assert_true(waited_us >= SERVER_CREATE_US && waited_us < SERVER_CREATE_US + 100);
}

/* Many sessions with two servers that hang: init hears before it gives the round up. Each round
 * asks again, and what answers is open again, whatever the other server does. */
static void test_again(void **state)
{
    (void)state;
    struct guest_session devmgr[8];
    struct guest_session net[8];
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(open(&devmgr[i], L4_START_DEVMGR), L4_OK);
        assert_int_equal(open(&net[i], L4_START_NET), L4_OK);
    }
    hangs = 1u << L4_START_DEVMGR | 1u << L4_START_NET;
    guest_server_round(SERVER_AGAIN_US);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(guest_session_reopen(&devmgr[i]), L4_ERR_TIMEOUT);
        assert_int_equal(guest_session_reopen(&net[i]), L4_ERR_TIMEOUT);
        assert_false(devmgr[i].open || net[i].open);
    }
    assert_true(waited_us < ROUND_US);
    hangs = 1u << L4_START_DEVMGR;
    waited_us = 0;
    guest_server_round(SERVER_AGAIN_US);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(guest_session_reopen(&devmgr[i]), L4_ERR_TIMEOUT);
        assert_int_equal(guest_session_reopen(&net[i]), L4_OK);
        assert_true(net[i].open);
    }
    assert_true(waited_us >= SERVER_AGAIN_US && waited_us < ROUND_US);
    hangs = 0;
    guest_server_round(SERVER_AGAIN_US);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(guest_session_reopen(&devmgr[i]), L4_OK);
        assert_true(devmgr[i].open);
    }
}

/* A guest before all servers takes the processor for seconds: that is not the server's fault. */
static void test_kept_waiting(void **state)
{
    (void)state;
    struct guest_session session;
    kept = 4;
    assert_int_equal(open(&session, L4_START_DEVMGR), L4_OK);
    assert_int_equal(calls, 5);
    kept = 100; /* nobody tries for ever */
    assert_int_equal(guest_session_reopen(&session), L4_ERR_TIMEOUT);
    assert_int_equal(calls, 10);
    l4_log_to_devmgr(L4_START_DEVMGR);
    kept = 1;
    fake_l4.sink(NULL, "line", 4);
    assert_int_equal(calls, 12);
}

/* Only a server that is late is waited for less: one that refuses has answered. */
static l4_status_t refuse(uint32_t server, struct l4_msg *msg, uint32_t timeout_us)
{
    (void)server;
    calls++;
    assert_int_equal(timeout_us, SERVER_AGAIN_US);
    *msg = l4_msg(0, (uint32_t)(calls % 2 == 0 ? L4_ERR_IO : L4_OK), 0, 0, 0);
    return calls % 2 == 0 ? L4_OK : L4_ERR_PEER_DIED;
}

static void test_refused(void **state)
{
    (void)state;
    struct guest_session session;
    assert_int_equal(open(&session, L4_START_DEVMGR), L4_OK);
    fake_l4.call = refuse;
    calls = 0;
    guest_server_round(SERVER_AGAIN_US);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(guest_session_reopen(&session), i % 2 == 0 ? L4_ERR_PEER_DIED : L4_ERR_IO);
    }
}

/* Log lines: the first is waited for, then hardly, until devmgr answers again. */
static void test_log(void **state)
{
    (void)state;
    l4_log_to_devmgr(L4_START_DEVMGR);
    hangs = 1u << L4_START_DEVMGR;
    fake_l4.sink(NULL, "first", 5);
    const uint64_t first = waited_us;
    assert_true(first <= ROUND_US);
    for (uint32_t i = 0; i < 100; i++) {
        fake_l4.sink(NULL, "more", 4);
    }
    assert_true(waited_us - first < ROUND_US);
    hangs = 0;
    fake_l4.sink(NULL, "taken", 5);
    hangs = 1u << L4_START_DEVMGR;
    waited_us = 0;
    fake_l4.sink(NULL, "again", 5);
    assert_int_equal(waited_us, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_opens, set_up),
        cmocka_unit_test_setup(test_create, set_up),
        cmocka_unit_test_setup(test_again, set_up),
        cmocka_unit_test_setup(test_refused, set_up),
        cmocka_unit_test_setup(test_log, set_up),
        cmocka_unit_test_setup(test_kept_waiting, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
