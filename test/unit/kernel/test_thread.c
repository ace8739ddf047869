/* Threads and vCPUs through their operations: registers, states, time, authority over them. */
#include "machine.h"

#include <l4/abi/vcpu.h>

#define NEVER L4_TIMEOUT_NEVER
#define LOW (PRIO_INIT + 10)

static l4_cap_t cap, ep;
static struct thread *t;
static struct l4_msgbuf *buffer;

static int setup(void **state)
{
    int r = machine_setup(state);

    ep = make_endpoint();
    cap = make_thread_in(L4_ROOT_ASPACE, 0);
    t = slot_thread(cap);
    assert_int_equal(isys(THREAD, L4_ROOT_THREAD, L4_THREAD_SET_BUFFER, make_region(1)), L4_OK);
    buffer = m.init->buffer;
    return r;
}
#define THREAD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static void registers_are_written_and_read(void **state)
{
    struct l4_regs_gp *regs = (struct l4_regs_gp *)buffer->word;

    (void)state;
    for (uint32_t i = 0; i < sizeof(*regs) / 4; i++) {
        buffer->word[i] = 0x100 + i;
    }
    assert_int_equal(isys(THREAD, cap, L4_THREAD_WRITE_REGS, L4_REGS_GP), L4_OK);
    memset(regs, 0, sizeof(*regs));
    assert_int_equal(isys(THREAD, cap, L4_THREAD_READ_REGS, L4_REGS_GP), L4_OK);
    assert_int_equal(regs->r[0], 0x100);
    assert_int_equal(regs->r[12], 0x10c);
    assert_int_equal(regs->sp_usr, 0x10d);
    assert_int_equal(regs->lr_usr, 0x10e);
    assert_int_equal(regs->pc, 0x10f);
}

static void registers_of_a_running_thread_are_out_of_reach(void **state)
{
    (void)state;
    assert_int_equal(isys(THREAD, L4_ROOT_THREAD, L4_THREAD_READ_REGS, L4_REGS_GP), L4_ERR_STATE);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, USER_PC, 0, 0, 0), L4_OK);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_WRITE_REGS, L4_REGS_GP), L4_ERR_STATE);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_STOP), L4_OK);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_WRITE_REGS, L4_REGS_GP), L4_OK);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_READ_REGS, L4_REGS_VFP), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_READ_REGS, 99), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(isys(THREAD, L4_ROOT_THREAD, L4_THREAD_SET_BUFFER, 0), L4_OK);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_READ_REGS, L4_REGS_GP), L4_ERR_NOT_FOUND);
}

static void a_thread_that_was_never_started_can_be_resumed(void **state)
{
    (void)state;
    set_budget(t, LOW, 0, 0);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_RESUME), BLOCKED);
    assert_ptr_equal(running(), t); /* at address 0: it will fault; the kernel does not */
    assert_int_equal(t->frame.pc, 0);
    machine_fault(t, L4_FAULT_EXEC, 0);
    assert_int_equal(t->state, L4_STATE_STOPPED);
}

static void start_sets_the_first_registers(void **state)
{
    (void)state;
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, 0x2001, 0x3000, 7, 8), L4_OK);
    assert_int_equal(t->frame.pc, 0x2000);
    assert_int_equal(t->frame.sp, 0x3000);
    assert_int_equal(t->frame.r[0], 7);
    assert_int_equal(t->frame.r[1], 8);
    assert_int_not_equal(t->frame.cpsr & 0x20, 0);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, 0, 0, 0, 0), L4_ERR_STATE);
}

static void info_tells_state_and_time(void **state)
{
    static const uint32_t us = 1000;
    uint64_t ns;

    (void)state;
    assert_int_equal(isys(THREAD, cap, L4_THREAD_GET_INFO), L4_OK);
    assert_int_equal(reg(m.init, 1), L4_STATE_STOPPED);
    assert_int_equal(reg(m.init, 2) | reg(m.init, 3), 0);
    set_budget(t, LOW, 0, 0);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, USER_PC, 0, 0, 0), BLOCKED);
    machine_advance_us(us);
    assert_int_equal(sys(t, RECV, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_GET_INFO), L4_OK);
    assert_int_equal(reg(m.init, 1), L4_STATE_RECEIVING);
    ns = reg(m.init, 2) | (uint64_t)reg(m.init, 3) << 32;
    assert_in_range(ns, us * 1000 - 1000, us * 1000 + 1000);
}

