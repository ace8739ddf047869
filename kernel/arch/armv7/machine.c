/*
 * arch/cpu.h: idling, caches and the end of the machine.
 */
#include <arch/cp15.h>
#include <arch/cpu.h>
#include <kernel/boot.h>
#include <l4/abi/syscall.h>

#include "arch_private.h"

#define PSCI_SYSTEM_OFF 0x84000008u
#define SEMIHOSTING_EXIT_EXTENDED 0x20u
#define SEMIHOSTING_APPLICATION_EXIT 0x20026u

void arch_idle(void)
{
    if (nonpreempt_on) {
        nonpreempt_mark();
    }
    __asm__ volatile("dsb\n\twfi" : : : "memory");
    nonpreempt_start = CP15_READ(PMCCNTR); /* what was slept is no stretch */
}

static void cache_lines(uint32_t op, uintptr_t p, uintptr_t end)
{
    uint32_t line = 4u << ((CP15_READ(CTR) >> 16) & 15u);

    for (p &= ~(uintptr_t)(line - 1); p < end; p += line) {
        if (op == L4_CACHE_CLEAN) {
            CP15_WRITE(DCCMVAC, p);
        } else if (op == L4_CACHE_INVALIDATE) {
            CP15_WRITE(DCCIMVAC, p);
        } else {
            CP15_WRITE(DCCMVAU, p);
        }
    }
}

void arch_cache_op(uint32_t op, const void *start, uint32_t size)
{
    cache_lines(op, (uintptr_t)start, (uintptr_t)start + size);
    __asm__ volatile("dsb" : : : "memory"); /* the whole system: devices read memory too */
    if (op == L4_CACHE_SYNC_CODE) {
        CP15_WRITE(ICIALLUIS, 0u);
        CP15_WRITE(BPIALLIS, 0u);
        arch_dsb_ish();
        arch_isb();
    }
}

static void semihosting_exit(uint32_t status)
{
    const uint32_t block[2] = {SEMIHOSTING_APPLICATION_EXIT, status};
    register uint32_t r0 __asm__("r0") = SEMIHOSTING_EXIT_EXTENDED;
    register const uint32_t *r1 __asm__("r1") = block;

    __asm__ volatile(".inst 0xe10f0070" : "+r"(r0) : "r"(r1) : "memory"); /* HLT #0xf000 */
}

static void psci_off(void)
{
    register uint32_t r0 __asm__("r0") = PSCI_SYSTEM_OFF;

    __asm__ volatile(".arch_extension sec\n\tsmc #0" : "+r"(r0) : : "r1", "r2", "r3", "memory");
}

void arch_machine_exit(uint32_t status)
{
    if (boot_info.semihosting != 0) {
        semihosting_exit(status);
    }
    if (boot_info.psci_smc != 0) {
        psci_off();
    }
    for (;;) {
        arch_idle();
    }
}
