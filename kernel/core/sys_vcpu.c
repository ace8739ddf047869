/*
 * L4_SYS_VCPU. Injection is on the way of every interrupt that a VMM makes (metrics vm.sgi,
 * vm.inject).
 */
#include <kernel/aspace.h>
#include <kernel/syscall.h>
#include <kernel/vcpu.h>
#include <l4/abi/vcpu.h>

static l4_status_t inject(struct thread *t, uint32_t virq)
{
    l4_status_t status = arch_vcpu_inject(t, virq);

    if (status == L4_OK) {
        vcpu_wake(t);
    }
    return status;
}

static l4_status_t reset(struct thread *t)
{
    if (!thread_is_quiet(t)) {
        return L4_ERR_STATE;
    }
    arch_vcpu_reset(t);
    return L4_OK;
}

struct thread *sys_vcpu(struct thread *self)
{
    uint32_t *r = self->frame.r;
    struct thread *t;
    struct cap *c;
    l4_status_t status;

    if (r[1] >= L4_VCPU_OP_COUNT) {
        return syscall_malformed(self, L4_SYS_VCPU);
    }
    status = aspace_cap(self->aspace, r[0], L4_TYPE_THREAD, L4_RIGHT_CONTROL, &c);
    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    t = thread_of_object(c->object);
    if (t->vcpu == NULL) {
        return syscall_finish(self, L4_ERR_NOT_SUPPORTED);
    }
    switch (r[1]) {
    case L4_VCPU_INJECT:
        status = inject(t, r[2]);
        break;
    case L4_VCPU_RETRACT:
        status = arch_vcpu_retract(t, r[2], &r[1]);
        break;
    case L4_VCPU_VIRQS:
        arch_vcpu_virqs(t, &r[1]);
        break;
    case L4_VCPU_TIMER:
        status = arch_vcpu_timer(t, r[2], r[3]);
        break;
    case L4_VCPU_TIME_OFFSET:
        arch_vcpu_time_offset(t, r[2] | (uint64_t)r[3] << 32);
        break;
    case L4_VCPU_TRANSLATE:
        status = arch_vcpu_translate(t, r[2], r[3] != 0, r[4] != 0, &r[1]);
        break;
    default:
        status = reset(t);
        break;
    }
    return syscall_finish(self, status);
}
