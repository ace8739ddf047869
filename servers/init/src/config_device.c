/*
 * Devices of the board: shared ones (entropy, console) and dedicated ones.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "config_reader.h"

bool device_is(const void *tree, int node, const char *kind)
{
    const char *const text = dt_string(tree, node, "pecan,qemu-device");
    return text != NULL && strcmp(text, kind) == 0;
}

static void note(struct reading *reading, const struct reader *device, uint64_t base,
                 bool dedicated)
{
    struct config *const config = reading->config;
    for (uint32_t i = 0; i < config->device_count; i++) {
        if (config->device[i].base == base) {
            config->device[i].dedicated = config->device[i].dedicated || dedicated;
            return;
        }
    }
    if (config->device_count == CONFIG_DEVICES) {
        reader_problem(device, "", "use fewer", "more than %u devices are used", CONFIG_DEVICES);
        return;
    }
    const char *const compatible =
        fdt_stringlist_get(device->tree, device->node, "compatible", 0, NULL);
    config->device[config->device_count++] =
        (struct config_device){node_name(device->tree, device->node),
                               compatible != NULL ? compatible : "", base, dedicated};
}

bool device_use(struct reading *reading, const struct access *access, int node, uint64_t *base)
{
    const struct reader device = {reading->tree, node, reading->report};
    const struct reader reader =
        access->domain != CONFIG_NOBODY
            ? access_reader(reading, access)
            : (struct reader){reading->tree, access->node, reading->report};
    uint64_t size = 0;
    if (!dt_enabled(reading->tree, node)) {
        reader_problem(&reader, access->domain != CONFIG_NOBODY ? "access" : "ethernet",
                       "switch it on with status = \"okay\"", "'%s' is disabled",
                       node_name(reading->tree, node));
        return false;
    }
    if (!reader_range(&device, "reg", base, &size) || size == 0 ||
        !l4_range_fits(*base, size, UINT64_C(1) << 40)) {
        reader_problem(&device, "reg", "give <address-hi address-lo size-hi size-lo>",
                       "no usable range of registers");
        return false;
    }
    note(reading, &device, *base,
         access->domain != CONFIG_NOBODY && access->flags == ACCESS_DEDICATED);
    return true;
}

static void share(struct reading *reading, struct access *access)
{
    uint64_t base = 0;
    uint32_t flag = 0;
    if (device_is(reading->tree, access->node, "virtio-rng-device")) {
        flag = L4_VMM_ENTROPY;
    } else if (device_is(reading->tree, access->node, "virtio-serial-device")) {
        flag = L4_VMM_CONSOLE;
    } else {
        const struct reader reader = access_reader(reading, access);
        reader_problem(&reader, "access",
                       "give a partition of a disk, a port of a switch, or PECAN_DEDICATED",
                       "'%s' cannot be shared as a whole", node_name(reading->tree, access->node));
        return;
    }
    if (device_use(reading, access, access->node, &base)) {
        reading->config->domain[access->domain].flags |= flag;
    }
}

/* Without an IOMMU: a device that masters the bus reaches all memory. */
static void check_master(const struct reading *reading, const struct access *access)
{
    const struct config_domain *const domain = &reading->config->domain[access->domain];
    const struct reader reader = access_reader(reading, access);
    const char *const name = node_name(reading->tree, access->node);
    if (fdt_node_check_compatible(reading->tree, access->node, "virtio,mmio") != 0) {
        return;
    }
    if (!domain->dma_trusted) {
        reader_problem(&reader, "access",
                       "add pecan,dma-trusted if this VM may, or share the device",
                       "'%s' masters the bus and can reach all memory", name);
    }
    if (!domain->direct_map) {
        reader_problem(&reader, "access", "add pecan,direct-map, or share the device",
                       "'%s' masters the bus with physical addresses", name);
    }
}

static void dedicate(struct reading *reading, struct access *access)
{
    struct config *const config = reading->config;
    const struct reader device = {reading->tree, access->node, reading->report};
    uint64_t base = 0;
    if (!device_use(reading, access, access->node, &base)) {
        return;
    }
    check_master(reading, access);
    if (fdt_node_check_compatible(reading->tree, access->node, "arm,pl011") == 0) {
        reader_problem(&device, "", "every VM has a serial port: remove the entry",
                       "the system's own console cannot be dedicated");
    }
    if (!reader_has(&device, "interrupts")) {
        reader_problem(&device, "interrupts", "give the device's interrupt", "missing");
    }
    if (config->grant_count == L4_START_GRANTS) {
        config_problem(reading->report, "/domains", "access", "remove some",
                       "more than %u devices are dedicated", L4_START_GRANTS);
        return;
    }
    config->grant[config->grant_count++] =
        (struct l4_start_grant){.badge = config_badge(access->domain), .base = base};
    config->domain[access->domain].grant_count++;
}

void config_read_device(struct reading *reading, struct access *access)
{
    access->device = access->node;
    if (access->flags == ACCESS_DEDICATED) {
        dedicate(reading, access);
    } else if (access_flags_are(reading, access, ACCESS_SHARED, "a device")) {
        share(reading, access);
    }
}