/* What a server does for a client is the client's time. */
static void time_is_charged_to_the_budget_that_was_used(void **state)
{
    struct thread *s = start_thread(LOW + 1);
    uint64_t before;

    (void)state;
    assert_int_equal(sys(s, RECV, ep, 0, 0, NEVER), BLOCKED);
    set_budget(t, LOW, 0, 0);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, USER_PC, 0, 0, 0), BLOCKED);
    before = s->own_sc.consumed;
    assert_int_equal(sys(t, CALL, ep, 0, 0, NEVER), BLOCKED);
    assert_ptr_equal(running(), s);
    machine_advance_us(500);
    assert_int_equal(sys(s, REPLY_WAIT, ep, 0, 0, NEVER), BLOCKED);
    assert_int_equal(sys(t, RECV, ep, 0, 0, 0), L4_ERR_TIMEOUT);
    (void)sys(t, THREAD, cap, L4_THREAD_STOP);
    assert_int_equal(s->own_sc.consumed, before);
    assert_in_range(t->own_sc.consumed, timeout_us_to_ticks(499), timeout_us_to_ticks(501));
}

static void operations_need_control(void **state)
{
    l4_cap_t weak = slot_new();

    (void)state;
    assert_int_equal(isys(CAP, cap, L4_CAP_COPY, weak, 0, L4_RIGHT_INFO, 0), L4_OK);
    for (uint32_t op = 0; op < L4_THREAD_OP_COUNT; op++) {
        assert_int_equal(isys(THREAD, weak, op, 0, 0, 0, 0),
                         op == L4_THREAD_GET_INFO ? L4_OK : L4_ERR_RIGHTS);
    }
    assert_int_equal(isys(CAP, weak, L4_CAP_DELETE), L4_OK);
    assert_int_equal(isys(CAP, cap, L4_CAP_COPY, weak, 0, L4_RIGHT_CONTROL, 0), L4_OK);
    assert_int_equal(isys(THREAD, weak, L4_THREAD_GET_INFO), L4_ERR_RIGHTS);
}

static void a_thread_stops_itself(void **state)
{
    (void)state;
    set_budget(t, LOW, 0, 0);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, USER_PC, 0, 0, 0), BLOCKED);
    assert_int_equal(sys(t, THREAD, cap, L4_THREAD_STOP), BLOCKED);
    assert_int_equal(result(t), L4_OK);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_RESUME), BLOCKED);
    assert_ptr_equal(running(), t);
}

static void a_thread_deletes_itself(void **state)
{
    uint32_t before = free_bytes(L4_ROOT_ASPACE);

    (void)state;
    set_budget(t, LOW, 0, 0);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_START, USER_PC, 0, 0, 0), BLOCKED);
    assert_int_equal(sys(t, CAP, cap, L4_CAP_DELETE), BLOCKED);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(free_bytes(L4_ROOT_ASPACE), before + 2048);
}

static void fault_endpoints_need_the_send_right(void **state)
{
    l4_cap_t recv = make_badged(ep, 0, L4_RIGHT_RECV | L4_RIGHT_COPY);

    (void)state;
    assert_int_equal(isys(THREAD, cap, L4_THREAD_SET_FAULT, recv), L4_ERR_RIGHTS);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_SET_FAULT, cap), L4_ERR_CAP);
    assert_int_equal(isys(THREAD, cap, L4_THREAD_SET_FAULT, make_badged(ep, 9, 0x7f)), L4_OK);
    assert_int_equal(t->fault_cap.badge, 9);
    assert_int_equal(isys(CAP, ep, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(t->fault_cap.type, L4_TYPE_NULL);
}

/* --- vCPUs --- */

static l4_cap_t make_vcpu(void)
{
    l4_cap_t space = make_space(make_region(20), 16, L4_ASPACE_GUEST);

    return make_thread_in(space, L4_THREAD_GUEST);
}

static void exits_go_to_the_vmm_and_come_back(void **state)
{
    l4_cap_t vcpu = make_vcpu();
    struct thread *v = slot_thread(vcpu);
    struct thread *vmm = start_thread(LOW);

    (void)state;
    assert_int_equal(sys(vmm, THREAD, vcpu, L4_THREAD_SET_FAULT, ep), L4_OK);
    assert_int_equal(sys(vmm, RECV, ep, 0, 0, NEVER), BLOCKED);
    set_budget(v, PRIO_INIT + 1, 0, 0);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_START, 0x8000, 0, 0, 0), BLOCKED);
    machine_exit(v, L4_EXIT_HVC, 0x84000000);
    assert_ptr_equal(running(), vmm);
    assert_int_equal(reg(vmm, 1), L4_TAG_KERNEL | L4_EXIT_HVC << L4_TAG_LABEL_SHIFT);
    assert_int_equal(reg(vmm, 4), 0x84000000);
    assert_true(thread_is_quiet(v));
    fake_log_clear();
    assert_int_equal(
        sys(vmm, REPLY_WAIT, ep, l4_tag(L4_RESUME_WRITE | L4_RESUME_NEXT, 0, 0), 0, NEVER, 77),
        BLOCKED);
    assert_ptr_equal(running(), v);
    assert_int_equal(fake.log[fake_log_find(0, FAKE_VCPU_RESUME)].a,
                     L4_RESUME_WRITE | L4_RESUME_NEXT);
    assert_int_equal(fake.log[fake_log_find(0, FAKE_VCPU_RESUME)].b, 77);
    assert_int_equal(v->frame.pc, 0x8004);
}

