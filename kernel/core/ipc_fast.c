/*
 * The fast path of call, reply_wait and kernel messages: words to a partner that waits, nothing
 * else. Whatever does not fit goes to ipc.c before anything was changed; ipc_nofast.c in place of
 * this file sends everything there. Metrics: ipc.rpc, ipc.rpc.4w, vm.mmio, vm.hvc, fault.rpc;
 * docs/performance.md counts the instructions.
 *
 * On entry of each system call the running thread outranks every ready one, and its budget is the
 * one that cpu->sc charges. A server without a lender has its caller's budget.
 */
#include <arch/switch.h>
#include <arch/vcpu.h>
#include <kernel/aspace.h>
#include <kernel/ipc_parts.h>
#include <kernel/syscall.h>

/* Type and right of an endpoint capability. */
static inline bool fast_endpoint(const struct cap *c, uint8_t right)
{
    return c->type == L4_TYPE_ENDPOINT && (c->rights & right) != 0;
}

static inline struct endpoint *endpoint_of(const struct cap *c)
{
    return container_of(c->object, struct endpoint, object);
}

/* No items, and no timeout. */
static inline bool fast_message(const struct thread *self)
{
    return (self->frame.r[FRAME_TAG] & (L4_TAG_ITEMS_MASK << L4_TAG_ITEMS_SHIFT)) == 0 &&
           self->frame.r[FRAME_TIMEOUT] == L4_TIMEOUT_NEVER;
}

/* The words beyond four. False: for the general path to refuse. */
static inline bool fast_words(const struct thread *from, const struct thread *to)
{
    uint32_t words = l4_tag_words(from->frame.r[FRAME_TAG]);

    if (likely(words == 0)) {
        return true;
    }
    if (words > L4_MSG_WORDS || from->buffer == NULL || to->buffer == NULL) {
        return false;
    }
    arch_copy_words(to->buffer->word, from->buffer->word, words);
    return true;
}

static inline void fast_deliver(struct thread *to, const struct thread *from, uint32_t badge)
{
    ipc_deliver(to, from->frame.r[FRAME_TAG] & IPC_TAG_USER_MASK, badge, &from->frame.r[FRAME_W0]);
}

static inline struct thread *fast_run(struct thread *next)
{
    next->state = L4_STATE_RUNNABLE;
    this_cpu()->current = next;
    return arch_switch(next);
}

/* The thread that waits first at ep. Not NULL: it waits without a timeout. */
static inline struct thread *fast_receiver(struct endpoint *ep)
{
    struct thread *to = container_of(ep->receivers.next, struct thread, ipc_link);

    return list_empty(&ep->receivers) || heap_contains(&to->timeout.node) ? NULL : to;
}

/* The receiver, which has left the endpoint, runs on client's time until it replies. */
static inline struct thread *fast_link(struct endpoint *ep, struct thread *client,
                                       struct thread *to, uint8_t in_exit)
{
    client->in_exit = in_exit;
    ipc_link(ep, client, to);
    return fast_run(to);
}

struct thread *sys_call(struct thread *self)
{
    struct cap *c = aspace_slot(self->aspace, self->frame.r[FRAME_CAP]);
    struct endpoint *ep;
    struct thread *to;

    if (unlikely(!fast_endpoint(c, L4_RIGHT_SEND) || !fast_message(self) ||
                 self->depth >= IPC_CALL_DEPTH)) {
        return ipc_call(self);
    }
    ep = endpoint_of(c);
    to = fast_receiver(ep);
    if (unlikely(to == NULL || !fast_words(self, to))) {
        return ipc_call(self);
    }
    (void)list_take_first(&ep->receivers);
    fast_deliver(to, self, c->badge);
    return fast_link(ep, self, to, 0);
}

struct thread *ipc_kernel_call(struct thread *t, uint32_t label, const uint32_t *w)
{
    struct endpoint *ep = endpoint_of(&t->fault_cap);
    struct thread *to;

    if (unlikely(t->fault_cap.type == L4_TYPE_NULL || t->depth >= IPC_CALL_DEPTH)) {
        return ipc_kernel_message(t, label, w);
    }
    to = fast_receiver(ep);
    if (unlikely(to == NULL)) {
        return ipc_kernel_message(t, label, w);
    }
    (void)list_take_first(&ep->receivers);
    ipc_deliver(to, (label << L4_TAG_LABEL_SHIFT) | L4_TAG_KERNEL, t->fault_cap.badge, w);
    return fast_link(ep, t, to, 1);
}

/* The reply to a fault or an exit. False: for the general path. */
static inline bool fast_resume(const struct thread *self, struct thread *client)
{
    uint32_t label = l4_tag_label(self->frame.r[FRAME_TAG]);

    if (client->stopped) {
        return false;
    }
    client->in_exit = 0;
    ipc_resume(client, label, &self->frame.r[FRAME_W0]);
    return true;
}

static inline bool fast_reply(const struct thread *self, struct thread *client)
{
    if (client->stopped || heap_contains(&client->timeout.node) || !fast_words(self, client)) {
        return false;
    }
    fast_deliver(client, self, 0);
    return true;
}

struct thread *sys_reply_wait(struct thread *self)
{
    struct cap *c = aspace_slot(self->aspace, self->frame.r[FRAME_CAP]);
    struct thread *client = self->caller;
    struct endpoint *ep;

    if (unlikely(client == NULL || !fast_endpoint(c, L4_RIGHT_RECV) || !fast_message(self))) {
        return ipc_reply_wait(self);
    }
    ep = endpoint_of(c);
    if (unlikely((self->frame.r[FRAME_REPLY] | (uintptr_t)self->lender | ep->signals |
                  (uintptr_t)ep->senders.root) != 0 ||
                 (int32_t)client->priority < this_cpu()->top_ready)) {
        return ipc_reply_wait(self);
    }
    if (unlikely(client->in_exit ? !fast_resume(self, client) : !fast_reply(self, client))) {
        return ipc_reply_wait(self);
    }
    ipc_unlink(self, client);
    self->state = L4_STATE_RECEIVING;
    self->endpoint = ep;
    list_append(&ep->receivers, &self->ipc_link);
    return fast_run(client);
}
