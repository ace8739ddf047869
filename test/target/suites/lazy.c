/*
 * What stays in the processor after a guest has left it, until another needs it: VFP and ThumbEE.
 */
#include <l4/abi/vcpu.h>
#include <l4/start.h>
#include <l4/thread.h>

#include "guest.h"
#include "test.h"

GUEST_BLOB(vfp);
GUEST_BLOB(tee);

static void vfp_is_switched(void)
{
    static struct guest g[3];

    for (uint32_t i = 0; i < 3; i++) {
        REQUIRE(GUEST_CREATE(&g[i], vfp));
        g[i].parameter[0] = 0x10000000u * (i + 1) + 0x00400000u * i;
        REQUIRE(guest_start(&g[i]));
        REQUIRE(guest_expect(&g[i], L4_EXIT_HVC));
    }
    for (uint32_t round = 0; round < 30; round++) {
        const uint32_t i = round % 7 % 3;

        REQUIRE(guest_resume(&g[i]));
        REQUIRE(guest_expect(&g[i], L4_EXIT_HVC));
        CHECK_EQ(g[i].exit.w[0], 0);
    }
    /* Read from outside, wherever they are held now. */
    for (uint32_t i = 0; i < 3; i++) {
        struct l4_regs_vfp *const vfp = (struct l4_regs_vfp *)l4_msgbuf()->word;

        REQUIRE_OK(l4_thread_read_regs(g[i].vcpu, L4_REGS_VFP));
        CHECK_EQ(vfp->d[0], g[i].parameter[0]);
        CHECK_EQ(vfp->d[63], g[i].parameter[0] + 63);
        REQUIRE(guest_resume(&g[i]));
        REQUIRE(guest_expect(&g[i], L4_EXIT_HVC));
        CHECK_EQ(g[i].exit.w[0], 0);
    }
}

/* Two guests take turns; neither sees the other's, and nobody sees an exit. */
static void thumbee_is_switched(void)
{
    static struct guest g[2];

    for (uint32_t i = 0; i < 2; i++) {
        REQUIRE(GUEST_CREATE(&g[i], tee));
        g[i].parameter[0] = 0x40001000u * (i + 1) + 4u + i;
        REQUIRE(guest_start(&g[i]));
        REQUIRE(guest_expect(&g[i], L4_EXIT_HVC));
        CHECK_EQ(g[i].exit.w[0], 0);
        CHECK_EQ(g[i].exit.w[1], 0);
    }
    for (uint32_t round = 0; round < 12; round++) {
        const uint32_t i = round % 5 % 2;

        REQUIRE(guest_resume(&g[i]));
        REQUIRE(guest_expect(&g[i], L4_EXIT_HVC));
        CHECK_EQ(g[i].exit.w[0], i);
        CHECK_EQ(g[i].exit.w[1] & ~3u, g[i].parameter[0] & ~3u);
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct l4_regs_cp15 *const cp15 = (struct l4_regs_cp15 *)l4_msgbuf()->word;

        REQUIRE_OK(l4_thread_read_regs(g[i].vcpu, L4_REGS_CP15));
        CHECK_EQ(cp15->teecr, i);
        CHECK_EQ(cp15->teehbr & ~3u, g[i].parameter[0] & ~3u);
        cp15->teehbr += 0x100;
        REQUIRE_OK(l4_thread_write_regs(g[i].vcpu, L4_REGS_CP15));
        REQUIRE(guest_resume(&g[i]));
        REQUIRE(guest_expect(&g[i], L4_EXIT_HVC));
        CHECK_EQ(g[i].exit.w[1] & ~3u, (g[i].parameter[0] & ~3u) + 0x100);
    }
}

static const struct test_case cases[] = {
    {"VFP contents of vCPUs do not mix", vfp_is_switched},
    {"ThumbEE's registers belong to one guest at a time", thumbee_is_switched},
};

TEST_SUITE("lazy", cases);
