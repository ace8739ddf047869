/*
 * Ethernet switches by themselves: every port of each one that is switched on, used or not.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/format/dt.h>

#include "config_reader.h"

#define MULTICAST 1u
#define MAC "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_BYTES(mac) (mac)[0], (mac)[1], (mac)[2], (mac)[3], (mac)[4], (mac)[5]

static const struct property switch_properties[] = {
    {"compatible", ENCODING_STRINGS},  {"status", ENCODING_STRING},
    {"#address-cells", ENCODING_CELL}, {"#size-cells", ENCODING_CELL},
    {"phandle", ENCODING_CELL},        {NULL, ENCODING_ANY},
};

static const struct property port_properties[] = {
    {"reg", ENCODING_CELL},
    {"label", ENCODING_STRING},
    {"phandle", ENCODING_CELL},
    {"mac-address", ENCODING_MAC},
    {"ethernet", ENCODING_CELL},
    {"pecan,peers", ENCODING_CELLS},
    {"pecan,rate-kbps", ENCODING_CELL},
    {"pecan,broadcast-pps", ENCODING_CELL},
    {"pecan,any-mac", ENCODING_FLAG},
    {NULL, ENCODING_ANY},
};

static bool is_on(const void *tree, int node)
{
    return fdt_node_check_compatible(tree, node, CONFIG_SWITCH) == 0 && dt_enabled(tree, node);
}

/* A property of exactly so many bytes; NULL: absent, or reported already. */
static const void *bytes_of(const void *tree, int node, const char *name, int size)
{
    int length = 0;
    const void *const value = fdt_getprop(tree, node, name, &length);
    return length == size ? value : NULL;
}

/* The port before `port`, of all switches in the tree's order, that has the address; negative:
 * none. */
static int earlier_with_mac(const struct reader *port, const uint8_t *mac)
{
    int node = 0;
    int child = 0;
    fdt_for_each_subnode(node, port->tree, 0)
    {
        if (!is_on(port->tree, node)) {
            continue;
        }
        fdt_for_each_subnode(child, port->tree, node)
        {
            const uint8_t *const other = bytes_of(port->tree, child, "mac-address", 6);
            if (child == port->node) {
                return -1;
            }
            if (other != NULL && node_is_called(port->tree, child, "port") &&
                memcmp(other, mac, 6) == 0) {
                return child;
            }
        }
    }
    return -1;
}

static void check_mac(const struct reader *port)
{
    static const uint8_t zero[6];
    const uint8_t *const mac = bytes_of(port->tree, port->node, "mac-address", 6);
    if (!reader_has(port, "mac-address") && !reader_has(port, "ethernet")) {
        reader_problem(port, "mac-address", "give [02 xx xx xx xx xx], unlike any other port's",
                       "missing");
    }
    if (mac == NULL) {
        return;
    }
    const int other = earlier_with_mac(port, mac);
    if ((mac[0] & MULTICAST) != 0 || memcmp(mac, zero, 6) == 0) {
        reader_problem(port, "mac-address", "give one with an even first byte, not all zero",
                       MAC " is not a unicast address", MAC_BYTES(mac));
    } else if (other >= 0) {
        reader_problem(port, "mac-address", "give each port its own",
                       MAC " is the address of '%s' too", MAC_BYTES(mac),
                       node_name(port->tree, other));
    }
}

static void check_number(const struct reader *port)
{
    const void *const number = bytes_of(port->tree, port->node, "reg", 4);
    int other = 0;
    if (!reader_has(port, "reg")) {
        reader_problem(port, "reg", "give the port's number", "missing");
    }
    fdt_for_each_subnode(other, port->tree, fdt_parent_offset(port->tree, port->node))
    {
        const void *const taken = bytes_of(port->tree, other, "reg", 4);
        if (number == NULL || other == port->node) {
            return;
        }
        if (taken != NULL && memcmp(taken, number, 4) == 0) {
            reader_problem(port, "reg", "number ports apart", "%u is the number of '%s' too",
                           (unsigned int)fdt32_ld(number), node_name(port->tree, other));
            return;
        }
    }
}

static void check_peers(const struct reader *port)
{
    int length = 0;
    const fdt32_t *const phandles = fdt_getprop(port->tree, port->node, "pecan,peers", &length);
    const int parent = fdt_parent_offset(port->tree, port->node);
    for (int i = 0; phandles != NULL && length % 4 == 0 && i < length / 4; i++) {
        const int peer = fdt_node_offset_by_phandle(port->tree, fdt32_ld(&phandles[i]));
        if (peer < 0 || fdt_parent_offset(port->tree, peer) != parent) {
            reader_problem(port, "pecan,peers", "name ports of the same switch",
                           "'%s' is not a port of this switch",
                           peer < 0 ? "?" : node_name(port->tree, peer));
        } else if (peer == port->node) {
            reader_problem(port, "pecan,peers", "remove it from the list",
                           "a port is no peer of its own");
        }
    }
}

static void check_port(const struct reader *port)
{
    reader_check_properties(port, port_properties, "");
    reader_no_children(port, "a port has no children: remove it");
    check_number(port);
    (void)reader_cell(port, "pecan,rate-kbps", 1, UINT32_MAX, 0);
    (void)reader_cell(port, "pecan,broadcast-pps", 1, UINT32_MAX, 0);
    check_mac(port);
    check_peers(port);
}

void config_check_switch(const struct reading *reading, int node)
{
    const struct reader reader = {reading->tree, node, reading->report};
    int child = 0;
    if (!dt_enabled(reading->tree, node)) {
        return;
    }
    reader_check_properties(&reader, switch_properties, "");
    reader_expect_cell(&reader, "#address-cells", 1);
    reader_expect_cell(&reader, "#size-cells", 0);
    if (fdt_first_subnode(reading->tree, node) < 0) {
        reader_problem(&reader, "", "add port@0 { reg = <0>; ... };", "a switch without ports");
    }
    fdt_for_each_subnode(child, reading->tree, node)
    {
        const struct reader port = {reading->tree, child, reading->report};
        if (node_is_called(reading->tree, child, "port")) {
            check_port(&port);
        } else {
            reader_problem(&reader, "", "the children of a switch are port@N", "unknown node '%s'",
                           node_name(reading->tree, child));
        }
    }
}
