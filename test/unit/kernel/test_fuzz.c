/*
 * Random system calls, faults, exits, interrupts, preemptions and time, with every invariant
 * checked after every entry into the kernel. Calls are mostly plausible: the right kind of
 * capability, arguments at the edges.
 *
 * kernel_fuzz [FIRST_SEED [COUNT]] reproduces a failure.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS 1500u
#define PENDING 8192u

static uint32_t state_of_random;
static uint32_t first_seed = 1;
static uint32_t seeds = 12;
static bool chatty;

/* Calls that were preempted, by thread name: mostly tried again. */
static struct {
    const struct thread *thread;
    uint32_t number;
    uint32_t r[8];
} pending[PENDING];

static uint32_t rnd(uint32_t limit)
{
    state_of_random = state_of_random * 1664525u + 1013904223u;
    return (state_of_random >> 9) % limit;
}

static bool chance(uint32_t percent)
{
    return rnd(100) < percent;
}

static uint32_t edge(void)
{
    static const uint32_t values[] = {0,          1,          2,          3,
                                      0xfff,      0x1000,     0x2000,     0x10000,
                                      0x200000,   0x02000000, 0x10000000, 0x10001000,
                                      0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff};

    return chance(80) ? values[rnd(ARRAY_SIZE(values))] : rnd(1u << 23) << 9 | rnd(512);
}

/* A slot of t's table: of a type if there is one, else any. */
static uint32_t slot_of_type(const struct thread *t, uint32_t type)
{
    uint32_t slots = t->aspace->slot_count < 192 ? t->aspace->slot_count : 192;
    uint32_t at = rnd(slots);

    if (chance(6)) {
        return chance(50) ? rnd(slots) : edge();
    }
    for (uint32_t i = 0; i < slots; i++) {
        const struct cap *c = aspace_slot(t->aspace, (at + i) % slots);

        if (c != NULL ? c->type == type : type == L4_TYPE_NULL) {
            return (at + i) % slots;
        }
    }
    return at;
}

static uint32_t free_slot(const struct thread *t)
{
    return slot_of_type(t, L4_TYPE_NULL);
}

static uint32_t timeout(void)
{
    return chance(30) ? L4_TIMEOUT_POLL : chance(50) ? rnd(2000) : L4_TIMEOUT_NEVER;
}

static uint32_t any_type(void)
{
    return 1 + rnd(7);
}

static void fill_buffer(const struct thread *t)
{
    struct l4_msgbuf *b = t->buffer;

    for (uint32_t i = 0; b != NULL && i < L4_MSG_ITEMS; i++) {
        b->item[i].cap = slot_of_type(t, any_type());
        b->item[i].kind = (uint8_t)rnd(5);
        b->item[i].rights = (uint8_t)rnd(256);
        b->item[i].offset = chance(70) ? 0 : edge();
        b->item[i].size = chance(70) ? rnd(40) << 12 : edge();
        b->slot[i] = free_slot(t);
        b->window_base = 0x30000000 + (rnd(64) << 12);
        b->window_size = chance(80) ? 0x100000 : edge();
    }
}

static uint32_t tag(void)
{
    return chance(50) ? rnd(64) << 16 : l4_tag(rnd(16), rnd(128), chance(60) ? rnd(5) : 0);
}

static void ipc_call_args(const struct thread *t, uint32_t number, uint32_t r[8])
{
    r[0] = slot_of_type(t, number == L4_SYS_SEND && chance(30) ? L4_TYPE_REPLY : L4_TYPE_ENDPOINT);
    r[1] = tag();
    r[2] = chance(80) ? 0 : slot_of_type(t, L4_TYPE_REPLY);
    r[3] = timeout();
    fill_buffer(t);
}

