/*
 * Range arithmetic at the edges of 64 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <l4/base/range.h>

static void fits(void **state)
{
    (void)state;
    assert_true(l4_range_fits(0, 10, 10));
    assert_true(l4_range_fits(10, 0, 10));
    assert_false(l4_range_fits(1, 10, 10));
    assert_false(l4_range_fits(11, 0, 10));
    assert_false(l4_range_fits(UINT64_MAX, 2, 10));
    assert_false(l4_range_fits(5, UINT64_MAX, 10));
    assert_true(l4_range_fits(0, UINT64_MAX, UINT64_MAX));
}

static void overlaps(void **state)
{
    (void)state;
    assert_true(l4_range_overlaps(0, 10, 9, 1));
    assert_false(l4_range_overlaps(0, 10, 10, 1));
    assert_false(l4_range_overlaps(5, 0, 0, 10));
    assert_true(l4_range_overlaps(2, 2, 0, 10));
}

static void aligns(void **state)
{
    (void)state;
    assert_int_equal(l4_align_up(1, 4096), 4096);
    assert_int_equal(l4_align_up(4096, 4096), 4096);
    assert_int_equal(l4_align_down(8191, 4096), 4096);
    assert_true(l4_is_aligned(0, 8));
    assert_false(l4_is_aligned(4, 8));
    assert_int_equal(l4_log2(1), 0);
    assert_int_equal(l4_log2(0x80000000u), 31);
    assert_int_equal(l4_log2(4097), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits),
        cmocka_unit_test(overlaps),
        cmocka_unit_test(aligns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
