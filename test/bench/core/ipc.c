/*
 * ipc.rpc, ipc.rpc.4w, ipc.rpc.64w and ipc.map4k: a client and a server in two address spaces, of
 * equal priority, the server in the ordinary reply-and-wait stub.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>

#include "bench.h"
#include "memory.h"
#include "sample.h"
#include "test.h"

#define BIG_WORDS 64u
#define PAGE_SLOT 3u
#define RECEIVE_SLOT 4u
#define WINDOW 0x30000000u
#define LABEL_FORGET 1u

static void server_0w(struct worker *self, uint32_t argument)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);

    (void)self;
    (void)argument;
    while (status == L4_OK) {
        msg = l4_msg(0, 0, 0, 0, 0);
        status = l4_reply_wait(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
    }
}

static void client_0w(struct worker *self, uint32_t argument)
{
    (void)self;
    (void)argument;
    while (!sample_full()) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);
        const uint32_t before = sample_counter();
        const l4_status_t status = l4_call(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
        const uint32_t after = sample_counter();

        sample_add(after - before);
        CHECK_OK(status);
    }
    sample_done();
}

static void server_4w(struct worker *self, uint32_t argument)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);

    (void)self;
    (void)argument;
    while (status == L4_OK) {
        msg = l4_msg(0, msg.w[0] + 1, msg.w[1] + 2, msg.w[2] + 3, msg.w[3] + 4);
        status = l4_reply_wait(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
    }
}

static void client_4w(struct worker *self, uint32_t argument)
{
    (void)self;
    (void)argument;
    for (uint32_t i = 0; !sample_full(); i++) {
        struct l4_msg msg = l4_msg(0, i, i, i, i);
        const uint32_t before = sample_counter();
        const l4_status_t status = l4_call(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
        const uint32_t after = sample_counter();

        sample_add(after - before);
        CHECK_OK(status);
        CHECK(msg.w[0] == i + 1 && msg.w[1] == i + 2 && msg.w[2] == i + 3 && msg.w[3] == i + 4);
    }
    sample_done();
}

/* Takes the words to memory of its own, and answers with what it took the round before. */
static void server_64w(struct worker *self, uint32_t argument)
{
    uint32_t taken[2][BIG_WORDS] = {{0}};
    struct l4_msgbuf *const buffer = self->buffer;
    struct l4_msg msg;
    l4_status_t status = l4_recv(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);

    (void)argument;
    for (uint32_t i = 0; status == L4_OK; i ^= 1u) {
        memcpy(taken[i], buffer->word, sizeof(taken[i]));
        memcpy(buffer->word, taken[i ^ 1u], sizeof(taken[i]));
        msg = l4_msg(0, 0, 0, 0, 0);
        msg.tag = l4_tag(0, BIG_WORDS, 0);
        status = l4_reply_wait(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
    }
}

static void client_64w(struct worker *self, uint32_t argument)
{
    struct l4_msgbuf *const buffer = self->buffer;

    (void)argument;
    for (uint32_t i = 0; !sample_full(); i++) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);
        uint32_t wrong = 0;

        msg.tag = l4_tag(0, BIG_WORDS, 0);
        for (uint32_t k = 0; k < BIG_WORDS; k++) {
            buffer->word[k] = i * BIG_WORDS + k;
        }
        const uint32_t before = sample_counter();
        const l4_status_t status = l4_call(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
        const uint32_t after = sample_counter();

        sample_add(after - before);
        CHECK_OK(status);
        for (uint32_t k = 0; k < BIG_WORDS; k++) {
            wrong += i != 0 && buffer->word[k] != (i - 1) * BIG_WORDS + k;
        }
        CHECK_EQ(wrong, 0);
    }
    sample_done();
}

/* The page arrives in the window; on LABEL_FORGET it goes again, outside of what is measured. */
static void server_map(struct worker *self, uint32_t argument)
{
    struct l4_msg msg;

    (void)argument;
    self->buffer->slot[0] = RECEIVE_SLOT;
    self->buffer->window_base = WINDOW;
    self->buffer->window_size = L4_PAGE_SIZE;
    l4_status_t status = l4_recv(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
    while (status == L4_OK) {
        if (l4_tag_label(msg.tag) == LABEL_FORGET) {
            msg = l4_msg(0, *(volatile uint32_t *)WINDOW, 0, 0, 0);
            CHECK_OK(l4_cap_delete(RECEIVE_SLOT));
        } else {
            msg = l4_msg(0, 0, 0, 0, 0);
        }
        status = l4_reply_wait(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
    }
}

static void client_map(struct worker *self, uint32_t argument)
{
    (void)argument;
    while (!sample_full()) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

        msg.tag = l4_tag(0, 0, 1);
        self->buffer->item[0] = (struct l4_item){.cap = PAGE_SLOT,
                                                 .kind = L4_ITEM_MAP,
                                                 .rights = L4_MAP_READ | L4_MAP_WRITE,
                                                 .size = L4_PAGE_SIZE};
        const uint32_t before = sample_counter();
        const l4_status_t status = l4_call(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
        const uint32_t after = sample_counter();

        sample_add(after - before);
        CHECK_OK(status);
        msg = l4_msg(LABEL_FORGET, 0, 0, 0, 0);
        CHECK_OK(l4_call(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER));
        CHECK_EQ(msg.w[0], 0x12345678);
    }
    sample_done();
}

static struct space *server_space, *client_space;

static bool set_up(void)
{
    sample_begin();
    const l4_cap_t endpoint = memory_endpoint();

    server_space = sample_space();
    client_space = sample_space();
    return server_space != NULL && client_space != NULL &&
           space_give(server_space, ENDPOINT_SLOT, endpoint, L4_RIGHT_RECV, 0) &&
           space_give(client_space, ENDPOINT_SLOT, endpoint, L4_RIGHT_SEND | L4_RIGHT_GRANT, 5);
}

static void measure(const char *metric, worker_function_t *server, worker_function_t *client)
{
    (void)sample_worker(server_space, PRIORITY_MID, server, 0);
    (void)sample_worker(client_space, PRIORITY_MID, client, 0);
    sample_wait();
    sample_report(metric);
}

void bench_rpc(void)
{
    REQUIRE(set_up());
    measure("ipc.rpc", server_0w, client_0w);
}

void bench_rpc_4w(void)
{
    REQUIRE(set_up());
    measure("ipc.rpc.4w", server_4w, client_4w);
}

void bench_rpc_64w(void)
{
    REQUIRE(set_up());
    measure("ipc.rpc.64w", server_64w, client_64w);
}

void bench_map4k(void)
{
    l4_cap_t page;
    uint32_t *const at = memory_mapped(L4_PAGE_SIZE, &page);

    REQUIRE(at != NULL && set_up());
    *at = 0x12345678;
    REQUIRE(space_give(client_space, PAGE_SLOT, page, L4_RIGHT_ALL, 0));
    measure("ipc.map4k", server_map, client_map);
}
