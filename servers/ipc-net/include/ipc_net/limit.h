/*
 * A limit on a rate, as a token bucket in its virtual-time form (ITU-T I.371, GCRA).
 *
 * `next` is when everything let through so far would be done at exactly the rate. It may run ahead
 * of the clock by `burst`; whoever is further ahead waits. Plain data of its owner; times in ns.
 */
#ifndef IPC_NET_LIMIT_H
#define IPC_NET_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit {
    uint64_t cost; /* ns that 256 units take; 0: no limit */
    uint64_t burst;
    uint64_t next;
};

/* `per_second` units, 0 = no limit; bursts of `burst_ns` at this rate, but `least` units at least.
 */
void limit_init(struct limit *limit, uint64_t per_second, uint64_t burst_ns, uint32_t least);

/* From when on the limit lets something through. */
static inline uint64_t limit_ready(const struct limit *limit)
{
    return limit->next > limit->burst ? limit->next - limit->burst : 0;
}

static inline bool limit_allows(const struct limit *limit, uint64_t now)
{
    return limit_ready(limit) <= now;
}

/* `units` have been let through. */
void limit_charge(struct limit *limit, uint32_t units, uint64_t now);

#endif
