/*
 * Random code: as a guest and as a native thread. Whatever it executes, the kernel stays, others
 * keep what is theirs, and everything comes back.
 *
 * The seeds are fixed. A guest with its MMU on whose abort vector cannot be fetched retires no
 * instruction, and stops the emulator's instruction clock with it; these seeds make none.
 */
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

GUEST_BLOB(vfp);

#define ROUNDS 60u
#define EXITS 60u
#define STEP_US 200u
#define ROUND_RAM (2u << 20)
#define CODE_WORDS 0x1000u
#define NATIVE_CODE 0x50000000u

static struct guest wild, tame;

static uint32_t next(uint32_t *state)
{
    uint32_t x = *state;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x;
}

/* Random words, many of them system instructions: coprocessor accesses, status registers, calls. */
static uint32_t instruction(uint32_t *state)
{
    const uint32_t r = next(state);
    const uint32_t always = (next(state) & 0x0fffffffu) | 0xe0000000u;

    switch (r % 12u) {
    case 0: /* MCR, MRC of CP15 and CP14 */
    case 1:
        return (always & 0x00ffe0ffu) | 0xee000e10u | ((r >> 8) & 0x100u);
    case 2: /* MCRR, MRRC */
        return (always & 0x001ff0ffu) | 0xec400e00u | ((r >> 8) & 0x100u);
    case 3: /* MSR, MRS, banked forms, HVC, SMC, ERET */
        return (always & 0x006fffffu) | 0xe1000000u;
    case 4: /* CPS, SETEND, barriers, SRS, RFE */
        return next(state) | 0xf0000000u;
    case 5: /* VFP and NEON */
        return (always & 0x00fff0ffu) | 0xee000a00u;
    case 6: /* loads and stores */
    case 7:
        return (always & 0x03ffffffu) | 0xe4000000u;
    case 8: /* LDM, STM, also of user registers and with return */
        return (always & 0x01ffffffu) | 0xe8000000u;
    case 9: /* loads and stores of other sizes, exclusives */
        return (always & 0x01ffff0fu) | 0xe0000090u | (r & 0x60u << 8) >> 8;
    default:
        return always;
    }
}

static void fill(uint32_t *words, uint32_t count, uint32_t *state)
{
    for (uint32_t i = 0; i < count; i++) {
        words[i] = instruction(state);
    }
}

/* Sends it somewhere into its code, in ARM or Thumb state, in a mode of its own choice. */
static void redirect(uint32_t *state)
{
    struct l4_regs_gp *const gp = (struct l4_regs_gp *)l4_msgbuf()->word;

    if (l4_thread_read_regs(wild.vcpu, L4_REGS_GP) == L4_OK) {
        for (uint32_t i = 0; i < 13; i++) {
            gp->r[i] = (next(state) & 1u) != 0 ? GUEST_RAM + (next(state) & 0xffffu) : next(state);
        }
        gp->pc = GUEST_RAM + (next(state) & 0x3ffcu);
        gp->cpsr = next(state);
        CHECK_OK(l4_thread_write_regs(wild.vcpu, L4_REGS_GP));
    }
}

static void one_step(uint32_t *state)
{
    const l4_status_t status = guest_wait(&wild, STEP_US);

    if (status == L4_OK) {
        if ((next(state) & 3u) == 0) {
            redirect(state);
        }
        const uint32_t actions = next(state) & 7u;

        CHECK(guest_answer(&wild, actions, next(state), next(state), next(state), next(state)));
        return;
    }
    CHECK_EQ(status, L4_ERR_TIMEOUT);
    CHECK_OK(l4_thread_stop(wild.vcpu));
    redirect(state);
    const l4_status_t injected = l4_vcpu_inject(wild.vcpu, next(state) | L4_VIRQ_PENDING);

    CHECK(injected == L4_OK || injected == L4_ERR_BUSY || injected == L4_ERR_INVALID);
    CHECK_OK(l4_thread_resume(wild.vcpu));
}

static void expect_tame(void)
{
    REQUIRE(guest_resume(&tame));
    REQUIRE(guest_expect(&tame, L4_EXIT_HVC));
    CHECK_EQ(tame.exit.w[0], 0);
}

