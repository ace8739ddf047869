/*
 * ipc-net: private interfaces. One thread, one struct net.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stdint.h>

#include <ipc_net/channel.h>
#include <ipc_net/vswitch.h>
#include <l4/ipc.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/session.h>
#include <l4/session.h>
#include <l4/slots.h>

#define NET_ENDS (2u * L4_START_CHANNELS)

/* Memory that a client may share, and its doorbell. */
struct net_session {
    uint32_t badge;
    l4_cap_t memory;   /* revoking it takes the client's share away; of an uplink: devmgr's share */
    l4_cap_t doorbell; /* 0: no session */
    uint32_t bits;
    bool complained; /* a client's mistakes are logged once: they shall not cost us time */
};

struct net {
    const struct l4_start_net *start;
    struct l4_slots slots;
    uint32_t window, window_end; /* addresses that are still free */
    uint32_t pages_used;         /* bytes of the start page's memory */
    l4_cap_t offer;              /* free slot offered for a received capability */
    struct vswitch vswitch;
    uint64_t now, again; /* of the switch's last run */
    uint32_t broken;     /* ports that are still to be complained about */
    struct l4_net_page *port_page[L4_START_PORTS];
    struct net_session port[L4_START_PORTS];
    struct l4_session uplink[L4_START_PORTS];
    struct channel channel[L4_START_CHANNELS];
    struct net_session end[NET_ENDS]; /* channel n's: 2 n and 2 n + 1 */
};

extern struct net net;

/* A failure at the start: logged, then ipc-net ends; init reports it. */
_Noreturn void net_fail(const char *what, l4_status_t status);
l4_cap_t net_slot(void);

/* Addresses for `bytes`, whole pages. */
uint32_t net_window(uint32_t bytes);

/* --- session.c ----------------------------------------------------------------------------------
 */

/* Memory for every port and channel. */
void session_init(void);

/* Tells the client of a session, if there is one. */
void session_ring(const struct net_session *session);

/* L4_SESSION_OPEN; fills the reply. */
void session_open(struct l4_msg *msg);

/* NET_CLIENT_GONE. */
void session_client_gone(uint32_t badge);

/* The doorbell bit of a channel's end. Ports have their number as bit; ends follow, and share bits
 * when there are more than 32 of all. */
uint32_t session_end_bit(uint32_t end);

/* --- uplink.c -----------------------------------------------------------------------------------
 */

/* Opens the sessions of the real network devices, or opens them anew. One that fails is logged, and
 * its port is down. */
void uplink_open_all(void);

#endif
