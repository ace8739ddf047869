/* Scheduling: queues, yields, budgets, lending along calls, inheritance, authority. */
#include "budget.h"

l4_cap_t ep;
l4_cap_t quiet;

static int setup(void **state)
{
    int r = machine_setup(state);

    ep = make_endpoint();
    quiet = make_endpoint();
    return r;
}
#define SCHED_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static void equal_priorities_take_turns_by_yielding(void **state)
{
    struct thread *t[3];

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        t[i] = start_thread(PRIO_INIT);
    }
    assert_ptr_equal(running(), m.init);
    for (uint32_t round = 0; round < 4; round++) {
        assert_int_equal(isys(SYSTEM, 0, L4_SYSTEM_YIELD), BLOCKED);
        for (uint32_t i = 0; i < 3; i++) {
            assert_ptr_equal(running(), t[i]);
            assert_int_equal(sys(t[i], SYSTEM, 0, L4_SYSTEM_YIELD), BLOCKED);
        }
        assert_ptr_equal(running(), m.init);
        assert_int_equal(result(m.init), L4_OK);
    }
}

static void a_preempted_thread_stays_first(void **state)
{
    struct thread *a = start_thread(PRIO_INIT);
    struct thread *high = start_thread(HIGH);

    (void)state;
    sleep_at(high);
    assert_ptr_equal(running(), m.init);
    wake(high);
    assert_ptr_equal(running(), high);
    sleep_at(high);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(a->state, L4_STATE_RUNNABLE);
}

static void round_robin_shares_by_time(void **state)
{
    struct thread *t[2] = {limited(LOW, 1000, 1000), limited(LOW, 1000, 1000)};
    uint32_t turns[2] = {0};

    (void)state;
    wake(t[0]);
    assert_ptr_equal(running(), t[0]);
    assert_int_equal(sys(t[0], SIGNAL, quiet, 1), L4_OK);
    for (uint32_t i = 0; i < 10; i++) {
        machine_advance_us(1001);
        assert_true(running() == t[0] || running() == t[1]);
        turns[running() == t[1]]++;
    }
    assert_int_equal(turns[0], 5);
    assert_int_equal(turns[1], 5);
}

static void a_used_budget_waits_for_its_period(void **state)
{
    struct thread *t = limited(LOW, 100, 1000);

    (void)state;
    wake(t);
    assert_ptr_equal(running(), t);
    machine_advance_us(99);
    assert_ptr_equal(running(), t);
    machine_advance_us(2);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(t->state, L4_STATE_BUDGET);
    machine_advance_us(890);
    assert_ptr_equal(running(), m.init);
    machine_advance_us(20);
    assert_ptr_equal(running(), t);
    machine_advance_us(200);
    assert_ptr_equal(running(), m.init);
}

static void a_budget_is_a_share_of_time(void **state)
{
    struct thread *t = limited(LOW, 250, 1000);
    uint64_t before;

    (void)state;
    wake(t);
    before = t->own_sc.consumed;
    machine_advance_us(100000);
    assert_in_range(t->own_sc.consumed - before, timeout_us_to_ticks(24500),
                    timeout_us_to_ticks(25500));
}

/* A thread without budget is found at the head of a queue while another of lower priority runs. */
static void an_exhausted_thread_does_not_disturb_the_current(void **state)
{
    struct thread *t = limited(LOW, 100, 100000);
    struct thread *peer = start_thread(PRIO_INIT);

    (void)state;
    wake(t);
    machine_advance_us(101);
    assert_int_equal(t->state, L4_STATE_BUDGET);
    assert_int_equal(isys(THREAD, cap_of_thread(t), L4_THREAD_STOP), L4_OK);
    assert_int_equal(isys(THREAD, cap_of_thread(t), L4_THREAD_RESUME), L4_OK);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(t->state, L4_STATE_BUDGET);
    assert_false(m.init->queued);
    assert_int_equal(isys(SYSTEM, 0, L4_SYSTEM_YIELD), BLOCKED);
    assert_ptr_equal(running(), peer);
}

/* Someone looks at a budget after its period, before the timer interrupt that would wake those who
 * wait for it. */
