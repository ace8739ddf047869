/*
 * The guest's physical address space below RAM: which device answers at which page, in constant
 * time; and the memory behind it for accesses that the VMM makes in the guest's name.
 */
#ifndef VMM_BUS_H
#define VMM_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/mmio.h>

#define BUS_BASE 0x08000000u
#define BUS_END 0x0b080000u /* of the channels, l4/guest/channel.h */
#define BUS_PAGES ((BUS_END - BUS_BASE) >> 12)
#define BUS_DEVICES 8u

struct bus_device {
    struct device_ops ops; /* a copy; NULL members: nothing there */
    void *state;
    uint32_t base;
};

/* Guest memory as the VMM has it mapped. */
struct guest_memory {
    uint8_t *ram;
    uint64_t ram_base;  /* guest physical */
    uint64_t ram_size;  /* < 4 GiB */
    const uint8_t *rom; /* at guest physical 0; NULL: none */
    uint32_t rom_size;
};

struct bus {
    struct bus_device device[BUS_DEVICES];
    uint32_t devices;
    struct guest_memory memory;
    uint8_t page[BUS_PAGES]; /* index into device; 0: none */
};

void bus_init(struct bus *bus, const struct guest_memory *memory);

/* Puts a device at [base, base + size), page aligned, inside [BUS_BASE, BUS_END).
 * Errors: ALIGN, RANGE, EXISTS, NO_MEMORY. */
L4_MUST_CHECK l4_status_t bus_attach(struct bus *bus, uint32_t base, uint32_t size,
                                     const struct device_ops *ops, void *state);

/* Takes the whole pages in [base, base + size) out: nothing answers there any more. */
void bus_remove(struct bus *bus, uint32_t base, uint32_t size);

/* The device at an address; see bus_present(). Hot path: vm.mmio. */
static inline const struct bus_device *bus_find(const struct bus *bus, uint32_t ipa)
{
    uint32_t page = (ipa - BUS_BASE) >> 12;
    return &bus->device[page < BUS_PAGES ? bus->page[page] : 0];
}

static inline bool bus_present(const struct bus_device *device)
{
    return device->ops.read != NULL;
}

/* Accesses of 1, 2 or 4 bytes anywhere: devices, RAM, ROM (writes ignored). Errors: ALIGN (an
 * access outside of memory that is not aligned), NOT_FOUND (nothing there), a device's own. */
L4_MUST_CHECK l4_status_t bus_read(struct bus *bus, uint32_t cpu, uint32_t ipa, uint32_t size,
                                   uint32_t *value);
L4_MUST_CHECK l4_status_t bus_write(struct bus *bus, uint32_t cpu, uint32_t ipa, uint32_t size,
                                    uint32_t value);

/* [ipa, ipa + size) of guest RAM in the VMM's space, NULL when it is not all RAM. RAM is mapped as
 * a whole, so its size fits into 32 bits. Hot path: metrics blk.read4k, net.rtt. */
static inline uint8_t *memory_ram(const struct guest_memory *memory, uint64_t ipa, uint64_t size)
{
    uint64_t offset = ipa - memory->ram_base; /* below RAM: beyond 32 bits */
    uint32_t ram = (uint32_t)memory->ram_size;
    if (((offset | size) >> 32) != 0 || (uint32_t)size > ram ||
        (uint32_t)offset > ram - (uint32_t)size) {
        return NULL;
    }
    return memory->ram + (uint32_t)offset;
}

#endif
