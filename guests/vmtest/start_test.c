/*
 * The state in which a loader hands over an ELF image: QEMU's own, which Pecan
 * promises (DESIGN 4), and the reset state of ARM DDI 0406C B1.9.1 and of the
 * devices. Run on both boots; suite_reset dirties everything in between.
 */
#include <stddef.h>

#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/fdt.h"
#include "guest/start.h"
#include "guest/timer.h"
#include "suites.h"

static void cpsr(void)
{
    CHECK_EQ(boot_state.cpsr & MODE_MASK, MODE_SVC);
    CHECK_EQ(boot_state.cpsr & CPSR_I, CPSR_I);
    CHECK_EQ(boot_state.cpsr & CPSR_F, CPSR_F);
    CHECK_EQ(boot_state.cpsr & CPSR_A, CPSR_A);
    CHECK_EQ(boot_state.cpsr & (CPSR_T | CPSR_E), 0);
}

static void sctlr(void)
{
    uint32_t value = boot_state.sctlr;

    CHECK_EQ(value & (SCTLR_M | SCTLR_C | SCTLR_A | SCTLR_V), 0);
    CHECK_EQ(value & (1u << 25), 0);            /* EE: little-endian */
    CHECK_EQ(value & (1u << 30), 0);            /* TE: exceptions in ARM state */
    CHECK_EQ(value & 0x00c50078u, 0x00c50078u); /* RAO/SBOP, B4.1.130 */
}

static void entry(void)
{
    CHECK_EQ(boot_state.pc, 0x40200000u);
}

static void dtb(void)
{
    const void *at_start = (const void *)(uintptr_t)RAM_BASE;

    CHECK(fdt_valid(at_start));
    /* QEMU leaves r0..r2 zero for an ELF; Pecan also names the tree in r2. */
    if (boot_state.r[2] != 0) {
        CHECK_EQ(boot_state.r[2], RAM_BASE);
    }
    if (in_pecan()) {
        CHECK_EQ(boot_state.r[2], RAM_BASE);
    }
    CHECK_EQ(boot_state.r[0], 0);
    CHECK(fdt_total_size(at_start) <= 0x100000);
}

static void dtb_nodes(void)
{
    const void *fdt = boot_fdt();
    uint32_t base = 0;
    uint32_t size = 0;
    uint32_t length;

    SKIP_UNLESS(fdt != NULL, "no device tree");
    CHECK(fdt_memory(fdt, &base, &size));
    CHECK_EQ(base, RAM_BASE);
    CHECK(size >= 0x1000000);
    CHECK(fdt_property(fdt, "/cpus/cpu", "reg", &length) != NULL);
    CHECK(fdt_property(fdt, "/timer", "interrupts", &length) != NULL);
    CHECK_EQ(length, 48); /* four PPIs of three cells */
    CHECK(fdt_property(fdt, "/pl011", "reg", &length) != NULL);
    CHECK(fdt_property(fdt, "/pl031", "reg", &length) != NULL);
    CHECK(fdt_property(fdt, "/intc", "interrupt-controller", &length) != NULL);
    CHECK(fdt_property(fdt, "/psci", "method", &length) != NULL);
}

static void timers(void)
{
    CHECK_EQ(CP_READ(p15, 0, c14, c3, 1) & CNT_CTL_ENABLE, 0);
    CHECK_EQ(CP_READ(p15, 0, c14, c2, 1) & CNT_CTL_ENABLE, 0);
}

static const struct test_case cases[] = {
    {"start.cpsr", cpsr}, {"start.sctlr", sctlr},         {"start.entry", entry},
    {"start.dtb", dtb},   {"start.dtb-nodes", dtb_nodes}, {"start.timers-off", timers},
};
SUITE(suite_start, cases);
