/*
 * init's reader of the partition configuration: what it accepts keeps every promise that the rest
 * of init builds on.
 */
#include <stdlib.h>

#include <init/config.h>
#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "tree.h"

#define RAM_FREE (UINT64_C(256) << 20)

struct source {
    const uint8_t *tree;
    size_t size;
};

static void problem(void *context, const char *node, const char *property, const char *what,
                    const char *remedy)
{
    (void)context;
    FUZZ_CHECK(node[0] == '/' && property != NULL && what[0] != '\0' && remedy[0] != '\0');
}

static bool image(void *context, const char *name, uint64_t *size)
{
    (void)context;
    *size = strlen(name) * 0x100000u;
    return name[0] != '?';
}

/* A string of the configuration: inside the tree, terminated there. */
static void check_string(const struct source *source, const char *text)
{
    const char *const start = (const char *)source->tree;
    FUZZ_CHECK(text >= start && text < start + source->size);
    FUZZ_CHECK(memchr(text, '\0', (size_t)(start + source->size - text)) != NULL);
}

static void check_images(const struct source *source, const struct config_domain *domain)
{
    const char *const images[] = {domain->kernel, domain->initrd, domain->rom};
    for (size_t i = 0; i < 3; i++) {
        if (images[i] != NULL) {
            check_string(source, images[i]);
        }
    }
    FUZZ_CHECK(domain->kernel != NULL || domain->rom != NULL);
    FUZZ_CHECK((domain->kernel != NULL) == (domain->kernel_format != L4_KERNEL_NONE));
    FUZZ_CHECK(domain->kernel_format <= L4_KERNEL_RAW);
    FUZZ_CHECK(domain->initrd == NULL || domain->kernel_format == L4_KERNEL_ZIMAGE);
    if (domain->kernel_format == L4_KERNEL_RAW) {
        FUZZ_CHECK(domain->direct_map || domain->load_address >= domain->ram_ipa);
        FUZZ_CHECK(domain->load_address - domain->ram_ipa < domain->ram_size);
    }
}

static void check_domain(const struct source *source, const struct config_domain *domain)
{
    check_string(source, domain->name);
    FUZZ_CHECK(strlen(domain->name) < L4_START_NAME);
    FUZZ_CHECK(domain->bootargs != NULL && strlen(domain->bootargs) < L4_START_BOOTARGS);
    FUZZ_CHECK(domain->direct_map ? domain->ram_ipa == 0 : domain->ram_ipa >= CONFIG_RAM_BASE);
    FUZZ_CHECK(domain->ram_size != 0);
    FUZZ_CHECK(l4_is_aligned(domain->ram_ipa | domain->ram_size, L4_PAGE_SIZE));
    FUZZ_CHECK(l4_range_fits(domain->ram_ipa, domain->ram_size, UINT64_C(1) << 32));
    FUZZ_CHECK(domain->vcpus == 1);
    FUZZ_CHECK(domain->priority >= 1 && domain->priority <= CONFIG_PRIORITY_MAX);
    FUZZ_CHECK((domain->budget_us == 0) == (domain->period_us == 0));
    FUZZ_CHECK(domain->budget_us <= domain->period_us);
    FUZZ_CHECK(domain->period_us <= CONFIG_PERIOD_MAX_US);
    FUZZ_CHECK(domain->flags <= (L4_VMM_PMU | L4_VMM_CONSOLE | L4_VMM_ENTROPY));
    FUZZ_CHECK(domain->restart <= L4_RESTART_ON_FAILURE);
    check_images(source, domain);
}

/* Whom the badge names. */
static bool is_domain(const struct config *config, uint32_t badge)
{
    return badge >= config_badge(0) && badge < config_badge(config->count);
}

static void check_disks(const struct config *config)
{
    FUZZ_CHECK(config->disk_count <= L4_START_DISKS);
    for (uint32_t i = 0; i < config->disk_count; i++) {
        const struct l4_start_disk *const disk = &config->disk[i];
        FUZZ_CHECK(is_domain(config, disk->badge) && disk->sectors != 0);
        for (uint32_t j = 0; j < i; j++) {
            FUZZ_CHECK(config->disk[j].device != disk->device ||
                       !l4_range_overlaps(config->disk[j].first, config->disk[j].sectors,
                                          disk->first, disk->sectors));
        }
    }
}

