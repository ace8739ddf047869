/*
 * Invariants of the kernel, part 4: threads, queues, calls and budgets.
 */
#include "check.h"

bool is_thread(const struct world *w, const struct thread *t)
{
    for (uint32_t i = 0; i < w->threads; i++) {
        if (w->thread[i] == t) {
            return true;
        }
    }
    return false;
}

static bool is_endpoint(const struct world *w, const struct endpoint *ep)
{
    for (uint32_t i = 0; i < w->endpoints; i++) {
        if (w->endpoint[i] == ep) {
            return true;
        }
    }
    return false;
}

static void check_ready(const struct world *w)
{
    const struct sched_queues *q = &cpu_boot.queues;
    int32_t top = -1;

    for (uint32_t p = 0; p < L4_PRIORITIES; p++) {
        bool some = check_list(&q->queue[p], "a ready queue") != 0;

        CHECK(some == (((q->ready[p / 32] >> (p % 32)) & 1u) != 0), "bitmap of priority %u", p);
        CHECK((q->ready[p / 32] != 0) == (((q->summary >> (p / 32)) & 1u) != 0), "summary of %u",
              p);
        top = some ? (int32_t)p : top;
        for (const struct list *l = q->queue[p].next; l != &q->queue[p]; l = l->next) {
            const struct thread *t = container_of(l, struct thread, ready_link);

            CHECK(is_thread(w, t), "a dead thread is queued");
            CHECK(t->queued && t->priority == p, "thread %u in the wrong queue", t->name);
        }
    }
    CHECK(cpu_boot.top_ready == top, "top_ready is %d, not %d", (int)cpu_boot.top_ready, (int)top);
}

static void check_state(const struct world *w, const struct thread *t)
{
    const struct thread *current = cpu_boot.current;

    CHECK(t->queued == (t->state == L4_STATE_RUNNABLE && t != current),
          "thread %u, state %u, is %squeued", t->name, t->state, t->queued ? "" : "not ");
    CHECK(t != current || t->state == L4_STATE_RUNNABLE, "thread %u runs in state %u", t->name,
          t->state);
    CHECK(t->state != L4_STATE_RUNNABLE || !t->stopped, "thread %u runs though stopped", t->name);
    CHECK(heap_contains(&t->ipc_node) == (t->state == L4_STATE_SENDING), "thread %u in a heap",
          t->name);
    CHECK(list_empty(&t->budget_link) == (t->state != L4_STATE_BUDGET), "thread %u waits twice",
          t->name);
    CHECK(!heap_contains(&t->timeout.node) || t->state == L4_STATE_SENDING ||
              t->state == L4_STATE_RECEIVING || t->state == L4_STATE_REPLY,
          "thread %u has a timeout in state %u", t->name, t->state);
    CHECK(t->priority >= t->base_priority || t->state == L4_STATE_REPLY, "thread %u below its base",
          t->name);
    CHECK(!t->in_exit || t->state == L4_STATE_REPLY, "thread %u in an exit, state %u", t->name,
          t->state);
    if (t->state == L4_STATE_SENDING) {
        CHECK(is_endpoint(w, t->endpoint) && heap_has(&t->endpoint->senders, &t->ipc_node),
              "thread %u sends to nowhere", t->name);
    }
    if (t->state == L4_STATE_RECEIVING) {
        CHECK(is_endpoint(w, t->endpoint) && list_has(&t->endpoint->receivers, &t->ipc_link),
              "thread %u receives from nowhere", t->name);
        CHECK(t->caller == NULL, "thread %u receives with a caller", t->name);
    }
}

static void check_call(const struct world *w, const struct thread *t)
{
    if (t->state == L4_STATE_REPLY) {
        bool served = t->replier != NULL;
        bool saved = t->reply_slot != NULL;

        CHECK(served != saved, "thread %u waits for %s", t->name, served ? "two" : "nobody");
        CHECK(!served || (is_thread(w, t->replier) && t->replier->caller == t),
              "thread %u waits for one who does not know", t->name);
        CHECK(!saved ||
                  (t->reply_slot->type == L4_TYPE_REPLY && t->reply_slot->object == &t->object),
              "thread %u waits for a slot that is not its own", t->name);
    } else {
        CHECK(t->replier == NULL && t->reply_slot == NULL, "thread %u, state %u, has a replier",
              t->name, t->state);
    }
    if (t->caller != NULL) {
        CHECK(is_thread(w, t->caller) && t->caller->state == L4_STATE_REPLY &&
                  t->caller->replier == t,
              "the caller of thread %u does not wait", t->name);
        CHECK(t->priority >= t->caller->priority || t->state == L4_STATE_REPLY,
              "thread %u serves below its caller", t->name);
    }
    if (t->serving != NULL) {
        CHECK(is_endpoint(w, t->serving) && t->serving->server == t, "thread %u serves nothing",
              t->name);
    }
}

