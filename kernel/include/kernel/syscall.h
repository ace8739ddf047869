/*
 * System-call dispatch: one handler a line of L4_SYSCALL_TABLE. A handler gets the calling thread
 * with its frame saved and returns the thread to run.
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#include <kernel/thread.h>
#include <l4/abi/syscall.h>

typedef struct thread *(*syscall_handler_t)(struct thread *self);

extern const syscall_handler_t syscall_table[L4_SYS_COUNT];

#define SYSCALL_DECLARE(NAME, name, text) struct thread *sys_##name(struct thread *self);
L4_SYSCALL_TABLE(SYSCALL_DECLARE)
#undef SYSCALL_DECLARE

/* Ends a system call: r0 := status and the thread to run; on KERNEL_PREEMPTED it is restarted. */
struct thread *syscall_finish(struct thread *self, int status);

/* Entry points for the arch's vectors. */
struct thread *syscall_malformed(struct thread *self, uint32_t number);
struct thread *fault_native(struct thread *self, uint32_t fault, uint32_t address,
                            uint32_t syndrome);

#endif
