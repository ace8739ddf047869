/*
 * What panic() shows of the processor: the kernel's registers if it trapped itself, those of the
 * current thread, fault registers, and the return addresses found on the kernel stack.
 */
#include <arch/cp15.h>
#include <kernel/cpu.h>
#include <plat/uart.h>

#include "arch_private.h"
#include "asm_defs.h"

#define DEPTH 24u

struct arch_frame panic_frame; /* pc 0: the kernel did not trap */
uint64_t panic_stack[PANIC_STACK_SIZE / sizeof(uint64_t)];

static void put_text(const char *s)
{
    while (*s != '\0') {
        plat_uart_put(*s++);
    }
}

static void put_hex(const char *name, uint32_t value)
{
    put_text(name);
    for (int shift = 28; shift >= 0; shift -= 4) {
        plat_uart_put("0123456789abcdef"[(value >> shift) & 15u]);
    }
}

static void put_frame(const char *title, const struct arch_frame *f)
{
    put_text(title);
    for (uint32_t i = 0; i < 13; i++) {
        put_hex(i % 8 == 0 ? "\r\n   " : " ", f->r[i]);
    }
    put_hex("\r\n  sp ", f->sp);
    put_hex(" lr ", f->lr);
    put_hex(" pc ", f->pc);
    put_hex(" psr ", f->cpsr);
    put_text("\r\n");
}

/* A word that points behind a BL or BLX of the kernel's text. */
static bool is_return_address(uint32_t word)
{
    uint32_t instruction;

    if ((word & 3u) != 0 || word <= (uintptr_t)__image_start || word > (uintptr_t)__text_end) {
        return false;
    }
    instruction = *(const uint32_t *)(uintptr_t)(word - 4);
    return (instruction & 0x0f000000u) == 0x0b000000u || (instruction & 0x0ffffff0u) == 0x012fff30u;
}

static void put_backtrace(uint32_t sp)
{
    uint32_t found = 0;

    if (sp < (uintptr_t)__stack_start || sp > (uintptr_t)kernel_stack_top) {
        put_hex("kernel stack pointer outside its stack: ", sp);
        put_text("\r\n");
        sp = (uintptr_t)__stack_start;
    }
    put_text("called from:");
    for (sp &= ~3u; sp < (uintptr_t)kernel_stack_top && found < DEPTH; sp += 4) {
        uint32_t word = *(const uint32_t *)(uintptr_t)sp;

        if (is_return_address(word)) {
            put_hex(" ", word);
            found++;
        }
    }
    put_text("\r\n");
}

void arch_panic_dump(void)
{
    uint32_t sp = (uint32_t)(uintptr_t)__builtin_frame_address(0);

    put_hex("HSR ", CP15_READ(HSR));
    put_hex(" HDFAR ", CP15_READ(HDFAR));
    put_hex(" HIFAR ", CP15_READ(HIFAR));
    put_hex(" HPFAR ", CP15_READ(HPFAR));
    put_text("\r\n");
    if (panic_frame.pc != 0) {
        put_frame("kernel:", &panic_frame);
        sp = panic_frame.sp;
    }
    if (current_thread() != NULL) {
        put_frame("current thread:", &current_thread()->frame);
    }
    put_backtrace(sp);
}
