/*
 * Single-producer single-consumer byte rings in memory shared with an untrusted peer.
 *
 * struct l4_ring_shared lies in the shared page; each side keeps its own index privately in struct
 * l4_ring and never believes the peer's beyond "at most `size` bytes between us": a peer that lies
 * harms its own stream alone. Indices run freely and wrap at 2^32; size is a power of two.
 *
 * Sleeping: the waiting side calls l4_ring_wait_data() or _wait_space() (which raises its flag and
 * looks again) and sleeps only when that says true; the other side calls l4_ring_must_wake() after
 * each transfer and sends the doorbell when that says true.
 */
#ifndef L4_BASE_RING_H
#define L4_BASE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/proto/ring.h>

/* One side's view; plain data of its owner. */
struct l4_ring {
    struct l4_ring_shared *shared;
    uint8_t *data;
    uint32_t size;
    uint32_t index; /* own: head of a producer, tail of a consumer */
};

/* Both indices and flags to zero: by the page's owner, before the peer sees the page. */
void l4_ring_reset(struct l4_ring_shared *shared);

/* The view of a producer or consumer of a fresh ring. `size` is a power of two. */
void l4_ring_init(struct l4_ring *ring, struct l4_ring_shared *shared, void *data, uint32_t size);

/* Bytes that the producer may put now; 0 also when the peer's index makes no sense. */
uint32_t l4_ring_space(const struct l4_ring *ring);

/* Bytes that the consumer may take now; 0 also when the peer's index makes no sense. */
uint32_t l4_ring_used(const struct l4_ring *ring);

/* True when the peer's index makes no sense: the session is broken until reopened. */
bool l4_ring_producer_broken(const struct l4_ring *ring);
bool l4_ring_consumer_broken(const struct l4_ring *ring);

/* Puts up to `count` bytes; returns how many. */
uint32_t l4_ring_put(struct l4_ring *ring, const void *bytes, uint32_t count);

/* Takes up to `count` bytes; returns how many. */
uint32_t l4_ring_take(struct l4_ring *ring, void *bytes, uint32_t count);

/* Looks at up to `count` bytes without taking them; returns how many. l4_ring_skip() takes them. */
uint32_t l4_ring_peek(const struct l4_ring *ring, void *bytes, uint32_t count);
void l4_ring_skip(struct l4_ring *ring, uint32_t count);

/* For rings whose entries the caller moves itself (`size` counts entries, `data` is NULL): the next
 * entry's place, and the publication of `count` entries after it has been filled. The consumer
 * takes them with l4_ring_skip(). */
static inline uint32_t l4_ring_slot(const struct l4_ring *ring)
{
    return ring->index & (ring->size - 1u);
}
void l4_ring_publish(struct l4_ring *ring, uint32_t count);

/* Raises the own flag and looks again: true = nothing there, sleep until the doorbell. */
bool l4_ring_wait_data(struct l4_ring *ring);
/* For a consumer that leaves `seen` bytes in the ring: true = there are no more than those. */
bool l4_ring_wait_more(struct l4_ring *ring, uint32_t seen);
bool l4_ring_wait_space(struct l4_ring *ring);
/* For a producer that wants more than the `seen` bytes of space: true = there are no more. */
bool l4_ring_wait_room(struct l4_ring *ring, uint32_t seen);

/* A consumer that is going to look by itself, and to call l4_ring_wait_data() after that, wants no
 * doorbell before. */
void l4_ring_wait_not(struct l4_ring *ring);

/* After a transfer: true = the peer waits; its flag is lowered; send the doorbell. */
bool l4_ring_must_wake_consumer(struct l4_ring *ring);
bool l4_ring_must_wake_producer(struct l4_ring *ring);

#endif
