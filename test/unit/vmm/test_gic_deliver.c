/* What is in flight: edges, levels, disabled interrupts, re-configuration, SGIs, targets. */
#include "fake_gic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct fake_kernel k;

#define R(offset) fake_read(&k, 0, (offset), 4)
#define W(offset, value) fake_write(&k, 0, (offset), 4, (value))
#define ACK() fake_acknowledge(&k, 0)
#define END(irq) fake_end(&k, 0, (irq))
#define FLIGHT(irq) fake_flight(&k, 0, (irq))
#define LINE(irq, level) gic_set_line(&k.gic, 0, (irq), (level))

static int setup(void **state)
{
    (void)state;
    fake_init_enabled(&k, 1);
    return 0;
}

static int setup_two(void **state)
{
    (void)state;
    fake_init_enabled(&k, 2);
    return 0;
}

static void edge_once(void **state)
{
    (void)state;
    LINE(64, true);
    assert_int_equal(FLIGHT(64), l4_virq(64, 0x80, 0));
    LINE(64, false);
    assert_int_equal(ACK(), 64);
    END(64);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    LINE(64, true);
    assert_int_equal(ACK(), 64);
}

static void edge_while_active(void **state)
{
    (void)state;
    LINE(64, true);
    assert_int_equal(ACK(), 64);
    LINE(64, false);
    LINE(64, true);
    assert_int_equal(R(0x208), 1);
    assert_int_equal(R(0x308), 1);
    END(64);
    assert_int_equal(ACK(), 64);
    END(64);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    assert_int_equal(R(0x208), 0);
    assert_int_equal(R(0x308), 0);
}

static void level_fires_again_while_high(void **state)
{
    (void)state;
    LINE(33, true);
    assert_int_equal(FLIGHT(33), l4_virq(33, 0x80, L4_VIRQ_NOTIFY));
    assert_int_equal(ACK(), 33);
    assert_int_equal(R(0x204), 2); /* still high: pending and active */
    assert_int_equal(R(0x304), 2);
    END(33);
    assert_int_equal(ACK(), 33);
    LINE(33, false);
    assert_int_equal(R(0x204), 0);
    assert_int_equal(R(0x304), 2);
    END(33);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    assert_int_equal(R(0x304), 0);
}

static void level_drops_before_acknowledge(void **state)
{
    (void)state;
    LINE(33, true);
    LINE(33, false);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    LINE(33, true);
    assert_int_equal(ACK(), 33);
}

