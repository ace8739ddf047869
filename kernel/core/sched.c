/*
 * Ready queues and the choice of the next thread. Budgets are in budget.c.
 *
 * The running thread is in no queue. cpu->top_ready caches the highest ready priority, so that the
 * direct switch of IPC costs one comparison (metric ipc.rpc).
 */
#include <arch/switch.h>
#include <kernel/aspace.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/sched.h>

struct cpu cpu_boot;

static void find_top(struct cpu *cpu)
{
    struct sched_queues *q = &cpu->queues;

    if (q->summary == 0) {
        cpu->top_ready = -1;
    } else {
        uint32_t word = 31u - (uint32_t)__builtin_clz(q->summary);

        cpu->top_ready = (int32_t)(word * 32u + 31u - (uint32_t)__builtin_clz(q->ready[word]));
    }
}

static void enqueue(struct cpu *cpu, struct thread *t, bool at_head)
{
    struct sched_queues *q = &cpu->queues;
    uint32_t priority = t->priority;
    struct list *queue = &q->queue[priority];

    list_insert(at_head ? queue : queue->prev, &t->ready_link);
    q->ready[priority / 32u] |= 1u << (priority % 32u);
    q->summary |= 1u << (priority / 32u);
    t->queued = 1;
    if ((int32_t)priority > cpu->top_ready) {
        cpu->top_ready = (int32_t)priority;
    }
}

static void queue_emptied(struct cpu *cpu, uint32_t priority)
{
    struct sched_queues *q = &cpu->queues;
    uint32_t left = q->ready[priority / 32u] & ~(1u << (priority % 32u));

    q->ready[priority / 32u] = left;
    if (left == 0) {
        q->summary &= ~(1u << (priority / 32u));
    }
    find_top(cpu);
}

static void dequeue(struct cpu *cpu, struct thread *t)
{
    list_remove(&t->ready_link);
    t->queued = 0;
    if (list_empty(&cpu->queues.queue[t->priority])) {
        queue_emptied(cpu, t->priority);
    }
}

void sched_ready(struct thread *t)
{
    struct cpu *cpu = this_cpu();

    if (t->stopped) {
        t->state = L4_STATE_STOPPED;
        return;
    }
    t->state = L4_STATE_RUNNABLE;
    if (t == cpu->current || t->queued) {
        return;
    }
    enqueue(cpu, t, false);
    if (cpu->current == NULL || t->priority > cpu->current->priority) {
        cpu->reschedule = true;
    }
}

void sched_unready(struct thread *t)
{
    struct cpu *cpu = this_cpu();

    if (t->queued) {
        dequeue(cpu, t);
    }
    if (t == cpu->current) {
        cpu->reschedule = true;
    }
}

void sched_set_priority(struct thread *t, uint32_t priority)
{
    struct cpu *cpu = this_cpu();

    if (t->priority == priority) {
        return;
    }
    if (t->queued) {
        dequeue(cpu, t);
        t->priority = (uint8_t)priority;
        enqueue(cpu, t, false);
    } else {
        t->priority = (uint8_t)priority;
        if (t->state == L4_STATE_SENDING) {
            ipc_requeue(t);
        }
    }
    cpu->reschedule = true;
}

/* Makes `next` current. */
static inline struct thread *run(struct cpu *cpu, struct thread *next)
{
    cpu->current = next;
    cpu->switches++;
    if (unlikely(next->sc != cpu->sc)) {
        budget_switch(next->sc);
    }
    return arch_switch(next);
}

static inline struct thread *first_of(const struct list *queue)
{
    return container_of(queue->next, struct thread, ready_link);
}

/* The first of the highest queue that is not empty, which is this one. */
static inline struct thread *take_first(struct cpu *cpu, struct list *queue, uint32_t priority)
{
    struct thread *t = container_of(list_take_first(queue), struct thread, ready_link);

    t->queued = 0;
    if (list_empty(queue)) {
        queue_emptied(cpu, priority);
    }
    return t;
}

