/*
 * Budgets: shares of the processor, round robin, budgets lent along calls, priorities lent.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/thread.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define MS 1000u

#define LONG_WORK (5 * MS)

static l4_cap_t endpoint;
static l4_cap_t nested;
static volatile uint32_t long_work_done; /* when */

static void spin(struct worker *self, uint32_t unused)
{
    (void)unused;
    for (;;) {
        self->value[1]++;
    }
}

static uint32_t cpu_us(const struct worker *w)
{
    struct l4_thread_info info = {0};

    CHECK_OK(l4_thread_get_info(w->thread, &info));
    return (uint32_t)(info.cpu_time_ns / 1000u);
}

static struct worker *spinner(uint32_t priority, uint32_t budget_us, uint32_t period_us)
{
    struct worker *const w = worker_create(&space_root, priority, 0);

    if (w == NULL ||
        !CHECK_OK(l4_thread_set_sched(w->thread, priority, priority, budget_us, period_us)) ||
        !worker_start(w, spin, 0)) {
        return NULL;
    }
    return w;
}

static void share_of_one(void)
{
    struct worker *const w = spinner(PRIORITY_MID, 2 * MS, 10 * MS);

    REQUIRE(w != NULL);
    test_sleep(200 * MS);
    CHECK_RANGE(cpu_us(w), 39 * MS, 42 * MS);
}

static void shares_by_budget(void)
{
    struct worker *const a = spinner(PRIORITY_HIGH, 3 * MS, 10 * MS);
    struct worker *const b = spinner(PRIORITY_MID, 1 * MS, 10 * MS);
    struct worker *const rest = spinner(PRIORITY_LOW, 0, 0);

    REQUIRE(a != NULL && b != NULL && rest != NULL);
    test_sleep(500 * MS);
    CHECK_RANGE(cpu_us(a), 149 * MS, 153 * MS);
    CHECK_RANGE(cpu_us(b), 49 * MS, 52 * MS);
    CHECK_RANGE(cpu_us(rest), 294 * MS, 301 * MS);
}

static void round_robin(void)
{
    struct worker *w[3];

    for (uint32_t i = 0; i < 3; i++) {
        w[i] = spinner(PRIORITY_MID, MS, MS);
        REQUIRE(w[i] != NULL);
    }
    test_sleep(300 * MS);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_RANGE(cpu_us(w[i]), 98 * MS, 102 * MS);
    }
}

static void first_in_first_out(void)
{
    struct worker *const a = spinner(PRIORITY_MID, 0, 0);
    struct worker *const b = spinner(PRIORITY_MID, 0, 0);

    REQUIRE(a != NULL && b != NULL);
    test_sleep(50 * MS);
    CHECK_RANGE(cpu_us(a), 49 * MS, 51 * MS);
    CHECK_EQ(cpu_us(b), 0);
}

static void used_up_budget_is_a_state(void)
{
    struct worker *const w = spinner(PRIORITY_MID, MS, 20 * MS);

    REQUIRE(w != NULL);
    test_sleep(5 * MS);
    CHECK_EQ(worker_state(w), L4_STATE_BUDGET);
    const uint32_t count = w->value[1];

    test_sleep(10 * MS);
    CHECK_EQ(w->value[1], count);
    CHECK(worker_wait_state(w, L4_STATE_RUNNABLE, 10 * MS));
    test_sleep(5 * MS);
    CHECK_EQ(worker_state(w), L4_STATE_BUDGET);
    /* A new budget counts at once; the end of it, too. */
    CHECK_OK(l4_thread_set_sched(w->thread, PRIORITY_MID, PRIORITY_MID, 0, 0));
    CHECK_EQ(worker_state(w), L4_STATE_RUNNABLE);
    CHECK_OK(l4_thread_set_sched(w->thread, PRIORITY_MID, PRIORITY_MID, MS, 1000 * MS));
    test_sleep(5 * MS);
    CHECK_EQ(worker_state(w), L4_STATE_BUDGET);
    CHECK_OK(l4_thread_stop(w->thread));
    CHECK_EQ(worker_state(w), L4_STATE_STOPPED);
}

/* Works w0 microseconds: a thousand instructions each, whatever the compiler does. */
static void work(struct worker *self, uint32_t us)
{
    uint32_t rounds = us * 100u + 1;

    __asm__ volatile("1: nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\t"
                     "subs %[rounds], %[rounds], #1\n\tbne 1b"
                     : [rounds] "+r"(rounds)
                     :
                     : "cc", "memory");
    self->value[0]++;
}

static void server(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);

    while (status == L4_OK) {
        work(self, msg.w[0]);
        if (msg.w[0] == LONG_WORK) {
            long_work_done = test_us();
        }
        status = l4_reply_wait(slot, &msg, L4_TIMEOUT_NEVER);
    }
}

/* Has another server do the work. */
static void front(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);

    while (status == L4_OK) {
        self->value[0]++;
        CHECK_OK(l4_call(nested, &msg, L4_TIMEOUT_NEVER));
        status = l4_reply_wait(slot, &msg, L4_TIMEOUT_NEVER);
    }
}

