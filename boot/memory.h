/*
 * A map of free physical memory: disjoint, ascending, page-aligned ranges. Pure; unit tested.
 */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/bootinfo.h>

#define MEMORY_RANGES 32u

struct memory {
    uint32_t count;
    struct l4_boot_range range[MEMORY_RANGES];
};

/* Adds the whole pages of [base, base + size), merging with neighbours. False: overlap or no room
 * in the map. */
bool memory_add(struct memory *memory, uint64_t base, uint64_t size);

/* Takes away every page that [base, base + size) touches; parts that are not free are ignored.
 * False: no room in the map. */
bool memory_remove(struct memory *memory, uint64_t base, uint64_t size);

/* True when every byte of the range is free. */
bool memory_contains(const struct memory *memory, uint64_t base, uint64_t size);

/* Takes `size` bytes (rounded up to pages) from the lowest range that has them. False: none. */
bool memory_take(struct memory *memory, uint64_t size, uint64_t *base);

#endif
