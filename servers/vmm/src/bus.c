/* See bus.h. */
#include <string.h>

#include <l4/base/range.h>
#include <vmm/bus.h>

#define ROM_END 0x08000000u /* where QEMU's virt has its flash */

void bus_init(struct bus *bus, const struct guest_memory *memory)
{
    memset(bus, 0, sizeof(*bus));
    bus->memory = *memory;
    bus->devices = 1;
}

l4_status_t bus_attach(struct bus *bus, uint32_t base, uint32_t size, const struct device_ops *ops,
                       void *state)
{
    if (!l4_is_aligned(base | size, 0x1000u)) {
        return L4_ERR_ALIGN;
    }
    if (base < BUS_BASE || !l4_range_fits(base - BUS_BASE, size, BUS_END - BUS_BASE)) {
        return L4_ERR_RANGE;
    }
    if (bus->devices == BUS_DEVICES) {
        return L4_ERR_NO_MEMORY;
    }
    uint32_t first = (base - BUS_BASE) >> 12;
    for (uint32_t i = 0; i < size >> 12; i++) {
        if (bus->page[first + i] != 0) {
            return L4_ERR_EXISTS;
        }
    }
    memset(&bus->page[first], (int)bus->devices, size >> 12);
    bus->device[bus->devices++] = (struct bus_device){*ops, state, base};
    return L4_OK;
}

void bus_remove(struct bus *bus, uint32_t base, uint32_t size)
{
    for (uint32_t i = 0; i < BUS_PAGES; i++) {
        uint32_t page = BUS_BASE + (i << 12);
        if (page >= base && page - base < size) {
            bus->page[i] = 0;
        }
    }
}

static bool in_rom(const struct bus *bus, uint32_t ipa)
{
    return bus->memory.rom != NULL && ipa < ROM_END;
}

/* Flash space beyond the image reads as zero: no CFI device answers there. */
static uint32_t rom_read(const struct bus *bus, uint32_t ipa, uint32_t size)
{
    uint32_t value = 0;
    if (l4_range_fits(ipa, size, bus->memory.rom_size)) {
        memcpy(&value, bus->memory.rom + ipa, size);
    }
    return value;
}

l4_status_t bus_read(struct bus *bus, uint32_t cpu, uint32_t ipa, uint32_t size, uint32_t *value)
{
    const struct bus_device *device = bus_find(bus, ipa);
    if (bus_present(device)) {
        struct mmio access = {.offset = ipa - device->base, .size = size, .cpu = cpu};
        if ((ipa & (size - 1u)) != 0) {
            return L4_ERR_ALIGN;
        }
        l4_status_t status = device->ops.read(device->state, &access);
        *value = access.value;
        return status;
    }
    const uint8_t *ram = memory_ram(&bus->memory, ipa, size);
    if (ram != NULL) {
        *value = 0;
        memcpy(value, ram, size);
        return L4_OK;
    }
    if (in_rom(bus, ipa)) {
        *value = rom_read(bus, ipa, size);
        return L4_OK;
    }
    return (ipa & (size - 1u)) != 0 ? L4_ERR_ALIGN : L4_ERR_NOT_FOUND;
}

l4_status_t bus_write(struct bus *bus, uint32_t cpu, uint32_t ipa, uint32_t size, uint32_t value)
{
    const struct bus_device *device = bus_find(bus, ipa);
    if (bus_present(device)) {
        struct mmio access = {.offset = ipa - device->base, .size = size, .cpu = cpu};
        if ((ipa & (size - 1u)) != 0) {
            return L4_ERR_ALIGN;
        }
        access.value = value;
        return device->ops.write(device->state, &access);
    }
    uint8_t *ram = memory_ram(&bus->memory, ipa, size);
    if (ram != NULL) {
        memcpy(ram, &value, size);
        return L4_OK;
    }
    if (in_rom(bus, ipa)) {
        return L4_OK;
    }
    return (ipa & (size - 1u)) != 0 ? L4_ERR_ALIGN : L4_ERR_NOT_FOUND;
}
