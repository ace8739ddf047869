/*
 * vCPUs: exits and their answers, virtual interrupts, timers, registers.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "guest.h"
#include "memory.h"
#include "test.h"
#include "worker.h"

GUEST_BLOB(hvc);
GUEST_BLOB(mmio);
GUEST_BLOB(abort);
GUEST_BLOB(sysreg);
GUEST_BLOB(spin);

#define DEVICE 0x09000018u

static struct guest guest;

static bool report_is(const struct guest *g, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return CHECK_EQ(g->exit.w[0], a) && CHECK_EQ(g->exit.w[1], b) && CHECK_EQ(g->exit.w[2], c) &&
           CHECK_EQ(g->exit.w[3], d);
}

static void calls(void)
{
    REQUIRE(GUEST_CREATE(&guest, hvc) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC) && report_is(&guest, 1, 2, 3, 4));
    CHECK_EQ(guest_state(&guest), L4_STATE_REPLY);
    REQUIRE(guest_answer(&guest, L4_RESUME_WRITE, 10, 20, 30, 40));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC) && report_is(&guest, 11, 21, 31, 41));
    /* Without WRITE the registers stay. */
    REQUIRE(guest_answer(&guest, 0, 1, 1, 1, 1));
    REQUIRE(guest_expect(&guest, L4_EXIT_SMC) && report_is(&guest, 11, 21, 31, 41));
    REQUIRE(guest_answer(&guest, L4_RESUME_WRITE | L4_RESUME_NEXT, 5, 6, 7, 8));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC) && report_is(&guest, 5, 6, 7, 8));
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_CALL_IMM));
    CHECK_EQ(guest.exit.w[0], 5);
    CHECK_EQ(guest.exit.w[1] & 0xffffu, 0x1234);
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC) && report_is(&guest, 6, 7, 8, 9));
}

static void expect_load(uint32_t log2_size, uint32_t answer)
{
    REQUIRE(guest_expect(&guest, L4_EXIT_MMIO));
    CHECK_EQ(guest.exit.w[0], DEVICE);
    CHECK_EQ(L4_SYN_WRITE(guest.exit.w[1]), 0);
    CHECK_EQ(L4_SYN_SIZE(guest.exit.w[1]), log2_size);
    REQUIRE(guest_answer(&guest, L4_RESUME_WRITE | L4_RESUME_NEXT, answer, 0, 0, 0));
}

static void expect_store(uint32_t address, uint32_t log2_size, uint32_t value)
{
    REQUIRE(guest_expect(&guest, L4_EXIT_MMIO));
    CHECK_EQ(guest.exit.w[0], address);
    CHECK_EQ(L4_SYN_WRITE(guest.exit.w[1]), 1);
    CHECK_EQ(L4_SYN_SIZE(guest.exit.w[1]), log2_size);
    CHECK_EQ(guest.exit.w[2], value);
    REQUIRE(guest_answer(&guest, L4_RESUME_NEXT, 0, 0, 0, 0));
}

static void device_accesses(void)
{
    REQUIRE(GUEST_CREATE(&guest, mmio) && guest_start(&guest));
    expect_load(2, 0xfedcba98u);
    expect_load(1, 0xba98u);
    expect_load(0, 0x98u);
    expect_load(1, 0xba98u);
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK(report_is(&guest, 0xfedcba98u, 0xba98u, 0x98u, 0xffffba98u));
    REQUIRE(guest_resume(&guest));
    expect_load(0, 0x98u);
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK(report_is(&guest, 0xffffff98u, 0, 0, 0));
    REQUIRE(guest_resume(&guest));
    expect_store(DEVICE, 2, 0x12345678u);
    expect_store(DEVICE, 1, 0x5678u);
    expect_store(DEVICE, 0, 0x78u);
    /* Thumb state: narrow and wide, inside an IT block. */
    expect_load(2, 0x01020304u);
    expect_load(0, 0x99u);
    expect_load(1, 0x8877u);
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK(report_is(&guest, 0x01020304u, 0x99u, 0x8877u, 7));
    REQUIRE(guest_resume(&guest));
    expect_store(DEVICE, 0, 0x78u);
    expect_store(DEVICE + 4, 2, 0x12345678u);
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
}

