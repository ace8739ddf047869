/*
 * The board's RAM: which root region a range comes from, and init's own short mappings.
 */
#include <l4/memory.h>

#include "init.h"

static bool unsplit(const struct l4_root_region *region, uint32_t *bytes)
{
    struct l4_region_info info;
    if (region->kind != L4_ROOT_RAM || l4_region_info(region->cap, &info) != L4_OK) {
        return false;
    }
    *bytes = info.unsplit;
    return true;
}

uint64_t memory_free(void)
{
    uint64_t total = 0;
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < init.root->region_count; i++) {
        if (unsplit(&init.root->region[i], &bytes)) {
            total += bytes;
        }
    }
    return total;
}

/* From the smallest region that can: the large ones stay for those who need them. */
l4_status_t memory_take(uint32_t size, uint32_t align_log2, l4_cap_t *region)
{
    const l4_cap_t slot = init_slot();
    uint32_t floor = size;
    for (;;) {
        const struct l4_root_region *best = NULL;
        uint32_t best_bytes = 0;
        for (uint32_t i = 0; i < init.root->region_count; i++) {
            uint32_t bytes = 0;
            if (unsplit(&init.root->region[i], &bytes) && bytes >= floor &&
                (best == NULL || bytes < best_bytes)) {
                best = &init.root->region[i];
                best_bytes = bytes;
            }
        }
        if (best == NULL) {
            l4_slots_give(&init.slots, slot);
            return L4_ERR_NO_MEMORY;
        }
        if (l4_region_split(best->cap, size, align_log2, slot) == L4_OK) {
            *region = slot;
            return L4_OK;
        }
        floor = best_bytes + 1; /* lost to alignment: the next larger one */
    }
}

l4_status_t memory_split(l4_cap_t arena, uint32_t size, uint32_t align_log2, l4_cap_t *region)
{
    *region = init_slot();
    return l4_region_split(arena, size, align_log2, *region);
}

l4_status_t memory_map(l4_cap_t region, void **address)
{
    *address = (void *)MEMORY_SCRATCH;
    return l4_aspace_map(L4_ROOT_ASPACE, region, MEMORY_SCRATCH, L4_MAP_READ | L4_MAP_WRITE);
}

l4_status_t memory_unmap(l4_cap_t region)
{
    return l4_aspace_unmap(L4_ROOT_ASPACE, region);
}
