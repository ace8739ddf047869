/*
 * `access`: what each domain is given, as <&node flags> pairs, and which kind of thing each is.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/format/dt.h>

#include "config_reader.h"

struct reader access_reader(const struct reading *reading, const struct access *access)
{
    return (struct reader){reading->tree, access->domain_node, reading->report};
}

const struct access *access_earlier(const struct reading *reading, const struct access *access)
{
    for (const struct access *other = reading->access; other < access; other++) {
        if (other->node == access->node) {
            return other;
        }
    }
    return NULL;
}

bool access_flags_are(const struct reading *reading, const struct access *access, uint32_t allowed,
                      const char *what)
{
    static const char *const names[] = {"PECAN_SHARED", "PECAN_DEDICATED", "PECAN_MEMORY"};
    if (access->flags == allowed) {
        return true;
    }
    const struct reader reader = access_reader(reading, access);
    reader_problem(&reader, "access", "see the table in docs/book/configuration.md",
                   "'%s' is %s and takes %s, not %s", node_name(reading->tree, access->node), what,
                   names[allowed], names[access->flags]);
    return false;
}

static void collect(struct reading *reading, const struct reader *reader, uint32_t domain,
                    uint32_t phandle, uint32_t flags)
{
    const int node = fdt_node_offset_by_phandle(reading->tree, phandle);
    if (node < 0) {
        reader_problem(reader, "access", "name a node by its label: <&label PECAN_SHARED>",
                       "no node has the phandle 0x%x", (unsigned int)phandle);
        return;
    }
    const char *const name = node_name(reading->tree, node);
    if (flags > ACCESS_MEMORY) {
        reader_problem(reader, "access", "give one of PECAN_SHARED, PECAN_DEDICATED, PECAN_MEMORY",
                       "'%s' has the unknown flags %u", name, (unsigned int)flags);
        return;
    }
    if (reading->access_count == CONFIG_ACCESS) {
        reader_problem(reader, "access", "remove some", "more than %u entries in all",
                       CONFIG_ACCESS);
        return;
    }
    struct access *const access = &reading->access[reading->access_count];
    *access = (struct access){domain, reader->node, node, -1, flags};
    for (const struct access *other = reading->access; other < access; other++) {
        if (other->domain == domain && other->node == node) {
            reader_problem(reader, "access", "name it once", "'%s' is given twice", name);
            return;
        }
    }
    reading->access_count++;
}

void access_collect(struct reading *reading, uint32_t domain, int node)
{
    const struct reader reader = {reading->tree, node, reading->report};
    int length = 0;
    const fdt32_t *const cells = fdt_getprop(reading->tree, node, "access", &length);
    if (cells == NULL || length % 4 != 0) {
        return; /* reported already */
    }
    if (length % 8 != 0) {
        reader_problem(&reader, "access", SEE_BINDINGS, "must be pairs: <&node flags>, ...");
        return;
    }
    for (int i = 0; i < length / 8; i++) {
        collect(reading, &reader, domain, fdt32_ld(&cells[2 * i]), fdt32_ld(&cells[2 * i + 1]));
    }
}

static bool compatible(const void *tree, int node, const char *text)
{
    return node >= 0 && fdt_node_check_compatible(tree, node, text) == 0;
}

static void resolve(struct reading *reading, struct access *access)
{
    const void *const tree = reading->tree;
    const int parent = fdt_parent_offset(tree, access->node);
    if (compatible(tree, parent, "fixed-partitions")) {
        config_read_partition(reading, access);
    } else if (compatible(tree, parent, CONFIG_SWITCH)) {
        config_read_port(reading, access);
    } else if (compatible(tree, access->node, CONFIG_CHANNEL)) {
        return; /* both ends at once: config_read_channels() */
    } else if (node_is_device(tree, access->node)) {
        config_read_device(reading, access);
    } else {
        const struct reader reader = access_reader(reading, access);
        reader_problem(&reader, "access",
                       "name a device, a partition, a switch's port or a channel",
                       "'%s' is nothing that a domain can be given", node_name(tree, access->node));
    }
}

/* What the VMM can show its guest. */
static void check_counts(const struct reading *reading)
{
    for (uint32_t i = 0; i < reading->config->count; i++) {
        const struct config_domain *const domain = &reading->config->domain[i];
        const uint32_t devices =
            domain->disk_count + domain->port_count + ((domain->flags & L4_VMM_CONSOLE) != 0) +
            ((domain->flags & L4_VMM_ENTROPY) != 0) + (domain->channel_count != 0);
        if (devices > L4_VM_DEVICES) {
            char path[L4_START_NAME + 16] = "/domains/";
            strncat(path, domain->name, sizeof path - 10);
            config_problem(reading->report, path, "access", "remove some",
                           "more than %u virtual devices", L4_VM_DEVICES);
        }
    }
}

void access_resolve(struct reading *reading)
{
    for (uint32_t i = 0; i < reading->access_count; i++) {
        resolve(reading, &reading->access[i]);
    }
    config_read_switches(reading);
    config_read_channels(reading);
    config_check_dedicated(reading);
    check_counts(reading);
}
