/*
 * plat/uart.h by a PL011 (ARM DDI 0183): output only, polled, with a bound on the wait. Line
 * settings are left as the firmware made them.
 */
#include <plat/uart.h>

#define UARTDR 0x00u
#define UARTFR 0x18u
#define UARTFR_TXFF 0x20u
#define WAIT_LIMIT 1000000u

static uintptr_t uart;

static volatile uint32_t *reg(uint32_t offset)
{
    return (volatile uint32_t *)(uart + offset);
}

void plat_uart_init(uint32_t base)
{
    uart = base;
}

void plat_uart_put(char c)
{
    if (uart == 0) {
        return;
    }
    for (uint32_t i = 0; (*reg(UARTFR) & UARTFR_TXFF) != 0 && i < WAIT_LIMIT; i++) {
    }
    *reg(UARTDR) = (uint8_t)c;
}
