/* Synchronous IPC: who meets whom, what arrives, and when nobody is there. */
#include "machine.h"

#define NEVER L4_TIMEOUT_NEVER
#define HIGH (PRIO_INIT + 20)
#define LOW (PRIO_INIT + 10)

static l4_cap_t ep;

static int setup(void **state)
{
    int r = machine_setup(state);

    ep = make_endpoint();
    return r;
}
#define IPC_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static struct thread *server(uint32_t priority)
{
    struct thread *t = start_thread(priority);

    assert_int_equal(sys(t, RECV, ep, 0, 0, NEVER), BLOCKED);
    return t;
}

static void expect_message(const struct thread *t, uint32_t tag, uint32_t badge, uint32_t w0)
{
    assert_int_equal(result(t), L4_OK);
    assert_int_equal(reg(t, 1), tag);
    assert_int_equal(reg(t, 2), badge);
    assert_int_equal(reg(t, 3), 0);
    assert_int_equal(reg(t, 4), w0);
    assert_int_equal(reg(t, 5), w0 + 1);
    assert_int_equal(reg(t, 6), w0 + 2);
    assert_int_equal(reg(t, 7), w0 + 3);
}

static void call_and_reply(void **state)
{
    struct thread *s = server(LOW);
    l4_cap_t badged = make_badged(ep, 42, L4_RIGHT_SEND);

    (void)state;
    assert_int_equal(isys(CALL, badged, l4_tag(7, 0, 0), 0, NEVER, 10, 11, 12, 13), BLOCKED);
    assert_ptr_equal(running(), s);
    expect_message(s, l4_tag(7, 0, 0), 42, 10);
    assert_int_equal(m.init->state, L4_STATE_REPLY);
    assert_int_equal(sys(s, REPLY_WAIT, ep, l4_tag(8, 0, 0), 0, NEVER, 20, 21, 22, 23), BLOCKED);
    assert_ptr_equal(running(), m.init);
    expect_message(m.init, l4_tag(8, 0, 0), 0, 20);
    assert_int_equal(s->state, L4_STATE_RECEIVING);
}

static void a_call_waits_for_its_server(void **state)
{
    struct thread *c = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, l4_tag(3, 0, 0), 0, NEVER, 5, 6, 7, 8), BLOCKED);
    assert_int_equal(c->state, L4_STATE_SENDING);
    assert_int_equal(isys(RECV, ep, 0, 0, NEVER), L4_OK);
    expect_message(m.init, l4_tag(3, 0, 0), 0, 5);
    assert_int_equal(m.init->priority, LOW);
    assert_int_equal(isys(REPLY_WAIT, ep, 0, 0, NEVER, 1, 2, 3, 4), BLOCKED);
    assert_ptr_equal(running(), c);
    expect_message(c, 0, 0, 1);
    assert_int_equal(m.init->priority, PRIO_INIT);
}

static void kernel_tags_cannot_be_forged(void **state)
{
    struct thread *s = server(LOW);

    (void)state;
    assert_int_equal(isys(SEND, ep, 0xffff0000u | L4_TAG_KERNEL | 0x7c00u, 0, NEVER, 1, 2, 3, 4),
                     BLOCKED);
    expect_message(s, 0xffff0000u, 0, 1);
    assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(isys(CALL, ep, L4_TAG_KERNEL, 0, NEVER, 1, 2, 3, 4), BLOCKED);
    assert_int_equal(reg(s, 1), 0);
    assert_int_equal(sys(s, REPLY_WAIT, ep, L4_TAG_KERNEL, 0, NEVER), BLOCKED);
    assert_int_equal(reg(m.init, 1), 0);
}

static void rights_are_needed(void **state)
{
    l4_cap_t recv_only = make_badged(ep, 0, L4_RIGHT_RECV);
    l4_cap_t send_only = make_badged(ep, 0, L4_RIGHT_SEND);

    (void)state;
    assert_int_equal(isys(CALL, recv_only, 0, 0, 0), L4_ERR_RIGHTS);
    assert_int_equal(isys(SEND, recv_only, 0, 0, 0), L4_ERR_RIGHTS);
    assert_int_equal(isys(SIGNAL, recv_only, 1), L4_ERR_RIGHTS);
    assert_int_equal(isys(RECV, send_only, 0, 0, 0), L4_ERR_RIGHTS);
    assert_int_equal(isys(REPLY_WAIT, send_only, 0, 0, 0), L4_ERR_RIGHTS);
    assert_int_equal(isys(SIGNAL, send_only, 1), L4_ERR_RIGHTS);
    assert_int_equal(isys(CALL, L4_ROOT_THREAD, 0, 0, 0), L4_ERR_CAP);
    assert_int_equal(isys(CALL, 0, 0, 0, 0), L4_ERR_CAP);
    assert_int_equal(isys(CALL, 0xffffffff, 0, 0, 0), L4_ERR_CAP);
    assert_int_equal(isys(REPLY_WAIT, ep, 0, ep, 0), L4_ERR_CAP);
}

