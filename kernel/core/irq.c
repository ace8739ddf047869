/*
 * Interrupts: the kernel's own (timer, guest timer, maintenance) and interrupt objects.
 *
 * A bound interrupt stays active after it has fired, which keeps it from firing again until the
 * driver acknowledges it (GIC architecture, EOImode 1). Metrics: irq.user, irq.direct.
 */
#include <arch/irq.h>
#include <arch/vcpu.h>
#include <kernel/aspace.h>
#include <kernel/boot.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/endpoint.h>
#include <kernel/irq.h>
#include <kernel/timeout.h>
#include <kernel/trace.h>
#include <kernel/vcpu.h>

/* The kernel uses private interrupts only. */
#define IRQ_FIRST_SHARED 32u

static struct irq *irq_table[IRQ_MAX];

static bool is_kernels(uint32_t number)
{
    return number < 16u || number == boot_info.timer_irq_hyp ||
           number == boot_info.timer_irq_virtual || number == boot_info.maintenance_irq;
}

l4_status_t irq_get(struct aspace *home, uint32_t number, bool edge, struct irq **out)
{
    struct irq *i;

    if (number >= IRQ_MAX || number >= arch_irq_count() || is_kernels(number)) {
        return L4_ERR_INVALID;
    }
    if (irq_table[number] != NULL) {
        return L4_ERR_BUSY;
    }
    i = pool_alloc(&home->pool, POOL_512);
    if (i == NULL) {
        return L4_ERR_NO_MEMORY;
    }
    i->number = number;
    list_init(&i->vcpu_link);
    object_init(&i->object, L4_TYPE_IRQ, home, POOL_512);
    irq_table[number] = i;
    arch_irq_disable(number);
    arch_irq_configure(number, edge);
    *out = i;
    return L4_OK;
}

void irq_unbind(struct irq *i)
{
    arch_irq_disable(i->number);
    if (i->vcpu != NULL) {
        arch_vcpu_unlink(i->vcpu, i->number);
    }
    if (i->active) {
        arch_irq_deactivate(i->number);
        i->active = 0;
    }
    list_remove(&i->vcpu_link);
    i->vcpu = NULL;
    i->virq = 0;
    cap_clear(&i->target);
}

/* May come again for the same object, when the source is another's already. */
void irq_quiesce(struct irq *i)
{
    if (irq_table[i->number] == i) {
        irq_unbind(i);
        irq_table[i->number] = NULL;
    }
}

l4_status_t irq_bind(struct irq *i, struct cap *endpoint, uint32_t bits)
{
    l4_status_t status;

    if (i->vcpu != NULL || i->target.type != L4_TYPE_NULL) {
        return L4_ERR_EXISTS;
    }
    status = cap_derive(&i->target, endpoint, L4_RIGHT_SIGNAL, 0);
    if (status == L4_OK) {
        i->bits = bits;
        arch_irq_enable(i->number);
    }
    return status;
}

l4_status_t irq_assign(struct irq *i, struct thread *vcpu, uint32_t virq)
{
    if (i->vcpu != NULL || i->target.type != L4_TYPE_NULL) {
        return L4_ERR_EXISTS;
    }
    if (vcpu->vcpu == NULL || vcpu->object.dying) {
        return L4_ERR_STATE;
    }
    i->vcpu = vcpu;
    i->virq = virq;
    list_append(&vcpu->linked_irqs, &i->vcpu_link);
    arch_irq_enable(i->number);
    return L4_OK;
}

void irq_acknowledge(struct irq *i)
{
    if (i->active && i->vcpu == NULL) {
        i->active = 0;
        arch_irq_deactivate(i->number);
    }
}

static struct thread *serve_device(uint32_t number)
{
    struct irq *i = number < IRQ_MAX ? irq_table[number] : NULL;

    if (likely(i != NULL && i->target.type != L4_TYPE_NULL)) {
        i->active = 1;
        return endpoint_signal(container_of(i->target.object, struct endpoint, object), i->bits);
    }
    if (i != NULL && i->vcpu != NULL) {
        i->active = 1;
        if (arch_vcpu_inject_linked(i->vcpu, i->virq, number) == L4_OK) {
            vcpu_wake(i->vcpu);
        }
    } else {
        trace(TRACE_SPURIOUS, number, 0);
        arch_irq_disable(number);
        arch_irq_deactivate(number);
    }
    return NULL;
}

static void serve_timer(uint32_t number)
{
    uint64_t now = arch_counter();

    arch_irq_deactivate(number);
    timeout_run(now);
    if (now >= this_cpu()->budget_deadline) {
        budget_expired(now);
    }
}

/* The kernel's own interrupts; false: it is a device's. */
static bool serve_own(uint32_t number)
{
    if (number == boot_info.timer_irq_virtual) {
        arch_vcpu_timer_irq();
    } else if (number == boot_info.timer_irq_hyp) {
        serve_timer(number);
    } else if (number == boot_info.maintenance_irq) {
        arch_vcpu_maintenance_irq();
        arch_irq_deactivate(number);
    } else {
        return false;
    }
    return true;
}

struct thread *irq_serve(void)
{
    uint32_t number = arch_irq_acknowledge();

    if (unlikely(number == ARCH_IRQ_NONE)) {
        return NULL;
    }
    this_cpu()->irqs++;
    if (number < IRQ_FIRST_SHARED && serve_own(number)) {
        return NULL;
    }
    return serve_device(number);
}

struct thread *irq_dispatch(struct thread *self)
{
    struct cpu *cpu = this_cpu();
    struct thread *woken = irq_serve();

    if (woken != NULL) {
        return sched_preempt(woken);
    }
    self = cpu->reschedule ? sched_choose() : cpu->current;
    if (cpu->timer_deadline == 0) {
        timeout_program();
    }
    return self;
}
