/*
 * Address space: translation tables, capability table, the pool and every object made from it.
 *
 * It lives at the start of its first donated region. Destroying it ends its threads, takes every
 * capability out of its table and to its objects, and gives the donated regions back, wiped. The
 * destruction is done in bounded steps; nested ones (its table holds a region that was donated to
 * another address space) go on a stack (aspace_dying), so there is no recursion.
 */
#ifndef KERNEL_ASPACE_H
#define KERNEL_ASPACE_H

#include <arch/aspace.h>
#include <kernel/cap.h>
#include <kernel/pool.h>

#define ASPACE_DONATIONS 6u

struct aspace {
    struct cap *table[CAP_TABLE_PAGES]; /* first: one instruction less in every lookup. A page that
                                           is not there is cap_no_page */
    struct object object;
    struct arch_aspace arch;
    struct pool pool;
    uint32_t slot_count;
    uint32_t flags;                        /* L4_ASPACE_* */
    struct list objects;                   /* object.home_link, without the address space itself */
    struct list mapped;                    /* cap.space_link of regions mapped here */
    struct cap donation[ASPACE_DONATIONS]; /* regions that the pool is made of; the first holds
                                              this structure */
    struct aspace *dying_next;
    uint32_t dying_cursor; /* next slot, then frames left to wipe */
    uint32_t dying_stage;
};

/* Region cap `donated` (original RAM, unused) becomes the pool of a new address space. */
l4_status_t aspace_create(struct cap *donated, uint32_t slots, uint32_t flags,
                          struct aspace **out) L4_MUST_CHECK;
l4_status_t aspace_donate(struct aspace *as, struct cap *donated) L4_MUST_CHECK;

/* Maps the whole region, or goes on with it; progress is kept in the capability. */
int aspace_map(struct aspace *as, struct cap *region, uint32_t va, uint32_t attr) L4_MUST_CHECK;
int aspace_unmap(struct cap *region) L4_MUST_CHECK;

/* The slot at `index`; beyond the table's end one that is free for good. Only cap_free_slot() gives
 * one to be filled. */
static inline struct cap *aspace_slot(const struct aspace *as, l4_cap_t index)
{
    return likely(index < as->slot_count)
               ? &as->table[index / CAP_SLOTS_PER_PAGE][index % CAP_SLOTS_PER_PAGE]
               : cap_no_page;
}

/* The page of the slot at `index` has been made. */
static inline bool aspace_has_page(const struct aspace *as, l4_cap_t index)
{
    return index < as->slot_count && as->table[index / CAP_SLOTS_PER_PAGE] != cap_no_page;
}

/* The capability at `index` if it has `type` and all of `rights`; otherwise CAP or RIGHTS. */
static inline l4_status_t aspace_cap(const struct aspace *as, l4_cap_t index, uint8_t type,
                                     uint8_t rights, struct cap **out)
{
    struct cap *c = aspace_slot(as, index);

    if (unlikely(c->type != type)) {
        return L4_ERR_CAP;
    }
    if (unlikely((c->rights & rights) != rights)) {
        return L4_ERR_RIGHTS;
    }
    *out = c;
    return L4_OK;
}

/* Marks `as` as dying and puts it on the stack, if it is not there. */
void aspace_kill(struct aspace *as);
/* Works on the dying stack until it is empty: OK or KERNEL_PREEMPTED. */
int aspace_reap(void) L4_MUST_CHECK;

#endif
