/*
 * One end of a message channel (l4/guest/channel.h), as the VMM has it in its guest's name. The
 * other end belongs to another guest, which may write anything into the memory at any time.
 */
#ifndef VMM_CHANNEL_H
#define VMM_CHANNEL_H

#include <l4/proto/channel.h>
#include <vmm/virtio_ring.h>

struct channel_end {
    struct l4_channel_page *page;
    uint32_t end; /* ours: 0 or 1 */
    struct doorbell bell;
    uint32_t mine, other; /* numbers of the connection; 0: closed */
    bool connected;
    struct l4_ring tx, rx;
};

enum channel_event {
    CHANNEL_SAME,
    CHANNEL_CONNECTED,
    CHANNEL_DISCONNECTED, /* the other end closed, or begins anew */
};

/* A session has been opened with `bytes` of memory as end `end`; ours is closed. Nothing touches
 * the memory of an earlier one; a `page` of NULL, and an error, leave the end without any. Errors:
 * FORMAT (the memory is not a channel's). */
L4_MUST_CHECK l4_status_t channel_attach(struct channel_end *c, struct l4_channel_page *page,
                                         uint32_t bytes, uint32_t end, const struct doorbell *bell);

/* Opens with a new number: the other end can connect. */
void channel_open(struct channel_end *c);

/* Closes; nothing when it is closed. */
void channel_close(struct channel_end *c);

/* Looks at the other end; after anything but CHANNEL_SAME look again. */
enum channel_event channel_poll(struct channel_end *c);

/* Closes an end without more ado: the guest that has the memory mapped was reset. */
void channel_clear(struct l4_channel_page *page, uint32_t end);

/* The rings, empty without a connection. */
static inline uint32_t channel_used(const struct channel_end *c)
{
    return c->connected ? l4_ring_used(&c->rx) : 0;
}

static inline uint32_t channel_space(const struct channel_end *c)
{
    return c->connected ? l4_ring_space(&c->tx) : 0;
}

#endif
