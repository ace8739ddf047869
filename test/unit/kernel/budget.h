/* What the budget tests share. */
#ifndef TEST_BUDGET_H
#define TEST_BUDGET_H

#include "machine.h"

#define NEVER L4_TIMEOUT_NEVER
#define HIGH (PRIO_INIT + 20)
#define LOW (PRIO_INIT + 10)

extern l4_cap_t ep;
extern l4_cap_t quiet; /* nobody sends here: a place to sleep */

void sleep_at(struct thread *t);
struct thread *server_at(l4_cap_t endpoint, uint32_t priority);
/* A thread with a budget that waits at `quiet`, to be woken by a signal. */
struct thread *limited(uint32_t priority, uint32_t budget_us, uint32_t period_us);
void wake(struct thread *t);

/* budget_loans.c */
void a_lent_budget_that_runs_out_is_replaced_by_a_waiters(void **state);
void a_new_caller_brings_budget(void **state);
void a_loan_ends_when_the_lender_is_served(void **state);
void the_lenders_death_ends_its_loan(void **state);
void the_callers_death_ends_loans_below(void **state);

#endif
