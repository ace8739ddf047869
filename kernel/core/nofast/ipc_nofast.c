/*
 * Stands in for ipc_fast.c (build option PECAN_IPC_FAST=OFF): every message takes the general path,
 * so that the same suites test it.
 */
#include <kernel/ipc.h>
#include <kernel/syscall.h>

struct thread *sys_call(struct thread *self)
{
    return ipc_call(self);
}

struct thread *ipc_kernel_call(struct thread *t, uint32_t label, const uint32_t *w)
{
    return ipc_kernel_message(t, label, w);
}

struct thread *sys_reply_wait(struct thread *self)
{
    return ipc_reply_wait(self);
}
