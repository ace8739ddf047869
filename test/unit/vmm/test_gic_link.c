/*
 * Linked interrupts: the kernel injects them by itself, with what the guest's registers say at that
 * time; what the guest changes while one is in flight is lost in neither place.
 */
#include "fake_gic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CTLR 0x000u
#define IGROUPR 0x080u
#define ISENABLER 0x100u
#define ICENABLER 0x180u
#define ISPENDR 0x200u
#define ICPENDR 0x280u
#define ISACTIVER 0x300u
#define ICACTIVER 0x380u
#define IPRIORITYR 0x400u
#define ITARGETSR 0x800u
#define ICFGR 0xc00u

#define LEVEL 34u
#define EDGE 72u
#define WORD(bank, irq) ((bank) + (irq) / 32u * 4u)
#define BIT(irq) (1u << (irq) % 32u)

static struct fake_kernel kernel;

static void start(uint32_t cpus)
{
    fake_init(&kernel, cpus);
    assert_int_equal(gic_link(&kernel.gic, LEVEL), L4_OK);
    assert_int_equal(gic_link(&kernel.gic, EDGE), L4_OK);
    fake_write(&kernel, 0, CTLR, 4, 1);
    fake_write(&kernel, 0, ICFGR + EDGE / 16u * 4u, 4, 2u << EDGE % 16u * 2u);
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t irq = i == 0 ? LEVEL : EDGE;
        fake_write(&kernel, 0, IPRIORITYR + irq, 1, 0xa0);
        fake_write(&kernel, 0, ITARGETSR + irq, 1, 1);
        assert_int_equal(kernel.link[irq], 0);
        fake_write(&kernel, 0, WORD(ISENABLER, irq), 4, BIT(irq));
    }
}

static int setup(void **state)
{
    (void)state;
    start(1);
    return 0;
}

static void what_can_be_linked(void **state)
{
    (void)state;
    assert_int_equal(gic_link(&kernel.gic, LEVEL), L4_ERR_EXISTS);
    assert_int_equal(gic_link(&kernel.gic, 31), L4_ERR_INVALID);
    assert_int_equal(gic_link(&kernel.gic, GIC_IRQS), L4_ERR_INVALID);
    for (uint32_t i = 2; i < GIC_LINKS; i++) {
        assert_int_equal(gic_link(&kernel.gic, 100 + i), L4_OK);
    }
    assert_int_equal(gic_link(&kernel.gic, 200), L4_ERR_NO_MEMORY);
}

static void the_word_follows_the_registers(void **state)
{
    (void)state;
    assert_int_equal(kernel.link[LEVEL], l4_virq(LEVEL, 0xa0, 0));
    fake_write(&kernel, 0, IPRIORITYR + LEVEL, 1, 0x40);
    assert_int_equal(kernel.link[LEVEL], l4_virq(LEVEL, 0x40, 0));
    fake_write(&kernel, 0, WORD(IGROUPR, LEVEL), 4, BIT(LEVEL));
    assert_int_equal(kernel.link[LEVEL], 0); /* group 1 is off */
    fake_write(&kernel, 0, CTLR, 4, 3);
    assert_int_equal(kernel.link[LEVEL], l4_virq(LEVEL, 0x40, L4_VIRQ_GROUP1));
    fake_write(&kernel, 0, CTLR, 4, 0);
    assert_int_equal(kernel.link[LEVEL], 0);
    assert_int_equal(kernel.link[EDGE], 0);
    fake_write(&kernel, 0, CTLR, 4, 3);
    fake_write(&kernel, 0, WORD(ICENABLER, LEVEL), 4, BIT(LEVEL));
    assert_int_equal(kernel.link[LEVEL], 0);
    assert_int_not_equal(kernel.link[EDGE], 0);
}

static void the_kernel_is_told_of_changes_alone(void **state)
{
    (void)state;
    const uint32_t before = kernel.relinks;
    fake_write(&kernel, 0, WORD(ISENABLER, LEVEL), 4, BIT(LEVEL));
    fake_write(&kernel, 0, IPRIORITYR + LEVEL, 1, 0xa0);
    fake_write(&kernel, 0, ISENABLER + 4u, 4, 1u << 8); /* another interrupt */
    assert_int_equal(kernel.relinks, before);
}

static void the_target_is_followed(void **state)
{
    (void)state;
    start(2);
    assert_int_equal(kernel.link_cpu[LEVEL], 0);
    fake_write(&kernel, 0, ITARGETSR + LEVEL, 1, 2);
    assert_int_equal(kernel.link_cpu[LEVEL], 1);
    assert_int_not_equal(kernel.link[LEVEL], 0);
    fake_write(&kernel, 0, ITARGETSR + LEVEL, 1, 0);
    assert_int_equal(kernel.link[LEVEL], 0); /* nobody takes it */
    fake_write(&kernel, 0, WORD(ISPENDR, LEVEL), 4, BIT(LEVEL));
    fake_write(&kernel, 0, WORD(ICPENDR, LEVEL), 4, BIT(LEVEL));
}

