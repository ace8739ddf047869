/*
 * What the vCPU side of arch/armv7 needs around it, recorded. See vcpu_machine.h.
 */
#include "vcpu_machine.h"

#include <kernel/aspace.h>
#include <kernel/trace.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define GICH_BASE 0x08030000u

struct cpu cpu_boot;
struct l4_bootinfo boot_info;
struct thread thread_a, thread_b;
struct exit_seen exit_seen;
uint64_t test_counter;

static struct vcpu vcpu_a, vcpu_b;
static struct aspace aspace;

static void make(struct thread *t, struct vcpu *v, uint16_t name)
{
    memset(t, 0, sizeof(*t));
    memset(v, 0, sizeof(*v));
    t->vcpu = v;
    t->flags = L4_THREAD_GUEST;
    t->aspace = &aspace;
    t->name = name;
    t->state = L4_STATE_RUNNABLE;
    arch_vcpu_init(t);
    v->vmcr = 0xf8000003u; /* no mask, both groups: as a guest sets it up */
}

int vcpu_setup(void **state)
{
    (void)state;
    if (mmap((void *)(uintptr_t)GICH_BASE, L4_PAGE_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        return -1;
    }
    record_reset();
    memset(&cpu_boot, 0, sizeof(cpu_boot));
    memset(&exit_seen, 0, sizeof(exit_seen));
    cpu_boot.arch.native = WORLD_NATIVE(6);
    cpu_boot.arch.key = 1u << KEY_GENERATION_SHIFT;
    cpu_boot.timer_deadline = UINT64_MAX;
    cpu_boot.budget_deadline = UINT64_MAX;
    boot_info.gich = GICH_BASE;
    boot_info.timer_irq_virtual = PPI_VIRTUAL;
    test_counter = 1000000;
    make(&thread_a, &vcpu_a, 1);
    make(&thread_b, &vcpu_b, 2);
    record_clear();
    return 0;
}

void run_guest(struct thread *t)
{
    cpu_boot.current = t;
    (void)arch_switch(t);
}

void run_native(void)
{
    static struct thread native;

    vcpu_leave();
    cpu_boot.current = &native;
}

void guest_take(uint32_t slot)
{
    assert_true((*lr(slot) & LR_STATE) == L4_VIRQ_PENDING);
    *lr(slot) ^= LR_STATE;
}

void guest_end(uint32_t slot)
{
    assert_true((*lr(slot) & L4_VIRQ_ACTIVE) != 0);
    *lr(slot) &= ~L4_VIRQ_ACTIVE;
    if ((*lr(slot) & LR_STATE) == 0 && (*lr(slot) & L4_VIRQ_NOTIFY) != 0) {
        GICH(GICH_EISR) = 1u << slot;
        arch_vcpu_maintenance_irq();
        GICH(GICH_EISR) = 0;
    }
}

void timer_line(bool high)
{
    record_write("CNTV_CTL", CNT_ENABLE | (high ? CNT_ISTATUS : 0));
    if (high) {
        arch_vcpu_timer_irq();
    }
}

uint32_t seen(const char *what, uint64_t value)
{
    uint32_t n = 0;

    for (uint32_t i = record_find(0, what); i < record.count; i = record_find(i + 1, what)) {
        n += record.event[i].value == value;
    }
    return n;
}

void run_timeouts(void)
{
    while (cpu_boot.timeouts.root != NULL && cpu_boot.timeouts.root->key <= test_counter) {
        timeout_run(test_counter);
    }
}

/* --- the rest of the kernel and of the port --- */

void arch_irq_deactivate(uint32_t irq)
{
    record_write("deactivate", irq);
}

void arch_irq_enable(uint32_t irq)
{
    record_write("enable", irq);
}

void arch_irq_disable(uint32_t irq)
{
    record_write("disable", irq);
}

void arch_irq_set_active(uint32_t irq, bool active)
{
    record_write(active ? "set active" : "set inactive", irq);
}

void vcpu_bank_save(struct vcpu *v)
{
    record_write("bank save", v->thread->name);
}

void vcpu_bank_load(const struct vcpu *v)
{
    record_write("bank load", v->thread->name);
}

void vcpu_vfp_save(struct l4_regs_vfp *vfp)
{
    record_write("vfp save", vfp == &vcpu_a.vfp ? 1 : 2);
}

void vcpu_tee_save(struct l4_regs_cp15 *cp15)
{
    record_write("tee save", cp15 == &vcpu_a.cp15 ? 1 : 2);
}

void vcpu_tee_load(const struct l4_regs_cp15 *cp15)
{
    record_write("tee load", cp15 == &vcpu_a.cp15 ? 1 : 2);
}

void vcpu_vfp_load(const struct l4_regs_vfp *vfp)
{
    record_write("vfp load", vfp == &vcpu_a.vfp ? 1 : 2);
}

uint32_t vcpu_banked_read(uint32_t index)
{
    return 0x1000u + index;
}

void vcpu_banked_write(uint32_t index, uint32_t value)
{
    record_write("banked write", (uint64_t)index << 32 | value);
}

struct thread *ipc_kernel_call(struct thread *t, uint32_t label, const uint32_t *w)
{
    exit_seen = (struct exit_seen){exit_seen.count + 1, label, w[0], w[1], w[2]};
    assert_int_equal(w[3], 0);
    return t;
}

void vcpu_wake(struct thread *t)
{
    if (t->state == L4_STATE_WFI) {
        t->state = L4_STATE_RUNNABLE;
    }
}

void trace(enum trace_event event, uint32_t a, uint32_t b)
{
    (void)a;
    (void)b;
    record_write("trace", event);
}

void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}

uint32_t arch_counter_hz(void)
{
    return 62500000;
}

void arch_timer_set(uint64_t deadline)
{
    record_write("timer", deadline);
}

void arch_zero(void *p, uint32_t size)
{
    memset(p, 0, size);
}

void arch_copy_words(uint32_t *dst, const uint32_t *src, uint32_t words)
{
    memcpy(dst, src, (size_t)words * 4);
}

void arch_frame_start(struct thread *t, uint32_t pc, uint32_t sp, uint32_t r0, uint32_t r1)
{
    (void)sp;
    t->frame.pc = pc;
    t->frame.r[0] = r0;
    t->frame.r[1] = r1;
    t->frame.cpsr = 0x1d3;
}

bool arch_aspace_lookup(const struct aspace *as, uint32_t va, frame_t *frame, uint32_t *attr)
{
    (void)as;
    (void)va;
    *frame = 0;
    *attr = 0;
    return false;
}

void arch_aspace_prepare(struct aspace *as)
{
    (void)as;
}
