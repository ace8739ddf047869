/*
 * Reading the partition configuration: each domain's properties, their encoding and ranges.
 */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "config_reader.h"

#define DOMAIN_COMPATIBLE "openamp,domain-v1"

static const struct property properties[] = {
    {"compatible", ENCODING_STRINGS},
    {"memory", ENCODING_CELLS_4},
    {"cpus", ENCODING_CELLS},
    {"access", ENCODING_CELLS},
    {"phandle", ENCODING_CELL},
    {"status", ENCODING_STRING},
    {"pecan,kernel", ENCODING_STRING},
    {"pecan,kernel-format", ENCODING_STRING},
    {"pecan,load-address", ENCODING_CELLS_2},
    {"pecan,initrd", ENCODING_STRING},
    {"pecan,rom", ENCODING_STRING},
    {"pecan,bootargs", ENCODING_STRING},
    {"pecan,vcpus", ENCODING_CELL},
    {"pecan,priority", ENCODING_CELL},
    {"pecan,budget-us", ENCODING_CELL},
    {"pecan,period-us", ENCODING_CELL},
    {"pecan,pmu", ENCODING_FLAG},
    {"pecan,direct-map", ENCODING_FLAG},
    {"pecan,dma-trusted", ENCODING_FLAG},
    {"pecan,restart", ENCODING_STRING},
    {NULL, ENCODING_ANY},
};

static void read_memory(const struct reader *reader, struct config_domain *domain)
{
    uint64_t base = 0;
    uint64_t size = 0;
    if (!reader_has(reader, "memory")) {
        reader_problem(reader, "memory", "give <address-hi address-lo size-hi size-lo>", "missing");
        return;
    }
    if (!reader_range(reader, "memory", &base, &size)) {
        return; /* reported already */
    }
    const unsigned long long b = base;
    const unsigned long long s = size;
    if (size == 0 || !l4_is_aligned(base | size, L4_PAGE_SIZE)) {
        reader_problem(reader, "memory", "align address and size to 0x1000",
                       "range 0x%llx+0x%llx is empty or not page-aligned", b, s);
    } else if (!l4_range_fits(base, size, UINT64_C(1) << 32)) {
        reader_problem(reader, "memory", "guests see 32-bit addresses: move or shrink it",
                       "range 0x%llx+0x%llx ends above 4 GiB", b, s);
    } else if (domain->direct_map && base != 0) {
        reader_problem(reader, "memory", "give it the address 0x0 0x0",
                       "with pecan,direct-map the machine chooses the place, not 0x%llx", b);
    } else if (!domain->direct_map && base < CONFIG_RAM_BASE) {
        reader_problem(reader, "memory",
                       "start it at 0x40000000, where a guest of the virt machine has RAM",
                       "range 0x%llx+0x%llx covers device addresses", b, s);
    }
    domain->ram_ipa = base;
    domain->ram_size = size;
}

static void read_restart(const struct reader *reader, struct config_domain *domain)
{
    const char *const policy = reader_string(reader, "pecan,restart", "never");
    if (strcmp(policy, "on-failure") == 0) {
        domain->restart = L4_RESTART_ON_FAILURE;
    } else if (strcmp(policy, "never") != 0) {
        reader_problem(reader, "pecan,restart", "give one of never, on-failure",
                       "unknown policy '%s'", policy);
    }
}