static void cap_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, any_type());
    r[1] = rnd(L4_CAP_OP_COUNT);
    if (r[1] == L4_CAP_SAVE_REPLY) {
        r[0] = free_slot(t);
    } else if ((r[1] == L4_CAP_DELETE || r[1] == L4_CAP_REVOKE) && chance(60)) {
        r[1] = L4_CAP_COPY;
    }
    if (r[1] == L4_CAP_DELETE && r[0] < 20 && !chance(2)) {
        r[1] = L4_CAP_INFO; /* the root capabilities last longer */
    }
    if (r[1] == L4_CAP_REVOKE && r[0] < 20 && !chance(10)) {
        r[1] = L4_CAP_INFO;
    }
    r[2] = chance(80) ? free_slot(t) : 4 + rnd(60);
    r[3] = chance(60) ? 0 : slot_of_type(t, L4_TYPE_ASPACE);
    r[4] = chance(70) ? 0xff : rnd(256);
    r[5] = rnd(10);
}

static void region_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, L4_TYPE_REGION);
    r[1] = rnd(L4_REGION_OP_COUNT);
    if (r[1] == L4_REGION_SPLIT) {
        r[2] = chance(90) ? (1 + rnd(24)) << 12 : edge();
        r[3] = chance(80) ? 12 : rnd(34);
        r[4] = free_slot(t);
    } else if (r[1] == L4_REGION_SHARE) {
        r[2] = chance(80) ? rnd(3) << 12 : edge();
        r[3] = chance(80) ? (1 + rnd(8)) << 12 : edge();
        r[4] = free_slot(t);
        r[5] = chance(70) ? 0xff : rnd(256);
    } else {
        r[2] = rnd(4);
        r[3] = chance(50) ? rnd(0x3000) : edge();
        r[4] = chance(50) ? rnd(0x3000) : edge();
    }
}

static void aspace_args(const struct thread *t, uint32_t r[8])
{
    r[1] = rnd(L4_ASPACE_OP_COUNT);
    r[0] = slot_of_type(t, r[1] == L4_ASPACE_CREATE ? L4_TYPE_REGION : L4_TYPE_ASPACE);
    r[2] = r[1] == L4_ASPACE_CREATE ? free_slot(t) : slot_of_type(t, L4_TYPE_REGION);
    r[3] = chance(80) ? 0x10000000 + (rnd(128) << 14) : edge();
    r[4] = chance(80) ? L4_MAP_READ | rnd(8) : edge();
    if (r[1] == L4_ASPACE_CREATE) {
        r[3] = chance(90) ? 64 : edge();
        r[4] = chance(90) ? rnd(2) : edge();
    }
}

static void thread_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, L4_TYPE_THREAD);
    r[1] = rnd(L4_THREAD_OP_COUNT);
    r[2] = edge();
    switch (r[1]) {
    case L4_THREAD_SET_BUFFER:
        r[2] = chance(90) ? slot_of_type(t, L4_TYPE_REGION) : 0;
        break;
    case L4_THREAD_SET_FAULT:
        r[2] = slot_of_type(t, L4_TYPE_ENDPOINT);
        break;
    case L4_THREAD_SET_SCHED:
        r[2] = 95 + rnd(20);
        r[3] = chance(50) ? 255 : rnd(256);
        r[4] = chance(40) ? 0 : 1 + rnd(1000);
        r[5] = r[4] == 0 ? 0 : chance(30) ? r[4] : 1 + rnd(5000);
        break;
    case L4_THREAD_START:
        r[2] = USER_PC;
        break;
    case L4_THREAD_READ_REGS:
    case L4_THREAD_WRITE_REGS:
        r[2] = rnd(L4_REGS_COUNT + 1);
        break;
    default:
        break;
    }
}

static void irq_args(const struct thread *t, uint32_t r[8])
{
    r[1] = rnd(L4_IRQ_OP_COUNT);
    r[0] = slot_of_type(t, r[1] == L4_IRQ_GET ? L4_TYPE_SYSTEM : L4_TYPE_IRQ);
    if (r[1] == L4_IRQ_GET) {
        r[2] = chance(80) ? 40 + rnd(8) : rnd(300);
        r[3] = free_slot(t);
        r[4] = rnd(2);
    } else {
        r[2] = slot_of_type(t, r[1] == L4_IRQ_ASSIGN ? L4_TYPE_THREAD : L4_TYPE_ENDPOINT);
        r[3] = 1u << rnd(32);
    }
}

