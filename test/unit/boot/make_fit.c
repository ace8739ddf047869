#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bearssl_hash.h>
#include <libfdt.h>

#include "make_fit.h"

#define TREE_SIZE 1024
#define PAGE 4096

static void number(void *tree, const char *name, uint64_t value)
{
    if (value > UINT32_MAX) {
        assert_int_equal(fdt_property_u64(tree, name, value), 0);
    } else {
        assert_int_equal(fdt_property_u32(tree, name, (uint32_t)value), 0);
    }
}

static void image(void *tree, const char *name, const struct make_fit *how, uint64_t offset)
{
    uint8_t hash[32];
    br_sha256_context context;
    br_sha256_init(&context);
    br_sha256_update(&context, MAKE_FIT_DATA, sizeof MAKE_FIT_DATA);
    br_sha256_out(&context, hash);

    assert_int_equal(fdt_begin_node(tree, name), 0);
    if (how->inside) {
        assert_int_equal(fdt_property(tree, "data", MAKE_FIT_DATA, sizeof MAKE_FIT_DATA), 0);
    } else {
        number(tree, how->position ? "data-position" : "data-offset",
               offset + (how->position ? PAGE : 0) + how->offset_add);
        if (!how->no_size) {
            number(tree, "data-size", sizeof MAKE_FIT_DATA + how->size_add);
        }
    }
    if (!how->no_hash) {
        assert_int_equal(fdt_begin_node(tree, "hash-1"), 0);
        assert_int_equal(fdt_property_string(tree, "algo", how->algo ? how->algo : "sha256"), 0);
        assert_int_equal(fdt_property(tree, "value", hash, how->short_hash ? 20 : 32), 0);
        assert_int_equal(fdt_end_node(tree), 0);
    }
    assert_int_equal(fdt_end_node(tree), 0);
}

uint8_t *make_fit(const struct make_fit *how, size_t *size)
{
    uint64_t tree_words[TREE_SIZE / 8];
    void *const tree = tree_words;
    assert_int_equal(fdt_create(tree, TREE_SIZE), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    assert_int_equal(fdt_begin_node(tree, ""), 0);
    assert_int_equal(fdt_begin_node(tree, how->no_images ? "nothing" : "images"), 0);
    image(tree, "kernel", how, 0);
    image(tree, "other@1", how, PAGE);
    assert_int_equal(fdt_end_node(tree), 0);
    assert_int_equal(fdt_end_node(tree), 0);
    assert_int_equal(fdt_finish(tree), 0);

    *size = 2 * PAGE + sizeof MAKE_FIT_DATA;
    uint8_t *const fit = calloc(1, *size);
    memcpy(fit, tree, fdt_totalsize(tree));
    fdt_set_totalsize(fit, PAGE);
    memcpy(fit + PAGE, MAKE_FIT_DATA, sizeof MAKE_FIT_DATA);
    memcpy(fit + 2 * PAGE, MAKE_FIT_DATA, sizeof MAKE_FIT_DATA);
    return fit;
}
