/*
 * The polled PL011 console (ARM DDI 0183G) and a printf that needs no library.
 * Output must go on whatever state a test left the device in, so only the
 * transmit FIFO's full flag is trusted.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "guest/uart.h"

void console_init(void)
{
    uart_write(UARTCR, 0);
    uart_write(UARTIMSC, 0);
    uart_write(UARTICR, UART_INT_ALL);
    uart_write(UARTIBRD, 13);
    uart_write(UARTFBRD, 1);
    uart_write(UARTLCR_H, LCR_H_WLEN8 | LCR_H_FEN);
    uart_write(UARTIFLS, 0x12);
    uart_write(UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}

void console_putc(char c)
{
    while ((uart_read(UARTFR) & FR_TXFF) != 0) {
    }
    uart_write(UARTDR, (uint8_t)c);
}

void console_flush(void)
{
    while ((uart_read(UARTFR) & FR_BUSY) != 0) {
    }
}

/* Where characters go: the console when buffer is NULL. */
struct sink {
    char *buffer;
    unsigned int size;
    unsigned int length;
};

static void sink_put(struct sink *sink, char c)
{
    if (sink->buffer == NULL) {
        if (c == '\n') {
            console_putc('\r');
        }
        console_putc(c);
    } else if (sink->length + 1 < sink->size) {
        sink->buffer[sink->length] = c;
    } else {
        return;
    }
    sink->length++;
}

static void sink_number(struct sink *sink, uint32_t value, uint32_t base, unsigned int width,
                        char pad)
{
    char digits[12];
    unsigned int count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (; width > count; width--) {
        sink_put(sink, pad);
    }
    while (count > 0) {
        sink_put(sink, digits[--count]);
    }
}

static void sink_format(struct sink *sink, const char *format, va_list args)
{
    for (; *format != '\0'; format++) {
        unsigned int width = 0;
        char pad = ' ';

        if (*format != '%') {
            sink_put(sink, *format);
            continue;
        }
        for (format++; *format >= '0' && *format <= '9'; format++) {
            if (*format == '0' && width == 0) {
                pad = '0';
            }
            width = width * 10 + (unsigned int)(*format - '0');
        }
        if (*format == 's') {
            for (const char *s = va_arg(args, const char *); *s != '\0'; s++) {
                sink_put(sink, *s);
            }
        } else if (*format == 'c') {
            sink_put(sink, (char)va_arg(args, int));
        } else if (*format == 'd') {
            int value = va_arg(args, int);

            if (value < 0) {
                sink_put(sink, '-');
            }
            sink_number(sink, value < 0 ? 0u - (uint32_t)value : (uint32_t)value, 10, width, pad);
        } else if (*format == 'u') {
            sink_number(sink, va_arg(args, uint32_t), 10, width, pad);
        } else if (*format == 'x') {
            sink_number(sink, va_arg(args, uint32_t), 16, width, pad);
        } else if (*format == 'p') {
            sink_number(sink, (uint32_t)(uintptr_t)va_arg(args, void *), 16, 8, '0');
        } else {
            sink_put(sink, *format);
        }
    }
}

void print(const char *format, ...)
{
    struct sink sink = {NULL, 0, 0};
    va_list args;

    va_start(args, format);
    sink_format(&sink, format, args);
    va_end(args);
}

unsigned int format_into(char *buffer, unsigned int size, const char *format, ...)
{
    struct sink sink = {buffer, size, 0};
    va_list args;

    va_start(args, format);
    sink_format(&sink, format, args);
    va_end(args);
    buffer[sink.length] = '\0';
    return sink.length;
}
