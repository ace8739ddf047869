/*
 * System registers that unmodified systems read or write while they start
 * (ARM DDI 0406C, B4.1; Cortex-A15 TRM, chapter 4): they answer sensibly, or are
 * RAZ/WI where nothing depends on them; what belongs to Hyp or Secure state is
 * undefined.
 */
#include <stddef.h>

#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/mmu.h"
#include "guest/trap.h"
#include "suites.h"

static void midr(void)
{
    uint32_t value = READ_MIDR();
    uint32_t part = (value >> 4) & 0xfff;

    CHECK_EQ(value >> 24, 0x41);
    CHECK_EQ((value >> 16) & 0xf, 0xf);
    CHECK(part == 0xc0f || part == 0xc07);
    CHECK_EQ(CP_READ(p15, 0, c0, c0, 4), value); /* aliases, B4.1.105 */
    CHECK_EQ(CP_READ(p15, 0, c0, c0, 7), value);
}

static void mpidr(void)
{
    uint32_t value = READ_MPIDR();

    CHECK_EQ(value >> 31, 1);  /* Multiprocessing Extensions format */
    CHECK_EQ(value & 0xff, 0); /* the first CPU */
}

static void id_registers(void)
{
    CHECK_EQ(CP_READ(p15, 0, c0, c1, 0) & 0xff, 0x31);     /* ID_PFR0: ARM, Thumb-2 */
    CHECK_EQ((CP_READ(p15, 0, c0, c1, 1) >> 16) & 0xf, 1); /* ID_PFR1: generic timer */
    (void)CP_READ(p15, 0, c0, c1, 2);                      /* ID_DFR0 */
    (void)CP_READ(p15, 0, c0, c1, 3);                      /* ID_AFR0 */
    CHECK_EQ(CP_READ(p15, 0, c0, c1, 4) & 0xf, 5);         /* ID_MMFR0: VMSAv7, LPAE */
    (void)CP_READ(p15, 0, c0, c1, 5);
    (void)CP_READ(p15, 0, c0, c1, 6);
    (void)CP_READ(p15, 0, c0, c1, 7);
    CHECK_EQ((CP_READ(p15, 0, c0, c2, 0) >> 24) & 0xf, 2); /* ID_ISAR0: divide in both */
    (void)CP_READ(p15, 0, c0, c2, 1);
    (void)CP_READ(p15, 0, c0, c2, 2);
    (void)CP_READ(p15, 0, c0, c2, 3);
    (void)CP_READ(p15, 0, c0, c2, 4);
    CHECK_EQ(CP_READ(p15, 0, c0, c2, 5), 0); /* ID_ISAR5 */
    (void)CP_READ(p15, 0, c0, c0, 2);        /* TCMTR */
    (void)CP_READ(p15, 0, c0, c0, 3);        /* TLBTR */
    (void)CP_READ(p15, 0, c0, c0, 6);        /* REVIDR */
    (void)CP_READ(p15, 1, c0, c0, 7);        /* AIDR */
}

static void cache_geometry(void)
{
    uint32_t ctr = CP_READ(p15, 0, c0, c0, 1);
    uint32_t clidr = CP_READ(p15, 1, c0, c0, 1);

    CHECK_EQ(ctr >> 29, 4);                           /* ARMv7 format */
    CHECK_EQ(clidr & 7, 3);                           /* level 1: separate instruction and data */
    for (uint32_t select = 0; select < 3; select++) { /* L1 data, L1 instruction, L2 */
        CP_WRITE(p15, 2, c0, c0, 0, select);
        isb();
        CHECK_EQ(CP_READ(p15, 2, c0, c0, 0), select);
        CHECK((CP_READ(p15, 1, c0, c0, 0) & 7) <= 3); /* CCSIDR: line of 16 to 128 bytes */
    }
    CP_WRITE(p15, 2, c0, c0, 0, 0);
}

static void actlr(void)
{
    uint32_t value = READ_ACTLR();

    CP_WRITE(p15, 0, c1, c0, 1, value | (1u << 6)); /* SMP, as every Cortex-A7/A15 port does */
    isb();
    CP_WRITE(p15, 0, c1, c0, 1, value);
    isb();
    CHECK_EQ(READ_ACTLR(), value);
}

static void l2_control(void)
{
    uint32_t value = CP_READ(p15, 1, c9, c0, 2); /* L2CTLR */

    CP_WRITE(p15, 1, c9, c0, 2, value);
    CHECK_EQ(CP_READ(p15, 1, c9, c0, 2), value);
    value = CP_READ(p15, 1, c9, c0, 3); /* L2ECTLR */
    CP_WRITE(p15, 1, c9, c0, 3, value);
}

