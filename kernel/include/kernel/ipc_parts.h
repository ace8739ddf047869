/*
 * What the IPC paths (ipc.c, ipc_reply.c, ipc_fast.c) share. Inline: they are the hot part.
 */
#ifndef KERNEL_IPC_PARTS_H
#define KERNEL_IPC_PARTS_H

#include <arch/vcpu.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>

/* The register words, as one structure: one load and one store of four registers. */
struct ipc_words {
    uint32_t w[L4_MSG_REG_WORDS];
};

static inline void ipc_copy(uint32_t *to, const uint32_t *from)
{
    *(struct ipc_words *)to = *(const struct ipc_words *)from;
}

/* The message of a system call's result registers. */
static inline void ipc_deliver(struct thread *to, uint32_t tag, uint32_t badge, const uint32_t *w)
{
    uint32_t *r = to->frame.r;

    ipc_copy(&r[FRAME_W0], w);
    r[FRAME_STATUS] = L4_OK;
    r[FRAME_TAG] = tag;
    r[FRAME_BADGE] = badge;
    r[FRAME_TIMEOUT] = 0;
}

/* `client` waits for the reply of `server`, which works on the client's priority and budget. */
static inline void ipc_link(struct endpoint *ep, struct thread *client, struct thread *server)
{
    client->state = L4_STATE_REPLY;
    client->replier = server;
    server->caller = client;
    server->depth = client->depth + 1;
    server->sc = client->sc;
    if (server->priority < client->priority) {
        server->priority = client->priority;
    }
    if (unlikely(server->serving != ep)) {
        endpoint_serve(ep, server);
    }
}

/* server, which has no lender, is done with its caller. */
static inline void ipc_unlink(struct thread *server, struct thread *client)
{
    server->caller = NULL;
    server->depth = 0;
    server->sc = &server->own_sc;
    server->priority = server->base_priority;
    client->replier = NULL;
}

/* The answer to a fault or an exit of t. */
static inline void ipc_resume(struct thread *t, uint32_t label, const uint32_t *w)
{
    if (t->vcpu != NULL) {
        arch_vcpu_resume(t, label, w);
    } else if (label == L4_FAULT_REPLY_SET_PC) {
        arch_frame_set_pc(t, w[0]);
    }
}

/* L4_TIMEOUT_NEVER: none. */
static inline void ipc_arm_timeout(struct thread *t, uint32_t us)
{
    if (us != L4_TIMEOUT_NEVER) {
        timeout_set(&t->timeout, timeout_deadline(us));
    }
}

/* The receive phase of `self`, timeout in its frame; when nothing is there, `next` (NULL: anyone)
 * runs, else it becomes ready. Returns the thread to run. */
struct thread *ipc_receive(struct thread *self, struct endpoint *ep, struct thread *next);

/* Replies to the present caller (cap 0) or through a reply capability; *out is no longer waiting
 * and in no queue. NO_CALLER: nobody waits. Or KERNEL_PREEMPTED. */
int ipc_reply(struct thread *self, l4_cap_t cap, struct thread **out) L4_MUST_CHECK;

#endif
