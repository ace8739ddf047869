/*
 * Random system calls, faults, exits, interrupts, preemptions and time, with every invariant
 * checked after every entry into the kernel. Calls are mostly plausible: the right kind of
 * capability, arguments at the edges.
 *
 * kernel_fuzz [FIRST_SEED [COUNT]] reproduces a failure.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS 1500u
#define PENDING 8192u

static uint32_t first_seed = 1;
static uint32_t seeds = 12;
static bool chatty;

/* Calls that were preempted, by thread name: mostly tried again. */
static struct {
    const struct thread *thread;
    uint32_t number;
    uint32_t r[8];
} pending[PENDING];

static void step_native(struct thread *t)
{
    uint32_t p = t->name % PENDING;
    uint32_t number;
    uint32_t r[8];

    if (pending[p].thread == t && chance(80)) {
        number = pending[p].number;
        memcpy(r, pending[p].r, sizeof(r));
    } else {
        number = chatty ? make_chat(t, r) : make_call(t, r);
    }
    pending[p].thread = NULL;
    if (machine_call(t, number, r) == RESTARTED) {
        pending[p].thread = t;
        pending[p].number = number;
        memcpy(pending[p].r, t->frame.r, sizeof(r));
    }
}

static void step_running(struct thread *t)
{
    if (t->vcpu != NULL) {
        if (chance(40)) {
            machine_wfi(t);
        } else {
            machine_exit(t, L4_EXIT_HVC, rnd(100));
        }
    } else if (chance(2)) {
        machine_fault(t, rnd(8), edge());
    } else {
        step_native(t);
    }
}

/* Nothing runs: time passes, interrupts come, waits are cancelled. */
static void step_asleep(void)
{
    struct thread *t = check_thread(rnd(1000));

    machine_advance(1 + rnd(200000));
    machine_raise(40 + rnd(8));
    if (running() == NULL && t != NULL && !t->object.dying && chance(70)) {
        machine_kick(t);
    }
}

static void step(uint32_t preempt)
{
    if (preempt != 0 && chance(preempt)) {
        fake.preempt_at = fake.points + 1 + rnd(6);
        fake.preempt_every = chance(20) ? 1 + rnd(3) : 0;
        fake.preempt_irq = chance(50) ? 40 + rnd(8) : 0;
    } else {
        fake.preempt_at = 0;
    }
    if (chance(10)) {
        machine_raise(40 + rnd(8));
    }
    if (chance(15)) {
        machine_advance(rnd(chatty ? 5000 : 50000));
    }
    if (running() != NULL) {
        step_running(running());
    } else {
        step_asleep();
    }
}

/* A vCPU whose exits go to the first server, with an interrupt of its own. */
static void populate_guest(l4_cap_t endpoint)
{
    l4_cap_t space = make_space(make_region(20), 64, L4_ASPACE_GUEST);
    l4_cap_t vcpu = make_thread_in(space, L4_THREAD_GUEST);
    l4_cap_t irq = slot_new();

    set_budget(slot_thread(vcpu), 90 + rnd(5), 0, 0);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_SET_FAULT, endpoint), L4_OK);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_START, 0, 0, 0, 0), L4_OK);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 40, irq, 0), L4_OK);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_ASSIGN, vcpu, l4_virq(50, 0, 0)), L4_OK);
}

/* init, some servers with spaces of their own, endpoints shared between them. */
static void populate(void)
{
    l4_cap_t e[3] = {make_endpoint(), make_endpoint(), make_endpoint()};

    for (uint32_t i = 0; i < 3; i++) {
        l4_cap_t space = make_space(make_region(40), 64, 0);
        l4_cap_t ram = make_region(40);
        struct thread *t;

        for (uint32_t k = 0; k < 3; k++) {
            give_cap(e[k], space, 4 + k, k == i ? L4_RIGHT_ALL : L4_RIGHT_ALL & ~L4_RIGHT_RECV);
        }
        give_cap(space, space, 2, L4_RIGHT_ALL);
        assert_int_equal(isys(CAP, ram, L4_CAP_MOVE, 3, space), L4_OK);
        t = start_thread_in(space, 95 + rnd(4));
        give_cap(cap_of_thread(t), space, 8, L4_RIGHT_ALL);
        if (i == 0) {
            give_cap(L4_ROOT_SYSTEM, space, 9, L4_RIGHT_ALL);
        }
    }
    populate_guest(e[0]);
    give_buffer(m.init);
}

/* Servers and clients in init's space, most of them with small budgets. */
static void populate_chat(void)
{
    l4_cap_t thread[14];

    for (uint32_t i = 0; i < 3; i++) {
        (void)make_endpoint();
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(thread); i++) {
        uint32_t period = 200 + rnd(4000);
        uint32_t budget = i < 3 ? 0 : chance(20) ? period : 1 + rnd(period / 2);

        thread[i] = make_thread_in(L4_ROOT_ASPACE, 0);
        give_buffer(slot_thread(thread[i]));
        set_budget(slot_thread(thread[i]), 90 + rnd(10), budget, budget == 0 ? 0 : period);
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(thread); i++) {
        assert_int_equal(isys(THREAD, thread[i], L4_THREAD_START, USER_PC, 0, 0, 0), L4_OK);
    }
    fake.counter_step = 100;
}

static void run_seed(uint32_t seed, void **state)
{
    static const uint32_t preempt[] = {0, 5, 50};

    fuzz_seed = seed * 2654435761u;
    assert_int_equal(machine_setup(state), 0);
    m.seed = seed;
    memset(pending, 0, sizeof(pending));
    chatty = seed % 2 == 1;
    if (chatty) {
        populate_chat();
    } else {
        populate();
    }
    for (uint32_t i = 0; i < STEPS; i++) {
        step(preempt[seed / 2 % 3]);
    }
    machine_teardown(state);
}

static void random_calls_keep_every_invariant(void **state)
{
    for (uint32_t i = 0; i < seeds; i++) {
        run_seed(first_seed + i, state);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_calls_keep_every_invariant)};

    if (argc > 1) {
        first_seed = (uint32_t)strtoul(argv[1], NULL, 0);
        seeds = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
