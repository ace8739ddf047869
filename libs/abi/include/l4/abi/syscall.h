/*
 * The system-call table: one line a call. Numbers, the kernel's dispatch array, the stubs' SVC
 * immediates, trace names and the completeness test of docs/abi derive from it.
 *
 * Calling convention: `SVC #number` from PL0. Arguments in r0-r7, results in r0-r7; r0 returns the
 * l4_status_t. r8-r12, sp and lr are preserved; r1-r7 are overwritten where the call says so, else
 * preserved. An unknown number, or an operation code outside a call's list, is a malformed call
 * and faults the caller (L4_FAULT_SYSCALL).
 *
 * Multiplexed calls (CAP, REGION, ASPACE, THREAD, VCPU, IRQ, SYSTEM): r0 = capability, r1 =
 * operation, r2-r7 = arguments. Each operation has its section in docs/abi.
 */
#ifndef L4_ABI_SYSCALL_H
#define L4_ABI_SYSCALL_H

/* X(NAME, name, sentence) in number order, from 0 */
#define L4_SYSCALL_TABLE(X)                                                                        \
    X(CALL, call, "send a message and wait for its reply")                                         \
    X(REPLY_WAIT, reply_wait, "reply to the caller and wait for the next message")                 \
    X(SEND, send, "send a message without waiting for a reply, or reply through a capability")     \
    X(RECV, recv, "wait for a message or signal")                                                  \
    X(SIGNAL, signal, "set bits in an endpoint's signal word; never blocks")                       \
    X(CREATE, create, "make a kernel object in an address space's pool")                           \
    X(CAP, cap, "look at, copy, move, delete and revoke capabilities")                             \
    X(REGION, region, "split memory, maintain caches, tell addresses")                             \
    X(ASPACE, aspace, "make address spaces, donate memory, map and unmap")                         \
    X(THREAD, thread, "configure, start, stop and inspect a thread")                               \
    X(VCPU, vcpu, "inject virtual interrupts, set up guest timers and registers")                  \
    X(IRQ, irq, "bind, acknowledge and assign interrupts")                                         \
    X(SYSTEM, system, "ABI version, time, yield, statistics, trace and debug output")

#ifndef __ASSEMBLER__

enum l4_syscall {
#define L4_SYSCALL_ENUM(NAME, name, text) L4_SYS_##NAME,
    L4_SYSCALL_TABLE(L4_SYSCALL_ENUM)
#undef L4_SYSCALL_ENUM
        L4_SYS_COUNT
};

/*
 * L4_SYS_CREATE: r0 = aspace (CONTROL), r1 = enum l4_cap_type, r2 = destination slot in the
 * caller's table. Types: ENDPOINT, THREAD (r3 = L4_THREAD_* flags). The object lives in that
 * address space's pool; a thread runs in that address space. Errors: CAP, RIGHTS, SLOT,
 * NO_MEMORY, NOT_SUPPORTED.
 */
#define L4_THREAD_NATIVE 0u
#define L4_THREAD_GUEST 1u /* a vCPU */
#define L4_THREAD_PMU 2u   /* may use the performance counters (PMCCNTR) directly */

/* L4_SYS_CAP: r0 = slot in the caller's table. */
enum l4_cap_op {
    L4_CAP_INFO,   /* r1 := type | rights << 8 | is original << 16, r2 := badge */
    L4_CAP_COPY,   /* r2 = slot, r3 = destination aspace (0: own), r4 = rights mask, r5 = badge */
    L4_CAP_MOVE,   /* r2 = slot, r3 = destination aspace (0: own) */
    L4_CAP_DELETE, /* the slot becomes free; the last capability takes the object along */
    L4_CAP_REVOKE, /* everything derived from the slot goes; for a region, memory comes back */
    L4_CAP_SAVE_REPLY, /* r0 = free slot: keep the reply to the present caller for later */
    L4_CAP_OP_COUNT
};
/* A badge can be set once: on a copy of an endpoint capability whose badge is 0. Copying a badged
 * capability keeps its badge and r5 is ignored. */

/* L4_SYS_REGION: r0 = region. Offsets and sizes in bytes, page aligned unless said otherwise. */
enum l4_region_op {
    L4_REGION_INFO,  /* r1 := size, r2 := bytes still unsplit, r3 := L4_REGION_* flags */
    L4_REGION_SPLIT, /* r2 = size, r3 = log2 alignment (12..30), r4 = destination slot; wiped */
    L4_REGION_SHARE, /* r2 = offset, r3 = size, r4 = destination slot, r5 = rights mask */
    L4_REGION_CACHE, /* r2 = enum l4_cache_op, r3 = offset, r4 = size (any alignment) */
    L4_REGION_PHYS,  /* DMA right: r1 := physical address, low word, r2 := high word */
    L4_REGION_OP_COUNT
};
#define L4_REGION_RAM 1u      /* not a device */
#define L4_REGION_ORIGINAL 2u /* may be split and donated (a SHARE may not) */
#define L4_REGION_MAPPED 4u
#define L4_REGION_DONATED 8u

enum l4_cache_op {
    L4_CACHE_CLEAN,      /* DCCMVAC: to the point of coherency, before a device reads */
    L4_CACHE_INVALIDATE, /* clean and invalidate: before the CPU reads what a device wrote */
    L4_CACHE_SYNC_CODE,  /* DCCMVAU, ICIALLUIS, BPIALLIS: before executing what was written */
    L4_CACHE_OP_COUNT
};

