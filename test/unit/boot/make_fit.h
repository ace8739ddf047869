/*
 * Makes FIT packages with external data in memory, good or subtly bad.
 */
#ifndef TEST_MAKE_FIT_H
#define TEST_MAKE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct make_fit {
    bool no_images;
    bool inside;   /* data in the tree */
    bool position; /* data-position instead of data-offset */
    bool no_size;
    bool no_hash;
    const char *algo; /* of the hash; NULL: sha256 */
    bool short_hash;
    uint64_t offset_add; /* to the true data-offset or -position */
    uint64_t size_add;
};

#define MAKE_FIT_DATA "the image's contents"

/* A package with images "kernel" and "other@1" on the heap; the caller frees it. */
uint8_t *make_fit(const struct make_fit *how, size_t *size);

#endif
