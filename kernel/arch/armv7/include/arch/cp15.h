/*
 * ARMv7-A: CP15 registers by name. CP15_READ and CP15_WRITE take the names below without prefix;
 * the 64-bit ones have their own pair. Each access is one MRC/MCR (MRRC/MCRR), never reordered
 * against other volatile assembly.
 */
#ifndef ARCH_CP15_H
#define ARCH_CP15_H

#include <stdint.h>

/* opc1, CRn, CRm, opc2 in assembler order: "p15, opc1, Rt, CRn, CRm, opc2" */
#define CP15_READ(name)                                                                            \
    __extension__({                                                                                \
        uint32_t cp15_value;                                                                       \
        __asm__ volatile("mrc p15, " CP15_##name("%0") : "=r"(cp15_value));                        \
        cp15_value;                                                                                \
    })
#define CP15_WRITE(name, value)                                                                    \
    __asm__ volatile("mcr p15, " CP15_##name("%0") : : "r"((uint32_t)(value)) : "memory")
#define CP15_READ64(name)                                                                          \
    __extension__({                                                                                \
        uint64_t cp15_value;                                                                       \
        __asm__ volatile("mrrc p15, " CP15_##name("%Q0, %R0") : "=r"(cp15_value));                 \
        cp15_value;                                                                                \
    })
#define CP15_WRITE64(name, value)                                                                  \
    __asm__ volatile("mcrr p15, " CP15_##name("%Q0, %R0") : : "r"((uint64_t)(value)) : "memory")

/* Identification, control */
#define CP15_MIDR(r) "0, " r ", c0, c0, 0"
#define CP15_CTR(r) "0, " r ", c0, c0, 1"
#define CP15_SCTLR(r) "0, " r ", c1, c0, 0"
#define CP15_CPACR(r) "0, " r ", c1, c0, 2"
#define CP15_HSCTLR(r) "4, " r ", c1, c0, 0"
#define CP15_HCR(r) "4, " r ", c1, c1, 0"
#define CP15_HDCR(r) "4, " r ", c1, c1, 1"
#define CP15_HCPTR(r) "4, " r ", c1, c1, 2"
#define CP15_HSTR(r) "4, " r ", c1, c1, 3"
/* Translation */
#define CP15_TTBCR(r) "0, " r ", c2, c0, 2"
#define CP15_HTTBR(r) "4, " r ", c2"
#define CP15_HTCR(r) "4, " r ", c2, c0, 2"
#define CP15_VTTBR(r) "6, " r ", c2"
#define CP15_VTCR(r) "4, " r ", c2, c1, 2"
#define CP15_HMAIR0(r) "4, " r ", c10, c2, 0"
#define CP15_HMAIR1(r) "4, " r ", c10, c2, 1"
/* Faults */
#define CP15_HSR(r) "4, " r ", c5, c2, 0"
#define CP15_HDFAR(r) "4, " r ", c6, c0, 0"
#define CP15_HIFAR(r) "4, " r ", c6, c0, 2"
#define CP15_HPFAR(r) "4, " r ", c6, c0, 4"
/* Caches, address translation, TLB */
#define CP15_ICIALLUIS(r) "0, " r ", c7, c1, 0"
#define CP15_BPIALLIS(r) "0, " r ", c7, c1, 6"
#define CP15_PAR(r) "0, " r ", c7"
#define CP15_ATS1CPR(r) "0, " r ", c7, c8, 0"
#define CP15_ATS1CPW(r) "0, " r ", c7, c8, 1"
#define CP15_ATS1CUR(r) "0, " r ", c7, c8, 2"
#define CP15_ATS1CUW(r) "0, " r ", c7, c8, 3"
#define CP15_DCIMVAC(r) "0, " r ", c7, c6, 1"
#define CP15_DCCMVAC(r) "0, " r ", c7, c10, 1"
#define CP15_DCCMVAU(r) "0, " r ", c7, c11, 1"
#define CP15_DCCIMVAC(r) "0, " r ", c7, c14, 1"
#define CP15_TLBIALLIS(r) "0, " r ", c8, c3, 0"
#define CP15_TLBIALLNSNHIS(r) "4, " r ", c8, c3, 4"
#define CP15_TLBIALLH(r) "4, " r ", c8, c7, 0"
/* Performance counters */
#define CP15_PMCR(r) "0, " r ", c9, c12, 0"
#define CP15_PMCNTENSET(r) "0, " r ", c9, c12, 1"
#define CP15_PMCNTENCLR(r) "0, " r ", c9, c12, 2"
#define CP15_PMSELR(r) "0, " r ", c9, c12, 5"
#define CP15_PMCCNTR(r) "0, " r ", c9, c13, 0"
#define CP15_PMXEVTYPER(r) "0, " r ", c9, c13, 1"
#define CP15_PMUSERENR(r) "0, " r ", c9, c14, 0"
#define CP15_PMINTENCLR(r) "0, " r ", c9, c14, 2"
/* Vectors, thread registers */
#define CP15_HVBAR(r) "4, " r ", c12, c0, 0"
#define CP15_FCSEIDR(r) "0, " r ", c13, c0, 0"
/* Generic timer */
#define CP15_CNTFRQ(r) "0, " r ", c14, c0, 0"
#define CP15_CNTKCTL(r) "0, " r ", c14, c1, 0"
#define CP15_CNTP_CTL(r) "0, " r ", c14, c2, 1"
#define CP15_CNTV_CTL(r) "0, " r ", c14, c3, 1"
#define CP15_CNTHCTL(r) "4, " r ", c14, c1, 0"
#define CP15_CNTHP_CTL(r) "4, " r ", c14, c2, 1"
#define CP15_CNTV_CVAL(r) "3, " r ", c14"
#define CP15_CNTVOFF(r) "4, " r ", c14"
#define CP15_CNTHP_CVAL(r) "6, " r ", c14"

static inline void arch_isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

/* Six words by one instruction. */
static inline __attribute__((always_inline)) void arch_load6(const uint32_t *from, uint32_t to[6])
{
    register uint32_t a __asm__("r4");
    register uint32_t b __asm__("r5");
    register uint32_t c __asm__("r6");
    register uint32_t d __asm__("r7");
    register uint32_t e __asm__("r8");
    register uint32_t f __asm__("r9");

    __asm__("ldm %6, {%0-%5}"
            : "=r"(a), "=r"(b), "=r"(c), "=r"(d), "=r"(e), "=r"(f)
            : "r"(from), "m"(*(const uint32_t(*)[6])from));
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
    to[4] = e;
    to[5] = f;
}

static inline void arch_clrex(void)
{
    __asm__ volatile("clrex" : : : "memory");
}

static inline void arch_dsb(void)
{
    __asm__ volatile("dsb" : : : "memory");
}

static inline void arch_dsb_ish(void)
{
    __asm__ volatile("dsb ish" : : : "memory");
}

static inline void arch_dsb_ishst(void)
{
    __asm__ volatile("dsb ishst" : : : "memory");
}

#endif
