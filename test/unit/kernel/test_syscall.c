/*
 * Every system call and every operation with hostile arguments: whatever the registers hold, the
 * caller gets a status or faults, the kernel's invariants hold, and nothing it does not own
 * changes.
 */
#include "machine.h"

#include <kernel/trace.h>

static const uint32_t operations[L4_SYS_COUNT] = {
    [L4_SYS_CAP] = L4_CAP_OP_COUNT,       [L4_SYS_REGION] = L4_REGION_OP_COUNT,
    [L4_SYS_ASPACE] = L4_ASPACE_OP_COUNT, [L4_SYS_THREAD] = L4_THREAD_OP_COUNT,
    [L4_SYS_VCPU] = L4_VCPU_OP_COUNT,     [L4_SYS_IRQ] = L4_IRQ_OP_COUNT,
    [L4_SYS_SYSTEM] = L4_SYSTEM_OP_COUNT,
};

static l4_cap_t handler;
static struct thread *pager, *t;

/* t runs in a space of its own with one capability of each kind; pager gets its faults. */
static void prepare(void)
{
    l4_cap_t space = make_space(make_region(32), 64, 0);
    l4_cap_t ep = make_endpoint();
    l4_cap_t irq = slot_new();

    handler = make_endpoint();
    pager = start_thread(PRIO_INIT + 20);
    assert_int_equal(sys(pager, RECV, handler, 0, 0, L4_TIMEOUT_NEVER), BLOCKED);
    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, 60, irq, 0), L4_OK);
    t = start_thread_in(space, PRIO_INIT + 10);
    assert_int_equal(sys(t, RECV, 99, 0, 0, 0), L4_ERR_CAP);
    assert_int_equal(sys(t, SYSTEM, 0, L4_SYSTEM_HELLO, L4_ABI_VERSION), L4_OK);
    sched_set_priority(t, PRIO_INIT - 1);
    t->base_priority = PRIO_INIT - 1;
    assert_int_equal(sys(t, SYSTEM, 0, L4_SYSTEM_YIELD), BLOCKED);
    assert_int_equal(isys(THREAD, cap_of_thread(t), L4_THREAD_SET_FAULT, handler), L4_OK);
    give_cap(ep, space, L4_TYPE_ENDPOINT, L4_RIGHT_ALL);
    give_cap(cap_of_thread(t), space, L4_TYPE_THREAD, L4_RIGHT_ALL);
    give_cap(space, space, L4_TYPE_ASPACE, L4_RIGHT_ALL);
    assert_int_equal(isys(CAP, make_region(16), L4_CAP_MOVE, L4_TYPE_REGION, space), L4_OK);
    give_cap(irq, space, L4_TYPE_IRQ, L4_RIGHT_ALL);
    give_cap(L4_ROOT_SYSTEM, space, L4_TYPE_SYSTEM, L4_RIGHT_ALL);
}

/* init sleeps, t runs. */
static void let_run(void)
{
    l4_cap_t bed = make_endpoint();

    assert_int_equal(isys(RECV, bed, 0, 0, L4_TIMEOUT_NEVER), BLOCKED);
    assert_ptr_equal(running(), t);
}

static int fresh(void **state)
{
    int r = machine_setup(state);

    prepare();
    let_run();
    return r;
}

static void again(void **state)
{
    assert_int_equal(machine_teardown(state), 0);
    assert_int_equal(fresh(state), 0);
}

static bool is_status(int32_t r)
{
#define STATUS_IS(name, value, text)                                                               \
    if (r == (value)) {                                                                            \
        return true;                                                                               \
    }
    L4_STATUS_TABLE(STATUS_IS)
#undef STATUS_IS
    return false;
}

/* One call; a new machine if t does not come back. */
static void hostile(void **state, uint32_t number, const uint32_t r[8])
{
    int32_t result;

    if (number == L4_SYS_SYSTEM && r[1] == L4_SYSTEM_EXIT) {
        return;
    }
    result = machine_call(t, number, r);
    if (result == BLOCKED) {
        again(state);
    } else {
        assert_true(is_status(result));
    }
}

static const uint32_t evil[] = {0,          1,          2,          3,          4,
                                5,          6,          7,          63,         64,
                                65,         0xfff,      0x1000,     0x01fff000, 0x10000000,
                                0x7fffffff, 0x80000000, 0xeffff000, 0xfffff000, 0xffffffff};

/* Each register in turn takes every evil value, the others are plausible. */
static void every_operation_with_evil_registers(void **state)
{
    for (uint32_t number = 0; number < L4_SYS_COUNT; number++) {
        uint32_t ops = operations[number] != 0 ? operations[number] : 1;

        for (uint32_t op = 0; op < ops; op++) {
            for (uint32_t i = 0; i < 8 * ARRAY_SIZE(evil); i++) {
                uint32_t r[8] = {L4_TYPE_ENDPOINT, op, 20, 0, 12, 21, 1, 1};

                if (number > L4_SYS_CREATE) {
                    r[0] = number == L4_SYS_CAP      ? L4_TYPE_ENDPOINT
                           : number == L4_SYS_REGION ? L4_TYPE_REGION
                           : number == L4_SYS_ASPACE ? (op == 0 ? L4_TYPE_REGION : L4_TYPE_ASPACE)
                           : number <= L4_SYS_VCPU   ? L4_TYPE_THREAD
                           : number == L4_SYS_IRQ    ? L4_TYPE_IRQ
                                                     : L4_TYPE_SYSTEM;
                }
                r[i % 8] = evil[i / 8];
                hostile(state, number, r);
            }
        }
    }
}

