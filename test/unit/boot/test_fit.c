/*
 * FIT reading: what mkimage makes, and packages that are damaged or made to harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <l4/format/fit.h>

#include "make_fit.h"

static uint8_t *package;
static size_t package_size;
static struct fit fit;
static struct fit_image image;
static struct format_error error;

static void make(struct make_fit how)
{
    free(package);
    package = make_fit(&how, &package_size);
}

static int tear_down(void **state)
{
    (void)state;
    free(package);
    package = NULL;
    return 0;
}

static l4_status_t find(struct make_fit how)
{
    make(how);
    assert_int_equal(fit_open(&fit, package, package_size, &error), L4_OK);
    return fit_find(&fit, "kernel", &image, &error);
}

static void expect_good(struct make_fit how)
{
    assert_int_equal(find(how), L4_OK);
    assert_int_equal(image.size, sizeof MAKE_FIT_DATA);
    assert_memory_equal(image.data, MAKE_FIT_DATA, sizeof MAKE_FIT_DATA);
    assert_ptr_equal(package + image.offset, image.data);
    assert_string_equal(image.name, "kernel");
    assert_int_equal(fit_verify(&image, &error), L4_OK);
}

static void finds_and_verifies(void **state)
{
    (void)state;
    expect_good((struct make_fit){0});
    expect_good((struct make_fit){.position = true});
    expect_good((struct make_fit){.inside = true});
}

static void tells_unknown_images(void **state)
{
    (void)state;
    make((struct make_fit){0});
    assert_int_equal(fit_open(&fit, package, package_size, &error), L4_OK);
    assert_int_equal(fit_find(&fit, "nothing", &image, &error), L4_ERR_NOT_FOUND);
    assert_int_equal(fit_find(&fit, "other", &image, &error), L4_ERR_NOT_FOUND);
    assert_int_equal(fit_find(&fit, "kernel/hash-1", &image, &error), L4_ERR_NOT_FOUND);
    assert_int_equal(fit_find(&fit, "other@1", &image, &error), L4_OK);
}

static void sees_one_wrong_bit(void **state)
{
    (void)state;
    assert_int_equal(find((struct make_fit){0}), L4_OK);
    package[image.offset + image.size - 1] ^= 0x10;
    assert_int_equal(fit_verify(&image, &error), L4_ERR_HASH);
    assert_string_equal(error.where, "hash-1");
}

static void refuses_places_outside(void **state)
{
    (void)state;
    static const uint64_t add[] = {
        0x2000,     0x100000,           0x80000000u,        0xffffe000u,
        0xffffffff, 0xffffffffffff0000, 0xffffffffffffe000, 0x7fffffffffffffff,
    };
    for (size_t i = 0; i < sizeof add / sizeof add[0]; i++) {
        assert_int_equal(find((struct make_fit){.size_add = add[i]}), L4_ERR_FORMAT);
        assert_int_equal(find((struct make_fit){.offset_add = add[i]}), L4_ERR_FORMAT);
        assert_int_equal(find((struct make_fit){.position = true, .offset_add = add[i]}),
                         L4_ERR_FORMAT);
    }
    assert_int_equal(find((struct make_fit){.size_add = (uint64_t)0 - sizeof MAKE_FIT_DATA}),
                     L4_ERR_FORMAT); /* empty */
    assert_int_equal(find((struct make_fit){.no_size = true}), L4_ERR_FORMAT);
}

static void wants_a_sha256(void **state)
{
    (void)state;
    assert_int_equal(find((struct make_fit){.no_hash = true}), L4_ERR_FORMAT);
    assert_int_equal(find((struct make_fit){.algo = "crc32"}), L4_ERR_FORMAT);
    assert_int_equal(find((struct make_fit){.short_hash = true}), L4_ERR_FORMAT);
}

static void refuses_what_is_no_package(void **state)
{
    (void)state;
    uint64_t nothing[64] = {0};
    assert_int_equal(fit_open(&fit, nothing, sizeof nothing, &error), L4_ERR_FORMAT);
    assert_int_equal(fit_open(&fit, (uint8_t *)nothing + 4, 64, &error), L4_ERR_FORMAT);
    make((struct make_fit){.no_images = true});
    assert_int_equal(fit_open(&fit, package, package_size, &error), L4_ERR_FORMAT);
    make((struct make_fit){0});
    for (size_t size = 0; size < 4096; size += 8) {
        assert_int_equal(fit_open(&fit, package, size, &error), L4_ERR_FORMAT);
    }
    /* Cut behind the tree: it opens, but the image is not whole. */
    assert_int_equal(fit_open(&fit, package, 4096 + 4, &error), L4_OK);
    assert_int_equal(fit_find(&fit, "kernel", &image, &error), L4_ERR_FORMAT);
}

static void survives_corruption(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x03, 0x20, 0x80, 0xff};
    make((struct make_fit){0});
    for (size_t at = 0; at < 1024; at++) {
        const uint8_t kept = package[at];
        for (size_t i = 0; i < sizeof values; i++) {
            package[at] = values[i];
            if (fit_open(&fit, package, package_size, &error) == L4_OK &&
                fit_find(&fit, "kernel", &image, &error) == L4_OK) {
                (void)(fit_verify(&image, &error) == L4_OK);
            }
        }
        package[at] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(finds_and_verifies, tear_down),
        cmocka_unit_test_teardown(tells_unknown_images, tear_down),
        cmocka_unit_test_teardown(sees_one_wrong_bit, tear_down),
        cmocka_unit_test_teardown(refuses_places_outside, tear_down),
        cmocka_unit_test_teardown(wants_a_sha256, tear_down),
        cmocka_unit_test_teardown(refuses_what_is_no_package, tear_down),
        cmocka_unit_test_teardown(survives_corruption, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
