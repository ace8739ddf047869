/*
 * Which slots of one's capability table are free. Plain data of its owner; the kernel is not asked.
 */
#ifndef L4_SLOTS_H
#define L4_SLOTS_H

#include <l4/abi/status.h>
#include <l4/abi/types.h>
#include <l4/base/bitmap.h>

#define L4_SLOTS_MAX 512u

struct l4_slots {
    l4_cap_t first;
    uint32_t count;
    uint32_t taken[L4_BITMAP_WORDS(L4_SLOTS_MAX)];
};

/* Slots [first, end) of the table are free; beyond L4_SLOTS_MAX they are not used. */
static inline void l4_slots_init(struct l4_slots *slots, l4_cap_t first, uint32_t end)
{
    slots->first = first;
    slots->count = end - first < L4_SLOTS_MAX ? end - first : L4_SLOTS_MAX;
    l4_bitmap_clear_all(slots->taken, slots->count);
}

/* Errors: NO_MEMORY. */
static inline L4_MUST_CHECK l4_status_t l4_slots_take(struct l4_slots *slots, l4_cap_t *slot)
{
    const uint32_t bit = l4_bitmap_take(slots->taken, slots->count);
    if (bit == L4_BITMAP_NONE) {
        return L4_ERR_NO_MEMORY;
    }
    *slot = slots->first + bit;
    return L4_OK;
}

/* The caller has emptied the slot. 0 is ignored. */
static inline void l4_slots_give(struct l4_slots *slots, l4_cap_t slot)
{
    if (slot >= slots->first && slot - slots->first < slots->count) {
        l4_bitmap_clear(slots->taken, slot - slots->first);
    }
}

#endif