static void polling_finds_nobody(void **state)
{
    (void)state;
    assert_int_equal(isys(CALL, ep, 0, 0, L4_TIMEOUT_POLL), L4_ERR_TIMEOUT);
    assert_int_equal(isys(SEND, ep, 0, 0, L4_TIMEOUT_POLL), L4_ERR_TIMEOUT);
    assert_int_equal(isys(RECV, ep, 0, 0, L4_TIMEOUT_POLL), L4_ERR_TIMEOUT);
    assert_int_equal(isys(REPLY_WAIT, ep, 0, 0, L4_TIMEOUT_POLL), L4_ERR_TIMEOUT);
    assert_ptr_equal(running(), m.init);
}

static void senders_are_taken_by_priority_then_arrival(void **state)
{
    static const uint32_t priority[] = {10, 30, 20, 30, 10, 31};
    static const uint32_t order[] = {5, 1, 3, 2, 0, 4};
    struct thread *t[6];

    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        t[i] = start_thread(PRIO_INIT + priority[i]);
        assert_int_equal(sys(t[i], SEND, ep, 0, 0, NEVER, i), BLOCKED);
    }
    for (uint32_t i = 0; i < 6; i++) {
        int32_t r = isys(RECV, ep, 0, 0, NEVER);

        /* The sender goes on and outranks the receiver. */
        assert_int_equal(r, BLOCKED);
        assert_ptr_equal(running(), t[order[i]]);
        assert_int_equal(result(t[order[i]]), L4_OK);
        assert_int_equal(reg(m.init, 4), order[i]);
        assert_int_equal(sys(running(), THREAD, cap_of_thread(running()), L4_THREAD_STOP), BLOCKED);
        assert_ptr_equal(running(), m.init);
    }
}

static void receivers_are_taken_in_order(void **state)
{
    struct thread *a = server(LOW);
    struct thread *b = server(HIGH);

    (void)state;
    assert_int_equal(isys(SEND, ep, 0, 0, NEVER, 1), BLOCKED);
    assert_ptr_equal(running(), a);
    assert_int_equal(sys(a, RECV, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(isys(SEND, ep, 0, 0, NEVER, 2), BLOCKED);
    assert_ptr_equal(running(), b);
}

static void signals_add_up_and_come_before_messages(void **state)
{
    struct thread *c = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c, SEND, ep, 0, 0, NEVER, 5), BLOCKED);
    assert_int_equal(isys(SIGNAL, ep, 0x10), L4_OK);
    assert_int_equal(isys(SIGNAL, ep, 0x03), L4_OK);
    assert_int_equal(isys(RECV, ep, 0, 0, NEVER), L4_OK);
    assert_int_equal(reg(m.init, 1), L4_TAG_KERNEL | L4_KMSG_SIGNAL << L4_TAG_LABEL_SHIFT);
    assert_int_equal(reg(m.init, 4), 0x13);
    assert_int_equal(isys(RECV, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(reg(m.init, 4), 5);
}

static void a_signal_wakes_one_receiver(void **state)
{
    struct thread *a = server(LOW);
    struct thread *b = server(LOW);

    (void)state;
    assert_int_equal(isys(SIGNAL, ep, 0), L4_OK);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(isys(SIGNAL, ep, 0x80000000u), BLOCKED);
    assert_ptr_equal(running(), a);
    assert_int_equal(reg(a, 4), 0x80000000u);
    assert_int_equal(reg(a, 2), 0);
    assert_int_equal(b->state, L4_STATE_RECEIVING);
    assert_int_equal(slot_endpoint(ep)->signals, 0);
}

static void timeouts_end_every_wait(void **state)
{
    struct thread *t = start_thread(LOW);
    struct thread *s;

    (void)state;
    assert_int_equal(sys(t, RECV, ep, 0, 0, 100), BLOCKED);
    machine_advance_us(99);
    assert_int_equal(t->state, L4_STATE_RECEIVING);
    machine_advance_us(2);
    assert_ptr_equal(running(), t);
    assert_int_equal(result(t), L4_ERR_TIMEOUT);
    assert_int_equal(sys(t, SEND, ep, 0, 0, 100), BLOCKED);
    machine_advance_us(101);
    assert_int_equal(result(t), L4_ERR_TIMEOUT);
    assert_int_equal(sys(t, CALL, ep, 0, 0, 100), BLOCKED);
    machine_advance_us(101);
    assert_int_equal(result(t), L4_ERR_TIMEOUT);
    assert_int_equal(sys(t, THREAD, cap_of_thread(t), L4_THREAD_STOP), BLOCKED);
    s = server(HIGH);
    assert_int_equal(isys(CALL, ep, 0, 0, 100), BLOCKED);
    assert_ptr_equal(running(), s);
    machine_advance_us(101);
    assert_int_equal(m.init->state, L4_STATE_RUNNABLE);
    assert_int_equal(result(m.init), L4_ERR_TIMEOUT);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(result(m.init), L4_ERR_TIMEOUT);
}

/* The timeout of a call covers send phase and reply, and does not fire afterwards. */
static void a_timeout_ends_with_the_call(void **state)
{
    struct thread *s = server(HIGH);

    (void)state;
    assert_int_equal(isys(CALL, ep, 0, 0, 100), BLOCKED);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, 50), BLOCKED);
    assert_ptr_equal(running(), m.init);
    machine_advance_us(60);
    assert_ptr_equal(running(), s);
    assert_int_equal(result(s), L4_ERR_TIMEOUT);
    assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), BLOCKED);
    machine_advance_us(200);
    assert_int_equal(m.init->state, L4_STATE_RUNNABLE);
    assert_null(cpu_boot.timeouts.root);
}