static void read_schedule(const struct reader *reader, struct config_domain *domain)
{
    domain->vcpus = reader_cell(reader, "pecan,vcpus", 1, 1, 1);
    domain->priority =
        reader_cell(reader, "pecan,priority", 1, CONFIG_PRIORITY_MAX, CONFIG_PRIORITY_DEFAULT);
    domain->period_us =
        reader_cell(reader, "pecan,period-us", CONFIG_PERIOD_MIN_US, CONFIG_PERIOD_MAX_US, 0);
    domain->budget_us = reader_cell(reader, "pecan,budget-us", 1, CONFIG_PERIOD_MAX_US, 0);
    const bool budget = reader_has(reader, "pecan,budget-us");
    const bool period = reader_has(reader, "pecan,period-us");
    if (budget != period) {
        reader_problem(reader, budget ? "pecan,budget-us" : "pecan,period-us",
                       "give both or neither", "%s is missing",
                       budget ? "pecan,period-us" : "pecan,budget-us");
    } else if (domain->budget_us > domain->period_us) {
        reader_problem(reader, "pecan,budget-us", "give a budget of 1 up to the period",
                       "budget %u is not within the period %u", (unsigned int)domain->budget_us,
                       (unsigned int)domain->period_us);
    }
}

static void read_format(const struct reader *reader, struct config_domain *domain)
{
    static const struct {
        const char *name;
        uint32_t format;
    } formats[] = {
        {"zimage", L4_KERNEL_ZIMAGE},
        {"elf", L4_KERNEL_ELF},
        {"raw", L4_KERNEL_RAW},
        {"rom", L4_KERNEL_NONE},
    };
    const char *const name = reader_string(reader, "pecan,kernel-format", "zimage");
    domain->kernel_format = L4_KERNEL_NONE;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(name, formats[i].name) == 0) {
            domain->kernel_format = formats[i].format;
            return;
        }
    }
    reader_problem(reader, "pecan,kernel-format", "give one of zimage, elf, raw, rom",
                   "unknown format '%s'", name);
}

static void read_load_address(const struct reader *reader, struct config_domain *domain)
{
    const bool raw = domain->kernel != NULL && domain->kernel_format == L4_KERNEL_RAW;
    if (dt_number(reader->tree, reader->node, "pecan,load-address", &domain->load_address) !=
        L4_OK) {
        if (raw && !domain->direct_map) {
            reader_problem(reader, "pecan,load-address", "a raw image needs one", "missing");
        }
        return;
    }
    if (!raw) {
        reader_problem(reader, "pecan,load-address", "remove it", "only a raw kernel has one");
    } else if (domain->direct_map) {
        reader_problem(reader, "pecan,load-address", "remove it",
                       "with pecan,direct-map a raw kernel goes to the start of RAM");
    } else if (domain->load_address < domain->ram_ipa ||
               domain->load_address - domain->ram_ipa >= domain->ram_size) {
        reader_problem(reader, "pecan,load-address", "give an address within it",
                       "0x%llx is outside the domain's memory",
                       (unsigned long long)domain->load_address);
    } else if (!l4_is_aligned(domain->load_address, 4)) {
        reader_problem(reader, "pecan,load-address", "give a multiple of 4",
                       "no instruction can be at 0x%llx", (unsigned long long)domain->load_address);
    }
}

static void read_images(const struct reader *reader, struct config_domain *domain)
{
    domain->kernel = reader_string(reader, "pecan,kernel", NULL);
    domain->initrd = reader_string(reader, "pecan,initrd", NULL);
    domain->rom = reader_string(reader, "pecan,rom", NULL);
    domain->bootargs = reader_string(reader, "pecan,bootargs", "");
    read_format(reader, domain);
    if (!reader_has(reader, "pecan,kernel") && !reader_has(reader, "pecan,rom")) {
        reader_problem(reader, "pecan,kernel", "name an image, or give pecan,rom", "missing");
    }
    if (domain->kernel != NULL && domain->kernel_format == L4_KERNEL_NONE && domain->rom == NULL) {
        domain->rom = domain->kernel; /* pecan,kernel-format = "rom" */
        domain->kernel = NULL;
    }
    read_load_address(reader, domain);
    if (domain->kernel == NULL) {
        domain->kernel_format = L4_KERNEL_NONE;
    }
    if (domain->initrd != NULL && domain->kernel_format != L4_KERNEL_ZIMAGE) {
        reader_problem(reader, "pecan,initrd", "remove it", "format '%s' takes no initrd",
                       reader_string(reader, "pecan,kernel-format", "rom"));
    }
    if (strlen(domain->bootargs) >= L4_START_BOOTARGS) {
        reader_problem(reader, "pecan,bootargs", "shorten it to 1023 characters",
                       "%u characters are too many", (unsigned int)strlen(domain->bootargs));
    }
}

