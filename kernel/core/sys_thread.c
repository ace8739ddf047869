/*
 * L4_SYS_THREAD.
 */
#include <kernel/aspace.h>
#include <kernel/budget.h>
#include <kernel/region.h>
#include <kernel/syscall.h>
#include <kernel/vcpu.h>
#include <l4/abi/vcpu.h>

static l4_status_t set_buffer(struct thread *self, struct thread *t, l4_cap_t index)
{
    struct cap *c;
    l4_status_t status;

    if (index == L4_CAP_NULL) {
        cap_clear(&t->buffer_cap);
        return L4_OK;
    }
    status = aspace_cap(self->aspace, index, L4_TYPE_REGION, L4_RIGHT_READ | L4_RIGHT_WRITE, &c);
    if (status != L4_OK) {
        return status;
    }
    if ((c->flags & CAP_DEVICE) != 0) {
        return L4_ERR_NOT_SUPPORTED;
    }
    if (c->frames != 1) {
        return L4_ERR_RANGE;
    }
    cap_clear(&t->buffer_cap);
    status = region_share(c, 0, 1, L4_RIGHT_READ | L4_RIGHT_WRITE, &t->buffer_cap);
    if (status == L4_OK) {
        t->buffer_cap.flags |= CAP_BUFFER;
        t->buffer = arch_frame_ptr(c->frame);
    }
    return status;
}

static l4_status_t set_fault(struct thread *self, struct thread *t, l4_cap_t index)
{
    struct cap *c;
    l4_status_t status = aspace_cap(self->aspace, index, L4_TYPE_ENDPOINT, L4_RIGHT_SEND, &c);

    if (status == L4_OK) {
        cap_clear(&t->fault_cap);
        status = cap_derive(&t->fault_cap, c, L4_RIGHT_SEND, 0);
        if (status == L4_OK) {
            t->fault_cap.flags |= CAP_FAULT;
        }
    }
    return status;
}

/* Nobody gives more than it holds: budget/period <= the caller's, compared crosswise, exactly. */
static bool may_give(const struct sched_context *own, uint32_t budget_us, uint32_t period_us)
{
    return own->budget == 0 || (budget_us != 0 && (uint64_t)budget_us * own->period_us <=
                                                      (uint64_t)own->budget_us * period_us);
}

static l4_status_t set_sched(struct thread *self, struct thread *t)
{
    const uint32_t *r = self->frame.r;
    uint64_t budget = timeout_us_to_ticks(r[4]);
    uint64_t period = timeout_us_to_ticks(r[5]);
    uint32_t inherited;

    if (r[2] >= L4_PRIORITIES || r[3] >= L4_PRIORITIES || r[2] > r[3] || budget > period ||
        r[5] > L4_TIMEOUT_MAX_US || (r[4] == 0) != (r[5] == 0)) {
        return L4_ERR_INVALID;
    }
    if (r[3] > self->ceiling || !may_give(&self->own_sc, r[4], r[5])) {
        return L4_ERR_AUTHORITY;
    }
    t->ceiling = (uint8_t)r[3];
    t->base_priority = (uint8_t)r[2];
    inherited = t->caller != NULL ? t->caller->priority : 0;
    sched_set_priority(t, r[2] > inherited ? r[2] : inherited);
    budget_lend(t);
    t->own_sc.budget_us = r[4];
    t->own_sc.period_us = r[5];
    budget_configure(&t->own_sc, budget, period);
    return L4_OK;
}

static l4_status_t start(struct thread *t, const uint32_t *r)
{
    if (t->state != L4_STATE_STOPPED) {
        return L4_ERR_STATE;
    }
    arch_frame_start(t, r[2], r[3], r[4], r[5]);
    t->restart_key = 0;
    thread_resume(t);
    return L4_OK;
}

static l4_status_t access_regs(struct thread *self, struct thread *t, bool write)
{
    uint32_t group = self->frame.r[2];
    uint32_t *words;

    if (self->buffer == NULL) {
        return L4_ERR_NOT_FOUND;
    }
    if (!thread_is_quiet(t)) {
        return L4_ERR_STATE;
    }
    words = self->buffer->word;
    if (group == L4_REGS_GP) {
        if (write) {
            arch_frame_write(t, words);
            t->restart_key = 0;
        } else {
            arch_frame_read(t, words);
        }
        return L4_OK;
    }
    if (t->vcpu == NULL) {
        return L4_ERR_NOT_SUPPORTED;
    }
    return (write ? arch_vcpu_regs_write(t, group, words) : arch_vcpu_regs_read(t, group, words))
               ? L4_OK
               : L4_ERR_INVALID;
}

static l4_status_t get_info(struct thread *t, uint32_t *r)
{
    uint64_t ticks = t->own_sc.consumed;
    uint64_t ns = ticks * (1000000000u / arch_counter_hz());

    r[1] = t->state;
    r[2] = (uint32_t)ns;
    r[3] = (uint32_t)(ns >> 32);
    return L4_OK;
}

struct thread *sys_thread(struct thread *self)
{
    uint32_t *r = self->frame.r;
    struct thread *t;
    struct cap *c;
    l4_status_t status;

    if (r[1] >= L4_THREAD_OP_COUNT) {
        return syscall_malformed(self, L4_SYS_THREAD);
    }
    status = aspace_cap(self->aspace, r[0], L4_TYPE_THREAD,
                        r[1] == L4_THREAD_GET_INFO ? L4_RIGHT_INFO : L4_RIGHT_CONTROL, &c);
    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    t = thread_of_object(c->object);
    if (t->object.dying && r[1] != L4_THREAD_GET_INFO) {
        return syscall_finish(self, L4_ERR_STATE);
    }
    switch (r[1]) {
    case L4_THREAD_SET_BUFFER:
        status = set_buffer(self, t, r[2]);
        break;
    case L4_THREAD_SET_FAULT:
        status = set_fault(self, t, r[2]);
        break;
    case L4_THREAD_SET_SCHED:
        status = set_sched(self, t);
        break;
    case L4_THREAD_START:
        status = start(t, r);
        break;
    case L4_THREAD_STOP:
        r[0] = L4_OK;
        thread_stop(t);
        return t == self ? sched_choose() : syscall_finish(self, L4_OK);
    case L4_THREAD_RESUME:
        thread_resume(t);
        break;
    case L4_THREAD_GET_INFO:
        status = get_info(t, r);
        break;
    default:
        status = access_regs(self, t, r[1] == L4_THREAD_WRITE_REGS);
        break;
    }
    return syscall_finish(self, status);
}
