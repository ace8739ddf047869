/*
 * ARMv7-A: what the files of the vCPU side share (vcpu_switch, vcpu_bank, vcpu_regs, gich, vtimer,
 * trap_guest). Context: kernel mode, interrupts masked.
 */
#ifndef ARCH_GUEST_H
#define ARCH_GUEST_H

#include <arch/vcpu.h>
#include <arch/world.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>

/* TVM, TTLB, TPU, TPC stay off: the guest's own memory management never traps. TWE too. */
#define GUEST_HCR                                                                                  \
    (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TWI |   \
     HCR_TSC | HCR_TIDCP | HCR_TAC | HCR_TSW)
#define GUEST_HSTR (HSTR_T(15) | HSTR_TTEE | HSTR_TJDBX)
#define GUEST_HSTR_C9 HSTR_T(9) /* performance counters and L2CTLR; not for L4_THREAD_PMU */
#define GUEST_HCPTR_OPEN (HCPTR_RES1 | HCPTR_TTA)
#define GUEST_HCPTR_TRAP (GUEST_HCPTR_OPEN | HCPTR_TCP10 | HCPTR_TCP11 | HCPTR_TASE)

/* Virtual interface control, GICv2 5.3 */
#define GICH(offset) (*(volatile uint32_t *)(uintptr_t)((uint32_t)boot_info.gich + (offset)))
#define GICH_HCR 0x00u
#define GICH_VMCR 0x08u
#define GICH_EISR 0x20u
#define GICH_APR 0xf0u
#define GICH_LR(n) (0x100u + 4u * (n))
#define GICH_HCR_EN 1u
/* Group 0 enabled, group 0 disabled: one of them is always true */
#define GICH_HCR_KICK 0x30u
#define GICH_VMCR_RESET 0x004c0000u /* binary points at their minimum */
#define LR_STATE (L4_VIRQ_PENDING | L4_VIRQ_ACTIVE)
#define LR_KEEP 0x4f8003ffu /* number, priority, group */

/* A linked interrupt on its way to a slot: its source in the place of a HW list register's. */
#define WORD_LINKED 0x80000000u
#define WORD_SOURCE_SHIFT 10u
#define WORD_SOURCE(w) (((w) >> WORD_SOURCE_SHIFT) & 0x3ffu)

#define SLOT_PHYSICAL 2u
#define SLOT_VIRTUAL 3u

/* Timer control registers, ARM ARM B4.1.30 */
#define CNT_ENABLE 1u
#define CNT_IMASK 2u
#define CNT_ISTATUS 4u

/* vcpu_bank.S: banked and CP15 registers but SCTLR, CNTKCTL; save leaves VMPIDR and VPIDR out. */
void vcpu_bank_save(struct vcpu *v);
void vcpu_bank_load(const struct vcpu *v);
void vcpu_vfp_save(struct l4_regs_vfp *vfp);
void vcpu_vfp_load(const struct l4_regs_vfp *vfp);
/* TEECR and TEEHBR. */
void vcpu_tee_save(struct l4_regs_cp15 *cp15);
void vcpu_tee_load(const struct l4_regs_cp15 *cp15);
/* One banked register; index = word of struct l4_regs_banked. */
uint32_t vcpu_banked_read(uint32_t index);
void vcpu_banked_write(uint32_t index, uint32_t value);

/* vcpu_switch.c: the VFP state is t's afterwards, and accessible. */
void vcpu_vfp_take(struct thread *t);
/* The same for ThumbEE's registers, which Linux writes at each of its own context switches; in the
 * guest's world. */
void vcpu_tee_take(struct thread *t);

/* vcpu_regs.c: register n of the guest's present mode, loaded or not. */
uint32_t vcpu_high_reg_get(const struct thread *t, uint32_t n);
void vcpu_high_reg_set(struct thread *t, uint32_t n, uint32_t value);

static inline uint32_t vcpu_reg_get(const struct thread *t, uint32_t n)
{
    return likely(n < 8u) ? t->frame.r[n] : vcpu_high_reg_get(t, n);
}

static inline void vcpu_reg_set(struct thread *t, uint32_t n, uint32_t value)
{
    if (likely(n < 8u)) {
        t->frame.r[n] = value;
    } else {
        vcpu_high_reg_set(t, n, value);
    }
}

/* In its guest world: world.sctlr and world.cntkctl are in the registers too. */
static inline bool vcpu_live(const struct vcpu *v)
{
    return (arch_this_cpu()->key & KEY_GUEST_RUNS) != 0 && this_cpu()->loaded_vcpu == v->thread;
}

/* The interface is off until the vCPU runs next. */
static inline void vcpu_park(struct vcpu *v)
{
    v->parked = 1;
    v->thread->arch.key = 0;
}

