/*
 * The slow side of arch_switch, between worlds, and what of a guest is held lazily (metrics
 * vm.mmio, vm.hvc, vm.exit.world, vm.switch). cpu->loaded_vcpu, cpu->loaded_vfp, arch.loaded_tee
 * and the processor's key change here only; the key's generation in stage2.c.
 */
#include <arch/guest.h>
#include <arch/switch.h>
#include <kernel/aspace.h>

static inline void world_keep(struct vcpu *v)
{
    v->world.sctlr = CP15_READ(SCTLR);
    v->world.cntkctl = CP15_READ(CNTKCTL);
}

/* Out of the registers, in no world. */
static void save(struct cpu *cpu, struct vcpu *v)
{
    v->cp15.sctlr = v->world.sctlr;
    v->cp15.cntkctl = v->world.cntkctl;
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
    v->world.sctlr = v->cp15.sctlr;
    v->world.cntkctl = v->cp15.cntkctl;
    vcpu_bank_load(v);
    vtimer_load(v);
    gich_load(v);
    v->loaded = 1;
}

void vcpu_leave(void)
{
    struct cpu *cpu = this_cpu();

    world_keep(cpu->loaded_vcpu->vcpu);
    world_load(&cpu->arch.native);
    cpu->arch.key &= ~KEY_WORLD;
}

/* A tag of the present generation. */
static void prepare(struct thread *t)
{
    if (t->aspace->arch.vmid_generation != vmid_generation(arch_this_cpu())) {
        arch_aspace_prepare(t->aspace);
    }
    t->arch.vttbr = t->aspace->arch.vttbr;
    t->arch.key =
        (this_cpu()->arch.key & ~KEY_WORLD) | (t->flags & (L4_THREAD_GUEST | L4_THREAD_PMU));
}

/* To what is not ready: no tag, another vCPU's state loaded, interface off; or between native
 * worlds. */
static struct thread *__attribute__((noinline)) switch_rare(struct thread *next)
{
    struct cpu *cpu = this_cpu();
    struct vcpu *v = next->vcpu;
    bool guest_runs = (cpu->arch.key & KEY_GUEST_RUNS) != 0;

    prepare(next);
    if (v == NULL) {
        if (guest_runs) {
            vcpu_leave();
        }
        CP15_WRITE(HDCR, cpu->arch.native.hdcr ^ /* the worlds differ in TPM */
                             ((next->flags & L4_THREAD_PMU) != 0 ? HDCR_TPM : 0));
        cpu->arch.key = next->arch.key;
    } else if (!guest_runs || cpu->loaded_vcpu != next) {
        if (guest_runs) {
            world_keep(cpu->loaded_vcpu->vcpu);
        }
        if (cpu->loaded_vcpu != next) {
            load(cpu, next);
        }
        if (v->vfp_used && cpu->loaded_vfp != next) {
            vcpu_vfp_take(next); /* cheaper than the trap that would come */
        }
        v->parked = 0;
        GICH(GICH_HCR) = v->gich_hcr;
        world_load(&v->world);
        cpu->arch.key = next->arch.key | KEY_GUEST_RUNS;
    }
    switch_space(next);
    return next;
}

struct thread *switch_world(struct thread *next, uint32_t from, uint32_t to)
{
    struct cpu *cpu = this_cpu();

    if (unlikely((from ^ to) >> KEY_GENERATION_SHIFT != 0)) {
        return switch_rare(next);
    }
    if ((from & KEY_GUEST_RUNS) != 0 && (to & KEY_WORLD) == L4_THREAD_NATIVE) {
        world_keep(cpu->loaded_vcpu->vcpu);
        switch_space(next);
        world_load(&cpu->arch.native);
        cpu->arch.key = to;
        return next;
    }
    if (likely((from & KEY_GUEST_RUNS) == 0 && (to & L4_THREAD_GUEST) != 0)) {
        switch_space(next);
        world_load(&next->vcpu->world);
        cpu->arch.key = to | KEY_GUEST_RUNS;
        return next;
    }
    return switch_rare(next);
}

void vcpu_vfp_take(struct thread *t)
{
    struct cpu *cpu = this_cpu();
    struct vcpu *v = t->vcpu;

    CP15_WRITE(HCPTR, GUEST_HCPTR_OPEN);
    arch_isb();
    if (cpu->loaded_vfp != NULL) {
        struct vcpu *old = cpu->loaded_vfp->vcpu;

        old->world.hcptr = GUEST_HCPTR_TRAP;
        vcpu_vfp_save(&old->vfp);
    }
    cpu->loaded_vfp = t;
    v->vfp_used = 1;
    v->world.hcptr = GUEST_HCPTR_OPEN;
    vcpu_vfp_load(&v->vfp);
}

static void tee_drop(struct arch_cpu *cpu)
{
    if (cpu->loaded_tee != NULL) {
        struct vcpu *old = cpu->loaded_tee->vcpu;

        vcpu_tee_save(&old->cp15);
        old->world.hstr |= HSTR_TTEE;
        cpu->loaded_tee = NULL;
    }
}

void vcpu_tee_take(struct thread *t)
{
    struct arch_cpu *cpu = arch_this_cpu();

    tee_drop(cpu);
    cpu->loaded_tee = t;
    t->vcpu->world.hstr &= ~HSTR_TTEE;
    CP15_WRITE(HSTR, t->vcpu->world.hstr);
    vcpu_tee_load(&t->vcpu->cp15);
}

void arch_vcpu_flush(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();

    if (cpu->arch.loaded_tee == v->thread) {
        tee_drop(&cpu->arch);
    }

    if (cpu->loaded_vfp == v->thread) {
        uint32_t hcptr = CP15_READ(HCPTR);

        CP15_WRITE(HCPTR, GUEST_HCPTR_OPEN);
        arch_isb();
        vcpu_vfp_save(&v->vfp);
        cpu->loaded_vfp = NULL;
        v->world.hcptr = GUEST_HCPTR_TRAP;
        CP15_WRITE(HCPTR, vcpu_live(v) ? GUEST_HCPTR_TRAP : hcptr);
    }
    if (v->loaded) {
        if (vcpu_live(v)) {
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
