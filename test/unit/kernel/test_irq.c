/* Interrupt objects: giving out, binding, acknowledging, linking to a vCPU, and their end. */
#include "machine.h"

#define NEVER L4_TIMEOUT_NEVER
#define SOURCE 60u
#define HIGH (PRIO_INIT + 20)

static l4_cap_t ep, irq;

static int setup(void **state)
{
    int r = machine_setup(state);

    ep = make_endpoint();
    irq = slot_new();
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, SOURCE, irq, 0), L4_OK);
    return r;
}
#define IRQ_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static struct thread *driver(void)
{
    struct thread *t = start_thread(HIGH);

    assert_int_equal(sys(t, IRQ, irq, L4_IRQ_BIND, ep, 0x6), L4_OK);
    assert_int_equal(sys(t, RECV, ep, 0, 0, NEVER), BLOCKED);
    return t;
}

static void sources_are_given_out_once(void **state)
{
    l4_cap_t to = slot_new();

    (void)state;
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, SOURCE, to, 0), L4_ERR_BUSY);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, IRQ_MAX, to, 0), L4_ERR_INVALID);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 0xffffffff, to, 0), L4_ERR_INVALID);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 3, to, 0), L4_ERR_INVALID);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, IRQ_TIMER, to, 0), L4_ERR_INVALID);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, IRQ_VTIMER, to, 0), L4_ERR_INVALID);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, IRQ_MAINTENANCE, to, 0), L4_ERR_INVALID);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 61, irq, 0), L4_ERR_SLOT);
    assert_int_equal(isys(IRQ, ep, L4_IRQ_GET, 61, to, 0), L4_ERR_CAP);
    assert_int_equal(isys(CAP, irq, L4_CAP_DELETE), L4_OK);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, SOURCE, to, 1), L4_OK);
    assert_int_equal(fake.irq_edge[SOURCE], 1);
}

static void a_source_is_configured_while_masked(void **state)
{
    uint32_t disable;

    (void)state;
    fake_log_clear();
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 61, slot_new(), 1), L4_OK);
    disable = fake_log_find_a(0, FAKE_IRQ_DISABLE, 61);
    assert_true(fake_log_find_a(disable, FAKE_IRQ_CONFIGURE, 61) < fake.logged);
    assert_int_equal(fake_log_count(FAKE_IRQ_ENABLE), 0);
}

static void a_bound_interrupt_becomes_a_signal(void **state)
{
    struct thread *t = driver();

    (void)state;
    machine_raise(SOURCE);
    assert_ptr_equal(running(), t);
    assert_int_equal(reg(t, 4), 0x6);
    assert_int_equal(reg(t, 1), L4_TAG_KERNEL | L4_KMSG_SIGNAL << L4_TAG_LABEL_SHIFT);
    assert_true(fake.irq_active[SOURCE]);
}

/* A level interrupt is not seen again before the driver acknowledges it. */
static void it_stays_active_until_acknowledged(void **state)
{
    struct thread *t = driver();

    (void)state;
    machine_raise(SOURCE);
    assert_int_equal(sys(t, RECV, ep, 0, 0, NEVER), BLOCKED);
    machine_interrupt();
    assert_ptr_equal(running(), m.init);
    fake_log_clear();
    assert_int_equal(isys(IRQ, irq, L4_IRQ_ACK), L4_OK);
    assert_true(fake_log_find_a(0, FAKE_IRQ_DEACTIVATE, SOURCE) < fake.logged);
    machine_interrupt(); /* the line is still high */
    assert_ptr_equal(running(), t);
    fake.irq_raised[SOURCE] = 0;
    fake_log_clear();
    assert_int_equal(sys(t, IRQ, irq, L4_IRQ_ACK), L4_OK);
    assert_int_equal(sys(t, IRQ, irq, L4_IRQ_ACK), L4_OK);
    assert_int_equal(fake_log_count(FAKE_IRQ_DEACTIVATE), 1);
}

