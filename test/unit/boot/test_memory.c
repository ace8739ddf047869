/*
 * The loader's map of free memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <memory.h>

static struct memory memory;

static int set_up(void **state)
{
    (void)state;
    memset(&memory, 0, sizeof memory);
    return 0;
}

static void expect(uint32_t index, uint64_t base, uint64_t size)
{
    assert_true(index < memory.count);
    assert_int_equal(memory.range[index].base, base);
    assert_int_equal(memory.range[index].size, size);
}

static void adds_whole_pages_and_merges(void **state)
{
    (void)state;
    assert_true(memory_add(&memory, 0x40000800, 0x2000)); /* 0x40001000 .. 0x40002000 */
    expect(0, 0x40001000, 0x1000);
    assert_true(memory_add(&memory, 0x40003000, 0x1000));
    assert_true(memory_add(&memory, 0x40002000, 0x1000)); /* closes the gap */
    assert_int_equal(memory.count, 1);
    expect(0, 0x40001000, 0x3000);
    assert_true(memory_add(&memory, 0x40000000, 0x1000)); /* before */
    assert_true(memory_add(&memory, 0x40004000, 0x1000)); /* behind */
    assert_int_equal(memory.count, 1);
    expect(0, 0x40000000, 0x5000);
    assert_true(memory_add(&memory, 0x50000001, 0xffe)); /* no whole page */
    assert_int_equal(memory.count, 1);
    assert_false(memory_add(&memory, 0x40004000, 0x2000)); /* overlap */
    assert_false(memory_add(&memory, 0x3ffff000, 0x2000));
}

static void removes_every_touched_page(void **state)
{
    (void)state;
    assert_true(memory_add(&memory, 0x40000000, 0x10000));
    assert_true(memory_remove(&memory, 0x40004800, 0x1000)); /* touches two pages */
    assert_int_equal(memory.count, 2);
    expect(0, 0x40000000, 0x4000);
    expect(1, 0x40006000, 0xa000);
    assert_true(memory_remove(&memory, 0x3fff0000, 0x11000)); /* the start */
    expect(0, 0x40001000, 0x3000);
    assert_true(memory_remove(&memory, 0x4000f000, 0x100000)); /* the end */
    expect(1, 0x40006000, 0x9000);
    assert_true(memory_remove(&memory, 0x40002000, 0x5000)); /* across two ranges */
    assert_int_equal(memory.count, 2);
    expect(0, 0x40001000, 0x1000);
    expect(1, 0x40007000, 0x8000);
    assert_true(memory_remove(&memory, 0, 0x80000000));
    assert_int_equal(memory.count, 0);
}

static void says_what_is_free(void **state)
{
    (void)state;
    assert_true(memory_add(&memory, 0x40000000, 0x4000));
    assert_true(memory_contains(&memory, 0x40000000, 0x4000));
    assert_true(memory_contains(&memory, 0x40003fff, 1));
    assert_false(memory_contains(&memory, 0x40003fff, 2));
    assert_false(memory_contains(&memory, 0x3fffffff, 2));
    assert_false(memory_contains(&memory, 0x40001000, UINT64_MAX));
}

static void takes_the_lowest_that_fits(void **state)
{
    (void)state;
    uint64_t base = 0;
    assert_true(memory_add(&memory, 0x40000000, 0x1000));
    assert_true(memory_add(&memory, 0x40010000, 0x4000));
    assert_true(memory_take(&memory, 0x1001, &base));
    assert_int_equal(base, 0x40010000);
    assert_true(memory_take(&memory, 1, &base));
    assert_int_equal(base, 0x40000000);
    assert_false(memory_take(&memory, 0x3000, &base));
    assert_true(memory_take(&memory, 0x2000, &base));
    assert_int_equal(memory.count, 0);
}

static void refuses_when_the_map_is_full(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MEMORY_RANGES; i++) {
        assert_true(memory_add(&memory, 0x40000000 + i * 0x10000u, 0x3000));
    }
    assert_false(memory_add(&memory, 0x60000000, 0x1000));
    assert_false(memory_remove(&memory, 0x40001000, 0x1000)); /* would make two of one */
}

static void takes_sizes_beyond_the_last_address(void **state)
{
    (void)state;
    assert_true(memory_add(&memory, 0x40000000, 0x20000000));
    assert_true(memory_remove(&memory, 0x48000000, 0)); /* nothing */
    assert_int_equal(memory.count, 1);
    assert_true(memory_remove(&memory, 0x48000000, 0xfffffffffffff000)); /* all that follows */
    assert_int_equal(memory.count, 1);
    expect(0, 0x40000000, 0x8000000);
    assert_true(memory_remove(&memory, 0x44000000, UINT64_MAX));
    assert_int_equal(memory.count, 1);
    expect(0, 0x40000000, 0x4000000);
    assert_true(memory_remove(&memory, UINT64_MAX, UINT64_MAX));
    assert_true(memory_add(&memory, UINT64_MAX, UINT64_MAX)); /* no whole page */
    assert_int_equal(memory.count, 1);
    assert_false(memory_add(&memory, 0x3fff0000, UINT64_MAX)); /* overlap */
    expect(0, 0x40000000, 0x4000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(adds_whole_pages_and_merges, set_up),
        cmocka_unit_test_setup(removes_every_touched_page, set_up),
        cmocka_unit_test_setup(says_what_is_free, set_up),
        cmocka_unit_test_setup(takes_the_lowest_that_fits, set_up),
        cmocka_unit_test_setup(refuses_when_the_map_is_full, set_up),
        cmocka_unit_test_setup(takes_sizes_beyond_the_last_address, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