static void nobody_waits_for_a_budget_that_is_full(void **state)
{
    struct thread *t = limited(LOW, 100, 1000);
    struct thread *s = server_at(ep, LOW + 1);
    struct thread *s2;

    (void)state;
    /* t and the server that works for it share t's budget. */
    wake(t);
    assert_int_equal(sys(t, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    machine_advance_us(101);
    assert_int_equal(s->state, L4_STATE_BUDGET);
    assert_ptr_equal(running(), m.init);
    /* The period passes unnoticed; init asks for the budget by sending to the server. */
    fake.counter += timeout_us_to_ticks(2000);
    s2 = start_thread(PRIO_INIT - 1);
    (void)s2;
    set_budget(m.init, PRIO_INIT, 0, 0);
    machine_interrupt();
    assert_ptr_equal(running(), s);
}

static void calls_inherit_priority_along_a_chain(void **state)
{
    l4_cap_t ep2 = make_endpoint();
    struct thread *s2 = server_at(ep2, PRIO_INIT + 1);
    struct thread *s1 = server_at(ep, PRIO_INIT + 2);
    struct thread *c = start_thread(HIGH);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(s1->priority, HIGH);
    assert_int_equal(sys(s1, CALL, ep2, 0, 0, NEVER), BLOCKED);
    assert_int_equal(s2->priority, HIGH);
    assert_ptr_equal(s2->sc, &c->own_sc);
    assert_int_equal(sys(s2, REPLY_WAIT, ep2, 0, 0, NEVER), BLOCKED);
    assert_int_equal(s2->priority, PRIO_INIT + 1);
    assert_ptr_equal(s2->sc, &s2->own_sc);
    assert_int_equal(sys(s1, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(s1->priority, PRIO_INIT + 2);
    assert_ptr_equal(running(), c);
}

/* The server is busy for a low client when a high one queues up: the server is raised. */
static void a_waiting_caller_raises_the_server(void **state)
{
    struct thread *s = server_at(ep, PRIO_INIT + 1);
    struct thread *mid = limited(LOW + 5, 0, 0);
    struct thread *high = limited(HIGH, 0, 0);
    struct thread *low = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(low, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    wake(mid);
    assert_ptr_equal(running(), mid);
    wake(high);
    assert_int_equal(sys(high, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s); /* not mid */
    assert_int_equal(s->priority, HIGH);
}

/* ... also when the chain goes through servers that wait to send themselves. */
static void raising_follows_senders(void **state)
{
    l4_cap_t ep2 = make_endpoint();
    struct thread *s2 = server_at(ep2, PRIO_INIT + 1);
    struct thread *s1 = server_at(ep, PRIO_INIT + 2);
    struct thread *c2 = limited(LOW + 1, 0, 0);
    struct thread *high = limited(HIGH, 0, 0);
    struct thread *c1 = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c1, CALL, ep2, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s2);
    wake(c2);
    assert_int_equal(sys(c2, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s1);
    assert_int_equal(sys(s1, CALL, ep2, 0, 0, NEVER), BLOCKED); /* s2 is busy: s1 waits to send */
    assert_int_equal(s1->state, L4_STATE_SENDING);
    assert_int_equal(s2->priority, LOW + 1);
    wake(high);
    assert_int_equal(sys(high, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(s1->priority, HIGH);
    assert_int_equal(s2->priority, HIGH);
    assert_ptr_equal(running(), s2);
}

/* A chain of servers, each with a client of its own and waiting to send to the next: a new caller
 * raises the first ones; the rest is out of reach, and neither time nor stack grow with it. */
static void a_long_chain_of_senders_is_followed_in_bounds(void **state)
{
    enum { LINKS = 60 };
    l4_cap_t link[LINKS];
    struct thread *s[LINKS];
    uint32_t raised = 0;

    (void)state;
    m.check = false;
    for (uint32_t i = 0; i < LINKS; i++) {
        link[i] = make_endpoint();
        s[i] = server_at(link[i], PRIO_INIT + 1);
    }
    for (uint32_t i = LINKS; i-- > 0;) {
        struct thread *c = start_thread(PRIO_INIT + 2);

        assert_int_equal(sys(c, CALL, link[i], 0, 0, NEVER), BLOCKED);
        assert_ptr_equal(running(), s[i]);
        /* The last one's receiver is busy too: itself. */
        assert_int_equal(sys(s[i], CALL, link[i + 1 < LINKS ? i + 1 : i], 0, 0, NEVER), BLOCKED);
        assert_int_equal(s[i]->state, L4_STATE_SENDING);
    }
    m.check = true;
    assert_int_equal(sys(start_thread(HIGH), CALL, link[0], 0, 0, NEVER), BLOCKED);
    for (uint32_t i = 0; i < LINKS; i++) {
        raised += s[i]->priority == HIGH;
    }
    assert_in_range(raised, 4, 16);
    assert_int_equal(s[0]->priority, HIGH);
}

static void nobody_gives_more_than_it_holds(void **state)
{
    struct thread *t = limited(LOW, 1000, 10000);
    l4_cap_t own = cap_of_thread(t);
    l4_cap_t child = make_thread_in(L4_ROOT_ASPACE, 0);

    (void)state;
    wake(t);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 255, 0, 0), L4_ERR_AUTHORITY);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 255, 1001, 10000),
                     L4_ERR_AUTHORITY);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 255, 5, 5), L4_ERR_AUTHORITY);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 255, 1, 9), L4_ERR_AUTHORITY);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 255, 1, 10), L4_OK);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 255, 100000000, 1000000000),
                     L4_OK);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 255, 100000001, 1000000000),
                     L4_ERR_AUTHORITY);
    assert_int_equal(sys(t, THREAD, own, L4_THREAD_SET_SCHED, LOW, 200, 1000, 10000), L4_OK);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 201, 1, 10), L4_ERR_AUTHORITY);
    assert_int_equal(sys(t, THREAD, child, L4_THREAD_SET_SCHED, 1, 200, 1, 10), L4_OK);
}