static void system_args(const struct thread *t, uint32_t r[8])
{
    r[1] = rnd(L4_SYSTEM_EXIT);
    r[0] = slot_of_type(t, L4_TYPE_SYSTEM);
    r[2] = chance(50) ? L4_ABI_VERSION : rnd(14);
}

static void create_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, L4_TYPE_ASPACE);
    r[1] = chance(95) ? (chance(50) ? L4_TYPE_ENDPOINT : L4_TYPE_THREAD) : edge();
    r[2] = free_slot(t);
    r[3] = chance(90) ? rnd(2) : edge();
}

static uint32_t make_call(const struct thread *t, uint32_t r[8])
{
    static const uint8_t weight[] = {
        L4_SYS_CALL,   L4_SYS_CALL,   L4_SYS_REPLY_WAIT, L4_SYS_REPLY_WAIT, L4_SYS_SEND,
        L4_SYS_RECV,   L4_SYS_SIGNAL, L4_SYS_CREATE,     L4_SYS_CREATE,     L4_SYS_CAP,
        L4_SYS_CAP,    L4_SYS_CAP,    L4_SYS_REGION,     L4_SYS_REGION,     L4_SYS_ASPACE,
        L4_SYS_ASPACE, L4_SYS_THREAD, L4_SYS_THREAD,     L4_SYS_THREAD,     L4_SYS_VCPU,
        L4_SYS_IRQ,    L4_SYS_SYSTEM,
    };
    uint32_t number = weight[rnd(ARRAY_SIZE(weight))];

    for (uint32_t i = 0; i < 8; i++) {
        r[i] = edge();
    }
    switch (number) {
    case L4_SYS_CREATE:
        create_args(t, r);
        break;
    case L4_SYS_CAP:
        cap_args(t, r);
        break;
    case L4_SYS_REGION:
        region_args(t, r);
        break;
    case L4_SYS_ASPACE:
        aspace_args(t, r);
        break;
    case L4_SYS_THREAD:
        thread_args(t, r);
        break;
    case L4_SYS_VCPU:
        r[0] = slot_of_type(t, L4_TYPE_THREAD);
        r[1] = rnd(L4_VCPU_OP_COUNT);
        break;
    case L4_SYS_IRQ:
        irq_args(t, r);
        break;
    case L4_SYS_SYSTEM:
        system_args(t, r);
        break;
    default:
        ipc_call_args(t, number, r);
        break;
    }
    if (number != L4_SYS_SYSTEM && number >= L4_SYS_CAP && chance(1)) {
        r[1] = edge(); /* malformed */
    }
    return number;
}

/* Calls between threads of one space, with little else: budgets run out in the middle of chains. */
static uint32_t make_chat(const struct thread *t, uint32_t r[8])
{
    static const uint8_t weight[] = {L4_SYS_CALL, L4_SYS_CALL,       L4_SYS_CALL, L4_SYS_REPLY_WAIT,
                                     L4_SYS_RECV, L4_SYS_REPLY_WAIT, L4_SYS_SEND};
    uint32_t number = weight[rnd(ARRAY_SIZE(weight))];
    uint32_t other = rnd(100);

    memset(r, 0, 8 * sizeof(r[0]));
    r[0] = slot_of_type(t, L4_TYPE_ENDPOINT);
    r[3] = chance(20) ? rnd(3000) : L4_TIMEOUT_NEVER;
    r[1] = chance(10) ? l4_tag(1, 4, rnd(2)) : 0;
    if (other < 3) {
        number = L4_SYS_THREAD;
        thread_args(t, r);
        r[1] = chance(50) ? L4_THREAD_SET_SCHED : chance(50) ? L4_THREAD_STOP : L4_THREAD_RESUME;
    } else if (other < 5) {
        number = L4_SYS_CAP;
        r[0] = chance(90) ? free_slot(t) : slot_of_type(t, L4_TYPE_THREAD);
        r[1] = r[0] > 60 && chance(30) ? L4_CAP_DELETE : L4_CAP_SAVE_REPLY;
    }
    return number;
}

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

    state_of_random = seed * 2654435761u;
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
