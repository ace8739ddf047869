/*
 * Reading the partition configuration: each domain's properties, their encoding and ranges.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "config_private.h"

#define DOMAIN_COMPATIBLE "openamp,domain-v1"
#define TEXT_MAX 160
#define SEE_BINDINGS "see configs/bindings"

void config_problem(struct config_report *report, const char *domain, const char *property,
                    const char *remedy, const char *what, ...)
{
    char node[TEXT_MAX];
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, what);
    (void)vsnprintf(text, sizeof text, what, arguments);
    va_end(arguments);
    (void)snprintf(node, sizeof node, "/domains%s%s", domain[0] != '\0' ? "/" : "", domain);
    report->count++;
    report->problem(report->context, node, property, text, remedy);
}

/* One domain being read. */
struct reader {
    const void *tree;
    int node;
    const char *name;
    struct config_report *report;
};

enum encoding {
    ENCODING_ANY,
    ENCODING_FLAG,
    ENCODING_STRING,
    ENCODING_CELL,
    ENCODING_CELLS_2,
    ENCODING_CELLS_4,
};

static const struct {
    const char *name;
    enum encoding encoding;
} properties[] = {
    {"compatible", ENCODING_ANY},
    {"memory", ENCODING_CELLS_4},
    {"cpus", ENCODING_ANY},
    {"access", ENCODING_ANY},
    {"#access-cells", ENCODING_ANY},
    {"access-flags-names", ENCODING_ANY},
    {"id", ENCODING_ANY},
    {"phandle", ENCODING_ANY},
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
};
#define PROPERTY_COUNT (sizeof properties / sizeof properties[0])

static const char *encoding_problem(enum encoding encoding, const char *value, int length)
{
    switch (encoding) {
    case ENCODING_ANY:
        return NULL;
    case ENCODING_FLAG:
        return length == 0 ? NULL : "is a flag and takes no value";
    case ENCODING_STRING:
        return length > 1 && value[length - 1] == '\0' && strlen(value) == (size_t)length - 1
                   ? NULL
                   : "must be one string";
    case ENCODING_CELL:
        return length == 4 ? NULL : "must be 1 cell";
    case ENCODING_CELLS_2:
        return length == 8 ? NULL : "must be 2 cells: <address-hi address-lo>";
    case ENCODING_CELLS_4:
        return length == 16 ? NULL : "must be one range: <address-hi address-lo size-hi size-lo>";
    }
    return NULL;
}

/* Reports unknown and unreadable properties. */
static void check_properties(const struct reader *reader)
{
    int offset = 0;
    fdt_for_each_property_offset(offset, reader->tree, reader->node)
    {
        const char *name = NULL;
        int length = 0;
        const char *const value = fdt_getprop_by_offset(reader->tree, offset, &name, &length);
        size_t i = 0;
        while (i < PROPERTY_COUNT && strcmp(name, properties[i].name) != 0) {
            i++;
        }
        const char *const what = i < PROPERTY_COUNT
                                     ? encoding_problem(properties[i].encoding, value, length)
                                     : "unknown property";
        if (what != NULL) {
            config_problem(reader->report, reader->name, name,
                           i < PROPERTY_COUNT ? SEE_BINDINGS
                                              : "remove it, or check its spelling against "
                                                "configs/bindings",
                           "%s", what);
        }
    }
}

static bool has(const struct reader *reader, const char *name)
{
    return fdt_getprop(reader->tree, reader->node, name, NULL) != NULL;
}

/* A string property, or `absent`. */
static const char *string(const struct reader *reader, const char *name, const char *absent)
{
    const char *const text = dt_string(reader->tree, reader->node, name);
    return text != NULL ? text : absent;
}

/* A cell within [low, high], or `absent`. */
static uint32_t cell(const struct reader *reader, const char *name, uint32_t low, uint32_t high,
                     uint32_t absent)
{
    int length = 0;
    const fdt32_t *const value = fdt_getprop(reader->tree, reader->node, name, &length);
    if (value == NULL || length != 4) {
        return absent;
    }
    const uint32_t number = fdt32_ld(value);
    if (number < low || number > high) {
        char remedy[48];
        (void)snprintf(remedy, sizeof remedy, low == high ? "give %u" : "give %u to %u",
                       (unsigned int)low, (unsigned int)high);
        config_problem(reader->report, reader->name, name, remedy, "%u is out of range",
                       (unsigned int)number);
    }
    return number;
}

static void read_memory(const struct reader *reader, struct config_domain *domain)
{
    int length = 0;
    const fdt32_t *const cells = fdt_getprop(reader->tree, reader->node, "memory", &length);
    if (cells == NULL) {
        config_problem(reader->report, reader->name, "memory",
                       "give <address-hi address-lo size-hi size-lo>", "missing");
        return;
    }
    if (length != 16) {
        return; /* reported already */
    }
    const uint64_t base = (uint64_t)fdt32_ld(&cells[0]) << 32 | fdt32_ld(&cells[1]);
    const uint64_t size = (uint64_t)fdt32_ld(&cells[2]) << 32 | fdt32_ld(&cells[3]);
    const unsigned long long b = base;
    const unsigned long long s = size;
    if (size == 0 || !l4_is_aligned(base | size, L4_PAGE_SIZE)) {
        config_problem(reader->report, reader->name, "memory", "align address and size to 0x1000",
                       "range 0x%llx+0x%llx is empty or not page-aligned", b, s);
    } else if (!l4_range_fits(base, size, UINT64_C(1) << 32)) {
        config_problem(reader->report, reader->name, "memory",
                       "guests see 32-bit addresses: move or shrink it",
                       "range 0x%llx+0x%llx ends above 4 GiB", b, s);
    } else if (base < CONFIG_RAM_BASE) {
        config_problem(reader->report, reader->name, "memory",
                       "start it at 0x40000000, where a guest of the virt machine has RAM",
                       "range 0x%llx+0x%llx covers device addresses", b, s);
    }
    domain->ram_ipa = base;
    domain->ram_size = size;
}

