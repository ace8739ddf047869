/*
 * A vCPU's registers as the VMM sees them on its rare paths, and the way to get them.
 */
#ifndef VMM_REGS_H
#define VMM_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/abi/vcpu.h>

#define CPSR_MODE 0x1fu
#define CPSR_T 0x20u
#define CPSR_F 0x40u
#define CPSR_I 0x80u
#define CPSR_A 0x100u
#define CPSR_E 0x200u
#define CPSR_J 0x01000000u
#define CPSR_IT 0x0600fc00u

#define MODE_USR 0x10u
#define MODE_FIQ 0x11u
#define MODE_IRQ 0x12u
#define MODE_SVC 0x13u
#define MODE_ABT 0x17u
#define MODE_UND 0x1bu
#define MODE_SYS 0x1fu

struct guest_regs {
    struct l4_regs_gp gp;
    struct l4_regs_banked banked;
};

/* What the rare paths need from the kernel, for a vCPU that waits in an exit. */
struct vcpu_port {
    void *context;
    l4_status_t (*read)(void *context, uint32_t cpu, enum l4_reg_group group, void *regs);
    l4_status_t (*write)(void *context, uint32_t cpu, enum l4_reg_group group, const void *regs);
    /* Guest virtual to guest physical by the guest's own tables. */
    l4_status_t (*translate)(void *context, uint32_t cpu, uint32_t address, bool write,
                             uint32_t *ipa);
};

/* r0..r14 of the present mode. */
uint32_t *guest_reg(struct guest_regs *regs, uint32_t n);

/* The same for reading; r15 is the instruction's address plus 8 (ARM) or 4 (Thumb). */
uint32_t guest_reg_value(const struct guest_regs *regs, uint32_t n);

/* The pc moves past an instruction of `length` bytes; ITSTATE advances (ARM ARM A2.5.2). */
void guest_skip(struct l4_regs_gp *gp, uint32_t length);

/* BXWritePC: a loaded value goes to the pc. */
void guest_branch(struct l4_regs_gp *gp, uint32_t target);

#endif
