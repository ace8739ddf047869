/*
 * Thread: registers, IPC state, budget and, for a guest, its vCPU. A thread runs in the address
 * space whose pool it lives in.
 *
 * The frame comes first: on kernel entry the banked stack pointer points at it.
 */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <arch/cpu.h>
#include <kernel/cap.h>
#include <kernel/endpoint.h>
#include <kernel/sched.h>
#include <l4/abi/msg.h>
#include <l4/abi/syscall.h>

struct vcpu;
struct aspace;

/* What a blocked thread waits in. */
enum thread_ipc {
    IPC_NONE,
    IPC_CALL, /* in a call's send phase: waits for its reply next */
    IPC_SEND,
    IPC_KERNEL, /* fault or exit in its send phase: like CALL, made by the kernel */
};

struct thread {
    struct arch_frame frame;
    /* Hot: one line each for the switch and for IPC. */
    struct vcpu *vcpu; /* NULL: native */
    struct arch_thread arch;
    struct aspace *aspace;
    struct sched_context *sc; /* the budget it runs on */
    struct l4_msgbuf *buffer; /* kernel address, or NULL */
    uint8_t state;            /* enum l4_thread_state */
    uint8_t in_exit;          /* REPLY state because of a fault or exit, not a call */
    uint8_t priority;         /* effective */
    uint8_t base_priority;
    uint8_t ceiling;
    uint8_t ipc;               /* enum thread_ipc */
    uint8_t flags;             /* L4_THREAD_* of creation */
    uint8_t queued;            /* in a ready queue */
    uint8_t stopped;           /* STOP came while it waited or ran */
    uint8_t send_grant;        /* its sending capability has GRANT */
    uint16_t name;             /* short id for traces */
    uint32_t depth;            /* callers above it in the chain of calls */
    uint32_t badge;            /* of the capability it sends through */
    uint32_t tag;              /* of the message it sends, for IPC_KERNEL with w[] */
    uint32_t w[4];             /* IPC_KERNEL: the message; reply: kept for the exit */
    struct endpoint *endpoint; /* SENDING, RECEIVING: where it waits */
    struct endpoint *serving;  /* endpoint->server == this; means something while it has a caller */
    struct thread *caller;     /* who waits for this thread's reply */
    struct thread *replier;    /* REPLY: who works on the reply; NULL if it is in a reply slot */
    struct thread *lender;     /* SENDING thread on whose budget this one goes on */
    struct thread *lending_to; /* the other way round */
    struct cap *reply_slot;    /* REPLY: slot that holds the reply */
    struct list ready_link;
    struct list ipc_link; /* endpoint->receivers */
    struct list budget_link;
    struct heap_node ipc_node; /* endpoint->senders */
    struct timeout timeout;
    uint32_t restart_key, restart_cursor; /* progress of a preempted operation */
    struct sched_context own_sc;
    struct object object;
    struct cap fault_cap;
    struct cap buffer_cap;
    struct list linked_irqs; /* guest: irq.vcpu_link */
};

l4_status_t thread_create(struct aspace *as, uint32_t flags, struct thread **out) L4_MUST_CHECK;
/* Object quiesce: after it nothing refers to t, whose interrupts are unlinked. Constant time. */
void thread_quiesce(struct thread *t);

/* Blocks the current thread's run for good or until resumed; cancels its IPC with CANCELED. */
void thread_stop(struct thread *t);
void thread_resume(struct thread *t);

/* Takes t out of whatever it waits for; its system call returns `status`. State becomes RUNNABLE
 * (not queued). Harmless for a runnable thread. */
void thread_unblock(struct thread *t, l4_status_t status);
/* The same; if it may run, it is queued. */
void thread_wake(struct thread *t, l4_status_t status);

/* A hook for cap_clear: the internal buffer slot lost its capability. */
void thread_buffer_gone(struct cap *c);

/* Progress that survives preemption of one system call of `t`; 0 when `key` is not what it was. */
uint32_t *thread_cursor(struct thread *t, uint32_t key);

/* May `t` be seen and changed through READ_REGS, WRITE_REGS: it does not run and is not queued. */
bool thread_is_quiet(const struct thread *t);

static inline struct thread *thread_of_object(struct object *o)
{
    return container_of(o, struct thread, object);
}

#endif
