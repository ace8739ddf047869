/*
 * A virtio entropy device (virtio 1.1, 5.4) and the sessions that it feeds: each client's ring is
 * kept full, clients taking turns. No byte is given out twice. Pure (devmgr/virtio.h).
 */
#ifndef DEVMGR_ENTROPY_H
#define DEVMGR_ENTROPY_H

#include <devmgr/virtio.h>
#include <l4/base/ring.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>

#define ENTROPY_CLIENTS L4_START_CLIENTS
#define ENTROPY_QUEUE 2u
#define ENTROPY_AREA 4096u /* bytes of DMA memory */
#define ENTROPY_CHUNK 1024u

struct entropy {
    struct virtio dev;
    struct virtqueue queue;
    struct dma chunk; /* what the device fills */
    uint32_t empty;   /* answers without a byte, in a row */
    uint32_t turn;    /* the client that is served first */
    struct entropy_client {
        bool open;
        struct l4_ring rx;
    } client[ENTROPY_CLIENTS];
    struct vq_slot slot[ENTROPY_QUEUE];
};

/* Resets and starts the device at entropy->dev.base with `area` (ENTROPY_AREA bytes). Errors:
 * those of virtio_negotiate(); NO_MEMORY; IO. */
L4_MUST_CHECK l4_status_t entropy_start(struct entropy *entropy, const struct dma *area);

void entropy_open(struct entropy *entropy, uint32_t client, struct l4_console_page *page);
void entropy_close(struct entropy *entropy, uint32_t client);

/* Gives out what has come and asks for more as long as somebody has room. Returns the clients
 * whose doorbells are to be rung, a bit each. */
uint32_t entropy_run(struct entropy *entropy);

#endif
