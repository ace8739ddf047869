/*
 * A guest's registers for its VMM: register groups, single registers of the present mode, reset and
 * address translation.
 */
#include <arch/guest.h>
#include <arch/switch.h>

#define PSR_MODE 0xfu
#define MODE_FIQ 0x1u
#define NOT_BANKED 0xffu
#define BANKED(field) (offsetof(struct l4_regs_banked, field) / 4u)

/* Reset values, Cortex-A15 TRM 4.2 */
#define SCTLR_RESET 0x00c50078u
#define PRRR_RESET 0x00098aa4u
#define NMRR_RESET 0x44e048e0u
#define MPIDR_RESET 0x80000000u

/* PAR, ARM ARM B4.1.112 */
#define PAR_F 0x001u
#define PAR_SUPERSECTION 0x002u
#define PAR_LPAE 0x800u
#define TTBCR_EAE 0x80000000u
#define DFSR_LPAE 0x200u
#define DFSR_WNR 0x800u

/* Where register n of the present mode lies in struct l4_regs_banked. */
static uint32_t banked_index(const struct thread *t, uint32_t n)
{
    static const uint8_t sp_of_mode[16] = {
        NOT_BANKED, BANKED(sp_fiq), BANKED(sp_irq), BANKED(sp_svc), NOT_BANKED, NOT_BANKED,
        NOT_BANKED, BANKED(sp_abt), NOT_BANKED,     NOT_BANKED,     NOT_BANKED, BANKED(sp_und),
        NOT_BANKED, NOT_BANKED,     NOT_BANKED,     NOT_BANKED,
    };
    uint32_t mode = t->frame.cpsr & PSR_MODE;
    uint32_t sp;

    if (n < 13u) {
        return n >= 8u && mode == MODE_FIQ ? BANKED(r8_fiq) + (n - 8u) : NOT_BANKED;
    }
    sp = sp_of_mode[mode];
    return sp == NOT_BANKED ? NOT_BANKED : sp + (n - 13u);
}

static uint32_t *frame_reg(struct arch_frame *f, uint32_t n)
{
    return n < 13u ? &f->r[n] : n == 13u ? &f->sp : &f->lr;
}

uint32_t vcpu_high_reg_get(const struct thread *t, uint32_t n)
{
    uint32_t index;

    if (n == 15u) {
        return 0; /* no trapped instruction stores it */
    }
    index = banked_index(t, n);
    if (index == NOT_BANKED) {
        return *frame_reg((struct arch_frame *)(uintptr_t)&t->frame, n);
    }
    return t->vcpu->loaded ? vcpu_banked_read(index) : (&t->vcpu->banked.sp_svc)[index];
}

void vcpu_high_reg_set(struct thread *t, uint32_t n, uint32_t value)
{
    uint32_t index;

    if (n == 15u) {
        return;
    }
    index = banked_index(t, n);
    if (index == NOT_BANKED) {
        *frame_reg(&t->frame, n) = value;
    } else if (t->vcpu->loaded) {
        vcpu_banked_write(index, value);
    } else {
        (&t->vcpu->banked.sp_svc)[index] = value;
    }
}

void arch_vcpu_reset(struct thread *t)
{
    struct vcpu *v = t->vcpu;
    uint64_t offset = v->cntvoff;

    arch_vcpu_destroy(v);
    arch_zero(v, sizeof(*v));
    v->thread = t;
    v->cntvoff = offset;
    vtimer_init(v);
    v->cp15.sctlr = SCTLR_RESET;
    v->cp15.prrr = PRRR_RESET;
    v->cp15.nmrr = NMRR_RESET;
    v->cp15.vmpidr = MPIDR_RESET;
    v->cp15.vpidr = CP15_READ(MIDR);
    v->world.hcr = GUEST_HCR;
    v->world.hstr = GUEST_HSTR;
    v->world.hcptr = GUEST_HCPTR_TRAP;
    v->world.hdcr = arch_this_cpu()->native.hdcr;
    vcpu_park(v);
    if ((t->flags & L4_THREAD_PMU) != 0) {
        v->world.hdcr &= ~HDCR_TPM;
    } else {
        v->world.hstr |= GUEST_HSTR_C9;
    }
    v->vmcr = GICH_VMCR_RESET;
    v->gich_hcr = GICH_HCR_EN;
    arch_frame_start(t, 0, 0, 0, 0);
}

