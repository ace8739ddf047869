/*
 * Ethernet switches: ports of domains, uplinks to real network devices, who may talk to whom.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/format/dt.h>

#include "config_reader.h"

/* Ports of one switch have the same number: its node's place in the tree, counted. */
static uint32_t network_of(const void *tree, int node)
{
    uint32_t number = 0;
    int other = 0;
    fdt_for_each_subnode(other, tree, 0)
    {
        if (other == node) {
            break;
        }
        number++;
    }
    return number;
}

/* An entry of the table for the node; false: no room. */
static bool add_port(struct reading *reading, const struct reader *reader, uint32_t badge)
{
    struct config *const config = reading->config;
    int length = 0;
    if (config->port_count == L4_START_PORTS) {
        config_problem(reading->report, "/domains", "access", "remove some",
                       "more than %u ports are in use", L4_START_PORTS);
        return false;
    }
    struct l4_start_port *const port = &config->port[config->port_count];
    port->badge = badge;
    port->network = network_of(reader->tree, fdt_parent_offset(reader->tree, reader->node));
    port->rate_kbps = reader_cell(reader, "pecan,rate-kbps", 0, UINT32_MAX, 0);
    port->broadcast_pps = reader_cell(reader, "pecan,broadcast-pps", 0, UINT32_MAX, 0);
    /* Behind an uplink lies a whole network. */
    const bool any_mac = badge == L4_BADGE_NET || reader_has(reader, "pecan,any-mac");
    port->flags = any_mac ? L4_PORT_ANY_MAC : 0;
    const void *const mac = fdt_getprop(reader->tree, reader->node, "mac-address", &length);
    if (mac != NULL && length == (int)sizeof port->mac) {
        memcpy(port->mac, mac, sizeof port->mac);
    }
    reading->port_node[config->port_count++] = reader->node;
    return true;
}

void config_read_port(struct reading *reading, struct access *access)
{
    const struct reader reader = access_reader(reading, access);
    const struct reader port = {reading->tree, access->node, reading->report};
    const struct access *const earlier = access_earlier(reading, access);
    const int parent = fdt_parent_offset(reading->tree, access->node);
    const char *const name = node_name(reading->tree, access->node);
    if (!access_flags_are(reading, access, ACCESS_SHARED, "a port")) {
        return;
    }
    if (earlier != NULL) {
        reader_problem(&reader, "access", "give each domain a port of its own",
                       "'%s' belongs to %s already", name,
                       reading->config->domain[earlier->domain].name);
    } else if (!dt_enabled(reading->tree, parent)) {
        reader_problem(&reader, "access", "switch it on with status = \"okay\"", "'%s' is disabled",
                       node_name(reading->tree, parent));
    } else if (reader_has(&port, "ethernet")) {
        reader_problem(&reader, "access", "give the domain another port",
                       "'%s' is the switch's uplink", name);
    } else if (add_port(reading, &port, config_badge(access->domain))) {
        reading->config->domain[access->domain].port_count++;
    }
}

/* The device is the switch's alone. */
static bool uplink_is_free(const struct reading *reading, const struct reader *reader, int device,
                           uint64_t base)
{
    const struct config *const config = reading->config;
    const char *const name = node_name(reading->tree, device);
    for (uint32_t i = 0; i < config->nic_count; i++) {
        if (config->nic[i].device == base) {
            reader_problem(reader, "ethernet", "one port can have it",
                           "'%s' is the uplink of another port", name);
            return false;
        }
    }
    for (uint32_t i = 0; i < reading->access_count; i++) {
        if (reading->access[i].node == device) {
            reader_problem(reader, "ethernet", "give the domain a port of the switch",
                           "'%s' is dedicated to %s already", name,
                           config->domain[reading->access[i].domain].name);
            return false;
        }
    }
    return true;
}

static void read_uplink(struct reading *reading, const struct reader *reader)
{
    struct config *const config = reading->config;
    uint64_t phandle = 0;
    uint64_t base = 0;
    if (dt_number(reader->tree, reader->node, "ethernet", &phandle) != L4_OK) {
        return; /* reported already */
    }
    const int device = fdt_node_offset_by_phandle(reader->tree, (uint32_t)phandle);
    const struct access nobody = {CONFIG_NOBODY, -1, reader->node, device, ACCESS_SHARED};
    if (device < 0) {
        reader_problem(reader, "ethernet", "name a network device by its label: <&label>",
                       "no node has the phandle 0x%x", (unsigned int)phandle);
    } else if (!device_is(reader->tree, device, "virtio-net-device")) {
        reader_problem(reader, "ethernet", "name one of the board's network devices",
                       "'%s' is not a network device", node_name(reader->tree, device));
    } else if (!device_use(reading, &nobody, device, &base) ||
               !uplink_is_free(reading, reader, device, base)) {
        return;
    } else if (config->nic_count == L4_START_NICS) {
        config_problem(reading->report, "/", "ethernet", "remove some", "more than %u uplinks",
                       L4_START_NICS);
    } else if (add_port(reading, reader, L4_BADGE_NET)) {
        config->nic[config->nic_count++] =
            (struct l4_start_nic){.device = base, .badge = L4_BADGE_NET};
    }
}

/* Bits of the ports that a port names; those that nobody uses have none. */
static uint32_t peers_named(const struct reading *reading, const struct reader *reader,
                            const fdt32_t *phandles, int count)
{
    uint32_t peers = 0;
    for (int i = 0; i < count; i++) {
        const int node = fdt_node_offset_by_phandle(reader->tree, fdt32_ld(&phandles[i]));
        for (uint32_t port = 0; port < reading->config->port_count; port++) {
            peers |= reading->port_node[port] == node ? 1u << port : 0;
        }
    }
    return peers;
}

static void read_peers(const struct reading *reading, uint32_t index)
{
    struct config *const config = reading->config;
    const struct reader reader = {reading->tree, reading->port_node[index], reading->report};
    int length = 0;
    const fdt32_t *const phandles = fdt_getprop(reading->tree, reader.node, "pecan,peers", &length);
    if (phandles != NULL) {
        config->port[index].peers = peers_named(reading, &reader, phandles, length / 4);
        return;
    }
    for (uint32_t other = 0; other < config->port_count; other++) {
        if (other != index && config->port[other].network == config->port[index].network) {
            config->port[index].peers |= 1u << other;
        }
    }
}

static void read_switch(struct reading *reading, int node)
{
    int child = 0;
    fdt_for_each_subnode(child, reading->tree, node)
    {
        const struct reader port = {reading->tree, child, reading->report};
        if (reader_has(&port, "ethernet")) {
            read_uplink(reading, &port);
        }
    }
}

void config_read_switches(struct reading *reading)
{
    int node = 0;
    fdt_for_each_subnode(node, reading->tree, 0)
    {
        if (fdt_node_check_compatible(reading->tree, node, CONFIG_SWITCH) == 0 &&
            dt_enabled(reading->tree, node)) {
            read_switch(reading, node);
        }
    }
    for (uint32_t i = 0; i < reading->config->port_count; i++) {
        read_peers(reading, i);
    }
}