static void client(struct worker *self, uint32_t us)
{
    struct l4_msg msg = l4_msg(0, us, 0, 0, 0);

    self->value[3] = test_us();
    self->status = l4_call(endpoint, &msg, L4_TIMEOUT_NEVER);
    self->value[4] = test_us() - self->value[3];
}

static struct worker *start_server(worker_function_t *function, uint32_t priority, l4_cap_t slot)
{
    struct worker *const w = worker_run(&space_root, priority, function, slot);

    return w != NULL && worker_wait_state(w, L4_STATE_RECEIVING, 10 * MS) ? w : NULL;
}

static struct worker *start_client(uint32_t priority, uint32_t budget, uint32_t period, uint32_t us)
{
    struct worker *const w = worker_create(&space_root, priority, 0);

    if (w == NULL ||
        !CHECK_OK(l4_thread_set_sched(w->thread, priority, priority, budget, period))) {
        return NULL;
    }
    return worker_start(w, client, us) ? w : NULL;
}

/* A server works on its client's budget: its own is not touched. */
static void calls_are_charged_to_the_caller(void)
{
    endpoint = memory_endpoint();
    struct worker *const s = start_server(server, PRIORITY_LOW, endpoint);

    REQUIRE(s != NULL);
    const uint32_t own = cpu_us(s);
    struct worker *const c = start_client(PRIORITY_MID, 0, 0, 10 * MS);

    CHECK(worker_wait(c, 100 * MS));
    CHECK_RANGE(cpu_us(c), 9 * MS, 12 * MS);
    CHECK_RANGE(cpu_us(s) - own, 0, 100);
}

static void a_small_budget_makes_a_long_call(void)
{
    endpoint = memory_endpoint();
    REQUIRE(start_server(server, PRIORITY_LOW, endpoint) != NULL);
    struct worker *const c = start_client(PRIORITY_MID, MS, 10 * MS, 5 * MS);

    CHECK(worker_wait(c, 200 * MS));
    CHECK_RANGE(c->value[4], 40 * MS, 62 * MS);
}

/* The server holds the work of a client whose budget runs out; who waits lends. */
static void waiting_callers_lend(bool with_nested)
{
    struct worker *c[3];

    endpoint = memory_endpoint();
    nested = memory_endpoint();
    REQUIRE(start_server(with_nested ? front : server, PRIORITY_LOW, endpoint) != NULL);
    if (with_nested) {
        REQUIRE(start_server(server, PRIORITY_LOW, nested) != NULL);
    }
    /* 5 ms of work, 2 ms a second of budget: alone it would take two seconds. */
    c[0] = start_client(PRIORITY_MID, 2 * MS, 1000 * MS, LONG_WORK);
    REQUIRE(c[0] != NULL);
    test_sleep(500);
    c[1] = start_client(PRIORITY_HIGH, 4 * MS, 1000 * MS, 100);
    c[2] = start_client(PRIORITY_MID, 4 * MS, 1000 * MS, 100);
    REQUIRE(c[1] != NULL && c[2] != NULL);
    CHECK(worker_wait(c[1], 100 * MS));
    CHECK(worker_wait(c[2], 100 * MS));
    CHECK_RANGE(long_work_done - c[0]->value[3], 4 * MS, 10 * MS);
    CHECK_RANGE(cpu_us(c[0]), 1900, 2200);
    /* The highest has lent, and nobody else. */
    CHECK_RANGE(cpu_us(c[1]), 2900, 3500);
    CHECK_RANGE(cpu_us(c[2]), 100, 400);
}

static void three_clients(void)
{
    waiting_callers_lend(false);
}

static void three_clients_and_a_nested_call(void)
{
    waiting_callers_lend(true);
}

/* A lender runs out as well: the next one that waits lends. */
static void the_next_lends(void)
{
    struct worker *c[3];

    endpoint = memory_endpoint();
    REQUIRE(start_server(server, PRIORITY_LOW, endpoint) != NULL);
    c[0] = start_client(PRIORITY_MID, MS, 1000 * MS, LONG_WORK);
    REQUIRE(c[0] != NULL);
    test_sleep(500);
    c[1] = start_client(PRIORITY_HIGH, MS, 1000 * MS, 100);
    c[2] = start_client(PRIORITY_MID, 6 * MS, 1000 * MS, 100);
    REQUIRE(c[1] != NULL && c[2] != NULL);
    CHECK(worker_wait(c[2], 100 * MS));
    CHECK_RANGE(long_work_done - c[0]->value[3], 4 * MS, 10 * MS);
    CHECK_RANGE(cpu_us(c[1]), 900, 1200);
    CHECK_RANGE(cpu_us(c[2]), 2900, 4500);
}

