/*
 * Kernel-wide scalars: distinct address types, container access and the internal status.
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/abi/types.h>

/* Physical page number: physical address >> 12. All RAM that the kernel manages is below 4 GiB. */
typedef uint32_t frame_t;

#define container_of(ptr, type, member) ((type *)((uintptr_t)(ptr)-offsetof(type, member)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/*
 * Internal result beside l4_status_t: the operation stopped at a preemption point with its progress
 * kept. The system call is restarted from its first instruction. Never reaches a user.
 */
#define KERNEL_PREEMPTED 1

/* Never for input: only for states that the kernel itself broke. */
void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define kassert(cond)                                                                              \
    do {                                                                                           \
        if (unlikely(!(cond))) {                                                                   \
            panic("%s:%u: %s", __func__, (unsigned)__LINE__, #cond);                               \
        }                                                                                          \
    } while (0)

#endif
