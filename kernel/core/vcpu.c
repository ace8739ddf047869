/*
 * Guest threads as core sees them. See vcpu.h.
 */
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>
#include <kernel/vcpu.h>

struct thread *vcpu_exit(struct thread *t, uint32_t label, uint32_t w0, uint32_t w1, uint32_t w2,
                         uint32_t w3)
{
    this_cpu()->exits++;
    return ipc_kernel_call(t, label, w0, w1, w2, w3);
}

struct thread *vcpu_wait(struct thread *t)
{
    t->state = L4_STATE_WFI;
    return sched_choose();
}

void vcpu_wake(struct thread *t)
{
    if (t->state == L4_STATE_WFI) {
        sched_ready(t);
    }
}
