/*
 * Guest threads as core sees them: exits are IPC, wake-ups come from injection and timers.
 */
#ifndef KERNEL_VCPU_H
#define KERNEL_VCPU_H

#include <arch/vcpu.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>

/* WFI of the current vCPU: waits until vcpu_wake. Returns the thread to run. */
struct thread *vcpu_wait(struct thread *t);
/* An interrupt is pending for t: if it waits in WFI it becomes ready. */
void vcpu_wake(struct thread *t);

#endif
