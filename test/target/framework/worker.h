/*
 * Threads of a case: each with a stack above an unmapped page and a message buffer, running a
 * function of the image in the root program's space or in another.
 */
#ifndef TEST_WORKER_H
#define TEST_WORKER_H

#include <l4/abi/msg.h>
#include <l4/abi/status.h>
#include <l4/abi/syscall.h>

#include "space.h"

#define PRIORITY_ROOT 250u /* the root thread's */
#define PRIORITY_LOW 50u
#define PRIORITY_MID 100u
#define PRIORITY_HIGH 150u
#define PRIORITY_TOP 252u

struct worker;

typedef void worker_function_t(struct worker *self, uint32_t argument);

struct worker {
    l4_cap_t thread;
    struct space *space;
    uint32_t stack_bottom; /* lowest mapped address */
    uint32_t stack_top;
    l4_cap_t buffer_region;
    struct l4_msgbuf *buffer; /* in its own space */
    struct l4_msgbuf *peek;   /* the same memory in the root program's */
    worker_function_t *function;
    uint32_t argument;
    volatile bool ended;         /* the function has returned */
    volatile l4_status_t status; /* for the function's own use */
    volatile uint32_t value[8];
};

void worker_begin(void);
void worker_round_begin(void);
void worker_round_end(void);

/* A thread, not started; flags: L4_THREAD_*. NULL and a recorded failure when it cannot be made. */
struct worker *worker_create(struct space *space, uint32_t priority, uint32_t flags);
bool worker_start(struct worker *worker, worker_function_t *function, uint32_t argument);
/* worker_create() and worker_start(); a native thread. */
struct worker *worker_run(struct space *space, uint32_t priority, worker_function_t *function,
                          uint32_t argument);
/* Lets others run until the function has returned; false and a recorded failure after `us`. */
bool worker_wait(struct worker *worker, uint32_t us);
enum l4_thread_state worker_state(const struct worker *worker);
/* Lets others run until the thread is in `state`; false and a recorded failure after `us`. */
bool worker_wait_state(const struct worker *worker, enum l4_thread_state state, uint32_t us);

#endif