/* It stands in logs, in messages to the host and in names of consoles. */
static void check_name(const struct reader *reader)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    static const char hvc0[] = ".hvc0";
    const char *const name = node_name(reader->tree, reader->node);
    if (strspn(name, letters) != strlen(name) || strspn(name, "._-") != 0) {
        reader_problem(reader, "", "call it by A-Za-z0-9._-, with a letter or digit first",
                       "the domain's name has other characters than it may");
    }
    const size_t length = strlen(name);
    if (length >= sizeof hvc0 - 1 && strcmp(name + length - (sizeof hvc0 - 1), hvc0) == 0) {
        reader_problem(reader, "", "call it otherwise",
                       "a domain's name with '.hvc0' behind it is that of its virtio console");
    }
    if (length >= L4_START_NAME) {
        reader_problem(reader, "", "shorten it to 31 characters", "the domain's name is too long");
    }
}

static void check_node(const struct reader *reader)
{
    if (fdt_node_check_compatible(reader->tree, reader->node, DOMAIN_COMPATIBLE) != 0) {
        reader_problem(reader, "compatible", "write compatible = \"" DOMAIN_COMPATIBLE "\";",
                       "not a domain");
    }
    check_name(reader);
    reader_no_children(reader, "a domain has no children: remove it");
    reader_check_properties(reader, properties, "");
}

static void read_domain(const struct reader *reader, struct config_domain *domain)
{
    check_node(reader);
    domain->name = node_name(reader->tree, reader->node);
    domain->direct_map = reader_has(reader, "pecan,direct-map");
    domain->dma_trusted = reader_has(reader, "pecan,dma-trusted");
    domain->flags = reader_has(reader, "pecan,pmu") ? L4_VMM_PMU : 0;
    read_memory(reader, domain);
    read_schedule(reader, domain);
    read_images(reader, domain);
    read_restart(reader, domain);
}

static bool has_equals(const struct config *config, const struct config_domain *domain)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < config->count; i++) {
        count += config->domain[i].priority == domain->priority;
    }
    return count > 1;
}

/* First in, first out among equals would be: one that never waits starves the others. */
static void take_turns(struct config *config)
{
    for (uint32_t i = 0; i < config->count; i++) {
        struct config_domain *const domain = &config->domain[i];
        if (domain->budget_us == 0 && has_equals(config, domain)) {
            domain->budget_us = domain->period_us = CONFIG_TURN_US;
        }
    }
}

void config_read(const void *tree, struct config *config, struct config_report *report)
{
    static struct reading reading;
    const int domains = fdt_path_offset(tree, "/domains");
    int node = 0;
    memset(config, 0, sizeof *config);
    memset(&reading, 0, sizeof reading);
    reading.tree = tree;
    reading.config = config;
    reading.report = report;
    if (domains < 0) {
        config_problem(report, "/domains", "", "add a /domains node with one node for each VM",
                       "missing");
        return;
    }
    fdt_for_each_subnode(node, tree, domains)
    {
        const struct reader reader = {tree, node, report};
        if (!reader_enabled(&reader)) {
            continue;
        }
        if (config->count == CONFIG_DOMAINS) {
            config_problem(report, "/domains", "", "remove some", "more than %u domains",
                           CONFIG_DOMAINS);
            return;
        }
        read_domain(&reader, &config->domain[config->count]);
        access_collect(&reading, config->count++, node);
    }
    if (config->count == 0) {
        config_problem(report, "/domains", "", "add a node for each VM", "there is no domain");
    }
    take_turns(config);
    config_check_tree(&reading);
    access_resolve(&reading);
}
