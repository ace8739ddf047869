/*
 * Address windows: first fit, alignment, exact places, exhaustion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <l4/base/window.h>

static struct l4_window window;

static int set_up(void **state)
{
    (void)state;
    l4_window_init(&window, 0x1000, 0x10000);
    return 0;
}

static uint32_t take(uint32_t size, uint32_t align)
{
    uint32_t base = 0;
    assert_int_equal(l4_window_take(&window, size, align, &base), L4_OK);
    return base;
}

static void first_fit_fills_gaps(void **state)
{
    (void)state;
    assert_int_equal(take(0x1000, 0x1000), 0x1000);
    assert_int_equal(take(0x2000, 0x1000), 0x2000);
    assert_int_equal(take(0x1000, 0x4000), 0x4000);
    assert_int_equal(l4_window_give(&window, 0x2000), L4_OK);
    assert_int_equal(take(0x3000, 0x1000), 0x5000); /* the gap is too small */
    assert_int_equal(take(0x2000, 0x2000), 0x2000);
    assert_int_equal(l4_window_give(&window, 0x3000), L4_ERR_NOT_FOUND);
}

static void aligns_behind_what_is_taken(void **state)
{
    (void)state;
    assert_int_equal(take(0x1000, 0x1000), 0x1000);
    assert_int_equal(take(0x1000, 0x1000), 0x2000);
    assert_int_equal(take(0x1000, 0x4000), 0x4000);
    assert_int_equal(take(0x1000, 0x2000), 0x6000);
}

static void exact_places(void **state)
{
    (void)state;
    uint32_t base = 0;
    assert_int_equal(l4_window_take_at(&window, 0x8000, 0x1000), L4_OK);
    assert_int_equal(l4_window_take_at(&window, 0x8000, 0x1000), L4_ERR_EXISTS);
    assert_int_equal(l4_window_take_at(&window, 0x7000, 0x2000), L4_ERR_EXISTS);
    assert_int_equal(l4_window_take_at(&window, 0x7000, 0x1000), L4_OK);
    assert_int_equal(l4_window_take_at(&window, 0, 0x1000), L4_ERR_RANGE);
    assert_int_equal(l4_window_take_at(&window, 0x10000, 0x2000), L4_ERR_RANGE);
    assert_int_equal(l4_window_take_at(&window, 0x9000, 0), L4_ERR_INVALID);
    assert_int_equal(l4_window_take(&window, 0x10000, 0x1000, &base), L4_ERR_NO_MEMORY);
    assert_int_equal(l4_window_take(&window, UINT32_MAX, 0x1000, &base), L4_ERR_NO_MEMORY);
    assert_int_equal(l4_window_take(&window, 0, 0x1000, &base), L4_ERR_INVALID);
}

static void runs_out_of_entries(void **state)
{
    (void)state;
    uint32_t base = 0;
    l4_window_init(&window, 0, 0x1000000);
    for (uint32_t i = 0; i < L4_WINDOW_RANGES; i++) {
        assert_int_equal(take(0x1000, 0x1000), i * 0x1000);
    }
    assert_int_equal(l4_window_take(&window, 0x1000, 0x1000, &base), L4_ERR_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_fit_fills_gaps, set_up),
        cmocka_unit_test_setup(aligns_behind_what_is_taken, set_up),
        cmocka_unit_test_setup(exact_places, set_up),
        cmocka_unit_test_setup(runs_out_of_entries, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