static void schedules_are_checked(void **state)
{
    l4_cap_t t = make_thread_in(L4_ROOT_ASPACE, 0);

    (void)state;
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_SCHED, 256, 256, 0, 0), L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_SCHED, 10, 9, 0, 0), L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_SCHED, 1, 1, 10, 9), L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_SCHED, 1, 1, 0, 9), L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_SCHED, 1, 1, 9, 0), L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_SCHED, 1, 1, 9, L4_TIMEOUT_MAX_US + 1),
                     L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_SCHED, 1, 1, 9, L4_TIMEOUT_MAX_US), L4_OK);
}

/* The end of a call lowers the server under a thread that became ready meanwhile. */
static void a_server_falls_back_behind_what_is_ready(void **state)
{
    struct thread *s = server_at(ep, PRIO_INIT + 1);
    struct thread *mid = limited(LOW, 0, 0);
    struct thread *c = start_thread(HIGH);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    wake(mid);
    assert_ptr_equal(running(), s);
    assert_int_equal(sys(s, THREAD, cap_of_thread(c), L4_THREAD_STOP), BLOCKED);
    assert_ptr_equal(running(), mid); /* c was cancelled: s is at its own priority again */
}

/* Many threads become ready at once with nothing left to run on: an interrupt that comes meanwhile
 * does not wait for all of them. */
static void many_ready_threads_without_budget_do_not_hide_an_interrupt(void **state)
{
    enum { MANY = 40 };
    struct waker w = make_waker(IRQ_DEVICE);
    l4_cap_t bed = make_endpoint();
    struct thread *t[MANY];
    uint32_t blocked = 0;
    uint32_t points;

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        t[i] = start_thread(LOW);
        assert_int_equal(sys(t[i], RECV, bed, 0, 0, NEVER), BLOCKED);
        set_budget(t[i], LOW, 1, 1000000);
        t[i]->own_sc.remaining = 0; /* as after its last turn */
    }
    set_budget(m.init, PRIO_INIT, 0, 0);
    assert_int_equal(isys(IRQ, w.irq, L4_IRQ_ACK), L4_OK);
    points = fake.points;
    fake.preempt_irq = IRQ_DEVICE;
    fake.preempt_at = fake.points + MANY + 3;
    assert_int_equal(isys(CAP, bed, L4_CAP_DELETE), L4_OK);
    fake.preempt_at = 0;
    assert_true(fake.points - points >= 2 * MANY);
    assert_int_equal(slot_endpoint(w.endpoint)->signals, 1);
    assert_ptr_equal(running(), m.init);
    for (uint32_t i = 0; i < MANY; i++) {
        blocked += t[i]->state == L4_STATE_BUDGET;
    }
    assert_int_equal(blocked, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHED_TEST(equal_priorities_take_turns_by_yielding),
        SCHED_TEST(a_preempted_thread_stays_first),
        SCHED_TEST(round_robin_shares_by_time),
        SCHED_TEST(a_used_budget_waits_for_its_period),
        SCHED_TEST(a_budget_is_a_share_of_time),
        SCHED_TEST(an_exhausted_thread_does_not_disturb_the_current),
        SCHED_TEST(nobody_waits_for_a_budget_that_is_full),
        SCHED_TEST(calls_inherit_priority_along_a_chain),
        SCHED_TEST(a_waiting_caller_raises_the_server),
        SCHED_TEST(raising_follows_senders),
        SCHED_TEST(a_lent_budget_that_runs_out_is_replaced_by_a_waiters),
        SCHED_TEST(a_new_caller_brings_budget),
        SCHED_TEST(a_loan_ends_when_the_lender_is_served),
        SCHED_TEST(the_lenders_death_ends_its_loan),
        SCHED_TEST(the_callers_death_ends_loans_below),
        SCHED_TEST(a_long_chain_of_senders_is_followed_in_bounds),
        SCHED_TEST(nobody_gives_more_than_it_holds),
        SCHED_TEST(schedules_are_checked),
        SCHED_TEST(a_server_falls_back_behind_what_is_ready),
        SCHED_TEST(many_ready_threads_without_budget_do_not_hide_an_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
