/*
 * Address spaces of a case. A new one gets the root program's own image at the same addresses: text
 * and constants, and its data shared, so that functions and globals mean the same everywhere. What
 * must be private to a space is a region of its own.
 */
#ifndef TEST_SPACE_H
#define TEST_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/types.h>

#define SPACE_POOL (64u << 10)
#define SPACE_SLOTS 64u

struct space {
    l4_cap_t cap;
    l4_cap_t pool; /* the region it is made of */
};

/* The root program's own. */
extern struct space space_root;

/* NULL and a recorded failure when it cannot be made. */
struct space *space_create(uint32_t pool_size, uint32_t slots);
/* The same without the image: for guests (L4_ASPACE_GUEST) and empty spaces. */
struct space *space_create_bare(uint32_t pool_size, uint32_t slots, uint32_t flags);
/* A copy of the root program's capability in `slot` of the space. */
bool space_give(const struct space *space, l4_cap_t slot, l4_cap_t cap, uint32_t rights,
                uint32_t badge);
/* A share of `region` mapped there; returns the share's slot. */
l4_cap_t space_map(const struct space *space, l4_cap_t region, uint32_t offset, uint32_t size,
                   uint32_t address, uint32_t attr);
uint32_t space_pool_free(const struct space *space);

void space_begin(void);
void space_round_begin(void);
void space_round_end(void);

#endif
