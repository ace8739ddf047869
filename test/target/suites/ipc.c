/*
 * Messages between address spaces: words, tags, badges, rights, timeouts, replies.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/start.h>
#include <l4/thread.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define RECEIVE_SLOT 1u
#define MARK 0xdeadbeefu
#define BEYOND 100000u

static l4_cap_t endpoint;
static struct worker *server;

/* Answers with label, words and buffer words each one higher; ends on label 0xffff. */
static void echo(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);

    while (status == L4_OK && l4_tag_label(msg.tag) != 0xffff) {
        const uint32_t words = l4_tag_words(msg.tag);

        self->value[0] = msg.badge;
        self->value[1] = msg.tag;
        for (uint32_t i = 0; i < words; i++) {
            self->buffer->word[i]++;
        }
        msg.tag = l4_tag(l4_tag_label(msg.tag) + 1, words, 0);
        for (uint32_t i = 0; i < 4; i++) {
            msg.w[i]++;
        }
        status = l4_reply_wait(slot, &msg, L4_TIMEOUT_NEVER);
    }
    self->status = status;
}

static bool start_server(void)
{
    struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);

    endpoint = memory_endpoint();
    if (space == NULL || !space_give(space, RECEIVE_SLOT, endpoint, L4_RIGHT_RECV, 0)) {
        return false;
    }
    server = worker_run(space, PRIORITY_MID, echo, RECEIVE_SLOT);
    return server != NULL && worker_wait_state(server, L4_STATE_RECEIVING, 10000);
}

static void words_of_all_sizes(void)
{
    static const uint32_t size[] = {0, 1, 4, 63, 64, 119, 120};

    REQUIRE(start_server());
    for (uint32_t n = 0; n < COUNT_OF(size); n++) {
        struct l4_msg msg = l4_msg(n, 10, 20, 30, 40);
        uint32_t wrong = 0;

        msg.tag = l4_tag(n, size[n], 0);
        for (uint32_t i = 0; i < L4_MSG_WORDS; i++) {
            l4_msgbuf()->word[i] = 1000 * n + i;
            server->peek->word[i] = MARK;
        }
        REQUIRE_OK(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER));
        CHECK_EQ(msg.tag, l4_tag(n + 1, size[n], 0));
        CHECK(msg.w[0] == 11 && msg.w[1] == 21 && msg.w[2] == 31 && msg.w[3] == 41);
        for (uint32_t i = 0; i < L4_MSG_WORDS; i++) {
            wrong += l4_msgbuf()->word[i] != 1000 * n + i + (i < size[n]);
            wrong += i >= size[n] && server->peek->word[i] != MARK;
        }
        CHECK_EQ(wrong, 0);
    }
}

static void too_many_words(void)
{
    REQUIRE(start_server());
    for (uint32_t words = 121; words < 128; words++) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

        msg.tag = l4_tag(0, words, 0);
        CHECK_EQ(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER), L4_ERR_TRANSFER);
    }
    CHECK_EQ(worker_state(server), L4_STATE_RECEIVING);
    struct l4_msg msg = l4_msg(3, 1, 1, 1, 1);

    CHECK_OK(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER));
}

static void kernel_bit_cannot_be_forged(void)
{
    struct l4_msg msg = l4_msg(L4_KMSG_SIGNAL, 1, 2, 3, 4);

    REQUIRE(start_server());
    msg.tag |= L4_TAG_KERNEL | 0x7c00u;
    CHECK_OK(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER));
    CHECK_EQ(server->value[1], l4_tag(L4_KMSG_SIGNAL, 0, 0));
    CHECK(!l4_tag_is_kernel(msg.tag));
}

static void badges(void)
{
    static const uint32_t badge[] = {1, 2, 0x80000000u, 0xffffffffu};

    REQUIRE(start_server());
    for (uint32_t i = 0; i < COUNT_OF(badge); i++) {
        const l4_cap_t copy = memory_slot();
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

        REQUIRE_OK(l4_cap_copy(endpoint, copy, 0, L4_RIGHT_SEND, badge[i]));
        msg.badge = 0x666;
        CHECK_OK(l4_call(copy, &msg, L4_TIMEOUT_NEVER));
        CHECK_EQ(server->value[0], badge[i]);
        CHECK_EQ(msg.badge, 0);
    }
}

