/*
 * Who is served when: priorities of senders, order of arrival, many senders, chains of calls,
 * signals.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/thread.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define MANY 40u
#define CHAIN 20u

static l4_cap_t endpoint;
static l4_cap_t chain[CHAIN + 1];
static volatile uint32_t order[64];
static volatile uint32_t order_count;

static void note(uint32_t what)
{
    if (order_count < COUNT_OF(order)) {
        order[order_count++] = what;
    }
}

static void caller(struct worker *self, uint32_t mark)
{
    struct l4_msg msg = l4_msg(0, mark, 0, 0, 0);

    self->status = l4_call(endpoint, &msg, L4_TIMEOUT_NEVER);
    self->value[0] = msg.w[0];
}

static void higher_priority_first(void)
{
    static const uint32_t priority[] = {60, 200, 100, 199, 2, 150};
    static const uint32_t expected[] = {200, 199, 150, 100, 60, 2};
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < COUNT_OF(priority); i++) {
        struct worker *const w = worker_run(&space_root, priority[i], caller, priority[i]);

        REQUIRE(w != NULL && worker_wait_state(w, L4_STATE_SENDING, 10000));
    }
    for (uint32_t i = 0; i < COUNT_OF(expected); i++) {
        REQUIRE_OK(l4_reply_wait(endpoint, &msg, 0));
        CHECK_EQ(msg.w[0], expected[i]);
    }
    CHECK_EQ(l4_reply_wait(endpoint, &msg, 0), L4_ERR_TIMEOUT);
}

static void equal_priority_in_order(void)
{
    struct worker *w[MANY];
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < MANY; i++) {
        w[i] = worker_run(&space_root, PRIORITY_MID, caller, i);
        REQUIRE(w[i] != NULL && worker_wait_state(w[i], L4_STATE_SENDING, 10000));
    }
    for (uint32_t i = 0; i < MANY; i++) {
        REQUIRE_OK(l4_reply_wait(endpoint, &msg, 0));
        CHECK_EQ(msg.w[0], i);
        msg.w[0] = i + 1000;
    }
    CHECK_EQ(l4_reply_wait(endpoint, &msg, 0), L4_ERR_TIMEOUT);
    for (uint32_t i = 0; i < MANY; i++) {
        CHECK(worker_wait(w[i], 10000));
        CHECK_OK(w[i]->status);
        CHECK_EQ(w[i]->value[0], i + 1000);
    }
}

static void changed_priority_requeues(void)
{
    struct worker *w[3];
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < 3; i++) {
        w[i] = worker_run(&space_root, PRIORITY_MID, caller, i);
        REQUIRE(w[i] != NULL && worker_wait_state(w[i], L4_STATE_SENDING, 10000));
    }
    REQUIRE_OK(l4_thread_set_sched(w[2]->thread, PRIORITY_HIGH, PRIORITY_HIGH, 0, 0));
    REQUIRE_OK(l4_thread_set_sched(w[0]->thread, PRIORITY_LOW, PRIORITY_LOW, 0, 0));
    REQUIRE_OK(l4_reply_wait(endpoint, &msg, 0));
    CHECK_EQ(msg.w[0], 2);
    REQUIRE_OK(l4_reply_wait(endpoint, &msg, 0));
    CHECK_EQ(msg.w[0], 1);
    REQUIRE_OK(l4_reply_wait(endpoint, &msg, 0));
    CHECK_EQ(msg.w[0], 0);
}

static void receiver(struct worker *self, uint32_t mark)
{
    struct l4_msg msg;

    self->status = l4_recv(endpoint, &msg, L4_TIMEOUT_NEVER);
    self->value[0] = msg.w[0];
    note(mark);
}

static void many_receivers_in_order(void)
{
    struct worker *w[8];

    endpoint = memory_endpoint();
    order_count = 0;
    for (uint32_t i = 0; i < COUNT_OF(w); i++) {
        w[i] = worker_run(&space_root, PRIORITY_MID, receiver, i);
        REQUIRE(w[i] != NULL && worker_wait_state(w[i], L4_STATE_RECEIVING, 10000));
    }
    for (uint32_t i = 0; i < COUNT_OF(w); i++) {
        const struct l4_msg msg = l4_msg(0, 50 + i, 0, 0, 0);

        CHECK_OK(l4_send(endpoint, &msg, 0));
    }
    for (uint32_t i = 0; i < COUNT_OF(w); i++) {
        CHECK(worker_wait(w[i], 10000));
        CHECK_EQ(w[i]->value[0], 50 + i);
        CHECK_EQ(order[i], i);
    }
}

/* Server i passes the call on to the next; the last one answers. */
static void link(struct worker *self, uint32_t i)
{
    struct l4_msg msg;

    self->status = l4_recv(chain[i], &msg, L4_TIMEOUT_NEVER);
    if (i + 1 < CHAIN) {
        msg.w[1] = (uint32_t)l4_call(chain[i + 1], &msg, 100000);
        if (msg.w[1] != L4_OK) {
            msg.w[0] = i;
            msg.w[2] = msg.w[1];
        }
    }
    CHECK_EQ(l4_reply_wait(chain[i], &msg, 0), L4_ERR_TIMEOUT);
}

