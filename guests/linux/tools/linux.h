/*
 * Linux system calls of 32-bit ARM (EABI) for programs that link no C library: numbers, the few
 * constants and structures that we use (Linux's uapi headers), and one entry. Results are those
 * of the kernel: negative numbers are -errno.
 */
#ifndef LINUX_TOOLS_LINUX_H
#define LINUX_TOOLS_LINUX_H

#include <stdint.h>

#define SYS_EXIT 1
#define SYS_READ 3
#define SYS_WRITE 4
#define SYS_POLL 168
#define SYS_SOCKET 281
#define SYS_CONNECT 283

#define AF_VSOCK 40
#define SOCK_STREAM 1
#define VMADDR_CID_HOST 2u

#define POLLIN 0x1

struct pollfd {
    int32_t fd; /* negative: ignored */
    int16_t events;
    int16_t revents;
};

struct sockaddr_vm {
    uint16_t svm_family;
    uint16_t svm_reserved1;
    uint32_t svm_port;
    uint32_t svm_cid;
    uint8_t svm_zero[4];
};

static inline int system_call(int number, uintptr_t a, uintptr_t b, uintptr_t c)
{
    register uintptr_t r0 __asm__("r0") = a;
    register uintptr_t r1 __asm__("r1") = b;
    register uintptr_t r2 __asm__("r2") = c;
    register int r7 __asm__("r7") = number;

    __asm__ volatile("svc #0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");
    return (int)r0;
}

#endif
