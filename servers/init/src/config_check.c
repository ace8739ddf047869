/*
 * Checks of a configuration against the package and the board.
 */
#include <stdarg.h>
#include <stdio.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "config_reader.h"

#define ROM_MAX (64u << 20) /* flash of the virt machine: 0 .. 0x04000000 */
#define MIB 20u
#define NET_IMAGE "ipc-net"

/* Against a domain; `what` is formatted. */
__attribute__((format(printf, 5, 6))) static void
domain_problem(struct config_report *report, const struct config_domain *domain,
               const char *property, const char *remedy, const char *what, ...)
{
    char path[L4_START_NAME + 16];
    char text[160];
    va_list arguments;
    va_start(arguments, what);
    (void)vsnprintf(text, sizeof text, what, arguments);
    va_end(arguments);
    (void)snprintf(path, sizeof path, "/domains/%s", domain->name);
    config_problem(report, path, property, remedy, "%s", text);
}

static void check_image(const struct config_domain *domain, const char *property, const char *name,
                        uint64_t limit, const struct config_board *board,
                        struct config_report *report)
{
    uint64_t size = 0;
    if (name == NULL) {
        return;
    }
    if (!board->image(board->context, name, &size)) {
        domain_problem(report, domain, property,
                       "correct the name, or add the image to the package", "no image named '%s'",
                       name);
    } else if (size > limit) {
        domain_problem(report, domain, property, "give the domain more memory",
                       "image '%s' of 0x%llx bytes does not fit into 0x%llx", name,
                       (unsigned long long)size, (unsigned long long)limit);
    }
}

static void check_images(const struct config_domain *domain, const struct config_board *board,
                         struct config_report *report)
{
    const uint64_t room = domain->kernel_format == L4_KERNEL_RAW && !domain->direct_map
                              ? domain->ram_size - (domain->load_address - domain->ram_ipa)
                              : domain->ram_size;
    /* An ELF file's symbols need no guest RAM; its segments are checked when it is loaded. */
    check_image(domain, "pecan,kernel", domain->kernel,
                domain->kernel_format == L4_KERNEL_ELF ? UINT32_MAX : room, board, report);
    check_image(domain, "pecan,initrd", domain->initrd, domain->ram_size, board, report);
    check_image(domain, "pecan,rom", domain->rom, ROM_MAX, board, report);
}

/* True when the board has a device with these registers and this driver's name. */
static bool board_has(const void *tree, const struct config_device *device)
{
    for (int node = fdt_node_offset_by_compatible(tree, -1, device->compatible); node >= 0;
         node = fdt_node_offset_by_compatible(tree, node, device->compatible)) {
        uint64_t base = 0;
        uint64_t size = 0;
        if (dt_enabled(tree, node) && dt_reg(tree, node, 0, &base, &size) == L4_OK &&
            base == device->base) {
            return true;
        }
    }
    return false;
}

static void check_devices(const struct config *config, const struct config_board *board,
                          struct config_report *report)
{
    for (uint32_t i = 0; i < config->device_count; i++) {
        const struct config_device *const device = &config->device[i];
        char path[64];
        (void)snprintf(path, sizeof path, "/%.60s", device->name);
        if (board->tree != NULL && !board_has(board->tree, device)) {
            config_problem(report, path, "reg", "correct the board's file, or use this board's",
                           "the board has no '%.60s' at 0x%llx", device->compatible,
                           (unsigned long long)device->base);
        }
        if (device->dedicated && board->uart != 0 && device->base == board->uart) {
            config_problem(report, path, "", "dedicate another one",
                           "the system's own console cannot be dedicated");
        }
    }
}

void config_check(const struct config *config, const struct config_board *board,
                  struct config_report *report)
{
    uint64_t total = 0;
    uint64_t size = 0;
    for (uint32_t i = 0; i < config->count; i++) {
        total += config->domain[i].ram_size;
        check_images(&config->domain[i], board, report);
    }
    if (total > board->ram_free) {
        config_problem(report, "/domains", "memory", "give some domain less",
                       "the domains ask for %llu MiB; the board has %llu MiB free",
                       (unsigned long long)(total >> MIB),
                       (unsigned long long)(board->ram_free >> MIB));
    }
    if (config->port_count + config->channel_count != 0 &&
        !board->image(board->context, NET_IMAGE, &size)) {
        config_problem(report, "/", "", "add it to the package, or use no ports and channels",
                       "image " NET_IMAGE " is missing");
    }
    check_devices(config, board, report);
}
