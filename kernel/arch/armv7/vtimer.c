/*
 * Guest timers. The virtual one is the hardware's while the vCPU is loaded: its interrupt comes to
 * HYP and goes on into slot 3 (metrics vm.vtimer.running, vm.vtimer.wfi); it stays active, and so
 * silent, until the guest's end. Of an unloaded vCPU only the wake-up from WFI is kept as a
 * timeout: the hardware fires when it is loaded again. The physical one is emulated with the
 * virtual counter's offset: slot 2, a level whose end the kernel watches.
 */
#include <arch/guest.h>
#include <arch/irq.h>
#include <kernel/vcpu.h>

#define PPI_FIRST 16u
#define PPI_LAST 31u

enum {
    REG_TVAL,
    REG_CTL,
};

static uint64_t guest_count(const struct vcpu *v)
{
    return arch_counter() - v->cntvoff;
}

/* When the guest's counter reaches cval, as a deadline of the kernel's. */
static uint64_t deadline(const struct vcpu *v, uint64_t cval)
{
    uint64_t at = cval + v->cntvoff;
    uint64_t now;

    if (likely(at >= cval)) {
        return at;
    }
    /* Past the end of the kernel's time, or before now: an offset below 0 wraps too. */
    now = arch_counter();
    if (cval <= now - v->cntvoff) {
        return now;
    }
    return at > now ? at : UINT64_MAX;
}

static bool timer_running(uint32_t ctl)
{
    return (ctl & (CNT_ENABLE | CNT_IMASK)) == CNT_ENABLE;
}

static bool virtual_line(const struct vcpu *v)
{
    if (v->loaded) {
        return (CP15_READ(CNTV_CTL) & (CNT_ENABLE | CNT_IMASK | CNT_ISTATUS)) ==
               (CNT_ENABLE | CNT_ISTATUS);
    }
    return timer_running(v->cntv_ctl) && guest_count(v) >= v->cntv_cval;
}

static bool physical_line(const struct vcpu *v)
{
    return timer_running(v->cntp_ctl) && guest_count(v) >= v->cntp_cval;
}

uint32_t vtimer_lines(const struct vcpu *v)
{
    return (virtual_line(v) ? L4_TIMER_LINE_VIRTUAL : 0) |
           (physical_line(v) ? L4_TIMER_LINE_PHYSICAL : 0);
}

static void wake_expired(struct timeout *timeout)
{
    vcpu_wake(container_of(timeout, struct vcpu, wake)->thread);
}

static void arm_wake(struct vcpu *v)
{
    if (v->thread->state == L4_STATE_WFI && v->timer_lr[L4_TIMER_VIRTUAL] != 0 &&
        timer_running(v->cntv_ctl)) {
        timeout_set(&v->wake, deadline(v, v->cntv_cval));
    }
}

/* After gich_save(). */
void vtimer_save(struct vcpu *v)
{
    v->cntv_ctl = CP15_READ(CNTV_CTL);
    v->cntv_cval = CP15_READ64(CNTV_CVAL);
    CP15_WRITE(CNTV_CTL, 0);
    arch_isb();
    if (v->source[SLOT_VIRTUAL] != 0) {
        arch_irq_set_active(boot_info.timer_irq_virtual, false);
    }
    if (v->timer_lr[L4_TIMER_VIRTUAL] == 0) {
        arch_irq_enable(boot_info.timer_irq_virtual);
    }
    arm_wake(v);
}

/* Before gich_load(): a pending interrupt whose line has gone low is withdrawn on the way. */
void vtimer_load(struct vcpu *v)
{
    timeout_cancel(&v->wake);
    if (v->source[SLOT_VIRTUAL] != 0) {
        if ((v->lr[SLOT_VIRTUAL] & LR_STATE) == L4_VIRQ_PENDING && !virtual_line(v)) {
            gich_drop(v, SLOT_VIRTUAL);
        } else {
            arch_irq_set_active(boot_info.timer_irq_virtual, true);
        }
    }
    if (v->timer_lr[L4_TIMER_VIRTUAL] == 0) {
        arch_irq_disable(boot_info.timer_irq_virtual);
    }
    CP15_WRITE64(CNTVOFF, v->cntvoff);
    CP15_WRITE64(CNTV_CVAL, v->cntv_cval);
    CP15_WRITE(CNTV_CTL, v->cntv_ctl);
}

static void physical_expired(struct timeout *timeout)
{
    vtimer_physical_update(container_of(timeout, struct vcpu, physical));
}

void vtimer_init(struct vcpu *v)
{
    v->wake.expired = wake_expired;
    v->physical.expired = physical_expired;
}

void vtimer_clear(struct vcpu *v)
{
    timeout_cancel(&v->wake);
    timeout_cancel(&v->physical);
}

void arch_vcpu_timer_irq(void)
{
    struct thread *t = this_cpu()->loaded_vcpu;
    uint32_t ppi = boot_info.timer_irq_virtual;
    struct vcpu *v;
    uint32_t lr;

    if (unlikely(t == NULL || t->vcpu->timer_lr[L4_TIMER_VIRTUAL] == 0 || !virtual_line(t->vcpu))) {
        arch_irq_deactivate(ppi); /* withdrawn while it was on its way */
        return;
    }
    v = t->vcpu;
    lr = GICH(GICH_LR(SLOT_VIRTUAL));
    if (likely(!lr_in_flight(lr) && !lr_ended(lr))) {
        gich_own(v, SLOT_VIRTUAL, v->timer_lr[L4_TIMER_VIRTUAL], ppi);
    } else { /* put there by the VMM */
        v->source[SLOT_VIRTUAL] = (uint16_t)ppi;
        gich_watch(v);
    }
    vcpu_wake(t);
}

