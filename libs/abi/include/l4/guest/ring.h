/*
 * The shared words of a single-producer single-consumer byte ring. Indices run freely and wrap at
 * 2^32; the byte at index i lies at i modulo the ring's size, a power of two. Neither side believes
 * more of the other's index than "at most one ring's size between us".
 *
 * Who waits raises its flag and looks again before it sleeps; who has moved an index looks at the
 * other's flag afterwards, lowers it and rings: a barrier (DMB) stands between the two steps on
 * both sides, so that no wake-up is lost.
 *
 * Guest-facing: guests may include this header.
 */
#ifndef L4_GUEST_RING_H
#define L4_GUEST_RING_H

#include <assert.h>
#include <stdint.h>

struct l4_ring_shared {
    uint32_t head;           /* written by the producer: bytes ever put in */
    uint32_t tail;           /* written by the consumer: bytes ever taken out */
    uint32_t consumer_waits; /* 1: wake me when there is data */
    uint32_t producer_waits; /* 1: wake me when there is space */
};

static_assert(sizeof(struct l4_ring_shared) == 16, "protocol");

#endif