/* The owner of a budget must be where its death would be noticed: up the chain of calls and loans.
 */
static bool reaches(const struct thread *t, const struct sched_context *sc)
{
    for (uint32_t i = 0; t != NULL && i < WORLD_MAX; i++) {
        if (&t->own_sc == sc) {
            return true;
        }
        t = t->lender != NULL ? t->lender : t->caller;
    }
    return false;
}

static void check_budget(const struct world *w, const struct thread *t)
{
    bool live = false;

    for (uint32_t i = 0; i < w->threads; i++) {
        live = live || t->sc == &w->thread[i]->own_sc;
    }
    CHECK(live, "thread %u runs on the budget of a dead thread", t->name);
    CHECK(reaches(t, t->sc), "thread %u runs on a budget that nobody lends it", t->name);
    CHECK(t->lender == NULL || (is_thread(w, t->lender) && t->lender->lending_to == t),
          "the lender of thread %u does not know", t->name);
    CHECK(t->lending_to == NULL || (is_thread(w, t->lending_to) && t->lending_to->lender == t),
          "thread %u lends to one who does not know", t->name);
    CHECK(t->lending_to == NULL || t->state == L4_STATE_SENDING, "thread %u lends in state %u",
          t->name, t->state);
    if (t->state == L4_STATE_BUDGET) {
        CHECK(list_has(&t->sc->waiting, &t->budget_link), "thread %u waits for another budget",
              t->name);
        CHECK(heap_has(&cpu_boot.timeouts, &t->sc->replenish.node),
              "thread %u waits for a budget that is never replenished", t->name);
    }
}

static void check_endpoint(const struct world *w, const struct endpoint *ep)
{
    uint32_t receivers = check_list(&ep->receivers, "receivers of an endpoint");
    uint32_t senders = check_heap(&ep->senders, "senders of an endpoint");

    CHECK(receivers == 0 || senders == 0, "senders and receivers wait for each other");
    CHECK(receivers == 0 || ep->signals == 0, "a receiver sleeps beside a signal");
    if (ep->server != NULL) {
        CHECK(is_thread(w, ep->server) && ep->server->serving == ep, "an endpoint's server");
    }
}

static void check_irq(const struct world *w, const struct irq *i)
{
    CHECK(list_empty(&i->vcpu_link) == (i->vcpu == NULL), "interrupt %u linked by half", i->number);
    CHECK(i->vcpu == NULL ||
              (is_thread(w, i->vcpu) && list_has(&i->vcpu->linked_irqs, &i->vcpu_link)),
          "interrupt %u linked to a dead vCPU", i->number);
    CHECK(i->vcpu == NULL || i->target.type == L4_TYPE_NULL, "interrupt %u bound twice", i->number);
}

void check_threads(const struct world *w)
{
    uint64_t earliest;

    check_ready(w);
    for (uint32_t i = 0; i < w->threads; i++) {
        check_state(w, w->thread[i]);
        check_call(w, w->thread[i]);
        check_budget(w, w->thread[i]);
    }
    for (uint32_t i = 0; i < w->endpoints; i++) {
        check_endpoint(w, w->endpoint[i]);
    }
    for (uint32_t i = 0; i < w->irqs; i++) {
        check_irq(w, w->irq[i]);
    }
    (void)check_heap(&cpu_boot.timeouts, "timeouts");
    earliest = cpu_boot.timeouts.root != NULL ? cpu_boot.timeouts.root->key : UINT64_MAX;
    CHECK(fake.timer_deadline <= earliest && fake.timer_deadline <= cpu_boot.budget_deadline,
          "the timer is set too late");
    CHECK(cpu_boot.current != NULL || cpu_boot.top_ready < 0, "asleep over a ready thread");
    if (cpu_boot.current != NULL) {
        const struct thread *t = cpu_boot.current;

        CHECK(is_thread(w, t), "a dead thread runs");
        CHECK(cpu_boot.sc == t->sc, "another budget is charged than the running thread's");
        CHECK((int32_t)t->priority >= cpu_boot.top_ready, "a thread of priority %u runs before %d",
              t->priority, (int)cpu_boot.top_ready);
        CHECK(fake.switched_to == t && fake.loaded == t->aspace,
              "the processor is not prepared for thread %u", t->name);
    }
}
