/*
 * The kernel's side of a vCPU, as the models' ports want it: vCPU objects, registers, virtual
 * interrupts in flight.
 */
#ifndef VMM_VCPU_L4_H
#define VMM_VCPU_L4_H

#include <l4/abi/types.h>
#include <vmm/gic.h>
#include <vmm/regs.h>

struct vcpu_l4 {
    l4_cap_t cap;
    uint32_t deferred; /* a virq word that goes out with the reply to the present exit; 0: none */
    uint32_t slots;    /* those that no timer takes; 0: what they hold is not known */
    uint32_t held;
    uint16_t
        id[GIC_SLOTS]; /* `held` interrupts: whatever may be in one of the slots is among them */
};

struct vcpus_l4 {
    struct vcpu_l4 cpu[GIC_CPUS];
    uint32_t exiting;  /* the vCPU whose exit is being handled; GIC_CPUS: none */
    uint32_t injected; /* counts */
    uint32_t links;    /* interrupts that the kernel injects by itself */
    struct {
        uint32_t number;
        l4_cap_t cap;
    } link[GIC_LINKS];
};

/* The ports; both have `vcpus` as context. */
struct gic_port vcpus_gic_port(struct vcpus_l4 *vcpus);
struct vcpu_port vcpus_regs_port(struct vcpus_l4 *vcpus);

/* Before gic_link(): the capability of that interrupt. Errors: NO_MEMORY. */
L4_MUST_CHECK l4_status_t vcpus_link_add(struct vcpus_l4 *vcpus, uint32_t number, l4_cap_t cap);

/* The kernel says that these have ended (L4_EXIT_VIRQ). */
void vcpu_l4_ended(struct vcpu_l4 *vcpu, const uint16_t *ended, uint32_t count);

/* The vCPU's slots are empty, and how many they are is asked anew. */
void vcpu_l4_reset(struct vcpu_l4 *vcpu);

#endif
