/*
 * RAM to its last byte, and what lies where nothing is: a synchronous external
 * abort with its syndrome in the guest's own fault registers (ARM DDI 0406C,
 * B3.12 and B3.13), base register restored (B1.9.8), and the guest goes on.
 */
#include <stddef.h>

#include "decode.h"
#include "guest/board.h"
#include "guest/fdt.h"
#include "guest/mmu.h"
#include "guest/psci.h"
#include "guest/start.h"
#include "guest/trap.h"
#include "suites.h"

#define FS_EXTERNAL 0x008u      /* short descriptor, table B3-23 */
#define FS_EXTERNAL_LONG 0x210u /* long descriptor, table B3-24 */
#define FS_ALIGNMENT 0x001u
#define DFSR_WNR (1u << 11)
#define FS_LPAE 0x200u       /* which of the two formats */
#define FS_MASK_SHORT 0x60fu /* LPAE, FS[4], FS[3:0]; domain and ExT are free */
#define FS_MASK_LONG 0x23fu  /* LPAE, STATUS */

static void ram_ends(void)
{
    uint32_t base = RAM_BASE;
    uint32_t size = 0;
    volatile uint32_t *last;
    uint32_t value;

    SKIP_UNLESS(boot_fdt() != NULL && fdt_memory(boot_fdt(), &base, &size), "RAM size not known");
    last = (volatile uint32_t *)(uintptr_t)(base + size - 4);
    *last = 0x12345678;
    dsb();
    CHECK_EQ(*last, 0x12345678);
    *(volatile uint8_t *)(uintptr_t)(base + size - 1) = 0xee;
    CHECK_EQ(*last, 0xee345678);
    /* The first page after the image's own end would be a hole only by chance: the end
     * of RAM is one by the device tree. */
    CHECK_EQ(trap_load32(base + size, &value), 1);
    CHECK_EQ(trap_last.far, base + size);
    CHECK_EQ(trap_store32(base + size + 0x1000, 1), 1);
}

static void ram_every_megabyte(void)
{
    uint32_t base = RAM_BASE;
    uint32_t size = 0;
    uint32_t from = RAM_BASE + 0x1000000;

    SKIP_UNLESS(boot_fdt() != NULL && fdt_memory(boot_fdt(), &base, &size), "RAM size not known");
    for (uint32_t at = from; at < base + size; at += 0x100000) {
        *(volatile uint32_t *)(uintptr_t)(at + 0xabc) = ~at;
    }
    for (uint32_t at = from; at < base + size; at += 0x100000) {
        CHECK_EQ(*(volatile uint32_t *)(uintptr_t)(at + 0xabc), ~at);
    }
}

A32(hole_ldr, "ldr r0, [r1]")
A32(hole_ldr_post, "ldr r0, [r1], #4")
A32(hole_ldr_pre, "ldr r0, [r1, #8]!")
A32(hole_ldrb, "ldrb r0, [r1]")
A32(hole_ldrsh, "ldrsh r0, [r1]")
A32(hole_ldrd, "ldrd r4, r5, [r1]")
A32(hole_ldm, "ldmia r1!, {r4-r7}")
A32(hole_str, "str r0, [r1]")
A32(hole_str_pre, "str r0, [r1, #8]!")
A32(hole_strb, "strb r0, [r1]")
A32(hole_strh, "strh r0, [r1]")
A32(hole_strd, "strd r4, r5, [r1]")
A32(hole_stm, "stmdb r1!, {r4-r7}")
T32(hole_t16_ldr, "ldr.n r0, [r1]")
T32(hole_t32_ldr, "ldr.w r0, [r1], #4")
T32(hole_t16_str, "str.n r0, [r1]")
T32(hole_t32_strd, "strd r4, r5, [r1], #8")

static uint32_t fault_status(void)
{
    uint32_t fsr = trap_last.fsr;

    return fsr & ((fsr & FS_LPAE) != 0 ? FS_MASK_LONG : FS_MASK_SHORT);
}

struct hole_case {
    void (*code)(void);
    bool write;
    int32_t offset; /* of the first address touched, from r1 */
};

