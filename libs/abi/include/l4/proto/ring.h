/*
 * The shared words of a single-producer single-consumer byte ring. libs/base/ring.h has the two
 * sides; indices run freely and wrap at 2^32.
 */
#ifndef L4_PROTO_RING_H
#define L4_PROTO_RING_H

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
