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

struct aspace {
    struct object object;
    struct arch_aspace arch;
    struct pool pool;
    struct cap *table[CAP_TABLE_PAGES];
    uint32_t slot_count;
    uint32_t flags;       /* L4_ASPACE_* */
    struct list objects;  /* object.home_link, without the address space itself */
    struct list mapped;   /* cap.space_link of regions mapped here */
    struct list donated;  /* cap.space_link of regions that the pool is made of */
    struct aspace *dying_next;
    uint32_t dying_cursor; /* next slot, then next frame, to look at */
    uint32_t dying_stage;
};

/* Region cap `donated` (original RAM, unused) becomes the pool of a new address space. */
l4_status_t aspace_create(struct cap *donated, uint32_t slots, uint32_t flags,
                          struct aspace **out) L4_MUST_CHECK;
l4_status_t aspace_donate(struct aspace *as, struct cap *donated) L4_MUST_CHECK;

/* Maps the whole region; `cursor` counts frames done and survives preemption. */
int aspace_map(struct aspace *as, struct cap *region, uint32_t va, uint32_t attr,
               uint32_t *cursor) L4_MUST_CHECK;
int aspace_unmap(struct cap *region, uint32_t *cursor) L4_MUST_CHECK;

/* Marks `as` as dying and puts it on the stack, if it is not there. */
void aspace_kill(struct aspace *as);
/* Works on the dying stack until `as` is gone (NULL: until the stack is empty). */
int aspace_reap(struct aspace *as);

#endif