static void check_network(const struct config *config)
{
    FUZZ_CHECK(config->port_count <= L4_START_PORTS && config->nic_count <= L4_START_NICS);
    FUZZ_CHECK(config->channel_count <= L4_START_CHANNELS);
    for (uint32_t i = 0; i < config->port_count; i++) {
        const struct l4_start_port *const port = &config->port[i];
        FUZZ_CHECK(is_domain(config, port->badge) || port->badge == L4_BADGE_NET);
        FUZZ_CHECK(port->peers >> config->port_count == 0);
        for (uint32_t j = 0; j < config->port_count; j++) {
            FUZZ_CHECK((port->peers >> j & 1u) == 0 || config->port[j].network == port->network);
        }
    }
    for (uint32_t i = 0; i < config->channel_count; i++) {
        const struct config_channel *const channel = &config->channel[i];
        FUZZ_CHECK(is_domain(config, channel->ends.badge[0]));
        FUZZ_CHECK(is_domain(config, channel->ends.badge[1]));
        FUZZ_CHECK(channel->ends.badge[0] != channel->ends.badge[1]);
        FUZZ_CHECK(channel->ends.size == 4096 || channel->ends.size == 8192 ||
                   channel->ends.size == 16384);
        FUZZ_CHECK(channel->port != 0 && channel->port <= 65535);
    }
}

/* Nobody's page holds registers of somebody else's device. */
static void check_grants(const struct config *config)
{
    FUZZ_CHECK(config->grant_count <= L4_START_GRANTS && config->device_count <= CONFIG_DEVICES);
    for (uint32_t i = 0; i < config->grant_count; i++) {
        FUZZ_CHECK(is_domain(config, config->grant[i].badge));
        for (uint32_t j = 0; j < i; j++) {
            FUZZ_CHECK(config->grant[i].badge == config->grant[j].badge ||
                       config->grant[i].base / L4_PAGE_SIZE !=
                           config->grant[j].base / L4_PAGE_SIZE);
        }
        for (uint32_t j = 0; j < config->disk_count; j++) {
            FUZZ_CHECK(config->grant[i].base != config->disk[j].device);
        }
        for (uint32_t j = 0; j < config->nic_count; j++) {
            FUZZ_CHECK(config->grant[i].base != config->nic[j].device);
        }
    }
}

