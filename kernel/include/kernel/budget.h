/*
 * Budgets: charging, replenishment, and lending along chains of calls. See sched.h for the rules.
 */
#ifndef KERNEL_BUDGET_H
#define KERNEL_BUDGET_H

#include <kernel/sched.h>

/* Charges what ran so far and goes on with `sc` (NULL: idle). */
void budget_switch(struct sched_context *sc);
/* May a thread run on sc now? Starts a new period if one is due. */
bool budget_usable(struct sched_context *sc);
/* t, not queued, cannot run on its budget: finds it another lender or makes it wait. */
void budget_block(struct thread *t);
/* The timer found the running budget used up. */
void budget_expired(void);
/* The thread gives the rest of its turn away. */
void budget_yielded(struct sched_context *sc);
void budget_init(struct sched_context *sc);
/* Ticks; budget 0: unlimited. The present period starts full. */
void budget_configure(struct sched_context *sc, uint64_t budget, uint64_t period);
/* sc goes: threads that wait for it get their own back. */
void budget_quiesce(struct sched_context *sc);

/* `caller` waits, directly or as a sender, for `server`: the chain of threads that works for it
 * runs at least at the caller's priority; if it waits for budget it goes on with the caller's. */
void budget_lend(struct thread *server, struct thread *caller);
/* `caller` no longer waits for `first` or those that work for it: whoever there runs on its budget
 * falls back to its own caller's. */
void budget_retract(struct thread *first, struct thread *caller);
/* t lends to nobody, and nobody from a queue lends to t. */
void budget_unlend(struct thread *t);
/* server stops working for its caller: own budget and priority again. */
void budget_return(struct thread *server);

#endif