static void injection_wakes_from_wfi(void **state)
{
    l4_cap_t vcpu = make_vcpu();
    struct thread *v = slot_thread(vcpu);

    (void)state;
    set_budget(v, LOW, 0, 0);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_START, 0, 0, 0, 0), BLOCKED);
    machine_wfi(v);
    assert_ptr_equal(running(), m.init);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_INJECT, 0), L4_ERR_INVALID);
    assert_int_equal(v->state, L4_STATE_WFI);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_INJECT, l4_virq(33, 0, 0)), BLOCKED);
    assert_ptr_equal(running(), v);
}

static void stop_and_resume_in_wfi(void **state)
{
    l4_cap_t vcpu = make_vcpu();
    struct thread *v = slot_thread(vcpu);

    (void)state;
    set_budget(v, LOW, 0, 0);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_START, 0, 0, 0, 0), BLOCKED);
    machine_wfi(v);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_STOP), L4_OK);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_INJECT, l4_virq(33, 0, 0)), L4_OK);
    assert_int_equal(v->state, L4_STATE_STOPPED);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_RESUME), BLOCKED);
    assert_ptr_equal(running(), v);
}

static void vcpu_operations_check_their_arguments(void **state)
{
    l4_cap_t vcpu = make_vcpu();

    (void)state;
    for (uint32_t op = 0; op < L4_VCPU_OP_COUNT; op++) {
        assert_int_equal(isys(VCPU, cap, op), L4_ERR_NOT_SUPPORTED);
        assert_int_equal(isys(VCPU, ep, op), L4_ERR_CAP);
    }
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_RETRACT, 33), L4_ERR_NOT_FOUND);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_INJECT, l4_virq(33, 0, 0)), L4_OK);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_VIRQS), L4_OK);
    assert_int_equal(reg(m.init, 1), l4_virq(33, 0, 0));
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_RETRACT, 33), L4_OK);
    assert_int_equal(reg(m.init, 1), l4_virq(33, 0, 0));
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_TIMER, L4_TIMER_COUNT, 0), L4_ERR_INVALID);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_TIMER, 0xffffffff, 0), L4_ERR_INVALID);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_TIME_OFFSET, 1, 2), L4_OK);
    assert_int_equal(slot_thread(vcpu)->vcpu->offset, 0x200000001u);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_RESET), L4_OK);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_READ_REGS, L4_REGS_COUNT), L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_READ_REGS, 0xffffffff), L4_ERR_INVALID);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_WRITE_REGS, L4_REGS_CP15), L4_OK);
    set_budget(slot_thread(vcpu), 10, 0, 0);
    assert_int_equal(isys(THREAD, vcpu, L4_THREAD_START, 0, 0, 0, 0), L4_OK);
    assert_int_equal(isys(VCPU, vcpu, L4_VCPU_RESET), L4_ERR_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREAD_TEST(registers_are_written_and_read),
        THREAD_TEST(registers_of_a_running_thread_are_out_of_reach),
        THREAD_TEST(a_thread_that_was_never_started_can_be_resumed),
        THREAD_TEST(start_sets_the_first_registers),
        THREAD_TEST(info_tells_state_and_time),
        THREAD_TEST(time_is_charged_to_the_budget_that_was_used),
        THREAD_TEST(operations_need_control),
        THREAD_TEST(a_thread_stops_itself),
        THREAD_TEST(a_thread_deletes_itself),
        THREAD_TEST(fault_endpoints_need_the_send_right),
        THREAD_TEST(exits_go_to_the_vmm_and_come_back),
        THREAD_TEST(injection_wakes_from_wfi),
        THREAD_TEST(stop_and_resume_in_wfi),
        THREAD_TEST(vcpu_operations_check_their_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
