/*
 * Faults of native threads: a kernel message to the fault endpoint. Metric: fault.rpc.
 */
#include <kernel/ipc.h>
#include <kernel/syscall.h>
#include <kernel/trace.h>

struct thread *fault_native(struct thread *self, uint32_t fault, uint32_t address,
                            uint32_t syndrome)
{
    trace(TRACE_FAULT, self->name, self->frame.pc);
    self->w[0] = address;
    self->w[1] = fault;
    self->w[2] = self->frame.pc;
    self->w[3] = syndrome;
    return ipc_kernel_call(self, L4_KMSG_FAULT, self->w);
}

struct thread *syscall_malformed(struct thread *self, uint32_t number)
{
    return fault_native(self, L4_FAULT_SYSCALL, number, 0);
}
