/*
 * How often something may be restarted: what keeps failing is left alone. Pure.
 */
#ifndef INIT_LIMIT_H
#define INIT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_COUNT 5u
#define LIMIT_NS UINT64_C(60000000000)

/* All zero at first. */
struct limit {
    uint64_t at[LIMIT_COUNT]; /* of the latest restarts, a ring; 0: none */
    uint32_t next;
};

/* True, and counted, unless there have been LIMIT_COUNT restarts within LIMIT_NS before `now` (in
 * ns, not 0). */
static inline bool limit_allows(struct limit *limit, uint64_t now)
{
    uint64_t *const oldest = &limit->at[limit->next];
    if (*oldest != 0 && now - *oldest < LIMIT_NS) {
        return false;
    }
    *oldest = now;
    limit->next = (limit->next + 1u) % LIMIT_COUNT;
    return true;
}

#endif
