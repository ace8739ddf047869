/*
 * Faults of native threads: what their handler is told, and how they go on. User input never
 * reaches the kernel as anything but a message to the fault handler.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/thread.h>

#include "faults.h"
#include "memory.h"
#include "test.h"
#include "worker.h"

#define BAD 0x38000000u
#define THUMB_SLOT 11
#define WORKER_END 0xe7f001feu /* UDF #L4_EXIT_UDF */

static l4_cap_t endpoint;
static struct space *space;

static bool start_space(void)
{
    endpoint = memory_endpoint();
    space = space_create(SPACE_POOL, SPACE_SLOTS);
    return space != NULL;
}

/* A worker that runs `function` with the endpoint as its fault endpoint, badge 55. */
static struct worker *run(worker_function_t *function, uint32_t argument)
{
    const l4_cap_t badged = memory_slot();
    struct worker *const w = worker_create(space, PRIORITY_MID, 0);

    if (w == NULL || !CHECK_OK(l4_cap_copy(endpoint, badged, 0, L4_RIGHT_ALL, 55)) ||
        !CHECK_OK(l4_thread_set_fault(w->thread, badged))) {
        return NULL;
    }
    return worker_start(w, function, argument) ? w : NULL;
}

/* The next fault but the ends of workers, which arrive here too. */
static l4_status_t next_fault(struct l4_msg *msg, uint32_t us)
{
    l4_status_t status;

    do {
        status = l4_recv(endpoint, msg, us);
    } while (status == L4_OK && msg->w[1] == L4_FAULT_UNDEFINED &&
             *(const uint32_t *)msg->w[2] == WORKER_END);
    return status;
}

static bool expect(struct l4_msg *msg, uint32_t kind)
{
    if (!CHECK_OK(next_fault(msg, 100000))) {
        return false;
    }
    CHECK_EQ(msg->tag, (uint32_t)(L4_KMSG_FAULT << L4_TAG_LABEL_SHIFT) | L4_TAG_KERNEL);
    CHECK_EQ(msg->badge, 55);
    return CHECK_EQ(msg->w[1], kind);
}

/* Answers with the next pc and waits for the next fault of `kind`. */
static void skip(struct l4_msg *msg)
{
    const struct l4_msg answer = l4_msg(L4_FAULT_REPLY_SET_PC, msg->w[2] + 4, 0, 0, 0);
    const l4_cap_t reply = memory_slot();

    CHECK_OK(l4_cap_save_reply(reply));
    CHECK_OK(l4_send(reply, &answer, 0));
}

static void load(struct worker *self, uint32_t address)
{
    self->value[0] = *(volatile uint32_t *)address;
    self->value[1] = 1;
}

static void store(struct worker *self, uint32_t address)
{
    *(volatile uint32_t *)address = 0x5707e;
    self->value[1] = 1;
}

static void jump(struct worker *self, uint32_t address)
{
    ((void (*)(void))address)();
    self->value[1] = 1;
}

static void read_fault(void)
{
    static const uint32_t bad[] = {0,           4,           0x02000000u, BAD,         BAD + 0x123,
                                   0x40200000u, 0x48000000u, 0x08000000u, 0xeffff000u, 0xfffffffcu};
    struct l4_msg msg;

    REQUIRE(start_space());
    for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
        struct worker *const w = run(load, bad[i]);

        REQUIRE(w != NULL && expect(&msg, L4_FAULT_READ));
        CHECK_EQ(msg.w[0], bad[i]);
        CHECK_EQ(msg.w[3] >> 26, 0x24);
        CHECK_EQ(worker_state(w), L4_STATE_REPLY);
        skip(&msg);
        CHECK(worker_wait(w, 10000));
        CHECK_EQ(w->value[1], 1);
    }
}

static void write_fault(void)
{
    static const uint32_t bad[] = {0, BAD, 0x40200000u, 0x10000000u /* text */, 0xffff0000u};
    struct l4_msg msg;

    REQUIRE(start_space());
    for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
        struct worker *const w = run(store, bad[i]);

        REQUIRE(w != NULL && expect(&msg, L4_FAULT_WRITE));
        CHECK_EQ(msg.w[0], bad[i]);
        skip(&msg);
        CHECK(worker_wait(w, 10000));
    }
}

