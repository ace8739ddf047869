/*
 * Virtual interrupts in flight: the list registers of the loaded vCPU, or their image in struct
 * vcpu (GICv2 chapter 5).
 *
 * The two timers have slots of their own, so that what the VMM has in flight never delays them; the
 * other slots are the VMM's and those of linked device interrupts, which wait in v->waiting when
 * there is no room. When the VMM was refused, every interrupt in flight is watched: the first end
 * makes an L4_EXIT_VIRQ.
 *
 * A linked interrupt is not given the HW bit: its end comes here and deactivates the source. QEMU
 * 7.2 does not look at the distributor when a guest's EOI deactivates a physical interrupt, so a
 * level that is still high would be lost until something else happens.
 *
 * Maintenance interrupts count only while the guest runs: elsewhere the interface is parked and the
 * same interrupt comes again at the guest's next instruction, where the exit can be made.
 */
#include <arch/guest.h>
#include <arch/irq.h>
#include <kernel/trace.h>
#include <kernel/vcpu.h>

#define SLOT_MASK ((1u << VCPU_SLOTS) - 1u)
#define VIRQ_ID_MAX 1019u
#define VIRQ_SGIS 16u
#define VIRQ_PPIS 16u
#define VIRQ_SOURCE (7u << L4_VIRQ_SOURCE_SHIFT)
#define VIRQ_PRIORITY(w) (((w) >> L4_VIRQ_PRIORITY_SHIFT) & 31u)

#define VMCR_GROUP0 1u
#define VMCR_GROUP1 2u
#define VMCR_MASK_SHIFT 27u

/* The base read once: these are on the way of every vCPU switch. */
static volatile uint32_t *interface(void)
{
    return (volatile uint32_t *)(uintptr_t)(uint32_t)boot_info.gich;
}

void gich_save(struct vcpu *v)
{
    volatile uint32_t *gich = interface();

    v->lr[0] = gich[GICH_LR(0) / 4u];
    v->lr[1] = gich[GICH_LR(1) / 4u];
    v->lr[2] = gich[GICH_LR(2) / 4u];
    v->lr[3] = gich[GICH_LR(3) / 4u];
    v->vmcr = gich[GICH_VMCR / 4u];
    v->apr = gich[GICH_APR / 4u];
    gich[GICH_HCR / 4u] = 0;
    vcpu_park(v);
}

/* The interface stays off until vcpu_enter() unparks it. */
void gich_load(struct vcpu *v)
{
    volatile uint32_t *gich = interface();

    gich[GICH_LR(0) / 4u] = v->lr[0];
    gich[GICH_LR(1) / 4u] = v->lr[1];
    gich[GICH_LR(2) / 4u] = v->lr[2];
    gich[GICH_LR(3) / 4u] = v->lr[3];
    gich[GICH_VMCR / 4u] = v->vmcr;
    gich[GICH_APR / 4u] = v->apr;
}

void gich_control(struct vcpu *v, uint32_t set, uint32_t clear)
{
    v->gich_hcr = (v->gich_hcr & ~clear) | set;
    if (vcpu_live(v) && !v->parked) {
        GICH(GICH_HCR) = v->gich_hcr;
    } else {
        vcpu_park(v);
        if (v->loaded) {
            GICH(GICH_HCR) = 0;
        }
    }
}

/* Those that no timer has for itself. */
static uint32_t general_slots(const struct vcpu *v)
{
    return v->timer_lr[L4_TIMER_PHYSICAL] == 0 ? SLOT_MASK & ~(1u << SLOT_VIRTUAL)
                                               : (1u << SLOT_PHYSICAL) - 1u;
}

/* Those that an interrupt may take. */
static uint32_t slots_for(const struct vcpu *v, uint32_t id)
{
    for (uint32_t timer = 0; timer < L4_TIMER_COUNT && id - VIRQ_SGIS < VIRQ_PPIS; timer++) {
        if (L4_VIRQ_ID(v->timer_lr[timer]) == id) {
            return 1u << (timer == L4_TIMER_VIRTUAL ? SLOT_VIRTUAL : SLOT_PHYSICAL);
        }
    }
    return general_slots(v);
}

uint32_t gich_slot_of(struct vcpu *v, uint32_t id)
{
    for (uint32_t left = v->used; left != 0; left &= left - 1u) {
        uint32_t slot = (uint32_t)__builtin_ctz(left);
        uint32_t lr = gich_lr(v, slot);

        if (lr_in_flight(lr)) {
            if (L4_VIRQ_ID(lr) == id) {
                return slot;
            }
        } else if (!lr_ended(lr)) {
            v->used &= ~(1u << slot);
        }
    }
    return VCPU_SLOTS;
}

static uint32_t free_slots(struct vcpu *v)
{
    uint32_t n = 0;

    (void)gich_slot_of(v, L4_VIRQ_NONE); /* v->used is exact now */
    for (uint32_t left = general_slots(v) & ~v->used; left != 0; left &= left - 1u) {
        n++;
    }
    return n;
}

