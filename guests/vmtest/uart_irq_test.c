/*
 * PL011 interrupts and FIFOs (ARM DDI 0183G, 2.4 and 2.8): the transmit interrupt
 * as a level on SPI 1, and the receive side through the loopback of UARTCR.LBE,
 * which needs no input from outside. What is looped back reads as a TAP comment,
 * since the transmitter's pin shows it too.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/timer.h"
#include "guest/uart.h"
#include "irq.h"
#include "suites.h"

#define CR_ON (CR_UARTEN | CR_TXE | CR_RXE)

static void send(const char *text)
{
    for (; *text != '\0'; text++) {
        console_putc(*text);
    }
    console_flush();
}

static void tx_raw_status(void)
{
    /* FIFO off: raised when the one character has left, 2.8.2. */
    console_flush();
    uart_write(UARTLCR_H, LCR_H_WLEN8);
    uart_write(UARTICR, UART_INT_ALL);
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_TX, 0);
    send("#\n");
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_TX, UART_INT_TX);
    CHECK_EQ(uart_read(UARTMIS), 0);
    uart_write(UARTIMSC, UART_INT_TX);
    CHECK_EQ(uart_read(UARTMIS), UART_INT_TX);
    uart_write(UARTICR, UART_INT_ALL & ~UART_INT_TX);
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_TX, UART_INT_TX);
    uart_write(UARTICR, UART_INT_TX);
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_TX, 0);
    CHECK_EQ(uart_read(UARTMIS), 0);
    console_init();
}

static void tx_with_fifo(void)
{
    console_flush();
    uart_write(UARTICR, UART_INT_ALL);
    send("# more than the FIFO holds, so its level falls through the trigger\n");
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_TX, UART_INT_TX);
    console_init();
}

static void clear_at_third(uint32_t iar)
{
    (void)iar;
    if (irq_log.count == 3) {
        uart_write(UARTICR, UART_INT_TX);
    }
}

static void tx_is_a_level(void)
{
    irq_action = clear_at_third;
    console_flush();
    uart_write(UARTLCR_H, LCR_H_WLEN8);
    uart_write(UARTICR, UART_INT_ALL);
    gicd_hit(GICD_ISENABLER, INTID_UART);
    uart_write(UARTIMSC, UART_INT_TX);
    irq_window();
    CHECK_EQ(irq_log.count, 0); /* a transition raises it, not an empty FIFO, 2.8.2 */
    send("#\n");
    CHECK(irq_wait(3));
    CHECK_EQ(irq_id(0), INTID_UART);
    irq_window();
    CHECK_EQ(irq_log.count, 3);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 0);
    console_init();
}

static void level_follows_mask(void)
{
    /* Not enabled in the distributor: ISPENDR shows the line. */
    console_flush();
    uart_write(UARTLCR_H, LCR_H_WLEN8);
    uart_write(UARTICR, UART_INT_ALL);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 0);
    send("#\n");
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 0);
    uart_write(UARTIMSC, UART_INT_TX);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 1);
    gicd_hit(GICD_ICPENDR, INTID_UART);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 1);
    uart_write(UARTIMSC, 0);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 0);
    uart_write(UARTIMSC, UART_INT_TX);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 1);
    uart_write(UARTICR, UART_INT_TX);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_UART), 0);
    console_init();
}

static void withdrawn_before_acknowledge(void)
{
    console_flush();
    uart_write(UARTLCR_H, LCR_H_WLEN8);
    uart_write(UARTICR, UART_INT_ALL);
    gicd_hit(GICD_ISENABLER, INTID_UART);
    uart_write(UARTIMSC, UART_INT_TX);
    send("#\n");
    CHECK_EQ(gicc_read(GICC_HPPIR), INTID_UART);
    uart_write(UARTICR, UART_INT_TX);
    delay_us(20);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    console_init();
}

static void as_edge(void)
{
    /* Configured as edge-triggered, the rising line is one interrupt. */
    console_flush();
    uart_write(UARTLCR_H, LCR_H_WLEN8);
    uart_write(UARTICR, UART_INT_ALL);
    uart_write(UARTIMSC, UART_INT_TX);
    spi_setup(INTID_UART, 0x80);
    send("#\n");
    CHECK(irq_wait(1));
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    uart_write(UARTICR, UART_INT_TX);
    send("#\n");
    CHECK(irq_wait(2));
    irq_window();
    CHECK_EQ(irq_log.count, 2);
    console_init();
}

/* Loopback on, FIFOs as asked, receive side empty. */
static void loopback(uint32_t lcr_h)
{
    console_flush();
    uart_write(UARTCR, 0);
    uart_write(UARTLCR_H, LCR_H_WLEN8); /* FEN = 0 flushes */
    uart_write(UARTLCR_H, lcr_h);
    uart_write(UARTCR, CR_ON | CR_LBE);
    while ((uart_read(UARTFR) & FR_RXFE) == 0) {
        (void)uart_read(UARTDR);
    }
    uart_write(UARTRSR, 0);
    uart_write(UARTICR, UART_INT_ALL);
}

#define FIFO_ON (LCR_H_WLEN8 | LCR_H_FEN)

static void loop_data(void)
{
    static const char text[] = "# loop\n";

    SKIP_NATIVE("UARTCR.LBE is not modelled");
    loopback(FIFO_ON);
    send(text);
    for (uint32_t i = 0; text[i] != '\0'; i++) {
        CHECK_EQ(uart_read(UARTFR) & FR_RXFE, 0);
        CHECK_EQ(uart_read(UARTDR), (uint8_t)text[i]); /* no error bits */
    }
    CHECK_EQ(uart_read(UARTFR) & FR_RXFE, FR_RXFE);
    console_init();
}

