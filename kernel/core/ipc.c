/*
 * Synchronous IPC. A thread's message stays in its frame (r1 tag, r4-r7 words) and buffer until a
 * partner takes it; a kernel message (fault, guest exit) in thread.tag and thread.w. Metrics:
 * ipc.rpc, ipc.rpc.4w, ipc.rpc.64w, vm.mmio, fault.rpc.
 */
#include <arch/vcpu.h>
#include <kernel/aspace.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>
#include <kernel/syscall.h>
#include <kernel/trace.h>
#include <kernel/transfer.h>

static inline void deliver(struct thread *to, uint32_t tag, uint32_t badge, const uint32_t *w)
{
    uint32_t *r = to->frame.r;

    r[FRAME_STATUS] = L4_OK;
    r[FRAME_TAG] = tag;
    r[FRAME_BADGE] = badge;
    r[FRAME_TIMEOUT] = 0;
    r[FRAME_W0] = w[0];
    r[FRAME_W0 + 1] = w[1];
    r[FRAME_W0 + 2] = w[2];
    r[FRAME_W0 + 3] = w[3];
}

/* All bits that have collected, as a message. */
static inline void deliver_signals(struct thread *to, struct endpoint *ep)
{
    const uint32_t w[4] = {ep->signals, 0, 0, 0};

    ep->signals = 0;
    deliver(to, (L4_KMSG_SIGNAL << L4_TAG_LABEL_SHIFT) | L4_TAG_KERNEL, 0, w);
}

/* Takes the first receiver of ep; it is no longer waiting. */
static inline struct thread *take_receiver(struct endpoint *ep)
{
    struct thread *t = container_of(ep->receivers.next, struct thread, ipc_link);

    list_unlink(&t->ipc_link);
    if (unlikely(heap_contains(&t->timeout.node))) {
        timeout_cancel(&t->timeout);
    }
    return t;
}

/* `client` waits for the reply of `server`, which works on the client's priority and budget. */
static inline void link_call(struct endpoint *ep, struct thread *client, struct thread *server)
{
    client->state = L4_STATE_REPLY;
    client->replier = server;
    server->caller = client;
    server->depth = client->depth + 1;
    server->sc = client->sc;
    if (server->priority < client->priority) {
        server->priority = client->priority;
    }
    if (unlikely(ep->server != NULL)) {
        ep->server->serving = NULL;
    }
    ep->server = server;
    server->serving = ep;
}

/* server is done with its caller, who is returned. */
static inline struct thread *unlink_call(struct thread *server)
{
    struct thread *client = server->caller;

    server->caller = NULL;
    if (server->serving != NULL) {
        server->serving->server = NULL;
        server->serving = NULL;
    }
    if (unlikely(server->lender != NULL)) {
        budget_end_loan(server);
    }
    server->depth = 0;
    server->sc = &server->own_sc;
    server->priority = server->base_priority;
    client->replier = NULL;
    return client;
}

