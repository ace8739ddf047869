/*
 * A partner dies or is stopped in every state of an IPC: nobody waits for ever, nobody is answered
 * twice, and everything goes back to its pool (which the framework checks).
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/thread.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define SLOT 1u

static l4_cap_t endpoint;
static struct space *space;

/* The space's slot SLOT is the endpoint with all rights but COPY. */
static bool set_up(void)
{
    endpoint = memory_endpoint();
    space = space_create(SPACE_POOL, SPACE_SLOTS);
    return space != NULL && space_give(space, SLOT, endpoint, L4_RIGHT_ALL & ~L4_RIGHT_COPY, 3);
}

static void caller(struct worker *self, uint32_t slot)
{
    struct l4_msg msg = l4_msg(0, 1, 2, 3, 4);

    self->status = l4_call(slot, &msg, L4_TIMEOUT_NEVER);
    self->value[0]++;
}

static void sender(struct worker *self, uint32_t slot)
{
    const struct l4_msg msg = l4_msg(0, 1, 2, 3, 4);

    self->status = l4_send(slot, &msg, L4_TIMEOUT_NEVER);
    self->value[0]++;
}

static void receiver(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
    self->value[0]++;
    while (self->value[1] == 0) {
        self->value[2]++; /* works */
    }
}

static void end_space(void)
{
    CHECK_OK(l4_cap_delete(space->cap));
}

static void server_space_dies_receiving(void)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    REQUIRE(set_up());
    struct worker *const w = worker_run(space, PRIORITY_MID, receiver, SLOT);

    REQUIRE(worker_wait_state(w, L4_STATE_RECEIVING, 10000));
    end_space();
    CHECK_EQ(l4_call(endpoint, &msg, 0), L4_ERR_TIMEOUT);
}

static void server_space_dies_working(void)
{
    REQUIRE(set_up());
    struct worker *const server = worker_run(space, PRIORITY_LOW, receiver, SLOT);

    REQUIRE(worker_wait_state(server, L4_STATE_RECEIVING, 10000));
    struct worker *const client = worker_run(&space_root, PRIORITY_MID, caller, endpoint);

    REQUIRE(worker_wait_state(client, L4_STATE_REPLY, 10000));
    end_space();
    CHECK(worker_wait(client, 10000));
    CHECK_EQ(client->status, L4_ERR_PEER_DIED);
}

static void server_thread_dies_working(void)
{
    REQUIRE(set_up());
    struct worker *const server = worker_run(space, PRIORITY_LOW, receiver, SLOT);

    REQUIRE(worker_wait_state(server, L4_STATE_RECEIVING, 10000));
    struct worker *const client = worker_run(&space_root, PRIORITY_MID, caller, endpoint);

    REQUIRE(worker_wait_state(client, L4_STATE_REPLY, 10000));
    CHECK_OK(l4_cap_delete(server->thread));
    CHECK(worker_wait(client, 10000));
    CHECK_EQ(client->status, L4_ERR_PEER_DIED);
}

static void client_space_dies(worker_function_t *function, enum l4_thread_state state)
{
    struct l4_msg msg;

    REQUIRE(set_up());
    struct worker *const client = worker_run(space, PRIORITY_MID, function, SLOT);

    REQUIRE(worker_wait_state(client, L4_STATE_SENDING, 10000));
    if (state == L4_STATE_REPLY) {
        REQUIRE_OK(l4_recv(endpoint, &msg, 0));
        CHECK_EQ(worker_state(client), L4_STATE_REPLY);
    }
    end_space();
    if (state == L4_STATE_REPLY) {
        CHECK_EQ(l4_cap_save_reply(memory_slot()), L4_ERR_NO_CALLER);
        CHECK_EQ(l4_reply_wait(endpoint, &msg, 0), L4_ERR_TIMEOUT);
    } else {
        CHECK_EQ(l4_recv(endpoint, &msg, 0), L4_ERR_TIMEOUT);
    }
}

static void caller_dies_sending(void)
{
    client_space_dies(caller, L4_STATE_SENDING);
}

static void sender_dies_sending(void)
{
    client_space_dies(sender, L4_STATE_SENDING);
}

static void caller_dies_awaiting_reply(void)
{
    client_space_dies(caller, L4_STATE_REPLY);
}

