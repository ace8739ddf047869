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
    FUZZ_CHECK(strncmp(node, "/domains", 8) == 0);
    FUZZ_CHECK(property != NULL && what[0] != '\0' && remedy[0] != '\0');
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
        FUZZ_CHECK(domain->load_address >= domain->ram_ipa);
        FUZZ_CHECK(domain->load_address - domain->ram_ipa < domain->ram_size);
    }
}

static void check_domain(const struct source *source, const struct config_domain *domain)
{
    check_string(source, domain->name);
    FUZZ_CHECK(strlen(domain->name) < L4_START_NAME);
    FUZZ_CHECK(domain->bootargs != NULL && strlen(domain->bootargs) < L4_START_BOOTARGS);
    FUZZ_CHECK(domain->ram_ipa >= CONFIG_RAM_BASE && domain->ram_size != 0);
    FUZZ_CHECK(l4_is_aligned(domain->ram_ipa | domain->ram_size, L4_PAGE_SIZE));
    FUZZ_CHECK(l4_range_fits(domain->ram_ipa, domain->ram_size, UINT64_C(1) << 32));
    FUZZ_CHECK(domain->vcpus == 1);
    FUZZ_CHECK(domain->priority >= 1 && domain->priority <= CONFIG_PRIORITY_MAX);
    FUZZ_CHECK((domain->budget_us == 0) == (domain->period_us == 0));
    FUZZ_CHECK(domain->budget_us <= domain->period_us);
    FUZZ_CHECK(domain->period_us <= CONFIG_PERIOD_MAX_US);
    FUZZ_CHECK(domain->flags <= L4_VMM_PMU);
    check_images(source, domain);
}

static void read_all(const struct source *source)
{
    static struct config config;
    struct config_report report = {problem, NULL, 0};
    const struct config_board board = {RAM_FREE, image, NULL};
    config_read(source->tree, &config, &report);
    FUZZ_CHECK(config.count <= CONFIG_DOMAINS);
    if (report.count != 0) {
        return;
    }
    FUZZ_CHECK(config.count != 0);
    for (uint32_t i = 0; i < config.count; i++) {
        check_domain(source, &config.domain[i]);
    }
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

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const char *const formats[] = {"zimage", "elf", "raw", "rom"};
    if (n > 4) {
        return 0;
    }
    tree_begin(data, FUZZ_INPUT_MAX);
    tree_root(data);
    tree_node(data, "domains");
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
