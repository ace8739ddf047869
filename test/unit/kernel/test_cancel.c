/* IPC that does not come to its end: death, stop and timeout in every state, saved replies. */
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
#define CANCEL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static struct thread *server(void)
{
    struct thread *t = start_thread(HIGH);

    assert_int_equal(sys(t, RECV, ep, 0, 0, NEVER), BLOCKED);
    return t;
}

static void kill(const struct thread *t)
{
    (void)machine_call(running(), L4_SYS_CAP, (const uint32_t[8]){cap_of_thread(t), L4_CAP_DELETE});
}

static void a_dead_server_fails_its_caller(void **state)
{
    struct thread *s = server();
    struct thread *c = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    kill(s);
    assert_ptr_equal(running(), c);
    assert_int_equal(result(c), L4_ERR_PEER_DIED);
    assert_null(slot_endpoint(ep)->server); /* a dead thread is nobody's server */
}

static void a_dead_caller_leaves_its_server_working(void **state)
{
    struct thread *s = server();
    struct thread *c = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    kill(c);
    assert_ptr_equal(running(), s);
    assert_null(s->caller);
    assert_int_equal(s->priority, HIGH);
    assert_ptr_equal(s->sc, &s->own_sc);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), m.init);
}

static void the_middle_of_a_chain_dies(void **state)
{
    l4_cap_t nested = make_endpoint();
    struct thread *s1 = server();
    struct thread *s2 = start_thread(HIGH);
    struct thread *c;

    (void)state;
    assert_ptr_equal(running(), s2);
    assert_int_equal(sys(s2, RECV, nested, 0, 0, NEVER), BLOCKED);
    c = start_thread(LOW);
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(s1, CALL, nested, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s2);
    assert_ptr_equal(s2->sc, &c->own_sc);
    kill(s1);
    assert_ptr_equal(running(), s2);
    assert_null(s2->caller);
    assert_ptr_equal(s2->sc, &s2->own_sc);
    assert_int_equal(c->state, L4_STATE_RUNNABLE);
    assert_int_equal(result(c), L4_ERR_PEER_DIED);
}

static void a_destroyed_endpoint_wakes_everyone(void **state)
{
    (void)state;
    for (uint32_t every = 0; every < 3; every++) {
        l4_cap_t e = make_endpoint();
        struct thread *t[6];

        for (uint32_t i = 0; i < 6; i++) {
            t[i] = start_thread(LOW + i);
            if (every == 1) {
                assert_int_equal(sys(t[i], RECV, e, 0, 0, NEVER), BLOCKED);
            } else if (i % 2 == 0) {
                assert_int_equal(sys(t[i], CALL, e, 0, 0, 1000000), BLOCKED);
            } else {
                assert_int_equal(sys(t[i], SEND, e, 0, 0, NEVER), BLOCKED);
            }
        }
        fake.preempt_every = every;
        fake.preempt_at = every != 0 ? fake.points + 1 : 0;
        (void)isys(CAP, e, L4_CAP_DELETE);
        while (running() != m.init) {
            struct thread *w = running();

            assert_int_equal(result(w), L4_ERR_PEER_DIED);
            (void)sys(w, THREAD, cap_of_thread(w), L4_THREAD_STOP);
        }
        while (slot_cap(e)->type != L4_TYPE_NULL) {
            (void)machine_call(running(), L4_SYS_CAP, (const uint32_t[8]){e, L4_CAP_DELETE});
            while (running() != m.init) {
                struct thread *w = running();

                assert_int_equal(result(w), L4_ERR_PEER_DIED);
                (void)sys(w, THREAD, cap_of_thread(w), L4_THREAD_STOP);
            }
        }
        fake.preempt_at = 0;
        for (uint32_t i = 0; i < 6; i++) {
            assert_int_equal(t[i]->state, L4_STATE_STOPPED);
        }
    }
}

/* The server's capability goes while it works: the call ends as usual. */
static void an_endpoint_dies_under_a_call(void **state)
{
    struct thread *s = server();
    struct thread *c = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(s, CAP, ep, L4_CAP_DELETE), L4_OK);
    assert_null(s->serving);
    assert_ptr_equal(s->caller, c);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), L4_ERR_CAP);
    assert_int_equal(sys(s, CAP, slot_new(), L4_CAP_SAVE_REPLY), L4_OK);
}

