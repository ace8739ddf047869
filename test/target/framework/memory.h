/*
 * What a case allocates: capability slots of the root program, RAM out of one arena, addresses in
 * the root program's space. Everything is taken back at the end of the case; the root program's
 * pool must then be as full as before (a case that leaks kernel memory fails).
 */
#ifndef TEST_MEMORY_H
#define TEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/types.h>

/* Once. */
bool memory_start(void);
/* Around each case. */
void memory_begin(void);
void memory_end(void);

/*
 * A round within a case: what is made between begin and end, workers and spaces too, is taken back
 * at its end. RAM comes out of a part of the arena of `size` bytes, from the first round of a case
 * on (later rounds use the same part). Rounds do not nest.
 */
bool memory_round_begin(uint32_t size);
void memory_round_end(void);

/* A free slot that was not handed out in this case. */
l4_cap_t memory_slot(void);
/* Original RAM region of `size` bytes; 0 and a recorded failure when it cannot be had. */
l4_cap_t memory_ram(uint32_t size);
l4_cap_t memory_ram_aligned(uint32_t size, uint32_t align_log2);
/* A RAM region mapped into the root program, readable and writable; the address or NULL. */
void *memory_mapped(uint32_t size, l4_cap_t *region);
/* A share of `region`, all of it, with the given rights. */
l4_cap_t memory_share(l4_cap_t region, uint32_t offset, uint32_t size, uint32_t rights);
/* Free addresses of the root program, 2 MiB aligned for 2 MiB and more. */
uint32_t memory_window(uint32_t size);
/* An endpoint in the root program's pool. */
l4_cap_t memory_endpoint(void);

/* The arena itself, and what is left in it. */
l4_cap_t memory_arena(void);

#endif
