/*
 * Message channels (l4/proto/channel.h): who has to be woken, and what an end finds when its
 * session begins.
 *
 * The two ends use the shared rings by themselves. ipc-net compares what each end writes (its
 * open[], its head, its tail) with what it saw last, and so knows whether a doorbell concerns the
 * peer; a doorbell without any change is not passed on. Pure: no system call.
 */
#ifndef IPC_NET_CHANNEL_H
#define IPC_NET_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/proto/channel.h>
#include <l4/proto/net.h>

struct channel_end {
    bool up;
    uint32_t open, head, tail; /* as seen last */
    uint32_t last;             /* its last connection number other than 0 */
    struct l4_net_counters *counters;
};

struct channel {
    struct l4_channel_page *page;
    uint32_t size; /* of each ring */
    struct channel_end end[2];
};

/* `page` has L4_CHANNEL_BYTES(size) bytes; counters[n] is end n's. */
void channel_init(struct channel *channel, struct l4_channel_page *page, uint32_t size,
                  struct l4_net_counters *counters);

/* A session of end e begins: its connection is closed, the rings are empty; all memory is wiped if
 * the other end has no session. True: the other end is to be told. */
bool channel_up(struct channel *channel, uint32_t e);

/* The session of end e has ended: its connection is closed. True: the other end is to be told. */
bool channel_down(struct channel *channel, uint32_t e);

/* End e rang: true when the other end is to be told. */
bool channel_rung(struct channel *channel, uint32_t e);

#endif