static void stop_cancels_what_a_thread_waits_for(void **state)
{
    struct thread *t = start_thread(LOW);
    l4_cap_t cap = cap_of_thread(t);
    struct thread *s;

    (void)state;
    assert_int_equal(sys(t, RECV, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_STOP), L4_OK);
    assert_int_equal(t->state, L4_STATE_STOPPED);
    assert_int_equal(isys(SEND, ep, 0, 0, 0), L4_ERR_TIMEOUT);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_RESUME), BLOCKED);
    assert_int_equal(result(t), L4_ERR_CANCELED);
    assert_int_equal(sys(t, CALL, ep, 0, 0, 5000), BLOCKED);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_STOP), L4_OK);
    assert_null(cpu_boot.timeouts.root);
    assert_int_equal(isys(RECV, ep, 0, 0, 0), L4_ERR_TIMEOUT);
    s = server();
    assert_int_equal(isys(THREAD, cap, L4_THREAD_RESUME), BLOCKED);
    assert_int_equal(result(t), L4_ERR_CANCELED);
    assert_int_equal(sys(t, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(s, THREAD, cap, L4_THREAD_STOP), L4_OK);
    assert_int_equal(t->state, L4_STATE_STOPPED);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(t->state, L4_STATE_STOPPED);
    assert_int_equal(result(t), L4_ERR_CANCELED);
}

static void receiving_again_drops_the_caller(void **state)
{
    struct thread *s = server();
    struct thread *c = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), c);
    assert_int_equal(result(c), L4_ERR_CANCELED);
}

/* c called; s keeps the reply in `slot` and waits again. */
static struct thread *saved_call(struct thread *s, l4_cap_t slot)
{
    struct thread *c = start_thread(LOW);

    assert_int_equal(sys(c, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    assert_int_equal(sys(s, CAP, slot, L4_CAP_SAVE_REPLY), L4_OK);
    assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), BLOCKED);
    return c;
}

static void a_deleted_reply_fails_its_caller(void **state)
{
    struct thread *s = server();
    l4_cap_t slot = slot_new();
    struct thread *c = saved_call(s, slot);

    (void)state;
    assert_int_equal(isys(CAP, slot, L4_CAP_INFO), L4_OK);
    assert_int_equal(reg(m.init, 1) & 0xff, L4_TYPE_REPLY);
    assert_int_equal(isys(CAP, slot, L4_CAP_COPY, slot_new(), 0, 0xff, 0), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(isys(CAP, slot, L4_CAP_DELETE), BLOCKED);
    assert_ptr_equal(running(), c);
    assert_int_equal(result(c), L4_ERR_PEER_DIED);
}

static void a_moved_reply_still_answers(void **state)
{
    struct thread *s = server();
    l4_cap_t slot = slot_new();
    l4_cap_t moved = slot_new();
    struct thread *c = saved_call(s, slot);

    (void)state;
    assert_int_equal(isys(CAP, slot, L4_CAP_MOVE, moved, 0), L4_OK);
    assert_int_equal(isys(SEND, slot, 0, 0, 0), L4_ERR_CAP);
    assert_int_equal(isys(SEND, moved, 0, 0, 0, 9), BLOCKED);
    assert_ptr_equal(running(), c);
    assert_int_equal(reg(c, 4), 9);
    assert_int_equal(slot_cap(moved)->type, L4_TYPE_NULL);
}

static void a_dead_caller_takes_its_reply_along(void **state)
{
    struct thread *s = server();
    l4_cap_t slot = slot_new();
    struct thread *c = saved_call(s, slot);

    (void)state;
    kill(c);
    assert_int_equal(slot_cap(slot)->type, L4_TYPE_NULL);
    assert_int_equal(isys(SEND, slot, 0, 0, 0), L4_ERR_CAP);
}

static void a_timed_out_caller_takes_its_reply_along(void **state)
{
    struct thread *s = server();
    l4_cap_t slot = slot_new();
    struct thread *c = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(c, CALL, ep, 0, 0, 50), BLOCKED);
    assert_int_equal(sys(s, CAP, slot, L4_CAP_SAVE_REPLY), L4_OK);
    assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), BLOCKED);
    machine_advance_us(60);
    assert_ptr_equal(running(), c);
    assert_int_equal(result(c), L4_ERR_TIMEOUT);
    assert_int_equal(slot_cap(slot)->type, L4_TYPE_NULL);
}

/* Faults and exits whose handler goes: the thread stops for good. */
static void an_unanswered_fault_stops_the_thread(void **state)
{
    struct thread *s = server();
    struct thread *t = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(t, THREAD, cap_of_thread(t), L4_THREAD_SET_FAULT, ep), L4_OK);
    machine_fault(t, L4_FAULT_WRITE, 0x1234);
    assert_ptr_equal(running(), s);
    assert_int_equal(reg(s, 1), L4_TAG_KERNEL | L4_KMSG_FAULT << L4_TAG_LABEL_SHIFT);
    assert_int_equal(reg(s, 4), 0x1234);
    assert_int_equal(reg(s, 5), L4_FAULT_WRITE);
    assert_int_equal(reg(s, 6), t->frame.pc);
    assert_true(thread_is_quiet(t));
    kill(s);
    assert_int_equal(t->state, L4_STATE_STOPPED);
    assert_false(t->in_exit);
    assert_ptr_equal(running(), m.init);
}

