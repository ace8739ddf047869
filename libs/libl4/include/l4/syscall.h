/*
 * System-call stubs: one `SVC #number` primitive for each shape, and one stub of each shape for
 * every line of L4_SYSCALL_TABLE. Callers use the typed wrappers (ipc.h, cap.h, memory.h,
 * thread.h, vcpu.h, irq.h, system.h); nothing else in user code contains an SVC.
 *
 * ARM state, always executed (no condition): the kernel reads the number from the syndrome.
 */
#ifndef L4_SYSCALL_H
#define L4_SYSCALL_H

#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/abi/syscall.h>
#include <l4/abi/types.h>

#define L4_INLINE static inline __attribute__((always_inline))

/* All registers that a system call reads and writes. */
struct l4_words {
    uint32_t r[8];
};

/*
 * l4_sys_NAME(words): r0-r7 in, r0-r7 out.
 * l4_sys_NAME_in(a, b, c, d): r0-r3 in, status out; for operations without results.
 * l4_sys_NAME_in6(a, ..., f): the same with r0-r5.
 */
#define L4_SYSCALL_STUB(NAME, name, text)                                                          \
    L4_INLINE l4_status_t l4_sys_##name(struct l4_words *words)                                    \
    {                                                                                              \
        register uint32_t r0 __asm__("r0") = words->r[0];                                          \
        register uint32_t r1 __asm__("r1") = words->r[1];                                          \
        register uint32_t r2 __asm__("r2") = words->r[2];                                          \
        register uint32_t r3 __asm__("r3") = words->r[3];                                          \
        register uint32_t r4 __asm__("r4") = words->r[4];                                          \
        register uint32_t r5 __asm__("r5") = words->r[5];                                          \
        register uint32_t r6 __asm__("r6") = words->r[6];                                          \
        register uint32_t r7 __asm__("r7") = words->r[7];                                          \
        __asm__ volatile("svc %[number]"                                                           \
                         : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6),   \
                           "+r"(r7)                                                                \
                         : [number] "i"(L4_SYS_##NAME)                                             \
                         : "memory", "cc");                                                        \
        words->r[0] = r0;                                                                          \
        words->r[1] = r1;                                                                          \
        words->r[2] = r2;                                                                          \
        words->r[3] = r3;                                                                          \
        words->r[4] = r4;                                                                          \
        words->r[5] = r5;                                                                          \
        words->r[6] = r6;                                                                          \
        words->r[7] = r7;                                                                          \
        return (l4_status_t)r0;                                                                    \
    }                                                                                              \
    L4_INLINE l4_status_t l4_sys_##name##_in(uint32_t a, uint32_t b, uint32_t c, uint32_t d)       \
    {                                                                                              \
        register uint32_t r0 __asm__("r0") = a;                                                    \
        register uint32_t r1 __asm__("r1") = b;                                                    \
        register uint32_t r2 __asm__("r2") = c;                                                    \
        register uint32_t r3 __asm__("r3") = d;                                                    \
        __asm__ volatile("svc %[number]"                                                           \
                         : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)                                  \
                         : [number] "i"(L4_SYS_##NAME)                                             \
                         : "memory", "cc");                                                        \
        return (l4_status_t)r0;                                                                    \
    }                                                                                              \
    L4_INLINE l4_status_t l4_sys_##name##_in6(uint32_t a, uint32_t b, uint32_t c, uint32_t d,      \
                                              uint32_t e, uint32_t f)                              \
    {                                                                                              \
        register uint32_t r0 __asm__("r0") = a;                                                    \
        register uint32_t r1 __asm__("r1") = b;                                                    \
        register uint32_t r2 __asm__("r2") = c;                                                    \
        register uint32_t r3 __asm__("r3") = d;                                                    \
        register uint32_t r4 __asm__("r4") = e;                                                    \
        register uint32_t r5 __asm__("r5") = f;                                                    \
        __asm__ volatile("svc %[number]"                                                           \
                         : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r5)              \
                         : [number] "i"(L4_SYS_##NAME)                                             \
                         : "memory", "cc");                                                        \
        return (l4_status_t)r0;                                                                    \
    }

L4_SYSCALL_TABLE(L4_SYSCALL_STUB)

#endif