static const struct hole_case holes[] = {
    {hole_ldr, false, 0},    {hole_ldr_post, false, 0}, {hole_ldr_pre, false, 8},
    {hole_ldrb, false, 0},   {hole_ldrsh, false, 0},    {hole_ldrd, false, 0},
    {hole_ldm, false, 0},    {hole_str, true, 0},       {hole_str_pre, true, 8},
    {hole_strb, true, 0},    {hole_strh, true, 0},      {hole_strd, true, 0},
    {hole_stm, true, -16},   {hole_t16_ldr, false, 0},  {hole_t32_ldr, false, 0},
    {hole_t16_str, true, 0}, {hole_t32_strd, true, 0},
};

/* The frame of decode_enter(). */
struct hole_run {
    uint32_t frame[32];
    uint32_t mode;
};

uint32_t decode_enter(uint32_t frame);

static void touch(void *arg)
{
    struct hole_run *run = arg;

    call_in_mode(run->mode, decode_enter, (uint32_t)(uintptr_t)run->frame);
}

static void check_hole(const struct hole_case *test, uint32_t addr, uint32_t mode, uint32_t fs)
{
    struct hole_run run = {{0}, mode};
    uint32_t code = (uint32_t)(uintptr_t)test->code;

    for (uint32_t i = 0; i < 13; i++) {
        run.frame[i] = R(i);
    }
    run.frame[1] = addr;
    run.frame[14] = code;
    CHECK_EQ(trap_try(touch, &run), 1);
    CHECK_EQ(trap_last.kind, TRAP_DATA_ABORT);
    CHECK_EQ(trap_last.far, addr + (uint32_t)test->offset);
    CHECK_EQ(fault_status(), fs);
    CHECK_EQ((trap_last.fsr & DFSR_WNR) != 0, test->write);
    CHECK(trap_last.pc - (code & ~1u) <= 2); /* an aligned snippet may start with a NOP */
    CHECK_EQ((trap_last.spsr & CPSR_T) != 0, code & 1);
    CHECK_EQ(trap_last.spsr & MODE_MASK, mode);
    CHECK_EQ(trap_last.r[1], addr); /* base restored */
    if (!test->write) {
        CHECK_EQ(trap_last.r[0], R(0));
    }
}

static void check_holes(uint32_t mode, uint32_t fs)
{
    for (uint32_t i = 0; i < sizeof(holes) / sizeof(holes[0]) && !test_failed(); i++) {
        check_hole(&holes[i], HOLE_LOW + 0x100, mode, fs);
        check_hole(&holes[i], HOLE_HIGH + 0x100, mode, fs);
        if (test_failed()) {
            print("# memory: hole case %u\n", i);
        }
    }
}

static void hole_data(void)
{
    check_holes(MODE_SVC, FS_EXTERNAL);
}

static void hole_data_modes(void)
{
    check_holes(MODE_USR, FS_EXTERNAL);
    check_holes(MODE_SYS, FS_EXTERNAL);
    check_holes(MODE_UND, FS_EXTERNAL);
}

static void hole_data_long(void)
{
    mmu_on_long();
    check_holes(MODE_SVC, FS_EXTERNAL_LONG);
    mmu_off();
}

static void hole_data_short(void)
{
    mmu_on_short();
    check_holes(MODE_SVC, FS_EXTERNAL);
    mmu_off();
}

static void jump(void *arg)
{
    ((void (*)(void))(uintptr_t)arg)();
}

static void check_fetch(uint32_t addr, uint32_t fs)
{
    CHECK_EQ(trap_try(jump, (void *)(uintptr_t)addr), 1);
    CHECK_EQ(trap_last.kind, TRAP_PREFETCH_ABORT);
    CHECK_EQ(trap_last.pc, addr & ~1u);
    CHECK_EQ(trap_last.far, addr & ~1u);
    CHECK_EQ(fault_status(), fs);
    CHECK_EQ((trap_last.spsr & CPSR_T) != 0, addr & 1);
}

