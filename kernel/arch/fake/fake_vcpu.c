/*
 * arch/vcpu.h on the host: four slots for virtual interrupts, register groups that remember, and
 * records of what core asks for. The armv7 logic has tests of its own.
 */
#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <kernel/cpu.h>
#include <kernel/vcpu.h>
#include <string.h>

void arch_vcpu_init(struct thread *t)
{
    t->vcpu->thread = t;
}

void arch_vcpu_reset(struct thread *t)
{
    uint32_t resets = t->vcpu->resets + 1;

    memset(t->vcpu, 0, sizeof(*t->vcpu));
    t->vcpu->thread = t;
    t->vcpu->resets = resets;
    arch_frame_start(t, 0, 0, 0, 0);
    fake_log(FAKE_VCPU_RESET, t->name, 0);
}

void arch_vcpu_flush(struct vcpu *v)
{
    fake_log(FAKE_VCPU_FLUSH, v->thread->name, 0);
}

void arch_vcpu_destroy(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();

    v->destroyed++;
    if (cpu->loaded_vcpu == v->thread) {
        cpu->loaded_vcpu = NULL;
    }
    fake_log(FAKE_VCPU_DESTROY, v->thread->name, 0);
}

static l4_status_t put(struct vcpu *v, uint32_t word)
{
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        if (v->virq[i] == 0 || L4_VIRQ_ID(v->virq[i]) == L4_VIRQ_ID(word)) {
            v->virq[i] = word;
            return L4_OK;
        }
    }
    return L4_ERR_BUSY;
}

l4_status_t arch_vcpu_inject(struct thread *t, uint32_t virq)
{
    fake_log(FAKE_VCPU_INJECT, virq, 0);
    return (virq & L4_VIRQ_PENDING) == 0 ? L4_ERR_INVALID : put(t->vcpu, virq);
}

l4_status_t arch_vcpu_inject_linked(struct thread *t, uint32_t virq, uint32_t irq)
{
    fake_log(FAKE_VCPU_LINKED, virq, irq);
    return put(t->vcpu, virq | L4_VIRQ_PENDING);
}

void arch_vcpu_unlink(struct thread *t, uint32_t irq)
{
    fake_log(FAKE_VCPU_UNLINK, t->name, irq);
}

l4_status_t arch_vcpu_retract(struct thread *t, uint32_t id, uint32_t *virq)
{
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        if (t->vcpu->virq[i] != 0 && L4_VIRQ_ID(t->vcpu->virq[i]) == id) {
            *virq = t->vcpu->virq[i];
            t->vcpu->virq[i] = 0;
            return L4_OK;
        }
    }
    return L4_ERR_NOT_FOUND;
}

void arch_vcpu_virqs(struct thread *t, uint32_t out[6])
{
    memcpy(out, t->vcpu->virq, sizeof(t->vcpu->virq));
    out[4] = 0;
    out[5] = FAKE_SLOTS;
}

l4_status_t arch_vcpu_timer(struct thread *t, uint32_t timer, uint32_t virq)
{
    if (timer >= L4_TIMER_COUNT) {
        return L4_ERR_INVALID;
    }
    t->vcpu->timer[timer] = virq;
    return L4_OK;
}

void arch_vcpu_time_offset(struct thread *t, uint64_t offset)
{
    t->vcpu->offset = offset;
}

l4_status_t arch_vcpu_translate(struct thread *t, uint32_t va, bool write, bool user, uint32_t *ipa)
{
    (void)t;
    *ipa = va | (write ? 1u : 0) | (user ? 2u : 0);
    return L4_OK;
}

bool arch_vcpu_regs_read(struct thread *t, uint32_t group, uint32_t *words)
{
    if (group == L4_REGS_GP || group >= L4_REGS_COUNT) {
        return false;
    }
    memcpy(words, t->vcpu->words[group], sizeof(t->vcpu->words[group]));
    return true;
}

bool arch_vcpu_regs_write(struct thread *t, uint32_t group, const uint32_t *words)
{
    if (group == L4_REGS_GP || group >= L4_REGS_COUNT) {
        return false;
    }
    memcpy(t->vcpu->words[group], words, sizeof(t->vcpu->words[group]));
    return true;
}

void arch_vcpu_resume(struct thread *t, uint32_t actions, const uint32_t *w)
{
    fake_log(FAKE_VCPU_RESUME, actions, w[0]);
    if ((actions & L4_RESUME_NEXT) != 0) {
        t->frame.pc += 4;
    }
}

bool arch_vcpu_wakes(struct thread *t)
{
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        if (t->vcpu->virq[i] != 0) {
            return true;
        }
    }
    return false;
}

void arch_vcpu_timer_irq(void)
{
    struct thread *t = this_cpu()->loaded_vcpu;

    if (t != NULL) {
        vcpu_wake(t);
    }
}

void arch_vcpu_maintenance_irq(void)
{
}
