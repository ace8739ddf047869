/*
 * Bitmap: lowest clear bit first, limits that are not multiples of 32.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <l4/base/bitmap.h>

static void takes_the_lowest(void **state)
{
    (void)state;
    uint32_t words[L4_BITMAP_WORDS(70)];
    l4_bitmap_clear_all(words, 70);
    for (uint32_t i = 0; i < 70; i++) {
        assert_int_equal(l4_bitmap_take(words, 70), i);
    }
    assert_int_equal(l4_bitmap_take(words, 70), L4_BITMAP_NONE);
    l4_bitmap_clear(words, 33);
    assert_false(l4_bitmap_test(words, 33));
    assert_int_equal(l4_bitmap_take(words, 70), 33);
    assert_int_equal(l4_bitmap_take(words, 70), L4_BITMAP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_lowest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