static void chain_of_calls(void)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    for (uint32_t i = 0; i < CHAIN; i++) {
        chain[i] = memory_endpoint();
        struct worker *const w = worker_run(&space_root, PRIORITY_MID, link, i);

        REQUIRE(w != NULL && worker_wait_state(w, L4_STATE_RECEIVING, 10000));
    }
    REQUIRE_OK(l4_call(chain[0], &msg, 1000000));
    /* Somewhere down the chain it was too deep, and everyone above has been answered. */
    CHECK_EQ(msg.w[2], L4_ERR_DEPTH);
    CHECK_RANGE(msg.w[0], 8, CHAIN);
}

static void self_call(void)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    endpoint = memory_endpoint();
    CHECK_EQ(l4_call(endpoint, &msg, 2000), L4_ERR_TIMEOUT);
    CHECK_EQ(l4_send(endpoint, &msg, 2000), L4_ERR_TIMEOUT);
}

static void signals_collect(void)
{
    struct l4_msg msg;

    endpoint = memory_endpoint();
    CHECK_OK(l4_signal(endpoint, 0));
    CHECK_EQ(l4_recv(endpoint, &msg, 0), L4_ERR_TIMEOUT);
    CHECK_OK(l4_signal(endpoint, 1));
    CHECK_OK(l4_signal(endpoint, 0x80000000u));
    CHECK_OK(l4_signal(endpoint, 1));
    CHECK_OK(l4_recv(endpoint, &msg, 0));
    CHECK(l4_msg_is_signal(&msg));
    CHECK(l4_tag_is_kernel(msg.tag));
    CHECK_EQ(msg.badge, 0);
    CHECK_EQ(msg.w[0], 0x80000001u);
    CHECK_EQ(l4_recv(endpoint, &msg, 0), L4_ERR_TIMEOUT);
}

static void signals_before_messages(void)
{
    struct l4_msg msg;

    endpoint = memory_endpoint();
    struct worker *const w = worker_run(&space_root, PRIORITY_HIGH, caller, 6);

    REQUIRE(worker_wait_state(w, L4_STATE_SENDING, 10000));
    CHECK_OK(l4_signal(endpoint, 4));
    CHECK_OK(l4_recv(endpoint, &msg, 0));
    CHECK(l4_msg_is_signal(&msg));
    CHECK_EQ(msg.w[0], 4);
    CHECK_OK(l4_recv(endpoint, &msg, 0));
    CHECK(!l4_msg_is_signal(&msg));
    CHECK_EQ(msg.w[0], 6);
}

