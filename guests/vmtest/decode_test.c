/*
 * Every family of decode.h with the MMU off, in each processor mode, and LDM/STM
 * of the user-mode registers.
 */
#include <stddef.h>

#include "decode.h"
#include "guest/trap.h"
#include "registers.h"
#include "suites.h"

static const struct decode_context plain = {MODE_SVC, 0, 0};

#define PLAIN(name)                                                                                \
    static void name##_plain(void)                                                                 \
    {                                                                                              \
        decode_run_family(&decode_##name, &plain);                                                 \
    }

PLAIN(a32_single)
PLAIN(a32_extra)
PLAIN(a32_dual)
PLAIN(a32_multiple)
PLAIN(a32_other)
PLAIN(t16)
PLAIN(t32)
PLAIN(t32_it)

static void vfp_plain(void)
{
    WRITE_CPACR(0x00f00000u);
    isb();
    vfp_set_fpexc(1u << 30);
    decode_run_family(&decode_vfp, &plain);
    vfp_set_fpexc(0);
    WRITE_CPACR(0);
    isb();
}

/* The families whose registers differ between modes: banked r8..r12 and lr. */
static void in_mode(uint32_t mode)
{
    static const struct decode_family *const families[] = {
        &decode_a32_single, &decode_a32_dual, &decode_a32_multiple, &decode_t32, &decode_t32_it,
    };
    const struct decode_context context = {mode, 0, 0};

    for (uint32_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        decode_run_family(families[i], &context);
    }
}

#define IN_MODE(name, mode)                                                                        \
    static void name(void)                                                                         \
    {                                                                                              \
        in_mode(mode);                                                                             \
    }

IN_MODE(in_usr, MODE_USR)
IN_MODE(in_fiq, MODE_FIQ)
IN_MODE(in_irq, MODE_IRQ)
IN_MODE(in_abt, MODE_ABT)
IN_MODE(in_und, MODE_UND)
IN_MODE(in_sys, MODE_SYS)

static uint32_t load_user_bank(uint32_t addr)
{
    __asm__ volatile("ldmia %0, {r13, r14}^\n\tnop" : : "r"(addr) : "memory");
    return 0;
}

static uint32_t store_user_bank(uint32_t addr)
{
    __asm__ volatile("stmia %0, {r13, r14}^\n\tnop" : : "r"(addr) : "memory");
    return 0;
}

/* A8.8.57 and A8.8.200: the caret names the registers of USR whatever the mode. */
static void user_bank(void)
{
    static const uint32_t modes[] = {MODE_SVC, MODE_FIQ, MODE_IRQ};
    uint32_t saved[BANKED_COUNT];
    uint32_t now[BANKED_COUNT];

    for (uint32_t i = 0; i < 3; i++) {
        mmio_write32(W(0), V(0));
        mmio_write32(W(1), V(1));
        call_in_mode(modes[i], load_user_bank, W(0));
        banked_read(now);
        CHECK_EQ(now[17], V(0));
        CHECK_EQ(now[18], V(1));
        banked_read(saved);
        saved[17] = R(5);
        saved[18] = R(6);
        banked_write(saved);
        store_user_bank(W(2));
        CHECK_EQ(mmio_read32(W(2)), R(5));
        CHECK_EQ(mmio_read32(W(3)), R(6));
    }
}

static const struct test_case cases[] = {
    {"decode.a32-single", a32_single_plain},
    {"decode.a32-extra", a32_extra_plain},
    {"decode.a32-dual", a32_dual_plain},
    {"decode.a32-multiple", a32_multiple_plain},
    {"decode.a32-other", a32_other_plain},
    {"decode.t16", t16_plain},
    {"decode.t32", t32_plain},
    {"decode.t32-it", t32_it_plain},
    {"decode.vfp", vfp_plain},
    {"decode.mode-usr", in_usr},
    {"decode.mode-fiq", in_fiq},
    {"decode.mode-irq", in_irq},
    {"decode.mode-abt", in_abt},
    {"decode.mode-und", in_und},
    {"decode.mode-sys", in_sys},
    {"decode.user-bank", user_bank},
};
SUITE(suite_decode, cases);
