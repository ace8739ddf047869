/*
 * Host: a plain two-level table. An entry of the directory stands for 2 MiB: nothing, a block, or a
 * table of pages; directory and tables are pages of the pool, as on a processor.
 */
#ifndef ARCH_ASPACE_TYPES_H
#define ARCH_ASPACE_TYPES_H

#include <stdint.h>

struct arch_aspace {
    struct fake_directory *directory[4]; /* 1 GiB each */
    uint32_t tag;                        /* 0: none */
    uint32_t tables;                     /* pages taken from the pool */
};

#endif
