/*
 * The device manager's protocol: consoles, log lines, wall clock.
 *
 * A client's endpoint capability (SEND, SIGNAL, GRANT) carries its badge: enum l4_client_badge. The
 * reply's w0 is an l4_status_t. Every session can be opened again, after the client's restart or
 * after devmgr's: opening anew ends the earlier session of the same badge.
 */
#ifndef L4_PROTO_DEVMGR_H
#define L4_PROTO_DEVMGR_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/types.h>
#include <l4/proto/ring.h>

/* Badges of the endpoint capabilities for devmgr and for init. */
enum l4_client_badge {
    L4_BADGE_INIT = 1,
    L4_BADGE_DEVMGR = 2,
    L4_BADGE_NET = 3,
    L4_BADGE_CLIENT_FIRST = 16, /* 16 + n: the VMM of the n-th domain */
};

enum l4_devmgr_label {
    /* 1 is L4_SESSION_OPEN (l4/proto/session.h). */
    /* One log line, printed whole as "[client] text". w0 = bytes (<= DEVMGR_LOG_MAX), in the
     * buffer's words; w1 = 0, or the line's number: a line with the number of the client's last is
     * that line, sent again after a time-out, and is not printed twice. Control characters are
     * replaced. Replied when the line is queued: a full queue delays it. */
    DEVMGR_LOG = 2,
    /* Reply: w1/w2 = seconds since 1970-01-01 00:00 UTC now, low/high. IO: no clock. */
    DEVMGR_WALL_CLOCK = 3,
    /* From init only: w0 = badge. The client is gone; its session ends, what it wrote is printed.
     * Its doorbell and page are given back before the reply, and its dedicated virtio devices are
     * reset, whether or not this devmgr gave them. */
    DEVMGR_CLIENT_GONE = 4,
    /* From init only: replied when all output so far has left the machine. */
    DEVMGR_FLUSH = 5,
    /* From init only, before a client with disks runs: w0 = badge, item 0 = COPY of its guest RAM
     * (DMA, INFO), for which devmgr keeps one offered slot. From here on the client's disks work,
     * up to DEVMGR_CLIENT_GONE: that is replied when no device touches this memory any more. */
    DEVMGR_CLIENT_RAM = 6,
    /* A device that the configuration dedicates to the client: w0 = number (the n-th in its
     * `access`), w1 = L4_DEVICE_IN_USE or 0, two slots offered. Virtio devices in its
     * pages are reset, unless in use: with those the guest goes on after devmgr's restart. Reply:
     * w1 = physical address of its pages, w2 = bytes, w3 = interrupt number | edge << 16, items: 0
     * = COPY of the pages (READ, WRITE, COPY), 1 = COPY of the interrupt (CONTROL); buffer words:
     * enum l4_device_node, then the node's `compatible` list as it stands in the board's device
     * tree. Errors: CONFIG, BUSY. */
    DEVMGR_DEVICE = 7,
};

/* Buffer words of the reply to DEVMGR_DEVICE. */
enum l4_device_node {
    L4_DEVICE_REG_OFFSET,      /* the registers' place in the pages */
    L4_DEVICE_REG_SIZE,        /* ... and their size */
    L4_DEVICE_FLAGS,           /* L4_DEVICE_DMA_COHERENT */
    L4_DEVICE_COMPATIBLE_SIZE, /* bytes, all NULs counted */
    L4_DEVICE_COMPATIBLE,      /* first word of the text */
};
#define L4_DEVICE_DMA_COHERENT 1u

#define L4_DEVICE_IN_USE 1u /* w1 of DEVMGR_DEVICE */

#define DEVMGR_LOG_MAX 240u

#define L4_CONSOLE_TX_SIZE 2048u
#define L4_CONSOLE_RX_SIZE 512u

/* The page that devmgr shares with a console's client: tx from the client, rx to it. */
struct l4_console_page {
    struct l4_ring_shared tx;
    struct l4_ring_shared rx;
    uint32_t reserved[8];
    uint8_t tx_data[L4_CONSOLE_TX_SIZE];
    uint8_t rx_data[L4_CONSOLE_RX_SIZE];
};

static_assert(sizeof(struct l4_console_page) <= L4_PAGE_SIZE, "protocol");
static_assert(offsetof(struct l4_console_page, tx_data) == 64, "protocol");

#endif
