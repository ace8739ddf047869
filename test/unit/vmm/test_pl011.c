/* The serial port against DDI 0183: registers, FIFOs, interrupts, back-pressure. */
#include "fake_console.h"

static void reset_values(void **state)
{
    (void)state;
    static const uint32_t id[8] = {0x11, 0x10, 0x14, 0, 0x0d, 0xf0, 0x05, 0xb1};
    assert_int_equal(rd(FR), 0x97);
    assert_int_equal(rd(CR), 0x300);
    assert_int_equal(rd(IFLS), 0x12);
    static const uint32_t zero[] = {DR, RSR, ILPR, IBRD, FBRD, LCRH, IMSC, RIS, MIS, ICR, DMACR};
    for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
        assert_int_equal(rd(zero[i]), 0);
    }
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(rd(0xfe0 + 4 * i), id[i]);
    }
}

static void register_widths(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset, bits;
    } regs[] = {{ILPR, 0xff}, {IBRD, 0xffff}, {FBRD, 0x3f},  {LCRH, 0xff},
                {CR, 0xff87}, {IFLS, 0x3f},   {IMSC, 0x7ff}, {DMACR, 7}};
    for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
        wr(regs[i].offset, 0xffffffff);
        assert_int_equal(rd(regs[i].offset), regs[i].bits);
        wr(regs[i].offset, 0);
        assert_int_equal(rd(regs[i].offset), 0);
    }
}

static void writes_before_any_set_up(void **state)
{
    (void)state;
    wr(DR, 'h');
    wr(DR, 'i');
    assert_int_equal(world.out_count, 2);
    assert_memory_equal(world.out, "hi", 2);
    assert_int_equal(rd(FR) & 0xa8, 0x80);
}

static void disabled_transmitter_keeps_data(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x200); /* TXE off */
    wr(DR, 'x');
    assert_int_equal(world.out_count, 0);
    assert_int_equal(rd(FR) & 0x88, 0x08); /* not empty, busy */
    wr(CR, 0x301);
    assert_int_equal(world.out_count, 1);
    wr(CR, 0x000);
    wr(DR, 'y');
    assert_true(pl011_output_done(&uart)); /* it will never go */
    assert_int_equal(world.out_count, 1);
}

static void back_pressure(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x301);
    wr(IMSC, 0x20);
    world.out_room = 1;
    for (uint32_t i = 0; i < 17; i++) {
        assert_int_equal(rd(FR) & 0x20, 0);
        wr(DR, 'a' + i);
    }
    assert_int_equal(world.out_count, 1);
    assert_int_equal(rd(FR) & 0xa8, 0x28); /* full, busy */
    wr(DR, '!');                           /* lost */
    assert_int_equal(rd(RIS) & 0x20, 0);
    assert_false(pl011_output_done(&uart));
    world.out_room = 6;
    pl011_console_ready(&uart);
    assert_int_equal(rd(RIS) & 0x20, 0); /* 10 left, trigger is 8 */
    assert_false(world.level);
    world.out_room = 2;
    pl011_console_ready(&uart);
    assert_int_equal(rd(MIS), 0x20);
    assert_true(world.level);
    world.out_room = 100;
    pl011_console_ready(&uart);
    assert_int_equal(rd(FR) & 0xa8, 0x80);
    assert_int_equal(world.out_count, 17);
    assert_memory_equal(world.out, "abcdefghijklmnopq", 17);
}

static void transmit_interrupt_is_a_transition(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x301);
    wr(IMSC, 0x20);
    assert_int_equal(rd(RIS), 0); /* empty from the start: none */
    wr(DR, 'x');
    assert_true(world.level);
    wr(ICR, 0x20);
    assert_false(world.level);
    assert_int_equal(rd(RIS), 0);
}

static void receive_and_timeout(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x301);
    wr(IMSC, 0x50);
    input("abc");
    assert_int_equal(rd(MIS), 0x40); /* below the trigger: timeout */
    assert_true(world.level);
    assert_int_equal(rd(FR) & 0x10, 0);
    assert_int_equal(rd(DR), 'a');
    assert_int_equal(rd(DR), 'b');
    assert_int_equal(rd(MIS), 0x40);
    assert_int_equal(rd(DR), 'c');
    assert_int_equal(rd(RIS) & 0x50, 0);
    assert_false(world.level);
    assert_int_equal(rd(FR) & 0x10, 0x10);
    assert_int_equal(rd(DR), 0);
}

