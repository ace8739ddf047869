/*
 * The processor from entry to the first thread: boot information, HYP MMU, traps and the native
 * world. Runs once, on the boot CPU.
 */
#include <arch/irq.h>
#include <arch/world.h>
#include <drivers/gicv2.h>
#include <kernel/boot.h>
#include <plat/uart.h>

#include "arch_private.h"

#define MODE_MASK 0x1fu
#define MODE_HYP 0x1au

/* Before the MMU, the vectors and panic(): the only way to say why. */
static void refuse(const struct l4_bootinfo *info, const char *why) __attribute__((noreturn));
static void refuse(const struct l4_bootinfo *info, const char *why)
{
    plat_uart_init((uint32_t)info->uart);
    while (*why != '\0') {
        plat_uart_put(*why++);
    }
    arch_machine_exit(1);
}

/* Cycle counter on for good, counting at every level; HDCR.TPM decides who reads it. */
static void pmu_start(struct arch_cpu *cpu)
{
    uint32_t pmcr = CP15_READ(PMCR);

    CP15_WRITE(PMINTENCLR, 0xffffffffu);
    CP15_WRITE(PMCNTENCLR, 0xffffffffu);
    CP15_WRITE(PMCR, (pmcr & ~0x3fu) | 7u); /* E, P, C; every cycle */
    CP15_WRITE(PMSELR, 31u);
    arch_isb();
    CP15_WRITE(PMXEVTYPER, 1u << 27); /* NSH */
    CP15_WRITE(PMCNTENSET, 1u << 31);
    CP15_WRITE(PMUSERENR, 1u);
    cpu->native = WORLD_NATIVE((pmcr >> 11) & 0x1fu); /* HPMN = PMCR.N */
}

struct thread *arch_start(const struct l4_bootinfo *info, uint32_t cpsr)
{
    if ((cpsr & MODE_MASK) != MODE_HYP) {
        refuse(info, "kernel: not entered in HYP mode (processor without virtualization?)\r\n");
    }
    if (info->magic != L4_BOOTINFO_MAGIC || info->version != L4_BOOTINFO_VERSION ||
        info->size != sizeof(*info)) {
        refuse(info, "kernel: boot information of another version\r\n");
    }
    boot_info = *info;
    CP15_WRITE(HVBAR, (uint32_t)(uintptr_t)hyp_vectors);
    arch_isb();
    hyp_mmu_start();
    plat_uart_init((uint32_t)boot_info.uart);
    stage2_start();
    pmu_start(arch_this_cpu());
    world_load(&arch_this_cpu()->native);
    CP15_WRITE(CPACR, 0u);
    CP15_WRITE(FCSEIDR, 0u);
    CP15_WRITE(CNTHCTL, 0u);
    CP15_WRITE(CNTV_CTL, 0u);
    CP15_WRITE(CNTP_CTL, 0u);
    CP15_WRITE64(CNTVOFF, 0u);
    arch_timer_set(UINT64_MAX);
    arch_isb();
    gicv2_start((uint32_t)boot_info.gicd, (uint32_t)boot_info.gicc);
    arch_irq_enable(boot_info.timer_irq_hyp);
    arch_irq_enable(boot_info.timer_irq_virtual);
    arch_irq_enable(boot_info.maintenance_irq);
    return boot_start();
}
