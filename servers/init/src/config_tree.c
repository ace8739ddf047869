/*
 * What holds for every node of the root, whether a domain uses it or not.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/format/dt.h>

#include "config_reader.h"

static const struct property device_properties[] = {
    {"pecan,size", ENCODING_CELLS_2},
    {"pecan,qemu-device", ENCODING_STRING},
    {"pecan,qemu-bus", ENCODING_STRING},
    {"pecan,qemu-drive", ENCODING_STRING},
    {NULL, ENCODING_ANY},
};

/* Nodes of the root that are nobody's device. */
static bool is_other(const void *tree, int node)
{
    static const char *const names[] = {
        "domains", "chosen",      "aliases",    "cpus",
        "memory",  "__symbols__", "__fixups__", "__local_fixups__",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (node_is_called(tree, node, names[i])) {
            return true;
        }
    }
    return false;
}

bool node_is_called(const void *tree, int node, const char *name)
{
    const char *const own = node_name(tree, node);
    return strcspn(own, "@") == strlen(name) && strncmp(own, name, strlen(name)) == 0;
}

bool node_is_device(const void *tree, int node)
{
    return fdt_parent_offset(tree, node) == 0 && !is_other(tree, node) &&
           fdt_node_check_compatible(tree, node, CONFIG_SWITCH) != 0 &&
           fdt_node_check_compatible(tree, node, CONFIG_CHANNEL) != 0 &&
           fdt_getprop(tree, node, "reg", NULL) != NULL &&
           fdt_getprop(tree, node, "compatible", NULL) != NULL;
}

static void check_device(const struct reader *device)
{
    const int partitions = fdt_subnode_offset(device->tree, device->node, "partitions");
    reader_check_properties(device, device_properties, "pecan,");
    if (!reader_enabled(device)) {
        return;
    }
    if (device_is(device->tree, device->node, "virtio-blk-device")) {
        config_check_disk(device);
    } else if (partitions >= 0) {
        reader_problem(device, "", "remove them", "has partitions but is no disk");
    }
}

/* Domains are known by their names. */
static void check_names(const struct reader *domains)
{
    int node = 0;
    fdt_for_each_subnode(node, domains->tree, domains->node)
    {
        const struct reader domain = {domains->tree, node, domains->report};
        char name[L4_START_NAME];
        int other = 0;
        strncpy(name, node_name(domains->tree, node), sizeof name - 1);
        name[sizeof name - 1] = '\0';
        name[strcspn(name, "@")] = '\0';
        fdt_for_each_subnode(other, domains->tree, domains->node)
        {
            if (other == node) {
                break;
            }
            if (node_is_called(domains->tree, other, name)) {
                reader_problem(&domain, "", "give each domain its own name",
                               "another domain is called '%s' too", name);
            }
        }
    }
}

void config_check_tree(struct reading *reading)
{
    const struct reader domains = {reading->tree, fdt_path_offset(reading->tree, "/domains"),
                                   reading->report};
    int node = 0;
    reader_expect_cell(&domains, "#address-cells", 2);
    reader_expect_cell(&domains, "#size-cells", 2);
    check_names(&domains);
    fdt_for_each_subnode(node, reading->tree, 0)
    {
        const struct reader reader = {reading->tree, node, reading->report};
        if (node_is_device(reading->tree, node)) {
            check_device(&reader);
        } else if (fdt_node_check_compatible(reading->tree, node, CONFIG_SWITCH) == 0) {
            config_check_switch(reading, node);
        } else if (fdt_node_check_compatible(reading->tree, node, CONFIG_CHANNEL) != 0 &&
                   !is_other(reading->tree, node)) {
            reader_problem(&reader, "", "remove it, or give it compatible and reg", "unknown node");
        }
    }
}