static void exec_fault(void)
{
    static uint32_t data_word;
    const uint32_t bad[] = {0, BAD, 0xfffffffcu, 0x40200000u, (uint32_t)&data_word};
    struct l4_msg msg;

    REQUIRE(start_space());
    for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
        struct worker *const w = run(jump, bad[i]);

        REQUIRE(w != NULL && expect(&msg, L4_FAULT_EXEC));
        CHECK_EQ(msg.w[0], bad[i]);
        CHECK_EQ(msg.w[2], bad[i]);
        CHECK_OK(l4_thread_stop(w->thread));
    }
}

static void retried_after_mapping(void)
{
    struct l4_msg msg;
    l4_cap_t page;

    REQUIRE(start_space());
    uint32_t *const at = memory_mapped(L4_PAGE_SIZE, &page);
    struct worker *const w = run(load, BAD);

    REQUIRE(at != NULL && w != NULL && expect(&msg, L4_FAULT_READ));
    at[0] = 0xcafe;
    REQUIRE(space_map(space, page, 0, L4_PAGE_SIZE, BAD, L4_MAP_READ) != L4_CAP_NULL);
    msg = l4_msg(L4_FAULT_REPLY_RETRY, 0, 0, 0, 0);
    CHECK_OK(l4_reply_wait(endpoint, &msg, 10000));
    CHECK_EQ(*(const uint32_t *)msg.w[2], WORKER_END);
    CHECK_EQ(w->value[0], 0xcafe);
}

static void registers_survive(struct worker *self, uint32_t address)
{
    uint32_t sum;

    __asm__ volatile("mov r4, #1\n\tmov r5, #2\n\tmov r6, #3\n\tmov r7, #4\n\tmov r8, #5\n\t"
                     "mov r9, #6\n\tmov r10, #7\n\tmov r12, #8\n\tmov lr, #9\n\tcmp r4, r4\n\t"
                     "ldr r0, [%[address]]\n\t"
                     "addeq r4, r4, r5\n\tadd r4, r4, r6\n\tadd r4, r4, r7\n\tadd r4, r4, r8\n\t"
                     "add r4, r4, r9\n\tadd r4, r4, r10\n\tadd r4, r4, r12\n\tadd %[sum], r4, lr"
                     : [sum] "=r"(sum)
                     : [address] "r"(address)
                     : "r0", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r12", "lr", "cc",
                       "memory");
    self->value[0] = sum;
}

static void registers_are_kept(void)
{
    struct l4_msg msg;

    REQUIRE(start_space());
    struct worker *const w = run(registers_survive, BAD);

    REQUIRE(w != NULL && expect(&msg, L4_FAULT_READ));
    skip(&msg);
    CHECK(worker_wait(w, 10000));
    CHECK_EQ(w->value[0], 45);
}

/* Runs the instructions of a list one after the other; each must fault as `kind`. */
static void run_instructions(struct worker *self, uint32_t count)
{
    (void)count;
    fault_instructions(self);
}

static void forbidden_instructions(void)
{
    struct l4_msg msg;

    REQUIRE(start_space());
    struct worker *const w = run(run_instructions, 0);

    REQUIRE(w != NULL);
    for (uint32_t i = 0; fault_name[i] != NULL; i++) {
        const uint32_t pc = fault_first() + 4 * i;

        if (!CHECK_OK(next_fault(&msg, 100000))) {
            test_print("# waiting for: %s", fault_name[i]);
            return;
        }
        if (msg.w[2] != pc || msg.w[1] != fault_kind(i)) {
            test_print("# %s: kind %lu at 0x%lx, expected kind %lu at 0x%lx", fault_name[i],
                       (unsigned long)msg.w[1], (unsigned long)msg.w[2],
                       (unsigned long)fault_kind(i), (unsigned long)pc);
            CHECK(false);
        }
        msg.w[2] = pc;
        skip(&msg);
    }
    CHECK(worker_wait(w, 10000));
    CHECK_EQ(w->value[0], 77);
}