static void unknown_operations_fault_their_caller(void **state)
{
    for (uint32_t number = 0; number < L4_SYS_COUNT; number++) {
        const uint32_t r[8] = {1, operations[number]};

        if (operations[number] != 0) {
            assert_int_equal(machine_call(t, number, r), BLOCKED);
            assert_ptr_equal(running(), pager);
            assert_int_equal(reg(pager, 1), L4_TAG_KERNEL | L4_KMSG_FAULT << L4_TAG_LABEL_SHIFT);
            assert_int_equal(reg(pager, 4), number);
            assert_int_equal(reg(pager, 5), L4_FAULT_SYSCALL);
            again(state);
        }
    }
    assert_int_equal(machine_call(t, L4_SYS_COUNT, (const uint32_t[8]){0}), BLOCKED);
    assert_int_equal(reg(pager, 4), L4_SYS_COUNT);
}

/* Without capabilities nothing is reached: every call on an empty table is refused. */
static void an_empty_table_reaches_nothing(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < L4_SYS_COUNT; number++) {
        uint32_t ops = operations[number] != 0 ? operations[number] : 1;

        for (uint32_t op = number == L4_SYS_SYSTEM ? L4_SYSTEM_WRITE : 0; op < ops; op++) {
            const uint32_t r[8] = {20, op, 21, 22, 23, 24, 25, 26};
            int32_t result;

            if (number == L4_SYS_SYSTEM && op == L4_SYSTEM_EXIT) {
                continue;
            }
            result = machine_call(t, number, r);
            if (number == L4_SYS_CAP && op == L4_CAP_DELETE) {
                assert_int_equal(result, L4_OK); /* nothing there: nothing to do */
            } else if (number == L4_SYS_CAP && op == L4_CAP_SAVE_REPLY) {
                assert_int_equal(result, L4_ERR_NO_CALLER);
            } else {
                assert_int_equal(result, L4_ERR_CAP);
            }
        }
    }
}

static void hello_checks_the_version(void **state)
{
    (void)state;
    assert_int_equal(sys(t, SYSTEM, 0, L4_SYSTEM_HELLO, L4_ABI_VERSION), L4_OK);
    assert_int_equal(sys(t, SYSTEM, 0, L4_SYSTEM_HELLO, L4_ABI_VERSION + 1), L4_ERR_VERSION);
    assert_int_equal(reg(t, 1), L4_ABI_VERSION);
}

static void the_clock_tells_nanoseconds(void **state)
{
    (void)state;
    fake.counter = 0x100000000ull * 3 + 5;
    assert_int_equal(sys(t, SYSTEM, 0, L4_SYSTEM_CLOCK), L4_OK);
    assert_int_equal(reg(t, 1) | (uint64_t)reg(t, 2) << 32, fake.counter * 16);
    assert_int_equal(reg(t, 3), FAKE_HZ);
    assert_int_equal(reg(t, 4), 5);
    assert_int_equal(reg(t, 5), 3);
}

static void debug_output_is_bounded(void **state)
{
    (void)state;
    fake.uart_length = 0;
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_WRITE, 13), L4_ERR_RANGE);
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_WRITE, 0xffffffff), L4_ERR_RANGE);
    assert_int_equal(fake.uart_length, 0);
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_WRITE, 5, 0x6c6c6548, 0x6f), L4_OK);
    assert_string_equal(fake.uart, "Hello");
}

static void statistics_count(void **state)
{
    uint32_t switches;

    (void)state;
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_STAT, L4_STAT_SWITCHES), L4_OK);
    switches = reg(t, 1);
    assert_int_equal(switches, cpu_boot.switches);
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_STAT, L4_STAT_COUNT), L4_ERR_INVALID);
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_STAT, L4_STAT_IRQS), L4_OK);
    assert_int_equal(reg(t, 1), cpu_boot.irqs);
}

static void the_trace_is_read_once_and_loses_the_oldest(void **state)
{
    uint32_t last = 0;

    (void)state;
    do {
        assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_TRACE), L4_OK);
    } while (reg(t, 1) != 0);
    for (uint32_t i = 1; i <= 200; i++) {
        trace(TRACE_SPURIOUS, i, 0);
    }
    for (uint32_t n = 0; n < 128;) {
        assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_TRACE), L4_OK);
        assert_int_equal(reg(t, 1) % 4, 0);
        assert_true(reg(t, 1) != 0);
        for (uint32_t i = 0; i < reg(t, 1); i += 4, n++) {
            assert_int_equal(t->buffer->word[i + 1], TRACE_SPURIOUS);
            last = t->buffer->word[i + 2];
            assert_int_equal(last, 73 + n);
        }
    }
    assert_int_equal(last, 200);
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_TRACE), L4_OK);
    assert_int_equal(reg(t, 1), 0);
    assert_int_equal(sys(t, THREAD, L4_TYPE_THREAD, L4_THREAD_SET_BUFFER, 0), L4_OK);
    assert_int_equal(sys(t, SYSTEM, L4_TYPE_SYSTEM, L4_SYSTEM_TRACE), L4_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_operation_with_evil_registers, fresh,
                                        machine_teardown),
        cmocka_unit_test_setup_teardown(unknown_operations_fault_their_caller, fresh,
                                        machine_teardown),
        cmocka_unit_test_setup_teardown(an_empty_table_reaches_nothing, fresh, machine_teardown),
        cmocka_unit_test_setup_teardown(hello_checks_the_version, fresh, machine_teardown),
        cmocka_unit_test_setup_teardown(the_clock_tells_nanoseconds, fresh, machine_teardown),
        cmocka_unit_test_setup_teardown(debug_output_is_bounded, fresh, machine_teardown),
        cmocka_unit_test_setup_teardown(statistics_count, fresh, machine_teardown),
        cmocka_unit_test_setup_teardown(the_trace_is_read_once_and_loses_the_oldest, fresh,
                                        machine_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
