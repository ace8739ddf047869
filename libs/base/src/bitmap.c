#include <l4/base/bitmap.h>

void l4_bitmap_clear_all(uint32_t *words, uint32_t count)
{
    for (uint32_t i = 0; i < L4_BITMAP_WORDS(count); i++) {
        words[i] = 0;
    }
}

uint32_t l4_bitmap_take(uint32_t *words, uint32_t count)
{
    for (uint32_t i = 0; i < L4_BITMAP_WORDS(count); i++) {
        if (words[i] == UINT32_MAX) {
            continue;
        }
        const uint32_t bit = i * 32u + (uint32_t)__builtin_ctz(~words[i]);
        if (bit >= count) {
            return L4_BITMAP_NONE;
        }
        l4_bitmap_set(words, bit);
        return bit;
    }
    return L4_BITMAP_NONE;
}
