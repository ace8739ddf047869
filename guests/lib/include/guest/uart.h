/*
 * PL011 register map (ARM DDI 0183G, table 3-1) and the polled console that the
 * guests print with. The console owns no state: tests may reprogram the device
 * between two lines as long as they restore it.
 */
#ifndef GUEST_UART_H
#define GUEST_UART_H

#include <stdint.h>

#include "guest/board.h"
#include "guest/mmio.h"

#define UARTDR 0x000u
#define UARTRSR 0x004u
#define UARTFR 0x018u
#define UARTILPR 0x020u
#define UARTIBRD 0x024u
#define UARTFBRD 0x028u
#define UARTLCR_H 0x02cu
#define UARTCR 0x030u
#define UARTIFLS 0x034u
#define UARTIMSC 0x038u
#define UARTRIS 0x03cu
#define UARTMIS 0x040u
#define UARTICR 0x044u
#define UARTDMACR 0x048u
#define UARTPERIPHID0 0xfe0u
#define UARTPCELLID0 0xff0u

#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)

#define CR_UARTEN (1u << 0)
#define CR_LBE (1u << 7)
#define CR_TXE (1u << 8)
#define CR_RXE (1u << 9)

#define LCR_H_FEN (1u << 4)
#define LCR_H_WLEN8 (3u << 5)

#define UART_INT_RX (1u << 4)
#define UART_INT_TX (1u << 5)
#define UART_INT_RT (1u << 6)
#define UART_INT_OE (1u << 10)
#define UART_INT_ALL 0x7ffu

static inline uint32_t uart_read(uint32_t reg)
{
    return mmio_read32(UART_BASE + reg);
}

static inline void uart_write(uint32_t reg, uint32_t value)
{
    mmio_write32(UART_BASE + reg, value);
}

/* 115200-8N1 (of no meaning on an emulated line), FIFOs on, no interrupts. */
void console_init(void);
void console_putc(char c);
/* Waits until the last character has left the transmitter. */
void console_flush(void);

/* %s %c %d %u %x %p, a width with optional zero padding; nothing else. No format
 * attribute: %x and %u take unsigned int and uint32_t alike (both 32 bits here). */
void print(const char *format, ...);
/* The same into a buffer, always terminated; returns the length written. */
unsigned int format_into(char *buffer, unsigned int size, const char *format, ...);

#endif