static void random_guests(void)
{
    uint32_t state = 0x2545f491u;

    REQUIRE(GUEST_CREATE(&tame, vfp));
    tame.parameter[0] = 0x33000000u;
    REQUIRE(guest_start(&tame) && guest_expect(&tame, L4_EXIT_HVC));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        REQUIRE(memory_round_begin(ROUND_RAM) && GUEST_CREATE(&wild, vfp));
        CHECK_OK(l4_vcpu_timer(wild.vcpu, L4_TIMER_VIRTUAL, l4_virq(27, 0xa0, 0)));
        CHECK_OK(l4_vcpu_timer(wild.vcpu, L4_TIMER_PHYSICAL, l4_virq(30, 0xa0, 0)));
        fill(wild.ram, CODE_WORDS, &state);
        REQUIRE_OK(l4_region_cache(wild.ram_region, L4_CACHE_SYNC_CODE, 0, GUEST_RAM_SIZE));
        REQUIRE(guest_start(&wild));
        for (uint32_t i = 0; i < EXITS; i++) {
            one_step(&state);
            if (i % 8 == 7) {
                expect_tame();
            }
        }
        memory_round_end();
    }
}

/* A native thread executes random words; what faults is skipped, what hangs is sent elsewhere. */
static void run_native(struct worker *w, l4_cap_t endpoint, uint32_t *state)
{
    for (uint32_t i = 0; i < EXITS; i++) {
        struct l4_msg msg;
        const l4_status_t status = l4_recv(endpoint, &msg, STEP_US);
        const uint32_t pc = NATIVE_CODE + (next(state) & 0x3ffcu);

        if (status == L4_OK) {
            msg = l4_msg(L4_FAULT_REPLY_SET_PC, pc, 0, 0, 0);
            CHECK_EQ(l4_reply_wait(endpoint, &msg, 0), L4_ERR_TIMEOUT);
        } else {
            struct l4_regs_gp *const gp = (struct l4_regs_gp *)l4_msgbuf()->word;

            CHECK_OK(l4_thread_stop(w->thread));
            CHECK_OK(l4_thread_read_regs(w->thread, L4_REGS_GP));
            gp->pc = pc;
            gp->cpsr = next(state) & ~0x200u; /* little endian */
            CHECK_OK(l4_thread_write_regs(w->thread, L4_REGS_GP));
            CHECK_OK(l4_thread_resume(w->thread));
        }
    }
}

static void random_natives(void)
{
    uint32_t state = 0x9e3779b9u;

    REQUIRE(GUEST_CREATE(&tame, vfp));
    tame.parameter[0] = 0x44000000u;
    REQUIRE(guest_start(&tame) && guest_expect(&tame, L4_EXIT_HVC));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        REQUIRE(memory_round_begin(ROUND_RAM));
        struct space *const space = space_create_bare(SPACE_POOL, SPACE_SLOTS, 0);
        const l4_cap_t endpoint = memory_endpoint();
        l4_cap_t code;
        uint32_t *const at = memory_mapped(CODE_WORDS * 4, &code);

        REQUIRE(space != NULL && at != NULL);
        fill(at, CODE_WORDS, &state);
        REQUIRE_OK(l4_region_cache(code, L4_CACHE_SYNC_CODE, 0, CODE_WORDS * 4));
        REQUIRE(space_map(space, code, 0, CODE_WORDS * 4, NATIVE_CODE,
                          L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC) != L4_CAP_NULL);
        struct worker *const w = worker_create(space, PRIORITY_LOW, 0);

        REQUIRE(w != NULL);
        REQUIRE_OK(l4_thread_set_fault(w->thread, endpoint));
        REQUIRE_OK(l4_thread_start(w->thread, NATIVE_CODE, w->stack_top, 0, 0));
        run_native(w, endpoint, &state);
        expect_tame();
        memory_round_end();
    }
}

static const struct test_case cases[] = {
    {"a guest of random code, another beside it", random_guests},
    {"a native thread of random code", random_natives},
};

TEST_SUITE("wild", cases);
