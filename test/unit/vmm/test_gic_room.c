/*
 * Slots that the distributor empties itself: the kernel tells only of those that the guest ends, so
 * what waits for one has to be sent at once. Slots that a vCPU's reset empties.
 */
#include "fake_gic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CTLR 0x000u
#define ISENABLER 0x100u
#define ICENABLER 0x180u
#define ISPENDR 0x200u
#define ICPENDR 0x280u
#define ICACTIVER 0x380u
#define ITARGETSR 0x800u
#define ICFGR 0xc00u
#define SGIR 0xf00u

#define SPI 40u /* the first of five */

static struct fake_kernel kernel;

/* Four of five interrupts are in flight, the last one waits. */
static void overflow(uint32_t cpus)
{
    fake_init(&kernel, cpus);
    fake_write(&kernel, 0, CTLR, 4, 1);
    for (uint32_t i = 0; i < 5; i++) {
        fake_write(&kernel, 0, ITARGETSR + SPI + i, 1, 1);
    }
    fake_write(&kernel, 0, ISENABLER + SPI / 32 * 4, 4, 0x1fu << SPI % 32);
    fake_write(&kernel, 0, ISPENDR + SPI / 32 * 4, 4, 0x1fu << SPI % 32);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_not_equal(fake_flight(&kernel, 0, SPI + i), 0);
    }
    assert_int_equal(fake_flight(&kernel, 0, SPI + 4), 0);
}

static void a_disabled_interrupt_makes_room(void **state)
{
    (void)state;
    overflow(1);
    fake_write(&kernel, 0, ICENABLER + SPI / 32 * 4, 4, 0xfu << SPI % 32);
    assert_int_not_equal(fake_flight(&kernel, 0, SPI + 4), 0);
}

static void a_cleared_interrupt_makes_room(void **state)
{
    (void)state;
    overflow(1);
    fake_write(&kernel, 0, ICPENDR + SPI / 32 * 4, 4, 1u << SPI % 32);
    assert_int_not_equal(fake_flight(&kernel, 0, SPI + 4), 0);
}

static void a_deactivated_interrupt_makes_room(void **state)
{
    (void)state;
    overflow(1);
    assert_int_equal(fake_acknowledge(&kernel, 0), SPI);
    fake_write(&kernel, 0, ICPENDR + SPI / 32 * 4, 4, 1u << SPI % 32);
    assert_int_equal(fake_flight(&kernel, 0, SPI + 4), 0);
    fake_write(&kernel, 0, ICACTIVER + SPI / 32 * 4, 4, 1u << SPI % 32);
    assert_int_not_equal(fake_flight(&kernel, 0, SPI + 4), 0);
}

static void an_interrupt_for_another_vcpu_makes_room(void **state)
{
    (void)state;
    overflow(2);
    fake_write(&kernel, 0, ITARGETSR + SPI, 1, 2);
    assert_int_not_equal(fake_flight(&kernel, 1, SPI), 0);
    assert_int_not_equal(fake_flight(&kernel, 0, SPI + 4), 0);
    fake_write(&kernel, 0, ITARGETSR + SPI + 1, 1, 0); /* to nobody */
    assert_int_equal(fake_flight(&kernel, 0, SPI + 1), 0);
}

/* What a vCPU had in flight when it was reset goes out again. */
static void a_reset_vcpu_gets_its_interrupts_again(void **state)
{
    (void)state;
    fake_init(&kernel, 2);
    fake_write(&kernel, 0, CTLR, 4, 1);
    fake_write(&kernel, 0, ITARGETSR + SPI, 2, 0x0202); /* a level and an edge */
    fake_write(&kernel, 0, ICFGR + SPI / 16 * 4, 4, 2u << (SPI + 1) % 16 * 2);
    fake_write(&kernel, 0, ISENABLER + SPI / 32 * 4, 4, 3u << SPI % 32);
    fake_write(&kernel, 0, SGIR, 4, 2u << 16 | 3u);
    assert_int_equal(fake_acknowledge(&kernel, 1), 3);
    gic_set_line(&kernel.gic, 0, SPI, true);
    fake_write(&kernel, 0, ISPENDR + SPI / 32 * 4, 4, 2u << SPI % 32);
    for (uint32_t i = 0; i < 2; i++) {
        gic_cpu_off(&kernel.gic, 1);
        for (uint32_t slot = 0; slot < GIC_SLOTS; slot++) {
            assert_int_equal(kernel.cpu[1].slot[slot], 0);
        }
        gic_cpu_on(&kernel.gic, 1);
        assert_true((fake_flight(&kernel, 1, SPI) & L4_VIRQ_PENDING) != 0);
        assert_true((fake_flight(&kernel, 1, SPI + 1) & L4_VIRQ_PENDING) != 0);
        assert_true((fake_flight(&kernel, 1, 3) & L4_VIRQ_ACTIVE) != 0);
    }
    fake_end(&kernel, 1, 3);
    gic_set_line(&kernel.gic, 0, SPI, false);
    assert_int_equal(fake_flight(&kernel, 1, SPI), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disabled_interrupt_makes_room),
        cmocka_unit_test(a_cleared_interrupt_makes_room),
        cmocka_unit_test(a_deactivated_interrupt_makes_room),
        cmocka_unit_test(an_interrupt_for_another_vcpu_makes_room),
        cmocka_unit_test(a_reset_vcpu_gets_its_interrupts_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
