/* See exception.h. */
#include <vmm/exception.h>

#define SCTLR_V 0x00002000u
#define SCTLR_EE 0x02000000u
#define SCTLR_TE 0x40000000u
#define TTBCR_EAE 0x80000000u
#define FSR_WNR 0x800u
#define FSR_LPAE 0x200u

#define VECTOR_UNDEFINED 0x04u
#define VECTOR_PREFETCH 0x0cu
#define VECTOR_DATA 0x10u

/* The fault status in the format that TTBCR.EAE selects (B3.13.3, tables B3-23 and B3-24). */
static uint32_t fault_status(const struct guest_cpu *cpu, enum guest_fault fault)
{
    static const uint8_t short_format[] = {0x08, 0x0c, 0x0e, 0x01, 0x02};
    static const uint8_t long_format[] = {0x10, 0x15, 0x16, 0x21, 0x22};
    if ((cpu->cp15.ttbcr & TTBCR_EAE) != 0) {
        return FSR_LPAE | long_format[fault];
    }
    return short_format[fault];
}

/* EnterMode and the common part of Take...Exception(). */
static void enter(struct guest_cpu *cpu, uint32_t mode, uint32_t vector, uint32_t mask)
{
    uint32_t sctlr = cpu->cp15.sctlr;
    uint32_t cpsr = cpu->gp.cpsr & ~(CPSR_MODE | CPSR_IT | CPSR_J | CPSR_T | CPSR_E);
    cpsr |= mode | mask;
    cpsr |= (sctlr & SCTLR_TE) != 0 ? CPSR_T : 0;
    cpsr |= (sctlr & SCTLR_EE) != 0 ? CPSR_E : 0;
    cpu->gp.cpsr = cpsr;
    cpu->gp.pc = ((sctlr & SCTLR_V) != 0 ? 0xffff0000u : cpu->cp15.vbar) + vector;
}

void exception_undefined(struct guest_cpu *cpu)
{
    cpu->banked.lr_und = cpu->gp.pc + ((cpu->gp.cpsr & CPSR_T) != 0 ? 2u : 4u);
    cpu->banked.spsr_und = cpu->gp.cpsr;
    enter(cpu, MODE_UND, VECTOR_UNDEFINED, CPSR_I);
}

void exception_data_abort(struct guest_cpu *cpu, uint32_t address, bool write,
                          enum guest_fault fault)
{
    cpu->banked.lr_abt = cpu->gp.pc + 8u;
    cpu->banked.spsr_abt = cpu->gp.cpsr;
    cpu->cp15.dfar = address;
    cpu->cp15.dfsr = fault_status(cpu, fault) | (write ? FSR_WNR : 0);
    enter(cpu, MODE_ABT, VECTOR_DATA, CPSR_I | CPSR_A);
}

void exception_prefetch_abort(struct guest_cpu *cpu, uint32_t address, enum guest_fault fault)
{
    cpu->banked.lr_abt = cpu->gp.pc + 4u;
    cpu->banked.spsr_abt = cpu->gp.cpsr;
    cpu->cp15.ifar = address;
    cpu->cp15.ifsr = fault_status(cpu, fault);
    enter(cpu, MODE_ABT, VECTOR_PREFETCH, CPSR_I | CPSR_A);
}

/* A short-descriptor first-level table is 16 KiB or less, a long-descriptor one a page. */
static bool in_first_table(const struct guest_cpu *cpu, const uint32_t *ttbr, uint32_t ipa)
{
    uint32_t mask = (cpu->cp15.ttbcr & TTBCR_EAE) != 0 ? ~0xfffu : ~0x3fffu;
    return ((ttbr[0] ^ ipa) & mask) == 0;
}

enum guest_fault exception_walk_fault(const struct guest_cpu *cpu, uint32_t ipa)
{
    bool first =
        in_first_table(cpu, cpu->cp15.ttbr0, ipa) || in_first_table(cpu, cpu->cp15.ttbr1, ipa);
    return first ? FAULT_EXTERNAL_WALK_1 : FAULT_EXTERNAL_WALK_2;
}