/* One interrupt, while nobody runs. */
static void serve(void)
{
    struct thread *woken = irq_serve();

    if (woken != NULL) {
        sched_ready(woken);
    }
}

/* Nothing to run: finish what is dying, then sleep until an interrupt. */
static void idle(struct cpu *cpu)
{
    cpu->current = NULL;
    budget_switch(NULL);
    timeout_program();
    if (aspace_reap() == L4_OK && cpu->top_ready < 0) { /* what ended may have made one ready */
        arch_idle();
    }
    serve();
}

struct thread *sched_choose(void)
{
    struct cpu *cpu = this_cpu();

    for (;;) {
        struct sched_queues *q = &cpu->queues;
        struct thread *self = cpu->current;
        struct thread *next;

        cpu->reschedule = false;
        if (self != NULL && self->state != L4_STATE_RUNNABLE) {
            self = NULL;
        }
        if (self != NULL && (int32_t)self->priority >= cpu->top_ready) {
            next = self;
        } else if (cpu->top_ready >= 0) {
            if (self != NULL) {
                enqueue(cpu, self, true);
                cpu->current = NULL; /* queued: not also the running one, should `next` not run */
            }
            next = take_first(cpu, &q->queue[cpu->top_ready], (uint32_t)cpu->top_ready);
        } else {
            idle(cpu);
            continue;
        }
        if (budget_usable(next->sc)) {
            return run(cpu, next);
        }
        cpu->current = NULL; /* it waits, or is queued */
        budget_block(next);
        if (arch_irq_pending()) { /* any number may be ready without budget */
            budget_switch(NULL);
            serve();
        }
    }
}

struct thread *sched_leave(void)
{
    struct cpu *cpu = this_cpu();
    int32_t top = cpu->top_ready;
    struct list *queue;

    if (unlikely(top < 0)) {
        return sched_choose();
    }
    queue = &cpu->queues.queue[top];
    if (unlikely(first_of(queue)->sc->limited)) {
        return sched_choose();
    }
    cpu->reschedule = false;
    return run(cpu, take_first(cpu, queue, (uint32_t)top));
}

struct thread *sched_switch_to(struct thread *next)
{
    struct cpu *cpu = this_cpu();

    next->state = L4_STATE_RUNNABLE;
    if (likely((int32_t)next->priority >= cpu->top_ready && !next->stopped &&
               next->sc == cpu->sc)) {
        cpu->reschedule = false;
        cpu->current = next;
        return arch_switch(next);
    }
    sched_ready(next);
    return sched_choose();
}

struct thread *sched_preempt(struct thread *woken)
{
    struct cpu *cpu = this_cpu();
    struct thread *self = cpu->current;

    if (likely(!cpu->reschedule && self != NULL && woken->priority > self->priority &&
               !woken->stopped && budget_usable(woken->sc))) {
        woken->state = L4_STATE_RUNNABLE;
        enqueue(cpu, self, true);
        return run(cpu, woken);
    }
    sched_ready(woken);
    return cpu->reschedule ? sched_choose() : self;
}

void sched_yield(void)
{
    struct cpu *cpu = this_cpu();

    enqueue(cpu, cpu->current, false);
    cpu->current->state = L4_STATE_RUNNABLE;
    cpu->current = NULL;
    cpu->reschedule = true;
}

bool sched_rotate(void)
{
    struct cpu *cpu = this_cpu();
    struct thread *self = cpu->current;
    struct list *queue = &cpu->queues.queue[self->priority];
    struct thread *next = container_of(queue->next, struct thread, ready_link);

    if (list_empty(queue) || !budget_usable(next->sc)) {
        return false;
    }
    list_take_first(queue);
    list_append(queue, &self->ready_link);
    self->queued = 1;
    next->queued = 0;
    (void)run(cpu, next);
    return true;
}
