/*
 * THREAD and SYSTEM, and VCPU on what is no vCPU: good, bad and hostile arguments.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/system.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define BEYOND 100000u
#define MODE_MASK 0x1fu
#define MODE_USER 0x10u
#define PSR_AIF 0x1c0u

static void spin(struct worker *self, uint32_t unused)
{
    (void)unused;
    while (self->value[0] == 0) {
        self->value[1]++;
    }
}

static struct worker *spinner(void)
{
    return worker_run(&space_root, PRIORITY_LOW, spin, 0);
}

static void every_operation_checks_its_thread(void)
{
    const l4_cap_t weak = memory_slot();
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL);
    REQUIRE_OK(l4_cap_copy(w->thread, weak, 0, L4_RIGHT_ALL & ~L4_RIGHT_CONTROL, 0));
    for (uint32_t op = 0; op < L4_THREAD_OP_COUNT; op++) {
        CHECK_EQ(l4_sys_thread_in(0, op, 0, 0), L4_ERR_CAP);
        CHECK_EQ(l4_sys_thread_in(BEYOND, op, 0, 0), L4_ERR_CAP);
        CHECK_EQ(l4_sys_thread_in(0xffffffffu, op, 0, 0), L4_ERR_CAP);
        CHECK_EQ(l4_sys_thread_in(L4_ROOT_ASPACE, op, 0, 0), L4_ERR_CAP);
        CHECK_EQ(l4_sys_thread_in(weak, op, 0, 0),
                 op == L4_THREAD_GET_INFO ? L4_OK : L4_ERR_RIGHTS);
    }
    const l4_cap_t none = memory_slot();

    REQUIRE_OK(l4_cap_copy(w->thread, none, 0, L4_RIGHT_CONTROL, 0));
    CHECK_EQ(l4_sys_thread_in(none, L4_THREAD_GET_INFO, 0, 0), L4_ERR_RIGHTS);
}

static void set_buffer(void)
{
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);
    const l4_cap_t two = memory_ram(2 * L4_PAGE_SIZE);
    const l4_cap_t page = memory_ram(L4_PAGE_SIZE);
    const l4_cap_t read_only = memory_share(page, 0, L4_PAGE_SIZE, L4_RIGHT_READ | L4_RIGHT_COPY);

    REQUIRE(w != NULL);
    CHECK_EQ(l4_thread_set_buffer(w->thread, BEYOND), L4_ERR_CAP);
    CHECK_EQ(l4_thread_set_buffer(w->thread, L4_ROOT_ASPACE), L4_ERR_CAP);
    CHECK_EQ(l4_thread_set_buffer(w->thread, two), L4_ERR_RANGE);
    CHECK_EQ(l4_thread_set_buffer(w->thread, read_only), L4_ERR_RIGHTS);
    for (uint32_t i = 0; i < test_root->region_count; i++) {
        if (test_root->region[i].kind == L4_ROOT_DEVICE) {
            const l4_cap_t device =
                memory_share(test_root->region[i].cap, 0, L4_PAGE_SIZE, L4_RIGHT_ALL);

            CHECK_EQ(l4_thread_set_buffer(w->thread, device), L4_ERR_NOT_SUPPORTED);
        }
    }
    CHECK_OK(l4_thread_set_buffer(w->thread, page));
    CHECK_OK(l4_thread_set_buffer(w->thread, page));
    CHECK_OK(l4_thread_set_buffer(w->thread, 0));
}

/* A buffer whose region goes away under a thread that waits with it. */
static void buffer_region_goes(void)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);
    const l4_cap_t page = memory_ram(L4_PAGE_SIZE);
    const l4_cap_t own = memory_slot();

    REQUIRE_OK(l4_cap_copy(L4_ROOT_THREAD, own, 0, L4_RIGHT_ALL, 0));
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL);
    REQUIRE_OK(l4_thread_set_buffer(w->thread, page));
    CHECK_OK(l4_cap_delete(page));
    /* The memory can be someone else's now; the thread has no buffer. */
    msg.tag = l4_tag(0, 4, 0);
    CHECK_EQ(l4_send(memory_endpoint(), &msg, 0), L4_ERR_TIMEOUT);
}

