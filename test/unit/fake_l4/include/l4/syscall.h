/*
 * On the host, the system calls are functions of fake_l4.c: what l4/cap.h, memory.h, ipc.h and the
 * others make of them is the servers' own code.
 */
#ifndef L4_SYSCALL_H
#define L4_SYSCALL_H

#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/abi/syscall.h>
#include <l4/abi/types.h>

#define L4_INLINE static inline __attribute__((always_inline))

struct l4_words {
    uint32_t r[8];
};

#define L4_SYSCALL_FAKE(NAME, name, text)                                                          \
    l4_status_t l4_sys_##name(struct l4_words *words);                                             \
    L4_INLINE l4_status_t l4_sys_##name##_in(uint32_t a, uint32_t b, uint32_t c, uint32_t d)       \
    {                                                                                              \
        struct l4_words words = {{a, b, c, d, 0, 0, 0, 0}};                                        \
        return l4_sys_##name(&words);                                                              \
    }                                                                                              \
    L4_INLINE l4_status_t l4_sys_##name##_in6(uint32_t a, uint32_t b, uint32_t c, uint32_t d,      \
                                              uint32_t e, uint32_t f)                              \
    {                                                                                              \
        struct l4_words words = {{a, b, c, d, e, f, 0, 0}};                                        \
        return l4_sys_##name(&words);                                                              \
    }

L4_SYSCALL_TABLE(L4_SYSCALL_FAKE)

#endif
