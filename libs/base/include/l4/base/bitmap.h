/*
 * A bitmap over words that the owner provides: which of `count` small numbers are taken.
 */
#ifndef L4_BASE_BITMAP_H
#define L4_BASE_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

#define L4_BITMAP_WORDS(count) (((count) + 31u) / 32u)
#define L4_BITMAP_NONE 0xffffffffu

/* All `count` bits clear. */
void l4_bitmap_clear_all(uint32_t *words, uint32_t count);

/* Sets the lowest clear bit below `count` and returns its number; L4_BITMAP_NONE when all are set.
 */
uint32_t l4_bitmap_take(uint32_t *words, uint32_t count);

static inline bool l4_bitmap_test(const uint32_t *words, uint32_t bit)
{
    return ((words[bit / 32u] >> (bit % 32u)) & 1u) != 0;
}

static inline void l4_bitmap_set(uint32_t *words, uint32_t bit)
{
    words[bit / 32u] |= 1u << (bit % 32u);
}

static inline void l4_bitmap_clear(uint32_t *words, uint32_t bit)
{
    words[bit / 32u] &= ~(1u << (bit % 32u));
}

#endif
