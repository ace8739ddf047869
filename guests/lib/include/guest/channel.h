/*
 * A message channel with another guest: a stream of bytes each way, in memory that both see
 * (l4/guest/channel.h). Which guest that is, the device tree says, and so the configuration.
 *
 * Nothing here waits, and nothing that the other guest writes into the memory can do more than
 * garble, stop or restart its own stream: every word of it is read once and checked.
 *
 * Use: channel_find(), channel_irq_enable(), channel_open(); then, at the start and at each
 * interrupt, channel_poll() until it says CHANNEL_SAME, and read and write. A read or write that
 * moves less than asked will be followed by an interrupt when there is more to do. The calls for
 * one channel do not nest: not from the main line and an interrupt handler at once.
 */
#ifndef GUEST_CHANNEL_H
#define GUEST_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/guest/channel.h>

#define CHANNEL_PEER_MAX 32u

struct channel {
    /* Of the device tree. */
    struct l4_channel_page *page;
    uint32_t number; /* pecan,channel: the argument of PECAN_CHANNEL_NOTIFY */
    uint32_t end;    /* 0 or 1 */
    uint32_t port;   /* the number that the configuration gives this channel */
    uint32_t intid;
    uint32_t size;               /* of each ring */
    char peer[CHANNEL_PEER_MAX]; /* name of the other guest */
    void (*notify)(const struct channel *channel);
    /* The connection. */
    uint32_t mine, other; /* numbers; 0: closed */
    bool connected;
    uint32_t head, tail; /* our own indices */
};

enum channel_event {
    CHANNEL_SAME,
    CHANNEL_CONNECTED,    /* a new connection: what came before it is gone */
    CHANNEL_DISCONNECTED, /* the other guest closed, or begins anew; the channel stays open here */
};

/* The n-th channel of this guest (0 <= n < PECAN_CHANNELS), closed. False: there is none, or its
 * node or memory is not as it should be. The memory is cacheable for the other guest: use it with
 * the MMU on (mmu.h maps it so). */
bool channel_find(const void *fdt, uint32_t n, struct channel *channel);

/* Makes the distributor deliver the channel's interrupt to this CPU, edge triggered. */
void channel_irq_enable(const struct channel *channel, uint8_t priority);

/* The same as channel_find() does for memory that is known; `notify` rings the other end. */
bool channel_init(struct channel *channel, struct l4_channel_page *page, uint32_t end,
                  void (*notify)(const struct channel *channel));

/* Opens: from now on the other guest can connect. Opening again begins a new connection. */
void channel_open(struct channel *channel);

/* Closes at once: what the other guest has not taken yet is lost to it (channel_drained()). */
void channel_close(struct channel *channel);

/* Looks at the other end. After anything but CHANNEL_SAME look again. */
enum channel_event channel_poll(struct channel *channel);

/* Moves up to `count` bytes and returns how many; 0 without a connection. */
uint32_t channel_write(struct channel *channel, const void *bytes, uint32_t count);
uint32_t channel_read(struct channel *channel, void *bytes, uint32_t count);

/* Bytes that a write would take, and a read would give, now. */
uint32_t channel_space(const struct channel *channel);
uint32_t channel_used(const struct channel *channel);

/* True when the other guest has taken all that was written, or is not there. False: an interrupt
 * will follow when it has taken some. */
bool channel_drained(struct channel *channel);

#endif