static void read_schedule(const struct reader *reader, struct config_domain *domain)
{
    domain->vcpus = cell(reader, "pecan,vcpus", 1, 1, 1);
    domain->priority =
        cell(reader, "pecan,priority", 1, CONFIG_PRIORITY_MAX, CONFIG_PRIORITY_DEFAULT);
    domain->period_us =
        cell(reader, "pecan,period-us", CONFIG_PERIOD_MIN_US, CONFIG_PERIOD_MAX_US, 0);
    domain->budget_us = cell(reader, "pecan,budget-us", 1, CONFIG_PERIOD_MAX_US, 0);
    const bool budget = has(reader, "pecan,budget-us");
    const bool period = has(reader, "pecan,period-us");
    if (budget != period) {
        config_problem(reader->report, reader->name, budget ? "pecan,budget-us" : "pecan,period-us",
                       "give both or neither", "%s is missing",
                       budget ? "pecan,period-us" : "pecan,budget-us");
    } else if (domain->budget_us > domain->period_us) {
        config_problem(reader->report, reader->name, "pecan,budget-us",
                       "give a budget of 1 up to the period",
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
    const char *const name = string(reader, "pecan,kernel-format", "zimage");
    domain->kernel_format = L4_KERNEL_NONE;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(name, formats[i].name) == 0) {
            domain->kernel_format = formats[i].format;
            return;
        }
    }
    config_problem(reader->report, reader->name, "pecan,kernel-format",
                   "give one of zimage, elf, raw, rom", "unknown format '%s'", name);
}

static void read_load_address(const struct reader *reader, struct config_domain *domain)
{
    const bool raw = domain->kernel != NULL && domain->kernel_format == L4_KERNEL_RAW;
    if (dt_number(reader->tree, reader->node, "pecan,load-address", &domain->load_address) !=
        L4_OK) {
        if (raw) {
            config_problem(reader->report, reader->name, "pecan,load-address",
                           "a raw image needs one", "missing");
        }
        return;
    }
    if (!raw) {
        config_problem(reader->report, reader->name, "pecan,load-address", "remove it",
                       "only a raw kernel has one");
    } else if (domain->load_address < domain->ram_ipa ||
               domain->load_address - domain->ram_ipa >= domain->ram_size) {
        config_problem(reader->report, reader->name, "pecan,load-address",
                       "give an address within it", "0x%llx is outside the domain's memory",
                       (unsigned long long)domain->load_address);
    }
}

static void read_images(const struct reader *reader, struct config_domain *domain)
{
    domain->kernel = string(reader, "pecan,kernel", NULL);
    domain->initrd = string(reader, "pecan,initrd", NULL);
    domain->rom = string(reader, "pecan,rom", NULL);
    domain->bootargs = string(reader, "pecan,bootargs", "");
    read_format(reader, domain);
    if (domain->kernel == NULL && domain->rom == NULL) {
        config_problem(reader->report, reader->name, "pecan,kernel",
                       "name an image, or give pecan,rom", "missing");
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
        config_problem(reader->report, reader->name, "pecan,initrd", "remove it",
                       "format '%s' takes no initrd", string(reader, "pecan,kernel-format", "rom"));
    }
    if (strlen(domain->bootargs) >= L4_START_BOOTARGS) {
        config_problem(reader->report, reader->name, "pecan,bootargs",
                       "shorten it to 1023 characters", "%u characters are too many",
                       (unsigned int)strlen(domain->bootargs));
    }
}

static void read_domain(const struct reader *reader, struct config_domain *domain)
{
    int child = 0;
    domain->name = reader->name;
    if (fdt_node_check_compatible(reader->tree, reader->node, DOMAIN_COMPATIBLE) != 0) {
        config_problem(reader->report, reader->name, "compatible",
                       "write compatible = \"" DOMAIN_COMPATIBLE "\";", "not a domain");
    }
    if (strlen(reader->name) >= L4_START_NAME) {
        config_problem(reader->report, reader->name, "", "shorten it to 31 characters",
                       "the domain's name is too long");
    }
    fdt_for_each_subnode(child, reader->tree, reader->node)
    {
        config_problem(reader->report, reader->name, "", "a domain has no children: remove it",
                       "unknown node '%s'", fdt_get_name(reader->tree, child, NULL));
    }
    check_properties(reader);
    read_memory(reader, domain);
    read_schedule(reader, domain);
    read_images(reader, domain);
    domain->flags = has(reader, "pecan,pmu") ? L4_VMM_PMU : 0;
}

void config_read(const void *tree, struct config *config, struct config_report *report)
{
    const int domains = fdt_path_offset(tree, "/domains");
    int node = 0;
    memset(config, 0, sizeof *config);
    if (domains < 0) {
        config_problem(report, "", "", "add a /domains node with one node for each VM", "missing");
        return;
    }
    fdt_for_each_subnode(node, tree, domains)
    {
        if (config->count == CONFIG_DOMAINS) {
            config_problem(report, "", "", "remove some", "more than %u domains", CONFIG_DOMAINS);
            return;
        }
        const struct reader reader = {tree, node, fdt_get_name(tree, node, NULL), report};
        read_domain(&reader, &config->domain[config->count++]);
    }
    if (config->count == 0) {
        config_problem(report, "", "", "add a node for each VM", "there is no domain");
    }
}
