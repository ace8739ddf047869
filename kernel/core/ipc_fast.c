/*
 * The fast path of call, reply_wait and kernel messages: four words to a partner that waits,
 * nothing else. Whatever does not fit goes to ipc.c before anything was changed; ipc_nofast.c in
 * place of this file sends everything there. Metrics: ipc.rpc, ipc.rpc.4w, vm.mmio, vm.hvc,
 * fault.rpc.
 *
 * That the running thread outranks every ready one and charges cpu->sc holds on entry of each
 * system call.
 */
#include <arch/vcpu.h>
#include <kernel/aspace.h>
#include <kernel/ipc_parts.h>
#include <kernel/syscall.h>

/* Type and rights of an endpoint capability in one comparison. */
static inline struct endpoint *fast_endpoint(const struct thread *self, uint8_t right,
                                             struct cap **out)
{
    struct cap *c = aspace_slot(self->aspace, self->frame.r[FRAME_CAP]);

    if (unlikely(c == NULL || c->type != L4_TYPE_ENDPOINT || (c->rights & right) == 0)) {
        return NULL;
    }
    *out = c;
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
    struct cpu *cpu = this_cpu();

    next->state = L4_STATE_RUNNABLE;
    cpu->current = next;
    cpu->switches++;
    arch_switch(next);
    return next;
}

/* `to` leaves the receivers and runs, on client's time, until it replies. */
static inline struct thread *fast_link(struct endpoint *ep, struct thread *client,
                                       struct thread *to)
{
    list_unlink(&to->ipc_link);
    ipc_link(ep, client, to);
    return fast_run(to);
}

struct thread *sys_call(struct thread *self)
{
    struct cap *c;
    struct endpoint *ep = fast_endpoint(self, L4_RIGHT_SEND, &c);
    struct thread *to;

    if (unlikely(ep == NULL || !fast_message(self) || list_empty(&ep->receivers) ||
                 self->depth >= IPC_CALL_DEPTH)) {
        return ipc_call(self);
    }
    to = container_of(ep->receivers.next, struct thread, ipc_link);
    if (unlikely(heap_contains(&to->timeout.node) || !fast_words(self, to))) {
        return ipc_call(self);
    }
    fast_deliver(to, self, c->badge);
    return fast_link(ep, self, to);
}

struct thread *ipc_kernel_call(struct thread *t, uint32_t label, uint32_t w0, uint32_t w1,
                               uint32_t w2, uint32_t w3)
{
    struct endpoint *ep = container_of(t->fault_cap.object, struct endpoint, object);
    struct thread *to;

    if (unlikely(t->fault_cap.type == L4_TYPE_NULL || t->depth >= IPC_CALL_DEPTH ||
                 list_empty(&ep->receivers) || t != this_cpu()->current)) {
        return ipc_kernel_message(t, label, w0, w1, w2, w3);
    }
    to = container_of(ep->receivers.next, struct thread, ipc_link);
    if (unlikely(heap_contains(&to->timeout.node))) {
        return ipc_kernel_message(t, label, w0, w1, w2, w3);
    }
    ipc_deliver(to, (label << L4_TAG_LABEL_SHIFT) | L4_TAG_KERNEL, t->fault_cap.badge,
                (const uint32_t[4]){w0, w1, w2, w3});
    t->in_exit = 1;
    return fast_link(ep, t, to);
}

struct thread *sys_reply_wait(struct thread *self)
{
    struct thread *client = self->caller;
    struct cap *c;
    struct endpoint *ep = fast_endpoint(self, L4_RIGHT_RECV, &c);
    struct cpu *cpu = this_cpu();

    if (unlikely(ep == NULL || !fast_message(self) || client == NULL ||
                 self->frame.r[FRAME_REPLY] != L4_CAP_NULL || ep->signals != 0 ||
                 ep->senders.root != NULL)) {
        return ipc_reply_wait(self);
    }
    if (unlikely((int32_t)client->priority < cpu->top_ready || client->sc != cpu->sc ||
                 client->stopped)) {
        return ipc_reply_wait(self);
    }
    if (client->in_exit) {
        if (client->vcpu == NULL) {
            return ipc_reply_wait(self);
        }
        client->in_exit = 0;
        arch_vcpu_resume(client, l4_tag_label(self->frame.r[FRAME_TAG]), &self->frame.r[FRAME_W0]);
    } else {
        if (unlikely(heap_contains(&client->timeout.node) || !fast_words(self, client))) {
            return ipc_reply_wait(self);
        }
        fast_deliver(client, self, 0);
    }
    (void)ipc_unlink(self);
    self->state = L4_STATE_RECEIVING;
    self->endpoint = ep;
    list_append(&ep->receivers, &self->ipc_link);
    return fast_run(client);
}
