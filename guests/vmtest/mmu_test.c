/*
 * The guest's own translation (ARM DDI 0406C, B3.5 and B3.6) and device accesses
 * under it: whoever decodes an instruction has to find it through these tables, in
 * either format, at an address that is not its physical one.
 */
#include <stddef.h>

#include "decode.h"
#include "guest/board.h"
#include "guest/fdt.h"
#include "guest/mmu.h"
#include "guest/psci.h"
#include "guest/timer.h"
#include "guest/trap.h"
#include "irq.h"
#include "suites.h"

#define CODE_AT 0x40200000u /* where the image is linked */
#define CODE_ALIAS 0xc0200000u
#define DEVICE_ALIAS_OFFSET 0xe0000000u /* 0x08000000 is seen at 0xe8000000 */

static const struct decode_family *const families[] = {
    &decode_a32_single, &decode_a32_extra, &decode_a32_dual, &decode_a32_multiple,
    &decode_a32_other,  &decode_t16,       &decode_t32,      &decode_t32_it,
};

static void run_families(uint32_t mode, uint32_t code_offset, uint32_t device_offset)
{
    const struct decode_context context = {mode, code_offset, device_offset};

    for (uint32_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        decode_run_family(families[i], &context);
    }
}

static void readback(void)
{
    mmu_on_short();
    CHECK_EQ(READ_SCTLR() & (SCTLR_M | SCTLR_C | SCTLR_I), SCTLR_M | SCTLR_C | SCTLR_I);
    CHECK_EQ(READ_TTBCR(), 0);
    CHECK(CP_READ(p15, 0, c2, c0, 0) != 0);
    CHECK_EQ(CP_READ(p15, 0, c3, c0, 0), 1);
    sleep_us(500);
    CHECK_EQ(READ_SCTLR() & SCTLR_M, SCTLR_M);
    mmu_off();
    CHECK_EQ(READ_SCTLR() & (SCTLR_M | SCTLR_C | SCTLR_I), 0);
    mmu_on_long();
    CHECK_EQ(READ_TTBCR(), TTBCR_EAE);
    CHECK_EQ(CP_READ(p15, 0, c10, c2, 0), 0x000004ff);
    sleep_us(500);
    CHECK_EQ(READ_TTBCR(), TTBCR_EAE);
    mmu_off();
}

static void identity(void)
{
    mmu_on_short();
    run_families(MODE_SVC, 0, 0);
    run_families(MODE_USR, 0, 0);
    mmu_off();
}

static void section_alias(void)
{
    mmu_on_short();
    for (uint32_t i = 0; i < 8; i++) {
        mmu_alias_section(CODE_ALIAS + (i << 20), CODE_AT + (i << 20));
    }
    mmu_alias_section(0xe8000000u, GICD_BASE);
    mmu_alias_section(0xe9000000u, UART_BASE);
    run_families(MODE_SVC, CODE_ALIAS - CODE_AT, DEVICE_ALIAS_OFFSET);
    run_families(MODE_USR, CODE_ALIAS - CODE_AT, DEVICE_ALIAS_OFFSET);
    mmu_off();
}

static void page_alias(void)
{
    mmu_on_short();
    mmu_alias_pages(CODE_ALIAS, CODE_AT);
    mmu_alias_section(0xe8000000u, GICD_BASE);
    mmu_alias_pages(0xe9000000u, UART_BASE);
    run_families(MODE_SVC, CODE_ALIAS - CODE_AT, DEVICE_ALIAS_OFFSET);
    mmu_off();
}

static void ttbr1_alias(void)
{
    mmu_on_short();
    mmu_alias_section(CODE_ALIAS, CODE_AT);
    mmu_alias_section(0xe8000000u, GICD_BASE);
    mmu_alias_section(0xe9000000u, UART_BASE);
    mmu_split_ttbr1();
    run_families(MODE_SVC, CODE_ALIAS - CODE_AT, DEVICE_ALIAS_OFFSET);
    mmu_off();
}