void arch_vcpu_init(struct thread *t)
{
    t->vcpu->thread = t;
    arch_vcpu_reset(t);
}

static void timer_read(const struct vcpu *v, struct l4_regs_timer *regs)
{
    regs->cntv_ctl = v->cntv_ctl;
    regs->cntp_ctl = v->cntp_ctl;
    regs->cntv_cval[0] = (uint32_t)v->cntv_cval;
    regs->cntv_cval[1] = (uint32_t)(v->cntv_cval >> 32);
    regs->cntp_cval[0] = (uint32_t)v->cntp_cval;
    regs->cntp_cval[1] = (uint32_t)(v->cntp_cval >> 32);
    regs->cntvoff[0] = (uint32_t)v->cntvoff;
    regs->cntvoff[1] = (uint32_t)(v->cntvoff >> 32);
}

static void timer_write(struct thread *t, const struct l4_regs_timer *regs)
{
    struct vcpu *v = t->vcpu;

    v->cntv_ctl = regs->cntv_ctl & (CNT_ENABLE | CNT_IMASK);
    v->cntp_ctl = regs->cntp_ctl & (CNT_ENABLE | CNT_IMASK);
    v->cntv_cval = regs->cntv_cval[0] | (uint64_t)regs->cntv_cval[1] << 32;
    v->cntp_cval = regs->cntp_cval[0] | (uint64_t)regs->cntp_cval[1] << 32;
    arch_vcpu_time_offset(t, regs->cntvoff[0] | (uint64_t)regs->cntvoff[1] << 32);
}

static void vgic_read(const struct vcpu *v, struct l4_regs_vgic *regs)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(regs->virq); i++) {
        regs->virq[i] = i < VCPU_SLOTS ? gich_word(v, i) : 0;
    }
    regs->vmcr = v->vmcr;
    regs->apr = v->apr;
}

/* A configured timer's interrupt comes back as the kernel's own, not as one that the VMM made. */
static bool restore_timer(struct vcpu *v, uint32_t word)
{
    for (uint32_t timer = 0; timer < L4_TIMER_COUNT; timer++) {
        uint32_t own = v->timer_lr[timer];
        uint32_t slot = timer == L4_TIMER_VIRTUAL ? SLOT_VIRTUAL : SLOT_PHYSICAL;

        if (own != 0 && L4_VIRQ_ID(own) == L4_VIRQ_ID(word)) {
            gich_own(v, slot, (own & ~LR_STATE) | (word & LR_STATE),
                     timer == L4_TIMER_VIRTUAL ? boot_info.timer_irq_virtual : 0);
            return true;
        }
    }
    return false;
}

/* False: more in flight than there are slots. */
static bool vgic_write(struct thread *t, const struct l4_regs_vgic *regs)
{
    struct vcpu *v = t->vcpu;
    bool fits = true;

    gich_clear(v);
    v->watched = 0;
    v->vmcr = regs->vmcr;
    v->apr = regs->apr;
    for (uint32_t i = 0; i < ARRAY_SIZE(regs->virq); i++) {
        uint32_t word = regs->virq[i];

        if (word != 0 && !restore_timer(v, word) && arch_vcpu_inject(t, word) != L4_OK) {
            fits = false;
        }
    }
    vtimer_physical_update(v);
    return fits;
}

static bool group_address(struct vcpu *v, uint32_t group, uint32_t **regs, uint32_t *words)
{
    switch (group) {
    case L4_REGS_BANKED:
        *regs = (uint32_t *)&v->banked;
        *words = sizeof(v->banked) / 4u;
        return true;
    case L4_REGS_CP15:
        *regs = (uint32_t *)&v->cp15;
        *words = sizeof(v->cp15) / 4u;
        return true;
    case L4_REGS_VFP:
        *regs = (uint32_t *)&v->vfp;
        *words = sizeof(v->vfp) / 4u;
        return true;
    default:
        return false;
    }
}

