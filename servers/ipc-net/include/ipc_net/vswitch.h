/*
 * Virtual Ethernet switches: ports with rings of frames (l4/proto/net.h), policy and counters.
 *
 * Ports with the same network number form a switch. A frame is copied once, from its sender's slot
 * to each receiver's; its addresses and size are read once, before they are judged, and what is
 * written is what was judged.
 *
 * Who gets a frame: the port that owns or has learned the destination; for broadcast and multicast
 * every port that the sender may talk to; for an unknown address those of them that can have it
 * behind them (L4_PORT_ANY_MAC). A frame whose only receiver is full waits in its sender's ring for
 * VSWITCH_HOLD_NS at most; then the receiver counts as stalled, and loses what it has no room for
 * until half of its ring is free. A sender over its rate waits too: rate limits hold back,
 * broadcast limits drop.
 *
 * Ports take turns, some frames each. Pure: no system call; the owner calls vswitch_run() when a
 * doorbell rang or the time it named has come, and rings the doorbells that come out.
 */
#ifndef IPC_NET_VSWITCH_H
#define IPC_NET_VSWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include <ipc_net/learn.h>
#include <ipc_net/limit.h>
#include <l4/base/ring.h>
#include <l4/proto/init.h>
#include <l4/proto/net.h>

#define VSWITCH_PORTS L4_START_PORTS
#define VSWITCH_NEVER UINT64_MAX
#define VSWITCH_NO_MAC UINT64_MAX /* addresses have 48 bits */

#define VSWITCH_BATCH 8u  /* frames of one port before the next one's turn */
#define VSWITCH_ROUNDS 4u /* turns of every port in one vswitch_run() */

#define VSWITCH_HOLD_NS UINT64_C(2000000)
#define VSWITCH_RATE_BURST_NS UINT64_C(10000000)         /* 10 ms at the rate ... */
#define VSWITCH_RATE_BURST_BYTES (2u * L4_NET_FRAME_MAX) /* ... and no less than two frames */
#define VSWITCH_BROADCAST_BURST_NS UINT64_C(100000000)
#define VSWITCH_BROADCAST_BURST 8u

enum vswitch_side {
    VSWITCH_SERVER, /* the client's port: frames come in tx and go out in rx */
    VSWITCH_CLIENT, /* a real device: the other way round */
};

struct vswitch_port {
    uint64_t mac;     /* its own, or VSWITCH_NO_MAC */
    uint32_t network; /* the other ports of its switch, one bit each */
    uint32_t peers;   /* those that it may send to */
    bool any_mac;
    bool stalled;        /* full for longer than frames wait for it */
    uint64_t full_until; /* until when they wait; 0: it is not full */
    struct limit rate;   /* in bytes */
    struct limit broadcast;
    struct l4_ring in;  /* consumer: frames from the port's client */
    struct l4_ring out; /* producer: frames to it */
    const struct l4_net_slot *in_slot;
    struct l4_net_slot *out_slot;
    struct l4_net_counters *counters;
    struct learn learn;
};

struct vswitch {
    struct vswitch_port port[VSWITCH_PORTS];
    uint32_t count;
    uint32_t turn;  /* who is served first */
    uint32_t up;    /* masks of ports */
    uint32_t ready; /* may have frames */
    /* Of the run in progress. */
    uint64_t now;
    uint32_t tick;
    uint32_t held;             /* cannot go on now */
    uint32_t taken, delivered; /* whose `in` and `out` have moved */
    uint64_t again;
    uint32_t broken;
};

/* What is to be done after a run. */
struct vswitch_outcome {
    uint32_t ring;   /* ports whose doorbells are to be rung */
    uint32_t broken; /* ports that broke the rules; they are down now */
    uint64_t again;  /* when to run again at the latest; VSWITCH_NEVER: when a doorbell rings */
};

/* `count` ports, all down; counters[i] is port i's. */
void vswitch_init(struct vswitch *vswitch, const struct l4_start_port *port, uint32_t count,
                  struct l4_net_counters *counters);

/* A session of port i begins on a page whose rings are empty. Nothing learned is kept. */
void vswitch_port_up(struct vswitch *vswitch, uint32_t i, enum vswitch_side side,
                     struct l4_net_page *page);

/* The port's page is not touched any more. Run the switch soon: others may wait for this one. */
void vswitch_port_down(struct vswitch *vswitch, uint32_t i);

/* Moves frames: bounded work. `rung`: ports whose doorbells rang; ports that are down do not count.
 * now: ns. */
void vswitch_run(struct vswitch *vswitch, uint32_t rung, uint64_t now,
                 struct vswitch_outcome *outcome);

#endif
