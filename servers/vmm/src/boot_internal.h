/* Shared between the files of the loader; nobody else includes it. */
#ifndef VMM_BOOT_INTERNAL_H
#define VMM_BOOT_INTERNAL_H

#include <vmm/boot.h>

/* A kernel image in guest memory, planned before anything is written. */
struct boot_plan {
    const struct boot_config *config;
    const struct guest_memory *memory;
    const struct boot_port *port;
    struct boot_state *state;
};

/* Records why and returns the status. */
l4_status_t boot_fail(struct boot_plan *plan, l4_status_t status, const char *why);

/* Copies to guest RAM, zero-fills up to `size`, tells the port. The range is known to fit. */
void boot_put(const struct boot_plan *plan, uint64_t ipa, const void *data, uint32_t data_size,
              uint64_t size);

/* boot_elf.c: checks every program header; sets state->image (its span) and state->entry. */
L4_MUST_CHECK l4_status_t elf_plan(struct boot_plan *plan);

/* Copies the segments of a planned image. */
void elf_put(const struct boot_plan *plan);

#endif
