/*
 * arch/cpu.h on the host: recorded, and just enough of a processor to be checked.
 */
#include <arch/cpu.h>
#include <arch/switch.h>
#include <arch/vcpu.h>
#include <kernel/aspace.h>
#include <kernel/cpu.h>
#include <kernel/thread.h>
#include <plat/uart.h>
#include <string.h>

#define CPSR_USER 0x1d0u
#define CPSR_GUEST 0x1d3u
#define CPSR_THUMB 0x20u

struct thread *arch_switch(struct thread *next)
{
    kassert(next->frame.cpsr != 0);
    if (fake.loaded != next->aspace) {
        arch_aspace_prepare(next->aspace);
        fake.loaded = next->aspace;
    }
    if (next->vcpu != NULL) {
        this_cpu()->loaded_vcpu = next;
    }
    fake.switched_to = next;
    fake_log(FAKE_SWITCH, next->name, next->aspace->arch.tag);
    return next;
}

void arch_idle(void)
{
    fake_log(FAKE_IDLE, 0, 0);
    if (fake_irq_waits()) {
        return;
    }
    kassert(fake.idle != NULL);
    fake.idle();
}

uint32_t arch_counter_hz(void)
{
    return FAKE_HZ;
}

void arch_timer_set(uint64_t deadline)
{
    fake.timer_deadline = deadline;
    fake_log(FAKE_TIMER, (uint32_t)deadline, (uint32_t)(deadline >> 32));
}

void arch_cache_op(uint32_t op, const void *start, uint32_t size)
{
    kassert(size <= L4_PAGE_SIZE);
    (void)fake_memory(arch_ptr_frame(start));
    fake_log(FAKE_CACHE, op, size);
}

void arch_page_clear(void *page)
{
    kassert(((uintptr_t)page & (L4_PAGE_SIZE - 1)) == 0);
    fake_log(FAKE_CLEAR_PAGE, arch_ptr_frame(page), 0);
    fake.work.bytes += L4_PAGE_SIZE;
    memset(fake_memory(arch_ptr_frame(page)), 0, L4_PAGE_SIZE);
}

void arch_zero(void *p, uint32_t size)
{
    kassert(size % 32u == 0 && (uintptr_t)p % 8u == 0);
    fake.work.bytes += size;
    memset(p, 0, size);
}

void arch_copy_words(uint32_t *dst, const uint32_t *src, uint32_t words)
{
    kassert((((uintptr_t)dst | (uintptr_t)src) & 3u) == 0);
    fake.work.bytes += words * 4u;
    memmove(dst, src, (size_t)words * 4u);
}

void arch_machine_exit(uint32_t status)
{
    fake.ended(status);
}

void arch_frame_start(struct thread *t, uint32_t pc, uint32_t sp, uint32_t r0, uint32_t r1)
{
    memset(&t->frame, 0, sizeof(t->frame));
    t->frame.r[0] = r0;
    t->frame.r[1] = r1;
    t->frame.sp = sp;
    t->frame.pc = pc & ~1u;
    t->frame.cpsr = (t->vcpu != NULL ? CPSR_GUEST : CPSR_USER) | ((pc & 1u) != 0 ? CPSR_THUMB : 0);
}

void arch_frame_read(const struct thread *t, uint32_t *words)
{
    struct l4_regs_gp *regs = (struct l4_regs_gp *)words;

    memcpy(regs->r, t->frame.r, sizeof(regs->r));
    regs->sp_usr = t->frame.sp;
    regs->lr_usr = t->frame.lr;
    regs->pc = t->frame.pc;
    regs->cpsr = t->frame.cpsr;
}

void arch_frame_write(struct thread *t, const uint32_t *words)
{
    const struct l4_regs_gp *regs = (const struct l4_regs_gp *)words;
    uint32_t mode = t->vcpu != NULL ? CPSR_GUEST : CPSR_USER;

    memcpy(t->frame.r, regs->r, sizeof(regs->r));
    t->frame.sp = regs->sp_usr;
    t->frame.lr = regs->lr_usr;
    t->frame.pc = regs->pc;
    t->frame.cpsr = (regs->cpsr & 0xf0000020u) | mode;
}

void arch_frame_set_pc(struct thread *t, uint32_t pc)
{
    t->frame.pc = pc & ~3u;
}

void arch_frame_restart(struct thread *t)
{
    t->frame.pc -= (t->frame.cpsr & CPSR_THUMB) != 0 ? 2u : 4u;
}

uint32_t arch_nonpreempt_worst(void)
{
    return 0;
}

void arch_panic_dump(void)
{
}

void plat_uart_init(uint32_t base)
{
    (void)base;
}

void plat_uart_put(char c)
{
    if (fake.uart_length < sizeof(fake.uart) - 1) {
        fake.uart[fake.uart_length++] = c;
        fake.uart[fake.uart_length] = '\0';
    }
}
