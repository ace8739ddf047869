/*
 * Device trees for the seeds, written by libfdt: a call that fails is a mistake in the seed.
 */
#ifndef FUZZ_TREE_H
#define FUZZ_TREE_H

#include <stdarg.h>
#include <string.h>

#include <libfdt.h>

#include "fuzz.h"

static inline void tree_begin(void *tree, size_t size)
{
    FUZZ_CHECK(fdt_create(tree, (int)size) == 0);
}

static inline void tree_reserve(void *tree, uint64_t base, uint64_t size)
{
    FUZZ_CHECK(fdt_add_reservemap_entry(tree, base, size) == 0);
}

/* After the reserved ranges. */
static inline void tree_root(void *tree)
{
    FUZZ_CHECK(fdt_finish_reservemap(tree) == 0);
    FUZZ_CHECK(fdt_begin_node(tree, "") == 0);
}

static inline void tree_node(void *tree, const char *name)
{
    FUZZ_CHECK(fdt_begin_node(tree, name) == 0);
}

static inline void tree_end(void *tree)
{
    FUZZ_CHECK(fdt_end_node(tree) == 0);
}

static inline void tree_string(void *tree, const char *name, const char *value)
{
    FUZZ_CHECK(fdt_property_string(tree, name, value) == 0);
}

/* `bytes` may be NULL for a flag. */
static inline void tree_bytes(void *tree, const char *name, const void *bytes, size_t size)
{
    FUZZ_CHECK(fdt_property(tree, name, size != 0 ? bytes : "", (int)size) == 0);
}

/* `count` unsigned ints. */
static inline void tree_cells(void *tree, const char *name, int count, ...)
{
    fdt32_t cells[32];
    va_list values;
    va_start(values, count);
    for (int i = 0; i < count; i++) {
        cells[i] = cpu_to_fdt32(va_arg(values, unsigned int));
    }
    va_end(values);
    tree_bytes(tree, name, cells, (size_t)count * 4);
}

/* Closes the root; returns the tree's size. */
static inline size_t tree_finish(void *tree)
{
    tree_end(tree);
    FUZZ_CHECK(fdt_finish(tree) == 0);
    return fdt_totalsize(tree);
}

#endif
