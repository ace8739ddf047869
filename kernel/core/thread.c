/*
 * Threads: creation, stop and resume, end. Their system calls are in sys_thread.c.
 */
#include <arch/vcpu.h>
#include <kernel/aspace.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/ipc.h>
#include <kernel/thread.h>
#include <kernel/trace.h>

static void thread_timed_out(struct timeout *timeout)
{
    thread_wake(container_of(timeout, struct thread, timeout), L4_ERR_TIMEOUT);
}

l4_status_t thread_create(struct aspace *as, uint32_t flags, struct thread **out)
{
    static uint16_t names;
    struct thread *t;

    if ((flags & ~(L4_THREAD_GUEST | L4_THREAD_PMU)) != 0) {
        return L4_ERR_INVALID;
    }
    if (((flags & L4_THREAD_GUEST) != 0) != ((as->flags & L4_ASPACE_GUEST) != 0)) {
        return L4_ERR_NOT_SUPPORTED; /* native threads and guests never share a space */
    }
    t = pool_alloc(&as->pool, POOL_1024);
    if (t == NULL) {
        return L4_ERR_NO_MEMORY;
    }
    t->aspace = as;
    t->flags = (uint8_t)flags;
    t->name = ++names;
    t->state = L4_STATE_STOPPED;
    t->stopped = 1;
    t->sc = &t->own_sc;
    t->timeout.expired = thread_timed_out;
    arch_frame_start(t, 0, 0, 0, 0); /* RESUME may come before START */
    list_init(&t->ready_link);
    list_init(&t->ipc_link);
    list_init(&t->budget_link);
    list_init(&t->linked_irqs);
    budget_init(&t->own_sc);
    if ((flags & L4_THREAD_GUEST) != 0) {
        t->vcpu = pool_alloc(&as->pool, POOL_1024);
        if (t->vcpu == NULL) {
            pool_free(&as->pool, t, POOL_1024);
            return L4_ERR_NO_MEMORY;
        }
        arch_vcpu_init(t);
    }
    object_init(&t->object, L4_TYPE_THREAD, as, POOL_1024);
    *out = t;
    return L4_OK;
}

void thread_stop(struct thread *t)
{
    t->stopped = 1;
    if (t->in_exit || (t->state == L4_STATE_SENDING && t->ipc == IPC_KERNEL)) {
        return; /* it stops when the exit is answered */
    }
    thread_unblock(t, L4_ERR_CANCELED);
    sched_unready(t);
    t->state = L4_STATE_STOPPED;
}

void thread_resume(struct thread *t)
{
    t->stopped = 0;
    if (t->state == L4_STATE_STOPPED) {
        sched_ready(t);
    }
}

void thread_quiesce(struct thread *t)
{
    struct cpu *cpu = this_cpu();

    t->stopped = 1;
    thread_unblock(t, L4_ERR_CANCELED);
    sched_unready(t);
    t->state = L4_STATE_STOPPED;
    ipc_drop_caller(t, L4_ERR_PEER_DIED);
    endpoint_serve(NULL, t);
    budget_unlend(t);
    budget_end_loan(t);
    budget_quiesce(&t->own_sc);
    cap_clear(&t->fault_cap);
    cap_clear(&t->buffer_cap);
    if (t->vcpu != NULL) {
        arch_vcpu_destroy(t->vcpu);
    }
    if (cpu->current == t) {
        cpu->current = NULL;
        cpu->reschedule = true;
    }
    trace(TRACE_STOP, t->name, 0);
}

void thread_buffer_gone(struct cap *c)
{
    container_of(c, struct thread, buffer_cap)->buffer = NULL;
}

uint32_t *thread_cursor(struct thread *t, uint32_t key)
{
    if (t->restart_key != key) {
        t->restart_key = key;
        t->restart_cursor = 0;
    }
    return &t->restart_cursor;
}

bool thread_is_quiet(const struct thread *t)
{
    return t->state == L4_STATE_STOPPED || t->in_exit ||
           (t->state == L4_STATE_SENDING && t->ipc == IPC_KERNEL);
}
