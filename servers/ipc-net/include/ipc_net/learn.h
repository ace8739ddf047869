/*
 * The addresses that have been learned behind one port of a switch (IEEE 802.1Q, 8.7).
 *
 * Each port that may send under other addresses than its own has a table of its own: however many
 * addresses its client makes up, it pushes out nobody else's. A full set gives up its oldest entry;
 * an address that is not found is flooded, so a small table costs speed, not frames.
 *
 * An address is the six bytes of the wire as a little-endian number; 0 is none. Times are in ticks
 * of LEARN_TICK_NS. Plain data of its owner.
 */
#ifndef IPC_NET_LEARN_H
#define IPC_NET_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#define LEARN_SETS 8u
#define LEARN_WAYS 4u
#define LEARN_TICK_SHIFT 30u /* a tick is 2^30 ns */
#define LEARN_AGE 280u       /* ticks without a frame (5 minutes): forgotten */

struct learn_entry {
    uint64_t address; /* 0: free */
    uint32_t seen;
    uint32_t reserved;
};

struct learn {
    struct learn_entry entry[LEARN_SETS][LEARN_WAYS];
};

void learn_clear(struct learn *learn);

/* A frame came from `address` (not 0). True: it was not known here. */
bool learn_add(struct learn *learn, uint64_t address, uint32_t tick);

bool learn_has(const struct learn *learn, uint64_t address, uint32_t tick);

/* The address has moved to another port. */
void learn_forget(struct learn *learn, uint64_t address);

#endif
