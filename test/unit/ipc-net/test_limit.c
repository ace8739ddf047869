/*
 * Rate limits: the rate over a long time, the burst, the time named for going on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ipc_net/limit.h>

#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

static void test_no_limit(void **state)
{
    (void)state;
    struct limit limit;
    limit_init(&limit, 0, 10 * MS, 1);
    for (uint32_t i = 0; i < 100000; i++) {
        assert_true(limit_allows(&limit, 5));
        limit_charge(&limit, 1518, 5);
    }
}

/* Units let through in `ns` by somebody who always wants more and waits as told. */
static uint64_t through(struct limit *limit, uint32_t units, uint64_t ns)
{
    uint64_t total = 0;
    uint64_t now = 0;
    while (now <= ns) {
        if (!limit_allows(limit, now)) {
            assert_true(limit_ready(limit) > now);
            now = limit_ready(limit);
            continue;
        }
        limit_charge(limit, units, now);
        total += units;
    }
    return total;
}

static void test_rate(void **state)
{
    (void)state;
    static const uint32_t kbps[] = {1, 64, 1000, 10000, 100000, 1000000, 10000000};
    for (uint32_t i = 0; i < sizeof kbps / sizeof kbps[0]; i++) {
        struct limit limit;
        const uint64_t bytes_per_s = kbps[i] * UINT64_C(125);
        limit_init(&limit, bytes_per_s, 10 * MS, 3036);
        const uint64_t burst = bytes_per_s / 100 > 3036 ? bytes_per_s / 100 : 3036;
        const uint64_t got = through(&limit, 1518, 10 * S);
        assert_true(got + 1518 >= 10 * bytes_per_s);
        /* The cost of 256 bytes is a whole number of ns: off by 1 % at 10 Gbit/s. */
        assert_true(got <= 10 * bytes_per_s * 102 / 100 + burst + 2 * 1518);
    }
}

static void test_burst_then_wait(void **state)
{
    (void)state;
    struct limit limit;
    limit_init(&limit, 10, 0, 8); /* ten a second, eight at once */
    uint32_t count = 0;
    while (limit_allows(&limit, S)) {
        limit_charge(&limit, 1, S);
        count++;
    }
    assert_int_equal(count, 9);
    assert_int_equal(limit_ready(&limit), S + S / 10);
    assert_false(limit_allows(&limit, S + S / 10 - 1));
    assert_true(limit_allows(&limit, S + S / 10));
}

/* Idle time is not saved up beyond the burst. */
static void test_idle(void **state)
{
    (void)state;
    struct limit limit;
    limit_init(&limit, 10, 0, 8);
    const uint64_t late = 3600 * S;
    uint32_t count = 0;
    while (limit_allows(&limit, late)) {
        limit_charge(&limit, 1, late);
        count++;
    }
    assert_int_equal(count, 9);
}

static void test_extremes(void **state)
{
    (void)state;
    struct limit limit;
    limit_init(&limit, UINT64_C(0xffffffff) * 125, 10 * MS, 3036);
    assert_true(limit_allows(&limit, 0));
    limit_charge(&limit, 1518, 0);
    limit_init(&limit, 1, 0, 1);
    limit_charge(&limit, 1518, UINT64_C(1) << 62);
    assert_true(limit_ready(&limit) > UINT64_C(1) << 62);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_limit),        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_burst_then_wait), cmocka_unit_test(test_idle),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
