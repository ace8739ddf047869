/*
 * A message channel between two guests: two byte rings and, for each end, a connection number.
 *
 * ipc-net owns the memory and carries the doorbells; the ends are 0 and 1, and the reply to
 * L4_SESSION_OPEN says in w3 which one the client is. End n produces into ring[n] and consumes
 * ring[1 - n]. An end that wants to talk sets open[n] to a number other than 0 and other than its
 * last one; 0 closes. There is a connection while both are open: an end that sees open[1 - n]
 * change has a new peer (0: none) and forgets what it has of the old one's data; who opens skips
 * what the ring that it consumes holds at that moment.
 *
 * An end whose session begins while the other's lasts finds rings that are in use: ipc-net has
 * emptied them, and the end takes its own indices (head of ring[n], tail of ring[1 - n]) from the
 * page. last[n] is the connection number that end n had before, so that it can choose another one.
 *
 * ipc-net passes a doorbell on when the end that rings has changed a word of its own since: its
 * open[], its head or its tail.
 *
 * The same memory is what a guest sees of a channel that is mapped into it (docs/book/devices.md):
 * everything here is also a guest-facing interface, and may change under the reader at any time.
 */
#ifndef L4_PROTO_CHANNEL_H
#define L4_PROTO_CHANNEL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/proto/ring.h>

#define L4_CHANNEL_MAGIC 0x4e414843u /* "CHAN" */
#define L4_CHANNEL_SIZE_MIN 4096u    /* bytes of each ring: a power of two, whole pages */
#define L4_CHANNEL_SIZE_MAX 16384u

struct l4_channel_page {
    uint32_t magic;
    uint32_t size; /* of each ring */
    uint32_t reserved[2];
    uint32_t open[2]; /* connection number of end 0 and end 1 */
    uint32_t last[2]; /* written by ipc-net when end 0's or 1's session begins or ends */
    struct l4_ring_shared ring[2];
    /* Ring 0's data begins at the next page, ring 1's behind it. */
};

#define L4_CHANNEL_DATA 4096u /* offset of the data */
#define L4_CHANNEL_BYTES(size) (L4_CHANNEL_DATA + 2u * (size))

static_assert(sizeof(struct l4_channel_page) == 64, "protocol");

#endif
