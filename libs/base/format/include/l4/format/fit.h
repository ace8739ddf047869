/*
 * FIT packages (flattened image tree) with external data, as `mkimage -E` makes them.
 *
 * The reader keeps no state but struct fit and believes nothing: offsets and sizes are checked
 * against the package's real size, and fit_verify() computes an image's SHA-256.
 */
#ifndef L4_FORMAT_FIT_H
#define L4_FORMAT_FIT_H

#include <stddef.h>
#include <stdint.h>

#include <l4/format/error.h>

#define FIT_HASH_SIZE 32u

struct fit {
    const uint8_t *base;
    size_t size;
    size_t data_base; /* what data-offset counts from */
};

struct fit_image {
    const char *name;
    const uint8_t *data;
    size_t offset; /* of data, from the package's start */
    size_t size;
    const uint8_t *hash; /* SHA-256, FIT_HASH_SIZE bytes */
};

/* The package in `size` bytes at `base` (8-byte aligned). Errors: FORMAT. */
L4_MUST_CHECK l4_status_t fit_open(struct fit *fit, const void *base, size_t size,
                                   struct format_error *error);

/* The image called `name`, not yet verified. Errors: NOT_FOUND, FORMAT. */
L4_MUST_CHECK l4_status_t fit_find(const struct fit *fit, const char *name, struct fit_image *image,
                                   struct format_error *error);

/* Computes the image's hash and compares. Errors: HASH. */
L4_MUST_CHECK l4_status_t fit_verify(const struct fit_image *image, struct format_error *error);

#endif
