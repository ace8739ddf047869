/* What has to end together with an IPC: timeouts, borrowed budgets, saved replies; and the rights
 * on both of its paths. */
#include "machine.h"

#define NEVER L4_TIMEOUT_NEVER
#define HIGH (PRIO_INIT + 20)
#define LOW (PRIO_INIT + 10)

static l4_cap_t ep;
static l4_cap_t quiet; /* nobody sends here: a place to sleep */

static int setup(void **state)
{
    int r = machine_setup(state);

    ep = make_endpoint();
    quiet = make_endpoint();
    return r;
}
#define END_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static struct thread *server(uint32_t priority)
{
    struct thread *t = start_thread(priority);

    assert_int_equal(sys(t, RECV, ep, 0, 0, NEVER), BLOCKED);
    return t;
}

/* A thread with a budget that waits at `quiet`. */
static struct thread *limited(uint32_t priority, uint32_t budget_us)
{
    struct thread *t = start_thread(priority);

    assert_int_equal(sys(t, RECV, quiet, 0, 0, NEVER), BLOCKED);
    set_budget(t, priority, budget_us, 100000);
    return t;
}

/* It wakes up, first of those who wait, and calls. */
static void calls(struct thread *t, uint32_t timeout_us)
{
    (void)machine_call(running(), L4_SYS_SIGNAL, (const uint32_t[8]){quiet, 1});
    assert_ptr_equal(running(), t);
    assert_int_equal(sys(t, CALL, ep, 0, 0, timeout_us), BLOCKED);
}

/* With a partner that waits and no timeout, both go the fast way. */
static void rights_are_needed_on_the_fast_path(void **state)
{
    l4_cap_t recv_only = make_badged(ep, 0, L4_RIGHT_RECV);
    l4_cap_t send_only = make_badged(ep, 0, L4_RIGHT_SEND);
    struct thread *s = server(LOW);

    (void)state;
    assert_int_equal(isys(CALL, recv_only, 0, 0, NEVER), L4_ERR_RIGHTS);
    assert_int_equal(s->state, L4_STATE_RECEIVING);
    assert_int_equal(isys(CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(s, REPLY_WAIT, send_only, 0, 0, NEVER), L4_ERR_RIGHTS);
    assert_int_equal(m.init->state, L4_STATE_REPLY);
}

static void a_receivers_timeout_ends_with_its_message(void **state)
{
    struct thread *t = start_thread(HIGH);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(sys(t, RECV, ep, 0, 0, 100), BLOCKED);
        if (i == 0) {
            assert_int_equal(isys(SEND, ep, 0, 0, 0), BLOCKED);
        } else if (i == 1) {
            assert_int_equal(isys(SIGNAL, ep, 1), BLOCKED);
        } else {
            assert_int_equal(isys(CALL, ep, 0, 0, NEVER), BLOCKED);
        }
        assert_ptr_equal(running(), t);
        assert_int_equal(result(t), L4_OK);
        assert_null(cpu_boot.timeouts.root);
    }
    assert_int_equal(sys(t, REPLY_WAIT, quiet, 0, 0, NEVER), BLOCKED);
    machine_advance_us(200);
    assert_int_equal(t->state, L4_STATE_RECEIVING);
}

static void every_reply_gives_the_budget_back(void **state)
{
    struct thread *s = server(PRIO_INIT + 1);
    struct thread *c = limited(LOW, 1000);

    (void)state;
    calls(c, NEVER);
    assert_ptr_equal(running(), s);
    assert_ptr_equal(s->sc, &c->own_sc);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED); /* the fast way */
    assert_ptr_equal(s->sc, &s->own_sc);
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(s->sc, &c->own_sc);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, 1000), BLOCKED); /* the other */
    assert_ptr_equal(running(), c);
    assert_ptr_equal(s->sc, &s->own_sc);
    assert_int_equal(s->priority, PRIO_INIT + 1);
}

static void a_lender_that_gives_up_ends_its_loan(void **state)
{
    struct thread *s = server(PRIO_INIT + 1);
    struct thread *c1 = limited(LOW, 100);
    struct thread *c2 = limited(LOW + 1, 500);

    (void)state;
    calls(c1, NEVER);
    calls(c2, 300);
    machine_advance_us(101);
    assert_ptr_equal(running(), s);
    assert_ptr_equal(s->lender, c2);
    assert_ptr_equal(s->sc, &c2->own_sc);
    machine_advance_us(200);
    assert_ptr_equal(running(), c2);
    assert_int_equal(result(c2), L4_ERR_TIMEOUT);
    assert_null(s->lender);
    assert_ptr_equal(s->sc, &c1->own_sc);
}

static void a_saved_reply_ends_with_its_caller(void **state)
{
    struct thread *s = server(HIGH);
    struct thread *c = start_thread(LOW);
    l4_cap_t reply = slot_new();

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    assert_int_equal(sys(s, CAP, reply, L4_CAP_SAVE_REPLY), L4_OK);
    assert_int_equal(sys(s, CAP, cap_of_thread(c), L4_CAP_DELETE), L4_OK);
    assert_int_equal(slot_cap(reply)->type, L4_TYPE_NULL);
    assert_int_equal(sys(s, SEND, reply, 0, 0, 0), L4_ERR_CAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        END_TEST(rights_are_needed_on_the_fast_path),
        END_TEST(a_receivers_timeout_ends_with_its_message),
        END_TEST(every_reply_gives_the_budget_back),
        END_TEST(a_lender_that_gives_up_ends_its_loan),
        END_TEST(a_saved_reply_ends_with_its_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
