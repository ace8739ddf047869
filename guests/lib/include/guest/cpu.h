/*
 * Processor access for ARMv7-A guests: CP15/CP14 reads and writes, barriers,
 * CPSR masks and modes. Names follow the ARM Architecture Reference Manual
 * (ARM DDI 0406C), section B4.1 for the CP15 registers.
 */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include <stdint.h>

#define MODE_USR 0x10u
#define MODE_FIQ 0x11u
#define MODE_IRQ 0x12u
#define MODE_SVC 0x13u
#define MODE_ABT 0x17u
#define MODE_UND 0x1bu
#define MODE_SYS 0x1fu
#define MODE_MASK 0x1fu

#define CPSR_T (1u << 5)
#define CPSR_F (1u << 6)
#define CPSR_I (1u << 7)
#define CPSR_A (1u << 8)
#define CPSR_E (1u << 9)
#define CPSR_Z (1u << 30)

#define SCTLR_M (1u << 0)
#define SCTLR_A (1u << 1)
#define SCTLR_C (1u << 2)
#define SCTLR_Z (1u << 11)
#define SCTLR_I (1u << 12)
#define SCTLR_V (1u << 13)

#define TTBCR_EAE (1u << 31)

/* CP_READ(p15, 0, c1, c0, 0) is MRC p15, 0, Rt, c1, c0, 0. */
#define CP_READ(cp, op1, crn, crm, op2)                                                            \
    ({                                                                                             \
        uint32_t cp_value_;                                                                        \
        __asm__ volatile("mrc " #cp ", " #op1 ", %0, " #crn ", " #crm ", " #op2                    \
                         : "=r"(cp_value_)                                                         \
                         :                                                                         \
                         : "memory");                                                              \
        cp_value_;                                                                                 \
    })

#define CP_WRITE(cp, op1, crn, crm, op2, value)                                                    \
    __asm__ volatile("mcr " #cp ", " #op1 ", %0, " #crn ", " #crm ", " #op2                        \
                     :                                                                             \
                     : "r"((uint32_t)(value))                                                      \
                     : "memory")

/* CP_READ64(p15, 1, c14) is MRRC p15, 1, Rt, Rt2, c14. */
#define CP_READ64(cp, op1, crm)                                                                    \
    ({                                                                                             \
        uint64_t cp_value_;                                                                        \
        __asm__ volatile("mrrc " #cp ", " #op1 ", %Q0, %R0, " #crm                                 \
                         : "=r"(cp_value_)                                                         \
                         :                                                                         \
                         : "memory");                                                              \
        cp_value_;                                                                                 \
    })

#define CP_WRITE64(cp, op1, crm, value)                                                            \
    __asm__ volatile("mcrr " #cp ", " #op1 ", %Q0, %R0, " #crm                                     \
                     :                                                                             \
                     : "r"((uint64_t)(value))                                                      \
                     : "memory")

#define READ_MIDR() CP_READ(p15, 0, c0, c0, 0)
#define READ_MPIDR() CP_READ(p15, 0, c0, c0, 5)
#define READ_SCTLR() CP_READ(p15, 0, c1, c0, 0)
#define WRITE_SCTLR(v) CP_WRITE(p15, 0, c1, c0, 0, v)
#define READ_ACTLR() CP_READ(p15, 0, c1, c0, 1)
#define READ_CPACR() CP_READ(p15, 0, c1, c0, 2)
#define WRITE_CPACR(v) CP_WRITE(p15, 0, c1, c0, 2, v)
#define READ_TTBCR() CP_READ(p15, 0, c2, c0, 2)
#define WRITE_TTBCR(v) CP_WRITE(p15, 0, c2, c0, 2, v)

static inline void isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

static inline void dsb(void)
{
    __asm__ volatile("dsb" : : : "memory");
}

static inline void wfi(void)
{
    __asm__ volatile("dsb\n\twfi" : : : "memory");
}

static inline void irq_enable(void)
{
    __asm__ volatile("cpsie i" : : : "memory");
}

static inline void irq_disable(void)
{
    __asm__ volatile("cpsid i" : : : "memory");
}

static inline void fiq_enable(void)
{
    __asm__ volatile("cpsie f" : : : "memory");
}

static inline void fiq_disable(void)
{
    __asm__ volatile("cpsid f" : : : "memory");
}

static inline uint32_t read_cpsr(void)
{
    uint32_t value;

    __asm__ volatile("mrs %0, cpsr" : "=r"(value) : : "memory");
    return value;
}

#endif
