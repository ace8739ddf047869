/*
 * ARMv7-A: what the kernel keeps of a guest's processor. While the vCPU is loaded, the registers
 * hold the truth of banked, cp15 (but vmpidr, vpidr), list registers and the virtual timer, and
 * `world` that of cp15.sctlr and cp15.cntkctl, but while it is live (guest world); while
 * cpu->loaded_vfp names it, the registers hold vfp too, and those of ThumbEE with arch.loaded_tee.
 * arch_vcpu_flush() makes this structure complete.
 */
#ifndef ARCH_VCPU_TYPES_H
#define ARCH_VCPU_TYPES_H

#include <arch/switch_types.h>
#include <kernel/timeout.h>
#include <l4/abi/vcpu.h>

#define VCPU_SLOTS 4u   /* list registers of Cortex-A7 and A15 (GICH_VTR) */
#define VCPU_WAITING 8u /* interrupts that wait in the kernel for a slot */

struct thread;

/* vcpu_bank.S knows the offsets up to fcseidr. */
struct vcpu {
    struct l4_regs_banked banked;
    struct l4_regs_cp15 cp15;
    uint32_t fcseidr;
    struct l4_regs_vfp vfp;
    struct world_regs world; /* L4_THREAD_PMU: the one PMU is open and shared */
    struct thread *thread;

    /* The exit that waits for its reply. */
    uint32_t exit;     /* label, 0: none */
    uint32_t syndrome; /* HSR */

    uint8_t loaded;
    uint8_t vfp_used; /* since the reset */
    uint8_t wanted;   /* the VMM was refused a slot and wants to know of the next */
    uint8_t parked;   /* GICH_HCR is 0 until the guest runs: no maintenance interrupt meanwhile */
    uint32_t watched; /* slots whose NOTIFY is the kernel's own */
    uint32_t used;    /* slots that may hold something: the others have no source, no watch */
    uint32_t refused; /* the word of a reply's INJECT that found no slot, until the VMM is told */
    uint32_t waiting_count;

    /* Virtual interrupt interface; gich.c. Slot 3 belongs to the virtual timer, slot 2 to the
     * physical one while it is configured. */
    uint32_t lr[VCPU_SLOTS];
    uint16_t source[VCPU_SLOTS]; /* physical interrupt that the end deactivates; 0: none */
    uint32_t vmcr, apr;
    uint32_t gich_hcr; /* as it should be; unparked */
    uint32_t waiting[VCPU_WAITING];

    /* Timers; vtimer.c. */
    uint32_t timer_lr[L4_TIMER_COUNT]; /* what goes into the slot; 0: not configured */
    uint32_t cntv_ctl, cntp_ctl;
    uint64_t cntv_cval, cntp_cval, cntvoff;
    struct timeout wake;     /* virtual timer of an unloaded vCPU in WFI */
    struct timeout physical; /* physical timer */
} __attribute__((aligned(32)));

static_assert(sizeof(struct vcpu) <= 1024, "a vCPU comes from POOL_1024");

#endif