static void set_fault(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t no_send = memory_slot();
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL);
    REQUIRE_OK(l4_cap_copy(endpoint, no_send, 0, L4_RIGHT_RECV | L4_RIGHT_COPY, 0));
    CHECK_EQ(l4_thread_set_fault(w->thread, 0), L4_ERR_CAP);
    CHECK_EQ(l4_thread_set_fault(w->thread, L4_ROOT_ASPACE), L4_ERR_CAP);
    CHECK_EQ(l4_thread_set_fault(w->thread, no_send), L4_ERR_RIGHTS);
    CHECK_OK(l4_thread_set_fault(w->thread, endpoint));
    CHECK_OK(l4_thread_set_fault(w->thread, endpoint));
}

static void set_sched(void)
{
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL);
    CHECK_EQ(l4_thread_set_sched(w->thread, 256, 256, 0, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_set_sched(w->thread, 0xffffffffu, 10, 0, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_set_sched(w->thread, 11, 10, 0, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_set_sched(w->thread, 10, 10, 2000, 1000), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_set_sched(w->thread, 10, 10, 2000, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_set_sched(w->thread, 10, 10, 0, 1000), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_set_sched(w->thread, 10, 10, 1, 0xffffffffu), L4_ERR_INVALID);
    CHECK_EQ(l4_thread_set_sched(w->thread, 10, 10, 0xffffffffu, 0xffffffffu), L4_ERR_INVALID);
    CHECK_OK(l4_thread_set_sched(w->thread, 10, 10, 1, L4_TIMEOUT_MAX_US));
    CHECK_OK(l4_thread_set_sched(w->thread, 0, 0, 1000, 1000));
    CHECK_OK(l4_thread_set_sched(w->thread, 255, 255, 0, 0));
}

static void asks_for_more(struct worker *self, uint32_t thread)
{
    self->value[0] = (uint32_t)l4_thread_set_sched(thread, 10, PRIORITY_LOW + 1, 1000, 10000);
    self->value[1] = (uint32_t)l4_thread_set_sched(thread, 10, 255, 1000, 10000);
    self->value[2] = (uint32_t)l4_thread_set_sched(thread, 10, PRIORITY_LOW, 0, 0);
    self->value[3] = (uint32_t)l4_thread_set_sched(thread, 10, PRIORITY_LOW, 2000, 10000);
    self->value[4] = (uint32_t)l4_thread_set_sched(thread, 10, PRIORITY_LOW, 1000, 10000);
    self->value[5] = (uint32_t)l4_thread_set_sched(thread, 10, 10, 900, 10000);
}

static void authority_is_not_exceeded(void)
{
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);
    struct worker *const victim = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL && victim != NULL);
    REQUIRE_OK(l4_thread_set_sched(w->thread, PRIORITY_LOW, PRIORITY_LOW, 1000, 10000));
    REQUIRE(worker_start(w, asks_for_more, victim->thread));
    REQUIRE(worker_wait(w, 100000));
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(w->value[i], L4_ERR_AUTHORITY);
    }
    CHECK_OK(w->value[4]);
    CHECK_OK(w->value[5]);
}

static void start_stop_resume(void)
{
    struct worker *const w = spinner();

    REQUIRE(w != NULL);
    test_sleep(1000);
    CHECK(w->value[1] > 0);
    CHECK_EQ(worker_state(w), L4_STATE_RUNNABLE);
    CHECK_EQ(l4_thread_start(w->thread, 0, 0, 0, 0), L4_ERR_STATE);
    CHECK_OK(l4_thread_resume(w->thread));
    CHECK_OK(l4_thread_stop(w->thread));
    CHECK_OK(l4_thread_stop(w->thread));
    CHECK_EQ(worker_state(w), L4_STATE_STOPPED);
    const uint32_t count = w->value[1];

    test_sleep(1000);
    CHECK_EQ(w->value[1], count);
    CHECK_OK(l4_thread_resume(w->thread));
    test_sleep(1000);
    CHECK(w->value[1] > count);
    w->value[0] = 1;
    CHECK(worker_wait(w, 1000));
}

