/*
 * Port contract: translation tables of an address space.
 *
 * One implementation programs the processor (arch/armv7: stage 2), one records what it is asked
 * (arch/fake, host tests). Table memory comes from the address space's pool: a function that may
 * need some returns L4_ERR_NO_MEMORY with nothing half-done beyond the pages it has mapped.
 * Context: interrupts off. TLB maintenance, broadcast, is complete when a function returns.
 */
#ifndef ARCH_ASPACE_H
#define ARCH_ASPACE_H

#include <arch/aspace_types.h> /* struct arch_aspace */
#include <kernel/types.h>

struct aspace;

/* Pages or whole blocks are chosen inside: `frames` pages at va, as much as fits one bounded step
 * (at most 32 pages of one table, or up to 32 blocks of 2 MiB if va, frame and count allow).
 * Returns in *done the pages mapped (> 0 on OK). EXISTS: something is mapped at va + done. */
l4_status_t arch_aspace_map(struct aspace *as, uint32_t va, frame_t frame, uint32_t frames,
                            uint32_t attr, bool device, uint32_t *done) L4_MUST_CHECK;

/* Unmaps up to a bounded step of `frames` pages from va, skipping what is not mapped, frees tables
 * that became empty, invalidates the TLB by address and tag. Returns the pages stepped over (> 0).
 */
uint32_t arch_aspace_unmap(struct aspace *as, uint32_t va, uint32_t frames);

/* Looks an address up: false if nothing is mapped. For the kernel's own checks and tests. */
bool arch_aspace_lookup(const struct aspace *as, uint32_t va, frame_t *frame, uint32_t *attr);

/* A fresh, empty root. The root lies in struct arch_aspace itself. */
void arch_aspace_init(struct aspace *as);

/* Forgets everything: the tag (VMID) is retired with its TLB entries. The tables' memory is the
 * pool's and is not touched. Afterwards no translation of `as` can be used by any CPU. */
void arch_aspace_destroy(struct aspace *as);

/* Gives `as` a valid tag if it has none of the present generation and computes its table base
 * register value (as->arch.ttbr). Called on the slow side of a switch. */
void arch_aspace_prepare(struct aspace *as);

#endif
