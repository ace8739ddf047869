/* The native world (arch/world.h): what a guest left in the processor is out of PL0's reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arch/world.h>
#include <record.h>

/* ARM ARM B4.1.65, B4.1.81, B4.1.58, B4.1.130, by bit numbers */
#define BIT(n) (1u << (n))

static int setup(void **state)
{
    const struct world_regs native = WORLD_NATIVE(6);

    (void)state;
    record_reset();
    record_write("SCTLR", 0xffffffff);
    record_write("CNTKCTL", 0xffffffff);
    world_load(&native);
    return 0;
}

static bool set(const char *name, uint32_t bits)
{
    return (record_read(name) & bits) == bits;
}

static void pl0_is_trapped_and_translated(void **state)
{
    (void)state;
    assert_true(set("HCR", BIT(0) | BIT(3) | BIT(4) | BIT(5) | BIT(12) | BIT(27)));
}

static void thread_registers_trap(void **state)
{
    (void)state;
    assert_true(set("HSTR", BIT(13)));
}

static void vfp_and_trace_trap(void **state)
{
    (void)state;
    assert_true(set("HCPTR", BIT(10) | BIT(11) | BIT(15) | BIT(20)));
}

/* Whatever the guest's were: no alignment check (A), little endian (EE), ARM exceptions (TE), MMU
 * off at stage 1 (M). */
static void system_control_is_constant(void **state)
{
    (void)state;
    assert_int_equal(record_read("SCTLR") & (BIT(0) | BIT(1) | BIT(25) | BIT(30)), 0);
}

static void counters_and_timers_are_closed(void **state)
{
    (void)state;
    assert_int_equal(record_read("CNTKCTL"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pl0_is_trapped_and_translated, setup),
        cmocka_unit_test_setup(thread_registers_trap, setup),
        cmocka_unit_test_setup(vfp_and_trace_trap, setup),
        cmocka_unit_test_setup(system_control_is_constant, setup),
        cmocka_unit_test_setup(counters_and_timers_are_closed, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
