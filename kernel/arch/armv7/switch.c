/*
 * arch_switch: address space and world of the next thread. On the IPC path (metrics ipc.rpc and
 * sched.switch): native to native is an address-space register and two comparisons.
 */
#include <arch/world.h>
#include <kernel/aspace.h>

static void world_switch(struct arch_cpu *cpu, struct thread *next, uint32_t world)
{
    uint32_t old = cpu->world;

    if ((old & L4_THREAD_GUEST) != 0 && (world & L4_THREAD_GUEST) == 0) {
        vcpu_leave();
    }
    if (((old ^ world) & L4_THREAD_PMU) != 0) {
        CP15_WRITE(HDCR, (world & L4_THREAD_PMU) != 0 ? cpu->hdcr & ~HDCR_TPM : cpu->hdcr);
    }
    if ((world & L4_THREAD_GUEST) != 0) {
        vcpu_enter(next);
    }
    cpu->world = world;
}

void arch_switch(struct thread *next)
{
    struct arch_cpu *cpu = arch_this_cpu();
    struct aspace *as = next->aspace;
    uint32_t world = next->flags & (L4_THREAD_GUEST | L4_THREAD_PMU);

    if (as != cpu->aspace) {
        if (unlikely(as->arch.vmid_generation != cpu->vmid_generation)) {
            arch_aspace_prepare(as);
        }
        /* Table and tag change in one write, and ERET comes before their next use: no ISB. */
        CP15_WRITE64(VTTBR, as->arch.vttbr);
        cpu->aspace = as;
    }
    __asm__ volatile("clrex" : : : "memory");
    if (unlikely(world != cpu->world || (world & L4_THREAD_GUEST) != 0)) {
        world_switch(cpu, next, (world & L4_THREAD_GUEST) != 0 ? L4_THREAD_GUEST : world);
    }
}
