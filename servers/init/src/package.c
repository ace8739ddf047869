/*
 * The boot package: mapping it, its configuration, and verified images out of it.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>
#include <l4/log.h>
#include <l4/memory.h>

#include "init.h"

/* Congruent with 2 MiB, as the loader places the package: mapped with few tables. */
#define PACKAGE_ADDRESS 0x40000000u
/* In the same GiB, so that no further table of the upper level is needed. */
#define BOARD_TREE_ADDRESS 0x70000000u
#define VERIFIED_MAX (3u * CONFIG_DOMAINS + 5u)
#define NET_IMAGE "ipc-net"
#define WORTH_A_LINE (1u << 20) /* verifying more than this takes a while in emulation */

static const char *verified[VERIFIED_MAX];
static uint32_t verified_count;

static _Noreturn void refuse(const char *subject, const struct format_error *error)
{
    l4_log("ERROR: image %s: %s: %s; %s", subject, error->where, error->what, error->remedy);
    init_end(1);
}

void package_image(const char *name, struct fit_image *image)
{
    struct format_error error;
    if (fit_find(&init.fit, name, image, &error) != L4_OK) {
        refuse(name, &error);
    }
    for (uint32_t i = 0; i < verified_count; i++) {
        if (strcmp(verified[i], name) == 0) {
            return;
        }
    }
    if (image->size > WORTH_A_LINE) {
        const uint32_t tenths = (uint32_t)((image->size * 10 + (1u << 19)) >> 20);
        l4_log("verifying %s (%u.%u MiB)", name, (unsigned int)(tenths / 10),
               (unsigned int)(tenths % 10));
    }
    if (fit_verify(image, &error) != L4_OK) {
        refuse(name, &error);
    }
    if (!l4_is_aligned(image->offset, L4_PAGE_SIZE)) {
        init_fail(name, "the image does not start at a page of the package", L4_OK,
                  "pack it again with tools/mkfit.py");
    }
    if (verified_count < VERIFIED_MAX) {
        verified[verified_count++] = image->name;
    }
}

l4_status_t package_share(size_t offset, size_t size, uint32_t rights, l4_cap_t *region)
{
    *region = init_slot();
    return l4_region_share(init.fit_region, offset, (uint32_t)l4_align_up(size, L4_PAGE_SIZE),
                           *region, rights);
}

static bool image_size(void *context, const char *name, uint64_t *size)
{
    (void)context;
    struct fit_image image;
    struct format_error error;
    const l4_status_t status = fit_find(&init.fit, name, &image, &error);
    if (status == L4_ERR_FORMAT) {
        refuse(name, &error);
    }
    *size = status == L4_OK ? image.size : 0;
    return status == L4_OK;
}

static void log_problem(void *context, const char *node, const char *property, const char *what,
                        const char *remedy)
{
    (void)context;
    l4_log("ERROR: %s:%s%s%s %s; %s", node, property[0] != '\0' ? " " : "", property,
           property[0] != '\0' ? ":" : "", what, remedy);
}

static void stop_on_problems(void)
{
    if (init.report.count != 0) {
        l4_log("the configuration has %u problem%s: nothing is started",
               (unsigned int)init.report.count, init.report.count == 1 ? "" : "s");
        init_end(1);
    }
}

/* The board's device tree, for the time of the checks; NULL: there is none to be read. */
static const void *open_board_tree(void)
{
    const void *const tree = (const void *)BOARD_TREE_ADDRESS;
    if (init.dtb_region == L4_CAP_NULL ||
        l4_aspace_map(L4_ROOT_ASPACE, init.dtb_region, BOARD_TREE_ADDRESS, L4_MAP_READ) != L4_OK) {
        return NULL;
    }
    return dt_check(tree, init.root->dtb_size) ? tree : NULL;
}

static uint64_t board_memory(const void *tree)
{
    uint64_t total = 0;
    for (int node = fdt_node_offset_by_prop_value(tree, -1, "device_type", "memory", 7); node >= 0;
         node = fdt_node_offset_by_prop_value(tree, node, "device_type", "memory", 7)) {
        uint64_t base = 0;
        uint64_t size = 0;
        for (uint32_t i = 0; dt_reg(tree, node, i, &base, &size) == L4_OK; i++) {
            total += size;
        }
    }
    return total;
}

static void read_configuration(void)
{
    struct fit_image image;
    const void *const tree = open_board_tree();
    if (tree == NULL) {
        init_fail("the board's device tree", "cannot be read", L4_OK, "report this");
    }
    const struct config_board board = {memory_free(), image_size, NULL, tree, init.root->uart};
    init.board_memory = board_memory(tree);
    package_image("config", &image);
    if (!dt_check(image.data, image.size)) {
        init_fail("image config", "it is not a device tree", L4_OK,
                  "compile the partition configuration with dtc");
    }
    init.report = (struct config_report){log_problem, NULL, 0};
    config_read(image.data, &init.config, &init.report);
    stop_on_problems();
    config_check(&init.config, &board, &init.report);
    stop_on_problems();
    const l4_status_t status = memory_unmap(init.dtb_region);
    (void)status; /* mapped above */
}

static void verify_if_named(const char *name)
{
    struct fit_image image;
    if (name != NULL) {
        package_image(name, &image);
    }
}

void package_open(void)
{
    struct format_error error;
    const l4_status_t status =
        l4_aspace_map(L4_ROOT_ASPACE, init.fit_region, PACKAGE_ADDRESS, L4_MAP_READ);
    if (status != L4_OK) {
        init_fail("the package", "cannot be mapped", status, "make it smaller");
    }
    if (fit_open(&init.fit, (const void *)PACKAGE_ADDRESS, init.root->fit_size, &error) != L4_OK) {
        refuse("package", &error);
    }
    read_configuration();
    verify_if_named("devmgr");
    verify_if_named("vmm");
    verify_if_named(net_wanted() ? NET_IMAGE : NULL);
    for (uint32_t i = 0; i < init.config.count; i++) {
        verify_if_named(init.config.domain[i].kernel);
        verify_if_named(init.config.domain[i].initrd);
        verify_if_named(init.config.domain[i].rom);
    }
    l4_log("%u domain%s configured, %u images verified", (unsigned int)init.config.count,
           init.config.count == 1 ? "" : "s", (unsigned int)verified_count);
}
