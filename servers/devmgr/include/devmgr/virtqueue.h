/*
 * A split virtqueue from the driver's side (virtio 1.1, 2.6), with event index.
 *
 * What the driver knows of its descriptors it keeps to itself: nothing that the device writes but
 * the used ring is ever read, and that is checked. A token of the caller's comes back with each
 * used chain.
 */
#ifndef DEVMGR_VIRTQUEUE_H
#define DEVMGR_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/status.h>

/* Memory that a device reaches: `pa` is what it calls `va`. */
struct dma {
    uint8_t *va;
    uint64_t pa;
    uint32_t size;
};

/* Cuts `size` bytes, aligned to `align` (a power of two), off the front of `area`. False: too
 * little is left. */
bool dma_take(struct dma *area, uint32_t size, uint32_t align, struct dma *part);

struct vq_buffer {
    uint64_t pa;
    uint32_t size;
};

struct vq_desc {
    uint64_t pa;
    uint32_t size;
    uint16_t flags;
    uint16_t next;
};

/* The driver's own note of a descriptor. */
struct vq_slot {
    uint32_t token;
    uint16_t next;
    uint16_t count; /* of the chain that begins here and is in flight; 0: none */
};

struct virtqueue {
    uint32_t size; /* entries, a power of two */
    bool event_index;
    uint16_t free;       /* first free descriptor */
    uint16_t free_count; /* free ones, linked by slot[].next */
    uint16_t in_flight;  /* chains */
    uint16_t avail_next;
    uint16_t avail_told; /* at the last notification's check */
    uint16_t used_next;
    struct vq_slot *slot;
    struct vq_desc *desc;
    uint16_t *avail; /* flags, index, ring[size], used_event */
    uint32_t *used;  /* flags | index << 16, ring[size] of {id, length}, avail_event */
    uint64_t pa;     /* of desc */
};

#define VQ_AVAIL(size) (16u * (size))
#define VQ_USED(size) ((VQ_AVAIL(size) + 6u + 2u * (size) + 3u) & ~3u)
#define VQ_BYTES(size) (VQ_USED(size) + 6u + 8u * (size))
#define VQ_ALIGN 16u

/* An empty queue. `memory` holds VQ_BYTES(size) bytes aligned to VQ_ALIGN; `slot` has `size`. */
void vq_init(struct virtqueue *queue, uint32_t size, struct vq_slot *slot, const struct dma *memory,
             bool event_index);

/* Adds a chain of `out` buffers that the device reads and `in` that it writes, at least one in all.
 * False: no room. The device sees it after vq_publish(). */
bool vq_add(struct virtqueue *queue, const struct vq_buffer *buffer, uint32_t out, uint32_t in,
            uint32_t token);

/* Publishes what was added. True: notify the device. */
bool vq_publish(struct virtqueue *queue);

enum vq_taken {
    VQ_NONE,
    VQ_TAKEN,
    VQ_BROKEN, /* the device named a chain that it does not have */
};

/* The next used chain: its token and how many bytes the device says that it wrote. */
enum vq_taken vq_take(struct virtqueue *queue, uint32_t *token, uint32_t *written);

/* Asks for an interrupt at the next used chain. False: there is one already. */
bool vq_arm(struct virtqueue *queue);

#endif
