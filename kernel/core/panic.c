/*
 * Panic, for states that the kernel itself broke, and the small formatter behind it.
 */
#include <arch/cpu.h>
#include <kernel/print.h>
#include <plat/uart.h>

#define PANIC_STATUS 70u

static void put_number(uint32_t value, uint32_t base)
{
    char digit[10];
    uint32_t n = 0;

    do {
        uint32_t d = value % base;

        digit[n++] = (char)(d < 10u ? '0' + d : 'a' + d - 10u);
        value /= base;
    } while (value != 0);
    while (n > 0) {
        plat_uart_put(digit[--n]);
    }
}

static void put_text(const char *s)
{
    while (*s != '\0') {
        plat_uart_put(*s++);
    }
}

static void put_argument(char kind, va_list *args)
{
    if (kind == 's') {
        put_text(va_arg(*args, const char *));
    } else {
        put_number(va_arg(*args, unsigned int), kind == 'x' ? 16 : 10);
    }
}

void kvprintf(const char *format, va_list args)
{
    va_list copy;

    va_copy(copy, args);
    for (; *format != '\0'; format++) {
        if (*format == '%' && format[1] != '\0') {
            put_argument(*++format, &copy);
        } else {
            plat_uart_put(*format);
        }
    }
    va_end(copy);
}

void kprintf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    kvprintf(format, args);
    va_end(args);
}

void panic(const char *format, ...)
{
    va_list args;

    kprintf("\n[kernel] PANIC: ");
    va_start(args, format);
    kvprintf(format, args);
    va_end(args);
    kprintf("\n");
    arch_panic_dump();
    arch_machine_exit(PANIC_STATUS);
}
