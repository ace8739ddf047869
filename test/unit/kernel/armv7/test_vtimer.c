/* Guest timers of arch/armv7, on the host. */
#include "vcpu_machine.h"

#define VCPU_TEST(f) cmocka_unit_test_setup(f, vcpu_setup)

static void inject(uint32_t id, uint32_t priority, uint32_t flags, int32_t expected)
{
    assert_int_equal(arch_vcpu_inject(&thread_a, l4_virq(id, priority, flags)), expected);
}

static void the_virtual_timer_has_its_own_slot(void **state)
{
    (void)state;
    assert_int_equal(arch_vcpu_timer(&thread_a, L4_TIMER_VIRTUAL, TIMER_WORD), L4_OK);
    run_guest(&thread_a);
    inject(40, 0, 0, L4_OK);
    inject(41, 0, 0, L4_OK);
    inject(42, 0, 0, L4_OK);
    timer_line(true);
    assert_int_equal(L4_VIRQ_ID(*lr(SLOT_VIRTUAL)), PPI_VIRTUAL);
    assert_int_equal(seen("deactivate", PPI_VIRTUAL), 0); /* silent until the guest's end */
    guest_take(SLOT_VIRTUAL);
    record_write("CNTV_CTL", CNT_ENABLE); /* the handler sets a new compare value */
    guest_end(SLOT_VIRTUAL);
    assert_int_equal(seen("deactivate", PPI_VIRTUAL), 1);
    assert_int_equal(*lr(SLOT_VIRTUAL), 0);
    assert_int_equal(exit_seen.count, 0);
}

static void a_line_that_stays_high_raises_it_again(void **state)
{
    (void)state;
    assert_int_equal(arch_vcpu_timer(&thread_a, L4_TIMER_VIRTUAL, TIMER_WORD), L4_OK);
    run_guest(&thread_a);
    timer_line(true);
    guest_take(SLOT_VIRTUAL);
    guest_end(SLOT_VIRTUAL);
    assert_int_equal(*lr(SLOT_VIRTUAL) & LR_STATE, L4_VIRQ_PENDING);
    assert_int_equal(seen("deactivate", PPI_VIRTUAL), 0);
}

static void a_timer_that_nobody_wants_is_silenced(void **state)
{
    (void)state;
    run_guest(&thread_a);
    timer_line(true);
    assert_int_equal(seen("deactivate", PPI_VIRTUAL), 1);
    assert_int_equal(*lr(SLOT_VIRTUAL), 0);
    assert_int_equal(arch_vcpu_timer(&thread_a, 2, TIMER_WORD), L4_ERR_INVALID);
    assert_int_equal(arch_vcpu_timer(&thread_a, 0, l4_virq(32, 0, 0)), L4_ERR_INVALID);
    assert_int_equal(arch_vcpu_timer(&thread_a, 0, l4_virq(15, 0, 0)), L4_ERR_INVALID);
}

/* The source's active state belongs to the vCPU that is loaded. */
static void the_timer_moves_with_its_vcpu(void **state)
{
    (void)state;
    assert_int_equal(arch_vcpu_timer(&thread_a, L4_TIMER_VIRTUAL, TIMER_WORD), L4_OK);
    assert_int_equal(arch_vcpu_timer(&thread_b, L4_TIMER_VIRTUAL, TIMER_WORD), L4_OK);
    arch_vcpu_time_offset(&thread_b, 0x55);
    run_guest(&thread_a);
    record_write("CNTV_CVAL", 777);
    timer_line(true);
    record_clear();
    run_guest(&thread_b);
    assert_int_equal(seen("set inactive", PPI_VIRTUAL), 1);
    assert_int_equal(thread_a.vcpu->cntv_cval, 777);
    assert_int_equal(record_read("CNTVOFF"), 0x55);
    assert_int_equal(*lr(SLOT_VIRTUAL), 0);
    record_clear();
    test_counter = 2000000;
    run_guest(&thread_a);
    assert_int_equal(seen("set active", PPI_VIRTUAL), 1);
    assert_int_equal(L4_VIRQ_ID(*lr(SLOT_VIRTUAL)), PPI_VIRTUAL);
    assert_int_equal(record_read("CNTV_CVAL"), 777);
    assert_int_equal(record_read("CNTVOFF"), 0);
}

