/*
 * Trees for the tests of the configuration reader, written by libfdt.
 */
#ifndef TEST_INIT_TREE_H
#define TEST_INIT_TREE_H

#include <stdarg.h>
#include <string.h>

#include <libfdt.h>

#include <init/config.h>

#define TREE_SIZE 16384

static uint64_t tree_words[TREE_SIZE / 8];
static void *const tree = tree_words;

static inline void string(const char *name, const char *value)
{
    assert_int_equal(fdt_property_string(tree, name, value), 0);
}

static inline void flag(const char *name)
{
    assert_int_equal(fdt_property(tree, name, "", 0), 0);
}

static inline void cells(const char *name, uint32_t count, ...)
{
    fdt32_t big[16];
    va_list values;
    va_start(values, count);
    for (uint32_t i = 0; i < count; i++) {
        big[i] = cpu_to_fdt32(va_arg(values, uint32_t));
    }
    va_end(values);
    assert_int_equal(fdt_property(tree, name, big, (int)(4 * count)), 0);
}

static inline void node(const char *name)
{
    assert_int_equal(fdt_begin_node(tree, name), 0);
}

static inline void end(void)
{
    assert_int_equal(fdt_end_node(tree), 0);
}

#endif