static void receive_trigger(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x301);
    input("0123456");
    assert_int_equal(rd(RIS) & 0x10, 0);
    input("7");
    assert_int_equal(rd(RIS) & 0x10, 0x10);
    assert_int_equal(rd(DR), '0');
    assert_int_equal(rd(RIS) & 0x10, 0); /* below the trigger again */
    input("89");
    assert_int_equal(rd(RIS) & 0x10, 0x10);
    wr(ICR, 0x10);
    assert_int_equal(rd(RIS) & 0x10, 0);
}

static void input_waits_for_room(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x301);
    input("the quick brown fox jumps");
    assert_int_equal(rd(FR) & 0x40, 0x40);
    char got[32] = {0};
    for (uint32_t i = 0; i < 31 && (rd(FR) & 0x10) == 0; i++) {
        got[i] = (char)rd(DR);
    }
    assert_string_equal(got, "the quick brown fox jumps");
    assert_int_equal(rd(RSR), 0);
}

static void without_fifo(void **state)
{
    (void)state;
    wr(CR, 0x301);
    wr(IMSC, 0x10);
    input("ab");
    assert_int_equal(rd(FR) & 0x50, 0x40);
    assert_true(world.level);
    assert_int_equal(rd(DR), 'a');
    assert_true(world.level); /* the next one moved up */
    assert_int_equal(rd(DR), 'b');
    assert_false(world.level);
}

static void receiver_off_takes_nothing(void **state)
{
    (void)state;
    wr(CR, 0x101);
    input("ab");
    assert_int_equal(rd(FR) & 0x10, 0x10);
    wr(CR, 0x301);
    assert_int_equal(rd(DR), 'a');
}

static void timeout_returns_after_clear(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x301);
    wr(IMSC, 0x40);
    input("ab");
    assert_false(pl011_timeout_runs(&uart));
    wr(ICR, 0x40);
    assert_false(world.level);
    assert_true(pl011_timeout_runs(&uart));
    pl011_timeout(&uart);
    assert_true(world.level);
    assert_false(pl011_timeout_runs(&uart));
    wr(ICR, 0x40);
    (void)rd(DR);
    (void)rd(DR);
    assert_false(pl011_timeout_runs(&uart));
    pl011_timeout(&uart);
    assert_false(world.level);
}

static void narrow_accesses(void **state)
{
    (void)state;
    struct mmio access = {.offset = FR, .size = 1};
    assert_int_equal(pl011_ops.read(&uart, &access), L4_OK);
    assert_int_equal(access.value, 0x97);
    access = (struct mmio){.offset = CR + 1, .size = 1};
    assert_int_equal(pl011_ops.read(&uart, &access), L4_OK);
    assert_int_equal(access.value, 0x03);
    access = (struct mmio){.offset = DR, .size = 1, .value = 'z'};
    assert_int_equal(pl011_ops.write(&uart, &access), L4_OK);
    assert_int_equal(world.out[0], 'z');
}

static void masked_interrupt_stays_raw(void **state)
{
    (void)state;
    wr(LCRH, 0x70);
    wr(CR, 0x301);
    input("a");
    assert_false(world.level);
    assert_int_equal(rd(RIS) & 0x40, 0x40);
    assert_int_equal(rd(MIS), 0);
    wr(IMSC, 0x40);
    assert_true(world.level);
    pl011_reset(&uart);
    assert_false(world.level);
    assert_int_equal(rd(FR), 0x97);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reset_values),
        T(register_widths),
        T(writes_before_any_set_up),
        T(disabled_transmitter_keeps_data),
        T(back_pressure),
        T(transmit_interrupt_is_a_transition),
        T(receive_and_timeout),
        T(receive_trigger),
        T(input_waits_for_room),
        T(without_fifo),
        T(receiver_off_takes_nothing),
        T(timeout_returns_after_clear),
        T(narrow_accesses),
        T(masked_interrupt_stays_raw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_pl011_loopback();
}