static void watch(struct vcpu *v, uint32_t slot)
{
    uint32_t lr = gich_lr(v, slot);

    if (lr_in_flight(lr) && (lr & L4_VIRQ_NOTIFY) == 0) {
        gich_set_lr(v, slot, lr | L4_VIRQ_NOTIFY);
        v->watched |= 1u << slot;
    }
}

void gich_watch(struct vcpu *v)
{
    for (uint32_t i = 0; i < VCPU_SLOTS; i++) {
        watch(v, i);
    }
}

void gich_own(struct vcpu *v, uint32_t slot, uint32_t lr, uint32_t source)
{
    v->source[slot] = (uint16_t)source;
    v->watched |= 1u << slot;
    gich_set_lr(v, slot, lr | L4_VIRQ_NOTIFY);
}

void gich_empty(struct vcpu *v, uint32_t slot)
{
    v->source[slot] = 0;
    v->watched &= ~(1u << slot);
    gich_set_lr(v, slot, 0);
    v->used &= ~(1u << slot);
}

/* A second interrupt of a number in flight. BUSY: it has to wait for the end of the first. */
static l4_status_t merge(struct vcpu *v, uint32_t slot, uint32_t word)
{
    uint32_t lr = gich_lr(v, slot);

    if ((word & WORD_LINKED) != 0) {
        if (v->source[slot] != 0 && v->source[slot] != WORD_SOURCE(word)) {
            return L4_ERR_BUSY; /* another device's, whose end has to be seen first */
        }
        v->source[slot] = (uint16_t)WORD_SOURCE(word);
        gich_set_lr(v, slot, lr | L4_VIRQ_PENDING);
        watch(v, slot);
        return L4_OK;
    }
    if (((lr ^ word) & VIRQ_SOURCE) != 0) {
        return L4_ERR_BUSY;
    }
    if ((word & L4_VIRQ_NOTIFY) != 0) {
        v->watched &= ~(1u << slot);
    }
    if (slot == SLOT_VIRTUAL && v->source[slot] != 0) {
        lr &= ~L4_VIRQ_PENDING; /* a line that is still high at the end raises it anew */
    }
    gich_set_lr(v, slot, (word & LR_KEEP) | ((lr | word) & ~LR_KEEP));
    return L4_OK;
}

static inline l4_status_t put(struct vcpu *v, uint32_t word)
{
    uint32_t slot = gich_slot_of(v, L4_VIRQ_ID(word));
    uint32_t open;

    if (slot < VCPU_SLOTS) {
        return merge(v, slot, word);
    }
    open = slots_for(v, L4_VIRQ_ID(word)) & ~v->used;
    if (open == 0) {
        return L4_ERR_BUSY;
    }
    slot = (uint32_t)__builtin_ctz(open);
    if ((word & WORD_LINKED) != 0) {
        gich_own(v, slot, word & (LR_KEEP | LR_STATE), WORD_SOURCE(word));
    } else {
        gich_set_lr(v, slot, word);
    }
    return L4_OK;
}

bool gich_defer(struct vcpu *v, uint32_t word)
{
    if (v->waiting_count == VCPU_WAITING) {
        return false;
    }
    v->waiting[v->waiting_count++] = word;
    gich_watch(v);
    return true;
}

/* Waiting interrupts take the free slots, most urgent first. */
void gich_refill(struct vcpu *v)
{
    while (v->waiting_count != 0) {
        uint32_t best = 0;

        for (uint32_t i = 1; i < v->waiting_count; i++) {
            if (VIRQ_PRIORITY(v->waiting[i]) < VIRQ_PRIORITY(v->waiting[best])) {
                best = i;
            }
        }
        if (put(v, v->waiting[best]) != L4_OK) {
            gich_watch(v);
            return;
        }
        v->waiting[best] = v->waiting[--v->waiting_count];
    }
}

l4_status_t arch_vcpu_inject(struct thread *t, uint32_t virq)
{
    struct vcpu *v = t->vcpu;
    uint32_t word = virq & (LR_KEEP | LR_STATE | L4_VIRQ_NOTIFY);
    l4_status_t status;

    if (L4_VIRQ_ID(word) > VIRQ_ID_MAX || !lr_in_flight(word)) {
        return L4_ERR_INVALID;
    }
    if (L4_VIRQ_ID(word) < VIRQ_SGIS) {
        word |= virq & VIRQ_SOURCE;
    }
    status = put(v, word);
    if (status == L4_ERR_BUSY) {
        v->wanted = 1;
        trace(TRACE_OVERFLOW, t->name, virq);
    }
    if (unlikely(v->wanted)) {
        gich_watch(v);
    }
    return status;
}

