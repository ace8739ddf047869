/*
 * What panic() shows of the processor: the kernel's registers if it trapped itself, those of the
 * current thread, fault registers, and the return addresses found on the kernel stack.
 */
#include <arch/cp15.h>
#include <kernel/cpu.h>
#include <kernel/print.h>

#include "arch_private.h"
#include "asm_defs.h"

#define DEPTH 24u

struct arch_frame panic_frame; /* pc 0: the kernel did not trap */
uint64_t panic_stack[PANIC_STACK_SIZE / sizeof(uint64_t)];

static void put_frame(const char *title, const struct arch_frame *f)
{
    kprintf("%s", title);
    for (uint32_t i = 0; i < 13; i++) {
        kprintf(i % 8 == 0 ? "\n    %x" : " %x", (unsigned)f->r[i]);
    }
    kprintf("\n  sp %x lr %x pc %x psr %x\n", (unsigned)f->sp, (unsigned)f->lr, (unsigned)f->pc,
            (unsigned)f->cpsr);
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
        kprintf("kernel stack pointer outside its stack: %x\n", (unsigned)sp);
        sp = (uintptr_t)__stack_start;
    }
    kprintf("called from:");
    for (sp &= ~3u; sp < (uintptr_t)kernel_stack_top && found < DEPTH; sp += 4) {
        uint32_t word = *(const uint32_t *)(uintptr_t)sp;

        if (is_return_address(word)) {
            kprintf(" %x", (unsigned)word);
            found++;
        }
    }
    kprintf("\n");
}

void arch_panic_dump(void)
{
    uint32_t sp = (uint32_t)(uintptr_t)__builtin_frame_address(0);

    kprintf("HSR %x HDFAR %x HIFAR %x HPFAR %x\n", (unsigned)CP15_READ(HSR),
            (unsigned)CP15_READ(HDFAR), (unsigned)CP15_READ(HIFAR), (unsigned)CP15_READ(HPFAR));
    if (panic_frame.pc != 0) {
        put_frame("kernel:", &panic_frame);
        sp = panic_frame.sp;
    }
    if (current_thread() != NULL) {
        put_frame("current thread:", &current_thread()->frame);
    }
    put_backtrace(sp);
}
