/*
 * One virtual machine: its devices, its bus, and what happens on each exit of its vCPUs.
 *
 * Everything that the guest can change is in the members named *_state (and the devices' own state
 * members), in guest RAM and in the kernel's vCPU registers.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include <stddef.h>

#include <vmm/bus.h>
#include <vmm/exception.h>
#include <vmm/gic.h>
#include <vmm/hypercall.h>
#include <vmm/pl011.h>
#include <vmm/pl031.h>
#include <vmm/sysreg.h>
#include <vmm/virtio.h>

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
    struct virtio_page virtio;       /* the devices' own states are their owners' */
    struct virtio_page virtio_empty; /* the transports behind the first page */
    uint32_t virtio_count;
    struct virtio_chain chain; /* see struct virtio */
    struct sysreg_state sysreg[GIC_CPUS];
    struct power_state power;
    struct power_limits limits;
    struct vcpu_port vcpu;
    struct pl011_port console;
    struct pl031_port clock;
    uint32_t cpus;
    uint32_t
        exits[VM_EXITS];  /* by label, from L4_EXIT_FIRST; counted by vm_exit() and its equals */
    enum power_wish wish; /* what the last exit asks of the caller */
    struct power_call call;
};

void vm_init(struct vm *vm, const struct vm_config *config);

/* Puts a virtio device into the next slot: fills in its memory, chain and interrupt. The rest of
 * it, counters too, is set. Errors: NO_MEMORY (all slots are taken). */
L4_MUST_CHECK l4_status_t vm_virtio_add(struct vm *vm, struct virtio *virtio);

/* A device of the board is the guest's own, at these pages and with this interrupt: no model
 * answers there. After all virtio devices have been added. Errors: EXISTS (a model that cannot be
 * replaced, or its interrupt, is there), and those of gic_link(). */
L4_MUST_CHECK l4_status_t vm_dedicate(struct vm *vm, uint32_t base, uint32_t size, uint32_t irq);

/* Devices and power state as after a reset. The kernel's vCPUs are the caller's business. Guest RAM
 * is the VMM's again when vm_quiet(). */
void vm_reset(struct vm *vm);

/* The devices alone, first: those that are not quiet come to an end while the guest is stopped. */
void vm_devices_reset(struct vm *vm);
bool vm_quiet(const struct vm *vm);

/* The registers that a vCPU starts with: supervisor mode, all masked, MMU off. */
void vm_start_regs(uint32_t entry, const uint32_t r[3], struct l4_regs_gp *gp);

/* The device refused an access that vm_mmio() passed on: the guest takes an abort, or (BUSY)
 * repeats the instruction. Returns the reply's label. */
uint32_t vm_mmio_refused(struct vm *vm, uint32_t cpu, uint32_t ipa, bool write, l4_status_t status);

/* Can vm_mmio() do it: a device is there, and the access is one that the bus passes on? */
static inline bool vm_mmio_plain(const struct bus_device *device, uint32_t ipa, uint32_t syndrome)
{
    uint32_t size = L4_SYN_SIZE(syndrome);
    return bus_present(device) && size <= 2u && (ipa & ((1u << size) - 1u)) == 0;
}

/*
 * L4_EXIT_MMIO on a device, for which vm_mmio_plain() holds. *value is the value written, or
 * becomes the value read. Returns the reply's label. Inlined into the server's loop: metrics
 * vm.mmio and vm.mmio.gicd.
 */
static inline uint32_t vm_mmio(struct vm *vm, uint32_t cpu, const struct bus_device *device,
                               uint32_t ipa, uint32_t syndrome, uint32_t *value)
{
    struct mmio access = {ipa - device->base, 1u << L4_SYN_SIZE(syndrome), cpu, *value};
    bool write = L4_SYN_WRITE(syndrome) != 0;
    l4_status_t status = write ? device->ops.write(device->state, &access)
                               : device->ops.read(device->state, &access);
    if (__builtin_expect(status != L4_OK, 0)) {
        return vm_mmio_refused(vm, cpu, ipa, write, status);
    }
    *value = access.value;
    return write ? L4_RESUME_NEXT : L4_RESUME_WRITE | L4_RESUME_NEXT;
}

/*
 * An exit of vCPU `cpu`: label (enum l4_exit) and words as they came. Returns the reply's label
 * (L4_RESUME_*), with w as the reply's words. vm->wish says what else has to happen; for the wishes
 * without an answer the result means nothing.
 */
uint32_t vm_exit(struct vm *vm, uint32_t cpu, uint32_t label, uint32_t w[4]);

#endif
