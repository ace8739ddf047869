/* Message contents beyond the registers: words, capabilities, memory; all or nothing. */
#include "machine.h"

#define NEVER L4_TIMEOUT_NEVER
#define HIGH (PRIO_INIT + 20)
#define WINDOW 0x30000000u

static l4_cap_t ep, space;
static struct thread *server;
static struct l4_msgbuf *mine, *theirs;

static int setup(void **state)
{
    int r = machine_setup(state);

    ep = make_endpoint();
    space = make_space(make_region(32), 64, 0);
    give_cap(ep, space, 1, L4_RIGHT_ALL);
    server = start_thread_in(space, HIGH);
    theirs = server->buffer;
    for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
        theirs->slot[i] = 10 + i;
    }
    theirs->window_base = WINDOW;
    theirs->window_size = 64 << 12;
    assert_int_equal(sys(server, RECV, 1, 0, 0, NEVER), BLOCKED);
    assert_int_equal(isys(THREAD, L4_ROOT_THREAD, L4_THREAD_SET_BUFFER, make_region(1)), L4_OK);
    mine = m.init->buffer;
    return r;
}
#define TRANSFER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static const struct cap *got(uint32_t slot)
{
    static const struct cap none;
    const struct cap *c = aspace_slot(server->aspace, slot);

    return c != NULL ? c : &none;
}

static void item(uint32_t i, uint32_t kind, l4_cap_t cap, uint32_t rights, uint32_t size)
{
    mine->item[i] = (struct l4_item){
        .cap = cap, .kind = (uint8_t)kind, .rights = (uint8_t)rights, .size = size};
}

static int32_t send(uint32_t words, uint32_t items)
{
    return isys(SEND, ep, l4_tag(1, words, items), 0, L4_TIMEOUT_POLL, 1, 2, 3, 4);
}

static void words_are_copied(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < L4_MSG_WORDS; i++) {
        mine->word[i] = 0x1000 + i;
        theirs->word[i] = 0;
    }
    assert_int_equal(send(119, 0), BLOCKED);
    assert_int_equal(theirs->word[0], 0x1000);
    assert_int_equal(theirs->word[118], 0x1000 + 118);
    assert_int_equal(theirs->word[119], 0);
    assert_int_equal(reg(server, 1), l4_tag(1, 119, 0));
    mine->word[0] = 7;
    assert_int_equal(theirs->word[0], 0x1000);
}

static void bad_lengths_and_missing_buffers_are_refused(void **state)
{
    (void)state;
    assert_int_equal(send(121, 0), L4_ERR_TRANSFER);
    assert_int_equal(send(127, 0), L4_ERR_TRANSFER);
    assert_int_equal(send(0, 5), L4_ERR_TRANSFER);
    assert_int_equal(send(0, 7), L4_ERR_TRANSFER);
    assert_int_equal(isys(THREAD, L4_ROOT_THREAD, L4_THREAD_SET_BUFFER, 0), L4_OK);
    assert_int_equal(send(1, 0), L4_ERR_TRANSFER);
    assert_int_equal(server->state, L4_STATE_RECEIVING);
    assert_int_equal(send(0, 0), BLOCKED);
}

