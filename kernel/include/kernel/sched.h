/*
 * Scheduling: 256 fixed priorities, first in first out within one, and budgets.
 *
 * A budget (struct sched_context) is part of a thread. A thread that runs charges the budget it
 * holds: its own, or its caller's while it works on a call. Budget 0 means unlimited. When a budget
 * is used up, the thread that runs on it waits for the replenishment (L4_STATE_BUDGET), unless
 * another caller waits for it and lends its own (sched_lend). Budget = period is round robin: the
 * replenishment is immediate and the thread goes to the end of its queue.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <kernel/list.h>
#include <kernel/timeout.h>

struct thread;
struct endpoint;

struct sched_context {
    uint64_t budget;               /* ticks a period */
    uint64_t period;               /* ticks */
    uint64_t remaining;            /* of the present period */
    uint64_t start;                /* of the present period */
    uint64_t consumed;             /* in all */
    uint32_t budget_us, period_us; /* as asked for */
    bool limited;     /* false: as much as it wants; budget and remaining mean nothing */
    bool round_robin; /* budget = period: a new turn whenever one is over */
    struct timeout replenish;
    struct list waiting; /* thread.budget_link of threads in L4_STATE_BUDGET on this */
};

/* Per-CPU ready queues. */
struct sched_queues {
    uint32_t summary;  /* bit n: word n of `ready` is not 0 */
    uint32_t ready[8]; /* bit: priority has threads */
    struct list queue[L4_PRIORITIES];
};

/* A blocked thread becomes runnable, at the end of its priority's queue. */
void sched_ready(struct thread *t);
/* A runnable thread leaves the queues, or stops being current. */
void sched_unready(struct thread *t);
/* The thread to run now: the highest ready, or the current if it still may. Switches the processor
 * to it and to its budget. Never returns NULL: idles until there is one. */
struct thread *sched_choose(void);
/* The same, when the current thread has just stopped being runnable. */
struct thread *sched_leave(void);
/* Direct switch to `next`, which was just unblocked by the current thread's IPC and need not
 * queue; the current one is blocked. Falls back to sched_choose when a higher one is ready. */
struct thread *sched_switch_to(struct thread *next);
/* `woken` was unblocked by an interrupt: it runs at once if it outranks the current thread, else it
 * queues. Returns the thread to run. Metric: irq.user. */
struct thread *sched_preempt(struct thread *woken);
/* The current thread goes to the end of its priority's queue. */
void sched_yield(void);
/* The same and the switch to the next of that priority; false: there is none, or it may not run.
 * Metric: sched.switch. */
bool sched_rotate(void);
/* Changes the effective priority, wherever t waits. */
void sched_set_priority(struct thread *t, uint32_t priority);

#endif