static void arm_timeout(struct thread *t, uint32_t us)
{
    if (us != L4_TIMEOUT_NEVER) {
        timeout_set(&t->timeout, timeout_deadline(us));
    }
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

/* Takes the message of the first sender for `self`. False: that sender failed; try the next. */
static bool take_sender(struct endpoint *ep, struct thread *self)
{
    struct thread *t = container_of(ep->senders.root, struct thread, ipc_node);
    uint32_t tag = t->frame.r[FRAME_TAG] & IPC_TAG_USER_MASK;

    heap_remove(&ep->senders, &t->ipc_node);
    budget_unlend(t);
    if (t->ipc == IPC_KERNEL) {
        deliver(self, t->tag, t->badge, t->w);
        link_call(ep, t, self);
        t->in_exit = 1;
        return true;
    }
    if ((tag & L4_TAG_EXTRA_MASK) != 0) {
        l4_status_t status = transfer_extra(t, self, tag, t->send_grant);

        if (status != L4_OK) {
            fail_sender(t, status);
            return false;
        }
    }
    deliver(self, tag, t->badge, &t->frame.r[FRAME_W0]);
    if (t->ipc == IPC_CALL) {
        link_call(ep, t, self);
    } else {
        timeout_cancel(&t->timeout);
        t->frame.r[FRAME_STATUS] = L4_OK;
        sched_ready(t);
    }
    return true;
}

/* The receive phase of `self`; when nothing is there, `next` (NULL: anyone) runs. */
static struct thread *receive(struct thread *self, struct endpoint *ep, uint32_t us,
                              struct thread *next)
{
    if (ep->signals != 0) {
        deliver_signals(self, ep);
    } else {
        while (ep->senders.root != NULL) {
            if (take_sender(ep, self)) {
                goto got_one;
            }
        }
        if (us == L4_TIMEOUT_POLL) {
            self->frame.r[FRAME_STATUS] = (uint32_t)L4_ERR_TIMEOUT;
        } else {
            self->state = L4_STATE_RECEIVING;
            self->endpoint = ep;
            list_append(&ep->receivers, &self->ipc_link);
            arm_timeout(self, us);
            return next != NULL ? sched_switch_to(next) : sched_choose();
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

struct thread *ipc_call(struct thread *self)
{
    struct thread *to;
    struct endpoint *ep;
    struct cap *c;
    uint32_t tag = self->frame.r[FRAME_TAG] & IPC_TAG_USER_MASK;
    l4_status_t status =
        aspace_cap(self->aspace, self->frame.r[FRAME_CAP], L4_TYPE_ENDPOINT, L4_RIGHT_SEND, &c);

    if (unlikely(status != L4_OK)) {
        return syscall_finish(self, status);
    }
    if (unlikely(self->depth >= IPC_CALL_DEPTH)) {
        return syscall_finish(self, L4_ERR_DEPTH);
    }
    ep = container_of(c->object, struct endpoint, object);
    if (unlikely(list_empty(&ep->receivers))) {
        if (self->frame.r[FRAME_TIMEOUT] == L4_TIMEOUT_POLL) {
            return syscall_finish(self, L4_ERR_TIMEOUT);
        }
        self->badge = c->badge;
        self->send_grant = (c->rights & L4_RIGHT_GRANT) != 0;
        arm_timeout(self, self->frame.r[FRAME_TIMEOUT]);
        enqueue_sender(ep, self, IPC_CALL);
        return sched_choose();
    }
    to = container_of(ep->receivers.next, struct thread, ipc_link);
    if (unlikely((tag & L4_TAG_EXTRA_MASK) != 0)) {
        status = transfer_extra(self, to, tag, (c->rights & L4_RIGHT_GRANT) != 0);
        if (status != L4_OK) {
            return syscall_finish(self, status);
        }
    }
    (void)take_receiver(ep);
    deliver(to, tag, c->badge, &self->frame.r[FRAME_W0]);
    if (unlikely(self->frame.r[FRAME_TIMEOUT] != L4_TIMEOUT_NEVER)) {
        arm_timeout(self, self->frame.r[FRAME_TIMEOUT]);
    }
    link_call(ep, self, to);
    return sched_switch_to(to);
}

/* The label and first word of a reply as answer to a fault of a native thread. */
static void resume_fault(struct thread *t, uint32_t label, uint32_t w0)
{
    if (label == L4_FAULT_REPLY_SET_PC) {
        t->frame.pc = w0;
    }
}

/* Gives the reply in self's registers to `client`, which is already unlinked and not queued. */
static void reply_to(struct thread *self, struct thread *client, uint32_t tag)
{
    const uint32_t *w = &self->frame.r[FRAME_W0];

    if (client->in_exit) {
        client->in_exit = 0;
        if (client->vcpu != NULL) {
            arch_vcpu_resume(client, l4_tag_label(tag), w);
        } else {
            resume_fault(client, l4_tag_label(tag), w[0]);
        }
    } else {
        if (unlikely(heap_contains(&client->timeout.node))) {
            timeout_cancel(&client->timeout);
        }
        deliver(client, tag, 0, w);
    }
}

/* Replies to the present caller (cap 0) or through a reply capability. NO_CALLER: nobody waits. */
static l4_status_t reply(struct thread *self, l4_cap_t cap, struct thread **out)
{
    uint32_t tag = self->frame.r[FRAME_TAG] & IPC_TAG_USER_MASK;
    struct thread *client = self->caller;
    struct cap *c = NULL;

    if (unlikely(cap != L4_CAP_NULL)) {
        l4_status_t status = aspace_cap(self->aspace, cap, L4_TYPE_REPLY, 0, &c);

        if (status != L4_OK) {
            return status;
        }
        client = thread_of_object(c->object);
    }
    if (client == NULL) {
        return L4_ERR_NO_CALLER;
    }
    if (unlikely((tag & L4_TAG_EXTRA_MASK) != 0) && !client->in_exit) {
        l4_status_t status = transfer_extra(self, client, tag, true);

        if (status != L4_OK) {
            return status;
        }
    }
    if (c != NULL) {
        client->reply_slot = NULL;
        c->type = L4_TYPE_NULL;
    } else {
        (void)unlink_call(self);
    }
    reply_to(self, client, tag);
    *out = client;
    return L4_OK;
}

struct thread *ipc_reply_wait(struct thread *self)
{
    struct thread *client = NULL;
    struct cap *c;
    l4_status_t status =
        aspace_cap(self->aspace, self->frame.r[FRAME_CAP], L4_TYPE_ENDPOINT, L4_RIGHT_RECV, &c);

    if (unlikely(status != L4_OK)) {
        return syscall_finish(self, status);
    }
    status = reply(self, self->frame.r[FRAME_REPLY], &client);
    if (unlikely(status != L4_OK && status != L4_ERR_NO_CALLER)) {
        return syscall_finish(self, status);
    }
    if (unlikely(self->caller != NULL)) {
        ipc_drop_caller(self, L4_ERR_CANCELED);
    }
    return receive(self, container_of(c->object, struct endpoint, object),
                   self->frame.r[FRAME_TIMEOUT], client);
}

struct thread *ipc_recv(struct thread *self)
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
    return receive(self, container_of(c->object, struct endpoint, object),
                   self->frame.r[FRAME_TIMEOUT], NULL);
}

struct thread *ipc_send(struct thread *self)
{
    uint32_t tag = self->frame.r[FRAME_TAG] & IPC_TAG_USER_MASK;
    struct cap *c = aspace_slot(self->aspace, self->frame.r[FRAME_CAP]);
    struct endpoint *ep;
    struct thread *to;
    l4_status_t status;

    if (c != NULL && c->type == L4_TYPE_REPLY) {
        status = reply(self, self->frame.r[FRAME_CAP], &to);
        if (status == L4_OK) {
            sched_ready(to);
        }
        return syscall_finish(self, status);
    }
    status =
        aspace_cap(self->aspace, self->frame.r[FRAME_CAP], L4_TYPE_ENDPOINT, L4_RIGHT_SEND, &c);
    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    ep = container_of(c->object, struct endpoint, object);
    if (list_empty(&ep->receivers)) {
        if (self->frame.r[FRAME_TIMEOUT] == L4_TIMEOUT_POLL) {
            return syscall_finish(self, L4_ERR_TIMEOUT);
        }
        self->badge = c->badge;
        self->send_grant = (c->rights & L4_RIGHT_GRANT) != 0;
        arm_timeout(self, self->frame.r[FRAME_TIMEOUT]);
        enqueue_sender(ep, self, IPC_SEND);
        return sched_choose();
    }
    to = container_of(ep->receivers.next, struct thread, ipc_link);
    if ((tag & L4_TAG_EXTRA_MASK) != 0) {
        status = transfer_extra(self, to, tag, (c->rights & L4_RIGHT_GRANT) != 0);
    }
    if (status == L4_OK) {
        (void)take_receiver(ep);
        deliver(to, tag, c->badge, &self->frame.r[FRAME_W0]);
        sched_ready(to);
    }
    return syscall_finish(self, status);
}

struct thread *ipc_signal(struct thread *self)
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

struct thread *ipc_kernel_message(struct thread *t, uint32_t label, uint32_t w0, uint32_t w1,
                                  uint32_t w2, uint32_t w3)
{
    struct cap *c = &t->fault_cap;
    struct endpoint *ep;
    struct thread *to;

    t->w[0] = w0;
    t->w[1] = w1;
    t->w[2] = w2;
    t->w[3] = w3;
    t->tag = (label << L4_TAG_LABEL_SHIFT) | L4_TAG_KERNEL;
    if (unlikely(c->type == L4_TYPE_NULL)) {
        trace(TRACE_STOP, t->name, t->frame.pc);
        t->state = L4_STATE_STOPPED;
        sched_unready(t);
        return sched_choose();
    }
    ep = container_of(c->object, struct endpoint, object);
    if (unlikely(list_empty(&ep->receivers))) {
        t->badge = c->badge;
        enqueue_sender(ep, t, IPC_KERNEL);
        return sched_choose();
    }
    to = take_receiver(ep);
    deliver(to, t->tag, c->badge, t->w);
    link_call(ep, t, to);
    t->in_exit = 1;
    return sched_switch_to(to);
}