static void a_fault_is_answered_by_retry_or_a_new_pc(void **state)
{
    struct thread *s = server();
    struct thread *t = start_thread(LOW);
    uint32_t pc = t->frame.pc;

    (void)state;
    assert_int_equal(sys(t, THREAD, cap_of_thread(t), L4_THREAD_SET_FAULT, ep), L4_OK);
    pc = t->frame.pc;
    memset(t->frame.r, 0x5a, sizeof(t->frame.r));
    machine_fault(t, L4_FAULT_READ, 4);
    assert_int_equal(sys(s, REPLY_WAIT, ep, l4_tag(L4_FAULT_REPLY_RETRY, 0, 0), 0, NEVER, 99),
                     BLOCKED);
    assert_ptr_equal(running(), t);
    assert_int_equal(t->frame.pc, pc);
    assert_int_equal(reg(t, 0), 0x5a5a5a5a); /* a retried instruction sees its registers */
    assert_int_equal(reg(t, 4), 0x5a5a5a5a);
    machine_fault(t, L4_FAULT_READ, 4);
    assert_int_equal(sys(s, REPLY_WAIT, ep, l4_tag(L4_FAULT_REPLY_SET_PC, 0, 0), 0, NEVER, 0x2222),
                     BLOCKED);
    assert_int_equal(t->frame.pc, 0x2220); /* aligned */
    assert_int_equal(reg(t, 0), 0x5a5a5a5a);
}

static void a_thread_without_handler_stops_at_a_fault(void **state)
{
    struct thread *t = start_thread(LOW);

    (void)state;
    machine_fault(t, L4_FAULT_EXEC, 0);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(t->state, L4_STATE_STOPPED);
}

static void a_stop_waits_for_the_answer_to_a_fault(void **state)
{
    struct thread *s = server();
    struct thread *t = start_thread(LOW);
    l4_cap_t cap = cap_of_thread(t);

    (void)state;
    assert_int_equal(sys(t, THREAD, cap, L4_THREAD_SET_FAULT, ep), L4_OK);
    machine_fault(t, L4_FAULT_READ, 4);
    assert_int_equal(sys(s, THREAD, cap, L4_THREAD_STOP), L4_OK);
    assert_int_equal(t->state, L4_STATE_REPLY);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(t->state, L4_STATE_STOPPED);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_RESUME), BLOCKED);
    assert_ptr_equal(running(), t);
}

static void malformed_calls_fault_the_caller(void **state)
{
    struct thread *s = server();
    struct thread *t = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(t, THREAD, cap_of_thread(t), L4_THREAD_SET_FAULT, ep), L4_OK);
    assert_int_equal(machine_call(t, 200, (const uint32_t[8]){0}), BLOCKED);
    assert_int_equal(reg(s, 4), 200);
    assert_int_equal(reg(s, 5), L4_FAULT_SYSCALL);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(t, CAP, 0, L4_CAP_OP_COUNT), BLOCKED);
    assert_int_equal(reg(s, 4), L4_SYS_CAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CANCEL_TEST(a_dead_server_fails_its_caller),
        CANCEL_TEST(a_dead_caller_leaves_its_server_working),
        CANCEL_TEST(the_middle_of_a_chain_dies),
        CANCEL_TEST(a_destroyed_endpoint_wakes_everyone),
        CANCEL_TEST(an_endpoint_dies_under_a_call),
        CANCEL_TEST(stop_cancels_what_a_thread_waits_for),
        CANCEL_TEST(receiving_again_drops_the_caller),
        CANCEL_TEST(a_deleted_reply_fails_its_caller),
        CANCEL_TEST(a_moved_reply_still_answers),
        CANCEL_TEST(a_dead_caller_takes_its_reply_along),
        CANCEL_TEST(a_timed_out_caller_takes_its_reply_along),
        CANCEL_TEST(an_unanswered_fault_stops_the_thread),
        CANCEL_TEST(a_fault_is_answered_by_retry_or_a_new_pc),
        CANCEL_TEST(a_thread_without_handler_stops_at_a_fault),
        CANCEL_TEST(a_stop_waits_for_the_answer_to_a_fault),
        CANCEL_TEST(malformed_calls_fault_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
