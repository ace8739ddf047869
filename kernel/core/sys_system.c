/*
 * L4_SYS_SYSTEM: version, time, yield, and what only the holder of the system capability may do.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/syscall.h>
#include <kernel/trace.h>
#include <plat/uart.h>

static l4_status_t hello(uint32_t *r)
{
    if (r[2] == L4_ABI_VERSION) {
        return L4_OK;
    }
    r[1] = L4_ABI_VERSION;
    return L4_ERR_VERSION;
}

static l4_status_t read_clock(uint32_t *r)
{
    uint64_t ticks = arch_counter();
    uint32_t hz = arch_counter_hz();
    uint64_t ns = ticks * (1000000000u / hz);

    r[1] = (uint32_t)ns;
    r[2] = (uint32_t)(ns >> 32);
    r[3] = hz;
    r[4] = (uint32_t)ticks;
    r[5] = (uint32_t)(ticks >> 32);
    return L4_OK;
}

static l4_status_t write_text(const uint32_t *r)
{
    const uint8_t *text = (const uint8_t *)&r[3];

    if (r[2] > 12u) {
        return L4_ERR_RANGE;
    }
    for (uint32_t i = 0; i < r[2]; i++) {
        plat_uart_put((char)text[i]);
    }
    return L4_OK;
}

static l4_status_t read_stat(uint32_t *r)
{
    struct cpu *cpu = this_cpu();

    switch (r[2]) {
    case L4_STAT_NONPREEMPT_WORST:
        r[1] = arch_nonpreempt_worst();
        return L4_OK;
    case L4_STAT_SWITCHES:
        r[1] = cpu->switches;
        return L4_OK;
    case L4_STAT_IRQS:
        r[1] = cpu->irqs;
        return L4_OK;
    default:
        return L4_ERR_INVALID;
    }
}

static l4_status_t privileged(struct thread *self)
{
    uint32_t *r = self->frame.r;
    struct cap *c;
    uint32_t op = r[1];
    l4_status_t status = aspace_cap(self->aspace, r[0], L4_TYPE_SYSTEM, L4_RIGHT_CONTROL, &c);

    if (status != L4_OK) {
        return status;
    }
    switch (op) {
    case L4_SYSTEM_WRITE:
        return write_text(r);
    case L4_SYSTEM_STAT:
        return read_stat(r);
    case L4_SYSTEM_TRACE:
        if (self->buffer == NULL) {
            return L4_ERR_NOT_FOUND;
        }
        r[1] = trace_read(self->buffer->word, L4_MSG_WORDS);
        return L4_OK;
    default:
        arch_machine_exit(r[2]);
    }
}

struct thread *sys_system(struct thread *self)
{
    uint32_t *r = self->frame.r;

    switch (r[1]) {
    case L4_SYSTEM_HELLO:
        return syscall_finish(self, hello(r));
    case L4_SYSTEM_YIELD:
        r[0] = L4_OK;
        budget_yield();
        sched_yield();
        return sched_choose();
    case L4_SYSTEM_CLOCK:
        return syscall_finish(self, read_clock(r));
    default:
        if (r[1] >= L4_SYSTEM_OP_COUNT) {
            return syscall_malformed(self, L4_SYS_SYSTEM);
        }
        return syscall_finish(self, privileged(self));
    }
}
