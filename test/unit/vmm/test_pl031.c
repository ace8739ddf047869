/* The real-time clock against DDI 0224. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vmm/pl031.h>

enum { DR = 0, MR = 4, LR = 8, CR = 0xc, IMSC = 0x10, RIS = 0x14, MIS = 0x18, ICR = 0x1c };

static struct pl031 rtc;
static uint32_t clock_now;
static bool line;

static void irq(void *context, bool level)
{
    (void)context;
    line = level;
}

static uint32_t seconds(void *context)
{
    (void)context;
    return clock_now;
}

static uint32_t rd(uint32_t offset)
{
    struct mmio access = {.offset = offset, .size = 4};
    assert_int_equal(pl031_ops.read(&rtc, &access), L4_OK);
    return access.value;
}

static void wr(uint32_t offset, uint32_t value)
{
    struct mmio access = {.offset = offset, .size = 4, .value = value};
    assert_int_equal(pl031_ops.write(&rtc, &access), L4_OK);
}

static int setup(void **state)
{
    (void)state;
    clock_now = 1700000000;
    line = false;
    const struct pl031_port port = {NULL, irq, seconds};
    pl031_init(&rtc, &port);
    return 0;
}

static void reset_values(void **state)
{
    (void)state;
    static const uint32_t id[8] = {0x31, 0x10, 0x04, 0, 0x0d, 0xf0, 0x05, 0xb1};
    assert_int_equal(rd(DR), 1700000000);
    assert_int_equal(rd(MR), 0);
    assert_int_equal(rd(LR), 0);
    assert_int_equal(rd(CR), 1);
    assert_int_equal(rd(IMSC) | rd(RIS) | rd(MIS) | rd(ICR), 0);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(rd(0xfe0 + 4 * i), id[i]);
    }
    assert_int_equal(pl031_alarm(&rtc), PL031_NEVER);
}

static void load_sets_the_clock(void **state)
{
    (void)state;
    wr(LR, 1000);
    assert_int_equal(rd(LR), 1000);
    assert_int_equal(rd(DR), 1000);
    clock_now += 7;
    assert_int_equal(rd(DR), 1007);
    wr(DR, 5);
    wr(CR, 0);
    assert_int_equal(rd(DR), 1007);
}

static void alarm_fires_once(void **state)
{
    (void)state;
    wr(IMSC, 1);
    wr(MR, 1700000010);
    assert_int_equal(pl031_alarm(&rtc), 10);
    clock_now += 9;
    pl031_tick(&rtc);
    assert_false(line);
    clock_now += 3;
    assert_int_equal(pl031_alarm(&rtc), 0);
    pl031_tick(&rtc);
    assert_true(line);
    assert_int_equal(rd(MIS), 1);
    wr(ICR, 1);
    assert_false(line);
    clock_now += 3;
    pl031_tick(&rtc);
    assert_false(line);
    assert_int_equal(pl031_alarm(&rtc), PL031_NEVER);
}

static void masked_alarm_stays_raw(void **state)
{
    (void)state;
    wr(MR, 1700000000);
    assert_int_equal(rd(RIS), 1);
    assert_int_equal(rd(MIS), 0);
    assert_false(line);
    wr(IMSC, 0xffffffff);
    assert_int_equal(rd(IMSC), 1);
    assert_true(line);
    pl031_reset(&rtc);
    assert_false(line);
    assert_int_equal(rd(DR), 1700000000);
}

static void match_in_the_past(void **state)
{
    (void)state;
    wr(IMSC, 1);
    wr(MR, 1600000000);
    assert_int_equal(rd(RIS), 0);
    wr(LR, 0xfffffffe);
    wr(MR, 1);
    assert_int_equal(pl031_alarm(&rtc), 3);
    clock_now += 3;
    assert_int_equal(rd(RIS), 1); /* across the wrap */
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reset_values),           T(load_sets_the_clock), T(alarm_fires_once),
        T(masked_alarm_stays_raw), T(match_in_the_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