static void a_signal_wakes_one(void)
{
    struct worker *w[2];

    endpoint = memory_endpoint();
    order_count = 0;
    for (uint32_t i = 0; i < 2; i++) {
        w[i] = worker_run(&space_root, PRIORITY_MID, receiver, i);
        REQUIRE(w[i] != NULL && worker_wait_state(w[i], L4_STATE_RECEIVING, 10000));
    }
    CHECK_OK(l4_signal(endpoint, 0));
    test_sleep(100);
    CHECK_EQ(order_count, 0);
    CHECK_OK(l4_signal(endpoint, 3));
    test_sleep(1000);
    CHECK_EQ(order_count, 1);
    CHECK_EQ(w[0]->value[0], 3);
    CHECK_OK(l4_signal(endpoint, 5));
    CHECK(worker_wait(w[1], 1000));
    CHECK_EQ(w[1]->value[0], 5);
}

/* A signal does not stand for the reply that a caller waits for. */
static void signal_is_no_reply(void)
{
    struct l4_msg msg;

    endpoint = memory_endpoint();
    struct worker *const w = worker_run(&space_root, PRIORITY_MID, caller, 6);

    REQUIRE_OK(l4_recv(endpoint, &msg, 10000));
    CHECK_OK(l4_signal(endpoint, 1));
    CHECK_EQ(worker_state(w), L4_STATE_REPLY);
    msg = l4_msg(0, 77, 0, 0, 0);
    CHECK_OK(l4_reply_wait(endpoint, &msg, 0));
    CHECK(l4_msg_is_signal(&msg));
    CHECK(worker_wait(w, 10000));
    CHECK_EQ(w->value[0], 77);
}

static void wakes(struct worker *self, uint32_t mark)
{
    struct l4_msg msg;

    CHECK_OK(l4_recv(chain[mark], &msg, L4_TIMEOUT_NEVER));
    note(mark);
    (void)self;
}

static void priorities_preempt(struct worker *self, uint32_t low_first)
{
    (void)self;
    (void)low_first;
    note(100);
    CHECK_OK(l4_signal(chain[0], 1)); /* lower: later */
    note(101);
    CHECK_OK(l4_signal(chain[2], 1)); /* higher: at once */
    note(102);
    CHECK_OK(l4_signal(chain[1], 1)); /* equal: not before this one waits */
    note(103);
}

static void higher_runs_at_once(void)
{
    static const uint32_t priority[] = {PRIORITY_LOW, PRIORITY_MID, PRIORITY_HIGH};
    static const uint32_t expected[] = {100, 101, 2, 102, 103, 1, 0};

    order_count = 0;
    for (uint32_t i = 0; i < 3; i++) {
        chain[i] = memory_endpoint();
        struct worker *const w = worker_run(&space_root, priority[i], wakes, i);

        REQUIRE(w != NULL && worker_wait_state(w, L4_STATE_RECEIVING, 10000));
    }
    (void)worker_run(&space_root, PRIORITY_MID, priorities_preempt, 0);
    test_sleep(10000);
    for (uint32_t i = 0; i < COUNT_OF(expected); i++) {
        CHECK_EQ(order[i], expected[i]);
    }
    CHECK_EQ(order_count, COUNT_OF(expected));
}

static void serves_one(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
    note(2);
    self->status = l4_reply_wait(slot, &msg, 0);
    note(4);
}

static void calls_one(struct worker *self, uint32_t slot)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    note(1);
    self->status = l4_call(slot, &msg, L4_TIMEOUT_NEVER);
    note(3);
}

static void sends_one(struct worker *self, uint32_t slot)
{
    const struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    note(1);
    self->status = l4_send(slot, &msg, L4_TIMEOUT_NEVER);
    note(3);
}

static void hog(struct worker *self, uint32_t unused)
{
    (void)self;
    (void)unused;
    note(9);
}

