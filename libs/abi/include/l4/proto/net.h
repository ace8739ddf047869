/*
 * Ethernet: a port of a virtual switch (ipc-net), or a real network device (devmgr, for ipc-net).
 *
 * Two rings of frames in slots of one size; indices count slots. tx goes from the client to the
 * server, rx to the client. A server that finds no free rx slot drops the frame and counts it; a
 * client waits for a free tx slot. Nothing is repeated after a restart: frames may be lost, as on a
 * wire.
 *
 * The memory is L4_NET_BYTES long and physically contiguous: a real device reads and writes the
 * slots by itself, the header being that of virtio 1.x (5.1.6), 12 bytes. Between guests the header
 * is all zero: no offload is negotiated.
 */
#ifndef L4_PROTO_NET_H
#define L4_PROTO_NET_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/types.h>
#include <l4/proto/ring.h>

#define L4_NET_SLOTS 16u /* in each direction; a power of two */
#define L4_NET_HEADER 12u
#define L4_NET_FRAME_MIN 14u
#define L4_NET_FRAME_MAX 1518u /* MTU 1500, Ethernet header and a VLAN tag; no FCS */

struct l4_net_slot {
    uint32_t size; /* of the frame */
    uint8_t header[L4_NET_HEADER];
    uint8_t frame[1520];
};

struct l4_net_page {
    struct l4_ring_shared tx;
    struct l4_ring_shared rx;
    uint8_t mac[6]; /* the client's */
    uint8_t link;   /* 1: up */
    uint8_t reserved[L4_PAGE_SIZE - 32 - 7];
    struct l4_net_slot tx_slot[L4_NET_SLOTS];
    struct l4_net_slot rx_slot[L4_NET_SLOTS];
};

#define L4_NET_BYTES ((uint32_t)sizeof(struct l4_net_page))

static_assert(sizeof(struct l4_net_slot) == 1536, "protocol");
static_assert(offsetof(struct l4_net_page, tx_slot) == L4_PAGE_SIZE, "protocol");
static_assert(sizeof(struct l4_net_page) == 13 * L4_PAGE_SIZE, "protocol");

/* Calls to ipc-net, beside L4_SESSION_OPEN; reply: w0 = l4_status_t. */
enum l4_net_label {
    /* From init only: w0 = badge. The client is gone: its sessions end, its peers see their
     * channels closed, what it was given is taken back before the reply. */
    NET_CLIENT_GONE = 4,
    /* From init only: devmgr was restarted. Opens the uplinks anew; OK also when none came up. */
    NET_REOPEN = 5,
};

/* What a port has seen: the page of statistics that ipc-net shares with init, an entry a port in
 * the order of l4_start_net.port, then an entry a channel end (2 n and 2 n + 1). Written by ipc-net
 * only; a reader may see a number while it changes. */
struct l4_net_counters {
    uint32_t tx_frames, tx_bytes; /* from the client; channels count wakes and bytes */
    uint32_t rx_frames, rx_bytes; /* to the client */
    uint32_t dropped_full;        /* to the client, but there was no room */
    uint32_t dropped_policy;      /* a source address not its own, a peer not allowed */
    uint32_t dropped_rate;        /* over the rate or broadcast limit */
    uint32_t errors;              /* malformed slots, broken rings */
};

#endif