static void caller_dies_with_saved_reply(void)
{
    const l4_cap_t reply = memory_slot();
    struct l4_msg msg;

    REQUIRE(set_up());
    struct worker *const client = worker_run(space, PRIORITY_MID, caller, SLOT);

    REQUIRE_OK(l4_recv(endpoint, &msg, 10000));
    REQUIRE_OK(l4_cap_save_reply(reply));
    CHECK_EQ(worker_state(client), L4_STATE_REPLY);
    end_space();
    CHECK_EQ(l4_send(reply, &msg, 0), L4_ERR_CAP);
}

static void holder_of_saved_reply(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    CHECK_OK(l4_recv(slot, &msg, L4_TIMEOUT_NEVER));
    CHECK_OK(l4_cap_save_reply(5));
    self->value[0] = 1;
    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
}

static void holder_of_saved_reply_dies(void)
{
    REQUIRE(set_up());
    struct worker *const server = worker_run(space, PRIORITY_MID, holder_of_saved_reply, SLOT);

    REQUIRE(worker_wait_state(server, L4_STATE_RECEIVING, 10000));
    struct worker *const client = worker_run(&space_root, PRIORITY_MID, caller, endpoint);

    test_sleep(1000);
    CHECK_EQ(server->value[0], 1);
    CHECK_EQ(worker_state(client), L4_STATE_REPLY);
    end_space();
    CHECK(worker_wait(client, 10000));
    CHECK_EQ(client->status, L4_ERR_PEER_DIED);
}

static void endpoint_goes(worker_function_t *function, enum l4_thread_state state, bool revoke)
{
    const l4_cap_t copy = memory_slot();

    endpoint = memory_endpoint();
    REQUIRE_OK(l4_cap_copy(endpoint, copy, 0, L4_RIGHT_ALL, 0));
    struct worker *const w = worker_run(&space_root, PRIORITY_MID, function, copy);

    REQUIRE(worker_wait_state(w, state, 10000));
    w->value[1] = 1;
    if (revoke) {
        CHECK_OK(l4_cap_revoke(endpoint));
        CHECK_EQ(worker_state(w), state); /* it waits at the endpoint, not at the capability */
    }
    CHECK_OK(l4_cap_delete(endpoint));
    CHECK(worker_wait(w, 10000));
    CHECK_EQ(w->status, L4_ERR_PEER_DIED);
}

static void endpoint_dies_under_receiver(void)
{
    endpoint_goes(receiver, L4_STATE_RECEIVING, false);
}

static void endpoint_dies_under_caller(void)
{
    endpoint_goes(caller, L4_STATE_SENDING, false);
}

static void endpoint_dies_under_sender(void)
{
    endpoint_goes(sender, L4_STATE_SENDING, true);
}

/* The reply does not need the endpoint any more. */
static void endpoint_dies_before_the_reply(void)
{
    struct l4_msg msg;
    const l4_cap_t second = memory_endpoint();

    endpoint = memory_endpoint();
    struct worker *const w = worker_run(&space_root, PRIORITY_MID, caller, endpoint);

    REQUIRE_OK(l4_recv(endpoint, &msg, 10000));
    CHECK_OK(l4_cap_delete(endpoint));
    CHECK_EQ(worker_state(w), L4_STATE_REPLY);
    CHECK_EQ(l4_reply_wait(second, &msg, 0), L4_ERR_TIMEOUT);
    CHECK(worker_wait(w, 10000));
    CHECK_OK(w->status);
}

static void stop_cancels(void)
{
    static worker_function_t *const function[] = {caller, sender, receiver};

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < COUNT_OF(function); i++) {
        struct worker *const w = worker_run(&space_root, PRIORITY_MID, function[i], endpoint);

        REQUIRE(worker_wait_state(w, i < 2 ? L4_STATE_SENDING : L4_STATE_RECEIVING, 10000));
        w->value[1] = 1;
        CHECK_OK(l4_thread_stop(w->thread));
        CHECK_EQ(worker_state(w), L4_STATE_STOPPED);
        test_sleep(200);
        CHECK_EQ(w->value[0], 0);
        CHECK_OK(l4_thread_resume(w->thread));
        CHECK(worker_wait(w, 10000));
        CHECK_EQ(w->status, L4_ERR_CANCELED);
    }
}

