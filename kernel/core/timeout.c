/*
 * Timeouts: see timeout.h.
 */
#include <arch/cpu.h>
#include <kernel/cpu.h>
#include <kernel/timeout.h>

/* Ticks in a microsecond as a binary fraction, rounded up: no division on the way of a timeout. Up
 * to 256 MHz. */
#define SCALE_SHIFT 24u

uint64_t timeout_us_to_ticks(uint32_t us)
{
    static uint32_t scale;

    if (unlikely(scale == 0)) {
        scale = (uint32_t)((((uint64_t)arch_counter_hz() << SCALE_SHIFT) + 999999u) / 1000000u);
    }
    return (uint64_t)us * scale >> SCALE_SHIFT;
}

uint64_t timeout_deadline(uint32_t us)
{
    return arch_counter() + timeout_us_to_ticks(us);
}

void timeout_program(void)
{
    struct cpu *cpu = this_cpu();
    uint64_t deadline = cpu->budget_deadline;

    if (cpu->timeouts.root != NULL && cpu->timeouts.root->key < deadline) {
        deadline = cpu->timeouts.root->key;
    }
    if (deadline != cpu->timer_deadline) {
        cpu->timer_deadline = deadline;
        arch_timer_set(deadline);
    }
}

void timeout_set(struct timeout *t, uint64_t deadline)
{
    struct cpu *cpu = this_cpu();

    if (heap_contains(&t->node)) {
        heap_remove(&cpu->timeouts, &t->node);
    }
    t->node.key = deadline;
    heap_insert(&cpu->timeouts, &t->node);
    timeout_program();
}

void timeout_cancel(struct timeout *t)
{
    if (heap_contains(&t->node)) {
        heap_remove(&this_cpu()->timeouts, &t->node);
        timeout_program();
    }
}

void timeout_run(uint64_t now)
{
    struct cpu *cpu = this_cpu();
    struct heap_node *first = cpu->timeouts.root;

    if (first != NULL && first->key <= now) {
        struct timeout *t = container_of(first, struct timeout, node);

        heap_remove(&cpu->timeouts, first);
        t->expired(t);
    }
    cpu->timer_deadline = 0; /* what was programmed has fired: irq_dispatch() programs anew */
}
