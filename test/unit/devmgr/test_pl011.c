/*
 * The PL011 driver over plain memory as registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/pl011.h>

static uint32_t registers[0x1000 / 4];
static struct pl011 uart;

static int set_up(void **state)
{
    (void)state;
    memset(registers, 0, sizeof registers);
    registers[0x2c / 4] = 0x60; /* 8 bits, as the firmware left it */
    pl011_init(&uart, registers);
    return 0;
}

static void starts_with_fifo_and_receive_interrupts(void **state)
{
    (void)state;
    assert_int_equal(registers[0x2c / 4], 0x70);
    assert_int_equal(registers[0x30 / 4], 0x301);
    assert_int_equal(registers[0x38 / 4], 0x50);
}

static void transmits_while_there_is_room(void **state)
{
    (void)state;
    assert_true(pl011_put(&uart, 'x'));
    assert_int_equal(registers[0], 'x');
    registers[0x18 / 4] = 0x20;
    assert_false(pl011_put(&uart, 'y'));
    assert_int_equal(registers[0], 'x');
}

static void an_empty_fifo_is_asked_once(void **state)
{
    (void)state;
    registers[0x18 / 4] = 0x80;
    assert_true(pl011_put(&uart, 0));
    registers[0x18 / 4] = 0x20; /* as if the flag lagged behind: 15 more fit for certain */
    for (uint8_t i = 1; i < 16; i++) {
        assert_true(pl011_put(&uart, i));
        assert_int_equal(registers[0], i);
    }
    assert_false(pl011_put(&uart, 16));
    registers[0x18 / 4] = 0; /* neither full nor empty: room for one */
    assert_true(pl011_put(&uart, 16));
    registers[0x18 / 4] = 0x20;
    assert_false(pl011_put(&uart, 17));
}

static void receives_the_byte_without_its_flags(void **state)
{
    (void)state;
    uint8_t byte = 0;
    registers[0] = 0x841; /* overrun and 'A' */
    assert_true(pl011_get(&uart, &byte));
    assert_int_equal(byte, 'A');
    registers[0x18 / 4] = 0x10;
    assert_false(pl011_get(&uart, &byte));
}

static void masks_what_is_not_wanted(void **state)
{
    (void)state;
    pl011_want(&uart, true, true);
    assert_int_equal(registers[0x38 / 4], 0x70);
    pl011_want(&uart, true, false);
    assert_int_equal(registers[0x38 / 4], 0x20);
    registers[0x18 / 4] = 0x08;
    assert_true(pl011_busy(&uart));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(starts_with_fifo_and_receive_interrupts, set_up),
        cmocka_unit_test_setup(transmits_while_there_is_room, set_up),
        cmocka_unit_test_setup(an_empty_fifo_is_asked_once, set_up),
        cmocka_unit_test_setup(receives_the_byte_without_its_flags, set_up),
        cmocka_unit_test_setup(masks_what_is_not_wanted, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