static void priority_drops_before_the_driver_runs(void **state)
{
    struct thread *t = driver();
    uint32_t drop;

    (void)state;
    fake_log_clear();
    machine_raise(SOURCE);
    drop = fake_log_find_a(0, FAKE_IRQ_DROP, SOURCE);
    assert_true(fake_log_find_a(drop, FAKE_SWITCH, t->name) < fake.logged);
    assert_int_equal(fake_log_count(FAKE_IRQ_DEACTIVATE), 0);
}

static void an_interrupt_waits_as_a_signal(void **state)
{
    (void)state;
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, ep, 0x100), L4_OK);
    machine_raise(SOURCE);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(isys(RECV, ep, 0, 0, NEVER), L4_OK);
    assert_int_equal(reg(m.init, 4), 0x100);
}

static void binding_is_exclusive(void **state)
{
    l4_cap_t weak = make_badged(ep, 0, L4_RIGHT_SEND | L4_RIGHT_COPY);
    l4_cap_t no_copy = make_badged(ep, 0, L4_RIGHT_SIGNAL);

    (void)state;
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, weak, 1), L4_ERR_RIGHTS);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, no_copy, 1), L4_ERR_RIGHTS);
    assert_false(fake.irq_enabled[SOURCE]);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, ep, 1), L4_OK);
    assert_true(fake.irq_enabled[SOURCE]);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, ep, 1), L4_ERR_EXISTS);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_UNBIND), L4_OK);
    assert_false(fake.irq_enabled[SOURCE]);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, ep, 1), L4_OK);
}

static void unbinding_deactivates(void **state)
{
    (void)state;
    (void)driver();
    machine_raise(SOURCE);
    fake.irq_raised[SOURCE] = 0;
    assert_int_equal(sys(running(), IRQ, irq, L4_IRQ_UNBIND), L4_OK);
    assert_false(fake.irq_active[SOURCE]);
    assert_false(fake.irq_enabled[SOURCE]);
}

/* The endpoint goes: the source is shut at its next interrupt, and can be bound again. */
static void a_bound_interrupt_outlives_its_endpoint(void **state)
{
    l4_cap_t other = make_endpoint();

    (void)state;
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, ep, 1), L4_OK);
    assert_int_equal(isys(CAP, ep, L4_CAP_DELETE), L4_OK);
    fake.irq_raised[SOURCE] = 1;
    machine_interrupt();
    assert_false(fake.irq_enabled[SOURCE]);
    assert_false(fake.irq_active[SOURCE]);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, other, 2), L4_OK);
    machine_interrupt();
    assert_int_equal(isys(RECV, other, 0, 0, 0), L4_OK);
    assert_int_equal(reg(m.init, 4), 2);
}

static void an_interrupt_without_owner_is_shut(void **state)
{
    (void)state;
    fake.irq_enabled[70] = 1;
    machine_raise(70);
    assert_false(fake.irq_enabled[70]);
    assert_false(fake.irq_active[70]);
    assert_ptr_equal(running(), m.init);
}

static void a_linked_interrupt_wakes_its_vcpu(void **state)
{
    l4_cap_t space = make_space(make_region(20), 16, L4_ASPACE_GUEST);
    l4_cap_t cap = make_thread_in(space, L4_THREAD_GUEST);
    struct thread *v = slot_thread(cap);

    (void)state;
    set_budget(v, HIGH, 0, 0);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, 0, 0, 0, 0), BLOCKED);
    assert_ptr_equal(running(), v);
    machine_wfi(v);
    assert_int_equal(v->state, L4_STATE_WFI);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_ASSIGN, cap, l4_virq(45, 0xa0, 0)), L4_OK);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, ep, 1), L4_ERR_EXISTS);
    fake_log_clear();
    machine_raise(SOURCE);
    assert_ptr_equal(running(), v);
    assert_int_equal(fake.log[fake_log_find(0, FAKE_VCPU_LINKED)].b, SOURCE);
    assert_true(fake.irq_active[SOURCE]);
    machine_wfi(v); /* it is pending: no sleep */
    assert_ptr_equal(running(), v);
    fake.irq_raised[SOURCE] = 0;
    machine_exit(v, L4_EXIT_HVC, 0); /* no handler: stops */
    assert_int_equal(isys(CAP, cap, L4_CAP_DELETE), L4_OK);
    assert_false(fake.irq_active[SOURCE]);
    assert_false(fake.irq_enabled[SOURCE]);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_BIND, ep, 1), L4_OK);
}

