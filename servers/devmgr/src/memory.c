/*
 * Memory of sessions and queues: pieces of the region that init gave, mapped one after the other.
 * What is passed on of a piece can be read and written, no more: where it lies only devmgr knows.
 */
#include <l4/base/range.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "devmgr.h"

#define PIECE_RIGHTS (L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_INFO | L4_RIGHT_COPY)

static struct {
    l4_cap_t pages;
    uint64_t pa;
    uint32_t address;
    uint32_t used, size; /* bytes */
} memory;

void memory_init(const struct l4_start_devmgr *start)
{
    memory.pages = start->pages;
    memory.used = 0;
    memory.size = start->page_count * L4_PAGE_SIZE;
    l4_status_t status = l4_window_take(&devmgr.window, memory.size, L4_PAGE_SIZE, &memory.address);
    if (status == L4_OK) {
        status = l4_region_phys(memory.pages, &memory.pa);
    }
    if (status != L4_OK) {
        devmgr_fail("no addresses for the sessions' memory", status);
    }
}

l4_status_t memory_take(uint32_t size, struct dma *piece, l4_cap_t *region)
{
    size = (uint32_t)l4_align_up(size, L4_PAGE_SIZE);
    if (size > memory.size - memory.used) {
        return L4_ERR_NO_MEMORY;
    }
    const uint32_t address = memory.address + memory.used;
    *region = devmgr_slot();
    l4_status_t status = l4_region_share(memory.pages, memory.used, size, *region, PIECE_RIGHTS);
    if (status == L4_OK) {
        status = l4_aspace_map(L4_START_ASPACE, *region, address, L4_MAP_READ | L4_MAP_WRITE);
    }
    if (status != L4_OK) {
        devmgr_drop(region);
        return status;
    }
    *piece = (struct dma){
        .va = (uint8_t *)(uintptr_t)address, .pa = memory.pa + memory.used, .size = size};
    memory.used += size;
    return L4_OK;
}
