/*
 * Traps that are not a well-formed system call: faults of native threads become kernel messages,
 * those of guests go to trap_guest, those of the kernel itself are a panic.
 */
#include <arch/world.h>
#include <kernel/syscall.h>

#include "arch_private.h"
#include "asm_defs.h"

/* HSR exception classes and fault status, ARM ARM B3.13.6 and B3.13.3 */
#define HSR_EC(hsr) ((hsr) >> 26)
#define EC_SVC 0x11u
#define EC_PREFETCH_ABORT 0x20u
#define EC_DATA_ABORT 0x24u
#define HSR_WRITE 0x40u
#define HSR_FS(hsr) ((hsr)&0x3fu)
#define FS_PERMISSION_LAST 0x0fu /* 0x04..: translation, access flag, permission */
#define FS_ALIGNMENT 0x21u
#define FS_DEBUG 0x22u
/* QEMU's status for what is not a stage-2 fault while TTBCR.EAE is 0: alignment or external. */
#define FS_UNTOLD 0x3fu

static uint32_t abort_kind(uint32_t status, uint32_t access, uint32_t address)
{
    if (status <= FS_PERMISSION_LAST) {
        return access;
    }
    if (status == FS_ALIGNMENT || (status == FS_UNTOLD && (address & 3u) != 0)) {
        return L4_FAULT_ALIGN;
    }
    return status == FS_DEBUG ? L4_FAULT_BREAKPOINT : L4_FAULT_EXTERNAL;
}

struct thread *trap_native(struct thread *self, uint32_t hsr)
{
    uint32_t kind = L4_FAULT_UNDEFINED;
    uint32_t address = self->frame.pc;

    if (HSR_EC(hsr) == EC_SVC) { /* from Thumb state, or a number that does not exist */
        uint32_t number = hsr & 0xffffu;

        return number < L4_SYS_COUNT ? syscall_table[number](self)
                                     : syscall_malformed(self, number);
    }
    if (HSR_EC(hsr) == EC_DATA_ABORT) {
        address = CP15_READ(HDFAR);
        kind = abort_kind(HSR_FS(hsr), (hsr & HSR_WRITE) != 0 ? L4_FAULT_WRITE : L4_FAULT_READ,
                          address);
    } else if (HSR_EC(hsr) == EC_PREFETCH_ABORT) {
        kind = abort_kind(HSR_FS(hsr), L4_FAULT_EXEC, 0);
        address = kind == L4_FAULT_BREAKPOINT ? address : CP15_READ(HIFAR);
    }
    return fault_native(self, kind, address, hsr);
}

struct thread *trap_handle(struct thread *self, uint32_t hsr)
{
    return self->vcpu != NULL ? trap_guest(self, hsr) : trap_native(self, hsr);
}

void trap_hyp(uint32_t what)
{
    static const char *const name[] = {
        "undefined instruction", "supervisor call", "prefetch abort", "data abort", "FIQ", "reset"};

    panic("%s in the kernel at 0x%x", name[what], (unsigned)panic_frame.pc);
}