void vtimer_ended(struct vcpu *v)
{
    if (v->timer_lr[L4_TIMER_VIRTUAL] != 0 && virtual_line(v)) {
        gich_own(v, SLOT_VIRTUAL, v->timer_lr[L4_TIMER_VIRTUAL], boot_info.timer_irq_virtual);
    } else {
        gich_drop(v, SLOT_VIRTUAL);
    }
}

/* The line is high: into slot 2, if nothing is there. What is there tells its end. */
static void physical_raise(struct vcpu *v)
{
    uint32_t word = v->timer_lr[L4_TIMER_PHYSICAL];
    uint32_t lr = gich_lr(v, SLOT_PHYSICAL);

    if (lr_in_flight(lr) && L4_VIRQ_ID(lr) == L4_VIRQ_ID(word)) {
        gich_watch(v);
        return;
    }
    if (lr_ended(lr) || (lr & L4_VIRQ_ACTIVE) != 0 ||
        (lr_in_flight(lr) && !gich_evict(v, SLOT_PHYSICAL))) {
        gich_watch(v);
        return;
    }
    gich_own(v, SLOT_PHYSICAL, word, 0);
    vcpu_wake(v->thread);
}

static void physical_lower(struct vcpu *v)
{
    uint32_t lr = gich_lr(v, SLOT_PHYSICAL);

    if ((lr & L4_VIRQ_PENDING) == 0 || (v->watched & (1u << SLOT_PHYSICAL)) == 0 ||
        L4_VIRQ_ID(lr) != L4_VIRQ_ID(v->timer_lr[L4_TIMER_PHYSICAL])) {
        return;
    }
    if ((lr & L4_VIRQ_ACTIVE) != 0) {
        gich_set_lr(v, SLOT_PHYSICAL, lr & ~L4_VIRQ_PENDING);
    } else {
        gich_drop(v, SLOT_PHYSICAL);
    }
}

void vtimer_physical_update(struct vcpu *v)
{
    if (v->timer_lr[L4_TIMER_PHYSICAL] == 0) {
        return;
    }
    if (physical_line(v)) {
        timeout_cancel(&v->physical);
        physical_raise(v);
        return;
    }
    physical_lower(v);
    if (timer_running(v->cntp_ctl)) {
        timeout_set(&v->physical, deadline(v, v->cntp_cval));
    } else {
        timeout_cancel(&v->physical);
    }
}

uint32_t vtimer_physical_read(struct vcpu *v, uint32_t reg)
{
    if (reg == REG_TVAL) {
        return (uint32_t)(v->cntp_cval - guest_count(v));
    }
    if ((v->cntp_ctl & CNT_ENABLE) != 0 && guest_count(v) >= v->cntp_cval) {
        return v->cntp_ctl | CNT_ISTATUS;
    }
    return v->cntp_ctl;
}

void vtimer_physical_write(struct vcpu *v, uint32_t reg, uint32_t value)
{
    if (reg == REG_TVAL) {
        v->cntp_cval = guest_count(v) + (uint64_t)(int64_t)(int32_t)value;
    } else {
        v->cntp_ctl = value & (CNT_ENABLE | CNT_IMASK);
    }
    vtimer_physical_update(v);
}

/* What is pending goes with the old configuration: a line that is still high raises it anew. */
static void timer_withdraw(struct vcpu *v, uint32_t timer, uint32_t slot)
{
    uint32_t lr = gich_lr(v, slot);

    if (v->timer_lr[timer] != 0 && L4_VIRQ_ID(lr) == L4_VIRQ_ID(v->timer_lr[timer]) &&
        (lr & LR_STATE) == L4_VIRQ_PENDING && (v->watched & (1u << slot)) != 0) {
        gich_drop(v, slot);
    }
}

/* A copy that the VMM put in flight before it configured the timer moves to the timer's slot. */
static void adopt(struct vcpu *v, uint32_t id, uint32_t slot)
{
    uint32_t from = gich_slot_of(v, id);

    if (from < VCPU_SLOTS && from != slot && !lr_in_flight(gich_lr(v, slot))) {
        gich_move(v, from, slot);
    }
}

l4_status_t arch_vcpu_timer(struct thread *t, uint32_t timer, uint32_t virq)
{
    struct vcpu *v = t->vcpu;
    uint32_t word = virq & LR_KEEP;
    uint32_t slot = timer == L4_TIMER_VIRTUAL ? SLOT_VIRTUAL : SLOT_PHYSICAL;

    if (timer >= L4_TIMER_COUNT ||
        (virq != 0 && (L4_VIRQ_ID(virq) < PPI_FIRST || L4_VIRQ_ID(virq) > PPI_LAST))) {
        return L4_ERR_INVALID;
    }
    timer_withdraw(v, timer, slot);
    timeout_cancel(timer == L4_TIMER_VIRTUAL ? &v->wake : &v->physical);
    v->timer_lr[timer] = word != 0 ? word | L4_VIRQ_PENDING : 0;
    if (word != 0) {
        adopt(v, L4_VIRQ_ID(word), slot);
    }
    if (timer == L4_TIMER_PHYSICAL) {
        vtimer_physical_update(v);
    } else if (!v->loaded) {
        arm_wake(v);
    } else if (word != 0) {
        arch_irq_enable(boot_info.timer_irq_virtual);
    } else {
        arch_irq_disable(boot_info.timer_irq_virtual);
    }
    return L4_OK;
}

void arch_vcpu_time_offset(struct thread *t, uint64_t offset)
{
    struct vcpu *v = t->vcpu;

    v->cntvoff = offset;
    if (v->loaded) {
        CP15_WRITE64(CNTVOFF, offset);
    } else {
        timeout_cancel(&v->wake);
        arm_wake(v);
    }
    vtimer_physical_update(v);
}
