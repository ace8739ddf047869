/*
 * One virtual machine: its devices, its bus, and what happens on each exit of its vCPUs.
 *
 * Everything that the guest can change is in the members named *_state (and the devices' own state
 * members), in guest RAM and in the kernel's vCPU registers.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include <vmm/bus.h>
#include <vmm/exception.h>
#include <vmm/gic.h>
#include <vmm/hypercall.h>
#include <vmm/pl011.h>
#include <vmm/pl031.h>
#include <vmm/sysreg.h>

#define VM_EXITS 16u

struct vm_config {
    struct guest_memory memory;
    uint32_t cpus; /* 1..GIC_CPUS */
    struct gic_port gic;
    struct vcpu_port vcpu;
    /* The console; `irq` is filled in by vm_init(). */
    struct pl011_port console;
    struct pl031_port clock;
};

struct vm {
    struct bus bus;
    struct gic gic;
    struct pl011 uart;
    struct pl031 rtc;
    struct sysreg_state sysreg[GIC_CPUS];
    struct power_state power;
    struct power_limits limits;
    struct vcpu_port vcpu;
    struct pl011_port console;
    struct pl031_port clock;
    uint32_t cpus;
    uint32_t exits[VM_EXITS]; /* counted by label, from L4_EXIT_FIRST */
    enum power_wish wish;     /* what the last exit asks of the caller */
    struct power_call call;
};

void vm_init(struct vm *vm, const struct vm_config *config);

/* Devices and power state as after a reset. The kernel's vCPUs are the caller's business. */
void vm_reset(struct vm *vm);

/* The registers that a vCPU starts with: supervisor mode, all masked, MMU off. */
void vm_start_regs(uint32_t entry, const uint32_t r[3], struct l4_regs_gp *gp);

/*
 * An exit of vCPU `cpu`: label (enum l4_exit) and words as they came. Returns the reply's label
 * (L4_RESUME_*), with w as the reply's words. vm->wish says what else has to happen; for the wishes
 * without an answer the result means nothing.
 */
uint32_t vm_exit(struct vm *vm, uint32_t cpu, uint32_t label, uint32_t w[4]);

#endif
