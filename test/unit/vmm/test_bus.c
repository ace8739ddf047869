/* Attaching devices to the bus: alignment, range, overlap, exhaustion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vmm/bus.h>
#include <vmm/gic.h>

static void bus_limits(void **state)
{
    (void)state;
    static struct bus bus;
    const struct guest_memory none = {0};
    bus_init(&bus, &none);
    assert_int_equal(bus_attach(&bus, 0x07fff000, 0x1000, &gicd_ops, NULL), L4_ERR_RANGE);
    assert_int_equal(bus_attach(&bus, 0x0b080000, 0x1000, &gicd_ops, NULL), L4_ERR_RANGE);
    assert_int_equal(bus_attach(&bus, 0x0b07f000, 0x2000, &gicd_ops, NULL), L4_ERR_RANGE);
    assert_int_equal(bus_attach(&bus, 0x08000800, 0x1000, &gicd_ops, NULL), L4_ERR_ALIGN);
    assert_int_equal(bus_attach(&bus, 0x0b07f000, 0x1000, &gicd_ops, NULL), L4_OK);
    assert_int_equal(bus_attach(&bus, 0x0b07e000, 0x2000, &gicd_ops, NULL), L4_ERR_EXISTS);
    assert_false(bus_present(bus_find(&bus, 0x0b080000)));
    assert_false(bus_present(bus_find(&bus, 0xffffffff)));
    assert_false(bus_present(bus_find(&bus, 0)));
    assert_true(bus_present(bus_find(&bus, 0x0b07ffff)));
    for (uint32_t i = 0; i < BUS_DEVICES - 2u; i++) {
        assert_int_equal(bus_attach(&bus, 0x08000000 + 0x1000 * i, 0x1000, &gicd_ops, NULL), L4_OK);
    }
    assert_int_equal(bus_attach(&bus, 0x09000000, 0x1000, &gicd_ops, NULL), L4_ERR_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bus_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
