/*
 * ARMv7-A: the worlds a processor can be prepared for, and who switches what.
 *
 * A world is the low bits of thread.flags: native (0), native with performance counters
 * (L4_THREAD_PMU) and guest (L4_THREAD_GUEST). In the native worlds PL0 runs under HCR.TGE; what a
 * guest left in PL1 and CP15 registers stays there and must be out of PL0's reach:
 *
 *   HSTR.T13   TPIDRURW, TPIDRURO, CONTEXTIDR, FCSEIDR
 *   HCPTR      VFP, NEON, trace         HDCR   PMU (but PMU threads), debug
 *   CNTKCTL    0: no counter, no timer  SCTLR  constant: no alignment checks
 *   SPSR       A, I, F set: no virtual interrupt is taken at PL0; physical ones come to HYP all
 *              the same (HCR.IMO, FMO, AMO)
 *
 * A world's registers are one structure, struct world_regs, loaded as a whole. Of a guest, SCTLR
 * and CNTKCTL change under way and are read back when it is left. ERET synchronizes all of it: no
 * ISB needed unless the kernel itself depends on a value.
 */
#ifndef ARCH_WORLD_H
#define ARCH_WORLD_H

#include <arch/cp15.h>
#include <kernel/cpu.h>

/* In the processor's key while a guest runs: no thread has it, so that a switch to a guest never
 * looks like no change. */
#define KEY_GUEST_RUNS 0x80u

static inline struct arch_cpu *arch_this_cpu(void)
{
    return &this_cpu()->arch;
}

/* Of the tags in use; 0 never. */
static inline uint32_t vmid_generation(const struct arch_cpu *cpu)
{
    return cpu->key >> KEY_GENERATION_SHIFT;
}

/* HCR, ARM ARM B4.1.65 */
#define HCR_VM 0x00000001u
#define HCR_SWIO 0x00000002u
#define HCR_PTW 0x00000004u
#define HCR_FMO 0x00000008u
#define HCR_IMO 0x00000010u
#define HCR_AMO 0x00000020u
#define HCR_FB 0x00000200u
#define HCR_BSU_IS 0x00000400u
#define HCR_DC 0x00001000u
#define HCR_TWI 0x00002000u
#define HCR_TID0 0x00008000u
#define HCR_TSC 0x00080000u
#define HCR_TIDCP 0x00100000u
#define HCR_TAC 0x00200000u
#define HCR_TSW 0x00400000u
#define HCR_TGE 0x08000000u

/* HDCR, B4.1.62. PMUSERENR.EN is always set; TPM alone decides who reaches the counters. */
#define HDCR_TPM 0x00000040u
#define HDCR_TDE 0x00000100u
#define HDCR_TDA 0x00000200u
#define HDCR_TDOSA 0x00000400u
#define HDCR_TDRA 0x00000800u
#define WORLD_HDCR (HDCR_TPM | HDCR_TDE | HDCR_TDA | HDCR_TDOSA | HDCR_TDRA)

/* HSTR, B4.1.81: Tn, TTEE, TJDBX */
#define HSTR_T(n) (1u << (n))
#define HSTR_TTEE 0x00010000u
#define HSTR_TJDBX 0x00020000u

/* HCPTR, B4.1.58 */
#define HCPTR_RES1 0x000033ffu
#define HCPTR_TCP10 0x00000400u
#define HCPTR_TCP11 0x00000800u
#define HCPTR_TASE 0x00008000u
#define HCPTR_TTA 0x00100000u

#define WORLD_NATIVE_HCR                                                                           \
    (HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_DC | HCR_TWI |    \
     HCR_TID0 | HCR_TSC | HCR_TIDCP | HCR_TGE)
#define WORLD_NATIVE_HSTR (HSTR_T(13) | HSTR_T(15) | HSTR_TTEE | HSTR_TJDBX)
#define WORLD_NATIVE_HCPTR (HCPTR_RES1 | HCPTR_TCP10 | HCPTR_TCP11 | HCPTR_TASE | HCPTR_TTA)
/* RES1 bits, I, Z, CP15BEN, C; A, M, EE and TE clear */
#define WORLD_NATIVE_SCTLR 0x00c5187cu

/* `counters`: HDCR.HPMN */
#define WORLD_NATIVE(counters)                                                                     \
    ((struct world_regs){.hcr = WORLD_NATIVE_HCR,                                                  \
                         .hstr = WORLD_NATIVE_HSTR,                                                \
                         .hcptr = WORLD_NATIVE_HCPTR,                                              \
                         .hdcr = WORLD_HDCR | (counters),                                          \
                         .sctlr = WORLD_NATIVE_SCTLR,                                              \
                         .cntkctl = 0})

static inline void world_load(const struct world_regs *regs)
{
    uint32_t w[6];

    arch_load6(&regs->hcr, w);
    CP15_WRITE(HCR, w[0]);
    CP15_WRITE(HSTR, w[1]);
    CP15_WRITE(HCPTR, w[2]);
    CP15_WRITE(HDCR, w[3]);
    CP15_WRITE(SCTLR, w[4]);
    CP15_WRITE(CNTKCTL, w[5]);
}

/* Out of the guest world to the native one; the rest of the vCPU stays loaded. */
void vcpu_leave(void);
/* A trap from guest mode: frame saved, guest world still set. Returns the thread to run. */
struct thread *trap_guest(struct thread *self, uint32_t hsr);

#endif