static void read_all(const struct source *source)
{
    static struct config config;
    struct config_report report = {problem, NULL, 0};
    const struct config_board board = {RAM_FREE, image, NULL, NULL, 0};
    config_read(source->tree, &config, &report);
    FUZZ_CHECK(config.count <= CONFIG_DOMAINS);
    if (report.count != 0) {
        return;
    }
    FUZZ_CHECK(config.count != 0);
    for (uint32_t i = 0; i < config.count; i++) {
        check_domain(source, &config.domain[i]);
    }
    check_disks(&config);
    check_network(&config);
    check_grants(&config);
    config_check(&config, &board, &report);
    uint64_t total = 0;
    for (uint32_t i = 0; i < config.count; i++) {
        total += config.domain[i].ram_size;
    }
    FUZZ_CHECK(report.count != 0 || total <= RAM_FREE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t *const tree = fuzz_bytes(&in, size);
    if (dt_check(tree, size)) {
        read_all(&(struct source){tree, size});
    }
    free(tree);
    return 0;
}

static void seed_cells(void *tree, unsigned int address, unsigned int size)
{
    tree_cells(tree, "#address-cells", 1, address);
    tree_cells(tree, "#size-cells", 1, size);
}

static void seed_domain(void *tree, const char *name, const char *format)
{
    tree_node(tree, name);
    tree_string(tree, "compatible", "openamp,domain-v1");
    tree_cells(tree, "memory", 4, 0u, 0x40000000u, 0u, 0x4000000u);
    tree_cells(tree, "cpus", 3, 1u, 1u, 0u);
    tree_string(tree, "pecan,kernel", "linux");
    tree_string(tree, "pecan,kernel-format", format);
    if (strcmp(format, "zimage") == 0) {
        tree_string(tree, "pecan,initrd", "initrd");
        tree_string(tree, "pecan,bootargs", "console=ttyAMA0");
        tree_bytes(tree, "pecan,pmu", NULL, 0);
    } else if (strcmp(format, "raw") == 0) {
        tree_cells(tree, "pecan,load-address", 2, 0u, 0x40008000u);
        tree_string(tree, "pecan,rom", "rom");
    }
    tree_cells(tree, "pecan,vcpus", 1, 1u);
    tree_cells(tree, "pecan,priority", 1, 100u);
    tree_cells(tree, "pecan,budget-us", 1, 5000u);
    tree_cells(tree, "pecan,period-us", 1, 10000u);
    tree_end(tree);
}

static void seed_device(void *tree, const char *name, unsigned int base, const char *kind,
                        unsigned int phandle)
{
    tree_node(tree, name);
    tree_string(tree, "compatible", "virtio,mmio");
    tree_cells(tree, "reg", 4, 0u, base, 0u, 0x200u);
    tree_cells(tree, "interrupts", 3, 0u, 16u + (base >> 9 & 0xffu), 1u);
    tree_string(tree, "pecan,qemu-device", kind);
    tree_string(tree, "status", "okay");
    tree_cells(tree, "phandle", 1, phandle);
}

static void seed_partition(void *tree, const char *name, unsigned int offset, unsigned int phandle)
{
    tree_node(tree, name);
    tree_string(tree, "label", name);
    tree_cells(tree, "reg", 4, 0u, offset, 0u, 0x100000u);
    tree_cells(tree, "phandle", 1, phandle);
    tree_end(tree);
}

static void seed_port(void *tree, const char *name, unsigned int n, unsigned int phandle)
{
    const uint8_t mac[] = {2, 0, 0, 0, 0, (uint8_t)n};
    tree_node(tree, name);
    tree_cells(tree, "reg", 1, n);
    tree_cells(tree, "phandle", 1, phandle);
    tree_cells(tree, "pecan,rate-kbps", 1, 1000u);
    if (n == 2) {
        tree_cells(tree, "ethernet", 1, 7u);
    } else {
        tree_bytes(tree, "mac-address", mac, sizeof mac);
        tree_cells(tree, "pecan,peers", 2, n == 0 ? 5u : 4u, 6u);
    }
    tree_end(tree);
}

/* Everything that `access` can name. */
static void seed_board(void *tree)
{
    seed_device(tree, "disk@a000000", 0x0a000000, "virtio-blk-device", 20);
    tree_cells(tree, "pecan,size", 2, 0u, 0x200000u);
    tree_node(tree, "partitions");
    tree_string(tree, "compatible", "fixed-partitions");
    seed_cells(tree, 2, 2);
    seed_partition(tree, "partition@0", 0, 1);
    seed_partition(tree, "partition@100000", 0x100000, 2);
    tree_end(tree);
    tree_end(tree);
    seed_device(tree, "net@a000200", 0x0a000200, "virtio-net-device", 7);
    tree_end(tree);
    seed_device(tree, "rng@a000600", 0x0a000600, "virtio-rng-device", 8);
    tree_end(tree);
    seed_device(tree, "net@a003000", 0x0a003000, "virtio-net-device", 9);
    tree_end(tree);
    tree_node(tree, "switch");
    tree_string(tree, "compatible", "pecan,ethernet-switch");
    seed_cells(tree, 1, 0);
    seed_port(tree, "port@0", 0, 4);
    seed_port(tree, "port@1", 1, 5);
    seed_port(tree, "port@2", 2, 6);
    tree_end(tree);
    tree_node(tree, "channel");
    tree_string(tree, "compatible", "pecan,channel");
    tree_cells(tree, "pecan,port", 1, 5000u);
    tree_cells(tree, "pecan,size", 1, 8192u);
    tree_cells(tree, "phandle", 1, 3u);
    tree_end(tree);
}

static size_t seed_access(uint8_t *data)
{
    tree_begin(data, FUZZ_INPUT_MAX);
    tree_root(data);
    seed_board(data);
    tree_node(data, "domains");
    seed_cells(data, 2, 2);
    for (unsigned int i = 0; i < 2; i++) {
        tree_node(data, i == 0 ? "a" : "b");
        tree_string(data, "compatible", "openamp,domain-v1");
        tree_cells(data, "memory", 4, 0u, i == 0 ? 0x40000000u : 0u, 0u, 0x400000u);
        tree_string(data, "pecan,kernel", "linux");
        tree_string(data, "pecan,restart", "on-failure");
        if (i == 0) {
            tree_cells(data, "access", 8, 1u, 0u, 4u, 0u, 3u, 0u, 8u, 0u);
        } else {
            tree_cells(data, "access", 8, 2u, 0u, 5u, 0u, 3u, 2u, 9u, 1u);
            tree_bytes(data, "pecan,direct-map", NULL, 0);
            tree_bytes(data, "pecan,dma-trusted", NULL, 0);
        }
        tree_end(data);
    }
    tree_end(data);
    return tree_finish(data);
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const char *const formats[] = {"zimage", "elf", "raw", "rom"};
    if (n > 5) {
        return 0;
    }
    if (n == 5) {
        return seed_access(data);
    }
    tree_begin(data, FUZZ_INPUT_MAX);
    tree_root(data);
    tree_node(data, "domains");
    seed_cells(data, 2, 2);
    for (unsigned int i = 0; i < 4; i++) {
        if (n == 4 || n == i) {
            char name[8] = "vm0";
            name[2] = (char)('0' + i);
            seed_domain(data, name, formats[i]);
        }
    }
    tree_end(data);
    return tree_finish(data);
}
