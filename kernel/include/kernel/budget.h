/*
 * Budgets: charging, replenishment, and lending along chains of calls. See sched.h for the rules.
 */
#ifndef KERNEL_BUDGET_H
#define KERNEL_BUDGET_H

#include <kernel/sched.h>

/* Charges what ran so far and goes on with `sc` (NULL: idle). */
void budget_switch(struct sched_context *sc);
/* May a thread run on sc now? Starts a new period if one is due. */
bool budget_left(struct sched_context *sc);
static inline bool budget_usable(struct sched_context *sc)
{
    return likely(!sc->limited || sc->round_robin) || budget_left(sc);
}
/* t, not queued, cannot run on its budget: finds it another lender or makes it wait. */
void budget_block(struct thread *t);
/* The timer found the running budget used up. */
void budget_expired(uint64_t now);
/* The running thread gives the rest of its turn away. */
void budget_yield(void);
void budget_init(struct sched_context *sc);
/* Ticks; budget 0: unlimited. The present period starts full. */
void budget_configure(struct sched_context *sc, uint64_t budget, uint64_t period);
/* sc goes: threads that wait for it get their own back. */
void budget_quiesce(struct sched_context *sc);

/* `caller` waits for a reply or to send: the chain of threads that it waits for runs at least at
 * its priority; one there that waits for budget goes on with a sender's. */
void budget_lend(struct thread *caller);
/* t lends to nobody: whoever ran on its budget falls back to its own caller's. */
void budget_unlend(struct thread *t);
/* Nobody who waits lends to t; the caller of this says what t runs on. */
void budget_end_loan(struct thread *t);
/* server stops working for its caller: own budget and priority again. */
void budget_return(struct thread *server);

#endif