static void registers(void)
{
    struct l4_regs_gp regs;
    struct worker *const w = spinner();

    REQUIRE(w != NULL);
    test_sleep(1000);
    for (uint32_t group = 0; group < L4_REGS_COUNT; group++) {
        CHECK_EQ(l4_thread_read_regs(w->thread, group), L4_ERR_STATE);
        CHECK_EQ(l4_thread_write_regs(w->thread, group), L4_ERR_STATE);
    }
    CHECK_OK(l4_thread_stop(w->thread));
    for (uint32_t group = 1; group < L4_REGS_COUNT + 2; group++) {
        CHECK_EQ(l4_thread_read_regs(w->thread, group), L4_ERR_NOT_SUPPORTED);
        CHECK_EQ(l4_thread_write_regs(w->thread, group), L4_ERR_NOT_SUPPORTED);
    }
    CHECK_OK(l4_thread_read_regs(w->thread, L4_REGS_GP));
    memcpy(&regs, l4_msgbuf()->word, sizeof(regs));
    CHECK_EQ(regs.cpsr & MODE_MASK, MODE_USER);
    CHECK_RANGE(regs.sp_usr, w->stack_bottom, w->stack_top);
    CHECK_RANGE(regs.pc, 0x10000000u, 0x11000000u);
    CHECK_OK(l4_thread_write_regs(w->thread, L4_REGS_GP));
    CHECK_OK(l4_thread_resume(w->thread));
    w->value[0] = 1;
    CHECK(worker_wait(w, 1000));
}

/* Whatever is written to the status register, the thread stays an ordinary one. */
static void hostile_status_register(void)
{
    struct worker *const w = spinner();

    REQUIRE(w != NULL);
    test_sleep(100);
    for (uint32_t mode = 0; mode < 32; mode++) {
        struct l4_regs_gp regs;

        CHECK_OK(l4_thread_stop(w->thread));
        CHECK_OK(l4_thread_read_regs(w->thread, L4_REGS_GP));
        memcpy(&regs, l4_msgbuf()->word, sizeof(regs));
        /* Its flags stay, and ARM state: else it would not go on. */
        regs.cpsr = (regs.cpsr & 0xf80f0000u) | mode | ((mode & 1u) != 0 ? 0x001001c0u : 0);
        memcpy(l4_msgbuf()->word, &regs, sizeof(regs));
        CHECK_OK(l4_thread_write_regs(w->thread, L4_REGS_GP));
        CHECK_OK(l4_thread_read_regs(w->thread, L4_REGS_GP));
        memcpy(&regs, l4_msgbuf()->word, sizeof(regs));
        CHECK_EQ(regs.cpsr & MODE_MASK, MODE_USER);
        CHECK_EQ(regs.cpsr & PSR_AIF, PSR_AIF);
        const uint32_t count = w->value[1];

        CHECK_OK(l4_thread_resume(w->thread));
        test_sleep(100);
        CHECK(w->value[1] != count);
    }
}

static void without_own_buffer(struct worker *self, uint32_t thread)
{
    self->value[0] = (uint32_t)l4_thread_read_regs(thread, L4_REGS_GP);
    self->value[1] = (uint32_t)l4_thread_write_regs(thread, L4_REGS_GP);
}

static void registers_need_a_buffer(void)
{
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);
    struct worker *const other = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL && other != NULL);
    REQUIRE_OK(l4_thread_set_buffer(w->thread, 0));
    REQUIRE(worker_start(w, without_own_buffer, other->thread));
    REQUIRE(worker_wait(w, 10000));
    CHECK_EQ(w->value[0], L4_ERR_NOT_FOUND);
    CHECK_EQ(w->value[1], L4_ERR_NOT_FOUND);
}

static void vcpu_operations_on_a_thread(void)
{
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL);
    for (uint32_t op = 0; op < L4_VCPU_OP_COUNT; op++) {
        CHECK_EQ(l4_sys_vcpu_in(w->thread, op, 0, 0), L4_ERR_NOT_SUPPORTED);
        CHECK_EQ(l4_sys_vcpu_in(0, op, 0, 0), L4_ERR_CAP);
        CHECK_EQ(l4_sys_vcpu_in(L4_ROOT_ASPACE, op, 0, 0), L4_ERR_CAP);
    }
}