bool arch_vcpu_regs_read(struct thread *t, uint32_t group, uint32_t *words)
{
    struct vcpu *v = t->vcpu;
    uint32_t *regs;
    uint32_t count;

    arch_vcpu_flush(v);
    if (group_address(v, group, &regs, &count)) {
        arch_copy_words(words, regs, count);
    } else if (group == L4_REGS_TIMER) {
        timer_read(v, (struct l4_regs_timer *)words);
    } else if (group == L4_REGS_VGIC) {
        vgic_read(v, (struct l4_regs_vgic *)words);
    } else {
        return false;
    }
    return true;
}

bool arch_vcpu_regs_write(struct thread *t, uint32_t group, const uint32_t *words)
{
    struct vcpu *v = t->vcpu;
    uint32_t *regs;
    uint32_t count;

    arch_vcpu_flush(v);
    if (group_address(v, group, &regs, &count)) {
        arch_copy_words(regs, words, count);
    } else if (group == L4_REGS_TIMER) {
        timer_write(t, (const struct l4_regs_timer *)words);
    } else if (group == L4_REGS_VGIC) {
        return vgic_write(t, (const struct l4_regs_vgic *)words);
    } else {
        return false;
    }
    return true;
}

/* Stage 1 of t's tables, in t's world; t's PAR is kept. The caller switches back. */
static uint64_t stage1(struct thread *t, uint32_t va, bool write, bool user)
{
    uint64_t guest_par;
    uint64_t par;

    (void)arch_switch(t);
    arch_isb();
    guest_par = CP15_READ64(PAR);
    if (write) {
        if (user) {
            CP15_WRITE(ATS1CUW, va);
        } else {
            CP15_WRITE(ATS1CPW, va);
        }
    } else if (user) {
        CP15_WRITE(ATS1CUR, va);
    } else {
        CP15_WRITE(ATS1CPR, va);
    }
    arch_isb();
    par = CP15_READ64(PAR);
    CP15_WRITE64(PAR, guest_par);
    return par;
}

/* The fault status of a failed translation as the guest's DFSR would show it. */
static uint32_t fault_status(uint32_t par, bool eae, bool write)
{
    /* Long-format status to short: by kind (translation, access flag, permission), then level. */
    static const uint8_t level1[4] = {0x8, 0x5, 0x3, 0xd};
    static const uint8_t level2[4] = {0x8, 0x7, 0x6, 0xf};
    uint32_t fs = (par >> 1) & 0x3fu;
    uint32_t wnr = write ? DFSR_WNR : 0;

    if ((par & PAR_LPAE) == 0) {
        return wnr | (fs & 0xfu) | (fs & 0x10u) << 6 | (fs & 0x20u) << 7;
    }
    if (eae) {
        return wnr | DFSR_LPAE | fs;
    }
    return wnr | ((fs & 3u) == 1u ? level1 : level2)[fs < 16u ? fs >> 2 : 0];
}

l4_status_t arch_vcpu_translate(struct thread *t, uint32_t va, bool write, bool user, uint32_t *ipa)
{
    uint64_t par = stage1(t, va, write, user);
    bool eae = (CP15_READ(TTBCR) & TTBCR_EAE) != 0;

    (void)arch_switch(current_thread());
    if ((par & PAR_F) != 0) {
        *ipa = fault_status((uint32_t)par, eae, write);
        return L4_ERR_NOT_FOUND;
    }
    if ((par & PAR_LPAE) == 0 && (par & PAR_SUPERSECTION) != 0) {
        *ipa = ((uint32_t)par & 0xff000000u) | (va & 0x00ffffffu);
        return L4_OK;
    }
    if ((par & PAR_LPAE) != 0 && ((par >> 32) & 0xffu) != 0) {
        return L4_ERR_RANGE;
    }
    *ipa = ((uint32_t)par & 0xfffff000u) | (va & 0xfffu);
    return L4_OK;
}