static void the_guest_sees_what_is_in_flight(void **state)
{
    (void)state;
    fake_fire(&kernel, LEVEL);
    assert_int_equal(fake_read(&kernel, 0, WORD(ISPENDR, LEVEL), 4), BIT(LEVEL));
    assert_int_equal(fake_acknowledge(&kernel, 0), LEVEL);
    assert_int_equal(fake_read(&kernel, 0, WORD(ISPENDR, LEVEL), 4), 0);
    assert_int_equal(fake_read(&kernel, 0, WORD(ISACTIVER, LEVEL), 4), BIT(LEVEL));
}

/* The source is deactivated with the retraction: a level comes again by itself. */
static void a_level_that_is_disabled_in_flight(void **state)
{
    (void)state;
    fake_fire(&kernel, LEVEL);
    fake_write(&kernel, 0, WORD(ICENABLER, LEVEL), 4, BIT(LEVEL));
    assert_int_equal(fake_flight(&kernel, 0, LEVEL), 0);
    fake_write(&kernel, 0, WORD(ISENABLER, LEVEL), 4, BIT(LEVEL));
    assert_int_equal(fake_flight(&kernel, 0, LEVEL), 0);
    assert_int_not_equal(kernel.link[LEVEL], 0);
}

static void an_edge_that_is_disabled_in_flight(void **state)
{
    (void)state;
    fake_fire(&kernel, EDGE);
    fake_write(&kernel, 0, WORD(ICENABLER, EDGE), 4, BIT(EDGE));
    assert_int_equal(fake_flight(&kernel, 0, EDGE), 0);
    assert_int_equal(fake_read(&kernel, 0, WORD(ISPENDR, EDGE), 4), BIT(EDGE));
    fake_write(&kernel, 0, WORD(ISENABLER, EDGE), 4, BIT(EDGE));
    assert_int_equal(fake_flight(&kernel, 0, EDGE) & L4_VIRQ_PENDING, L4_VIRQ_PENDING);
    fake_write(&kernel, 0, WORD(ICPENDR, EDGE), 4, BIT(EDGE));
    assert_int_equal(fake_flight(&kernel, 0, EDGE), 0);
}

static void an_active_one_stays_active(void **state)
{
    (void)state;
    fake_fire(&kernel, LEVEL);
    assert_int_equal(fake_acknowledge(&kernel, 0), LEVEL);
    fake_write(&kernel, 0, IPRIORITYR + LEVEL, 1, 0x20);
    assert_int_equal(fake_flight(&kernel, 0, LEVEL) & L4_VIRQ_ACTIVE, L4_VIRQ_ACTIVE);
    fake_fire(&kernel, LEVEL); /* the line is still high */
    fake_write(&kernel, 0, WORD(ICACTIVER, LEVEL), 4, BIT(LEVEL));
    assert_int_equal(fake_flight(&kernel, 0, LEVEL) & L4_VIRQ_ACTIVE, 0);
}

static void the_guest_makes_it_pending(void **state)
{
    (void)state;
    fake_write(&kernel, 0, WORD(ISPENDR, LEVEL), 4, BIT(LEVEL));
    assert_int_equal(fake_acknowledge(&kernel, 0), LEVEL);
    fake_end(&kernel, 0, LEVEL);
    assert_int_equal(fake_acknowledge(&kernel, 0), FAKE_SPURIOUS);
    fake_fire(&kernel, LEVEL);
    assert_int_equal(fake_acknowledge(&kernel, 0), LEVEL);
}

static void a_reset_masks(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        kernel.cpu[0].slot[i] = 0;
    }
    gic_reset(&kernel.gic);
    assert_int_equal(kernel.link[LEVEL], 0);
    assert_int_equal(kernel.link[EDGE], 0);
    fake_write(&kernel, 0, CTLR, 4, 1);
    fake_write(&kernel, 0, WORD(ISENABLER, EDGE), 4, BIT(EDGE));
    assert_int_equal(kernel.link[EDGE], l4_virq(EDGE, 0, 0)); /* still linked */
}

static void a_kernel_that_forgot(void **state)
{
    (void)state;
    kernel.link[LEVEL] = 0;
    gic_link_again(&kernel.gic);
    assert_int_equal(kernel.link[LEVEL], l4_virq(LEVEL, 0xa0, 0));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(what_can_be_linked),
        T(the_word_follows_the_registers),
        T(the_kernel_is_told_of_changes_alone),
        T(the_target_is_followed),
        T(the_guest_sees_what_is_in_flight),
        T(a_level_that_is_disabled_in_flight),
        T(an_edge_that_is_disabled_in_flight),
        T(an_active_one_stays_active),
        T(the_guest_makes_it_pending),
        T(a_reset_masks),
        T(a_kernel_that_forgot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
