/*
 * What the guest keeps in its processor must be there after every kind of exit:
 * device access, hypercall, trapped register, sleep, interrupt (ARM DDI 0406C,
 * B1.3 for the banked registers, A2.6 for VFP). Under a hypervisor other guests
 * and servers run in between.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/psci.h"
#include "guest/timer.h"
#include "guest/trap.h"
#include "guest/uart.h"
#include "irq.h"
#include "registers.h"
#include "suites.h"

/* One of each way out of the guest. */
static void exits(void)
{
    for (uint32_t i = 0; i < 4; i++) {
        (void)uart_read(UARTFR);
        (void)gicd_read(GICD_TYPER);
        (void)hvc_call(PSCI_VERSION, 0, 0, 0);
        (void)CP_READ(p15, 0, c14, c2, 1); /* CNTP_CTL */
        sleep_us(300);
        CP_WRITE(p15, 0, c7, c14, 2, 0); /* DCCISW */
    }
}

static void core_registers(void (*keep)(uint32_t *, const uint32_t *, uint32_t), uint32_t addr)
{
    uint32_t in[16];
    uint32_t out[16] = {0};

    for (uint32_t i = 0; i < 16; i++) {
        in[i] = 0xabcd0000u + i * 0x0101u;
    }
    keep(out, in, addr);
    CHECK_EQ(out[1], addr);
    for (uint32_t i = 2; i <= 12; i++) {
        CHECK_EQ(out[i], in[i]);
    }
    CHECK_EQ(out[14], in[14]);
    CHECK_EQ(out[15] >> 28, 0xa);
}

static void general(void)
{
    core_registers(keep_mmio, UART_BASE + UARTFR);
    core_registers(keep_mmio, GICD_BASE + GICD_TYPER);
    core_registers(keep_mrc, 0);
}

static void banked(void)
{
    uint32_t saved[BANKED_COUNT];
    uint32_t in[BANKED_COUNT];
    uint32_t out[BANKED_COUNT];

    for (uint32_t i = 0; i < BANKED_COUNT; i++) {
        in[i] = 0x5a000000u + i * 0x00010004u;
    }
    in[7] = 0xf00001d0u; /* SPSRs: defined bits alone */
    in[10] = 0x600f0113u;
    in[13] = 0x9000015fu;
    in[16] = 0x080001dbu;
    banked_read(saved);
    banked_write(in);
    exits();
    banked_read(out);
    banked_write(saved);
    for (uint32_t i = 0; i < BANKED_COUNT; i++) {
        CHECK_EQ(out[i], in[i]);
    }
}

static void system_registers(void)
{
    CP_WRITE(p15, 0, c13, c0, 2, 0x11110001); /* TPIDRURW */
    CP_WRITE(p15, 0, c13, c0, 3, 0x22220002); /* TPIDRURO */
    CP_WRITE(p15, 0, c13, c0, 4, 0x33330003); /* TPIDRPRW */
    CP_WRITE(p15, 0, c13, c0, 1, 0x44440004); /* CONTEXTIDR */
    CP_WRITE(p15, 0, c2, c0, 0, 0x40f00000);  /* TTBR0 */
    CP_WRITE(p15, 0, c2, c0, 1, 0x40f04000);  /* TTBR1 */
    CP_WRITE(p15, 0, c3, c0, 0, 0x55555555);  /* DACR */
    CP_WRITE(p15, 0, c5, c0, 0, 0x00000805);  /* DFSR */
    CP_WRITE(p15, 0, c5, c0, 1, 0x00000007);  /* IFSR */
    CP_WRITE(p15, 0, c6, c0, 0, 0x66660006);  /* DFAR */
    CP_WRITE(p15, 0, c6, c0, 2, 0x77770007);  /* IFAR */
    CP_WRITE(p15, 0, c10, c2, 0, 0x000a81a4); /* PRRR */
    CP_WRITE(p15, 0, c10, c2, 1, 0x44e048e0); /* NMRR */
    CP_WRITE(p15, 2, c0, c0, 0, 2);           /* CSSELR */
    CP_WRITE(p15, 0, c14, c1, 0, 0x302);      /* CNTKCTL */
    CP_WRITE(p15, 0, c7, c4, 0, 0x12345000);  /* PAR */
    isb();
    exits();
    CHECK_EQ(CP_READ(p15, 0, c13, c0, 2), 0x11110001);
    CHECK_EQ(CP_READ(p15, 0, c13, c0, 3), 0x22220002);
    CHECK_EQ(CP_READ(p15, 0, c13, c0, 4), 0x33330003);
    CHECK_EQ(CP_READ(p15, 0, c13, c0, 1), 0x44440004);
    CHECK_EQ(CP_READ(p15, 0, c2, c0, 0), 0x40f00000);
    CHECK_EQ(CP_READ(p15, 0, c2, c0, 1), 0x40f04000);
    CHECK_EQ(CP_READ(p15, 0, c3, c0, 0), 0x55555555);
    CHECK_EQ(CP_READ(p15, 0, c5, c0, 0), 0x00000805);
    CHECK_EQ(CP_READ(p15, 0, c5, c0, 1), 0x00000007);
    CHECK_EQ(CP_READ(p15, 0, c6, c0, 0), 0x66660006);
    CHECK_EQ(CP_READ(p15, 0, c6, c0, 2), 0x77770007);
    CHECK_EQ(CP_READ(p15, 0, c10, c2, 0), 0x000a81a4);
    CHECK_EQ(CP_READ(p15, 0, c10, c2, 1), 0x44e048e0);
    CHECK_EQ(CP_READ(p15, 2, c0, c0, 0), 2);
    CHECK_EQ(CP_READ(p15, 0, c14, c1, 0), 0x302);
    CHECK_EQ(CP_READ(p15, 0, c7, c4, 0), 0x12345000);
    CP_WRITE(p15, 2, c0, c0, 0, 0);
    CP_WRITE(p15, 0, c14, c1, 0, 0);
    CP_WRITE(p15, 0, c13, c0, 1, 0);
    isb();
}