/* The end of a vCPU with many interrupts can be interrupted between any two. */
static void many_linked_interrupts_end_in_steps(void **state)
{
    l4_cap_t space = make_space(make_region(20), 16, L4_ASPACE_GUEST);
    l4_cap_t cap = make_thread_in(space, L4_THREAD_GUEST);
    uint32_t points;

    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        l4_cap_t one = slot_new();

        assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 100 + i, one, 0), L4_OK);
        assert_int_equal(isys(IRQ, one, L4_IRQ_ASSIGN, cap, l4_virq(40, 0, 0)), L4_OK);
    }
    points = fake.points;
    fake.preempt_every = 7;
    fake.preempt_at = fake.points + 1;
    assert_int_equal(isys(CAP, cap, L4_CAP_DELETE), L4_OK);
    fake.preempt_at = 0;
    assert_true(fake.points - points >= 60);
    for (uint32_t i = 0; i < 60; i++) {
        assert_false(fake.irq_enabled[100 + i]);
    }
}

static void only_vcpus_are_linked(void **state)
{
    l4_cap_t native = make_thread_in(L4_ROOT_ASPACE, 0);

    (void)state;
    assert_int_equal(isys(IRQ, irq, L4_IRQ_ASSIGN, native, l4_virq(45, 0, 0)), L4_ERR_STATE);
    assert_int_equal(isys(IRQ, irq, L4_IRQ_ASSIGN, ep, l4_virq(45, 0, 0)), L4_ERR_CAP);
    assert_int_equal(isys(IRQ, native, L4_IRQ_ACK), L4_ERR_CAP);
}

/* A timer interrupt and a device's at once: both are served, the timer's is not left active. */
static void timer_and_device_together(void **state)
{
    l4_cap_t quiet = make_endpoint();
    struct thread *t = driver();
    struct thread *sleeper = start_thread(HIGH + 1);

    (void)state;
    assert_int_equal(sys(sleeper, RECV, quiet, 0, 0, 100), BLOCKED);
    fake.counter += timeout_us_to_ticks(200);
    machine_raise(SOURCE);
    assert_ptr_equal(running(), sleeper);
    assert_int_equal(result(sleeper), L4_ERR_TIMEOUT);
    assert_int_equal(t->state, L4_STATE_RUNNABLE);
    assert_false(fake.irq_active[IRQ_TIMER]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IRQ_TEST(sources_are_given_out_once),
        IRQ_TEST(a_source_is_configured_while_masked),
        IRQ_TEST(a_bound_interrupt_becomes_a_signal),
        IRQ_TEST(it_stays_active_until_acknowledged),
        IRQ_TEST(priority_drops_before_the_driver_runs),
        IRQ_TEST(an_interrupt_waits_as_a_signal),
        IRQ_TEST(binding_is_exclusive),
        IRQ_TEST(unbinding_deactivates),
        IRQ_TEST(a_bound_interrupt_outlives_its_endpoint),
        IRQ_TEST(an_interrupt_without_owner_is_shut),
        IRQ_TEST(a_linked_interrupt_wakes_its_vcpu),
        IRQ_TEST(many_linked_interrupts_end_in_steps),
        IRQ_TEST(only_vcpus_are_linked),
        IRQ_TEST(timer_and_device_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
