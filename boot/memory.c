#include "memory.h"

#include <l4/base/range.h>

static void delete_at(struct memory *memory, uint32_t index)
{
    memory->count--;
    for (uint32_t i = index; i < memory->count; i++) {
        memory->range[i] = memory->range[i + 1];
    }
}

static bool insert_at(struct memory *memory, uint32_t index, uint64_t base, uint64_t size)
{
    if (memory->count == MEMORY_RANGES) {
        return false;
    }
    for (uint32_t i = memory->count; i > index; i--) {
        memory->range[i] = memory->range[i - 1];
    }
    memory->range[index].base = base;
    memory->range[index].size = size;
    memory->count++;
    return true;
}

static uint64_t range_end(const struct l4_boot_range *range)
{
    return range->base + range->size;
}

#define LAST_PAGE l4_align_down(UINT64_MAX, L4_PAGE_SIZE)

/* base + size, or the last page boundary that 64 bits hold: device trees say anything. */
static uint64_t end_of(uint64_t base, uint64_t size)
{
    return base < LAST_PAGE && size < LAST_PAGE - base ? base + size : LAST_PAGE;
}

bool memory_add(struct memory *memory, uint64_t base, uint64_t size)
{
    const uint64_t start = l4_align_up(base < LAST_PAGE ? base : LAST_PAGE, L4_PAGE_SIZE);
    const uint64_t end = l4_align_down(end_of(base, size), L4_PAGE_SIZE);
    if (start >= end) {
        return true;
    }
    uint32_t index = 0;
    while (index < memory->count && memory->range[index].base < start) {
        index++;
    }
    struct l4_boot_range *const before = index > 0 ? &memory->range[index - 1] : NULL;
    struct l4_boot_range *const after = index < memory->count ? &memory->range[index] : NULL;
    if ((before != NULL && range_end(before) > start) || (after != NULL && after->base < end)) {
        return false;
    }
    const bool joins_before = before != NULL && range_end(before) == start;
    const bool joins_after = after != NULL && after->base == end;
    if (joins_before && joins_after) {
        before->size += (end - start) + after->size;
        delete_at(memory, index);
    } else if (joins_before) {
        before->size += end - start;
    } else if (joins_after) {
        after->size += end - start;
        after->base = start;
    } else {
        return insert_at(memory, index, start, end - start);
    }
    return true;
}

bool memory_remove(struct memory *memory, uint64_t base, uint64_t size)
{
    const uint64_t start = l4_align_down(base, L4_PAGE_SIZE);
    const uint64_t end = l4_align_up(end_of(base, size), L4_PAGE_SIZE);
    uint32_t i = 0;
    while (size != 0 && i < memory->count) {
        struct l4_boot_range *const range = &memory->range[i];
        const uint64_t stop = range_end(range);
        if (range->base >= end || stop <= start) {
            i++;
        } else if (start <= range->base && end >= stop) {
            delete_at(memory, i);
        } else if (start <= range->base) {
            range->base = end;
            range->size = stop - end;
            i++;
        } else {
            range->size = start - range->base;
            if (end < stop && !insert_at(memory, i + 1, end, stop - end)) {
                return false;
            }
            i++;
        }
    }
    return true;
}

bool memory_contains(const struct memory *memory, uint64_t base, uint64_t size)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct l4_boot_range *const range = &memory->range[i];
        if (base >= range->base && l4_range_fits(base - range->base, size, range->size)) {
            return true;
        }
    }
    return false;
}

bool memory_take(struct memory *memory, uint64_t size, uint64_t *base)
{
    size = l4_align_up(size, L4_PAGE_SIZE);
    for (uint32_t i = 0; i < memory->count; i++) {
        if (memory->range[i].size >= size) {
            *base = memory->range[i].base;
            return memory_remove(memory, *base, size);
        }
    }
    return false;
}
