/*
 * ELF executables for this processor: 32-bit little-endian ARM, statically linked.
 */
#ifndef L4_FORMAT_ELF_H
#define L4_FORMAT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/format/error.h>

struct elf {
    const uint8_t *data;
    size_t size;
    uint32_t entry; /* bit 0: Thumb */
    uint32_t headers;
    uint32_t header_count;
};

enum elf_segment_flags {
    ELF_EXEC = 1,
    ELF_WRITE = 2,
    ELF_READ = 4,
};

/* A loadable segment: `file_size` bytes at data + offset, then zeros up to `size`. */
struct elf_segment {
    uint32_t offset;
    uint32_t file_size;
    uint32_t va;
    uint32_t pa;
    uint32_t size;
    uint32_t flags; /* enum elf_segment_flags */
};

/* Checks the header. Errors: FORMAT. */
L4_MUST_CHECK l4_status_t elf_open(struct elf *elf, const void *data, size_t size,
                                   struct format_error *error);

/* The loadable, non-empty segment at or after program header *index, which moves past it. Errors:
 * NOT_FOUND (no more), FORMAT (it lies outside the file, or wraps around the address space). */
L4_MUST_CHECK l4_status_t elf_next_segment(const struct elf *elf, uint32_t *index,
                                           struct elf_segment *segment, struct format_error *error);

#endif
