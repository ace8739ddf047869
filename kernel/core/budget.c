/*
 * Budgets: see sched.h and budget.h.
 */
#include <arch/cpu.h>
#include <kernel/budget.h>
#include <kernel/cpu.h>
#include <kernel/trace.h>

/* How far lending follows a chain of calls. Longer chains work, on their first budgets. */
#define LEND_DEPTH 8u
/* How many of an endpoint's senders are asked for their budget, highest priority first. */
#define LEND_LOOK 8u

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

bool budget_left(struct sched_context *sc)
{
    uint64_t now = arch_counter();

    if (sc == this_cpu()->sc) {
        charge(this_cpu(), now);
    }
    if (now - sc->start >= sc->period) {
        replenish(sc, now);
        if (list_empty(&sc->waiting)) {
            timeout_cancel(&sc->replenish); /* else it wakes those who wait */
        }
        if (sc == this_cpu()->sc) {
            this_cpu()->budget_deadline = now + sc->remaining;
            timeout_program();
        }
    }
    return sc->remaining != 0;
}

/* The highest-priority sender of ep that has budget left, among the first few. */
static struct thread *find_sender(const struct endpoint *ep)
{
    const struct heap_node *open[LEND_LOOK + 1] = {ep->senders.root};
    uint32_t n = ep->senders.root != NULL ? 1 : 0;

    for (uint32_t i = 0; i < LEND_LOOK && n != 0; i++) {
        uint32_t best = 0;
        const struct heap_node *node;
        struct thread *t;

        for (uint32_t k = 1; k < n; k++) {
            best = open[k]->key < open[best]->key ? k : best;
        }
        node = open[best];
        t = container_of(node, struct thread, ipc_node);
        if (budget_usable(t->sc)) {
            return t;
        }
        open[best] = open[--n];
        if (node->left != NULL) {
            open[n++] = node->left;
        }
        if (node->right != NULL) {
            open[n++] = node->right;
        }
    }
    return NULL;
}

/* The budget of the highest-priority caller that waits for t, or for whom t works. */
static struct thread *find_lender(const struct thread *t)
{
    for (uint32_t depth = 0; t != NULL && depth < LEND_DEPTH; depth++, t = t->caller) {
        struct thread *w = t->caller != NULL && t->serving != NULL ? find_sender(t->serving) : NULL;

        if (w != NULL) {
            return w;
        }
    }
    return NULL;
}

/* t runs on sc from now on, and so does everyone down the chain of calls and loans who runs on t's
 * budget. */
static void set_budget(struct thread *t, struct sched_context *sc)
{
    while (t->sc != sc) {
        t->sc = sc;
        if (t->state == L4_STATE_BUDGET) {
            list_remove(&t->budget_link);
            sched_ready(t);
        } else if (t == this_cpu()->current) {
            this_cpu()->reschedule = true;
        }
        if (t->lending_to != NULL) {
            t = t->lending_to;
        } else if (t->state == L4_STATE_REPLY && t->replier != NULL && t->replier->lender == NULL) {
            t = t->replier;
        } else {
            break;
        }
    }
}

void budget_end_loan(struct thread *t)
{
    if (t->lender != NULL) {
        t->lender->lending_to = NULL;
        t->lender = NULL;
    }
}

void budget_unlend(struct thread *t)
{
    struct thread *borrower = t->lending_to;

    if (borrower != NULL) {
        budget_end_loan(borrower);
        set_budget(borrower, borrower->caller != NULL ? borrower->caller->sc : &borrower->own_sc);
    }
}

static void take_loan(struct thread *t, struct thread *lender)
{
    trace(TRACE_LEND, t->name, lender->name);
    budget_end_loan(t);
    budget_unlend(lender);
    t->lender = lender;
    lender->lending_to = t;
    set_budget(t, lender->sc);
    sched_ready(t);
}

void budget_block(struct thread *t)
{
    struct thread *lender = find_lender(t);
    struct sched_context *sc;

    if (lender != NULL) {
        take_loan(t, lender);
        return;
    }
    if (t->lender != NULL) { /* its caller's again */
        budget_unlend(t->lender);
        if (budget_usable(t->sc)) {
            sched_ready(t);
            return;
        }
    }
    trace(TRACE_BUDGET, t->name, 0);
    sc = t->sc;
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

    uint64_t now = arch_counter();

    if (now - sc->start >= sc->period) {
        replenish(sc, now);
    }
    wake_waiting(sc);
}

void budget_yield(void)
{
    struct cpu *cpu = this_cpu();

    if (cpu->sc->round_robin) {
        charge(cpu, arch_counter());
        cpu->sc->remaining = cpu->sc->budget;
        cpu->sc = NULL;
    }
}

void budget_expired(uint64_t now)
{
    struct cpu *cpu = this_cpu();
    struct sched_context *sc = cpu->sc;

    if (sc == NULL || !sc->limited) {
        return;
    }
    charge(cpu, now);
    cpu->budget_deadline = UINT64_MAX;
    if (sc->remaining == 0 && !sc->round_robin) {
        cpu->reschedule = true; /* sched_choose finds it unusable */
        return;
    }
    if (sc->remaining == 0) { /* a turn is over */
        sc->remaining = sc->budget;
        cpu->sc = NULL;
        if (sched_rotate()) {
            return;
        }
        cpu->sc = sc;
    }
    cpu->budget_deadline = now + sc->remaining;
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
    sc->round_robin = budget != 0 && budget == period;
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

/* Who has to go on before t can. */
static struct thread *waits_for(const struct thread *t)
{
    struct thread *server = t->state == L4_STATE_SENDING ? t->endpoint->server : NULL;

    if (t->state == L4_STATE_REPLY) {
        return t->replier;
    }
    return server != NULL && server->caller != NULL ? server : NULL;
}

void budget_lend(struct thread *caller)
{
    struct thread *server = waits_for(caller);

    for (uint32_t depth = 0; server != NULL && depth < LEND_DEPTH; depth++) {
        if (server->priority < caller->priority) {
            sched_set_priority(server, caller->priority);
        }
        if (server->state == L4_STATE_BUDGET && caller->state == L4_STATE_SENDING &&
            budget_usable(caller->sc)) {
            take_loan(server, caller);
            return;
        }
        server = waits_for(server);
    }
}

void budget_return(struct thread *server)
{
    budget_end_loan(server);
    server->depth = 0;
    set_budget(server, &server->own_sc);
    if (server->priority != server->base_priority) {
        sched_set_priority(server, server->base_priority);
    }
}
