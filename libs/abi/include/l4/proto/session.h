/*
 * Sessions: how a client and a server (devmgr, ipc-net) come to share memory and doorbells.
 *
 * A client opens each thing that its configuration gives it by kind and number: L4_SESSION_OPEN, w0
 * = signal bits of the client's doorbell, w1 = enum l4_session_kind, w2 = number (the n-th of that
 * kind in the client's `access`), item 0 = COPY of an endpoint of the client's (SIGNAL, INFO); the
 * caller's buffer offers one slot and a window. Reply: w0 = l4_status_t, w1 = signal bits of the
 * server's doorbell, signalled through the capability that made the call, w2 = bytes of the memory,
 * item 0 = MAP of the memory (READ, WRITE). Errors: CONFIG (the configuration does not give it),
 * TRANSFER (no slot, window or endpoint offered), IO (its device has failed).
 *
 * The memory belongs to the server, which resets it at each open; opening again ends the earlier
 * session of the same client, kind and number. Both sides take every index, length and offset once
 * into a private copy and check it there; a session whose peer breaks the rules is dead until
 * opened anew, and hurts nobody else.
 *
 * A server that was restarted has forgotten all sessions. The client hears of it from init
 * (L4_VM_REOPEN in l4/proto/init.h), opens its sessions again, and submits again the requests that
 * have not completed: so each side of a protocol here says which requests may be repeated.
 */
#ifndef L4_PROTO_SESSION_H
#define L4_PROTO_SESSION_H

#include <stdint.h>

#define L4_SESSION_OPEN 1u

enum l4_session_kind {
    L4_SESSION_NONE,
    /* devmgr */
    L4_SESSION_CONSOLE, /* struct l4_console_page; 0 = serial port, 1 = virtio console */
    L4_SESSION_CONTROL, /* the same: the management port; for init alone */
    L4_SESSION_DISK,    /* struct l4_disk_page */
    L4_SESSION_ENTROPY, /* struct l4_console_page: rx alone */
    L4_SESSION_NIC,     /* struct l4_net_page: a real network device; for ipc-net alone */
    /* ipc-net */
    L4_SESSION_PORT,    /* struct l4_net_page: a port of a virtual switch */
    L4_SESSION_CHANNEL, /* struct l4_channel_page */
    L4_SESSION_KINDS
};

#endif
