/*
 * Exceptions that the VMM takes into the guest, as the processor would (ARM ARM B1.8.3, B1.9).
 */
#ifndef VMM_EXCEPTION_H
#define VMM_EXCEPTION_H

#include <vmm/regs.h>

/* All that an exception entry reads or changes. */
struct guest_cpu {
    struct l4_regs_gp gp;
    struct l4_regs_banked banked;
    struct l4_regs_cp15 cp15;
};

/* Fault causes, independent of the DFSR format. */
enum guest_fault {
    FAULT_EXTERNAL,        /* the bus refused the access itself */
    FAULT_EXTERNAL_WALK_1, /* the bus refused a translation table walk, first level */
    FAULT_EXTERNAL_WALK_2, /* ... second level */
    FAULT_ALIGNMENT,       /* an unaligned access to what is no Normal memory */
    FAULT_DEBUG,           /* a breakpoint instruction */
};

/* gp.pc is the instruction's address. */
void exception_undefined(struct guest_cpu *cpu);
void exception_data_abort(struct guest_cpu *cpu, uint32_t address, bool write,
                          enum guest_fault fault);
void exception_prefetch_abort(struct guest_cpu *cpu, uint32_t address, enum guest_fault fault);

/* The cause when a walk of the guest's own tables touched `ipa`, where nothing is. */
enum guest_fault exception_walk_fault(const struct guest_cpu *cpu, uint32_t ipa);

#endif
