/*
 * Host: what a test sets and sees of the fake machine.
 *
 * Every maintenance operation goes, in order, into a log: the ones that an emulator hides too.
 * The test owns `fake`; the kernel's code reaches it through the port contract only.
 */
#ifndef ARCH_FAKE_H
#define ARCH_FAKE_H

#include <kernel/types.h>

#define FAKE_LOG 16384u
#define FAKE_IRQS 320u
#define FAKE_HZ 62500000u
#define FAKE_TICKS_US 62u /* whole ticks a microsecond, rounded down */

struct thread;
struct aspace;

enum fake_op {
    FAKE_NONE,
    FAKE_DESC_SET,   /* a = address, b = frame */
    FAKE_DESC_CLEAR, /* a = address, b = frames */
    FAKE_BARRIER,    /* stores before it are seen by the table walkers */
    FAKE_TLB_TAG,    /* a = tag; broadcast, complete */
    FAKE_TLB_ALL,
    FAKE_TABLE_ALLOC, /* a = frame */
    FAKE_TABLE_FREE,  /* a = frame */
    FAKE_TAG,         /* a = tag given */
    FAKE_SWITCH,      /* a = thread name, b = tag */
    FAKE_IDLE,
    FAKE_TIMER,      /* a, b = deadline, low and high */
    FAKE_CACHE,      /* a = operation, b = bytes */
    FAKE_CLEAR_PAGE, /* a = frame */
    FAKE_IRQ_ENABLE, /* a = number */
    FAKE_IRQ_DISABLE,
    FAKE_IRQ_CONFIGURE, /* b = edge */
    FAKE_IRQ_DROP,
    FAKE_IRQ_DEACTIVATE,
    FAKE_VCPU_INJECT, /* a = word */
    FAKE_VCPU_LINKED, /* a = word, b = number */
    FAKE_VCPU_UNLINK, /* b = number */
    FAKE_VCPU_FLUSH,
    FAKE_VCPU_DESTROY,
    FAKE_VCPU_RESUME, /* a = actions, b = w0 */
    FAKE_VCPU_RESET,
};

struct fake_event {
    uint32_t op, a, b;
};

struct fake {
    /* Memory: frames first_frame .. + frames are host memory at that address. */
    frame_t first_frame;
    uint32_t frames;

    uint64_t counter;
    uint64_t counter_step; /* ticks that every look at the counter takes */
    uint64_t timer_deadline;
    uint32_t timer_irq;

    /* Preemption points: passed so far; the one that says yes (0: none), and yes again every so
     * many after it (0: once). */
    uint32_t points;
    uint32_t preempt_at;
    uint32_t preempt_every;
    uint32_t preempt_irq; /* becomes pending with it; 0: none, the interrupt turns out spurious */

    /* Work since the last preemption point, and the most between two: bytes cleared or copied,
     * descriptors written. The test starts anew with each kernel entry. */
    struct fake_work {
        uint32_t bytes, descriptors;
    } work, worst;

    /* Interrupt controller, one byte a source. */
    uint8_t irq_raised[FAKE_IRQS]; /* the line, or an edge not yet taken */
    uint8_t irq_enabled[FAKE_IRQS];
    uint8_t irq_active[FAKE_IRQS];
    uint8_t irq_edge[FAKE_IRQS];

    struct thread *switched_to;
    struct aspace *loaded; /* whose tables the walker uses */
    uint32_t next_tag;

    void (*idle)(void);                                       /* nothing to do; may jump away */
    void (*ended)(uint32_t status) __attribute__((noreturn)); /* power off, or a panic's end */

    char uart[512];
    uint32_t uart_length;

    struct fake_event log[FAKE_LOG];
    uint32_t logged; /* beyond FAKE_LOG: the first ones are kept */
};

extern struct fake fake;

/* Everything to its state after reset, hooks and memory included. */
void fake_reset(void);

/* The end of a stretch that nothing can interrupt. */
void fake_work_end(void);
bool fake_preemption_point(void);
/* Host memory of a RAM frame; a frame that is not RAM is a fault of the kernel and ends it. */
void *fake_memory(frame_t frame);

void fake_log(enum fake_op op, uint32_t a, uint32_t b);
void fake_log_clear(void);
/* Index of the next event `op` at or behind `from`, or the number of events. */
uint32_t fake_log_find(uint32_t from, enum fake_op op);
/* Likewise with this first operand. */
uint32_t fake_log_find_a(uint32_t from, enum fake_op op, uint32_t a);
uint32_t fake_log_count(enum fake_op op);

/* True if the processor would take an interrupt now. */
bool fake_irq_waits(void);

/* Calls `each` for every mapped page or block of `as`; frames = 1 or 512. */
void fake_aspace_each(const struct aspace *as,
                      void (*each)(void *context, uint32_t va, frame_t frame, uint32_t frames,
                                   uint32_t attr),
                      void *context);

#endif
