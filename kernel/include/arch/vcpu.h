/*
 * Port contract: guest execution. struct vcpu (arch/vcpu_types.h) holds a guest's state while
 * another vCPU, or none, is loaded. One vCPU per CPU is loaded at a time and stays loaded while
 * native threads run; vcpu_flush() is the one way out.
 * Context: kernel mode, interrupts masked.
 */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <arch/vcpu_types.h>
#include <kernel/types.h>

struct thread;

/* State as after reset; v is zeroed memory the first time. */
void arch_vcpu_init(struct thread *t);
void arch_vcpu_reset(struct thread *t);
/* Saves the state if it is loaded on this CPU; afterwards struct vcpu is complete. */
void arch_vcpu_flush(struct vcpu *v);
/* Called before the memory of v goes: unloads without saving, cancels timers, deactivates
 * hardware-linked interrupts. */
void arch_vcpu_destroy(struct vcpu *v);

/* L4_SYS_VCPU operations; words as in the ABI. */
l4_status_t arch_vcpu_inject(struct thread *t, uint32_t virq) L4_MUST_CHECK;
l4_status_t arch_vcpu_retract(struct thread *t, uint32_t id, uint32_t *virq) L4_MUST_CHECK;
/* out[0..3] = words, out[4] = timer lines, out[5] = slot count */
void arch_vcpu_virqs(struct thread *t, uint32_t out[6]);
l4_status_t arch_vcpu_timer(struct thread *t, uint32_t timer, uint32_t virq) L4_MUST_CHECK;
void arch_vcpu_time_offset(struct thread *t, uint64_t offset);
l4_status_t arch_vcpu_translate(struct thread *t, uint32_t va, bool write, bool user,
                                uint32_t *ipa) L4_MUST_CHECK;
/* A device interrupt linked to virq word `virq`: it has fired and is active. */
l4_status_t arch_vcpu_inject_linked(struct thread *t, uint32_t virq, uint32_t irq) L4_MUST_CHECK;
/* `irq` is linked no more: the guest's end of what is in flight does not reach it. */
void arch_vcpu_unlink(struct thread *t, uint32_t irq);
/* Groups other than GP. False: no such group. */
bool arch_vcpu_regs_read(struct thread *t, uint32_t group, uint32_t *words);
bool arch_vcpu_regs_write(struct thread *t, uint32_t group, const uint32_t *words);

/* The reply of the VMM to an exit: see L4_RESUME_* in l4/abi/vcpu.h. w = the four words. */
void arch_vcpu_resume(struct thread *t, uint32_t actions, const uint32_t *w);

/* True if a virtual interrupt is pending for t, which runs: WFI returns at once. */
bool arch_vcpu_wakes(struct thread *t);

/* The three interrupts of the virtualization hardware, called by core/irq.c's dispatch. Each may
 * wake or stop a vCPU through vcpu_wake() / ipc_kernel_call(). */
void arch_vcpu_timer_irq(void);       /* CNTV of the loaded vCPU: acknowledged, active */
void arch_vcpu_maintenance_irq(void); /* an in-flight virq ended or slots are free */

#endif
