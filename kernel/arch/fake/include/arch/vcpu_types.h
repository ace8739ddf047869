/* Host: a vCPU that only remembers. */
#ifndef ARCH_VCPU_TYPES_H
#define ARCH_VCPU_TYPES_H

#include <stdint.h>

#include <l4/abi/vcpu.h>

#define FAKE_SLOTS 4u

struct thread;

struct vcpu {
    uint32_t virq[FAKE_SLOTS]; /* words in flight; 0: free */
    uint32_t timer[L4_TIMER_COUNT];
    uint64_t offset;
    uint32_t words[L4_REGS_COUNT][4];
    uint32_t resets;
    uint32_t destroyed;
    struct thread *thread;
};

#endif