/* `SVC #number` with r1 = value[7], for each number that the cases want. */
static void calls(struct worker *self, uint32_t number)
{
    register uint32_t r0 __asm__("r0") = 0;
    register uint32_t r1 __asm__("r1") = self->value[7];

#define CALL(n)                                                                                    \
    if (number == (n)) {                                                                           \
        __asm__ volatile("svc %[call]" : "+r"(r0), "+r"(r1) : [call] "i"(n) : "memory");           \
    }
    CALL(L4_SYS_COUNT)
    CALL(255)
    CALL(0xffffff)
    CALL(L4_SYS_CAP)
    CALL(L4_SYS_REGION)
    CALL(L4_SYS_ASPACE)
    CALL(L4_SYS_THREAD)
    CALL(L4_SYS_VCPU)
    CALL(L4_SYS_IRQ)
    CALL(L4_SYS_SYSTEM)
#undef CALL
    self->value[1] = 1;
}

static void expect_malformed(uint32_t number, uint32_t op, uint32_t told)
{
    struct l4_msg msg;
    struct worker *const w = worker_create(space, PRIORITY_MID, 0);

    REQUIRE(w != NULL);
    w->value[7] = op;
    const l4_cap_t badged = memory_slot();

    REQUIRE_OK(l4_cap_copy(endpoint, badged, 0, L4_RIGHT_ALL, 55));
    REQUIRE_OK(l4_thread_set_fault(w->thread, badged));
    REQUIRE(worker_start(w, calls, number));
    REQUIRE(expect(&msg, L4_FAULT_SYSCALL));
    CHECK_EQ(msg.w[0], told);
    /* The pc is past the call: the thread goes on when it is answered. */
    const l4_cap_t reply = memory_slot();
    const struct l4_msg answer = l4_msg(L4_FAULT_REPLY_RETRY, 0, 0, 0, 0);

    CHECK_OK(l4_cap_save_reply(reply));
    CHECK_OK(l4_send(reply, &answer, 0));
    CHECK(worker_wait(w, 10000));
}

static void unknown_system_calls(void)
{
    REQUIRE(start_space());
    expect_malformed(L4_SYS_COUNT, 0, L4_SYS_COUNT);
    expect_malformed(255, 0, 255);
    expect_malformed(0xffffff, 0, 0xffff);
}

static void unknown_operations(void)
{
    static const struct {
        uint32_t number, count;
    } call[] = {
        {L4_SYS_CAP, L4_CAP_OP_COUNT},       {L4_SYS_REGION, L4_REGION_OP_COUNT},
        {L4_SYS_ASPACE, L4_ASPACE_OP_COUNT}, {L4_SYS_THREAD, L4_THREAD_OP_COUNT},
        {L4_SYS_VCPU, L4_VCPU_OP_COUNT},     {L4_SYS_IRQ, L4_IRQ_OP_COUNT},
        {L4_SYS_SYSTEM, L4_SYSTEM_OP_COUNT},
    };

    REQUIRE(start_space());
    for (uint32_t i = 0; i < COUNT_OF(call); i++) {
        expect_malformed(call[i].number, call[i].count, call[i].number);
        expect_malformed(call[i].number, 0xffffffffu, call[i].number);
        expect_malformed(call[i].number, 0x80000000u, call[i].number);
    }
}

