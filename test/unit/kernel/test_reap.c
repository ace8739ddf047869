/* The end of address spaces: everything is given back, wiped, in bounded steps, in any order. */
#include "machine.h"

/* A space with threads, endpoints, mappings, an interrupt and capabilities of its own. */
struct house {
    l4_cap_t pool, space, ram, endpoint;
    struct thread *thread;
};

static struct house build(uint32_t irq)
{
    struct house h = {.pool = make_region_of(m.ram, 40, 12), .ram = make_region_of(m.ram, 64, 12)};

    h.space = make_space(h.pool, 64, 0);
    h.endpoint = slot_new();
    assert_int_equal(isys(CREATE, h.space, L4_TYPE_ENDPOINT, h.endpoint), L4_OK);
    give_cap(h.endpoint, h.space, 2, L4_RIGHT_ALL);
    give_cap(h.space, h.space, 1, L4_RIGHT_ALL);
    give_cap(L4_ROOT_SYSTEM, h.space, 3, L4_RIGHT_ALL);
    h.thread = start_thread_in(h.space, PRIO_INIT + 10);
    assert_int_equal(sys(h.thread, IRQ, 3, L4_IRQ_GET, irq, 4, 0), L4_OK);
    assert_int_equal(sys(h.thread, IRQ, 4, L4_IRQ_BIND, 2, 1), L4_OK);
    assert_int_equal(sys(h.thread, RECV, 2, 0, 0, L4_TIMEOUT_NEVER), BLOCKED);
    assert_int_equal(
        isys(ASPACE, h.space, L4_ASPACE_MAP, h.ram, 0x10000000, L4_MAP_READ | L4_MAP_WRITE), L4_OK);
    return h;
}

static void expect_gone(const struct house *h, frame_t pool)
{
    assert_int_equal(slot_cap(h->space)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(h->endpoint)->type, L4_TYPE_NULL);
    assert_true(frames_are_clear(pool, 40));
    assert_int_equal(slot_cap(h->ram)->flags & CAP_MAPPED, 0);
}

static void revoking_the_pool_ends_the_space(void **state)
{
    struct house h = build(50);
    frame_t pool = slot_cap(h.pool)->frame;

    (void)state;
    assert_int_equal(isys(CAP, h.pool, L4_CAP_REVOKE), L4_OK);
    expect_gone(&h, pool);
    assert_false(fake.irq_enabled[50]);
    /* The memory is the donor's again. */
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_MAP, h.pool, 0x20000000, L4_MAP_READ),
                     L4_OK);
}

static void deleting_the_pool_ends_the_space(void **state)
{
    struct house h = build(50);
    frame_t pool = slot_cap(h.pool)->frame;

    (void)state;
    assert_int_equal(isys(CAP, h.pool, L4_CAP_DELETE), L4_OK);
    expect_gone(&h, pool);
    assert_int_equal(slot_cap(h.pool)->type, L4_TYPE_NULL);
}

