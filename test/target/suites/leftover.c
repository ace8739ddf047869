/*
 * What a guest leaves in the processor: each register set hostile, while native threads run. They
 * are not affected and cannot reach it, and the guest finds it unchanged.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/thread.h>

#include "faults.h"
#include "guest.h"
#include "memory.h"
#include "test.h"
#include "worker.h"

GUEST_BLOB(hostile);
GUEST_BLOB(vfp);

#define LOW_ADDRESS 0x02000000u /* the lowest that a native space has */
#define WORKER_END 0xe7f001feu

static struct guest guest;

/* Runs the guest until all is set; what traps is skipped. Traps: bit 0 PMUSERENR, 1 DBGBVR. */
static bool set_hostile(void)
{
    if (!GUEST_CREATE(&guest, hostile) || !guest_start(&guest)) {
        return false;
    }
    for (uint32_t i = 0; i < 10; i++) {
        if (!CHECK_OK(guest_wait(&guest, 100000))) {
            return false;
        }
        if (l4_tag_label(guest.exit.tag) == L4_EXIT_HVC) {
            return CHECK_EQ(guest.exit.w[0], 0);
        }
        CHECK_EQ(l4_tag_label(guest.exit.tag), L4_EXIT_SYSREG);
        if (!guest_answer(&guest, L4_RESUME_NEXT, 0, 0, 0, 0)) {
            return false;
        }
    }
    return CHECK(false);
}

/* The guest looks at everything again. */
static void expect_untouched(void)
{
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], 0);
}

static void busy(struct worker *self, uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds; i++) {
        /* All that PL0 has, with values of its own. */
        __asm__ volatile("mvn r0, #0\n\tmov r1, r0\n\tmov r2, r0\n\tmov r3, r0\n\tmov r4, r0\n\t"
                         "mov r5, r0\n\tmov r6, r0\n\tmov r7, r0\n\tmov r8, r0\n\tmov r9, r0\n\t"
                         "mov r10, r0\n\tmov r12, r0\n\tmov lr, r0\n\tcmp r0, #0"
                         :
                         :
                         : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r12",
                           "lr", "cc", "memory");
    }
    self->value[0] = rounds;
}

static void guest_finds_all_unchanged(void)
{
    REQUIRE(set_hostile());
    for (uint32_t i = 0; i < 5; i++) {
        struct space *const space = i == 0 ? &space_root : space_create(SPACE_POOL, SPACE_SLOTS);
        struct worker *const w = worker_run(space, PRIORITY_MID, busy, 100);

        REQUIRE(worker_wait(w, 10000));
        expect_untouched();
    }
}

static void unaligned(struct worker *self, uint32_t address)
{
    uint32_t value;

    __asm__ volatile("ldr %[value], [%[address]]\n\tldrh r3, [%[address], #2]\n\t"
                     "str %[value], [%[address], #4]"
                     : [value] "=&r"(value)
                     : [address] "r"(address + 1)
                     : "r3", "memory");
    self->value[0] = value;
}

static void alignment_checks_are_the_guests_own(void)
{
    l4_cap_t page;

    REQUIRE(set_hostile());
    uint8_t *const at = memory_mapped(L4_PAGE_SIZE, &page);

    REQUIRE(at != NULL);
    for (uint32_t i = 0; i < 8; i++) {
        at[i] = (uint8_t)(i + 1);
    }
    struct worker *const w = worker_run(&space_root, PRIORITY_MID, unaligned, (uint32_t)at);

    REQUIRE(worker_wait(w, 10000));
    CHECK_EQ(w->value[0], 0x05040302u);
    expect_untouched();
}

static void reads_low(struct worker *self, uint32_t address)
{
    self->value[0] = *(volatile uint32_t *)address;
    *(volatile uint32_t *)(address + 4) = 0x77;
}

static void low_addresses_are_not_remapped(void)
{
    struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);
    l4_cap_t page;

    REQUIRE(set_hostile() && space != NULL);
    uint32_t *const at = memory_mapped(L4_PAGE_SIZE, &page);

    REQUIRE(at != NULL);
    at[0] = 0x10ad;
    REQUIRE(space_map(space, page, 0, L4_PAGE_SIZE, LOW_ADDRESS, L4_MAP_READ | L4_MAP_WRITE) !=
            L4_CAP_NULL);
    struct worker *const w = worker_run(space, PRIORITY_MID, reads_low, LOW_ADDRESS);

    REQUIRE(worker_wait(w, 10000));
    CHECK_EQ(w->value[0], 0x10ad);
    CHECK_EQ(at[1], 0x77);
    expect_untouched();
}

static void run_forbidden(struct worker *self, uint32_t unused)
{
    (void)unused;
    fault_instructions(self);
}

