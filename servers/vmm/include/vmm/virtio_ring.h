/*
 * Between a chain in guest RAM and a byte ring that is shared with a server: one copy, whatever the
 * chain's parts are.
 */
#ifndef VMM_VIRTIO_RING_H
#define VMM_VIRTIO_RING_H

#include <l4/base/ring.h>
#include <vmm/virtio.h>

/* Tells the server that shares the ring. */
struct doorbell {
    void (*ring)(void *context);
    void *context;
};

static inline void doorbell_ring(const struct doorbell *bell)
{
    bell->ring(bell->context);
}

/* Puts up to `count` bytes of the chain's readable part, from byte `at` on, into the ring; returns
 * how many. */
uint32_t virtio_to_ring(const struct virtio_chain *chain, uint32_t at, uint32_t count,
                        struct l4_ring *ring);

/* Takes up to `count` bytes out of the ring into the chain's writable part, from byte `at` on;
 * returns how many. */
uint32_t virtio_from_ring(const struct virtio_chain *chain, uint32_t at, uint32_t count,
                          struct l4_ring *ring);

#endif