static void alone_it_waits_for_replenishment(void)
{
    endpoint = memory_endpoint();
    nested = memory_endpoint();
    REQUIRE(start_server(front, PRIORITY_LOW, endpoint) != NULL);
    REQUIRE(start_server(server, PRIORITY_LOW, nested) != NULL);
    struct worker *const c = start_client(PRIORITY_MID, 2 * MS, 100 * MS, 5 * MS);

    CHECK(worker_wait(c, 1000 * MS));
    CHECK_RANGE(c->value[4], 190 * MS, 220 * MS);
}

/* A caller that gives up takes its budget back; the server goes on with its own. */
static void gives_up(struct worker *self, uint32_t us)
{
    struct l4_msg msg = l4_msg(0, us, 0, 0, 0);

    self->status = l4_call(endpoint, &msg, 3 * MS);
}

static void a_caller_that_gives_up(void)
{
    endpoint = memory_endpoint();
    struct worker *const s = start_server(server, PRIORITY_LOW, endpoint);
    struct worker *const c = worker_run(&space_root, PRIORITY_MID, gives_up, 10 * MS);

    REQUIRE(s != NULL && c != NULL);
    CHECK(worker_wait(c, 100 * MS));
    CHECK_EQ(c->status, L4_ERR_TIMEOUT);
    CHECK_RANGE(cpu_us(c), 2900, 3200);
    test_sleep(20 * MS);
    CHECK_EQ(s->value[0], 1);
    CHECK_RANGE(cpu_us(s), 6 * MS, 8 * MS);
}

/* A low server that works for a high client is not kept waiting by one in between. */
static void priority_is_lent(void)
{
    endpoint = memory_endpoint();
    REQUIRE(start_server(server, PRIORITY_LOW, endpoint) != NULL);
    struct worker *const hog = spinner(PRIORITY_MID, 0, 0);
    struct worker *const c = start_client(PRIORITY_HIGH, 0, 0, 5 * MS);

    REQUIRE(hog != NULL);
    CHECK(worker_wait(c, 100 * MS));
    CHECK_RANGE(c->value[4], 4 * MS, 8 * MS);
}

/* Also when the high client comes later, while a low one is being served. */
static void priority_is_lent_through_the_queue(void)
{
    endpoint = memory_endpoint();
    nested = memory_endpoint();
    REQUIRE(start_server(front, PRIORITY_LOW, endpoint) != NULL);
    REQUIRE(start_server(server, PRIORITY_LOW, nested) != NULL);
    struct worker *const low = start_client(PRIORITY_LOW, 0, 0, 5 * MS);

    test_sleep(MS);
    struct worker *const hog = spinner(PRIORITY_MID, 0, 0);

    REQUIRE(hog != NULL && low != NULL);
    test_sleep(MS);
    struct worker *const high = start_client(PRIORITY_HIGH, 0, 0, MS);

    CHECK(worker_wait(high, 100 * MS));
    CHECK_RANGE(high->value[4], 3 * MS, 12 * MS);
    /* Afterwards everyone has their own priority again: the low one does not get to run. */
    test_sleep(5 * MS);
    CHECK(!low->ended);
}

static void budgets_of_dead_threads(void)
{
    struct worker *c[2];

    endpoint = memory_endpoint();
    REQUIRE(start_server(server, PRIORITY_LOW, endpoint) != NULL);
    c[0] = start_client(PRIORITY_MID, 2 * MS, 1000 * MS, 5 * MS);
    test_sleep(10 * MS);
    c[1] = start_client(PRIORITY_MID, 2 * MS, 1000 * MS, 100);
    REQUIRE(c[0] != NULL && c[1] != NULL);
    test_sleep(MS);
    /* The lender dies, then the one whose work it is: the server goes on by itself. */
    CHECK_OK(l4_cap_delete(c[1]->thread));
    test_sleep(MS);
    CHECK_OK(l4_cap_delete(c[0]->thread));
    struct worker *const last = start_client(PRIORITY_MID, 0, 0, 100);

    CHECK(worker_wait(last, 100 * MS));
}

static const struct test_case cases[] = {
    {"a budget limits its thread", share_of_one},
    {"shares follow the budgets, the rest the priorities", shares_by_budget},
    {"budget = period is round robin", round_robin},
    {"without it a thread keeps the processor", first_in_first_out},
    {"a used-up budget is a state that ends in time", used_up_budget_is_a_state},
    {"a call is charged to the caller", calls_are_charged_to_the_caller},
    {"a call on a small budget waits for replenishments", a_small_budget_makes_a_long_call},
    {"three clients: who waits lends, the highest first", three_clients},
    {"the same through a nested call", three_clients_and_a_nested_call},
    {"a lender that runs out is followed by the next", the_next_lends},
    {"with nobody waiting the call waits for its own", alone_it_waits_for_replenishment},
    {"a caller that gives up takes its budget back", a_caller_that_gives_up},
    {"priority is lent to the server", priority_is_lent},
    {"priority is lent by who waits, through calls", priority_is_lent_through_the_queue},
    {"lender and caller die while a loan runs", budgets_of_dead_threads},
};

TEST_SUITE("budget", cases);
