/*
 * IPC that does not come to its end: timeouts, cancellation, death of a partner, saved replies.
 */
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>

void ipc_abort(struct thread *t)
{
    switch (t->state) {
    case L4_STATE_SENDING:
        heap_remove(&t->endpoint->senders, &t->ipc_node);
        budget_unlend(t);
        break;
    case L4_STATE_RECEIVING:
        list_remove(&t->ipc_link);
        break;
    case L4_STATE_REPLY:
        if (t->replier != NULL) {
            struct thread *server = t->replier;

            server->caller = NULL;
            budget_return(server);
            t->replier = NULL;
        } else if (t->reply_slot != NULL) {
            t->reply_slot->type = L4_TYPE_NULL;
            t->reply_slot = NULL;
        }
        break;
    case L4_STATE_BUDGET:
        list_remove(&t->budget_link);
        break;
    default:
        break;
    }
    t->endpoint = NULL;
    timeout_cancel(&t->timeout);
}

void thread_unblock(struct thread *t, l4_status_t status)
{
    bool by_kernel = t->in_exit || (t->state == L4_STATE_SENDING && t->ipc == IPC_KERNEL);

    if (t->state == L4_STATE_RUNNABLE || t->state == L4_STATE_STOPPED) {
        return;
    }
    if (t->state == L4_STATE_BUDGET || t->state == L4_STATE_WFI) {
        ipc_abort(t);
        t->state = L4_STATE_RUNNABLE;
        return;
    }
    ipc_abort(t);
    if (by_kernel) {
        /* A fault or an exit that nobody answered: the thread cannot go on. */
        t->in_exit = 0;
        t->state = L4_STATE_STOPPED;
        t->stopped = 1;
    } else {
        t->frame.r[FRAME_STATUS] = (uint32_t)status;
        t->state = L4_STATE_RUNNABLE;
    }
}

void thread_wake(struct thread *t, l4_status_t status)
{
    thread_unblock(t, status);
    if (t->state == L4_STATE_RUNNABLE) {
        sched_ready(t);
    }
}

void ipc_drop_caller(struct thread *server, l4_status_t status)
{
    if (server->caller != NULL) {
        thread_wake(server->caller, status);
    }
}

void ipc_drop_reply(struct cap *slot)
{
    struct thread *client = thread_of_object(slot->object);

    slot->type = L4_TYPE_NULL;
    client->reply_slot = NULL;
    thread_wake(client, L4_ERR_PEER_DIED);
}

l4_status_t ipc_save_reply(struct thread *server, struct cap *slot)
{
    struct thread *client = server->caller;

    if (client == NULL) {
        return L4_ERR_NO_CALLER;
    }
    server->caller = NULL;
    budget_return(server);
    client->replier = NULL;
    client->reply_slot = slot;
    *slot = (struct cap){
        .type = L4_TYPE_REPLY,
        .rights = L4_RIGHT_INFO,
        .object = &client->object,
    };
    list_init(&slot->link);
    list_init(&slot->space_link);
    this_cpu()->reschedule = true;
    return L4_OK;
}

int endpoint_quiesce(struct endpoint *ep)
{
    for (;;) {
        if (!list_empty(&ep->receivers)) {
            thread_wake(container_of(ep->receivers.next, struct thread, ipc_link),
                        L4_ERR_PEER_DIED);
        } else if (ep->senders.root != NULL) {
            thread_wake(container_of(ep->senders.root, struct thread, ipc_node), L4_ERR_PEER_DIED);
        } else {
            break;
        }
        if (arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    endpoint_serve(ep, NULL);
    return L4_OK;
}

void endpoint_serve(struct endpoint *ep, struct thread *server)
{
    if (server != NULL) {
        if (server->serving != NULL) {
            server->serving->server = NULL;
        }
        server->serving = ep;
    }
    if (ep != NULL) {
        if (ep->server != NULL) {
            ep->server->serving = NULL;
        }
        ep->server = server;
    }
}
