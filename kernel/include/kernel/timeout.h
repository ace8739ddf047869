/*
 * Timeouts: a heap of deadlines per CPU, all served by the one kernel timer.
 */
#ifndef KERNEL_TIMEOUT_H
#define KERNEL_TIMEOUT_H

#include <kernel/heap.h>

struct timeout {
    struct heap_node node; /* key = deadline in counter ticks */
    void (*expired)(struct timeout *t);
};

/* Arms t (again). Deadlines in the past fire at the next timer interrupt, which follows at once. */
void timeout_set(struct timeout *t, uint64_t deadline);
void timeout_cancel(struct timeout *t);
/* Runs one that has expired; the next follows in an interrupt of its own, which comes at once.
 * Afterwards the timer has to be programmed. */
void timeout_run(uint64_t now);
/* Programs the timer for the earliest of the heap and the running budget. */
void timeout_program(void);

/* Microseconds (below L4_TIMEOUT_NEVER) from now as a deadline. */
uint64_t timeout_deadline(uint32_t us);
uint64_t timeout_us_to_ticks(uint32_t us);

#endif
