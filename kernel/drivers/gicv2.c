/*
 * arch/irq.h by a GICv2 (ARM IHI 0048B): distributor and CPU interface. Works with and without the
 * security extensions: in both views CTLR bit 0 enables the one group in use and bit 9 is EOImode.
 */
#include <arch/irq.h>
#include <kernel/irq.h>

#include <drivers/gicv2.h>

#define GICD_CTLR 0x000u
#define GICD_TYPER 0x004u
#define GICD_IGROUPR 0x080u
#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ICPENDR 0x280u
#define GICD_ISACTIVER 0x300u
#define GICD_ICACTIVER 0x380u
#define GICD_IPRIORITYR 0x400u
#define GICD_ITARGETSR 0x800u
#define GICD_ICFGR 0xc00u

#define GICC_CTLR 0x0000u
#define GICC_PMR 0x0004u
#define GICC_BPR 0x0008u
#define GICC_IAR 0x000cu
#define GICC_EOIR 0x0010u
#define GICC_APR0 0x00d0u
#define GICC_DIR 0x1000u

#define GICC_CTLR_VALUE 0x201u /* enable, EOImode 1 */
#define FIRST_SPI 32u
#define FIRST_SPECIAL 1020u
#define PRIORITY_ALL 0xa0a0a0a0u /* one for all: the kernel does not nest */
#define TARGET_CPU0 0x01010101u

static uint32_t gicd, gicc, count;

static volatile uint32_t *reg(uint32_t base, uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(base + offset);
}

/* The register of `irq` in a bank of one bit an interrupt, and its bit. */
static volatile uint32_t *bit_reg(uint32_t bank, uint32_t irq)
{
    return reg(gicd, bank + irq / 32u * 4u);
}

static uint32_t bit_of(uint32_t irq)
{
    return 1u << (irq % 32u);
}

void gicv2_start(uint32_t distributor, uint32_t cpu_interface)
{
    gicd = distributor;
    gicc = cpu_interface;
    count = ((*reg(gicd, GICD_TYPER) & 31u) + 1u) * 32u;
    count = count < IRQ_MAX ? count : IRQ_MAX;
    *reg(gicd, GICD_CTLR) = 0;
    for (uint32_t irq = 0; irq < count; irq += 32) {
        *bit_reg(GICD_ICENABLER, irq) = 0xffffffffu;
        *bit_reg(GICD_ICPENDR, irq) = 0xffffffffu;
        *bit_reg(GICD_ICACTIVER, irq) = 0xffffffffu;
        *bit_reg(GICD_IGROUPR, irq) = 0;
    }
    for (uint32_t irq = 0; irq < count; irq += 4) {
        *reg(gicd, GICD_IPRIORITYR + irq) = PRIORITY_ALL;
        if (irq >= FIRST_SPI) {
            *reg(gicd, GICD_ITARGETSR + irq) = TARGET_CPU0;
        }
    }
    for (uint32_t irq = FIRST_SPI; irq < count; irq += 16) {
        *reg(gicd, GICD_ICFGR + irq / 4u) = 0;
    }
    *reg(gicc, GICC_APR0) = 0;
    *reg(gicc, GICC_PMR) = 0xff;
    *reg(gicc, GICC_BPR) = 0;
    *reg(gicc, GICC_CTLR) = GICC_CTLR_VALUE;
    *reg(gicd, GICD_CTLR) = 1;
}

uint32_t arch_irq_count(void)
{
    return count;
}

uint32_t arch_irq_acknowledge(void)
{
    uint32_t irq = *reg(gicc, GICC_IAR) & 0x3ffu;

    if (unlikely(irq >= FIRST_SPECIAL)) {
        return ARCH_IRQ_NONE;
    }
    *reg(gicc, GICC_EOIR) = irq;
    return irq;
}

void arch_irq_deactivate(uint32_t irq)
{
    *reg(gicc, GICC_DIR) = irq;
}

void arch_irq_enable(uint32_t irq)
{
    *bit_reg(GICD_ISENABLER, irq) = bit_of(irq);
}

void arch_irq_disable(uint32_t irq)
{
    *bit_reg(GICD_ICENABLER, irq) = bit_of(irq);
}

void arch_irq_configure(uint32_t irq, bool edge)
{
    volatile uint32_t *config = reg(gicd, GICD_ICFGR + irq / 16u * 4u);
    uint32_t bit = 2u << (irq % 16u * 2u);

    *config = edge ? *config | bit : *config & ~bit;
}

void arch_irq_set_active(uint32_t irq, bool active)
{
    *bit_reg(active ? GICD_ISACTIVER : GICD_ICACTIVER, irq) = bit_of(irq);
}