/* L4_SYS_ASPACE. */
enum l4_aspace_op {
    L4_ASPACE_CREATE, /* r0 = original RAM region, becomes the pool; r2 = destination slot,
                         r3 = capability slots wanted, r4 = L4_ASPACE_* flags */
    L4_ASPACE_DONATE, /* r0 = aspace, r2 = original RAM region: enlarges the pool */
    L4_ASPACE_MAP,    /* r0 = aspace, r2 = region, r3 = address, r4 = L4_MAP_* : the whole region,
                         one mapping a capability */
    L4_ASPACE_UNMAP,  /* r0 = aspace, r2 = region */
    L4_ASPACE_INFO,   /* r0 = aspace: r1 := free pool bytes, r2 := pool bytes, r3 := slots */
    L4_ASPACE_OP_COUNT
};
/* Addresses are a guest's intermediate physical ones: no USER limits. */
#define L4_ASPACE_GUEST 1u

/* L4_SYS_THREAD: r0 = thread. */
enum l4_thread_op {
    L4_THREAD_SET_BUFFER, /* r2 = RAM region of one page (WRITE): its message buffer; 0: none */
    L4_THREAD_SET_FAULT, /* r2 = endpoint (SEND): gets faults and guest exits; its badge names it */
    L4_THREAD_SET_SCHED, /* r2 = priority, r3 = ceiling, r4 = budget us, r5 = period us (0: none) */
    L4_THREAD_START,     /* r2 = pc (bit 0: Thumb), r3 = sp, r4 = r0, r5 = r1 */
    L4_THREAD_STOP,      /* cancels its IPC; it does not run until RESUME or START */
    L4_THREAD_RESUME,
    L4_THREAD_READ_REGS,  /* r2 = enum l4_reg_group; words of the caller's buffer := registers */
    L4_THREAD_WRITE_REGS, /* r2 = enum l4_reg_group; stopped threads, or vCPUs in an exit */
    L4_THREAD_GET_INFO,   /* r1 := enum l4_thread_state, r2/r3 := CPU time in ns, low/high */
    L4_THREAD_OP_COUNT
};
enum l4_thread_state {
    L4_STATE_STOPPED,
    L4_STATE_RUNNABLE,
    L4_STATE_SENDING, /* waits for a receiver */
    L4_STATE_REPLY,   /* waits for a reply; a faulted thread and a vCPU in an exit too */
    L4_STATE_RECEIVING,
    L4_STATE_WFI,    /* vCPU waits for an interrupt */
    L4_STATE_BUDGET, /* budget used up; runs on at its replenishment */
    L4_STATE_COUNT
};

/* L4_SYS_VCPU: r0 = thread made with L4_THREAD_GUEST. See vcpu.h. */
enum l4_vcpu_op {
    L4_VCPU_INJECT,      /* r2 = virq word: becomes in flight. BUSY: no slot free; an
                            L4_EXIT_VIRQ follows when one is */
    L4_VCPU_RETRACT,     /* r2 = interrupt number: r1 := its word as it was, NOT_FOUND if none */
    L4_VCPU_VIRQS,       /* r1..r4 := words in flight (0: free), r5 := L4_TIMER_LINE_*,
                            r6 := slot count */
    L4_VCPU_TIMER,       /* r2 = enum l4_timer, r3 = virq word (0: its interrupt is disabled) */
    L4_VCPU_TIME_OFFSET, /* r2, r3 = guest counter offset (ticks, low/high) */
    L4_VCPU_TRANSLATE,   /* r2 = guest virtual address, r3 = 1 for a write, r4 = 1 unprivileged:
                            r1 := guest physical; NOT_FOUND: r1 := fault status (DFSR format) */
    L4_VCPU_RESET,       /* stopped or in an exit: all registers to their architectural reset */
    L4_VCPU_OP_COUNT
};

/* L4_SYS_IRQ. */
enum l4_irq_op {
    L4_IRQ_GET,    /* r0 = system (CONTROL), r2 = interrupt number, r3 = destination slot,
                      r4 = 1 edge, 0 level. BUSY: given out already */
    L4_IRQ_BIND,   /* r0 = irq, r2 = endpoint (SIGNAL), r3 = signal bits; unmasks */
    L4_IRQ_ACK,    /* r0 = irq: may fire again */
    L4_IRQ_ASSIGN, /* r0 = irq, r2 = vCPU, r3 = virq word: injected by the kernel directly, ended by
                      the guest's EOI */
    L4_IRQ_UNBIND, /* r0 = irq: masked, deactivated, unbound */
    L4_IRQ_OP_COUNT
};

/* L4_SYS_SYSTEM: r0 = 0 for HELLO, YIELD and CLOCK; the system capability for the others. */
enum l4_system_op {
    L4_SYSTEM_HELLO, /* r2 = L4_ABI_VERSION: the first call of every program. ERR_VERSION:
                        r1 := the kernel's */
    L4_SYSTEM_YIELD, /* to the end of its priority's queue */
    L4_SYSTEM_CLOCK, /* r1/r2 := ns since boot, low/high; r3 := counter frequency in Hz,
                        r4/r5 := counter ticks, low/high */
    L4_SYSTEM_WRITE, /* r2 = n <= 12 bytes in r3..r5: to the kernel's debug UART */
    L4_SYSTEM_STAT,  /* r2 = enum l4_stat: r1 := value */
    L4_SYSTEM_TRACE, /* words of the caller's buffer := next trace records; r1 := words */
    L4_SYSTEM_EXIT,  /* r2 = status: ends the machine (power off, or the emulator's exit) */
    L4_SYSTEM_OP_COUNT
};
enum l4_stat {
    L4_STAT_NONPREEMPT_WORST, /* cycles of the longest stretch with interrupts masked; reading
                                 starts anew. 0 unless the counter was started */
    L4_STAT_SWITCHES,         /* choices of the scheduler; a direct switch of IPC is none */
    L4_STAT_IRQS,
    L4_STAT_COUNT
};

#endif /* __ASSEMBLER__ */

#endif
