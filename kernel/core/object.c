/*
 * The common head of kernel objects: set-up and the per-type end.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/endpoint.h>
#include <kernel/irq.h>
#include <kernel/thread.h>
#include <kernel/trace.h>

void object_init(struct object *o, uint8_t type, struct aspace *home, uint32_t size_class)
{
    o->type = type;
    o->dying = 0;
    o->size_class = (uint16_t)size_class;
    list_init(&o->caps);
    o->home = home;
    list_init(&o->home_link);
    if (home != NULL) {
        list_append(&home->objects, &o->home_link);
        trace(TRACE_CREATE, type, (uint32_t)(uintptr_t)o);
    }
}

/* Its interrupts may be many; the rest is short. */
static int quiesce_thread(struct thread *t)
{
    while (!list_empty(&t->linked_irqs)) {
        irq_unbind(container_of(t->linked_irqs.next, struct irq, vcpu_link));
        if (arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    thread_quiesce(t);
    return L4_OK;
}

int object_quiesce(struct object *o)
{
    o->dying = 1;
    switch (o->type) {
    case L4_TYPE_ENDPOINT:
        return endpoint_quiesce(container_of(o, struct endpoint, object));
    case L4_TYPE_THREAD:
        return quiesce_thread(thread_of_object(o));
    case L4_TYPE_IRQ:
        irq_quiesce(container_of(o, struct irq, object));
        return L4_OK;
    default:
        return L4_OK;
    }
}

void object_free(struct object *o)
{
    struct aspace *home = o->home;

    if (home == NULL) {
        return; /* static, or an address space: that one ends with its donated region */
    }
    trace(TRACE_DESTROY, o->type, (uint32_t)(uintptr_t)o);
    list_remove(&o->home_link);
    if (o->type == L4_TYPE_THREAD) {
        struct thread *t = thread_of_object(o);

        if (t->vcpu != NULL) {
            pool_free(&home->pool, t->vcpu, POOL_1024);
        }
    }
    pool_free(&home->pool, o, (enum pool_class)o->size_class);
}