static void maintenance(void)
{
    static uint32_t word;
    uintptr_t at = (uintptr_t)&word;

    word = 0x600df00d;
    cache_flush_set_way();            /* DCCISW over all levels */
    CP_WRITE(p15, 0, c7, c10, 2, 0);  /* DCCSW */
    CP_WRITE(p15, 0, c7, c10, 1, at); /* DCCMVAC */
    CP_WRITE(p15, 0, c7, c11, 1, at); /* DCCMVAU */
    CP_WRITE(p15, 0, c7, c14, 1, at); /* DCCIMVAC */
    CP_WRITE(p15, 0, c7, c6, 1, at);  /* DCIMVAC, of a clean line */
    CP_WRITE(p15, 0, c7, c5, 1, at);  /* ICIMVAU */
    CP_WRITE(p15, 0, c7, c5, 0, 0);   /* ICIALLU */
    CP_WRITE(p15, 0, c7, c1, 0, 0);   /* ICIALLUIS */
    CP_WRITE(p15, 0, c7, c5, 6, 0);   /* BPIALL */
    CP_WRITE(p15, 0, c7, c1, 6, 0);   /* BPIALLIS */
    CP_WRITE(p15, 0, c7, c5, 7, at);  /* BPIMVA */
    CP_WRITE(p15, 0, c7, c5, 4, 0);   /* CP15ISB */
    CP_WRITE(p15, 0, c7, c10, 4, 0);  /* CP15DSB */
    CP_WRITE(p15, 0, c7, c10, 5, 0);  /* CP15DMB */
    CP_WRITE(p15, 0, c8, c7, 0, 0);   /* TLBIALL */
    CP_WRITE(p15, 0, c8, c3, 0, 0);   /* TLBIALLIS */
    CP_WRITE(p15, 0, c8, c7, 1, at);  /* TLBIMVA */
    CP_WRITE(p15, 0, c8, c7, 2, 0);   /* TLBIASID */
    CP_WRITE(p15, 0, c8, c7, 3, at);  /* TLBIMVAA */
    CP_WRITE(p15, 0, c8, c3, 3, at);  /* TLBIMVAAIS */
    CP_WRITE(p15, 0, c8, c5, 0, 0);   /* ITLBIALL */
    CP_WRITE(p15, 0, c8, c6, 0, 0);   /* DTLBIALL */
    dsb();
    isb();
    CHECK_EQ(word, 0x600df00d);
}

static void translation_ops(void)
{
    /* MMU off: flat, B3.2.1. */
    CP_WRITE(p15, 0, c7, c8, 0, (RAM_BASE + 0x5000u)); /* ATS1CPR */
    isb();
    CHECK_EQ(CP_READ(p15, 0, c7, c4, 0) & 0xfffff001u, (RAM_BASE + 0x5000u) & 0xfffff000u);
}

static void pmu(void)
{
    /* Real or RAZ/WI; either way no exception, and a counter that runs when it is
     * real (PMCR.N and E stick). */
    uint32_t pmcr = CP_READ(p15, 0, c9, c12, 0);
    uint32_t first;

    CP_WRITE(p15, 0, c9, c12, 0, 0x7);      /* PMCR: enable, reset both */
    CP_WRITE(p15, 0, c9, c12, 1, 1u << 31); /* PMCNTENSET */
    first = CP_READ(p15, 0, c9, c13, 0);    /* PMCCNTR */
    for (uint32_t i = 0; i < 1000; i++) {
        isb();
    }
    if ((CP_READ(p15, 0, c9, c12, 0) & 1) != 0) {
        CHECK(CP_READ(p15, 0, c9, c13, 0) != first);
    } else {
        CHECK_EQ(CP_READ(p15, 0, c9, c13, 0), 0);
    }
    CP_WRITE(p15, 0, c9, c12, 2, 1u << 31);   /* PMCNTENCLR */
    CP_WRITE(p15, 0, c9, c12, 3, 0x8000000f); /* PMOVSR */
    CP_WRITE(p15, 0, c9, c12, 5, 0);          /* PMSELR */
    (void)CP_READ(p15, 0, c9, c12, 5);
    (void)CP_READ(p15, 0, c9, c13, 1);        /* PMXEVTYPER */
    (void)CP_READ(p15, 0, c9, c13, 2);        /* PMXEVCNTR */
    CP_WRITE(p15, 0, c9, c14, 0, 0);          /* PMUSERENR */
    CP_WRITE(p15, 0, c9, c14, 2, 0x8000000f); /* PMINTENCLR */
    CP_WRITE(p15, 0, c9, c12, 0, pmcr & 1);
}

static void debug(void)
{
    uint32_t didr = CP_READ(p14, 0, c0, c0, 0); /* DBGDIDR */

    CHECK(didr == 0 || ((didr >> 16) & 0xf) >= 3); /* RAZ, or v7 debug */
    (void)CP_READ(p14, 0, c0, c1, 0);              /* DBGDSCRint */
    CP_WRITE(p14, 0, c1, c0, 4, 0);                /* DBGOSLAR: unlock */
    (void)CP_READ(p14, 0, c1, c1, 4);              /* DBGOSLSR */
    CP_WRITE(p14, 0, c1, c3, 4, 0);                /* DBGOSDLR */
    (void)CP_READ(p14, 0, c1, c0, 0);              /* DBGDRAR */
    (void)CP_READ(p14, 0, c2, c0, 0);              /* DBGDSAR */
    (void)CP_READ64(p14, 0, c1);
    (void)CP_READ64(p14, 0, c2);
    CP_WRITE(p14, 0, c0, c7, 0, 0);          /* DBGVCR */
    CP_WRITE(p14, 0, c0, c0, 5, 0);          /* DBGBCR0 */
    CP_WRITE(p14, 0, c0, c0, 7, 0);          /* DBGWCR0 */
    CHECK_EQ(CP_READ(p14, 7, c0, c0, 0), 0); /* JIDR: trivial Jazelle, A2.9.7 */
}