static void deleting_the_last_capability_ends_the_space(void **state)
{
    struct house h = build(50);
    frame_t pool = slot_cap(h.pool)->frame;

    (void)state;
    assert_int_equal(isys(CAP, h.space, L4_CAP_DELETE), L4_OK);
    expect_gone(&h, pool);
    assert_int_equal(isys(CAP, h.pool, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(isys(REGION, h.pool, L4_REGION_SPLIT, 40 << 12, 12, slot_new()), L4_OK);
}

static void the_end_is_preemptible_everywhere(void **state)
{
    (void)state;
    for (uint32_t every = 1; every < 4; every++) {
        struct house h = build(50);
        frame_t pool = slot_cap(h.pool)->frame;
        uint32_t entries = m.entries;

        fake.preempt_every = every;
        fake.preempt_at = fake.points + 1;
        assert_int_equal(isys(CAP, h.pool, L4_CAP_REVOKE), L4_OK);
        fake.preempt_at = 0;
        assert_true(m.entries - entries > 60 / every);
        expect_gone(&h, pool);
        assert_int_equal(isys(CAP, h.ram, L4_CAP_DELETE), L4_OK);
    }
}

static void poke(uint32_t number, const uint32_t r[8])
{
    if (running() == m.init) {
        (void)machine_call(m.init, number, r);
    }
}
#define POKE(NAME, ...) poke(L4_SYS_##NAME, (const uint32_t[8]){__VA_ARGS__})

/* Everything that a holder of capabilities to a dying space and its objects can still ask for. */
static void poke_all(const struct house *h, l4_cap_t thread, l4_cap_t helper)
{
    l4_cap_t page = slot_new();

    POKE(THREAD, thread, L4_THREAD_RESUME);
    POKE(THREAD, thread, L4_THREAD_START, USER_PC, 0, 0, 0);
    POKE(REGION, m.ram, L4_REGION_SPLIT, 4096, 12, page);
    POKE(THREAD, thread, L4_THREAD_SET_BUFFER, page);
    POKE(THREAD, thread, L4_THREAD_SET_FAULT, h->endpoint);
    POKE(CREATE, h->space, L4_TYPE_ENDPOINT, helper);
    POKE(CAP, h->space, L4_CAP_COPY, slot_new(), 0, 0xff, 0);
    POKE(CAP, helper, L4_CAP_COPY, 20, h->space, 0xff, 0);
    POKE(ASPACE, h->space, L4_ASPACE_DONATE, page);
    POKE(ASPACE, h->space, L4_ASPACE_MAP, page, 0x30000000, L4_MAP_READ);
    POKE(RECV, h->endpoint, 0, 0, L4_TIMEOUT_POLL);
    POKE(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 50, slot_new(), 0);
    POKE(SIGNAL, h->endpoint, 1);
    POKE(SEND, h->endpoint, 0, 0, L4_TIMEOUT_POLL);
}

/* Whatever else runs goes to sleep; then the killer goes on. */
static void settle(const struct waker *w, struct thread *killer)
{
    for (uint32_t i = 0; running() != killer; i++) {
        assert_non_null(running());
        assert_true(i < 10);
        if (running() == m.init) {
            assert_int_equal(wait_for(w), BLOCKED);
        } else {
            (void)machine_call(running(), L4_SYS_COUNT, (const uint32_t[8]){0});
        }
    }
}

/* The end is interrupted, at each preemption point in turn, by one who uses what is dying. */
static void what_is_dying_can_be_touched_meanwhile(void **state)
{
    int32_t r = RESTARTED;

    for (uint32_t at = 1; r == RESTARTED; at++) {
        struct house h = build(50);
        l4_cap_t thread = cap_of_thread(h.thread);
        struct waker w = make_waker(IRQ_DEVICE);
        struct thread *killer = start_thread(PRIO_INIT - 1);
        l4_cap_t helper = slot_new();

        assert_int_equal(wait_for(&w), BLOCKED);
        assert_ptr_equal(running(), killer);
        fake.preempt_irq = IRQ_DEVICE;
        fake.preempt_at = fake.points + at;
        r = sys(killer, CAP, h.pool, L4_CAP_REVOKE);
        if (r == RESTARTED) {
            assert_ptr_equal(running(), m.init);
            poke_all(&h, thread, helper);
            settle(&w, killer);
            assert_int_equal(sys(killer, CAP, h.pool, L4_CAP_REVOKE), L4_OK);
            assert_int_equal(slot_cap(h.space)->type, L4_TYPE_NULL);
        }
        machine_teardown(state);
        machine_setup(state);
    }
}

static void nested_donations_end_inside_out(void **state)
{
    l4_cap_t outer_pool = make_region(40);
    l4_cap_t inner_pool = make_region(40);
    l4_cap_t outer = make_space(outer_pool, 64, 0);
    frame_t outer_frame = slot_cap(outer_pool)->frame;
    frame_t inner_frame = slot_cap(inner_pool)->frame;
    l4_cap_t inner;

    (void)state;
    /* outer owns the memory that inner is made of. */
    inner = make_space(inner_pool, 64, 0);
    assert_int_equal(isys(CAP, inner_pool, L4_CAP_MOVE, 5, outer), L4_OK);
    (void)start_thread_in(inner, PRIO_INIT - 1);
    fake.preempt_every = 1;
    fake.preempt_at = fake.points + 1;
    assert_int_equal(isys(CAP, outer_pool, L4_CAP_REVOKE), L4_OK);
    fake.preempt_at = 0;
    assert_int_equal(slot_cap(inner)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(outer)->type, L4_TYPE_NULL);
    assert_true(frames_are_clear(outer_frame, 40));
    assert_true(frames_are_clear(inner_frame, 40));
}

/* Each holds the memory that the other is made of. */
static void cyclic_donations_end(void **state)
{
    (void)state;
    for (uint32_t every = 0; every < 3; every++) {
        l4_cap_t pool[2] = {make_region(20), make_region(20)};
        frame_t frame[2] = {slot_cap(pool[0])->frame, slot_cap(pool[1])->frame};
        l4_cap_t space[2] = {make_space(pool[0], 64, 0), make_space(pool[1], 64, 0)};

        assert_int_equal(isys(CAP, pool[0], L4_CAP_MOVE, 5, space[1]), L4_OK);
        assert_int_equal(isys(CAP, pool[1], L4_CAP_MOVE, 5, space[0]), L4_OK);
        fake.preempt_every = every;
        fake.preempt_at = every != 0 ? fake.points + 1 : 0;
        assert_int_equal(isys(CAP, space[0], L4_CAP_DELETE), L4_OK);
        fake.preempt_at = 0;
        assert_int_equal(slot_cap(space[1])->type, L4_TYPE_NULL);
        assert_true(frames_are_clear(frame[0], 20));
        assert_true(frames_are_clear(frame[1], 20));
    }
}

/* A space owns the range that its own pool was split from, with other pieces handed out: they go
 * too, although the one that is dying is skipped. */
static void revocation_goes_past_a_dying_donation(void **state)
{
    l4_cap_t range = make_region(64);
    l4_cap_t first = make_region_of(range, 8, 12);
    l4_cap_t pool = make_region_of(range, 20, 12);
    l4_cap_t last = make_region_of(range, 8, 12);
    l4_cap_t space = make_space(pool, 64, 0);

    (void)state;
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_MAP, first, 0x10000000, L4_MAP_READ),
                     L4_OK);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_MAP, last, 0x11000000, L4_MAP_READ),
                     L4_OK);
    assert_int_equal(isys(CAP, range, L4_CAP_MOVE, 7, space), L4_OK);
    assert_int_equal(isys(CAP, space, L4_CAP_DELETE), L4_OK);
    assert_int_equal(slot_cap(first)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(last)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(pool)->type, L4_TYPE_NULL);
    assert_true(list_empty(&slot_cap(L4_ROOT_THREAD)->space_link));
}