static void undecoded_accesses(void)
{
    REQUIRE(GUEST_CREATE(&guest, abort) && guest_start(&guest));
    for (uint32_t i = 0; i < 4; i++) {
        REQUIRE(guest_expect(&guest, L4_EXIT_ABORT));
        CHECK_EQ(guest.exit.w[0] & ~0xfffu, 0x09000000u);
        CHECK_EQ(guest.exit.w[2] & ~7u, 0x09000020u);
        CHECK_RANGE(guest.exit.w[3], GUEST_RAM, GUEST_RAM + 0x100);
        REQUIRE(guest_answer(&guest, L4_RESUME_NEXT, 0, 0, 0, 0));
        REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
        REQUIRE(guest_resume(&guest));
    }
    REQUIRE(guest_expect(&guest, L4_EXIT_FETCH));
    CHECK_EQ(guest.exit.w[0] & ~0xfffu, 0x50000000u);
    CHECK_EQ(guest.exit.w[2], 0x50000000u);
    CHECK_EQ(guest.exit.w[3], 0x50000000u);
    /* The VMM sends it elsewhere. */
    struct l4_regs_gp *const regs = (struct l4_regs_gp *)l4_msgbuf()->word;

    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_GP));
    regs->pc = GUEST_RAM;
    REQUIRE_OK(l4_thread_write_regs(guest.vcpu, L4_REGS_GP));
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_ABORT));
}

static void system_registers(void)
{
    REQUIRE(GUEST_CREATE(&guest, sysreg));
    struct l4_regs_cp15 *const cp15 = (struct l4_regs_cp15 *)l4_msgbuf()->word;
    struct l4_regs_banked *const banked = (struct l4_regs_banked *)l4_msgbuf()->word;
    struct l4_regs_gp *const gp = (struct l4_regs_gp *)l4_msgbuf()->word;

    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_CP15));
    cp15->tpidrurw = 0x12121212;
    cp15->vbar = 0x40000100;
    cp15->vpidr = 0x410fc0f1;
    cp15->vmpidr = 0x80000007;
    REQUIRE_OK(l4_thread_write_regs(guest.vcpu, L4_REGS_CP15));
    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_BANKED));
    banked->sp_svc = 0x1234;
    banked->sp_irq = 0x5678;
    REQUIRE_OK(l4_thread_write_regs(guest.vcpu, L4_REGS_BANKED));
    REQUIRE(guest_start(&guest));
    static const uint32_t answer[] = {0x0a0a0a0a, 0x0b0b0b0b, 0, 0x0c0c0c0c};

    for (uint32_t i = 0; i < 4; i++) {
        REQUIRE(guest_expect(&guest, L4_EXIT_SYSREG));
        CHECK_EQ(L4_SYN_EC(guest.exit.w[1]), L4_EC_CP15_32);
        CHECK_EQ(L4_SYN_READ(guest.exit.w[1]), i != 2);
        CHECK_EQ(L4_SYN_SYS_RT(guest.exit.w[1]), i);
        CHECK(i != 2 || guest.exit.w[0] == 0x55);
        REQUIRE(guest_answer(&guest, L4_RESUME_NEXT | (i != 2 ? L4_RESUME_WRITE : 0), answer[i], 0,
                             0, 0));
    }
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK(report_is(&guest, 0x0a0a0a0a, 0x0b0b0b0b, 0x55, 0x0c0c0c0c));
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK(report_is(&guest, 0x410fc0f1, 0x80000007, 0x12121212, 0x40000100));
    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_GP));
    gp->lr_usr = 0x9999;
    gp->r[5] = 5;
    REQUIRE_OK(l4_thread_write_regs(guest.vcpu, L4_REGS_GP));
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0] & 0x1f, 0x13);
    CHECK_EQ(guest.exit.w[1], 0x1234);
    CHECK_EQ(guest.exit.w[2], 0x5678);
    CHECK_EQ(guest.exit.w[3], 0x9999);
}

static void fill_words(uint32_t from)
{
    for (uint32_t i = 0; i < L4_MSG_WORDS; i++) {
        l4_msgbuf()->word[i] = from + i;
    }
}

