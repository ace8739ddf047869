/*
 * Message channels: each between exactly two domains, numbered in the order of their `access`.
 *
 * The table of ipc-net has one order for all, from which each end's number follows. So channels are
 * put there one by one, each when it is the next one of both its domains.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/format/dt.h>
#include <l4/proto/channel.h>

#include "config_reader.h"

static const struct property channel_properties[] = {
    {"compatible", ENCODING_STRINGS},
    {"phandle", ENCODING_CELL},
    {"label", ENCODING_STRING},
    {"status", ENCODING_STRING},
    {"pecan,port", ENCODING_CELL},
    {"pecan,size", ENCODING_CELL},
    {NULL, ENCODING_ANY},
};

static bool is_channel(const struct reading *reading, int node)
{
    return fdt_node_check_compatible(reading->tree, node, CONFIG_CHANNEL) == 0;
}

/* The entries that name the node, at most two; returns how many there are. */
static uint32_t ends_of(const struct reading *reading, int node, const struct access *end[2])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < reading->access_count; i++) {
        if (reading->access[i].node == node) {
            if (count < 2) {
                end[count] = &reading->access[i];
            }
            count++;
        }
    }
    return count;
}

static void check_end(const struct reading *reading, const struct access *access)
{
    const struct reader reader = access_reader(reading, access);
    const char *const name = node_name(reading->tree, access->node);
    if (access->flags == ACCESS_DEDICATED) {
        reader_problem(&reader, "access", "give PECAN_SHARED or PECAN_MEMORY",
                       "'%s' is a channel and takes PECAN_SHARED or PECAN_MEMORY, not "
                       "PECAN_DEDICATED",
                       name);
    }
    if (!dt_enabled(reading->tree, access->node)) {
        reader_problem(&reader, "access", "switch it on with status = \"okay\"", "'%s' is disabled",
                       name);
    }
}

static void check_channel(const struct reading *reading, int node)
{
    const struct reader reader = {reading->tree, node, reading->report};
    const struct access *end[2] = {NULL, NULL};
    const uint32_t count = ends_of(reading, node, end);
    reader_check_properties(&reader, channel_properties, "");
    reader_no_children(&reader, "a channel has no children: remove it");
    if (!reader_has(&reader, "pecan,port")) {
        reader_problem(&reader, "pecan,port", "give 1 to 65535", "missing");
    }
    (void)reader_cell(&reader, "pecan,port", 1, 65535, 0);
    const uint32_t size = reader_cell(&reader, "pecan,size", L4_CHANNEL_SIZE_MIN,
                                      L4_CHANNEL_SIZE_MAX, L4_CHANNEL_SIZE_MIN);
    if (size >= L4_CHANNEL_SIZE_MIN && size <= L4_CHANNEL_SIZE_MAX && (size & (size - 1)) != 0) {
        reader_problem(&reader, "pecan,size", "give 4096, 8192 or 16384",
                       "%u is not a power of two", (unsigned int)size);
    }
    if (count != 2 && (count != 0 || dt_enabled(reading->tree, node))) {
        reader_problem(&reader, "", "name it in the access of exactly two domains",
                       "%u domain%s it", (unsigned int)count, count == 1 ? " has" : "s have");
    }
}

/* The channel that is next for the entry's domain: the first that is not in the table yet. */
static const struct access *next_of(const struct reading *reading, const bool *placed,
                                    uint32_t domain)
{
    for (uint32_t i = 0; i < reading->access_count; i++) {
        const struct access *const access = &reading->access[i];
        if (access->domain == domain && !placed[i] && is_channel(reading, access->node)) {
            return access;
        }
    }
    return NULL;
}

