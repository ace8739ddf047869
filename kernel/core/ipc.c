/*
 * Synchronous IPC. A thread's message stays in its frame (r1 tag, r4-r7 words) and buffer until a
 * partner takes it; a kernel message (fault, guest exit) in thread.tag and thread.w. Metrics:
 * ipc.rpc, ipc.rpc.4w, ipc.rpc.64w, vm.mmio, fault.rpc.
 */
#include <kernel/aspace.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/ipc_parts.h>
#include <kernel/syscall.h>
#include <kernel/trace.h>
#include <kernel/transfer.h>

/* All bits that have collected, as a message. */
static inline void deliver_signals(struct thread *to, struct endpoint *ep)
{
    uint32_t *r = to->frame.r;

    r[FRAME_STATUS] = L4_OK;
    r[FRAME_TAG] = (L4_KMSG_SIGNAL << L4_TAG_LABEL_SHIFT) | L4_TAG_KERNEL;
    r[FRAME_BADGE] = 0;
    r[FRAME_TIMEOUT] = 0;
    r[FRAME_W0] = ep->signals;
    r[FRAME_W0 + 1] = 0;
    r[FRAME_W0 + 2] = 0;
    r[FRAME_W0 + 3] = 0;
    ep->signals = 0;
}

/* Takes the first receiver of ep; it is no longer waiting. */
static inline struct thread *take_receiver(struct endpoint *ep)
{
    struct thread *t = container_of(list_take_first(&ep->receivers), struct thread, ipc_link);

    if (unlikely(heap_contains(&t->timeout.node))) {
        timeout_cancel(&t->timeout);
    }
    return t;
}

static void set_sender_key(struct thread *t)
{
    t->ipc_node.key = ((uint64_t)(L4_PRIORITIES - 1 - t->priority) << 32) | t->endpoint->sequence++;
}

static void enqueue_sender(struct endpoint *ep, struct thread *t, enum thread_ipc kind)
{
    t->state = L4_STATE_SENDING;
    t->ipc = (uint8_t)kind;
    t->endpoint = ep;
    set_sender_key(t);
    heap_insert(&ep->senders, &t->ipc_node);
    budget_lend(t);
    if (t == current_thread()) {
        this_cpu()->reschedule = true;
    }
}

void ipc_requeue(struct thread *t)
{
    heap_remove(&t->endpoint->senders, &t->ipc_node);
    set_sender_key(t);
    heap_insert(&t->endpoint->senders, &t->ipc_node);
}

/* A sender's IPC failed in the transfer: it goes on with the error. */
static void fail_sender(struct thread *t, l4_status_t status)
{
    timeout_cancel(&t->timeout);
    t->frame.r[FRAME_STATUS] = (uint32_t)status;
    sched_ready(t);
}

/* Takes the message of the first sender for `self`. TRANSFER: that sender failed, try the next;
 * KERNEL_PREEMPTED: try again later. */
static int take_sender(struct endpoint *ep, struct thread *self)
{
    struct thread *t = container_of(ep->senders.root, struct thread, ipc_node);
    uint32_t tag = t->frame.r[FRAME_TAG] & IPC_TAG_USER_MASK;
    int r = L4_OK;

    if (t->ipc != IPC_KERNEL && (tag & L4_TAG_EXTRA_MASK) != 0) {
        r = transfer_extra(t, self, tag, t->send_grant);
        if (r == KERNEL_PREEMPTED) {
            return r;
        }
    }
    heap_remove(&ep->senders, &t->ipc_node);
    budget_unlend(t);
    if (r != L4_OK) {
        fail_sender(t, r);
        return r;
    }
    if (t->ipc == IPC_KERNEL) {
        ipc_deliver(self, t->tag, t->badge, t->w);
        ipc_link(ep, t, self);
        t->in_exit = 1;
        return L4_OK;
    }
    ipc_deliver(self, tag, t->badge, &t->frame.r[FRAME_W0]);
    if (t->ipc == IPC_CALL) {
        ipc_link(ep, t, self);
    } else {
        timeout_cancel(&t->timeout);
        t->frame.r[FRAME_STATUS] = L4_OK;
        sched_ready(t);
    }
    return L4_OK;
}

/* A preemption point. The reply is given: the restarted call only waits. */
static struct thread *receive_later(struct thread *self, struct thread *next)
{
    if (next != NULL) {
        sched_ready(next);
    }
    self->frame.r[FRAME_REPLY] = L4_CAP_NULL;
    this_cpu()->reschedule = true; /* budget and priority may be its own again */
    return syscall_finish(self, KERNEL_PREEMPTED);
}

struct thread *ipc_receive(struct thread *self, struct endpoint *ep, struct thread *next)
{
    uint32_t us = self->frame.r[FRAME_TIMEOUT];

    if (ep->signals != 0) {
        deliver_signals(self, ep);
    } else {
        while (ep->senders.root != NULL) {
            int r = take_sender(ep, self);

            if (r == L4_OK) {
                goto got_one;
            }
            if (r == KERNEL_PREEMPTED || arch_irq_pending()) {
                return receive_later(self, next);
            }
        }
        if (us == L4_TIMEOUT_POLL) {
            self->frame.r[FRAME_STATUS] = (uint32_t)L4_ERR_TIMEOUT;
        } else {
            self->state = L4_STATE_RECEIVING;
            self->endpoint = ep;
            list_append(&ep->receivers, &self->ipc_link);
            ipc_arm_timeout(self, us);
            return next != NULL ? sched_switch_to(next) : sched_leave();
        }
    }
got_one:
    if (next != NULL) {
        sched_ready(next);
    }
    /* The end of the last call may have lowered self's priority, or its budget. */
    return this_cpu()->reschedule || self->sc != this_cpu()->sc ||
                   (int32_t)self->priority < this_cpu()->top_ready
               ? sched_choose()
               : self;
}

