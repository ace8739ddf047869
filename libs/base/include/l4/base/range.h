/*
 * Overflow-safe arithmetic on offsets, sizes and addresses that come from outside.
 */
#ifndef L4_BASE_RANGE_H
#define L4_BASE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* True when [offset, offset + size) lies inside [0, limit). */
static inline bool l4_range_fits(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

/* True when the two half-open ranges have an address in common; empty ranges have none. */
static inline bool l4_range_overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a_size != 0 && b_size != 0 && a < b + b_size && b < a + a_size;
}

/* `align` is a power of two. The caller knows that value + align does not overflow. */
static inline uint64_t l4_align_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) & ~(align - 1);
}

static inline uint64_t l4_align_down(uint64_t value, uint64_t align)
{
    return value & ~(align - 1);
}

static inline bool l4_is_aligned(uint64_t value, uint64_t align)
{
    return (value & (align - 1)) == 0;
}

/* log2 of the largest power of two that is not above `value` (value > 0). */
static inline uint32_t l4_log2(uint32_t value)
{
    return 31u - (uint32_t)__builtin_clz(value);
}

#endif