extern const uint32_t guest_vectors[8];

static void vector_base(void)
{
    static uint32_t copy[8] __attribute__((aligned(32)));
    uint32_t saved = CP_READ(p15, 0, c12, c0, 0);

    CHECK_EQ(saved, (uintptr_t)guest_vectors);
    CP_WRITE(p15, 0, c12, c0, 0, (uintptr_t)copy);
    isb();
    exits();
    CHECK_EQ(CP_READ(p15, 0, c12, c0, 0), (uintptr_t)copy);
    CP_WRITE(p15, 0, c12, c0, 0, saved);
    isb();
}

static void vfp_on(void)
{
    WRITE_CPACR(0x00f00000u);
    isb();
    vfp_set_fpexc(1u << 30);
}

static void vfp_off(void)
{
    vfp_set_fpexc(0);
    WRITE_CPACR(0);
    isb();
}

static void stop_timer(uint32_t iar)
{
    (void)iar;
    CP_WRITE(p15, 0, c14, c3, 1, 0);
    isb();
}

static void vfp_file(void)
{
    static uint64_t in[32];
    static uint64_t out[32];

    vfp_on();
    for (uint32_t round = 0; round < 8; round++) {
        uint32_t fpscr = 0xf3000000u | (round & 3) << 22;

        for (uint32_t i = 0; i < 32; i++) {
            in[i] = 0x0102030405060708ull * (i + 1) + round;
        }
        vfp_write(in, fpscr);
        exits();
        irq_clear_log();
        irq_action = stop_timer;
        gicd_hit(GICD_ISENABLER, INTID_VTIMER);
        CP_WRITE64(p15, 3, c14, cntvct() + ticks_us(100));
        CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
        CHECK(irq_wait(1));
        CHECK_EQ(vfp_read(out), fpscr);
        for (uint32_t i = 0; i < 32; i++) {
            CHECK_EQ(out[i] >> 32, in[i] >> 32);
            CHECK_EQ(out[i], in[i]);
        }
    }
    vfp_off();
}

static void vfp_enables(void)
{
    vfp_on();
    CHECK_EQ(vfp_fpexc() >> 30, 1);
    CHECK_EQ(vfp_mvfr0() & 0xf, 2); /* 32 double registers */
    CHECK_EQ(trap_try(vfp_instruction, NULL), 0);
    vfp_set_fpexc(0);
    CHECK_EQ(trap_try(vfp_instruction, NULL), 1);
    CHECK_EQ(trap_last.kind, TRAP_UNDEFINED);
    exits();
    CHECK_EQ(trap_try(vfp_instruction, NULL), 1);
    vfp_set_fpexc(1u << 30);
    WRITE_CPACR(0);
    isb();
    CHECK_EQ(trap_try(vfp_instruction, NULL), 1);
    exits();
    CHECK_EQ(READ_CPACR() & 0x00f00000u, 0);
    CHECK_EQ(trap_try(vfp_instruction, NULL), 1);
    CHECK_EQ(trap_last.kind, TRAP_UNDEFINED);
    vfp_on();
    CHECK_EQ(trap_try(vfp_instruction, NULL), 0);
    vfp_off();
}

static volatile uint32_t counter;

static void rearm(uint32_t iar)
{
    (void)iar;
    exclusive_increment(&counter);
    CP_WRITE64(p15, 3, c14, cntvct() + ticks_us(20));
    if (irq_log.count == 50) {
        CP_WRITE(p15, 0, c14, c3, 1, 0);
        isb();
    }
}

static void exclusives(void)
{
    uint32_t mine = 0;

    counter = 0;
    irq_action = rearm;
    gicd_hit(GICD_ISENABLER, INTID_VTIMER);
    CP_WRITE64(p15, 3, c14, cntvct());
    CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
    irq_enable();
    while (irq_log.count < 50) {
        exclusive_increment(&counter);
        mine++;
    }
    irq_disable();
    CHECK_EQ(counter, mine + irq_log.count);
}

static uint32_t exits_in_mode(uint32_t arg)
{
    for (uint32_t i = 0; i < 4; i++) {
        (void)uart_read(UARTFR);
        (void)gicd_read(GICD_TYPER);
    }
    return (read_cpsr() & MODE_MASK) + arg;
}

static void every_mode(void)
{
    static const uint32_t modes[] = {MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC,
                                     MODE_ABT, MODE_UND, MODE_SYS};

    for (uint32_t i = 0; i < 7; i++) {
        CHECK_EQ(call_in_mode(modes[i], exits_in_mode, 0x100), modes[i] + 0x100);
        CHECK_EQ(read_cpsr() & MODE_MASK, MODE_SVC);
    }
}

static const struct test_case cases[] = {
    {"state.core-registers", general},
    {"state.banked-registers", banked},
    {"state.system-registers", system_registers},
    {"state.vector-base", vector_base},
    {"state.vfp-registers", vfp_file},
    {"state.vfp-enables", vfp_enables},
    {"state.exclusives", exclusives},
    {"state.every-mode", every_mode},
};
SUITE(suite_state, cases);