static void loop_single(void)
{
    SKIP_NATIVE("UARTCR.LBE is not modelled");
    loopback(LCR_H_WLEN8);
    send("#");
    CHECK_EQ(uart_read(UARTFR) & (FR_RXFE | FR_RXFF), FR_RXFF); /* depth 1 */
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_RX, UART_INT_RX);
    CHECK_EQ(uart_read(UARTDR), '#');
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_RX, 0); /* reading clears it, 2.8.2 */
    CHECK_EQ(uart_read(UARTFR) & (FR_RXFE | FR_RXFF), FR_RXFE);
    send("\n");
    (void)uart_read(UARTDR);
    console_init();
}

/* The FIFO holds 16 characters before r1p5 and 32 since; PeriphID2 tells (3.3.14). */
static uint32_t fifo_depth(void)
{
    return (uart_read(UARTPERIPHID0 + 8) >> 4) >= 3 ? 32 : 16;
}

static void loop_fill(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        send(i == 0 ? "#" : "+");
    }
}

static void loop_drain(void)
{
    uart_write(UARTCR, CR_ON);
    send("\n");
    console_init();
}

static void loop_overrun(void)
{
    uint32_t depth = fifo_depth();

    SKIP_NATIVE("UARTCR.LBE is not modelled");
    loopback(FIFO_ON);
    loop_fill(depth - 1);
    CHECK_EQ(uart_read(UARTFR) & FR_RXFF, 0);
    loop_fill(1);
    CHECK_EQ(uart_read(UARTFR) & FR_RXFF, FR_RXFF);
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_OE, 0);
    loop_fill(1); /* one too many: lost, and OE says so, 2.4.2 and 3.3.2 */
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_OE, UART_INT_OE);
    CHECK_EQ(uart_read(UARTRSR) & 8, 8);
    uart_write(UARTRSR, 0);
    CHECK_EQ(uart_read(UARTRSR) & 8, 0);
    for (uint32_t i = 0; i < depth; i++) {
        CHECK_EQ(uart_read(UARTFR) & FR_RXFE, 0);
        (void)uart_read(UARTDR);
    }
    CHECK_EQ(uart_read(UARTFR) & FR_RXFE, FR_RXFE);
    uart_write(UARTICR, UART_INT_OE);
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_OE, 0);
    loop_drain();
}

static void loop_trigger(void)
{
    /* RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8 full, 3.3.9. */
    uint32_t depth = fifo_depth();
    const uint32_t levels[5] = {depth / 8, depth / 4, depth / 2, depth * 3 / 4, depth * 7 / 8};

    SKIP_NATIVE("UARTCR.LBE is not modelled");
    for (uint32_t i = 0; i < 5; i++) {
        loopback(FIFO_ON);
        uart_write(UARTIFLS, i << 3 | 2);
        loop_fill(levels[i] - 1);
        CHECK_EQ(uart_read(UARTRIS) & UART_INT_RX, 0);
        loop_fill(1);
        CHECK_EQ(uart_read(UARTRIS) & UART_INT_RX, UART_INT_RX);
        (void)uart_read(UARTDR); /* below the trigger again */
        CHECK_EQ(uart_read(UARTRIS) & UART_INT_RX, 0);
        loop_drain();
    }
}

static void loop_timeout(void)
{
    /* Below the trigger and 32 bit periods without another character, 2.8.2. */
    SKIP_NATIVE("UARTCR.LBE is not modelled");
    loopback(FIFO_ON);
    uart_write(UARTIFLS, 4 << 3 | 2);
    send("#");
    sleep_us(20000);
    CHECK_EQ(uart_read(UARTRIS) & (UART_INT_RX | UART_INT_RT), UART_INT_RT);
    CHECK_EQ(uart_read(UARTDR), '#');
    CHECK_EQ(uart_read(UARTRIS) & UART_INT_RT, 0); /* emptied */
    loop_drain();
}

static void take_one(uint32_t iar)
{
    (void)iar;
    (void)uart_read(UARTDR);
}

static void loop_interrupt(void)
{
    SKIP_NATIVE("UARTCR.LBE is not modelled");
    irq_action = take_one;
    loopback(FIFO_ON);
    gicd_hit(GICD_ISENABLER, INTID_UART);
    uart_write(UARTIFLS, 0);
    uart_write(UARTIMSC, UART_INT_RX | UART_INT_RT);
    loop_fill(5);
    CHECK(irq_wait(5));
    irq_window();
    CHECK_EQ(irq_log.count, 5);
    CHECK_EQ(irq_id(0), INTID_UART);
    CHECK_EQ(uart_read(UARTFR) & FR_RXFE, FR_RXFE);
    loop_drain();
}

static const struct test_case cases[] = {
    {"pl011.tx-raw-status", tx_raw_status},
    {"pl011.tx-with-fifo", tx_with_fifo},
    {"pl011.tx-is-a-level", tx_is_a_level},
    {"pl011.level-follows-mask", level_follows_mask},
    {"pl011.withdrawn", withdrawn_before_acknowledge},
    {"pl011.as-edge", as_edge},
    {"pl011.loop-data", loop_data},
    {"pl011.loop-single", loop_single},
    {"pl011.loop-overrun", loop_overrun},
    {"pl011.loop-trigger", loop_trigger},
    {"pl011.loop-timeout", loop_timeout},
    {"pl011.loop-interrupt", loop_interrupt},
};
SUITE(suite_uart_irq, cases);
