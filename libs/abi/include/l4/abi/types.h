/*
 * Scalars, capability types and rights that kernel and users share.
 *
 * A capability is named by its index in the caller's own capability table; index 0 is never valid.
 */
#ifndef L4_ABI_TYPES_H
#define L4_ABI_TYPES_H

#include <stdint.h>

/* Changes whenever an existing binary would misread the interface. Checked by L4_SYSTEM_HELLO. */
#define L4_ABI_VERSION 2u

typedef uint32_t l4_cap_t;

#define L4_CAP_NULL ((l4_cap_t)0)

#define L4_PAGE_SHIFT 12u
#define L4_PAGE_SIZE (1u << L4_PAGE_SHIFT)
#define L4_BLOCK_SHIFT 21u
#define L4_BLOCK_SIZE (1u << L4_BLOCK_SHIFT)

/* User addresses: [L4_USER_MIN, L4_USER_MAX). Below 32 MiB the FCSE could remap them (ARM ARM
 * appendix D6); guests are not bound to this range. */
#define L4_USER_MIN 0x02000000u
#define L4_USER_MAX 0xf0000000u

/* A relative time in microseconds. 0 polls; L4_TIMEOUT_NEVER waits for ever. */
#define L4_TIMEOUT_POLL 0u
#define L4_TIMEOUT_NEVER 0xffffffffu
#define L4_TIMEOUT_MAX_US 3600000000u

enum l4_cap_type {
    L4_TYPE_NULL = 0,
    L4_TYPE_ENDPOINT = 1,
    L4_TYPE_REPLY = 2,
    L4_TYPE_THREAD = 3, /* also a vCPU: a thread in guest mode */
    L4_TYPE_ASPACE = 4, /* address space with its capability table and pool */
    L4_TYPE_REGION = 5, /* physically contiguous memory, RAM or device */
    L4_TYPE_IRQ = 6,    /* one interrupt source */
    L4_TYPE_SYSTEM = 7, /* the kernel itself: interrupts, statistics, debug output */
};

/*
 * Rights: one byte. The meaning of the low bits depends on the type. A copy never has more rights
 * than its source.
 */
#define L4_RIGHT_READ 0x01u    /* region: map readable */
#define L4_RIGHT_WRITE 0x02u   /* region: map writable */
#define L4_RIGHT_EXEC 0x04u    /* region: map executable */
#define L4_RIGHT_DMA 0x08u     /* region: tell the physical address */
#define L4_RIGHT_SEND 0x01u    /* endpoint: call, send */
#define L4_RIGHT_RECV 0x02u    /* endpoint: receive, reply-and-wait */
#define L4_RIGHT_SIGNAL 0x04u  /* endpoint: signal */
#define L4_RIGHT_GRANT 0x08u   /* endpoint: pass capabilities and memory in messages */
#define L4_RIGHT_CONTROL 0x10u /* thread, aspace, irq, system: every operation that changes it */
#define L4_RIGHT_INFO 0x20u    /* every type: L4_CAP_INFO and the reading operations */
#define L4_RIGHT_COPY 0x40u    /* every type: may be copied and passed on */
#define L4_RIGHT_ALL 0x7fu

/* Mapping attributes for L4_ASPACE_MAP and memory items, beside READ, WRITE and EXEC. */
#define L4_MAP_READ L4_RIGHT_READ
#define L4_MAP_WRITE L4_RIGHT_WRITE
#define L4_MAP_EXEC L4_RIGHT_EXEC
#define L4_MAP_UNCACHED 0x10u /* Normal non-cacheable; device regions are always Device memory */

#define L4_PRIORITIES 256u

#endif