static void place(struct reading *reading, bool *placed, const struct access *const end[2])
{
    const struct reader reader = {reading->tree, end[0]->node, reading->report};
    struct config *const config = reading->config;
    placed[end[0] - reading->access] = placed[end[1] - reading->access] = true;
    if (config->channel_count == L4_START_CHANNELS) {
        config_problem(reading->report, "/domains", "access", "remove some",
                       "more than %u channels", L4_START_CHANNELS);
        return;
    }
    struct config_channel *const channel = &config->channel[config->channel_count++];
    uint64_t number = 0;
    if (dt_number(reading->tree, reader.node, "pecan,port", &number) == L4_OK) {
        channel->port = (uint32_t)number;
    }
    number = L4_CHANNEL_SIZE_MIN;
    if (dt_number(reading->tree, reader.node, "pecan,size", &number) != L4_OK) {
        number = L4_CHANNEL_SIZE_MIN;
    }
    channel->ends.size = (uint32_t)number;
    for (uint32_t i = 0; i < 2; i++) {
        channel->ends.badge[i] = config_badge(end[i]->domain);
        channel->flags[i] = end[i]->flags == ACCESS_MEMORY ? L4_CHANNEL_MEMORY : 0;
        config->domain[end[i]->domain].channel_count++;
    }
}

/* One more channel that is next for both its domains; false: there is none. */
static bool place_next(struct reading *reading, bool *placed)
{
    for (uint32_t i = 0; i < reading->access_count; i++) {
        const struct access *end[2] = {NULL, NULL};
        const struct access *const access = &reading->access[i];
        if (placed[i] || !is_channel(reading, access->node)) {
            continue;
        }
        if (ends_of(reading, access->node, end) != 2) {
            placed[i] = true; /* reported already */
            return true;
        }
        if (next_of(reading, placed, end[0]->domain) == end[0] &&
            next_of(reading, placed, end[1]->domain) == end[1]) {
            place(reading, placed, end);
            return true;
        }
    }
    return false;
}

static void check_order(const struct reading *reading, const bool *placed)
{
    for (uint32_t i = 0; i < reading->access_count; i++) {
        const struct reader reader = access_reader(reading, &reading->access[i]);
        if (!placed[i] && is_channel(reading, reading->access[i].node)) {
            reader_problem(&reader, "access", "name channels in the same order in all domains",
                           "'%s' comes earlier in this domain and later in another",
                           node_name(reading->tree, reading->access[i].node));
            return;
        }
    }
}

/* Within one domain: the number of channels, and their ports. */
static void check_domain(const struct reading *reading, uint32_t domain)
{
    const struct config *const config = reading->config;
    const struct config_channel *own[L4_START_CHANNELS];
    uint32_t count = 0;
    char path[L4_START_NAME + 16] = "/domains/";
    strncat(path, config->domain[domain].name, sizeof path - 10);
    for (uint32_t i = 0; i < config->channel_count; i++) {
        const struct config_channel *const channel = &config->channel[i];
        if (channel->ends.badge[0] != config_badge(domain) &&
            channel->ends.badge[1] != config_badge(domain)) {
            continue;
        }
        for (uint32_t other = 0; other < count; other++) {
            if (own[other]->port == channel->port) {
                config_problem(reading->report, path, "access", "give each channel its own port",
                               "two of its channels have pecan,port %u",
                               (unsigned int)channel->port);
            }
        }
        own[count++] = channel;
    }
    if (count > L4_START_VM_CHANNELS) {
        config_problem(reading->report, path, "access", "remove some", "more than %u channels",
                       L4_START_VM_CHANNELS);
    }
}

void config_read_channels(struct reading *reading)
{
    static bool placed[CONFIG_ACCESS];
    int node = 0;
    memset(placed, 0, sizeof placed);
    fdt_for_each_subnode(node, reading->tree, 0)
    {
        if (is_channel(reading, node)) {
            check_channel(reading, node);
        }
    }
    for (uint32_t i = 0; i < reading->access_count; i++) {
        if (is_channel(reading, reading->access[i].node)) {
            check_end(reading, &reading->access[i]);
        }
    }
    while (place_next(reading, placed)) {
    }
    check_order(reading, placed);
    for (uint32_t i = 0; i < reading->config->count; i++) {
        check_domain(reading, i);
    }
}