/* gich.c */
static inline uint32_t gich_lr(const struct vcpu *v, uint32_t slot)
{
    return v->loaded ? GICH(GICH_LR(slot)) : v->lr[slot];
}

static inline void gich_set_lr(struct vcpu *v, uint32_t slot, uint32_t lr)
{
    if (v->loaded) {
        GICH(GICH_LR(slot)) = lr;
    } else {
        v->lr[slot] = lr;
    }
    v->used |= 1u << slot;
}

static inline bool lr_in_flight(uint32_t lr)
{
    return (lr & LR_STATE) != 0;
}

/* Ended with a maintenance interrupt that the kernel has not seen yet. */
static inline bool lr_ended(uint32_t lr)
{
    return (lr & (LR_STATE | L4_VIRQ_NOTIFY)) == L4_VIRQ_NOTIFY;
}

void gich_save(struct vcpu *v);
void gich_load(struct vcpu *v);
/* Every slot empty; deactivates the linked sources. */
void gich_clear(struct vcpu *v);
/* Empties a slot; gich_drop() deactivates its source too. */
void gich_empty(struct vcpu *v, uint32_t slot);
void gich_drop(struct vcpu *v, uint32_t slot);
/* The kernel's own interrupt into a slot: its end is watched. */
void gich_own(struct vcpu *v, uint32_t slot, uint32_t lr, uint32_t source);
/* The slot of an interrupt in flight; VCPU_SLOTS: none, and v->used has no free slot any more. */
uint32_t gich_slot_of(struct vcpu *v, uint32_t id);
/* The word waits for a slot; false: no place to wait. */
bool gich_defer(struct vcpu *v, uint32_t word);
/* Waiting interrupts take the free slots, most urgent first. */
void gich_refill(struct vcpu *v);
/* What is pending in the slot waits for another one; false: no place to wait. */
bool gich_evict(struct vcpu *v, uint32_t slot);
/* To an empty slot. */
void gich_move(struct vcpu *v, uint32_t from, uint32_t to);
/* Every interrupt in flight tells its end, to the kernel at least. */
void gich_watch(struct vcpu *v);
/* GICH_HCR bits as the guest runs next. */
void gich_control(struct vcpu *v, uint32_t set, uint32_t clear);
/* A list register as a word of the ABI; 0: free. */
uint32_t gich_word(const struct vcpu *v, uint32_t slot);

#define PSR_T 0x20u
#define PSR_IT 0x0600fc00u
#define PSR_E 0x200u
#define PSR_FLAGS_SHIFT 28u

/* trap_guest.c: an exit with the guest's pc as its last word. */
struct thread *guest_leave(struct thread *self, uint32_t label, uint32_t w0, uint32_t hsr,
                           uint32_t w2);
/* trap_sysreg.c */
bool guest_condition_holds(const struct thread *t, uint32_t hsr);
struct thread *guest_sysreg(struct thread *self, uint32_t hsr);
void guest_sysreg_answer(struct thread *t, uint32_t hsr, const uint32_t *w);

static inline void guest_skip(struct arch_frame *f, uint32_t bytes)
{
    uint32_t cpsr = f->cpsr;

    f->pc += bytes;
    if (unlikely((cpsr & PSR_IT) != 0)) { /* ITAdvance, ARM ARM A2.5.2 */
        uint32_t it = ((cpsr >> 8) & 0xfcu) | ((cpsr >> 25) & 3u);

        it = (it & 7u) == 0 ? 0 : (it & 0xe0u) | ((it << 1) & 0x1fu);
        f->cpsr = (cpsr & ~PSR_IT) | ((it & 0xfcu) << 8) | ((it & 3u) << 25);
    }
}

static inline void guest_skip_trapped(struct thread *t, uint32_t hsr)
{
    guest_skip(&t->frame, L4_SYN_IL(hsr) != 0 ? 4u : 2u);
}

/* vtimer.c */
void vtimer_save(struct vcpu *v);
void vtimer_load(struct vcpu *v);
void vtimer_clear(struct vcpu *v);
/* After zeroing. */
void vtimer_init(struct vcpu *v);
/* The guest has ended the virtual timer's interrupt. */
void vtimer_ended(struct vcpu *v);
uint32_t vtimer_lines(const struct vcpu *v);
/* Brings the physical timer's interrupt and timeout in line with its registers. */
void vtimer_physical_update(struct vcpu *v);
/* CNTP_TVAL and CNTP_CTL; reg = opc2 of the access. */
uint32_t vtimer_physical_read(struct vcpu *v, uint32_t reg);
void vtimer_physical_write(struct vcpu *v, uint32_t reg, uint32_t value);

#endif