/* The send phase of a call or a send. *to: who has the message, no longer waiting; NULL: self waits
 * for a receiver. Inlined into both: metric ipc.map4k. */
static inline __attribute__((always_inline)) int
send_message(struct thread *self, enum thread_ipc kind, struct thread **to)
{
    uint32_t tag = self->frame.r[FRAME_TAG] & IPC_TAG_USER_MASK;
    struct endpoint *ep;
    struct cap *c;
    int r = aspace_cap(self->aspace, self->frame.r[FRAME_CAP], L4_TYPE_ENDPOINT, L4_RIGHT_SEND, &c);

    *to = NULL;
    if (unlikely(r != L4_OK)) {
        return r;
    }
    if (unlikely(kind == IPC_CALL && self->depth >= IPC_CALL_DEPTH)) {
        return L4_ERR_DEPTH;
    }
    ep = container_of(c->object, struct endpoint, object);
    if (unlikely(list_empty(&ep->receivers))) {
        if (self->frame.r[FRAME_TIMEOUT] == L4_TIMEOUT_POLL) {
            return L4_ERR_TIMEOUT;
        }
        self->badge = c->badge;
        self->send_grant = (c->rights & L4_RIGHT_GRANT) != 0;
        ipc_arm_timeout(self, self->frame.r[FRAME_TIMEOUT]);
        enqueue_sender(ep, self, kind);
        return L4_OK;
    }
    if (unlikely((tag & L4_TAG_EXTRA_MASK) != 0)) {
        struct thread *first = container_of(ep->receivers.next, struct thread, ipc_link);

        r = transfer_extra(self, first, tag, (c->rights & L4_RIGHT_GRANT) != 0);
        if (r != L4_OK) {
            return r;
        }
    }
    *to = take_receiver(ep);
    ipc_deliver(*to, tag, c->badge, &self->frame.r[FRAME_W0]);
    return L4_OK;
}

struct thread *ipc_call(struct thread *self)
{
    struct thread *to;
    int r = send_message(self, IPC_CALL, &to);

    if (unlikely(r != L4_OK)) {
        return syscall_finish(self, r);
    }
    if (to == NULL) {
        return sched_choose();
    }
    ipc_arm_timeout(self, self->frame.r[FRAME_TIMEOUT]);
    ipc_link(to->endpoint, self, to);
    return sched_switch_to(to);
}

struct thread *sys_recv(struct thread *self)
{
    struct cap *c;
    l4_status_t status =
        aspace_cap(self->aspace, self->frame.r[FRAME_CAP], L4_TYPE_ENDPOINT, L4_RIGHT_RECV, &c);

    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    if (self->caller != NULL) {
        ipc_drop_caller(self, L4_ERR_CANCELED);
    }
    return ipc_receive(self, container_of(c->object, struct endpoint, object), NULL);
}

struct thread *sys_send(struct thread *self)
{
    const struct cap *c = aspace_slot(self->aspace, self->frame.r[FRAME_CAP]);
    struct thread *to;
    int r = c->type == L4_TYPE_REPLY ? ipc_reply(self, self->frame.r[FRAME_CAP], &to)
                                     : send_message(self, IPC_SEND, &to);

    if (r == L4_OK) {
        if (to == NULL) {
            return sched_choose();
        }
        sched_ready(to);
    }
    return syscall_finish(self, r);
}

struct thread *sys_signal(struct thread *self)
{
    struct cap *c;
    l4_status_t status =
        aspace_cap(self->aspace, self->frame.r[FRAME_CAP], L4_TYPE_ENDPOINT, L4_RIGHT_SIGNAL, &c);

    if (status == L4_OK) {
        struct thread *woken =
            endpoint_signal(container_of(c->object, struct endpoint, object), self->frame.r[1]);

        if (woken != NULL) {
            sched_ready(woken);
        }
    }
    return syscall_finish(self, status);
}

struct thread *endpoint_signal(struct endpoint *ep, uint32_t bits)
{
    struct thread *t;

    ep->signals |= bits;
    if (ep->signals == 0 || list_empty(&ep->receivers)) {
        return NULL;
    }
    t = take_receiver(ep);
    deliver_signals(t, ep);
    return t;
}

struct thread *ipc_kernel_message(struct thread *t, uint32_t label, const uint32_t *w)
{
    struct cap *c = &t->fault_cap;
    struct endpoint *ep;
    struct thread *to;

    t->tag = (label << L4_TAG_LABEL_SHIFT) | L4_TAG_KERNEL;
    if (unlikely(c->type == L4_TYPE_NULL || t->depth >= IPC_CALL_DEPTH)) {
        trace(TRACE_STOP, t->name, t->frame.pc);
        t->state = L4_STATE_STOPPED;
        sched_unready(t);
        return sched_choose();
    }
    ep = container_of(c->object, struct endpoint, object);
    if (unlikely(list_empty(&ep->receivers))) {
        t->badge = c->badge;
        ipc_copy(t->w, w);
        enqueue_sender(ep, t, IPC_KERNEL);
        return sched_choose();
    }
    to = take_receiver(ep);
    ipc_deliver(to, t->tag, c->badge, w);
    ipc_link(ep, t, to);
    t->in_exit = 1;
    return sched_switch_to(to);
}
