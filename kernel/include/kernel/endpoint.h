/*
 * Endpoint: where messages meet. Threads wait here to send (a heap: highest priority first, then
 * order of arrival) or to receive (a list, in order); never both at once. The signal word collects
 * bits; a receiver takes it before any message.
 */
#ifndef KERNEL_ENDPOINT_H
#define KERNEL_ENDPOINT_H

#include <kernel/cap.h>
#include <kernel/heap.h>

struct endpoint {
    struct object object;
    uint32_t signals;
    uint32_t sequence;     /* order of arrival among senders of equal priority */
    struct heap senders;   /* thread.ipc_node */
    struct list receivers; /* thread.ipc_link */
    struct thread *server; /* last received a call here: budgets are lent to it while it works */
};

/* ORs bits in. The receiver that takes them, no longer waiting: sched_ready() or sched_preempt()
 * it. NULL if none waits. */
struct thread *endpoint_signal(struct endpoint *ep, uint32_t bits);
/* `server` is the one that last received a call at ep; NULL for either: there is none any more. */
void endpoint_serve(struct endpoint *ep, struct thread *server);
/* Wakes waiters with PEER_DIED, in bounded steps. OK or KERNEL_PREEMPTED. */
int endpoint_quiesce(struct endpoint *ep);

#endif
