/*
 * Boot, system calls, interrupts and time of the test machine. See machine.h.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* What the kernel may clear and write between two preemption points. */
#define WORST_BYTES (3u * L4_PAGE_SIZE)
#define WORST_DESCRIPTORS 32u

struct machine m;

static jmp_buf sleep_jump;
static bool in_kernel;

static void on_idle(void)
{
    longjmp(sleep_jump, 1);
}

static void __attribute__((noreturn)) on_end(uint32_t status)
{
    in_kernel = false;
    fail_msg("seed %u: the kernel ended the machine, status %u: %s", m.seed, status, fake.uart);
    abort();
}

static uint8_t *arena(void)
{
    void *at = (void *)((uintptr_t)RAM_FRAME << L4_PAGE_SHIFT);

    if (mmap(at, (size_t)RAM_FRAMES << L4_PAGE_SHIFT, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != at) {
        perror("mmap of the arena");
        abort();
    }
    return at;
}

static void boot_information(void)
{
    const uint64_t ram = (uint64_t)RAM_FRAME << L4_PAGE_SHIFT;

    boot_info = (struct l4_bootinfo){
        .magic = L4_BOOTINFO_MAGIC,
        .version = L4_BOOTINFO_VERSION,
        .size = sizeof(boot_info),
        .cpus = 1,
        .ram = {{ram + (4u << 20), 32u << 20}, {ram + (64u << 20), 64u << 20}},
        .ram_count = 2,
        .segment_count = 1,
        .segment = {{ram + (40u << 20), 0x02000000, 4 * L4_PAGE_SIZE, L4_MAP_READ | L4_MAP_EXEC,
                     0}},
        .init_entry = USER_PC,
        .init_stack_top = 0x02004000,
        .pool = {ram, (uint64_t)POOL_FRAMES << L4_PAGE_SHIFT},
        .fit = {ram + (41u << 20), 1u << 20},
        .dtb = {ram + (42u << 20), 2 * L4_PAGE_SIZE},
        .all_ram = {{ram, (uint64_t)RAM_FRAMES << L4_PAGE_SHIFT}},
        .all_ram_count = 1,
        .uart_irq = 33,
        .gicd = 0x08000000,
        .gicc = 0x08010000,
        .gich = 0x08030000,
        .gicv = 0x08040000,
        .uart = 0x09000000,
        .timer_irq_virtual = IRQ_VTIMER,
        .timer_irq_hyp = IRQ_TIMER,
        .maintenance_irq = IRQ_MAINTENANCE,
    };
}

static l4_cap_t find_region(uint32_t kind, uint32_t nth)
{
    for (uint32_t i = 0; i < m.info->region_count; i++) {
        if (m.info->region[i].kind == kind && nth-- == 0) {
            return m.info->region[i].cap;
        }
    }
    fail_msg("no root region of kind %u", kind);
    return 0;
}

static void find_rootinfo(void)
{
    frame_t frame = 0;
    uint32_t attr = 0;

    assert_true(arch_aspace_lookup(m.init->aspace, L4_ROOTINFO_VA, &frame, &attr));
    m.info = arch_frame_ptr(frame);
    m.ram = find_region(L4_ROOT_RAM, 0);
    m.more_ram = find_region(L4_ROOT_RAM, 1);
    m.device = find_region(L4_ROOT_DEVICE, 0);
    m.next_slot = m.info->slot_first_free;
}

static void find_roots(void)
{
    m.init_space = m.init->aspace;
    m.root[m.root_count++] = slot_cap(L4_ROOT_SYSTEM)->object;
    for (uint32_t i = 0; i < m.info->region_count; i++) {
        m.root[m.root_count++] = slot_cap(m.info->region[i].cap)->object;
    }
    m.root[m.root_count++] = m.init_space->donation[0].object;
}

int machine_setup(void **state)
{
    (void)state;
    fake_reset();
    memset(&m, 0, sizeof(m));
    memset(&cpu_boot, 0, sizeof(cpu_boot));
    (void)arena();
    fake.first_frame = RAM_FRAME;
    fake.frames = RAM_FRAMES;
    fake.timer_irq = IRQ_TIMER;
    fake.counter = 1000;
    fake.idle = on_idle;
    fake.ended = on_end;
    boot_information();
    m.init = boot_start();
    find_rootinfo();
    find_roots();
    m.check = true;
    fake.worst = (struct fake_work){0};
    check_all(true);
    set_budget(m.init, PRIO_INIT, 0, 0);
    return 0;
}

struct thread *running(void)
{
    return cpu_boot.current;
}

/* One kernel entry. */
static void enter(struct thread *(*entry)(struct thread *, const uint32_t *), struct thread *t,
                  const uint32_t *args)
{
    assert_false(in_kernel);
    in_kernel = true;
    fake.work = (struct fake_work){0};
    if (setjmp(sleep_jump) == 0) {
        struct thread *next = entry(t, args);

        CHECK(next != NULL && next == cpu_boot.current, "the kernel runs %p but says %p",
              (void *)cpu_boot.current, (void *)next);
    } else {
        CHECK(cpu_boot.current == NULL, "asleep with a current thread");
    }
    in_kernel = false;
    fake_work_end();
    m.entries++;
}

static void check_now(void)
{
    if (m.check) {
        check_all(cpu_boot.dying == NULL && m.restarts == 0);
    }
}

static struct thread *enter_syscall(struct thread *t, const uint32_t *args)
{
    return args[0] < L4_SYS_COUNT ? syscall_table[args[0]](t) : syscall_malformed(t, args[0]);
}

static struct thread *enter_interrupt(struct thread *t, const uint32_t *args)
{
    (void)args;
    return irq_dispatch(t);
}

static struct thread *enter_asleep(struct thread *t, const uint32_t *args)
{
    struct thread *woken = irq_serve();

    (void)t;
    (void)args;
    if (woken != NULL) {
        sched_ready(woken);
    }
    return sched_choose();
}

static struct thread *enter_fault(struct thread *t, const uint32_t *args)
{
    return fault_native(t, args[0], args[1], 0);
}

static struct thread *enter_exit(struct thread *t, const uint32_t *args)
{
    t->w[0] = args[1];
    t->w[1] = t->w[2] = t->w[3] = 0;
    return ipc_kernel_call(t, args[0], t->w);
}

static struct thread *enter_kick(struct thread *t, const uint32_t *args)
{
    (void)args;
    thread_stop(t);
    thread_resume(t);
    return sched_choose();
}

static struct thread *enter_wfi(struct thread *t, const uint32_t *args)
{
    (void)args;
    return arch_vcpu_wakes(t) ? t : vcpu_wait(t);
}

/* After a preempted call: what waits is taken, if anything does, before the call is tried again. */
static void take_pending(void)
{
    if (running() == NULL) {
        enter(enter_asleep, NULL, NULL);
    } else {
        enter(enter_interrupt, running(), NULL);
    }
    check_now();
}

static void check_restart(const struct thread *t, uint32_t number, const uint32_t r[8])
{
    const uint32_t *now = t->frame.r;

    /* A reply that was given is not given again. */
    CHECK(now[2] == r[2] || (now[2] == 0 && number <= L4_SYS_RECV), "a restarted call changed r2");
    CHECK(memcmp(now, r, 2 * sizeof(r[0])) == 0 && memcmp(&now[3], &r[3], 5 * sizeof(r[0])) == 0,
          "a restarted call changed registers");
}

int32_t machine_call(struct thread *t, uint32_t number, const uint32_t r[8])
{
    uint32_t pc = USER_PC + 0x100; /* not 0, as in a thread that was wiped */

    assert_ptr_equal(t, running());
    memcpy(t->frame.r, r, 8 * sizeof(r[0]));
    for (;;) {
        t->frame.pc = pc + 4;
        enter(enter_syscall, t, &number);
        if (t->frame.pc != pc) {
            break;
        }
        CHECK(m.restarts++ < 100000, "a call that never ends");
        check_now();
        if (t->state == L4_STATE_RUNNABLE) { /* else it died in the same entry */
            check_restart(t, number, r);
        }
        take_pending();
        if (running() != t) {
            return RESTARTED;
        }
    }
    m.restarts = 0;
    check_now();
    return running() == t ? result(t) : BLOCKED;
}

void machine_fault(struct thread *t, uint32_t fault, uint32_t address)
{
    assert_ptr_equal(t, running());
    enter(enter_fault, t, (const uint32_t[]){fault, address});
    check_now();
}

void machine_exit(struct thread *t, uint32_t label, uint32_t w0)
{
    assert_ptr_equal(t, running());
    enter(enter_exit, t, (const uint32_t[]){label, w0});
    check_now();
}

void machine_wfi(struct thread *t)
{
    assert_ptr_equal(t, running());
    enter(enter_wfi, t, NULL);
    check_now();
}

void machine_kick(struct thread *t)
{
    assert_null(running());
    enter(enter_kick, t, NULL);
    check_now();
}

void machine_interrupt(void)
{
    for (uint32_t i = 0; fake_irq_waits(); i++) {
        CHECK(i < 1000, "an interrupt that never stops");
        take_pending();
    }
}

void machine_raise(uint32_t irq)
{
    fake.irq_raised[irq] = 1;
    machine_interrupt();
}

void machine_advance(uint64_t ticks)
{
    uint64_t end = fake.counter + ticks;

    while (fake.timer_deadline <= end) {
        if (fake.counter < fake.timer_deadline) {
            fake.counter = fake.timer_deadline;
        }
        machine_interrupt();
    }
    if (fake.counter < end) {
        fake.counter = end;
    }
}

void machine_advance_us(uint32_t us)
{
    machine_advance(timeout_us_to_ticks(us));
}

/* The end of init: every address space goes, as when the holder of all memory revokes it. */
static void end_of_everything(void)
{
    uint32_t steps = 0;

    fake.preempt_at = 0;
    if (m.init_space->object.type == L4_TYPE_ASPACE) { /* else it is gone, and wiped */
        aspace_kill(m.init_space);
    }
    while (aspace_reap() != L4_OK) {
        CHECK(steps++ < 1000000, "reaping does not come to an end");
    }
}

int machine_teardown(void **state)
{
    (void)state;
    in_kernel = false;
    if (m.check) {
        check_all(false);
    }
    CHECK(fake.worst.bytes <= WORST_BYTES && fake.worst.descriptors <= WORST_DESCRIPTORS,
          "%u bytes, %u descriptors between two preemption points", fake.worst.bytes,
          fake.worst.descriptors);
    end_of_everything();
    CHECK(cpu_boot.current == NULL, "a thread survived its address space");
    CHECK(cpu_boot.timeouts.root == NULL, "a timeout survived");
    CHECK(cpu_boot.queues.summary == 0 && cpu_boot.top_ready == -1, "a thread is still queued");
    CHECK(cpu_boot.sc == NULL, "a budget is still charged");
    CHECK(cpu_boot.loaded_vcpu == NULL, "a vCPU is still loaded");
    for (uint32_t i = 0; i < FAKE_IRQS; i++) {
        CHECK(!fake.irq_enabled[i] && !fake.irq_active[i], "interrupt %u is left on", i);
    }
    CHECK(frames_are_clear(RAM_FRAME, POOL_FRAMES), "init's pool is not wiped");
    return 0;
}
