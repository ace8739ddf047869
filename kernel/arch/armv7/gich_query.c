/*
 * Virtual interrupts on their way back to the VMM: taking them out of their slots, moving them and
 * listing them. Seldom used; gich.c is the way in and the end.
 */
#include <arch/guest.h>
#include <arch/irq.h>

bool gich_evict(struct vcpu *v, uint32_t slot)
{
    uint32_t word = gich_word(v, slot);
    uint32_t source = v->source[slot];

    if (source != 0) {
        word = (word & (LR_KEEP | LR_STATE)) | WORD_LINKED | source << WORD_SOURCE_SHIFT;
    }
    if (!gich_defer(v, word)) {
        return false;
    }
    gich_empty(v, slot);
    return true;
}

void gich_move(struct vcpu *v, uint32_t from, uint32_t to)
{
    uint32_t lr = gich_lr(v, from);
    uint32_t source = v->source[from];
    bool watched = (v->watched & (1u << from)) != 0;

    gich_empty(v, from);
    if (watched) {
        gich_own(v, to, lr, source);
    } else {
        v->watched &= ~(1u << to); /* of one whose end was not seen yet */
        gich_set_lr(v, to, lr);
        v->source[to] = (uint16_t)source;
    }
}

uint32_t gich_word(const struct vcpu *v, uint32_t slot)
{
    uint32_t lr = gich_lr(v, slot);

    if (!lr_in_flight(lr)) {
        return 0;
    }
    return (v->watched & (1u << slot)) != 0 ? lr & ~L4_VIRQ_NOTIFY : lr;
}

/* Out of the line of those that wait. */
static uint32_t waiting_take(struct vcpu *v, uint32_t index)
{
    uint32_t word = v->waiting[index];

    v->waiting[index] = v->waiting[--v->waiting_count];
    if ((word & WORD_LINKED) != 0) {
        arch_irq_deactivate(WORD_SOURCE(word));
        return word & (LR_KEEP | LR_STATE);
    }
    return word;
}

l4_status_t arch_vcpu_retract(struct thread *t, uint32_t id, uint32_t *virq)
{
    struct vcpu *v = t->vcpu;
    uint32_t slot = gich_slot_of(v, id);

    if (slot < VCPU_SLOTS) {
        *virq = gich_word(v, slot);
        gich_drop(v, slot);
        gich_refill(v);
        return L4_OK;
    }
    for (uint32_t i = 0; i < v->waiting_count; i++) {
        if (L4_VIRQ_ID(v->waiting[i]) == id) {
            *virq = waiting_take(v, i);
            return L4_OK;
        }
    }
    return L4_ERR_NOT_FOUND;
}

void arch_vcpu_unlink(struct thread *t, uint32_t irq)
{
    struct vcpu *v = t->vcpu;

    for (uint32_t i = 0; i < VCPU_SLOTS; i++) {
        v->source[i] = v->source[i] == irq ? 0 : v->source[i];
    }
    for (uint32_t i = v->waiting_count; i-- != 0;) {
        if ((v->waiting[i] & WORD_LINKED) != 0 && WORD_SOURCE(v->waiting[i]) == irq) {
            (void)waiting_take(v, i);
        }
    }
}

void gich_clear(struct vcpu *v)
{
    for (uint32_t i = 0; i < VCPU_SLOTS; i++) {
        gich_drop(v, i);
    }
    while (v->waiting_count != 0) {
        (void)waiting_take(v, 0);
    }
}

void arch_vcpu_virqs(struct thread *t, uint32_t out[6])
{
    struct vcpu *v = t->vcpu;

    for (uint32_t i = 0; i < VCPU_SLOTS; i++) {
        out[i] = gich_word(v, i);
    }
    out[4] = vtimer_lines(v);
    out[5] = SLOT_PHYSICAL; /* what no timer ever takes away */
}
