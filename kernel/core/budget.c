/*
 * Budgets: see sched.h and budget.h.
 */
#include <arch/cpu.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/trace.h>

/* How far lending follows a chain of calls. Longer chains work, on their first budgets. */
#define LEND_DEPTH 8u

static void replenish(struct sched_context *sc, uint64_t now)
{
    sc->remaining = sc->budget;
    sc->start = now;
}

static void charge(struct cpu *cpu, uint64_t now)
{
    struct sched_context *sc = cpu->sc;
    uint64_t ran = now - cpu->charged_until;

    cpu->charged_until = now;
    if (sc != NULL) {
        sc->consumed += ran;
        if (unlikely(sc->limited)) {
            sc->remaining = ran < sc->remaining ? sc->remaining - ran : 0;
        }
    }
}

void budget_switch(struct sched_context *sc)
{
    struct cpu *cpu = this_cpu();
    uint64_t now = arch_counter();
    bool limited = sc != NULL && sc->limited;

    charge(cpu, now);
    cpu->sc = sc;
    if (limited || cpu->budget_limited) {
        cpu->budget_limited = limited;
        cpu->budget_deadline = limited ? now + sc->remaining : UINT64_MAX;
        timeout_program();
    }
}

bool budget_usable(struct sched_context *sc)
{
    uint64_t now;

    if (likely(!sc->limited)) {
        return true;
    }
    now = arch_counter();
    if (sc == this_cpu()->sc) {
        charge(this_cpu(), now);
    }
    if (now - sc->start >= sc->period) {
        replenish(sc, now);
        timeout_cancel(&sc->replenish);
        if (sc == this_cpu()->sc) {
            this_cpu()->budget_deadline = now + sc->remaining;
            timeout_program();
        }
    }
    return sc->remaining != 0;
}

/* The budget of the highest-priority caller that waits for t, or for whom t works. */
static struct thread *find_lender(struct thread *t)
{
    for (uint32_t depth = 0; t != NULL && depth < LEND_DEPTH; depth++, t = t->caller) {
        struct heap_node *first = t->serving != NULL ? t->serving->senders.root : NULL;

        if (first != NULL) {
            struct thread *w = container_of(first, struct thread, ipc_node);

            if (budget_usable(w->sc)) {
                return w;
            }
        }
    }
    return NULL;
}

static void take_loan(struct thread *t, struct thread *lender)
{
    trace(TRACE_LEND, t->name, lender->name);
    budget_unlend(t);
    budget_unlend(lender);
    t->sc = lender->sc;
    t->lender = lender;
    lender->lending_to = t;
    sched_ready(t);
}

void budget_unlend(struct thread *t)
{
    if (t->lender != NULL) {
        t->lender->lending_to = NULL;
        t->lender = NULL;
    }
    if (t->lending_to != NULL) {
        t->lending_to->lender = NULL;
        t->lending_to = NULL;
    }
}

void budget_retract(struct thread *first, struct thread *caller)
{
    struct sched_context *sc = caller->sc;

    for (struct thread *t = first; t != NULL;) {
        if (t->sc == sc && t != caller) {
            t->sc = t->caller != NULL && t->caller != caller ? t->caller->sc : &t->own_sc;
            if (t->state == L4_STATE_BUDGET) {
                list_remove(&t->budget_link);
                sched_ready(t);
            } else if (t == this_cpu()->current) {
                this_cpu()->reschedule = true;
            }
        }
        t = t->state == L4_STATE_REPLY ? t->replier : t->lending_to;
    }
}

void budget_block(struct thread *t)
{
    struct sched_context *sc = t->sc;
    struct thread *lender = find_lender(t);

    if (lender != NULL) {
        take_loan(t, lender);
        return;
    }
    trace(TRACE_BUDGET, t->name, 0);
    t->state = L4_STATE_BUDGET;
    list_append(&sc->waiting, &t->budget_link);
    if (!heap_contains(&sc->replenish.node)) {
        timeout_set(&sc->replenish, sc->start + sc->period);
    }
}

static void wake_waiting(struct sched_context *sc)
{
    while (!list_empty(&sc->waiting)) {
        struct thread *t = container_of(sc->waiting.next, struct thread, budget_link);

        list_remove(&t->budget_link);
        sched_ready(t);
    }
}

static void replenish_expired(struct timeout *timeout)
{
    struct sched_context *sc = container_of(timeout, struct sched_context, replenish);

    replenish(sc, arch_counter());
    wake_waiting(sc);
}

void budget_expired(void)
{
    struct cpu *cpu = this_cpu();
    struct sched_context *sc = cpu->sc;

    if (sc == NULL || !sc->limited) {
        return;
    }
    charge(cpu, arch_counter());
    if (sc->remaining != 0) {
        cpu->budget_deadline = cpu->charged_until + sc->remaining;
        timeout_program();
        return;
    }
    cpu->budget_deadline = UINT64_MAX;
    if (sc->budget >= sc->period) {
        replenish(sc, cpu->charged_until);
        cpu->sc = NULL; /* the next choice starts the new turn */
        sched_yield();
    } else {
        cpu->reschedule = true; /* sched_choose finds it unusable */
    }
}

void budget_yielded(struct sched_context *sc)
{
    if (sc->limited && sc->budget >= sc->period) {
        sc->remaining = sc->budget;
    }
}

void budget_init(struct sched_context *sc)
{
    sc->replenish.expired = replenish_expired;
    list_init(&sc->waiting);
}

void budget_configure(struct sched_context *sc, uint64_t budget, uint64_t period)
{
    timeout_cancel(&sc->replenish);
    sc->budget = budget;
    sc->period = period;
    sc->limited = budget != 0;
    replenish(sc, arch_counter());
    if (sc == this_cpu()->sc) {
        budget_switch(sc);
    }
    wake_waiting(sc);
}

void budget_quiesce(struct sched_context *sc)
{
    timeout_cancel(&sc->replenish);
    while (!list_empty(&sc->waiting)) {
        struct thread *t = container_of(sc->waiting.next, struct thread, budget_link);

        list_remove(&t->budget_link);
        if (t->sc != &t->own_sc) {
            t->sc = &t->own_sc;
            sched_ready(t);
        }
    }
    if (this_cpu()->sc == sc) {
        budget_switch(NULL);
    }
}

void budget_lend(struct thread *server, struct thread *caller)
{
    for (uint32_t depth = 0; server != NULL && depth < LEND_DEPTH; depth++) {
        if (server->priority < caller->priority) {
            sched_set_priority(server, caller->priority);
        }
        if (server->state == L4_STATE_BUDGET && budget_usable(caller->sc)) {
            list_remove(&server->budget_link);
            take_loan(server, caller);
            return;
        }
        if (server->state != L4_STATE_REPLY) {
            return;
        }
        server = server->replier;
    }
}

void budget_return(struct thread *server)
{
    budget_unlend(server);
    server->depth = 0;
    if (server->state == L4_STATE_BUDGET) {
        list_remove(&server->budget_link);
        server->sc = &server->own_sc;
        sched_ready(server);
    }
    server->sc = &server->own_sc;
    if (server->priority != server->base_priority) {
        sched_set_priority(server, server->base_priority);
    }
}