static void stop_of_a_caller_frees_the_server(void)
{
    struct l4_msg msg;

    endpoint = memory_endpoint();
    struct worker *const w = worker_run(&space_root, PRIORITY_MID, caller, endpoint);

    REQUIRE_OK(l4_recv(endpoint, &msg, 10000));
    CHECK_OK(l4_thread_stop(w->thread));
    CHECK_EQ(l4_cap_save_reply(memory_slot()), L4_ERR_NO_CALLER);
    CHECK_OK(l4_thread_resume(w->thread));
    CHECK(worker_wait(w, 10000));
    CHECK_EQ(w->status, L4_ERR_CANCELED);
}

static void stop_of_a_working_server(void)
{
    REQUIRE(set_up());
    struct worker *const server = worker_run(space, PRIORITY_LOW, receiver, SLOT);

    REQUIRE(worker_wait_state(server, L4_STATE_RECEIVING, 10000));
    struct worker *const client = worker_run(&space_root, PRIORITY_MID, caller, endpoint);

    REQUIRE(worker_wait_state(client, L4_STATE_REPLY, 10000));
    CHECK_OK(l4_thread_stop(server->thread));
    const uint32_t work = server->value[2];

    test_sleep(1000);
    CHECK_EQ(server->value[2], work);
    CHECK_EQ(worker_state(client), L4_STATE_REPLY);
    server->value[1] = 1;
    CHECK_OK(l4_thread_resume(server->thread));
    CHECK(worker_wait(server, 10000));
    /* It ended without a reply; its thread's end frees the client. */
    CHECK_OK(l4_cap_delete(server->thread));
    CHECK(worker_wait(client, 10000));
    CHECK_EQ(client->status, L4_ERR_PEER_DIED);
}

/* In the middle of a system call of its own. */
static void ends(struct worker *self, uint32_t slot)
{
    self->value[0] = 1;
    self->status = l4_cap_delete(slot);
    self->value[0] = 2;
}

static void thread_deletes_itself(void)
{
    REQUIRE(set_up());
    struct worker *const w = worker_create(&space_root, PRIORITY_MID, 0);

    REQUIRE(worker_start(w, ends, w->thread));
    test_sleep(1000);
    CHECK_EQ(w->value[0], 1);
}

static void thread_deletes_its_space(void)
{
    REQUIRE(set_up());
    struct l4_cap_info info;
    struct worker *const w = worker_create(space, PRIORITY_MID, 0);
    const l4_cap_t thread = w->thread;

    REQUIRE_OK(l4_cap_move(space->cap, 7, space->cap));
    REQUIRE(worker_start(w, ends, 7));
    test_sleep(20000);
    CHECK_EQ(w->value[0], 1);
    CHECK_EQ(l4_cap_info(thread, &info), L4_ERR_CAP);
}

static const struct test_case cases[] = {
    {"a receiving server's space dies", server_space_dies_receiving},
    {"a working server's space dies: the caller is told", server_space_dies_working},
    {"a working server's thread dies: the caller is told", server_thread_dies_working},
    {"a caller dies while it waits to send", caller_dies_sending},
    {"a sender dies while it waits to send", sender_dies_sending},
    {"a caller dies while it waits for the reply", caller_dies_awaiting_reply},
    {"a caller dies whose reply is saved", caller_dies_with_saved_reply},
    {"the holder of a saved reply dies: the caller is told", holder_of_saved_reply_dies},
    {"an endpoint dies under a receiver", endpoint_dies_under_receiver},
    {"an endpoint dies under a caller", endpoint_dies_under_caller},
    {"an endpoint dies under a sender, not with its copy", endpoint_dies_under_sender},
    {"an endpoint dies before the reply, which arrives", endpoint_dies_before_the_reply},
    {"stop cancels an IPC in every state", stop_cancels},
    {"stop of a caller frees the server of it", stop_of_a_caller_frees_the_server},
    {"stop of a working server keeps its caller waiting", stop_of_a_working_server},
    {"a thread deletes itself", thread_deletes_itself},
    {"a thread deletes its own address space", thread_deletes_its_space},
};

TEST_SUITE("death", cases);
