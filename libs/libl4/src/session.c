/*
 * Opening a session: one call that brings memory and a doorbell.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/session.h>
#include <l4/start.h>

static void make_offer(struct l4_msgbuf *buffer, const struct l4_session_offer *offer)
{
    buffer->item[0] = (struct l4_item){.cap = offer->doorbell,
                                       .kind = L4_ITEM_COPY,
                                       .rights = L4_RIGHT_SIGNAL |
                                                 L4_RIGHT_INFO}; /* the server looks at its type */
    buffer->slot[0] = offer->slot;
    buffer->slot[1] = buffer->slot[2] = buffer->slot[3] = 0;
    buffer->window_base = offer->address;
    buffer->window_size = offer->window;
}

l4_status_t l4_session_open(struct l4_session *session, const struct l4_session_offer *offer)
{
    struct l4_msgbuf *const buffer = l4_msgbuf();
    l4_status_t status = l4_cap_delete(offer->slot);
    (void)status; /* mostly empty; a slot that cannot be used fails the call */
    make_offer(buffer, offer);
    struct l4_msg msg = l4_msg(L4_SESSION_OPEN, offer->bits, offer->kind, offer->number, 0);
    msg.tag = l4_tag(L4_SESSION_OPEN, 0, 1);
    status = offer->timeout_us != 0 ? l4_call_within(offer->server, &msg, offer->timeout_us)
                                    : l4_call(offer->server, &msg, L4_TIMEOUT_NEVER);
    buffer->slot[0] = 0;
    buffer->window_size = 0;
    if (status != L4_OK) {
        return status;
    }
    if ((l4_status_t)msg.w[0] != L4_OK) {
        return (l4_status_t)msg.w[0];
    }
    if (l4_tag_items(msg.tag) != 1 || buffer->item[0].kind != L4_ITEM_MAP ||
        msg.w[2] != buffer->item[0].size || msg.w[2] > offer->window) {
        return L4_ERR_TRANSFER;
    }
    *session = (struct l4_session){.server = offer->server,
                                   .memory = offer->slot,
                                   .bits = msg.w[1],
                                   .address = (void *)(uintptr_t)buffer->item[0].offset,
                                   .size = msg.w[2],
                                   .extra = msg.w[3]};
    return L4_OK;
}

void l4_session_kick(const struct l4_session *session)
{
    const l4_status_t status = l4_signal(session->server, session->bits);
    (void)status;
}
