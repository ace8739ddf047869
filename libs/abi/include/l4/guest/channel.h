/*
 * A message channel between two guests: two byte rings and, for each end, a connection word. It is
 * what a guest sees of a channel that is mapped into it (docs/book/devices.md), and what the VMM of
 * a guest that has it as a vsock port uses in the guest's name. Everything in it may change under
 * the reader at any time: the other guest writes it.
 *
 * The ends are 0 and 1. End n produces into ring[n] and consumes ring[1 - n].
 *
 * Connections. open[n] holds the number of end n's connection (L4_CHANNEL_NUMBER) and the number of
 * the other end's that it answers to (L4_CHANNEL_ANSWERS), 0 being no number; a whole word of 0 is
 * a closed end. A new connection has a number other than the end's last one: that is in last[n]
 * when the end is closed. The rules for end n:
 *  - to open: its tail = first[1 - n], first[n] = its head, then open[n] = a new number, answering
 *    to the present number of open[1 - n];
 *  - when the other's number changes, to or from 0 too: the connection that was is over, and what
 *    the ring holds of it is forgotten. The same steps, but with its number as before, answering to
 *    the new one;
 *  - when the other has a number and answers to end n's: there is a connection. Its data in
 *    ring[1 - n] begins at first[1 - n], so tail = first[1 - n] once more. Only now end n may put
 *    data;
 *  - to close: last[n] = its number, then open[n] = 0;
 *  - the other end is rung (PECAN_CHANNEL_NOTIFY) after each of these.
 * So neither end ever reads what was written for an earlier connection.
 *
 * Guest-facing: guests may include this header.
 */
#ifndef L4_GUEST_CHANNEL_H
#define L4_GUEST_CHANNEL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/guest/ring.h>

#define L4_CHANNEL_MAGIC 0x4e414843u /* "CHAN" */
#define L4_CHANNEL_SIZE_MIN 4096u    /* bytes of each ring: a power of two, whole pages */
#define L4_CHANNEL_SIZE_MAX 16384u

struct l4_channel_page {
    uint32_t magic;
    uint32_t size; /* of each ring */
    uint32_t first[2];
    uint32_t open[2];
    uint32_t last[2];
    struct l4_ring_shared ring[2];
    /* Ring 0's data begins at the next page, ring 1's behind it. */
};

#define L4_CHANNEL_NUMBER(open) ((open)&0xffffu)
#define L4_CHANNEL_ANSWERS(open) ((open) >> 16)
#define L4_CHANNEL_OPEN(number, answers) ((number) | (answers) << 16)

#define L4_CHANNEL_DATA 4096u /* offset of the data */
#define L4_CHANNEL_BYTES(size) (L4_CHANNEL_DATA + 2u * (size))

static_assert(sizeof(struct l4_channel_page) == 64, "protocol");
static_assert(offsetof(struct l4_channel_page, open) == 16, "protocol");

/* Where a guest has its channels that are mapped: the number is that of the device tree's
 * pecan,channel. The interrupt is edge triggered. */
#define PECAN_CHANNELS 8u
#define PECAN_CHANNEL_BASE(n) (0x0b000000u + (n)*0x10000u)
#define PECAN_CHANNEL_INTID(n) (96u + (n)) /* SPI 64 + n */

/* Hypercall: rings the other end of channel r1. r0 = 0, or SMCCC's INVALID_PARAMETERS (-2) when
 * there is no such channel. PECAN_FEATURES tells by PECAN_FEATURE_CHANNELS that it is there. */
#define PECAN_CHANNEL_NOTIFY 0x86000010u
#define PECAN_FEATURE_CHANNELS 1u

#endif