static void many_timeouts_at_once(void **state)
{
    struct thread *t[20];

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        t[i] = start_thread(LOW);
        assert_int_equal(sys(t[i], RECV, ep, 0, 0, 500), BLOCKED);
    }
    fake.counter += 1000000;
    machine_interrupt();
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(result(t[i]), L4_ERR_TIMEOUT);
        assert_int_equal(t[i]->state, L4_STATE_RUNNABLE);
    }
}

static void reply_wait_without_a_caller_just_waits(void **state)
{
    struct thread *s = start_thread(HIGH);

    (void)state;
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(s->state, L4_STATE_RECEIVING);
    assert_int_equal(isys(SEND, ep, 0, 0, NEVER, 9), BLOCKED);
    assert_int_equal(reg(s, 4), 9);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, L4_TIMEOUT_POLL), L4_ERR_TIMEOUT);
}

static void reply_wait_takes_the_next_at_once(void **state)
{
    struct thread *s = start_thread(PRIO_INIT - 1);
    struct thread *c[3];

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        c[i] = start_thread(LOW);
        assert_int_equal(sys(c[i], CALL, ep, 0, 0, NEVER, i), BLOCKED);
    }
    assert_int_equal(isys(RECV, make_endpoint(), 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), L4_OK);
    assert_int_equal(s->priority, LOW);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(reg(s, 4), i);
        (void)sys(s, REPLY_WAIT, ep, 0, 0, NEVER, 100 + i);
        assert_int_equal(reg(c[i], 4), 100 + i);
        while (running() != s) {
            struct thread *t = running();

            assert_int_equal(sys(t, THREAD, cap_of_thread(t), L4_THREAD_STOP), BLOCKED);
        }
        assert_ptr_equal(s->caller, c[i + 1]);
    }
}

static void saved_replies_answer_in_any_order(void **state)
{
    struct thread *s = server(HIGH);
    struct thread *c[2];
    l4_cap_t reply[2] = {slot_new(), slot_new()};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        c[i] = start_thread(LOW);
        assert_int_equal(sys(c[i], CALL, ep, 0, 0, NEVER, i), BLOCKED);
        assert_ptr_equal(running(), s);
        assert_int_equal(sys(s, CAP, reply[i], L4_CAP_SAVE_REPLY), L4_OK);
        assert_int_equal(sys(s, CAP, slot_new(), L4_CAP_SAVE_REPLY), L4_ERR_NO_CALLER);
        assert_null(c[i]->replier);
        assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), BLOCKED);
    }
    assert_int_equal(isys(SEND, reply[1], 0, 0, 0, 71), BLOCKED);
    assert_ptr_equal(running(), c[1]);
    assert_int_equal(reg(c[1], 4), 71);
    assert_int_equal(sys(c[1], SEND, reply[1], 0, 0, 0), L4_ERR_CAP);
    assert_int_equal(sys(c[1], REPLY_WAIT, ep, 0, reply[0], 0, 70), L4_ERR_TIMEOUT);
    assert_int_equal(reg(c[0], 4), 70);
    assert_int_equal(c[0]->state, L4_STATE_RUNNABLE);
}

static void calls_nest_to_a_limit(void **state)
{
    struct thread *t = m.init;
    l4_cap_t link[20];
    int32_t r = BLOCKED;
    uint32_t depth = 0;

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        link[i] = make_endpoint();
        assert_int_equal(sys(start_thread(LOW), RECV, link[i], 0, 0, NEVER), BLOCKED);
    }
    for (; r == BLOCKED; depth++) {
        r = sys(t, CALL, link[depth], 0, 0, NEVER);
        t = running();
    }
    assert_int_equal(r, L4_ERR_DEPTH);
    assert_int_equal(depth, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IPC_TEST(call_and_reply),
        IPC_TEST(a_call_waits_for_its_server),
        IPC_TEST(kernel_tags_cannot_be_forged),
        IPC_TEST(rights_are_needed),
        IPC_TEST(polling_finds_nobody),
        IPC_TEST(senders_are_taken_by_priority_then_arrival),
        IPC_TEST(receivers_are_taken_in_order),
        IPC_TEST(signals_add_up_and_come_before_messages),
        IPC_TEST(a_signal_wakes_one_receiver),
        IPC_TEST(timeouts_end_every_wait),
        IPC_TEST(a_timeout_ends_with_the_call),
        IPC_TEST(many_timeouts_at_once),
        IPC_TEST(reply_wait_without_a_caller_just_waits),
        IPC_TEST(reply_wait_takes_the_next_at_once),
        IPC_TEST(saved_replies_answer_in_any_order),
        IPC_TEST(calls_nest_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
