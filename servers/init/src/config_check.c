/*
 * Checks of a configuration against the package and the board.
 */
#include <l4/base/range.h>

#include "config_private.h"

#define ROM_MAX (64u << 20) /* flash of the virt machine: 0 .. 0x04000000 */
#define MIB 20u

static void check_image(const struct config_domain *domain, const char *property, const char *name,
                        uint64_t limit, const struct config_board *board,
                        struct config_report *report)
{
    uint64_t size = 0;
    if (name == NULL) {
        return;
    }
    if (!board->image(board->context, name, &size)) {
        config_problem(report, domain->name, property,
                       "correct the name, or add the image to the package", "no image named '%s'",
                       name);
    } else if (size > limit) {
        config_problem(report, domain->name, property, "give the domain more memory",
                       "image '%s' of 0x%llx bytes does not fit into 0x%llx", name,
                       (unsigned long long)size, (unsigned long long)limit);
    }
}

void config_check(const struct config *config, const struct config_board *board,
                  struct config_report *report)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < config->count; i++) {
        const struct config_domain *const domain = &config->domain[i];
        const uint64_t room = domain->kernel_format == L4_KERNEL_RAW
                                  ? domain->ram_size - (domain->load_address - domain->ram_ipa)
                                  : domain->ram_size;
        total += domain->ram_size;
        /* An ELF file's symbols need no guest RAM; its segments are checked when it is loaded. */
        check_image(domain, "pecan,kernel", domain->kernel,
                    domain->kernel_format == L4_KERNEL_ELF ? UINT32_MAX : room, board, report);
        check_image(domain, "pecan,initrd", domain->initrd, domain->ram_size, board, report);
        check_image(domain, "pecan,rom", domain->rom, ROM_MAX, board, report);
    }
    if (total > board->ram_free) {
        config_problem(report, "", "memory", "give some domain less",
                       "the domains ask for %llu MiB; the board has %llu MiB free",
                       (unsigned long long)(total >> MIB),
                       (unsigned long long)(board->ram_free >> MIB));
    }
}