/* What is written to a group is read back, also after the guest has run. */
static void register_groups(void)
{
    struct l4_regs_vfp *const vfp = (struct l4_regs_vfp *)l4_msgbuf()->word;
    struct l4_regs_banked *const banked = (struct l4_regs_banked *)l4_msgbuf()->word;

    REQUIRE(GUEST_CREATE(&guest, hvc));
    fill_words(0x1000);
    vfp->fpscr = 0;
    vfp->fpexc = 0x40000000;
    REQUIRE_OK(l4_thread_write_regs(guest.vcpu, L4_REGS_VFP));
    fill_words(0x2000);
    banked->spsr_svc = banked->spsr_abt = banked->spsr_und = banked->spsr_irq = 0x1d3;
    banked->spsr_fiq = 0x1d3;
    REQUIRE_OK(l4_thread_write_regs(guest.vcpu, L4_REGS_BANKED));
    for (uint32_t round = 0; round < 2; round++) {
        fill_words(0);
        REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_VFP));
        for (uint32_t i = 0; i < 64; i++) {
            CHECK_EQ(vfp->d[i], 0x1000 + i);
        }
        CHECK_EQ(vfp->fpexc, 0x40000000);
        REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_BANKED));
        CHECK_EQ(banked->sp_svc, 0x2000);
        CHECK_EQ(banked->lr_abt, 0x2004);
        CHECK_EQ(banked->sp_irq, 0x2009);
        CHECK_EQ(banked->r8_fiq, 0x200c);
        CHECK_EQ(banked->lr_fiq, 0x2012);
        CHECK_EQ(banked->spsr_fiq, 0x1d3);
        if (round == 0) {
            REQUIRE(guest_start(&guest));
            REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
        }
    }
    CHECK_EQ(l4_thread_read_regs(guest.vcpu, L4_REGS_COUNT), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_write_regs(guest.vcpu, 0xffffffffu), L4_ERR_INVALID);
}

static void stop_and_resume(void)
{
    REQUIRE(GUEST_CREATE(&guest, spin) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC) && guest_resume(&guest));
    test_sleep(100);
    CHECK_EQ(guest_state(&guest), L4_STATE_RUNNABLE);
    CHECK_EQ(l4_vcpu_reset(guest.vcpu), L4_ERR_STATE);
    CHECK_EQ(l4_thread_read_regs(guest.vcpu, L4_REGS_GP), L4_ERR_STATE);
    CHECK_OK(l4_thread_stop(guest.vcpu));
    CHECK_EQ(guest_state(&guest), L4_STATE_STOPPED);
    struct l4_regs_gp *const gp = (struct l4_regs_gp *)l4_msgbuf()->word;

    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_GP));
    const uint32_t count = gp->r[8];

    CHECK(count > 0);
    CHECK_OK(l4_thread_resume(guest.vcpu));
    test_sleep(100);
    CHECK_OK(l4_thread_stop(guest.vcpu));
    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_GP));
    CHECK(gp->r[8] > count);
    /* Reset, and it begins anew. */
    CHECK_OK(l4_vcpu_reset(guest.vcpu));
    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_GP));
    CHECK_EQ(gp->cpsr & 0x1f, 0x13);
    REQUIRE(guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], 0x100);
}

static void memory_of_others(void)
{
    static const uint32_t address[] = {0x40200000u, 0x48000000u, 0x10000000u, 0x08000000u,
                                       0x08030000u, 0x08040000u, 0xffff0000u, 0x40010000u};

    for (uint32_t i = 0; i < COUNT_OF(address); i++) {
        REQUIRE(GUEST_CREATE(&guest, hvc));
        guest.ram[0] = 0xe5910000u; /* ldr r0, [r1] */
        REQUIRE_OK(l4_region_cache(guest.ram_region, L4_CACHE_SYNC_CODE, 0, 4));
        REQUIRE_OK(l4_thread_start(guest.vcpu, GUEST_RAM, 0, 0, address[i]));
        REQUIRE(guest_expect(&guest, L4_EXIT_MMIO));
        CHECK_EQ(guest.exit.w[0], address[i]);
    }
}