static void an_unloaded_vcpu_wakes_from_wfi_by_its_timer(void **state)
{
    (void)state;
    assert_int_equal(arch_vcpu_timer(&thread_a, L4_TIMER_VIRTUAL, TIMER_WORD), L4_OK);
    run_guest(&thread_a);
    record_write("CNTV_CTL", CNT_ENABLE);
    record_write("CNTV_CVAL", 1500000);
    thread_a.state = L4_STATE_WFI;
    run_native();
    run_guest(&thread_b);
    assert_non_null(cpu_boot.timeouts.root);
    test_counter = 1499999;
    run_timeouts();
    assert_int_equal(thread_a.state, L4_STATE_WFI);
    test_counter = 1500000;
    run_timeouts();
    assert_int_equal(thread_a.state, L4_STATE_RUNNABLE);
}

static void the_physical_timer_is_a_level(void **state)
{
    struct vcpu *v = thread_a.vcpu;

    (void)state;
    assert_int_equal(arch_vcpu_timer(&thread_a, L4_TIMER_PHYSICAL, PHYSICAL_WORD), L4_OK);
    run_guest(&thread_a);
    vtimer_physical_write(v, 0, 1000); /* TVAL */
    vtimer_physical_write(v, 1, CNT_ENABLE);
    assert_int_equal(vtimer_physical_read(v, 0), 1000);
    assert_int_equal(vtimer_physical_read(v, 1), CNT_ENABLE);
    assert_false(lr_in_flight(*lr(SLOT_PHYSICAL)));
    test_counter += 1000;
    run_timeouts();
    assert_int_equal(L4_VIRQ_ID(*lr(SLOT_PHYSICAL)), PPI_PHYSICAL);
    assert_int_equal(vtimer_physical_read(v, 1), CNT_ENABLE | CNT_ISTATUS);
    guest_take(SLOT_PHYSICAL);
    guest_end(SLOT_PHYSICAL);
    assert_int_equal(*lr(SLOT_PHYSICAL) & LR_STATE, L4_VIRQ_PENDING); /* still high */
    vtimer_physical_write(v, 1, 0);
    assert_int_equal(*lr(SLOT_PHYSICAL), 0);
    assert_null(cpu_boot.timeouts.root);
    assert_int_equal(exit_seen.count, 0);
}

/* The VMM's interrupt in the slot makes way and is not lost. */
static void the_physical_timer_evicts_what_is_pending(void **state)
{
    struct vcpu *v = thread_a.vcpu;

    (void)state;
    run_guest(&thread_a);
    inject(40, 0, 0, L4_OK);
    inject(41, 0, 0, L4_OK);
    inject(42, 0, 0, L4_OK);
    assert_int_equal(arch_vcpu_timer(&thread_a, L4_TIMER_PHYSICAL, PHYSICAL_WORD), L4_OK);
    vtimer_physical_write(v, 0, 0);
    vtimer_physical_write(v, 1, CNT_ENABLE);
    assert_int_equal(L4_VIRQ_ID(*lr(SLOT_PHYSICAL)), PPI_PHYSICAL);
    assert_int_equal(v->waiting_count, 1);
    guest_take(0);
    guest_end(0);
    assert_int_equal(L4_VIRQ_ID(*lr(0)), 42);
    assert_int_equal(v->waiting_count, 0);
}

static void lines_are_told(void **state)
{
    uint32_t out[6];

    (void)state;
    assert_int_equal(arch_vcpu_timer(&thread_a, L4_TIMER_PHYSICAL, PHYSICAL_WORD), L4_OK);
    thread_a.vcpu->cntv_ctl = CNT_ENABLE;
    thread_a.vcpu->cntv_cval = test_counter;
    arch_vcpu_virqs(&thread_a, out);
    assert_int_equal(out[4], L4_TIMER_LINE_VIRTUAL);
    thread_a.vcpu->cntv_ctl = CNT_ENABLE | CNT_IMASK;
    vtimer_physical_write(thread_a.vcpu, 0, (uint32_t)-1);
    vtimer_physical_write(thread_a.vcpu, 1, CNT_ENABLE);
    arch_vcpu_virqs(&thread_a, out);
    assert_int_equal(out[4], L4_TIMER_LINE_PHYSICAL);
    assert_int_equal(out[2], PHYSICAL_WORD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VCPU_TEST(the_virtual_timer_has_its_own_slot),
        VCPU_TEST(a_line_that_stays_high_raises_it_again),
        VCPU_TEST(a_timer_that_nobody_wants_is_silenced),
        VCPU_TEST(the_timer_moves_with_its_vcpu),
        VCPU_TEST(an_unloaded_vcpu_wakes_from_wfi_by_its_timer),
        VCPU_TEST(the_physical_timer_is_a_level),
        VCPU_TEST(the_physical_timer_evicts_what_is_pending),
        VCPU_TEST(lines_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