static void level_pended_by_software(void **state)
{
    (void)state;
    W(0x204, 2);
    assert_int_equal(R(0x204), 2);
    LINE(33, true);
    LINE(33, false); /* the latch keeps it pending */
    assert_int_equal(R(0x204), 2);
    assert_int_equal(ACK(), 33);
    assert_int_equal(R(0x204), 0);
    W(0x204, 2); /* while active: again after the end */
    assert_int_equal(R(0x204), 2);
    END(33);
    assert_int_equal(ACK(), 33);
    END(33);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    W(0x204, 2);
    W(0x204, 2); /* pending twice is pending once */
    assert_int_equal(ACK(), 33);
    END(33);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void clear_pending(void **state)
{
    (void)state;
    W(0x204, 2);
    W(0x284, 2);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    LINE(33, true);
    W(0x284, 2); /* the line is still high */
    assert_int_equal(R(0x204), 2);
    assert_int_equal(ACK(), 33);
    LINE(64, true);
    W(0x288, 1);
    assert_int_equal(R(0x208), 0);
    LINE(33, false);
    END(33);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void disabled_stays_pending(void **state)
{
    (void)state;
    W(0x184, 0xffffffff);
    W(0x188, 0xffffffff);
    LINE(33, true);
    LINE(64, true);
    LINE(64, false);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    assert_int_equal(R(0x204), 2);
    assert_int_equal(R(0x208), 1);
    W(0x108, 1);
    assert_int_equal(ACK(), 64);
    W(0x104, 2);
    assert_int_equal(ACK(), 33);
}

static void disabled_in_flight(void **state)
{
    (void)state;
    LINE(64, true);
    LINE(33, true);
    W(0x188, 1);
    W(0x184, 2);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    assert_int_equal(R(0x204), 2);
    assert_int_equal(R(0x208), 1);
    W(0x108, 1);
    W(0x104, 2);
    assert_int_equal(ACK(), 64); /* same priority, first slot */
    assert_int_equal(ACK(), 33);
}

static void disabled_while_active(void **state)
{
    (void)state;
    LINE(64, true);
    assert_int_equal(ACK(), 64);
    W(0x188, 1);
    assert_int_equal(R(0x308), 1);
    LINE(64, false);
    LINE(64, true);
    END(64);
    assert_int_equal(R(0x308), 0);
    assert_int_equal(R(0x208), 1);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    W(0x108, 1);
    assert_int_equal(ACK(), 64);
}

static void distributor_off(void **state)
{
    (void)state;
    LINE(33, true);
    W(0x000, 0);
    LINE(64, true);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    W(0x000, 1);
    assert_int_equal(ACK(), 33);
    assert_int_equal(ACK(), 64);
}

static void group_enables(void **state)
{
    (void)state;
    W(0x000, 1);
    W(0x084, 2);
    LINE(33, true);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    W(0x000, 2);
    assert_int_equal(FLIGHT(33), l4_virq(33, 0x80, L4_VIRQ_NOTIFY | L4_VIRQ_GROUP1));
    W(0x084, 0);
    assert_int_equal(FLIGHT(33), 0);
    W(0x000, 3);
    assert_int_equal(FLIGHT(33), l4_virq(33, 0x80, L4_VIRQ_NOTIFY));
}

static void priority_change_in_flight(void **state)
{
    (void)state;
    LINE(64, true);
    fake_write(&k, 0, 0x440, 1, 0x10);
    assert_int_equal(FLIGHT(64), l4_virq(64, 0x10, 0));
    assert_int_equal(ACK(), 64);
    fake_write(&k, 0, 0x440, 1, 0x20);
    assert_int_equal(R(0x308), 1);
    END(64);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void set_active_then_end(void **state)
{
    (void)state;
    W(0x304, 2);
    assert_int_equal(R(0x304), 2);
    LINE(33, true); /* active: not offered */
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    END(33); /* as a guest does that restores its state */
    assert_int_equal(R(0x304), 0);
    assert_int_equal(ACK(), 33);
    W(0x384, 2);
    assert_int_equal(R(0x304), 0);
    assert_int_equal(ACK(), 33); /* still high and no longer active */
}

static void sgi_to_self(void **state)
{
    (void)state;
    W(0xf00, 0x02000005);
    assert_int_equal(FLIGHT(5), l4_virq(5, 0x80, 0));
    assert_int_equal(R(0x200), 0x20);
    assert_int_equal(R(0xf24), 0x0100);
    assert_int_equal(ACK(), 5);
    assert_int_equal(R(0xf24), 0);
    W(0xf00, 0x00010005);
    assert_int_equal(R(0xf24), 0x0100);
    END(5);
    assert_int_equal(ACK(), 5);
    END(5);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    W(0xf00, 0x01000005); /* all but self: nobody */
    W(0xf00, 0x03000005); /* reserved filter */
    W(0xf00, 0x00fe0005); /* CPUs that do not exist */
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void sgi_from_two_sources(void **state)
{
    (void)state;
    fake_write(&k, 0, 0xf00, 4, 0x00020003);
    fake_write(&k, 1, 0xf00, 4, 0x00020003);
    assert_int_equal(fake_read(&k, 1, 0xf20, 4), 0x03000000);
    assert_int_equal(fake_acknowledge(&k, 1), 3);
    fake_end(&k, 1, 3);
    assert_int_equal(fake_acknowledge(&k, 1), 3 | 1 << 10);
    assert_int_equal(fake_read(&k, 1, 0xf20, 4), 0);
    fake_end(&k, 1, 3);
    assert_int_equal(fake_acknowledge(&k, 1), FAKE_SPURIOUS);
    fake_write(&k, 1, 0xf00, 4, 0x01000001);
    assert_int_equal(fake_acknowledge(&k, 1), FAKE_SPURIOUS);
    assert_int_equal(fake_acknowledge(&k, 0), 1 | 1 << 10);
}

static void spi_moves_to_its_new_target(void **state)
{
    (void)state;
    LINE(33, true);
    assert_true(fake_flight(&k, 0, 33) != 0);
    fake_write(&k, 0, 0x821, 1, 2);
    assert_int_equal(fake_flight(&k, 0, 33), 0);
    assert_int_equal(fake_acknowledge(&k, 1), 33);
    fake_write(&k, 0, 0x821, 1, 1); /* active: stays where it is */
    assert_int_equal(fake_acknowledge(&k, 0), FAKE_SPURIOUS);
    fake_end(&k, 1, 33);
    assert_int_equal(fake_acknowledge(&k, 0), 33);
    LINE(33, false);
    fake_write(&k, 0, 0x821, 1, 0); /* no target: pending, nowhere offered */
    fake_end(&k, 0, 33);
    LINE(33, true);
    assert_int_equal(fake_acknowledge(&k, 0), FAKE_SPURIOUS);
    assert_int_equal(fake_read(&k, 0, 0x204, 4), 2);
}

static void configuration_change(void **state)
{
    (void)state;
    W(0xc08, 0x8); /* 33 becomes edge triggered */
    LINE(33, true);
    assert_int_equal(ACK(), 33);
    END(33);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    W(0xc08, 0); /* level: the line is still high */
    assert_int_equal(ACK(), 33);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(edge_once, setup),
        cmocka_unit_test_setup(edge_while_active, setup),
        cmocka_unit_test_setup(level_fires_again_while_high, setup),
        cmocka_unit_test_setup(level_drops_before_acknowledge, setup),
        cmocka_unit_test_setup(level_pended_by_software, setup),
        cmocka_unit_test_setup(clear_pending, setup),
        cmocka_unit_test_setup(disabled_stays_pending, setup),
        cmocka_unit_test_setup(disabled_in_flight, setup),
        cmocka_unit_test_setup(disabled_while_active, setup),
        cmocka_unit_test_setup(distributor_off, setup),
        cmocka_unit_test_setup(group_enables, setup),
        cmocka_unit_test_setup(priority_change_in_flight, setup),
        cmocka_unit_test_setup(set_active_then_end, setup),
        cmocka_unit_test_setup(sgi_to_self, setup),
        cmocka_unit_test_setup(sgi_from_two_sources, setup_two),
        cmocka_unit_test_setup(spi_moves_to_its_new_target, setup_two),
        cmocka_unit_test_setup(configuration_change, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_gic_overflow();
}
