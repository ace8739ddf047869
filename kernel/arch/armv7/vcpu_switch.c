/*
 * Guest execution: which vCPU is loaded, the guest world, and the lazily held state (metrics
 * vm.exit.world, vm.switch). cpu->loaded_vcpu and cpu->loaded_vfp change here only.
 */
#include <arch/guest.h>
#include <arch/irq.h>

/* Out of the guest world but for what world_native() sets. */
static inline void unlive(struct vcpu *v)
{
    v->live = 0;
    v->cp15.sctlr = CP15_READ(SCTLR);
    v->cp15.cntkctl = CP15_READ(CNTKCTL);
}

static void save(struct cpu *cpu, struct vcpu *v)
{
    if (v->live) {
        unlive(v);
    }
    vcpu_bank_save(v);
    gich_save(v);
    vtimer_save(v);
    v->loaded = 0;
    cpu->loaded_vcpu = NULL;
}

static void load(struct cpu *cpu, struct thread *t)
{
    struct vcpu *v = t->vcpu;

    if (cpu->loaded_vcpu != NULL) {
        save(cpu, cpu->loaded_vcpu->vcpu);
    }
    cpu->loaded_vcpu = t;
    vcpu_bank_load(v);
    vtimer_load(v);
    gich_load(v);
    v->loaded = 1;
}

static inline void world_guest(const struct cpu *cpu, const struct thread *t)
{
    struct vcpu *v = t->vcpu;

    v->live = 1;
    CP15_WRITE(HCR, GUEST_HCR);
    CP15_WRITE(HSTR, v->hstr);
    CP15_WRITE(HCPTR, cpu->loaded_vfp == t ? GUEST_HCPTR_OPEN : GUEST_HCPTR_TRAP);
    CP15_WRITE(SCTLR, v->cp15.sctlr);
    CP15_WRITE(CNTKCTL, v->cp15.cntkctl);
    CP15_WRITE(HDCR, v->hdcr);
    if (unlikely(v->parked)) {
        v->parked = 0;
        GICH(GICH_HCR) = v->gich_hcr;
    }
}

static void __attribute__((noinline)) enter_other(struct cpu *cpu, struct thread *next)
{
    load(cpu, next);
    world_guest(cpu, next);
}

void vcpu_enter(struct thread *next)
{
    struct cpu *cpu = this_cpu();

    if (unlikely(cpu->loaded_vcpu != next)) {
        enter_other(cpu, next);
    } else {
        world_guest(cpu, next);
    }
}

void vcpu_leave(void)
{
    struct thread *t = this_cpu()->loaded_vcpu;

    if (likely(t != NULL && t->vcpu->live)) {
        unlive(t->vcpu);
    }
    world_native();
}

void vcpu_vfp_take(struct thread *t)
{
    struct cpu *cpu = this_cpu();
    struct thread *old = cpu->loaded_vfp;

    CP15_WRITE(HCPTR, GUEST_HCPTR_OPEN);
    arch_isb();
    cpu->loaded_vfp = t;
    if (old != NULL) {
        vcpu_vfp_save(&old->vcpu->vfp);
    }
    vcpu_vfp_load(&t->vcpu->vfp);
}

void arch_vcpu_flush(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();

    if (cpu->loaded_vfp == v->thread) {
        uint32_t hcptr = CP15_READ(HCPTR);

        CP15_WRITE(HCPTR, GUEST_HCPTR_OPEN);
        arch_isb();
        vcpu_vfp_save(&v->vfp);
        cpu->loaded_vfp = NULL;
        CP15_WRITE(HCPTR, v->live ? GUEST_HCPTR_TRAP : hcptr);
    }
    if (v->loaded) {
        if (v->live) {
            vcpu_leave();
        }
        save(cpu, v);
    }
}

void arch_vcpu_destroy(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();

    arch_vcpu_flush(v);
    if (cpu->loaded_vfp == v->thread) {
        cpu->loaded_vfp = NULL;
    }
    gich_clear(v);
    vtimer_clear(v);
}
