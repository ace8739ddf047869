/* Host: nothing to keep. */
#ifndef ARCH_SWITCH_TYPES_H
#define ARCH_SWITCH_TYPES_H

#include <stdint.h>

struct arch_thread {
    uint32_t nothing;
};

struct arch_cpu {
    uint32_t nothing;
};

#endif
