/*
 * The dispatch table, from the one list of system calls, and the common end of a call. The calls of
 * IPC are in ipc_fast.c and ipc.c, the others in sys_*.c.
 */
#include <arch/cpu.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>
#include <kernel/syscall.h>

#define SYSCALL_ENTRY(NAME, name, text) [L4_SYS_##NAME] = sys_##name,
const syscall_handler_t syscall_table[L4_SYS_COUNT] = {L4_SYSCALL_TABLE(SYSCALL_ENTRY)};
#undef SYSCALL_ENTRY

struct thread *syscall_finish(struct thread *self, int status)
{
    struct cpu *cpu = this_cpu();

    if (unlikely(cpu->current != self)) {
        return sched_choose(); /* the caller ended itself */
    }
    if (likely(status != KERNEL_PREEMPTED)) {
        self->frame.r[0] = (uint32_t)status;
        self->restart_key = 0;
    } else {
        arch_frame_restart(self); /* the pending interrupt is taken first */
    }
    return likely(!cpu->reschedule) ? self : sched_choose();
}
