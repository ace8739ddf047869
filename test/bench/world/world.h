/*
 * The guests' metrics; see docs/book/testing.md for the definitions.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "guest.h"

#define WORLD_IRQ 36u
#define WORLD_PRIORITY 0x80u
#define WORLD_TIMER_PRIORITY 0x40u

static inline uint32_t world_virq(void)
{
    return l4_virq(WORLD_IRQ, WORLD_PRIORITY, 0);
}

/* A guest that may read the counters. */
bool world_guest(struct guest *guest, const uint32_t *begin, const uint32_t *end);
#define WORLD_GUEST(guest, name) world_guest((guest), guest_##name, guest_##name##_end)

/* Waits until the guest has taken its samples, and prints them. */
void world_report(struct guest *guest, const char *metric);

void bench_inject_running(void);
void bench_inject_waiting(void);

#endif