static void a_copy_arrives_with_masked_rights(void **state)
{
    l4_cap_t other = make_badged(make_endpoint(), 77, L4_RIGHT_ALL);

    (void)state;
    item(0, L4_ITEM_COPY, other, L4_RIGHT_SEND | L4_RIGHT_COPY, 0);
    assert_int_equal(send(0, 1), BLOCKED);
    assert_int_equal(got(10)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(got(10)->rights, L4_RIGHT_SEND | L4_RIGHT_COPY);
    assert_int_equal(got(10)->badge, 77);
    assert_int_equal(theirs->item[0].cap, 10);
    assert_int_equal(theirs->item[0].kind, L4_ITEM_COPY);
    assert_int_equal(theirs->item[0].rights, L4_RIGHT_SEND | L4_RIGHT_COPY);
    assert_int_equal(slot_cap(other)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(sys(server, RECV, 1, 0, 0, NEVER), BLOCKED);
    assert_int_equal(isys(CAP, other, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(got(10)->type, L4_TYPE_NULL);
}

static void a_move_leaves_the_sender(void **state)
{
    l4_cap_t other = make_endpoint();

    (void)state;
    item(0, L4_ITEM_MOVE, other, 0, 0);
    assert_int_equal(send(0, 1), BLOCKED);
    assert_int_equal(slot_cap(other)->type, L4_TYPE_NULL);
    assert_int_equal(got(10)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(got(10)->depth, 0);
    assert_int_equal(got(10)->rights, L4_RIGHT_ALL & ~L4_RIGHT_CONTROL);
}

static void memory_is_shared_and_mapped(void **state)
{
    l4_cap_t r = make_region(40);
    frame_t frame = 0;
    uint32_t attr = 0;

    (void)state;
    item(0, L4_ITEM_MAP, r, L4_MAP_READ | L4_MAP_WRITE, 3 << 12);
    mine->item[0].offset = 2 << 12;
    assert_int_equal(send(0, 1), BLOCKED);
    assert_int_equal(theirs->item[0].offset, WINDOW);
    assert_int_equal(theirs->item[0].size, 3 << 12);
    assert_true(arch_aspace_lookup(server->aspace, WINDOW + 0x2000, &frame, &attr));
    assert_int_equal(frame, slot_cap(r)->frame + 4);
    assert_int_equal(attr, L4_MAP_READ | L4_MAP_WRITE);
    assert_false(arch_aspace_lookup(server->aspace, WINDOW + 0x3000, &frame, &attr));
    assert_int_equal(sys(server, RECV, 1, 0, 0, NEVER), BLOCKED);
    assert_int_equal(isys(CAP, r, L4_CAP_DELETE), L4_OK);
    assert_false(arch_aspace_lookup(server->aspace, WINDOW + 0x2000, &frame, &attr));
    assert_int_equal(got(10)->type, L4_TYPE_NULL);
}

/* A pending interrupt does not make a transfer fail, wherever the window lies. */
static void a_transfer_is_not_preempted(void **state)
{
    l4_cap_t r = make_region(32);

    (void)state;
    theirs->window_base = 0x30200000 - (8 << 12); /* across a table */
    item(0, L4_ITEM_MAP, r, L4_MAP_READ, 16 << 12);
    fake.preempt_every = 1;
    fake.preempt_at = fake.points + 1;
    assert_int_equal(send(0, 1), BLOCKED);
    fake.preempt_at = 0;
    assert_int_equal(got(10)->progress, 16);
}

static void expect_nothing(uint32_t items)
{
    uint32_t before = server->aspace->pool.free_bytes;

    assert_int_equal(send(0, items), L4_ERR_TRANSFER);
    assert_int_equal(server->state, L4_STATE_RECEIVING);
    for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
        assert_int_equal(got(10 + i)->type, L4_TYPE_NULL);
    }
    assert_int_equal(server->aspace->pool.free_bytes, before);
}

static void a_refused_item_takes_the_others_back(void **state)
{
    l4_cap_t e = make_endpoint();
    l4_cap_t moved = make_endpoint();
    l4_cap_t r = make_region(8);

    (void)state;
    item(0, L4_ITEM_COPY, e, 0xff, 0);
    item(1, L4_ITEM_MOVE, moved, 0, 0);
    item(2, L4_ITEM_MAP, r, L4_MAP_READ, 4096);
    item(3, L4_ITEM_COPY, 999, 0xff, 0);
    (void)isys(CAP, e, L4_CAP_COPY, 13, space, 0xff, 0); /* makes the table's page */
    (void)isys(CAP, e, L4_CAP_REVOKE);
    expect_nothing(4);
    assert_int_equal(slot_cap(moved)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(slot_cap(r)->flags & CAP_MAPPED, 0);
    /* The same without the bad one works: nothing of the server's was used up. */
    assert_int_equal(send(0, 3), BLOCKED);
}

static void each_kind_checks_its_source(void **state)
{
    l4_cap_t e = make_endpoint();
    l4_cap_t r = make_region(40);
    l4_cap_t no_copy;

    (void)state;
    (void)isys(CAP, e, L4_CAP_COPY, 13, space, 0xff, 0);
    assert_int_equal(isys(CAP, e, L4_CAP_REVOKE), L4_OK);
    no_copy = make_badged(e, 1, L4_RIGHT_SEND);
    item(0, L4_ITEM_COPY, no_copy, 0xff, 0);
    expect_nothing(1);
    item(0, L4_ITEM_MOVE, no_copy, 0, 0);
    expect_nothing(1);
    item(0, L4_ITEM_MAP, e, L4_MAP_READ, 4096);
    expect_nothing(1);
    item(0, L4_ITEM_NONE, e, 0xff, 0);
    expect_nothing(1);
    item(0, 9, e, 0xff, 0);
    expect_nothing(1);
    item(0, L4_ITEM_COPY, 0, 0xff, 0);
    expect_nothing(1);
    item(0, L4_ITEM_MAP, r, L4_MAP_READ, 4096); /* one mapping a message */
    item(1, L4_ITEM_MAP, r, L4_MAP_READ, 4096);
    expect_nothing(2);
    item(0, L4_ITEM_MAP, r, L4_MAP_READ, 0);
    expect_nothing(1);
    item(0, L4_ITEM_MAP, r, L4_MAP_READ, 17 << 12);
    expect_nothing(1);
    item(0, L4_ITEM_MAP, r, L4_MAP_READ, 4095);
    expect_nothing(1);
    item(0, L4_ITEM_MAP, r, L4_MAP_WRITE, 4096);
    expect_nothing(1);
    item(0, L4_ITEM_MAP, r, L4_MAP_READ, 8192);
    mine->item[0].offset = 39 << 12;
    expect_nothing(1);
    mine->item[0].offset = 0xfffff000;
    expect_nothing(1);
}

static void windows_and_slots_are_the_receivers_offer(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t e = make_endpoint();

    (void)state;
    (void)isys(CAP, e, L4_CAP_COPY, 13, space, 0xff, 0);
    assert_int_equal(isys(CAP, e, L4_CAP_REVOKE), L4_OK);
    item(0, L4_ITEM_MAP, r, L4_MAP_READ, 2 << 12);
    theirs->window_size = 4096;
    expect_nothing(1);
    theirs->window_size = 0xffffffff;
    theirs->window_base = 0xffffe000;
    expect_nothing(1);
    theirs->window_base = WINDOW + 1;
    expect_nothing(1);
    theirs->window_base = 0;
    expect_nothing(1);
    item(0, L4_ITEM_COPY, e, 0xff, 0);
    theirs->slot[0] = 0;
    expect_nothing(1);
    theirs->slot[0] = 1; /* in use */
    expect_nothing(1);
    theirs->slot[0] = 0xffffffff;
    expect_nothing(1);
}

static void items_need_the_grant_right(void **state)
{
    l4_cap_t weak = make_badged(ep, 0, L4_RIGHT_SEND);
    l4_cap_t e = make_endpoint();

    (void)state;
    item(0, L4_ITEM_COPY, e, 0xff, 0);
    assert_int_equal(isys(SEND, weak, l4_tag(0, 0, 1), 0, 0), L4_ERR_TRANSFER);
    assert_int_equal(isys(CALL, weak, l4_tag(0, 0, 1), 0, 0), L4_ERR_TRANSFER);
    assert_int_equal(isys(SEND, weak, l4_tag(0, 3, 0), 0, 0), BLOCKED);
}

/* Two senders wait; the failure of the first is its own, the receiver gets the second's. */
static void a_waiting_sender_fails_alone(void **state)
{
    struct thread *bad;
    struct thread *good;

    (void)state;
    assert_int_equal(send(0, 0), BLOCKED);
    server->base_priority = PRIO_INIT - 5;
    sched_set_priority(server, PRIO_INIT - 5);
    assert_int_equal(sys(server, SYSTEM, 0, L4_SYSTEM_YIELD), BLOCKED);
    assert_ptr_equal(running(), m.init);
    bad = start_thread(PRIO_INIT + 2);
    assert_int_equal(sys(bad, SEND, ep, l4_tag(0, 0, 1), 0, NEVER, 1), BLOCKED);
    good = start_thread(PRIO_INIT + 1);
    assert_int_equal(sys(good, SEND, ep, l4_tag(0, 2, 0), 0, NEVER, 2), BLOCKED);
    assert_int_equal(isys(RECV, make_endpoint(), 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), server);
    assert_int_equal(sys(server, RECV, 1, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), bad);
    assert_int_equal(result(bad), L4_ERR_TRANSFER);
    assert_int_equal(result(good), L4_OK);
    assert_int_equal(reg(server, 4), 2);
}

static void a_reply_may_carry_items(void **state)
{
    l4_cap_t own;

    (void)state;
    mine->slot[0] = slot_new();
    own = mine->slot[0];
    assert_int_equal(isys(CALL, ep, l4_tag(2, 0, 0), 0, NEVER), BLOCKED);
    theirs->item[0] = (struct l4_item){.cap = 1, .kind = L4_ITEM_COPY, .rights = L4_RIGHT_SEND};
    assert_int_equal(sys(server, REPLY_WAIT, 1, l4_tag(0, 0, 2), 0, NEVER), L4_ERR_TRANSFER);
    assert_int_equal(m.init->state, L4_STATE_REPLY);
    assert_int_equal(sys(server, REPLY_WAIT, 1, l4_tag(0, 0, 1), 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(slot_cap(own)->rights, L4_RIGHT_SEND);
    assert_int_equal(mine->item[0].cap, own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRANSFER_TEST(words_are_copied),
        TRANSFER_TEST(bad_lengths_and_missing_buffers_are_refused),
        TRANSFER_TEST(a_copy_arrives_with_masked_rights),
        TRANSFER_TEST(a_move_leaves_the_sender),
        TRANSFER_TEST(memory_is_shared_and_mapped),
        TRANSFER_TEST(a_transfer_is_not_preempted),
        TRANSFER_TEST(a_refused_item_takes_the_others_back),
        TRANSFER_TEST(each_kind_checks_its_source),
        TRANSFER_TEST(windows_and_slots_are_the_receivers_offer),
        TRANSFER_TEST(items_need_the_grant_right),
        TRANSFER_TEST(a_waiting_sender_fails_alone),
        TRANSFER_TEST(a_reply_may_carry_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