static void long_alias(void)
{
    mmu_on_long();
    run_families(MODE_SVC, 0, 0);
    mmu_alias_block(CODE_ALIAS, CODE_AT);
    mmu_alias_block(0xe8000000u, GICD_BASE);
    mmu_alias_block(0xe9000000u, UART_BASE);
    run_families(MODE_SVC, CODE_ALIAS - CODE_AT, DEVICE_ALIAS_OFFSET);
    run_families(MODE_USR, CODE_ALIAS - CODE_AT, DEVICE_ALIAS_OFFSET);
    mmu_off();
}

static void own_faults(void)
{
    /* A translation fault of stage 1 is the guest's, with its own syndrome, table B3-23. */
    uint32_t value;

    mmu_on_short();
    mmu_unmap_section(0xd0000000u);
    CHECK_EQ(trap_load32(0xd0000010u, &value), 1);
    CHECK_EQ(trap_last.fsr & 0x40f, 0x005); /* translation fault, first level */
    CHECK_EQ(trap_last.far, 0xd0000010u);
    CHECK_EQ(trap_store32(0xd0000020u, 0), 1);
    CHECK_EQ(trap_last.fsr & 0xc0f, 0x805);
    mmu_alias_section(0xd0000000u, 0x08000000u);
    CHECK_EQ(trap_load32(0xd0000000u + GICD_TYPER, &value), 0);
    CHECK_EQ(value, gicd_read(GICD_TYPER));
    mmu_off();
}

static void remapped(void)
{
    /* One address, one alias after the other: no stale translation may survive. */
    static volatile uint32_t *const alias = (volatile uint32_t *)0xd0000000u;
    volatile uint32_t *const a = (volatile uint32_t *)(RAM_BASE + 0x1000000u);
    volatile uint32_t *const b = (volatile uint32_t *)(RAM_BASE + 0x1100000u);
    uint32_t value;

    mmu_on_short();
    *a = 0xaaaa5555;
    *b = 0xbbbb6666;
    for (uint32_t i = 0; i < 10; i++) {
        mmu_alias_section(0xd0000000u, RAM_BASE + 0x1000000u);
        CHECK_EQ(*alias, 0xaaaa5555);
        mmu_alias_section(0xd0000000u, RAM_BASE + 0x1100000u);
        CHECK_EQ(*alias, 0xbbbb6666);
        mmu_alias_section(0xd0000000u, HOLE_LOW);
        CHECK_EQ(trap_load32(0xd0000000u, &value), 1);
        CHECK_EQ(trap_last.far, 0xd0000000u); /* DFAR is the virtual address */
    }
    mmu_off();
}

static void stop_timer(uint32_t iar)
{
    (void)iar;
    CP_WRITE(p15, 0, c14, c3, 1, 0);
    isb();
}

static void interrupts(void)
{
    mmu_on_short();
    irq_action = stop_timer;
    gicd_hit(GICD_ISENABLER, INTID_VTIMER);
    for (uint32_t i = 1; i <= 10; i++) {
        CP_WRITE64(p15, 3, c14, cntvct() + ticks_us(100));
        CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
        CHECK(irq_wait(i));
    }
    CHECK_EQ(hvc_call(PSCI_VERSION, 0, 0, 0) >> 16, 1);
    mmu_off();
}

static const struct test_case cases[] = {
    {"mmu.readback", readback},
    {"mmu.decode-identity", identity},
    {"mmu.decode-section-alias", section_alias},
    {"mmu.decode-page-alias", page_alias},
    {"mmu.decode-ttbr1-alias", ttbr1_alias},
    {"mmu.decode-long-alias", long_alias},
    {"mmu.own-faults", own_faults},
    {"mmu.remapped", remapped},
    {"mmu.interrupts", interrupts},
};
SUITE(suite_mmu, cases);