/* VFP opened, counters and timers opened, thread registers filled: none of it counts for PL0. */
static void nothing_of_it_is_in_reach(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    REQUIRE(set_hostile());
    struct worker *const w = worker_create(&space_root, PRIORITY_MID, 0);

    REQUIRE(w != NULL);
    REQUIRE_OK(l4_thread_set_fault(w->thread, endpoint));
    REQUIRE(worker_start(w, run_forbidden, 0));
    for (uint32_t i = 0; fault_name[i] != NULL; i++) {
        const uint32_t pc = fault_first() + 4 * i;

        CHECK_OK(l4_reply_wait(endpoint, &msg, 100000));
        if (msg.w[2] != pc || msg.w[1] != fault_kind(i)) {
            test_print("# with a guest's state: %s did not fault", fault_name[i]);
            CHECK(false);
            return;
        }
        msg = l4_msg(L4_FAULT_REPLY_SET_PC, pc + 4, 0, 0, 0);
    }
    CHECK_OK(l4_reply_wait(endpoint, &msg, 100000));
    CHECK_EQ(*(const uint32_t *)msg.w[2], WORKER_END);
    CHECK_EQ(w->value[0], 77);
    expect_untouched();
}

static void exclusive(struct worker *self, uint32_t address)
{
    uint32_t failed;
    uint32_t value;
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    __asm__ volatile("ldrex %[value], [%[address]]"
                     : [value] "=&r"(value)
                     : [address] "r"(address)
                     : "memory");
    self->status = l4_call(self->value[7], &msg, L4_TIMEOUT_NEVER);
    __asm__ volatile("strex %[failed], %[value], [%[address]]"
                     : [failed] "=&r"(failed)
                     : [value] "r"(value), [address] "r"(address)
                     : "memory");
    self->value[0] = failed;
}

/* The guest's own look is part of expect_untouched(); here the native side, with the guest between,
 * on the very same memory. */
static void exclusive_monitor(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    struct l4_msg msg;

    REQUIRE(set_hostile());
    struct worker *const w = worker_create(&space_root, PRIORITY_MID, 0);

    REQUIRE(w != NULL);
    w->value[7] = endpoint;
    REQUIRE(worker_start(w, exclusive, (uint32_t)guest.ram + 0xb000));
    REQUIRE_OK(l4_recv(endpoint, &msg, 10000));
    const l4_cap_t reply = memory_slot();

    REQUIRE_OK(l4_cap_save_reply(reply));
    expect_untouched();
    msg = l4_msg(0, 0, 0, 0, 0);
    REQUIRE_OK(l4_send(reply, &msg, 0));
    REQUIRE(worker_wait(w, 10000));
    CHECK_EQ(w->value[0], 1);
}

/* A second guest with other contents takes the processor in between. */
static void another_guest_in_between(void)
{
    static struct guest other;

    REQUIRE(set_hostile());
    REQUIRE(GUEST_CREATE(&other, vfp));
    other.parameter[0] = 0x12345600;
    REQUIRE(guest_start(&other));
    REQUIRE(guest_expect(&other, L4_EXIT_HVC));
    for (uint32_t i = 0; i < 5; i++) {
        expect_untouched();
        REQUIRE(guest_resume(&other));
        REQUIRE(guest_expect(&other, L4_EXIT_HVC));
        CHECK_EQ(other.exit.w[0], 0);
    }
}

/* Its memory and registers are wiped before anyone else gets them. */
static void nothing_is_left_after_its_end(void)
{
    REQUIRE(set_hostile());
    CHECK_OK(l4_cap_delete(guest.vcpu));
    REQUIRE(GUEST_CREATE(&guest, vfp));
    struct l4_regs_vfp *const vfp = (struct l4_regs_vfp *)l4_msgbuf()->word;
    struct l4_regs_cp15 *const cp15 = (struct l4_regs_cp15 *)l4_msgbuf()->word;

    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_VFP));
    for (uint32_t i = 0; i < 64; i++) {
        CHECK_EQ(vfp->d[i], 0);
    }
    REQUIRE_OK(l4_thread_read_regs(guest.vcpu, L4_REGS_CP15));
    CHECK(cp15->tpidrurw != 0x11111111 && cp15->tpidruro != 0x22222222);
    CHECK(cp15->tpidrprw != 0x33333333 && cp15->ttbr0[0] != 0xdead4000u);
}

static const struct test_case cases[] = {
    {"a guest finds all its registers unchanged", guest_finds_all_unchanged},
    {"SCTLR.A: unaligned loads of servers work", alignment_checks_are_the_guests_own},
    {"FCSEIDR: low addresses of servers are not remapped", low_addresses_are_not_remapped},
    {"VFP, counters, thread registers, debug: not in reach", nothing_of_it_is_in_reach},
    {"the exclusive monitor does not carry over", exclusive_monitor},
    {"another guest does not change them either", another_guest_in_between},
    {"nothing is left after a guest's end", nothing_is_left_after_its_end},
};

TEST_SUITE("leftover", cases);