static void rights(void)
{
    const l4_cap_t none = memory_slot();
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    REQUIRE(start_server());
    REQUIRE_OK(l4_cap_copy(endpoint, none, 0, L4_RIGHT_INFO, 0));
    CHECK_EQ(l4_call(none, &msg, 0), L4_ERR_RIGHTS);
    CHECK_EQ(l4_send(none, &msg, 0), L4_ERR_RIGHTS);
    CHECK_EQ(l4_recv(none, &msg, 0), L4_ERR_RIGHTS);
    CHECK_EQ(l4_reply_wait(none, &msg, 0), L4_ERR_RIGHTS);
    CHECK_EQ(l4_signal(none, 1), L4_ERR_RIGHTS);
}

static void no_such_capability(void)
{
    const l4_cap_t bad[] = {0, memory_slot(), L4_ROOT_ASPACE, BEYOND, 0xffffffffu};

    for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

        CHECK_EQ(l4_call(bad[i], &msg, 0), L4_ERR_CAP);
        CHECK_EQ(l4_send(bad[i], &msg, 0), L4_ERR_CAP);
        CHECK_EQ(l4_recv(bad[i], &msg, 0), L4_ERR_CAP);
        CHECK_EQ(l4_reply_wait(bad[i], &msg, 0), L4_ERR_CAP);
        CHECK_EQ(l4_signal(bad[i], 1), L4_ERR_CAP);
    }
    endpoint = memory_endpoint();
    for (uint32_t i = 1; i < COUNT_OF(bad); i++) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

        CHECK_EQ(l4_reply_saved_wait(endpoint, bad[i], &msg, 0), L4_ERR_CAP);
    }
}

static void buffers_are_needed(void)
{
    struct l4_msg msg = l4_msg(0, 1, 2, 3, 4);

    REQUIRE(start_server());
    REQUIRE_OK(l4_thread_set_buffer(server->thread, 0));
    msg.tag = l4_tag(0, 1, 0);
    CHECK_EQ(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER), L4_ERR_TRANSFER);
    msg = l4_msg(0, 1, 2, 3, 4);
    CHECK_OK(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER));
    REQUIRE_OK(l4_thread_set_buffer(server->thread, server->buffer_region));
    msg.tag = l4_tag(0, 1, 0);
    CHECK_OK(l4_call(endpoint, &msg, L4_TIMEOUT_NEVER));
}

/* The root thread's time from before to after a wait that must end by its timeout. */
static void expect_timeout(l4_status_t status, uint32_t start, uint32_t us)
{
    CHECK_EQ(status, L4_ERR_TIMEOUT);
    CHECK_RANGE(test_us() - start, us, us + 30);
}

static void timeouts(void)
{
    static const uint32_t us[] = {0, 1, 100, 5000, 250000};

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < COUNT_OF(us); i++) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);
        uint32_t start = test_us();

        expect_timeout(l4_recv(endpoint, &msg, us[i]), start, us[i]);
        start = test_us();
        expect_timeout(l4_call(endpoint, &msg, us[i]), start, us[i]);
        start = test_us();
        expect_timeout(l4_send(endpoint, &msg, us[i]), start, us[i]);
        start = test_us();
        expect_timeout(l4_reply_wait(endpoint, &msg, us[i]), start, us[i]);
    }
}

static void holds(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
    while (self->value[0] == 0) {
        self->value[1]++;
    }
    self->status = l4_reply_wait(slot, &msg, 0);
}

static void call_times_out_at_the_server(void)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    endpoint = memory_endpoint();
    server = worker_run(&space_root, PRIORITY_MID, holds, endpoint);
    REQUIRE(worker_wait_state(server, L4_STATE_RECEIVING, 10000));
    const uint32_t start = test_us();

    expect_timeout(l4_call(endpoint, &msg, 3000), start, 3000);
    CHECK(server->value[1] > 0);
    server->value[0] = 1;
    /* Its reply finds nobody and is dropped. */
    CHECK(worker_wait(server, 10000));
    CHECK_EQ(server->status, L4_ERR_TIMEOUT);
}

static void caller_of(struct worker *self, uint32_t slot)
{
    struct l4_msg msg = l4_msg(1, self->value[7], 0, 0, 0);

    self->status = l4_call(slot, &msg, L4_TIMEOUT_NEVER);
    self->value[0] = msg.w[0];
}

