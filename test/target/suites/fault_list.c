/*
 * The list of forbidden instructions: see faults.h. One table makes the code, the names and the
 * kinds, so that they cannot part.
 */
#include <l4/abi/msg.h>

#include "faults.h"
#include "test.h"

/* X(kind, name, instruction): r0 may be changed, r1 holds 0. */
#define FORBIDDEN(X)                                                                               \
    X(L4_FAULT_UNDEFINED, "UDF", "udf #1")                                                         \
    X(L4_FAULT_UNDEFINED, "HVC", ".inst 0xe1400070")                                               \
    X(L4_FAULT_UNDEFINED, "SMC", ".inst 0xe1600070")                                               \
    X(L4_FAULT_UNDEFINED, "WFI", "wfi")                                                            \
    X(L4_FAULT_BREAKPOINT, "BKPT", "bkpt #7")                                                      \
    X(L4_FAULT_UNDEFINED, "ERET", ".inst 0xe160006e")                                              \
    X(L4_FAULT_UNDEFINED, "VADD.F32", ".inst 0xee300a00")                                          \
    X(L4_FAULT_UNDEFINED, "VMOV to s0", ".inst 0xee000a10")                                        \
    X(L4_FAULT_UNDEFINED, "VMRS fpscr", ".inst 0xeef10a10")                                        \
    X(L4_FAULT_UNDEFINED, "VMRS fpexc", ".inst 0xeef80a10")                                        \
    X(L4_FAULT_UNDEFINED, "VLDR d0", ".inst 0xed910b00")                                           \
    X(L4_FAULT_UNDEFINED, "VADD.I32 q0 (NEON)", ".inst 0xf2200840")                                \
    X(L4_FAULT_UNDEFINED, "VLD1 (NEON)", ".inst 0xf421070f")                                       \
    X(L4_FAULT_UNDEFINED, "read SCTLR", "mrc p15, 0, r0, c1, c0, 0")                               \
    X(L4_FAULT_UNDEFINED, "write SCTLR", "mcr p15, 0, r1, c1, c0, 0")                              \
    X(L4_FAULT_UNDEFINED, "write CPACR", "mcr p15, 0, r1, c1, c0, 2")                              \
    X(L4_FAULT_UNDEFINED, "read MIDR", "mrc p15, 0, r0, c0, c0, 0")                                \
    X(L4_FAULT_UNDEFINED, "write TTBR0", "mcr p15, 0, r1, c2, c0, 0")                              \
    X(L4_FAULT_UNDEFINED, "write DACR", "mcr p15, 0, r1, c3, c0, 0")                               \
    X(L4_FAULT_UNDEFINED, "read DFAR", "mrc p15, 0, r0, c6, c0, 0")                                \
    X(L4_FAULT_UNDEFINED, "DCIMVAC", "mcr p15, 0, r1, c7, c6, 1")                                  \
    X(L4_FAULT_UNDEFINED, "DCCISW", "mcr p15, 0, r1, c7, c14, 2")                                  \
    X(L4_FAULT_UNDEFINED, "ICIALLU", "mcr p15, 0, r1, c7, c5, 0")                                  \
    X(L4_FAULT_UNDEFINED, "TLBIALL", "mcr p15, 0, r1, c8, c7, 0")                                  \
    X(L4_FAULT_UNDEFINED, "read L2CTLR", "mrc p15, 1, r0, c9, c0, 2")                              \
    X(L4_FAULT_UNDEFINED, "read PMCCNTR", "mrc p15, 0, r0, c9, c13, 0")                            \
    X(L4_FAULT_UNDEFINED, "write PMCR", "mcr p15, 0, r1, c9, c12, 0")                              \
    X(L4_FAULT_UNDEFINED, "write PMUSERENR", "mcr p15, 0, r1, c9, c14, 0")                         \
    X(L4_FAULT_UNDEFINED, "write VBAR", "mcr p15, 0, r1, c12, c0, 0")                              \
    X(L4_FAULT_UNDEFINED, "write FCSEIDR", "mcr p15, 0, r1, c13, c0, 0")                           \
    X(L4_FAULT_UNDEFINED, "read CONTEXTIDR", "mrc p15, 0, r0, c13, c0, 1")                         \
    X(L4_FAULT_UNDEFINED, "read TPIDRURW", "mrc p15, 0, r0, c13, c0, 2")                           \
    X(L4_FAULT_UNDEFINED, "write TPIDRURW", "mcr p15, 0, r1, c13, c0, 2")                          \
    X(L4_FAULT_UNDEFINED, "read TPIDRURO", "mrc p15, 0, r0, c13, c0, 3")                           \
    X(L4_FAULT_UNDEFINED, "read TPIDRPRW", "mrc p15, 0, r0, c13, c0, 4")                           \
    X(L4_FAULT_UNDEFINED, "read CNTFRQ", "mrc p15, 0, r0, c14, c0, 0")                             \
    X(L4_FAULT_UNDEFINED, "read CNTKCTL", "mrc p15, 0, r0, c14, c1, 0")                            \
    X(L4_FAULT_UNDEFINED, "write CNTV_CTL", "mcr p15, 0, r1, c14, c3, 1")                          \
    X(L4_FAULT_UNDEFINED, "write CNTP_CTL", "mcr p15, 0, r1, c14, c2, 1")                          \
    X(L4_FAULT_UNDEFINED, "read CNTVCT", "mrrc p15, 1, r0, r2, c14")                               \
    X(L4_FAULT_UNDEFINED, "read CNTPCT", "mrrc p15, 0, r0, r2, c14")                               \
    X(L4_FAULT_UNDEFINED, "write CNTHP_CTL", "mcr p15, 4, r1, c14, c2, 1")                         \
    X(L4_FAULT_UNDEFINED, "write HCR", "mcr p15, 4, r1, c1, c1, 0")                                \
    X(L4_FAULT_UNDEFINED, "write HVBAR", "mcr p15, 4, r1, c12, c0, 0")                             \
    X(L4_FAULT_UNDEFINED, "write VTTBR", "mcrr p15, 6, r1, r2, c2")                                \
    X(L4_FAULT_UNDEFINED, "read ACTLR", "mrc p15, 0, r0, c1, c0, 1")                               \
    X(L4_FAULT_UNDEFINED, "CP15 c15", "mrc p15, 0, r0, c15, c0, 0")                                \
    X(L4_FAULT_UNDEFINED, "read DBGDSCR", "mrc p14, 0, r0, c0, c2, 2")                             \
    X(L4_FAULT_UNDEFINED, "write DBGBVR0", "mcr p14, 0, r1, c0, c0, 4")                            \
    X(L4_FAULT_UNDEFINED, "read DBGDRAR", "mrc p14, 0, r0, c1, c0, 0")                             \
    X(L4_FAULT_UNDEFINED, "read TEECR", "mrc p14, 6, r0, c0, c0, 0")                               \
    X(L4_FAULT_UNDEFINED, "read JIDR", "mrc p14, 7, r0, c0, c0, 0")                                \
    X(L4_FAULT_UNDEFINED, "write JOSCR", "mcr p14, 7, r1, c1, c0, 0")                              \
    X(L4_FAULT_UNDEFINED, "coprocessor 7", ".inst 0xee100710")                                     \
    X(L4_FAULT_UNDEFINED, "banked MRS", ".inst 0xe1030200")                                        \
    X(L4_FAULT_UNDEFINED, "SRS", ".inst 0xf8cd0510")

#define NAME(kind, name, instruction) name,
const char *const fault_name[] = {FORBIDDEN(NAME) NULL};
#define KIND(kind, name, instruction) kind,
static const uint8_t kinds[] = {FORBIDDEN(KIND)};

extern const char fault_list_first[];

uint32_t fault_kind(uint32_t index)
{
    return kinds[index];
}

uint32_t fault_first(void)
{
    return (uint32_t)fault_list_first;
}

__attribute__((noinline)) void fault_instructions(struct worker *self)
{
#define CODE(kind, name, instruction) instruction "\n\t"
    __asm__ volatile(".arch_extension virt\n\t.arch_extension sec\n\t"
                     "mov r1, #0\n\tmov r2, #0\n\t"
                     ".global fault_list_first\n"
                     "fault_list_first:\n\t" FORBIDDEN(CODE) "nop"
                     :
                     :
                     : "r0", "r1", "r2", "memory", "cc");
    self->value[0] = 77;
}
