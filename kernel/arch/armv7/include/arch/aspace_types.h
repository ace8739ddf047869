/* ARMv7-A: stage-2 tables, LPAE format, 32-bit input: four level-1 entries of 1 GiB (ARM ARM
 * B3.6). */
#ifndef ARCH_ASPACE_TYPES_H
#define ARCH_ASPACE_TYPES_H

#include <stdint.h>

struct arch_aspace {
    uint64_t root[4] __attribute__((aligned(32)));
    uint64_t vttbr; /* root | VMID << 48, valid while vmid_generation is the present one */
    uint32_t vmid_generation;
};

#endif