static void a_space_that_holds_its_own_pool_ends(void **state)
{
    l4_cap_t pool = make_region(20);
    frame_t frame = slot_cap(pool)->frame;
    l4_cap_t space = make_space(pool, 64, 0);

    (void)state;
    assert_int_equal(isys(CAP, pool, L4_CAP_MOVE, 7, space), L4_OK);
    assert_int_equal(isys(CAP, space, L4_CAP_DELETE), L4_OK);
    assert_true(frames_are_clear(frame, 20));
}

/* A thread ends the address space that it runs in. */
static void suicide(void **state)
{
    (void)state;
    for (uint32_t every = 0; every < 4; every++) {
        l4_cap_t pool = make_region(40);
        frame_t frame = slot_cap(pool)->frame;
        l4_cap_t space = make_space(pool, 64, 0);
        struct thread *t;

        assert_int_equal(isys(CAP, pool, L4_CAP_MOVE, 7, space), L4_OK);
        give_cap(space, space, 8, L4_RIGHT_ALL);
        t = start_thread_in(space, PRIO_INIT + 1);
        fake.preempt_every = every;
        fake.preempt_at = every != 0 ? fake.points + 1 : 0;
        (void)sys(t, CAP, 7, L4_CAP_DELETE);
        assert_ptr_equal(running(), m.init);
        fake.preempt_at = 0;
        assert_int_equal(isys(CAP, pool, L4_CAP_DELETE), L4_OK);
        assert_int_equal(slot_cap(space)->type, L4_TYPE_NULL);
        assert_true(frames_are_clear(frame, 40));
    }
}

static void a_thousand_rounds_leak_nothing(void **state)
{
    l4_cap_t pool = make_region(40);
    l4_cap_t ram = make_region(8);
    uint32_t first = m.next_slot;
    uint32_t before;

    (void)state;
    before = free_bytes(L4_ROOT_ASPACE);
    for (uint32_t round = 0; round < 1000; round++) {
        l4_cap_t space = first;
        uint32_t after = 0;

        m.check = round % 50 == 0;
        m.next_slot = first + 1;
        assert_int_equal(isys(ASPACE, pool, L4_ASPACE_CREATE, space, 64, 0), L4_OK);
        assert_int_equal(isys(CREATE, space, L4_TYPE_THREAD, first + 1, 0), L4_OK);
        assert_int_equal(isys(CREATE, space, L4_TYPE_ENDPOINT, first + 2), L4_OK);
        give_cap(first + 2, space, 9, L4_RIGHT_ALL);
        assert_int_equal(isys(ASPACE, space, L4_ASPACE_MAP, ram, 0x10000000, L4_MAP_READ), L4_OK);
        assert_int_equal(isys(THREAD, first + 1, L4_THREAD_SET_FAULT, first + 2), L4_OK);
        assert_int_equal(isys(CAP, pool, L4_CAP_REVOKE), L4_OK);
        after = free_bytes(L4_ROOT_ASPACE);
        if (round != 0) {
            assert_int_equal(after, before);
        }
        before = after;
    }
    m.check = true;
    assert_true(frames_are_clear(slot_cap(pool)->frame, 40));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(revoking_the_pool_ends_the_space),
        MACHINE_TEST(deleting_the_pool_ends_the_space),
        MACHINE_TEST(deleting_the_last_capability_ends_the_space),
        MACHINE_TEST(the_end_is_preemptible_everywhere),
        MACHINE_TEST(nested_donations_end_inside_out),
        MACHINE_TEST(cyclic_donations_end),
        MACHINE_TEST(revocation_goes_past_a_dying_donation),
        MACHINE_TEST(a_space_that_holds_its_own_pool_ends),
        MACHINE_TEST(suicide),
        MACHINE_TEST(a_thousand_rounds_leak_nothing),
        MACHINE_TEST(what_is_dying_can_be_touched_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
