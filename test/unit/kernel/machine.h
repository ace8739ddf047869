/*
 * A machine for tests of the kernel's core: boots it over arch/fake, makes system calls as a user
 * thread would (registers in the frame, restart after a preemption) and lets time and interrupts
 * come when the test says so.
 *
 * init is the root thread. It boots at priority 250 with the root capabilities; the tests lower it
 * to PRIO_INIT so that threads above it run as soon as they are started.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <arch/irq.h>
#include <kernel/aspace.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/irq.h>
#include <kernel/syscall.h>
#include <kernel/vcpu.h>
#include <l4/abi/bootinfo.h>

#define PRIO_INIT 100u
#define USER_PC 0x02001000u

/* machine_call: the thread did not come back from its call (yet). */
#define BLOCKED 0x7fff0001
/* machine_call: it was restarted and another thread runs now. */
#define RESTARTED 0x7fff0002

#define RAM_FRAME 0x40000u /* arena: 128 MiB at 1 GiB */
#define RAM_FRAMES 0x8000u
#define POOL_FRAMES 512u

#define IRQ_TIMER 26u
#define IRQ_VTIMER 27u
#define IRQ_MAINTENANCE 25u

struct machine {
    struct thread *init;
    struct aspace *init_space;
    struct l4_rootinfo *info;
    struct object *root[40]; /* objects that boot made; the last is the range of init's pool */
    uint32_t root_count;
    l4_cap_t ram;      /* 32 MiB at 4 MiB into the arena; 2 MiB aligned */
    l4_cap_t more_ram; /* 64 MiB */
    l4_cap_t device;
    l4_cap_t next_slot; /* of init's table */
    uint32_t restarts;  /* of the call under way; not 0: something is half-done */
    bool check;         /* invariants after every entry */
    uint32_t entries;
    uint32_t seed; /* of a random test, told with a failure; 0: none */
};

extern struct machine m;

/* cmocka set-up and tear-down. The tear-down ends init's address space too and checks that nothing
 * is left: no object, no mapping, no interrupt, every donated byte wiped. */
int machine_setup(void **state);
int machine_teardown(void **state);
#define MACHINE_TEST(f) cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown)

/* The thread that runs; NULL: the processor sleeps. */
struct thread *running(void);

/* `t`, which must be running, makes a system call. Returns its status, BLOCKED or RESTARTED. */
int32_t machine_call(struct thread *t, uint32_t number, const uint32_t r[8]);
#define sys(t, NAME, ...) machine_call((t), L4_SYS_##NAME, (const uint32_t[8]){__VA_ARGS__})
/* The same by init. */
#define isys(NAME, ...) sys(m.init, NAME, __VA_ARGS__)

/* A fault or guest exit of the running thread. */
void machine_fault(struct thread *t, uint32_t fault, uint32_t address);
void machine_exit(struct thread *t, uint32_t label, uint32_t w0);
void machine_wfi(struct thread *t);
/* While the processor sleeps: t's wait is cancelled, as by a STOP and RESUME of someone. */
void machine_kick(struct thread *t);

/* Takes every interrupt that waits, as the processor would between two instructions. */
void machine_interrupt(void);
void machine_raise(uint32_t irq);
/* Time passes; timer interrupts are taken when due. */
void machine_advance(uint64_t ticks);
void machine_advance_us(uint32_t us);

/* Register of a thread that is back from a call. */
static inline uint32_t reg(const struct thread *t, uint32_t n)
{
    return t->frame.r[n];
}

static inline int32_t result(const struct thread *t)
{
    return (int32_t)t->frame.r[0];
}

/* machine_make.c: objects in init's table. */
l4_cap_t slot_new(void);
struct cap *slot_cap(l4_cap_t slot);
struct thread *slot_thread(l4_cap_t slot);
struct endpoint *slot_endpoint(l4_cap_t slot);
struct aspace *slot_space(l4_cap_t slot);

l4_cap_t make_endpoint(void);
l4_cap_t make_badged(l4_cap_t endpoint, uint32_t badge, uint32_t rights);
l4_cap_t make_region(uint32_t frames);
l4_cap_t make_region_of(l4_cap_t from, uint32_t frames, uint32_t align_shift);
l4_cap_t make_space(l4_cap_t region, uint32_t slots, uint32_t flags);
/* A thread in the address space (L4_ROOT_ASPACE: init's), not started. */
l4_cap_t make_thread_in(l4_cap_t space, uint32_t flags);
/* Priority, unlimited budget, message buffer, started; it runs at once if it is above. */
struct thread *start_thread_in(l4_cap_t space, uint32_t priority);
struct thread *start_thread(uint32_t priority);
void set_budget(struct thread *t, uint32_t priority, uint32_t budget_us, uint32_t period_us);
l4_cap_t cap_of_thread(const struct thread *t);
void give_buffer(struct thread *t);
/* Copies a capability of init into slot `to` of another address space. */
void give_cap(l4_cap_t slot, l4_cap_t space, uint32_t to, uint32_t rights);

/* An interrupt that wakes init: bound to an endpoint of its own. */
#define IRQ_DEVICE 40u
struct waker {
    l4_cap_t irq, endpoint;
};
struct waker make_waker(uint32_t number);
/* init acknowledges the interrupt and waits for it. */
int32_t wait_for(const struct waker *w);

uint32_t free_bytes(l4_cap_t space);
/* No byte of the frames is set. */
bool frames_are_clear(frame_t frame, uint32_t frames);
void frames_fill(frame_t frame, uint32_t frames, uint8_t with);

/* check*.c: every invariant; fails the test with a sentence. `settled`: no operation is half-done.
 */
void check_all(bool settled);
/* One of the threads that the last check found; NULL: there was none. */
struct thread *check_thread(uint32_t n);
#define CHECK(cond, ...)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            check_failed(__FILE__, __LINE__, #cond, __VA_ARGS__);                                  \
        }                                                                                          \
    } while (0)
void check_failed(const char *file, int line, const char *what, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));

#endif
