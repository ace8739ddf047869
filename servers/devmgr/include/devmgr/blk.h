/*
 * A virtio block device (virtio 1.1, 5.2), driven: requests in, completions out, in any order.
 *
 * A request that the device holds is kept here whole, so that it can be given to it again after a
 * reset. Pure (devmgr/virtio.h).
 */
#ifndef DEVMGR_BLK_H
#define DEVMGR_BLK_H

#include <devmgr/virtio.h>
#include <l4/proto/disk.h>

#define BLK_QUEUE 256u
#define BLK_QUEUE_MIN 32u /* one request of all segments, a power of two */
#define BLK_REQUESTS 32u
#define BLK_AREA (2u * 4096u) /* bytes of DMA memory */

struct blk_request {
    uint32_t owner; /* of the caller's, with session, id and weight: comes back */
    uint32_t session;
    uint32_t id;
    uint32_t weight;
    uint32_t op; /* enum l4_disk_op; 0: the entry is free */
    uint64_t sector;
    uint32_t count;
    struct vq_buffer segment[L4_DISK_SEGMENTS];
};

struct blk {
    struct virtio dev;
    struct virtqueue queue;
    struct dma area;    /* given to blk_start() */
    struct dma headers; /* struct blk_header[BLK_REQUESTS], then a status byte for each */
    uint64_t sectors;   /* of 512 bytes */
    bool read_only;
    bool flush; /* the device has a cache to flush */
    uint32_t in_flight;
    struct blk_request request[BLK_REQUESTS];
    struct vq_slot slot[BLK_QUEUE];
};

/* Resets and starts the device at blk->dev.base with `area` (BLK_AREA bytes). Errors: those of
 * virtio_negotiate(); NO_MEMORY (area); NOT_SUPPORTED (a queue or requests too short for 16
 * segments); IO. */
L4_MUST_CHECK l4_status_t blk_start(struct blk *blk, const struct dma *area);

/* True when blk_submit() may be called. A failed device takes requests too, and fails them. */
bool blk_room(const struct blk *blk);

/* Queues a checked request; blk_publish() shows the device what was queued. A FLUSH without a
 * cache is complete at once. */
void blk_submit(struct blk *blk, const struct blk_request *request);
void blk_publish(struct blk *blk);

/* The next completion: the request, and OK or IO. False: none. A failed device completes all that
 * it holds with IO. */
bool blk_take(struct blk *blk, struct blk_request *request, l4_status_t *status);

/* Forgets the requests of `owner` by a reset of the device, and gives it the others again. Errors:
 * IO (it has failed). */
L4_MUST_CHECK l4_status_t blk_forget(struct blk *blk, uint32_t owners);

#endif