static void sctlr(void)
{
    static const uint32_t bits[] = {
        SCTLR_Z, SCTLR_A, SCTLR_V, 1u << 28 /* TRE */, 1u << 29 /* AFE */, 1u << 30 /* TE */};
    uint32_t saved = READ_SCTLR();

    for (uint32_t i = 0; i < sizeof(bits) / 4; i++) {
        WRITE_SCTLR(saved | bits[i]);
        isb();
        CHECK_EQ(READ_SCTLR(), saved | bits[i]);
        WRITE_SCTLR(saved);
        isb();
        CHECK_EQ(READ_SCTLR(), saved);
    }
}

static void cpacr(void)
{
    uint32_t saved = READ_CPACR();

    WRITE_CPACR(0);
    isb();
    CHECK_EQ(READ_CPACR() & 0x00f00000u, 0);
    WRITE_CPACR(0x00f00000u);
    isb();
    CHECK_EQ(READ_CPACR() & 0x00f00000u, 0x00f00000u);
    WRITE_CPACR(saved);
    isb();
}

/* Each of these must be undefined for a PL1 guest. */
#define UNDEFINED(name, statement)                                                                 \
    static void name(void *arg)                                                                    \
    {                                                                                              \
        (void)arg;                                                                                 \
        statement;                                                                                 \
    }

UNDEFINED(do_udf, __asm__ volatile(".inst 0xe7f000f0"))
UNDEFINED(do_udf_thumb, __asm__ volatile("blx 1f\n b 2f\n .thumb\n 1: .inst.n 0xde00\n bx lr\n"
                                         " .balign 4\n .arm\n 2:" ::
                                             : "lr"))
UNDEFINED(do_hcr, (void)CP_READ(p15, 4, c1, c1, 0))
UNDEFINED(do_hcr_write, CP_WRITE(p15, 4, c1, c1, 0, 0))
UNDEFINED(do_hsctlr, (void)CP_READ(p15, 4, c1, c0, 0))
UNDEFINED(do_vttbr, (void)CP_READ64(p15, 6, c2))
UNDEFINED(do_vttbr_write, CP_WRITE64(p15, 6, c2, 0))
UNDEFINED(do_cntvoff, (void)CP_READ64(p15, 4, c14))
UNDEFINED(do_cnthctl, (void)CP_READ(p15, 4, c14, c1, 0))
UNDEFINED(do_hvbar, CP_WRITE(p15, 4, c12, c0, 0, 0))
UNDEFINED(do_scr, (void)CP_READ(p15, 0, c1, c1, 0))
UNDEFINED(do_mvbar, CP_WRITE(p15, 0, c12, c0, 1, 0))
UNDEFINED(do_p7, (void)CP_READ(p7, 0, c0, c0, 0))

static void undefined(void)
{
    static void (*const each[])(void *) = {
        do_udf,     do_udf_thumb, do_hcr,   do_hcr_write, do_hsctlr, do_vttbr, do_vttbr_write,
        do_cntvoff, do_cnthctl,   do_hvbar, do_scr,       do_mvbar,  do_p7,
    };

    for (uint32_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        trap_last.kind = TRAP_NONE;
        (void)trap_try(each[i], NULL);
        CHECK_EQ(trap_last.kind + (i << 8), TRAP_UNDEFINED + (i << 8));
        CHECK_EQ(trap_last.spsr & MODE_MASK, MODE_SVC);
    }
}

static void do_breakpoint(void *arg)
{
    (void)arg;
    __asm__ volatile("bkpt #0");
}

static void breakpoint(void)
{
    /* With no debugger: a Prefetch Abort, IFSR.FS = 0b00010, C3.5. */
    CHECK(trap_try(do_breakpoint, NULL));
    CHECK_EQ(trap_last.kind, TRAP_PREFETCH_ABORT);
    CHECK_EQ(trap_last.fsr & 0x40f, 0x002);
}

static const struct test_case cases[] = {
    {"cp15.midr", midr},
    {"cp15.mpidr", mpidr},
    {"cp15.id-registers", id_registers},
    {"cp15.cache-geometry", cache_geometry},
    {"cp15.actlr", actlr},
    {"cp15.l2-control", l2_control},
    {"cp15.maintenance", maintenance},
    {"cp15.translation-ops", translation_ops},
    {"cp15.pmu", pmu},
    {"cp14.debug", debug},
    {"cp15.sctlr", sctlr},
    {"cp15.cpacr", cpacr},
    {"cp15.undefined", undefined},
    {"cp15.breakpoint", breakpoint},
};
SUITE(suite_cp15, cases);
