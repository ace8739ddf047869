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

struct thread *ipc_kernel_call(struct thread *t, uint32_t label, uint32_t w0, uint32_t w1,
                               uint32_t w2, uint32_t w3)
{
    return ipc_kernel_message(t, label, w0, w1, w2, w3);
}

struct thread *sys_reply_wait(struct thread *self)
{
    return ipc_reply_wait(self);
}