l4_status_t arch_vcpu_inject_linked(struct thread *t, uint32_t virq, uint32_t irq)
{
    uint32_t word = (virq & LR_KEEP) | L4_VIRQ_PENDING | WORD_LINKED | (irq << WORD_SOURCE_SHIFT);

    if (put(t->vcpu, word) != L4_OK && !gich_defer(t->vcpu, word)) {
        return L4_ERR_BUSY;
    }
    return L4_OK;
}

void gich_drop(struct vcpu *v, uint32_t slot)
{
    uint32_t source = v->source[slot];

    gich_empty(v, slot);
    /* The virtual timer's source is active only while its vCPU is loaded. */
    if (source != 0 && (v->loaded || slot != SLOT_VIRTUAL)) {
        arch_irq_deactivate(source);
    }
}

bool arch_vcpu_wakes(struct thread *t)
{
    struct vcpu *v = t->vcpu;
    uint32_t vmcr = v->used != 0 ? GICH(GICH_VMCR) : 0;

    for (uint32_t left = v->used; left != 0; left &= left - 1u) {
        uint32_t lr = GICH(GICH_LR((uint32_t)__builtin_ctz(left)));

        if ((lr & L4_VIRQ_PENDING) != 0) {
            uint32_t group = (lr & L4_VIRQ_GROUP1) != 0 ? VMCR_GROUP1 : VMCR_GROUP0;

            if ((vmcr & group) != 0 && VIRQ_PRIORITY(lr) < vmcr >> VMCR_MASK_SHIFT) {
                return true;
            }
        } else if (lr_ended(lr)) {
            return true;
        }
    }
    return (v->gich_hcr & GICH_HCR_KICK) != 0;
}

/* The numbers of what has ended, two a word. */
static void ended_ids(uint32_t ended, uint32_t ids[2])
{
    uint32_t shift = 0;

    ids[0] = ids[1] = L4_VIRQ_NONE | L4_VIRQ_NONE << 16;
    for (uint32_t i = 0; i < VCPU_SLOTS; i++) {
        if ((ended & (1u << i)) != 0) {
            uint32_t id = L4_VIRQ_ID(GICH(GICH_LR(i)));

            ids[shift / 32u] ^= (id ^ L4_VIRQ_NONE) << (shift % 32u);
            shift += 16u;
        }
    }
}

static void end(struct vcpu *v, uint32_t ended)
{
    while (ended != 0) {
        uint32_t slot = 31u - (uint32_t)__builtin_clz(ended);

        ended &= ~(1u << slot);
        if (slot == SLOT_VIRTUAL && v->source[slot] != 0) {
            vtimer_ended(v);
        } else {
            gich_drop(v, slot);
        }
    }
    if (unlikely(v->waiting_count != 0)) {
        gich_refill(v);
    }
    vtimer_physical_update(v);
}

/* `asked`: slots whose end the VMM wanted to know. */
static void tell(struct thread *t, uint32_t ended, uint32_t asked)
{
    struct vcpu *v = t->vcpu;
    bool kicked = (v->gich_hcr & GICH_HCR_KICK) != 0;
    uint32_t ids[2];
    uint32_t slots;

    ended_ids(asked, ids);
    end(v, ended);
    slots = free_slots(v);
    if (kicked) {
        gich_control(v, 0, GICH_HCR_KICK);
    } else if (asked == 0 && slots == 0) {
        return;
    }
    v->wanted = 0;
    v->exit = L4_EXIT_VIRQ;
    t->w[0] = slots;
    t->w[1] = ids[0];
    t->w[2] = ids[1];
    t->w[3] = v->refused;
    v->refused = 0;
    (void)ipc_kernel_call(t, L4_EXIT_VIRQ, t->w);
}

/* Not while the guest runs: see above. */
static void park(struct thread *t)
{
    struct vcpu *v = t->vcpu;

    vcpu_park(v);
    GICH(GICH_HCR) = 0;
    if (vcpu_live(v)) {
        vcpu_leave(); /* so that the next switch to it enters, and unparks */
    }
    vcpu_wake(t);
}

void arch_vcpu_maintenance_irq(void)
{
    struct cpu *cpu = this_cpu();
    struct thread *t = cpu->loaded_vcpu;
    uint32_t ended;
    uint32_t asked;

    if (unlikely(t == NULL)) {
        GICH(GICH_HCR) = 0;
        return;
    }
    if (unlikely(t != cpu->current || t->state != L4_STATE_RUNNABLE || !vcpu_live(t->vcpu))) {
        park(t);
        return;
    }
    ended = GICH(GICH_EISR) & SLOT_MASK;
    asked = ended & ~t->vcpu->watched;
    if (asked != 0 || t->vcpu->wanted || (t->vcpu->gich_hcr & GICH_HCR_KICK) != 0) {
        tell(t, ended, asked);
    } else {
        end(t->vcpu, ended);
    }
}