/* Server and client of these priorities, a third thread ready in between; who runs in which order?
 */
static void expect_order(uint32_t server, uint32_t client, worker_function_t *function,
                         const uint32_t *expected)
{
    endpoint = memory_endpoint();
    struct worker *const s = worker_run(&space_root, server, serves_one, endpoint);

    REQUIRE(s != NULL && worker_wait_state(s, L4_STATE_RECEIVING, 10000));
    order_count = 0;
    REQUIRE(worker_run(&space_root, client, function, endpoint) != NULL);
    REQUIRE(worker_run(&space_root, PRIORITY_MID, hog, 0) != NULL);
    test_sleep(10000);
    CHECK_EQ(order_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQ(order[i], expected[i]);
    }
}

static void who_runs_after_a_reply(void)
{
    /* The low server lends from the client until it has answered, no longer. */
    expect_order(PRIORITY_LOW, PRIORITY_HIGH, calls_one, (const uint32_t[]){1, 2, 3, 9, 4});
    /* The high server goes on first. */
    expect_order(PRIORITY_HIGH, PRIORITY_LOW, calls_one, (const uint32_t[]){9, 1, 2, 4, 3});
}

static void who_runs_after_a_send(void)
{
    /* Nothing is lent to the receiver of a one-way message. */
    expect_order(PRIORITY_LOW, PRIORITY_HIGH, sends_one, (const uint32_t[]){1, 3, 9, 2, 4});
    expect_order(PRIORITY_HIGH, PRIORITY_LOW, sends_one, (const uint32_t[]){9, 1, 2, 4, 3});
}

static void faults_once(struct worker *self, uint32_t address)
{
    note(1);
    self->value[0] = *(volatile uint32_t *)address;
    note(3);
}

static void handles_one(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
    note(2);
    msg = l4_msg(L4_FAULT_REPLY_SET_PC, msg.w[2] + 4, 0, 0, 0);
    self->status = l4_reply_wait(slot, &msg, 0);
    note(4);
}

/* A fault is a call: its handler works with the priority of who faulted. */
static void a_fault_lends_too(void)
{
    static const uint32_t expected[] = {1, 2, 3, 9, 4};

    endpoint = memory_endpoint();
    struct worker *const handler = worker_run(&space_root, PRIORITY_LOW, handles_one, endpoint);
    struct worker *const w = worker_create(&space_root, PRIORITY_HIGH, 0);

    REQUIRE(w != NULL && worker_wait_state(handler, L4_STATE_RECEIVING, 10000));
    REQUIRE_OK(l4_thread_set_fault(w->thread, endpoint));
    order_count = 0;
    REQUIRE(worker_start(w, faults_once, 0x38000000u));
    REQUIRE(worker_run(&space_root, PRIORITY_MID, hog, 0) != NULL);
    test_sleep(10000);
    for (uint32_t i = 0; i < COUNT_OF(expected); i++) {
        CHECK_EQ(order[i], expected[i]);
    }
}

static const struct test_case cases[] = {
    {"the highest sender is served first", higher_priority_first},
    {"equal senders are served in order of arrival", equal_priority_in_order},
    {"a sender's new priority counts while it waits", changed_priority_requeues},
    {"receivers take messages in order", many_receivers_in_order},
    {"a chain of calls is bounded and unwinds", chain_of_calls},
    {"nobody serves oneself", self_call},
    {"signals collect bits and are told once", signals_collect},
    {"signals come before messages", signals_before_messages},
    {"a signal wakes one receiver", a_signal_wakes_one},
    {"a signal is no reply", signal_is_no_reply},
    {"a higher thread preempts, equal and lower ones wait", higher_runs_at_once},
    {"who runs after a reply", who_runs_after_a_reply},
    {"who runs after a one-way message", who_runs_after_a_send},
    {"a fault lends its thread's priority", a_fault_lends_too},
};

TEST_SUITE("order", cases);
