/*
 * Memory of sessions and queues: pieces of the region that init gave, mapped one after the other.
 */
#include <l4/base/range.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "devmgr.h"

static struct {
    l4_cap_t pages;
    uint32_t next; /* address */
    uint32_t left; /* bytes */
} memory;

void memory_init(const struct l4_start_devmgr *start)
{
    const uint32_t size = start->page_count * L4_PAGE_SIZE;
    const l4_status_t status = l4_window_take(&devmgr.window, size, L4_PAGE_SIZE, &memory.next);
    if (status != L4_OK) {
        devmgr_fail("no addresses for the sessions' memory", status);
    }
    memory.pages = start->pages;
    memory.left = size;
}

l4_status_t memory_take(uint32_t size, struct dma *piece, l4_cap_t *region)
{
    size = (uint32_t)l4_align_up(size, L4_PAGE_SIZE);
    if (size > memory.left) {
        return L4_ERR_NO_MEMORY;
    }
    *region = devmgr_slot();
    l4_status_t status = l4_region_split(memory.pages, size, L4_PAGE_SHIFT, *region);
    if (status == L4_OK) {
        status = l4_region_phys(*region, &piece->pa);
    }
    if (status == L4_OK) {
        status = l4_aspace_map(L4_START_ASPACE, *region, memory.next, L4_MAP_READ | L4_MAP_WRITE);
    }
    if (status != L4_OK) {
        devmgr_drop(region);
        return status;
    }
    piece->va = (uint8_t *)(uintptr_t)memory.next;
    piece->size = size;
    memory.next += size;
    memory.left -= size;
    return L4_OK;
}