static void translate_without_mmu(void)
{
    uint32_t ipa = 0;

    REQUIRE(GUEST_CREATE(&guest, hvc) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_OK(l4_vcpu_translate(guest.vcpu, 0x40001234u, false, false, &ipa));
    CHECK_EQ(ipa, 0x40001234u);
}

static void expect_translation(uint32_t va, bool write, bool user, uint32_t expected)
{
    uint32_t ipa = 0;

    CHECK_OK(l4_vcpu_translate(guest.vcpu, va, write, user, &ipa));
    CHECK_EQ(ipa, expected);
}

static void expect_fault(uint32_t va, bool write, bool user, uint32_t expected)
{
    uint32_t status = 0;

    CHECK_EQ(l4_vcpu_translate(guest.vcpu, va, write, user, &status), L4_ERR_NOT_FOUND);
    CHECK_EQ((status & 0xfu) | ((status >> 6) & 0x10u), expected);
}

/* Short descriptors (ARM ARM B3.5): a section, a read-only section, a table with one small page. */
static void translate_with_mmu(void)
{
    struct l4_regs_cp15 *const cp15 = (struct l4_regs_cp15 *)l4_msgbuf()->word;

    REQUIRE(GUEST_CREATE(&guest, hvc) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    uint32_t *const level1 = &guest.ram[0x4000 / 4];
    uint32_t *const level2 = &guest.ram[0x3000 / 4];

    level1[0x400] = 0x40000c02u;     /* itself, full access */
    level1[0x800] = 0x40008402u;     /* 0x80000000: privileged, read-only */
    level1[0x900] = 0x40003001u;     /* 0x90000000: a table */
    level2[1] = 0x40005012u | 0x30u; /* 0x90001000 */
    REQUIRE_OK(l4_region_cache(guest.ram_region, L4_CACHE_CLEAN, 0, GUEST_RAM_SIZE));
    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_CP15));
    cp15->ttbr0[0] = GUEST_RAM + 0x4000;
    cp15->ttbr0[1] = 0;
    cp15->ttbcr = 0;
    cp15->dacr = 1;
    cp15->sctlr |= 1;
    REQUIRE_OK(l4_thread_write_regs(guest.vcpu, L4_REGS_CP15));
    expect_translation(0x40001234u, true, true, 0x40001234u);
    expect_translation(0x80005678u, false, false, 0x40005678u);
    expect_fault(0x80005678u, true, false, 0xd);
    expect_fault(0x80005678u, false, true, 0xd);
    expect_translation(0x90001abcu, true, true, 0x40005abcu);
    expect_fault(0x90002000u, false, false, 0x7);
    expect_fault(0x91000000u, false, false, 0x5);
    /* The guest itself was not disturbed by it. */
    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_CP15));
    CHECK_EQ(cp15->ttbr0[0], GUEST_RAM + 0x4000);
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
}

/* What a guest executes goes away under it. */
static void memory_goes_under_a_running_guest(void)
{
    REQUIRE(GUEST_CREATE(&guest, spin) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC) && guest_resume(&guest));
    test_sleep(100);
    CHECK_EQ(guest_state(&guest), L4_STATE_RUNNABLE);
    CHECK_OK(l4_cap_revoke(guest.ram_region));
    REQUIRE(guest_expect(&guest, L4_EXIT_FETCH));
    CHECK_EQ(guest.exit.w[0] & ~0xffffu, GUEST_RAM);
    /* It comes back, and the guest goes on. */
    REQUIRE(space_map(guest.space, guest.ram_region, 0, GUEST_RAM_SIZE, GUEST_RAM,
                      L4_MAP_READ | L4_MAP_EXEC) != L4_CAP_NULL);
    REQUIRE(guest_resume(&guest));
    CHECK_EQ(guest_wait(&guest, 500), L4_ERR_TIMEOUT);
}

static void dies_in_every_state(void)
{
    for (uint32_t i = 0; i < 4; i++) {
        REQUIRE(GUEST_CREATE(&guest, spin) && guest_start(&guest));
        REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
        if (i != 0) {
            REQUIRE(guest_resume(&guest));
            test_sleep(50);
        }
        if (i == 2) {
            CHECK_OK(l4_thread_stop(guest.vcpu));
        }
        CHECK_OK(i == 3 ? l4_cap_revoke(guest.space->pool) : l4_cap_delete(guest.vcpu));
    }
}

static const struct test_case cases[] = {
    {"calls carry registers both ways", calls},
    {"device accesses of every size, ARM and Thumb", device_accesses},
    {"accesses without a syndrome, and fetches", undecoded_accesses},
    {"system registers are the VMM's, or what it set", system_registers},
    {"register groups are kept", register_groups},
    {"stop, resume, reset", stop_and_resume},
    {"what a guest was not given is not there", memory_of_others},
    {"translation with the MMU off", translate_without_mmu},
    {"translation by the guest's own tables", translate_with_mmu},
    {"memory goes under a running guest", memory_goes_under_a_running_guest},
    {"a vCPU dies in every state", dies_in_every_state},
};

TEST_SUITE("vcpu", cases);
