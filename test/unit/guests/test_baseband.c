/*
 * The radio's filter and the signal strength that is measured behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baseband.h"

static uint32_t measure(struct baseband *baseband)
{
    for (uint32_t i = 0; i < 26; i++) {
        baseband_block(baseband);
    }
    return baseband_measure(baseband);
}

static void test_signal(void **state)
{
    struct baseband baseband;

    (void)state;
    baseband_start(&baseband);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t signal = measure(&baseband);

        assert_in_range(signal, 25, 31);
    }
}

static void test_nothing(void **state)
{
    struct baseband baseband;

    (void)state;
    baseband_start(&baseband);
    assert_int_equal(baseband_measure(&baseband), 99);
    measure(&baseband);
    assert_int_equal(baseband_measure(&baseband), 99);
}

/* A weaker signal counts less: energy a hundred times smaller is 20 dB, ten steps, give or take the
 * rounding to whole factors of four. */
static void test_weaker(void **state)
{
    struct baseband strong;
    struct baseband weak;

    (void)state;
    baseband_start(&strong);
    baseband_block(&strong);
    weak = strong;
    weak.energy /= 100;
    assert_in_range(baseband_measure(&strong) - baseband_measure(&weak), 9, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_weaker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
