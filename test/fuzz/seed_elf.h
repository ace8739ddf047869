/*
 * Small ELF executables for the seeds.
 */
#ifndef FUZZ_SEED_ELF_H
#define FUZZ_SEED_ELF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SEED_ELF_CONTENT 64u

static inline void seed_word(uint8_t *to, uint32_t value)
{
    for (unsigned int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

/* `segments` segments of 64 bytes of content and 128 in memory, from `base` on, a page apart.
 * Returns the file's size. */
static inline size_t seed_elf(uint8_t *data, uint32_t segments, uint32_t base)
{
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    const uint32_t content = 52 + 32 * segments;
    memcpy(data, ident, sizeof ident);
    seed_word(data + 16, 2u | 40u << 16); /* executable, ARM */
    seed_word(data + 20, 1);
    seed_word(data + 24, base); /* entry */
    seed_word(data + 28, 52);   /* program headers */
    seed_word(data + 40, 52u | 32u << 16);
    seed_word(data + 44, segments);
    for (uint32_t i = 0; i < segments; i++) {
        uint8_t *const header = data + 52 + 32 * (size_t)i;
        seed_word(header, 1);
        seed_word(header + 4, content);
        seed_word(header + 8, base + 0x1000u * i);
        seed_word(header + 12, base + 0x1000u * i);
        seed_word(header + 16, SEED_ELF_CONTENT);
        seed_word(header + 20, 2 * SEED_ELF_CONTENT);
        seed_word(header + 24, i == 0 ? 5 : 6);
        seed_word(header + 28, 0x1000);
    }
    memset(data + content, 0xa5, SEED_ELF_CONTENT);
    return content + SEED_ELF_CONTENT;
}

#endif