static void hole_fetch(void)
{
    check_fetch(HOLE_LOW, FS_EXTERNAL);
    check_fetch(HOLE_HIGH + 0x40, FS_EXTERNAL);
    check_fetch(HOLE_LOW + 0x201, FS_EXTERNAL); /* Thumb */
    mmu_on_long();
    check_fetch(HOLE_LOW, FS_EXTERNAL_LONG);
    mmu_off();
}

static void hole_many(void)
{
    uint32_t value;
    uint32_t before = read_cpsr();

    CHECK_EQ(trap_load32(HOLE_LOW, &value), 1);
    CHECK_EQ(trap_last.spsr & ~0xf0000000u, before & ~0xf0000000u);
    for (uint32_t i = 0; i < 200; i++) {
        CHECK_EQ(trap_load32(HOLE_LOW + i * 4, &value), 1);
        CHECK_EQ(trap_store32(HOLE_HIGH + i * 4, i), 1);
    }
    CHECK_EQ(hvc_call(PSCI_VERSION, 0, 0, 0) >> 16, 1);
}

/* Accesses that the processor itself faults on Device memory (A3.2.1, with the
 * Virtualization Extensions an Alignment fault). TCG does not model it. */
A32(unaligned_ldr, "ldr r0, [r1]")
A32(unaligned_ldrh, "ldrh r0, [r1]")
A32(unaligned_str, "str r0, [r1]")

static void unaligned_device(void)
{
    static const struct hole_case each[] = {
        {unaligned_ldr, false, 0}, {unaligned_ldrh, false, 0}, {unaligned_str, true, 0}};

    SKIP_NATIVE("unaligned access to Device memory is let through");
    for (uint32_t i = 0; i < 3; i++) {
        check_hole(&each[i], W(0) + 1, MODE_SVC, FS_ALIGNMENT);
        check_hole(&each[i], H + 1, MODE_SVC, FS_ALIGNMENT);
    }
}

static void do_unaligned_ram(void *arg)
{
    uint32_t value;

    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"((uintptr_t)arg + 1) : "memory");
}

static void alignment_check(void)
{
    /* SCTLR.A = 1 in RAM: the guest's own Alignment fault, no business of anyone else. */
    static uint32_t words[2];
    uint32_t saved = READ_SCTLR();

    WRITE_SCTLR(saved | SCTLR_A);
    isb();
    CHECK_EQ(trap_try(do_unaligned_ram, words), 1);
    WRITE_SCTLR(saved);
    isb();
    CHECK_EQ(trap_last.kind, TRAP_DATA_ABORT);
    CHECK_EQ(fault_status(), FS_ALIGNMENT);
    CHECK_EQ(trap_last.far, (uintptr_t)words + 1);
}

A32(device_ldrex, "ldrex r0, [r1]\n\tclrex")

static void exclusive_on_device(void)
{
    /* UNPREDICTABLE or aborting on Device memory, A3.4.5: the guest only has to live. */
    struct hole_run run = {{0}, MODE_SVC};

    run.frame[1] = GICD_BASE + GICD_TYPER;
    run.frame[14] = (uint32_t)(uintptr_t)device_ldrex;
    if (trap_try(touch, &run)) {
        CHECK_EQ(trap_last.kind, TRAP_DATA_ABORT);
    } else {
        CHECK_EQ(run.frame[16], gicd_read(GICD_TYPER));
    }
}

static const struct test_case cases[] = {
    {"memory.ram-ends", ram_ends},
    {"memory.ram-every-megabyte", ram_every_megabyte},
    {"memory.hole-data", hole_data},
    {"memory.hole-data-modes", hole_data_modes},
    {"memory.hole-data-mmu-short", hole_data_short},
    {"memory.hole-data-mmu-long", hole_data_long},
    {"memory.hole-fetch", hole_fetch},
    {"memory.hole-many", hole_many},
    {"memory.unaligned-device", unaligned_device},
    {"memory.alignment-check", alignment_check},
    {"memory.exclusive-on-device", exclusive_on_device},
};
SUITE(suite_memory, cases);
