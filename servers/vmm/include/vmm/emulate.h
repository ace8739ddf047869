/*
 * Carries out a load or store whose syndrome the hardware did not decode.
 */
#ifndef VMM_EMULATE_H
#define VMM_EMULATE_H

#include <vmm/bus.h>
#include <vmm/decode.h>

/* The access that faulted, and what went wrong if the result is not OK. */
struct emulation {
    uint32_t cpu;
    uint32_t address; /* guest virtual; on failure: of the element that failed */
    uint32_t ipa;     /* guest physical */
    bool write;       /* on failure: in which direction */
};

/*
 * Reads the instruction at the pc, does its accesses, then its register changes, and moves the pc.
 * On an error no register has changed. Errors: NOT_SUPPORTED, NOT_FOUND, and a device's own.
 */
L4_MUST_CHECK l4_status_t emulate(struct guest_regs *regs, struct bus *bus,
                                  const struct vcpu_port *port, struct emulation *e);

/* The first address that the instruction at the pc accesses. Errors: as above. */
L4_MUST_CHECK l4_status_t emulate_address(const struct guest_regs *regs, struct bus *bus,
                                          const struct vcpu_port *port, uint32_t cpu,
                                          uint32_t *address);

/* One element of a load, as the register receives it. */
uint32_t load_extend(uint32_t value, uint32_t size, bool sign);

#endif
