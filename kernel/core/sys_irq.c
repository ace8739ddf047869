/*
 * L4_SYS_IRQ: interrupt objects.
 */
#include <kernel/aspace.h>
#include <kernel/irq.h>
#include <kernel/syscall.h>

static l4_status_t get(struct thread *self)
{
    const uint32_t *r = self->frame.r;
    struct cap *c;
    struct cap *dst;
    struct irq *i;
    l4_status_t status = aspace_cap(self->aspace, r[0], L4_TYPE_SYSTEM, L4_RIGHT_CONTROL, &c);

    if (status == L4_OK) {
        status = cap_free_slot(self->aspace, r[3], &dst);
    }
    if (status == L4_OK) {
        status = irq_get(self->aspace, r[2], r[4] != 0, &i);
    }
    if (status == L4_OK) {
        cap_init_original(dst, &i->object, L4_RIGHT_ALL);
    }
    return status;
}

static l4_status_t bind(struct thread *self, struct irq *i)
{
    const uint32_t *r = self->frame.r;
    struct cap *endpoint;
    l4_status_t status =
        aspace_cap(self->aspace, r[2], L4_TYPE_ENDPOINT, L4_RIGHT_SIGNAL, &endpoint);

    return status == L4_OK ? irq_bind(i, endpoint, r[3]) : status;
}

static l4_status_t assign(struct thread *self, struct irq *i)
{
    const uint32_t *r = self->frame.r;
    struct cap *thread;
    l4_status_t status = aspace_cap(self->aspace, r[2], L4_TYPE_THREAD, L4_RIGHT_CONTROL, &thread);

    return status == L4_OK ? irq_assign(i, thread_of_object(thread->object), r[3]) : status;
}

struct thread *sys_irq(struct thread *self)
{
    const uint32_t *r = self->frame.r;
    struct irq *i;
    struct cap *c;
    l4_status_t status;

    if (r[1] >= L4_IRQ_OP_COUNT) {
        return syscall_malformed(self, L4_SYS_IRQ);
    }
    if (r[1] == L4_IRQ_GET) {
        return syscall_finish(self, get(self));
    }
    status = aspace_cap(self->aspace, r[0], L4_TYPE_IRQ, L4_RIGHT_CONTROL, &c);
    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    i = container_of(c->object, struct irq, object);
    if (i->object.dying) {
        return syscall_finish(self, L4_ERR_STATE);
    }
    switch (r[1]) {
    case L4_IRQ_BIND:
        status = bind(self, i);
        break;
    case L4_IRQ_ACK:
        irq_acknowledge(i);
        break;
    case L4_IRQ_ASSIGN:
        status = assign(self, i);
        break;
    default:
        irq_unbind(i);
        break;
    }
    return syscall_finish(self, status);
}
