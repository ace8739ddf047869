/*
 * Pool: the memory that user level has donated to one address space, from which its page tables,
 * capability tables and objects come. There is no other allocator in the kernel.
 *
 * Sizes are powers of two from 128 bytes to a page (twice that on a 64-bit host, pages excepted).
 * Memory is zeroed when it is handed out. Pages cut into smaller chunks stay cut until the pool is
 * dissolved.
 */
#ifndef KERNEL_POOL_H
#define KERNEL_POOL_H

#include <kernel/types.h>

enum pool_class { POOL_128, POOL_512, POOL_1024, POOL_PAGE, POOL_CLASSES };

struct pool_chunk {
    struct pool_chunk *next;
};

struct pool {
    struct pool_chunk *free[POOL_CLASSES];
    struct pool_chunk *clean; /* free pages that are zero but for the link */
    frame_t fresh;            /* never handed out: fresh .. fresh + fresh_frames */
    uint32_t fresh_frames;    /* ranges that wait behind it hang in `ranges` */
    struct pool_range *ranges;
    uint32_t free_bytes;
    uint32_t total_bytes;
};

void pool_init(struct pool *p);
/* Adds frames; constant time, the memory is cleared when handed out. */
void pool_add(struct pool *p, frame_t frame, uint32_t frames);
/* Zeroed memory of the class, or NULL. At most two pages are cleared. */
void *pool_alloc(struct pool *p, enum pool_class size_class);
/* `inside`: anywhere in what was handed out. */
void pool_free(struct pool *p, void *inside, enum pool_class size_class);
/* A page that is all zero: it is handed out again without clearing. */
void pool_free_clean(struct pool *p, void *page);

#endif
