/*
 * PL011 registers (ARM DDI 0183G, chapter 3). The device under test is also the
 * console, so each case puts back what it changed before it returns.
 */
#include "guest/cpu.h"
#include "guest/timer.h"
#include "guest/trap.h"
#include "guest/uart.h"
#include "suites.h"

static void id_registers(void)
{
    static const uint8_t pcell[4] = {0x0d, 0xf0, 0x05, 0xb1};

    CHECK_EQ(uart_read(UARTPERIPHID0), 0x11);
    CHECK_EQ(uart_read(UARTPERIPHID0 + 4), 0x10);
    CHECK_EQ(uart_read(UARTPERIPHID0 + 8) & 0x0f, 0x04); /* revision 7:4 is free */
    CHECK_EQ(uart_read(UARTPERIPHID0 + 12), 0x00);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(uart_read(UARTPCELLID0 + 4 * i), pcell[i]);
    }
    uart_write(UARTPERIPHID0, 0xff);
    CHECK_EQ(uart_read(UARTPERIPHID0), 0x11);
}

static void flags_idle(void)
{
    console_flush();
    CHECK_EQ(uart_read(UARTFR) & (FR_TXFE | FR_RXFE), FR_TXFE | FR_RXFE);
    CHECK_EQ(uart_read(UARTFR) & (FR_TXFF | FR_RXFF | FR_BUSY), 0);
    uart_write(UARTFR, ~0u);
    CHECK_EQ(uart_read(UARTFR) & (FR_TXFE | FR_RXFE), FR_TXFE | FR_RXFE);
}

static void baud(void)
{
    static const uint16_t values[] = {0xffff, 0x0001, 0xa55a, 13};

    for (uint32_t i = 0; i < 4; i++) {
        uart_write(UARTIBRD, values[i]);
        CHECK_EQ(uart_read(UARTIBRD), values[i]);
        uart_write(UARTFBRD, values[i] & 0x3f);
        CHECK_EQ(uart_read(UARTFBRD), values[i] & 0x3f);
    }
    console_init();
}

static void line_control(void)
{
    console_flush();
    for (uint32_t bit = 0; bit < 8; bit++) {
        uart_write(UARTLCR_H, 1u << bit);
        CHECK_EQ(uart_read(UARTLCR_H), 1u << bit);
    }
    console_init();
}

static void control(void)
{
    static const uint32_t values[] = {0x0000, 0x0300, 0x0301, 0x0f01, 0xf301, 0xc301};

    console_flush();
    for (uint32_t i = 0; i < 6; i++) {
        uart_write(UARTCR, values[i]);
        CHECK_EQ(uart_read(UARTCR), values[i]);
    }
    console_init();
}

static void other_registers(void)
{
    for (uint32_t v = 0; v < 0x40; v += 9) {
        uart_write(UARTIFLS, v & 0x24); /* 1/8 and 7/8 */
        CHECK_EQ(uart_read(UARTIFLS), v & 0x24);
    }
    for (uint32_t bit = 0; bit < 11; bit++) {
        uart_write(UARTIMSC, 1u << bit);
        CHECK_EQ(uart_read(UARTIMSC), 1u << bit);
    }
    uart_write(UARTIMSC, 0);
    uart_write(UARTILPR, 0x5a);
    CHECK_EQ(uart_read(UARTILPR), 0x5a);
    uart_write(UARTILPR, 0);
    uart_write(UARTDMACR, 4);
    CHECK_EQ(uart_read(UARTDMACR), 4);
    uart_write(UARTDMACR, 0);
    uart_write(UARTRSR, 0xff); /* UARTECR: clears the error flags */
    CHECK_EQ(uart_read(UARTRSR) & 0xf, 0);
    console_init();
}

static void reserved_bits(void)
{
    SKIP_NATIVE("keeps reserved bits of the PL011's registers");
    console_flush();
    uart_write(UARTIBRD, ~0u);
    CHECK_EQ(uart_read(UARTIBRD), 0xffff);
    uart_write(UARTFBRD, ~0u);
    CHECK_EQ(uart_read(UARTFBRD), 0x3f);
    uart_write(UARTIFLS, ~0u);
    CHECK_EQ(uart_read(UARTIFLS) & ~0x3fu, 0);
    uart_write(UARTIMSC, 0xfffff800u);
    CHECK_EQ(uart_read(UARTIMSC), 0);
    uart_write(UARTLCR_H, 0xffffff70u);
    CHECK_EQ(uart_read(UARTLCR_H), 0x70);
    CHECK_EQ(uart_read(0x008), 0);
    CHECK_EQ(uart_read(0xf00), 0);
    console_init();
}

static void read_only(void)
{
    uint32_t ris = uart_read(UARTRIS);

    uart_write(UARTRIS, ~ris);
    CHECK_EQ(uart_read(UARTRIS), ris);
    uart_write(UARTMIS, ~0u);
    CHECK_EQ(uart_read(UARTMIS), 0);
}

static void store_widths(void)
{
    /* Prints a TAP comment with byte, halfword and word stores to UARTDR. */
    const char *text = "# bytes, halfwords and words\n";

    for (uint32_t i = 0; text[i] != '\0'; i++) {
        while ((uart_read(UARTFR) & FR_TXFF) != 0) {
        }
        if (i % 3 == 0) {
            mmio_write8(UART_BASE + UARTDR, (uint8_t)text[i]);
        } else if (i % 3 == 1) {
            mmio_write16(UART_BASE + UARTDR, (uint16_t)text[i]);
        } else {
            mmio_write32(UART_BASE + UARTDR, (uint32_t)text[i] | 0xffff0000u);
        }
    }
    console_flush();
    CHECK_EQ(uart_read(UARTFR) & (FR_TXFE | FR_BUSY), FR_TXFE);
}

static void load_widths(void)
{
    uart_write(UARTIBRD, 0x8765);
    CHECK_EQ(mmio_read16(UART_BASE + UARTIBRD), 0x8765);
    CHECK_EQ(mmio_read8(UART_BASE + UARTIBRD), 0x65);
    CHECK_EQ(mmio_read8(UART_BASE + UARTPERIPHID0), 0x11);
    CHECK_EQ(mmio_read16(UART_BASE + UARTPERIPHID0 + 4), 0x10);
    console_init();
}

static const struct test_case cases[] = {
    {"pl011.id-registers", id_registers},
    {"pl011.flags-idle", flags_idle},
    {"pl011.baud", baud},
    {"pl011.line-control", line_control},
    {"pl011.control", control},
    {"pl011.other-registers", other_registers},
    {"pl011.reserved-bits", reserved_bits},
    {"pl011.read-only", read_only},
    {"pl011.store-widths", store_widths},
    {"pl011.load-widths", load_widths},
};
SUITE(suite_uart, cases);
