/*
 * The first steps: the root program runs, sees what it was given, and two threads talk.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/system.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

static l4_cap_t endpoint;

static void hello(void)
{
    CHECK_EQ(test_root->magic, L4_BOOTINFO_MAGIC);
    CHECK_EQ(test_root->version, L4_BOOTINFO_VERSION);
    CHECK_OK(l4_system_hello());
    CHECK(test_root->region_count > 4);
    CHECK(test_root->timer_hz != 0);
}

static void clock_advances(void)
{
    const uint64_t before = test_ns();

    test_sleep(1000);
    CHECK(test_ns() - before >= 1000000);
}

static void echo(struct worker *self, uint32_t count)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(endpoint, &msg, L4_TIMEOUT_NEVER);

    (void)self;
    while (count-- > 0) {
        CHECK_OK(status);
        msg.w[0] += 1;
        status = l4_reply_wait(endpoint, &msg, count != 0 ? L4_TIMEOUT_NEVER : 0);
    }
}

static void calls(struct worker *self, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct l4_msg msg = l4_msg(7, i, 2, 3, 4);

        CHECK_OK(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER));
        CHECK_EQ(msg.w[0], i + 1);
        CHECK_EQ(l4_tag_label(msg.tag), 7);
    }
    self->value[0] = count;
}

static void two_threads(void)
{
    endpoint = memory_endpoint();
    struct worker *const server = worker_run(&space_root, PRIORITY_MID, echo, 10);
    struct worker *const client = worker_run(&space_root, PRIORITY_MID, calls, 10);

    if (worker_wait(client, 100000) && worker_wait(server, 100000)) {
        CHECK_EQ(client->value[0], 10);
    }
}

static void echo_in_slot_1(struct worker *self, uint32_t count)
{
    struct l4_msg msg;

    (void)count;
    CHECK_OK(l4_recv(1, &msg, L4_TIMEOUT_NEVER));
    self->value[0] = msg.badge;
    msg.w[0] += 1;
    CHECK_EQ(l4_reply_wait(1, &msg, 0), L4_ERR_TIMEOUT);
}

static void two_spaces(void)
{
    struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);

    endpoint = memory_endpoint();
    REQUIRE(space != NULL);
    REQUIRE(space_give(space, 1, endpoint, L4_RIGHT_RECV, 0));
    struct worker *const server = worker_run(space, PRIORITY_MID, echo_in_slot_1, 0);
    struct worker *const client = worker_run(&space_root, PRIORITY_LOW, calls, 1);

    REQUIRE(worker_wait(client, 100000) && worker_wait(server, 100000));
    CHECK_EQ(client->value[0], 1);
    CHECK_EQ(server->value[0], 0);
}

static const struct test_case cases[] = {
    {"the root program is started as the ABI says", hello},
    {"the clock advances over a sleep", clock_advances},
    {"two threads call and reply", two_threads},
    {"two address spaces call and reply", two_spaces},
};

TEST_SUITE("smoke", cases);
