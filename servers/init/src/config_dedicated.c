/*
 * Dedicated devices: whole pages and an interrupt go to one domain, so nobody else's registers lie
 * in them, nor does the VM's own machine.
 */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "config_reader.h"

#define RANGE_CELLS 4
#define ADDRESS_END (UINT64_C(1) << 40)

/* What every guest finds at fixed places, as on QEMU's virt machine. */
static const struct {
    uint64_t base;
    uint64_t size;
    const char *what;
} machine[] = {
    {0x08000000, 0x20000, "interrupt controller"},
    {0x09000000, 0x1000, "serial port"},
    {0x0a000000, 0x1000, "virtio devices"},
    {0x0b000000, 0x80000, "channels"},
};

/* Nobody else uses a dedicated device in any way. */
static void check_others(const struct reading *reading, const struct access *access)
{
    const struct reader reader = access_reader(reading, access);
    for (uint32_t i = 0; i < reading->access_count; i++) {
        const struct access *const other = &reading->access[i];
        const bool later = other > access && other->flags == ACCESS_DEDICATED;
        if (other == access || other->device != access->node || later) {
            continue; /* two that have it dedicated: reported once, at the later one */
        }
        const char *const name = reading->config->domain[other->domain].name;
        reader_problem(&reader, "access", "give it to one domain, or share it among all",
                       "'%s' is %s %s already", node_name(reading->tree, access->node),
                       other->flags == ACCESS_DEDICATED ? "dedicated to" : "shared with", name);
        return;
    }
}

/* The pages of the node's n-th range of registers; false: there is none that can be used. */
static bool pages_of(const void *tree, int node, int n, uint64_t *first, uint64_t *size)
{
    int length = 0;
    const fdt32_t *cells = fdt_getprop(tree, node, "reg", &length);
    if (cells == NULL || length / 4 < RANGE_CELLS * (n + 1)) {
        return false;
    }
    cells += RANGE_CELLS * n;
    const uint64_t base = (uint64_t)fdt32_ld(&cells[0]) << 32 | fdt32_ld(&cells[1]);
    const uint64_t bytes = (uint64_t)fdt32_ld(&cells[2]) << 32 | fdt32_ld(&cells[3]);
    *first = l4_align_down(base, L4_PAGE_SIZE);
    *size = bytes;
    if (bytes != 0 && l4_range_fits(base, bytes, ADDRESS_END)) {
        *size = l4_align_up(base + bytes, L4_PAGE_SIZE) - *first;
    }
    return true;
}

static bool dedicated_to(const struct reading *reading, int node, uint32_t domain)
{
    for (uint32_t i = 0; i < reading->access_count; i++) {
        const struct access *const other = &reading->access[i];
        if (other->node == node && other->domain == domain && other->flags == ACCESS_DEDICATED) {
            return true;
        }
    }
    return false;
}

/* Another device that is switched on and not the domain's too: does it have a say here? */
static bool is_foreign(const struct reading *reading, const struct access *access, int node)
{
    return node != access->node && node_is_device(reading->tree, node) &&
           dt_enabled(reading->tree, node) && !dedicated_to(reading, node, access->domain);
}

static void check_neighbour(const struct reading *reading, const struct access *access, int node,
                            uint64_t first, uint64_t size)
{
    const struct reader reader = access_reader(reading, access);
    const char *const name = node_name(reading->tree, node);
    uint64_t other_first = 0;
    uint64_t other_size = 0;
    for (int n = 0; pages_of(reading->tree, node, n, &other_first, &other_size); n++) {
        if (l4_range_overlaps(first, size, other_first, other_size)) {
            char remedy[160];
            (void)snprintf(remedy, sizeof remedy,
                           "dedicate '%.32s' to %.32s too, switch it off, or use a device in a "
                           "page of its own",
                           name, node_name(reading->tree, access->domain_node));
            reader_problem(&reader, "access", remedy,
                           "the page at 0x%llx of '%s' holds registers of '%s' too",
                           (unsigned long long)(first > other_first ? first : other_first),
                           node_name(reading->tree, access->node), name);
            return;
        }
    }
}

static void check_machine(const struct reading *reading, const struct access *access,
                          uint64_t first, uint64_t size)
{
    const struct reader reader = access_reader(reading, access);
    const struct config_domain *const domain = &reading->config->domain[access->domain];
    const char *const name = node_name(reading->tree, access->node);
    for (size_t i = 0; i < sizeof machine / sizeof machine[0]; i++) {
        if (l4_range_overlaps(first, size, machine[i].base, machine[i].size)) {
            reader_problem(&reader, "access", "use a device in a page of its own",
                           "'%s' lies in the page 0x%llx, where guests find their VM's %s", name,
                           (unsigned long long)(first > machine[i].base ? first : machine[i].base),
                           machine[i].what);
        }
    }
    if (!domain->direct_map && l4_range_overlaps(first, size, domain->ram_ipa, domain->ram_size)) {
        reader_problem(&reader, "access", "move the memory, or use another device",
                       "'%s' lies where the domain has its memory", name);
    }
}

static void check_pages(const struct reading *reading, const struct access *access)
{
    uint64_t first = 0;
    uint64_t size = 0;
    int node = 0;
    if (!pages_of(reading->tree, access->node, 0, &first, &size)) {
        return; /* reported already */
    }
    check_machine(reading, access, first, size);
    fdt_for_each_subnode(node, reading->tree, 0)
    {
        if (is_foreign(reading, access, node)) {
            check_neighbour(reading, access, node, first, size);
        }
    }
}

/* An interrupt goes to one place. */
static void check_interrupt(const struct reading *reading, const struct access *access)
{
    const struct reader reader = access_reader(reading, access);
    int length = 0;
    const void *const own = fdt_getprop(reading->tree, access->node, "interrupts", &length);
    int node = 0;
    fdt_for_each_subnode(node, reading->tree, 0)
    {
        int other_length = 0;
        const void *const other = fdt_getprop(reading->tree, node, "interrupts", &other_length);
        if (own != NULL && other != NULL && length != 0 && other_length == length &&
            memcmp(own, other, (size_t)length) == 0 && is_foreign(reading, access, node)) {
            reader_problem(&reader, "access", "use another device, or switch that one off",
                           "'%s' has the interrupt of '%s'", node_name(reading->tree, access->node),
                           node_name(reading->tree, node));
        }
    }
}

void config_check_dedicated(struct reading *reading)
{
    for (uint32_t i = 0; i < reading->access_count; i++) {
        const struct access *const access = &reading->access[i];
        if (access->flags == ACCESS_DEDICATED && access->device == access->node) {
            check_others(reading, access);
            check_pages(reading, access);
            check_interrupt(reading, access);
        }
    }
}