static void system_operations(void)
{
    struct l4_words words = {{0, L4_SYSTEM_HELLO, L4_ABI_VERSION + 1, 0, 0, 0, 0, 0}};
    uint32_t value = 0;

    CHECK_EQ(l4_sys_system(&words), L4_ERR_VERSION);
    CHECK_EQ(words.r[1], L4_ABI_VERSION);
    CHECK_OK(l4_system_hello());
    CHECK_EQ(l4_system_write(L4_ROOT_SYSTEM, 13, 0, 0, 0), L4_ERR_RANGE);
    CHECK_EQ(l4_system_write(L4_ROOT_SYSTEM, 0xffffffffu, 0, 0, 0), L4_ERR_RANGE);
    CHECK_OK(l4_system_write(L4_ROOT_SYSTEM, 0, 0, 0, 0));
    CHECK_EQ(l4_system_write(0, 0, 0, 0, 0), L4_ERR_CAP);
    CHECK_EQ(l4_system_write(L4_ROOT_ASPACE, 0, 0, 0, 0), L4_ERR_CAP);
    CHECK_EQ(l4_system_stat(L4_ROOT_SYSTEM, L4_STAT_COUNT, &value), L4_ERR_INVALID);
    CHECK_OK(l4_system_stat(L4_ROOT_SYSTEM, L4_STAT_SWITCHES, &value));
    CHECK(value > 0);
    CHECK_EQ(l4_system_exit(L4_ROOT_ASPACE, 0), L4_ERR_CAP);
    CHECK_EQ(l4_system_exit(0, 0), L4_ERR_CAP);
}

static void trace_tells_events(void)
{
    uint32_t count = 1;

    while (count != 0) {
        REQUIRE_OK(l4_system_trace(L4_ROOT_SYSTEM, &count));
        CHECK(count <= L4_MSG_WORDS && count % 4 == 0);
    }
    CHECK_OK(l4_cap_delete(memory_endpoint()));
    CHECK_OK(l4_system_trace(L4_ROOT_SYSTEM, &count));
    CHECK(count >= 8);
}

static void clock_is_steady(void)
{
    const struct l4_clock a = l4_system_clock();

    test_sleep(10000);
    const struct l4_clock b = l4_system_clock();

    CHECK_EQ(a.hz, test_root->timer_hz);
    CHECK_RANGE(b.ns - a.ns, 10000000, 10200000);
    CHECK_RANGE((b.ticks - a.ticks) * (1000000000u / a.hz), 10000000, 10200000);
}

static void cpu_time_is_counted(void)
{
    struct l4_thread_info info;
    struct worker *const w = spinner();

    REQUIRE(w != NULL);
    test_sleep(20000);
    REQUIRE_OK(l4_thread_get_info(w->thread, &info));
    CHECK_RANGE(info.cpu_time_ns / 1000, 19000, 21000);
    CHECK_OK(l4_thread_stop(w->thread));
    const uint64_t before = info.cpu_time_ns;

    test_sleep(20000);
    REQUIRE_OK(l4_thread_get_info(w->thread, &info));
    CHECK_RANGE((info.cpu_time_ns - before) / 1000, 0, 200);
}

static const struct test_case cases[] = {
    {"thread operations check capability and right", every_operation_checks_its_thread},
    {"a message buffer is one writable page of RAM", set_buffer},
    {"a message buffer's region can go away", buffer_region_goes},
    {"a fault endpoint needs the send right", set_fault},
    {"scheduling parameters are checked", set_sched},
    {"nobody gives more priority or time than it has", authority_is_not_exceeded},
    {"start, stop and resume", start_stop_resume},
    {"registers of a stopped thread", registers},
    {"a hostile status register is made safe", hostile_status_register},
    {"register access needs a buffer", registers_need_a_buffer},
    {"vCPU operations refuse native threads", vcpu_operations_on_a_thread},
    {"system operations check their arguments", system_operations},
    {"the trace tells what happened", trace_tells_events},
    {"the clock is steady", clock_is_steady},
    {"CPU time is counted", cpu_time_is_counted},
};

TEST_SUITE("threads", cases);
