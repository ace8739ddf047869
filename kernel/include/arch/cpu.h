/*
 * Port contract: the processor. Per-CPU state, switching threads, interrupts, time, caches.
 * Context for all: kernel mode, interrupts masked.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/cpu_types.h>    /* struct arch_frame, arch inline functions */
#include <arch/switch_types.h> /* struct arch_thread, struct arch_cpu */
#include <kernel/types.h>

struct thread;
struct vcpu;

/* Sleeps until an interrupt is pending (WFI with interrupts masked). */
void arch_idle(void);

/* True if an interrupt is pending: the test of every preemption point. */
static inline bool arch_irq_pending(void);

/* Free-running counter, ticks of arch_counter_hz(). */
static inline uint64_t arch_counter(void);
uint32_t arch_counter_hz(void);

/* The kernel's timer fires once counter >= deadline; UINT64_MAX: never. */
void arch_timer_set(uint64_t deadline);

/* Cache operations over kernel addresses (identity-mapped RAM); enum l4_cache_op. At most 4 KiB. */
void arch_cache_op(uint32_t op, const void *start, uint32_t size);

/* Kernel address of a RAM frame. */
static inline void *arch_frame_ptr(frame_t frame);
static inline frame_t arch_ptr_frame(const void *p);

/* Zeroes one page / `size` bytes (multiple of 32, 8-byte aligned), straight-line fast. */
void arch_page_clear(void *page);
void arch_zero(void *p, uint32_t size);
/* Copies whole words; src and dst are word aligned. */
void arch_copy_words(uint32_t *dst, const uint32_t *src, uint32_t words);

/* Ends the machine; status is passed to an emulator that asks for one. */
void arch_machine_exit(uint32_t status) __attribute__((noreturn));

/* Sets the initial frame of a native thread or a guest in reset state. */
void arch_frame_start(struct thread *t, uint32_t pc, uint32_t sp, uint32_t r0, uint32_t r1);
/* User-supplied register values made safe (mode bits). BANKED.. groups are vcpu.h's. */
void arch_frame_read(const struct thread *t, uint32_t *words);
void arch_frame_write(struct thread *t, const uint32_t *words);

/* The next instruction, aligned as the thread's instruction set wants it. */
void arch_frame_set_pc(struct thread *t, uint32_t pc);

/* Retries the present system call: pc back to its SVC (4 bytes in ARM, 2 in Thumb state). */
void arch_frame_restart(struct thread *t);

/* Cycles of the longest stretch in the kernel with an interrupt possibly waiting, since the last
 * call; measuring starts with the first call (0 then). */
uint32_t arch_nonpreempt_worst(void);

/* Prints registers and a backtrace of the kernel stack; for panic. */
void arch_panic_dump(void);

#endif
