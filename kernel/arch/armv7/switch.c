/*
 * arch_switch: address space and world of the next thread. On the IPC path (metrics ipc.rpc and
 * sched.switch): native to native is two comparisons and the address-space register.
 */
#include <arch/world.h>
#include <kernel/aspace.h>
#include <kernel/cpu.h>

static inline uint32_t world_of(const struct thread *t)
{
    return t->flags & (L4_THREAD_GUEST | L4_THREAD_PMU);
}

static inline void space_switch(struct arch_cpu *cpu, struct aspace *as)
{
    /* Table and tag change in one write, and ERET comes before their next use: no ISB. */
    CP15_WRITE64(VTTBR, as->arch.vttbr);
    cpu->aspace = as;
    __asm__ volatile("clrex" : : : "memory");
}

/* Between the native worlds. */
static inline void pmu_switch(struct arch_cpu *cpu, uint32_t world)
{
    CP15_WRITE(HDCR, (world & L4_THREAD_PMU) != 0 ? cpu->hdcr & ~HDCR_TPM : cpu->hdcr);
    cpu->world = world;
}

static void __attribute__((noinline)) switch_slow(struct thread *next)
{
    struct arch_cpu *cpu = arch_this_cpu();
    uint32_t world = world_of(next);
    uint32_t old = cpu->world;

    if (unlikely(next->aspace->arch.vmid_generation != cpu->vmid_generation)) {
        arch_aspace_prepare(next->aspace);
    }
    space_switch(cpu, next->aspace);
    if ((world & L4_THREAD_GUEST) != 0) {
        if (old == WORLD_GUEST && this_cpu()->loaded_vcpu == next) {
            return; /* it goes on where it was interrupted */
        }
        vcpu_enter(next);
        cpu->world = WORLD_GUEST;
        return;
    }
    if ((old & L4_THREAD_GUEST) != 0) {
        vcpu_leave();
    }
    pmu_switch(cpu, world);
}

void arch_switch(struct thread *next)
{
    struct arch_cpu *cpu = arch_this_cpu();
    uint32_t world = world_of(next);

    if (world != cpu->world) {
        if (((world | cpu->world) & L4_THREAD_GUEST) != 0) {
            switch_slow(next);
            return;
        }
        pmu_switch(cpu, world);
    }
    if (unlikely(next->aspace->arch.vmid_generation != cpu->vmid_generation)) {
        switch_slow(next);
        return;
    }
    space_switch(cpu, next->aspace);
}
