/*
 * Replies: to the present caller or through a saved reply capability, and what they mean to a vCPU
 * in an exit or a thread that faulted.
 */
#include <kernel/aspace.h>
#include <kernel/ipc_parts.h>
#include <kernel/syscall.h>
#include <kernel/transfer.h>

/* Gives the reply in self's registers to `client`, which is already unlinked and not queued. */
static void reply_to(struct thread *self, struct thread *client, uint32_t tag)
{
    const uint32_t *w = &self->frame.r[FRAME_W0];

    if (client->in_exit) {
        client->in_exit = 0;
        ipc_resume(client, l4_tag_label(tag), w);
    } else {
        if (unlikely(heap_contains(&client->timeout.node))) {
            timeout_cancel(&client->timeout);
        }
        ipc_deliver(client, tag, 0, w);
    }
}

int ipc_reply(struct thread *self, l4_cap_t cap, struct thread **out)
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
        int r = transfer_extra(self, client, tag, true);

        if (r != L4_OK) {
            return r;
        }
    }
    if (c != NULL) {
        client->reply_slot = NULL;
        c->type = L4_TYPE_NULL;
    } else {
        budget_end_loan(self);
        ipc_unlink(self, client);
    }
    reply_to(self, client, tag);
    *out = client;
    return L4_OK;
}

struct thread *ipc_reply_wait(struct thread *self)
{
    struct thread *client = NULL;
    struct cap *c;
    int status =
        aspace_cap(self->aspace, self->frame.r[FRAME_CAP], L4_TYPE_ENDPOINT, L4_RIGHT_RECV, &c);

    if (unlikely(status != L4_OK)) {
        return syscall_finish(self, status);
    }
    status = ipc_reply(self, self->frame.r[FRAME_REPLY], &client);
    if (unlikely(status != L4_OK && status != L4_ERR_NO_CALLER)) {
        return syscall_finish(self, status);
    }
    if (unlikely(self->caller != NULL)) {
        ipc_drop_caller(self, L4_ERR_CANCELED);
    }
    return ipc_receive(self, container_of(c->object, struct endpoint, object), client);
}
