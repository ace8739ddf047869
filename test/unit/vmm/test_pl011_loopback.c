/* The serial port looped back (DDI 0183 2.4.3): data, overrun, break, modem lines; and any access.
 */
#include <stdlib.h>

#include "fake_console.h"

static void loopback(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x381);
    world.in = "console";
    wr(DR, 0x5a);
    wr(DR, 0xa5);
    assert_int_equal(world.out_count, 0);
    assert_int_equal(rd(FR) & 0x10, 0);
    assert_int_equal(rd(DR), 0x5a);
    assert_int_equal(rd(DR), 0xa5);
    assert_int_equal(rd(FR) & 0x10, 0x10);
    wr(LCRH, 0x10); /* five bits */
    wr(DR, 0xff);
    assert_int_equal(rd(DR), 0x1f);
}

static void loopback_overrun(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x381);
    for (uint32_t i = 0; i < 17; i++) {
        wr(DR, i);
    }
    assert_int_equal(rd(RIS) & 0x400, 0x400);
    assert_int_equal(rd(RSR) & 8, 8);
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(rd(DR), i);
    }
    wr(RSR, 0);
    assert_int_equal(rd(RSR), 0);
    wr(DR, 0x33);
    assert_int_equal(rd(DR), 0x833);
    wr(ICR, 0x400);
    assert_int_equal(rd(RIS) & 0x400, 0);
}

static void loopback_modem_lines(void **state)
{
    (void)state;
    wr(CR, 0x380);
    assert_int_equal(rd(FR) & 0x107, 0);
    assert_int_equal(rd(RIS) & 0xf, 0xe);
    wr(ICR, 0xf);
    wr(CR, 0x380 | 0xfc00);
    assert_int_equal(rd(FR) & 0x107, 0x107);
    assert_int_equal(rd(RIS) & 0xf, 0xf);
    wr(ICR, 0xf);
    wr(CR, 0x380 | 0x0800);
    assert_int_equal(rd(FR) & 0x107, 0x001);
    assert_int_equal(rd(RIS) & 0xf, 0xd);
}

static void loopback_break(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x381);
    wr(LCRH, 0x71);
    assert_int_equal(rd(RIS) & 0x200, 0x200);
    assert_int_equal(rd(DR), 0x500);
    assert_int_equal(rd(RSR), 0x5);
}

static void fifo_toggle_flushes(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x381);
    wr(DR, 1);
    wr(LCRH, 0x60);
    assert_int_equal(rd(FR) & 0x10, 0x10);
    assert_int_equal(rd(RIS) & 0x50, 0);
}

static void every_offset_is_safe(void **state)
{
    (void)state;
    srand(3);
    for (uint32_t round = 0; round < 100000; round++) {
        uint32_t size = 1u << (rand() % 3);
        struct mmio access = {.offset = (uint32_t)rand() & 0xfffu & ~(size - 1u), .size = size};
        access.value = (uint32_t)rand();
        if (size == 1) {
            access.value &= 0xff;
        }
        if (rand() % 3 == 0) {
            access.offset &= 0x7c;
        }
        world.out_count = 0;
        world.out_room = (uint32_t)rand() % 20;
        world.in = rand() % 5 == 0 ? "0123456789abcdefghij" : "";
        assert_int_equal(rand() % 2 != 0 ? pl011_ops.write(&uart, &access)
                                         : pl011_ops.read(&uart, &access),
                         L4_OK);
        assert_true(uart.state.rx_count <= PL011_FIFO && uart.state.tx_count <= PL011_FIFO);
        assert_int_equal(world.level, (uart.state.ris & uart.state.imsc) != 0);
    }
}

#define T(name) cmocka_unit_test_setup(name, setup)

int test_pl011_loopback(void)
{
    const struct CMUnitTest tests[] = {
        T(loopback),       T(loopback_overrun),    T(loopback_modem_lines),
        T(loopback_break), T(fifo_toggle_flushes), T(every_offset_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