/* System calls from Thumb state: a good one, one that is restarted, a malformed one. */
static void thumb_calls(struct worker *self, uint32_t region)
{
    uint32_t clock = 0;
    uint32_t split = 0;

    __asm__ volatile(".syntax unified\n\tadr r0, 1f + 1\n\tbx r0\n\t.thumb\n\t.balign 4\n"
                     "1: movs r0, #0\n\tmovs r1, #2\n\tsvc #12\n\tmov r8, r1\n\t"
                     "mov r0, %[region]\n\tmovs r1, #1\n\tmov.w r2, #0x1000000\n\t"
                     "movs r3, #12\n\tmovs r4, %[slot]\n\tsvc #7\n\tmov r9, r0\n\t"
                     "svc #200\n\t"
                     "ldr r0, =2f\n\tbx r0\n\t.ltorg\n\t.arm\n\t.balign 4\n"
                     "2: mov %[clock], r8\n\tmov %[split], r9"
                     : [clock] "=r"(clock), [split] "=r"(split)
                     : [region] "r"(region), [slot] "i"(THUMB_SLOT)
                     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory", "cc");
    self->value[0] = clock;
    self->value[1] = split;
    self->value[2] = 1;
}

static void system_calls_in_thumb_state(void)
{
    struct l4_msg msg;

    REQUIRE(start_space());
    const l4_cap_t ram = memory_ram(16 << 20);

    REQUIRE(space_give(space, 9, endpoint, L4_RIGHT_ALL, 0));
    REQUIRE_OK(l4_cap_move(ram, 10, space->cap));
    struct worker *const w = run(thumb_calls, 10);

    REQUIRE(w != NULL);
    /* It wipes for some milliseconds, and is interrupted meanwhile. */
    for (uint32_t i = 0; i < 20; i++) {
        test_sleep(50);
    }
    REQUIRE(expect(&msg, L4_FAULT_SYSCALL));
    CHECK_EQ(msg.w[0], 200);
    const struct l4_msg answer = l4_msg(L4_FAULT_REPLY_RETRY, 0, 0, 0, 0);
    const l4_cap_t reply = memory_slot();

    CHECK_OK(l4_cap_save_reply(reply));
    CHECK_OK(l4_send(reply, &answer, 0));
    CHECK(worker_wait(w, 10000));
    CHECK(w->value[0] != 0);
    CHECK_OK(w->value[1]);
}

static void without_handler(void)
{
    REQUIRE(start_space());
    struct worker *const w = worker_run(space, PRIORITY_MID, load, BAD);

    CHECK(worker_wait_state(w, L4_STATE_STOPPED, 10000));
    CHECK_EQ(w->value[1], 0);
}

static void handler_dies(void)
{
    struct l4_msg msg;

    REQUIRE(start_space());
    struct worker *const w = run(load, BAD);

    REQUIRE(w != NULL && expect(&msg, L4_FAULT_READ));
    /* A receive without an answer: the thread cannot go on, and is stopped. */
    CHECK_EQ(l4_recv(endpoint, &msg, 0), L4_ERR_TIMEOUT);
    CHECK_EQ(worker_state(w), L4_STATE_STOPPED);
    CHECK_EQ(w->value[1], 0);
}

static void fault_endpoint_dies(void)
{
    REQUIRE(start_space());
    struct worker *const w = run(load, BAD);

    REQUIRE(w != NULL && worker_wait_state(w, L4_STATE_SENDING, 10000));
    CHECK_OK(l4_cap_delete(endpoint));
    CHECK_EQ(worker_state(w), L4_STATE_STOPPED);
    CHECK_OK(l4_thread_start(w->thread, (uint32_t)load, w->stack_top, 0, 0));
}

static void many_faulters(void)
{
    struct worker *w[10];
    struct l4_msg msg;

    REQUIRE(start_space());
    for (uint32_t i = 0; i < COUNT_OF(w); i++) {
        w[i] = run(load, BAD + i * 4);
        REQUIRE(w[i] != NULL && worker_wait_state(w[i], L4_STATE_SENDING, 10000));
    }
    for (uint32_t i = 0; i < COUNT_OF(w); i++) {
        REQUIRE_OK(next_fault(&msg, 0));
        CHECK_EQ(msg.w[0], BAD + i * 4);
        skip(&msg);
    }
    for (uint32_t i = 0; i < COUNT_OF(w); i++) {
        CHECK(worker_wait(w[i], 10000));
    }
}

static const struct test_case cases[] = {
    {"a load from nowhere is a read fault", read_fault},
    {"a store to nowhere or to text is a write fault", write_fault},
    {"a jump to nowhere or to data is an exec fault", exec_fault},
    {"a fault answered by a mapping is retried", retried_after_mapping},
    {"registers and flags survive a fault", registers_are_kept},
    {"what PL0 may not execute faults its thread", forbidden_instructions},
    {"an unknown system call faults its caller", unknown_system_calls},
    {"an unknown operation faults its caller", unknown_operations},
    {"system calls work in Thumb state", system_calls_in_thumb_state},
    {"without a handler the thread is stopped", without_handler},
    {"a fault that is not answered stops the thread", handler_dies},
    {"the fault endpoint's end stops the thread", fault_endpoint_dies},
    {"faults queue at their endpoint", many_faulters},
};

TEST_SUITE("faults", cases);
