/*
 * The server loop: wait, dispatch, reply, for ever. A server is its handlers.
 *
 * Inlined with the handlers table of the caller, so that a constant table costs no indirect call.
 * Hot path: metrics vm.mmio, vm.hvc.
 */
#ifndef L4_SERVER_H
#define L4_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <l4/ipc.h>

struct l4_server {
    /* A message or a kernel message (fault, exit). The reply replaces *msg. true: reply now;
     * false: no reply (one-way message, or kept with l4_cap_save_reply()). A reply that cannot be
     * delivered becomes one with w0 = L4_ERR_TRANSFER and nothing else. */
    bool (*message)(void *context, struct l4_msg *msg);
    /* Signal bits, each reported once. May be NULL. */
    void (*signal)(void *context, uint32_t bits);
    /* Called when the wait ended by timeout or failed. May be NULL. */
    void (*timeout)(void *context, l4_status_t status);
    /* Timeout of the next wait; NULL: for ever. */
    uint32_t (*wait_us)(void *context);
};

/* Never returns. `endpoint`: RECV. The message buffer's contents belong to the handler between
 * its call and its return. */
L4_INLINE _Noreturn void l4_server_run(l4_cap_t endpoint, const struct l4_server *server,
                                       void *context)
{
    struct l4_msg msg = {0};
    bool reply = false;
    for (;;) {
        const uint32_t us = server->wait_us != NULL ? server->wait_us(context) : L4_TIMEOUT_NEVER;
        const l4_status_t status =
            reply ? l4_reply_wait(endpoint, &msg, us) : l4_recv(endpoint, &msg, us);
        const bool replied = reply;
        reply = false;
        if (__builtin_expect(status != L4_OK, 0)) {
            if (status == L4_ERR_TRANSFER && replied) {
                /* The caller offered no place for the reply's items, and waits on: it hears of it.
                 */
                msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
                reply = true;
            } else if (server->timeout != NULL) {
                server->timeout(context, status);
            }
        } else if (__builtin_expect(l4_msg_is_signal(&msg), 0)) {
            if (server->signal != NULL) {
                server->signal(context, msg.w[0]);
            }
        } else {
            reply = server->message(context, &msg);
        }
    }
}

#endif
