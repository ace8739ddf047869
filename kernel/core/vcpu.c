/*
 * Guest threads as core sees them. See vcpu.h.
 */
#include <kernel/sched.h>
#include <kernel/vcpu.h>

struct thread *vcpu_wait(struct thread *t)
{
    t->state = L4_STATE_WFI;
    return sched_leave();
}

void vcpu_wake(struct thread *t)
{
    if (t->state == L4_STATE_WFI) {
        sched_ready(t);
    }
}
