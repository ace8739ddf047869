/*
 * Linux system calls (EABI, arch/arm/include/uapi) without a C library: the program is the whole of
 * user space. Each returns what the kernel returns: a negative errno on failure.
 */
#ifndef LINUXBENCH_SYS_H
#define LINUXBENCH_SYS_H

#include <stddef.h>
#include <stdint.h>

enum {
    SYS_exit = 1,
    SYS_fork = 2,
    SYS_read = 3,
    SYS_write = 4,
    SYS_open = 5,
    SYS_close = 6,
    SYS_execve = 11,
    SYS_getpid = 20,
    SYS_mount = 21,
    SYS_pipe = 42,
    SYS_ioctl = 54,
    SYS_reboot = 88,
    SYS_munmap = 91,
    SYS_wait4 = 114,
    SYS_mkdir = 39,
    SYS_nanosleep = 162,
    SYS_pread64 = 180,
    SYS_mmap2 = 192,
    SYS_sched_setscheduler = 156,
    SYS_socket = 281,
    SYS_connect = 283,
    SYS_send = 289,
    SYS_recv = 291,
    SYS_finit_module = 379,
};

static inline long sys6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r7 __asm__("r7") = number;
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    register long r3 __asm__("r3") = d;
    register long r4 __asm__("r4") = e;
    register long r5 __asm__("r5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(r0)
                     : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
                     : "memory");
    return r0;
}

static inline long sys3(long number, long a, long b, long c)
{
    return sys6(number, a, b, c, 0, 0, 0);
}

#define PTR(p) ((long)(uintptr_t)(p))

#endif
