/* Loans: who goes on with whose budget, and how that ends. */
#include "budget.h"

void sleep_at(struct thread *t)
{
    assert_int_equal(sys(t, RECV, quiet, 0, 0, NEVER), BLOCKED);
}

struct thread *server_at(l4_cap_t endpoint, uint32_t priority)
{
    struct thread *t = start_thread(priority);

    assert_int_equal(sys(t, RECV, endpoint, 0, 0, NEVER), BLOCKED);
    return t;
}

/* A thread with a budget that waits at `quiet`, to be woken by a signal. */
struct thread *limited(uint32_t priority, uint32_t budget_us, uint32_t period_us)
{
    struct thread *t = start_thread(priority);

    sleep_at(t);
    set_budget(t, priority, budget_us, period_us);
    return t;
}

void wake(struct thread *t)
{
    assert_ptr_equal(slot_endpoint(quiet)->receivers.next, &t->ipc_link);
    (void)machine_call(running(), L4_SYS_SIGNAL, (const uint32_t[8]){quiet, 1});
}

void a_lent_budget_that_runs_out_is_replaced_by_a_waiters(void **state)
{
    l4_cap_t nested = make_endpoint();
    struct thread *s2 = server_at(nested, PRIO_INIT + 1);
    struct thread *s = server_at(ep, PRIO_INIT + 1);
    struct thread *c[3] = {limited(LOW, 100, 100000), limited(LOW + 1, 50, 100000),
                           limited(LOW + 2, 100, 100000)};

    (void)state;
    wake(c[0]);
    assert_int_equal(sys(c[0], CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(s, CALL, nested, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s2);
    /* Two more clients wait for the server. */
    wake(c[1]);
    assert_ptr_equal(running(), c[1]);
    assert_int_equal(sys(c[1], CALL, ep, 0, 0, NEVER), BLOCKED);
    wake(c[2]);
    assert_ptr_equal(running(), c[2]);
    assert_int_equal(sys(c[2], CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s2);
    assert_int_equal(s2->priority, LOW + 2);
    assert_ptr_equal(s2->sc, &c[0]->own_sc);
    machine_advance_us(101);
    assert_ptr_equal(running(), s2); /* on the highest caller's budget */
    assert_ptr_equal(s2->sc, &c[2]->own_sc);
    assert_ptr_equal(s2->lender, c[2]);
    machine_advance_us(101);
    assert_ptr_equal(running(), s2); /* then on the next one's */
    assert_ptr_equal(s2->sc, &c[1]->own_sc);
    machine_advance_us(51);
    assert_ptr_equal(running(), m.init); /* nobody has any left */
    assert_int_equal(s2->state, L4_STATE_BUDGET);
    machine_advance_us(99800);
    assert_ptr_equal(running(), s2); /* the new period of its own caller */
    assert_ptr_equal(s2->sc, &c[0]->own_sc);
}

void a_new_caller_brings_budget(void **state)
{
    struct thread *s = server_at(ep, PRIO_INIT + 1);
    struct thread *c = limited(LOW, 100, 100000);
    struct thread *rich = start_thread(HIGH);

    (void)state;
    sleep_at(rich);
    assert_ptr_equal(slot_endpoint(quiet)->receivers.next, &c->ipc_link);
    wake(c);
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    machine_advance_us(101);
    assert_int_equal(s->state, L4_STATE_BUDGET);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(isys(SIGNAL, quiet, 1), BLOCKED);
    assert_ptr_equal(running(), rich);
    assert_int_equal(sys(rich, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    assert_ptr_equal(s->sc, &rich->own_sc);
}

/* Two servers at one endpoint: the lender's own call is taken by the other one, who returns; the
 * first must not go on with the budget of a thread that may die. */
void a_loan_ends_when_the_lender_is_served(void **state)
{
    l4_cap_t bell = make_endpoint();
    struct thread *s1 = server_at(ep, PRIO_INIT + 1);
    struct thread *s2 = server_at(bell, HIGH);
    struct thread *c1 = limited(LOW, 100, 100000);
    struct thread *c2 = limited(LOW + 1, 500, 100000);

    (void)state;
    wake(c1);
    assert_int_equal(sys(c1, CALL, ep, 0, 0, NEVER), BLOCKED);
    wake(c2);
    assert_int_equal(sys(c2, CALL, ep, 0, 0, NEVER), BLOCKED);
    machine_advance_us(101);
    assert_ptr_equal(running(), s1);
    assert_ptr_equal(s1->lender, c2);
    assert_int_equal(sys(s1, SIGNAL, bell, 1), BLOCKED);
    assert_ptr_equal(running(), s2);
    assert_int_equal(sys(s2, RECV, ep, 0, 0, NEVER), L4_OK);
    assert_ptr_equal(s2->caller, c2);
    assert_null(s1->lender);
    assert_ptr_equal(s1->sc, &c1->own_sc);
}

void the_lenders_death_ends_its_loan(void **state)
{
    struct thread *s = server_at(ep, PRIO_INIT + 1);
    struct thread *c1 = limited(LOW, 100, 100000);
    struct thread *c2 = limited(LOW + 1, 500, 100000);

    (void)state;
    wake(c1);
    assert_int_equal(sys(c1, CALL, ep, 0, 0, NEVER), BLOCKED);
    wake(c2);
    assert_int_equal(sys(c2, CALL, ep, 0, 0, NEVER), BLOCKED);
    machine_advance_us(101);
    assert_ptr_equal(s->lender, c2);
    assert_int_equal(sys(s, CAP, cap_of_thread(c2), L4_CAP_DELETE), BLOCKED);
    assert_null(s->lender);
    assert_ptr_equal(s->sc, &c1->own_sc);
    assert_int_equal(s->state, L4_STATE_BUDGET);
}

/* c dies while a nested server works on the budget that another lent to the first server. */
void the_callers_death_ends_loans_below(void **state)
{
    l4_cap_t nested = make_endpoint();
    struct thread *s2 = server_at(nested, PRIO_INIT + 1);
    struct thread *s1 = server_at(ep, PRIO_INIT + 1);
    struct thread *c1 = limited(LOW, 100, 100000);
    struct thread *c2 = limited(LOW + 1, 500, 100000);

    (void)state;
    wake(c1);
    assert_int_equal(sys(c1, CALL, ep, 0, 0, NEVER), BLOCKED);
    wake(c2);
    assert_int_equal(sys(c2, CALL, ep, 0, 0, NEVER), BLOCKED);
    machine_advance_us(101);
    assert_ptr_equal(s1->lender, c2);
    assert_int_equal(sys(s1, CALL, nested, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s2);
    assert_ptr_equal(s2->sc, &c2->own_sc);
    (void)sys(s2, CAP, cap_of_thread(c1), L4_CAP_DELETE);
    (void)machine_call(running(), L4_SYS_CAP,
                       (const uint32_t[8]){cap_of_thread(c2), L4_CAP_DELETE});
    assert_ptr_equal(s1->sc, &s1->own_sc);
    assert_ptr_equal(s2->sc, &s1->own_sc);
}