static void saved_replies(void)
{
    struct worker *caller[3];
    l4_cap_t reply[3];
    struct l4_msg msg;
    struct l4_cap_info info;

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < 3; i++) {
        caller[i] = worker_create(&space_root, PRIORITY_MID, 0);
        REQUIRE(caller[i] != NULL);
        caller[i]->value[7] = i;
        REQUIRE(worker_start(caller[i], caller_of, endpoint));
        REQUIRE_OK(l4_recv(endpoint, &msg, 10000));
        CHECK_EQ(msg.w[0], i);
        reply[i] = memory_slot();
        REQUIRE_OK(l4_cap_save_reply(reply[i]));
        CHECK_EQ(l4_cap_save_reply(memory_slot()), L4_ERR_NO_CALLER);
    }
    CHECK_OK(l4_cap_info(reply[0], &info));
    CHECK_EQ(info.type, L4_TYPE_REPLY);
    CHECK(l4_cap_copy(reply[0], memory_slot(), 0, L4_RIGHT_ALL, 0) != L4_OK);
    msg = l4_msg(0, 102, 0, 0, 0);
    CHECK_OK(l4_send(reply[2], &msg, 0));
    CHECK_EQ(l4_send(reply[2], &msg, 0), L4_ERR_CAP);
    msg.w[0] = 100;
    CHECK_EQ(l4_reply_saved_wait(endpoint, reply[0], &msg, 0), L4_ERR_TIMEOUT);
    CHECK_OK(l4_cap_delete(reply[1]));
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(worker_wait(caller[i], 10000));
        CHECK_EQ(caller[i]->status, i == 1 ? L4_ERR_PEER_DIED : L4_OK);
    }
    CHECK_EQ(caller[0]->value[0], 100);
    CHECK_EQ(caller[2]->value[0], 102);
}

static void receive_without_reply_cancels(void)
{
    struct l4_msg msg;

    endpoint = memory_endpoint();
    struct worker *const caller = worker_run(&space_root, PRIORITY_MID, caller_of, endpoint);

    REQUIRE_OK(l4_recv(endpoint, &msg, 10000));
    CHECK_EQ(l4_recv(endpoint, &msg, 0), L4_ERR_TIMEOUT);
    REQUIRE(worker_wait(caller, 10000));
    CHECK_EQ(caller->status, L4_ERR_CANCELED);
}

static void one_way(struct worker *self, uint32_t slot)
{
    const struct l4_msg msg = l4_msg(9, 42, 0, 0, 0);

    self->status = l4_send(slot, &msg, L4_TIMEOUT_NEVER);
}

static void send_waits_for_a_receiver(void)
{
    struct l4_msg msg;

    endpoint = memory_endpoint();
    struct worker *const sender = worker_run(&space_root, PRIORITY_MID, one_way, endpoint);

    REQUIRE(worker_wait_state(sender, L4_STATE_SENDING, 10000));
    CHECK(!sender->ended);
    REQUIRE_OK(l4_recv(endpoint, &msg, 0));
    CHECK_EQ(msg.w[0], 42);
    CHECK_EQ(l4_cap_save_reply(memory_slot()), L4_ERR_NO_CALLER);
    REQUIRE(worker_wait(sender, 10000));
    CHECK_OK(sender->status);
}

static void reply_without_caller_receives(void)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    endpoint = memory_endpoint();
    (void)worker_run(&space_root, PRIORITY_MID, one_way, endpoint);
    CHECK_OK(l4_reply_wait(endpoint, &msg, 10000));
    CHECK_EQ(msg.w[0], 42);
}

static const struct test_case cases[] = {
    {"0 to 120 buffer words travel both ways, no more", words_of_all_sizes},
    {"more than 120 words are refused", too_many_words},
    {"the kernel's tag bit cannot be forged", kernel_bit_cannot_be_forged},
    {"a badge tells which capability was used", badges},
    {"call, send, receive and signal need their rights", rights},
    {"IPC refuses what is no endpoint", no_such_capability},
    {"buffer words need both buffers", buffers_are_needed},
    {"timeouts are accurate in virtual time", timeouts},
    {"a call's timeout covers the server's work", call_times_out_at_the_server},
    {"saved replies are answered in any order, once", saved_replies},
    {"receiving without a reply cancels the caller", receive_without_reply_cancels},
    {"send waits for a receiver and for nothing else", send_waits_for_a_receiver},
    {"reply-and-wait without a caller receives", reply_without_caller_receives},
};

TEST_SUITE("ipc", cases);
