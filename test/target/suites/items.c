/*
 * Capabilities and memory in messages: COPY, MOVE, MAP, the grant right, refused transfers.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define RECEIVE_SLOT 1u
#define ITEM_SLOT 10u
#define WINDOW 0x58000000u
#define RW (L4_MAP_READ | L4_MAP_WRITE)

static l4_cap_t endpoint;
static struct space *space;
static struct worker *server;

/* Label 1: reads the word at w0. Label 2: tells its slot w0's information. Label 3: empties its
 * item slots. Label 4: answers with its own item, a copy of slot w0. Otherwise only says what came.
 */
static void serve(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);

    while (status == L4_OK) {
        struct l4_cap_info info = {0};
        uint32_t items = 0;

        switch (l4_tag_label(msg.tag)) {
        case 1:
            msg.w[0] = *(volatile uint32_t *)msg.w[0];
            break;
        case 2:
            msg.w[3] = (uint32_t)l4_cap_info(msg.w[0], &info);
            msg.w[0] = info.type;
            msg.w[1] = info.rights;
            msg.w[2] = info.badge;
            break;
        case 3:
            for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
                CHECK_OK(l4_cap_delete(ITEM_SLOT + i));
            }
            break;
        case 4:
            self->buffer->item[0] =
                (struct l4_item){.cap = msg.w[0], .kind = L4_ITEM_COPY, .rights = L4_RIGHT_ALL};
            items = 1;
            break;
        default:
            msg.w[0] = msg.tag;
            break;
        }
        msg.tag = l4_tag(0, 0, items);
        status = l4_reply_wait(slot, &msg, L4_TIMEOUT_NEVER);
    }
}

static bool start_server(void)
{
    endpoint = memory_endpoint();
    space = space_create(SPACE_POOL, SPACE_SLOTS);
    if (space == NULL || !space_give(space, RECEIVE_SLOT, endpoint, L4_RIGHT_RECV, 0)) {
        return false;
    }
    server = worker_run(space, PRIORITY_MID, serve, RECEIVE_SLOT);
    if (server == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
        server->peek->slot[i] = ITEM_SLOT + i;
    }
    server->peek->window_base = WINDOW;
    server->peek->window_size = 4 * L4_PAGE_SIZE;
    return worker_wait_state(server, L4_STATE_RECEIVING, 10000);
}

static struct l4_msg ask(uint32_t label, uint32_t w0)
{
    struct l4_msg msg = l4_msg(label, w0, 0, 0, 0);

    CHECK_OK(l4_call(endpoint, &msg, 100000));
    return msg;
}

static l4_status_t give(l4_cap_t through, uint32_t items)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    msg.tag = l4_tag(0, 0, items);
    return l4_call(through, &msg, 100000);
}

static struct l4_item *item(uint32_t i, l4_cap_t cap, uint32_t kind, uint32_t item_rights)
{
    struct l4_item *const it = &l4_msgbuf()->item[i];

    *it = (struct l4_item){.cap = cap, .kind = (uint8_t)kind, .rights = (uint8_t)item_rights};
    return it;
}

static void expect_cap(l4_cap_t slot, uint32_t type, uint32_t expected_rights, uint32_t badge)
{
    const struct l4_msg msg = ask(2, slot);

    CHECK_OK(msg.w[3]);
    CHECK_EQ(msg.w[0], type);
    CHECK_EQ(msg.w[1], expected_rights);
    CHECK_EQ(msg.w[2], badge);
}

static void expect_nothing(void)
{
    for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
        CHECK_EQ(ask(2, ITEM_SLOT + i).w[3], L4_ERR_CAP);
    }
}

static void copy(void)
{
    REQUIRE(start_server());
    const l4_cap_t other = memory_endpoint();
    const l4_cap_t badged = memory_slot();

    REQUIRE_OK(l4_cap_copy(other, badged, 0, L4_RIGHT_ALL & ~L4_RIGHT_RECV, 31));
    (void)item(0, badged, L4_ITEM_COPY, L4_RIGHT_SEND | L4_RIGHT_RECV | L4_RIGHT_INFO);
    CHECK_OK(give(endpoint, 1));
    expect_cap(ITEM_SLOT, L4_TYPE_ENDPOINT, L4_RIGHT_SEND | L4_RIGHT_INFO, 31);
    CHECK_EQ(server->peek->item[0].cap, ITEM_SLOT);
    CHECK_EQ(server->peek->item[0].kind, L4_ITEM_COPY);
    CHECK_EQ(server->peek->item[0].rights, L4_RIGHT_SEND | L4_RIGHT_INFO);
    /* Derived: revoking the source takes it back. */
    CHECK_OK(l4_cap_revoke(badged));
    expect_nothing();
}

static void move(void)
{
    struct l4_cap_info info;

    REQUIRE(start_server());
    const l4_cap_t other = memory_endpoint();
    const l4_cap_t moved = memory_slot();

    REQUIRE_OK(l4_cap_copy(other, moved, 0, L4_RIGHT_ALL, 8));
    REQUIRE_OK(l4_cap_info(moved, &info));
    (void)item(0, moved, L4_ITEM_MOVE, L4_RIGHT_ALL);
    CHECK_OK(give(endpoint, 1));
    expect_cap(ITEM_SLOT, L4_TYPE_ENDPOINT, info.rights, 8);
    CHECK_EQ(l4_cap_info(moved, &info), L4_ERR_CAP);
    CHECK_OK(l4_cap_revoke(other));
    expect_nothing();
}

static void map(void)
{
    l4_cap_t page;

    REQUIRE(start_server());
    uint32_t *const at = memory_mapped(4 * L4_PAGE_SIZE, &page);

    REQUIRE(at != NULL);
    at[0] = 0x1111;
    at[1024] = 0x2222;
    at[2048] = 0x3333;
    struct l4_item *it = item(0, page, L4_ITEM_MAP, L4_MAP_READ);

    it->offset = L4_PAGE_SIZE;
    it->size = L4_PAGE_SIZE;
    it = item(1, page, L4_ITEM_MAP, RW);
    it->offset = 2 * L4_PAGE_SIZE;
    it->size = 2 * L4_PAGE_SIZE;
    CHECK_EQ(give(endpoint, 2), L4_ERR_TRANSFER); /* one a message */
    it = item(0, page, L4_ITEM_MAP, L4_MAP_READ);
    it->offset = L4_PAGE_SIZE;
    it->size = 2 * L4_PAGE_SIZE;
    CHECK_OK(give(endpoint, 1));
    CHECK_EQ(server->peek->item[0].offset, WINDOW);
    CHECK_EQ(server->peek->item[0].size, 2 * L4_PAGE_SIZE);
    CHECK_EQ(ask(1, WINDOW).w[0], 0x2222);
    CHECK_EQ(ask(1, WINDOW + L4_PAGE_SIZE).w[0], 0x3333);
    at[1024] = 0x4444;
    CHECK_EQ(ask(1, WINDOW).w[0], 0x4444);
    (void)ask(3, 0);
    expect_nothing();
    CHECK_OK(l4_aspace_unmap(L4_ROOT_ASPACE, page));
}

static void map_arguments(void)
{
    static const struct {
        uint32_t offset, size;
    } bad[] = {
        {0, 0},
        {0, 100},
        {4, L4_PAGE_SIZE},
        {0, 5 * L4_PAGE_SIZE},
        {8 * L4_PAGE_SIZE, L4_PAGE_SIZE},
        {0xfffff000u, 2 * L4_PAGE_SIZE},
        {0, 0xfffff000u},
    };
    REQUIRE(start_server());
    const l4_cap_t ram = memory_ram(8 * L4_PAGE_SIZE);

    for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
        struct l4_item *const it = item(0, ram, L4_ITEM_MAP, RW);

        it->offset = bad[i].offset;
        it->size = bad[i].size;
        CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
    }
    item(0, endpoint, L4_ITEM_MAP, RW)->size = L4_PAGE_SIZE;
    CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
    const l4_cap_t read_only =
        memory_share(ram, 0, L4_PAGE_SIZE, L4_RIGHT_READ | L4_RIGHT_COPY | L4_RIGHT_INFO);

    item(0, read_only, L4_ITEM_MAP, RW)->size = L4_PAGE_SIZE;
    CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
    expect_nothing();
}

static void hostile_window(void)
{
    static const struct {
        uint32_t base, size;
    } bad[] = {
        {0, L4_PAGE_SIZE},
        {0x10000000u, 0x100000u}, /* the image is there */
        {WINDOW + 4, 4 * L4_PAGE_SIZE},
        {WINDOW, 0},
        {WINDOW, 100},
        {0xfffff000u, 0xffffffffu},
        {L4_USER_MAX - L4_PAGE_SIZE, 4 * L4_PAGE_SIZE},
    };
    REQUIRE(start_server());
    const l4_cap_t ram = memory_ram(8 * L4_PAGE_SIZE);

    for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
        struct l4_item *const it = item(0, ram, L4_ITEM_MAP, RW);

        server->peek->window_base = bad[i].base;
        server->peek->window_size = bad[i].size;
        it->size = 2 * L4_PAGE_SIZE;
        CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
    }
    expect_nothing();
}

static void refused_items(void)
{
    REQUIRE(start_server());
    const l4_cap_t other = memory_endpoint();
    const l4_cap_t fixed = memory_slot();
    const l4_cap_t bad[] = {0, memory_slot(), 100000u, 0xffffffffu};

    REQUIRE_OK(l4_cap_copy(other, fixed, 0, L4_RIGHT_ALL & ~L4_RIGHT_COPY, 0));
    for (uint32_t kind = L4_ITEM_COPY; kind <= L4_ITEM_MAP; kind++) {
        (void)item(0, fixed, kind, L4_RIGHT_ALL);
        CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
        for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
            (void)item(0, bad[i], kind, L4_RIGHT_ALL);
            CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
        }
    }
    (void)item(0, other, L4_ITEM_NONE, L4_RIGHT_ALL);
    CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
    (void)item(0, other, 9, L4_RIGHT_ALL);
    CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
    (void)item(0, other, L4_ITEM_COPY, L4_RIGHT_ALL);
    for (uint32_t items = 5; items < 8; items++) {
        CHECK_EQ(give(endpoint, items), L4_ERR_TRANSFER);
    }
    expect_nothing();
    CHECK_EQ(worker_state(server), L4_STATE_RECEIVING);
}

static void slots_of_the_receiver(void)
{
    static const uint32_t bad[] = {0, RECEIVE_SLOT, SPACE_SLOTS, 0xffffffffu};

    REQUIRE(start_server());
    (void)item(0, memory_endpoint(), L4_ITEM_COPY, L4_RIGHT_ALL);
    for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
        server->peek->slot[0] = bad[i];
        CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
    }
    server->peek->slot[0] = ITEM_SLOT;
    CHECK_OK(give(endpoint, 1));
    CHECK_EQ(give(endpoint, 1), L4_ERR_TRANSFER);
}

static void grant_is_needed(void)
{
    REQUIRE(start_server());
    const l4_cap_t plain = memory_slot();

    REQUIRE_OK(l4_cap_copy(endpoint, plain, 0, L4_RIGHT_SEND, 0));
    (void)item(0, memory_endpoint(), L4_ITEM_COPY, L4_RIGHT_ALL);
    CHECK_EQ(give(plain, 1), L4_ERR_TRANSFER);
    CHECK_OK(give(plain, 0));
    expect_nothing();
}

static void four_at_once(void)
{
    REQUIRE(start_server());
    for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
        (void)item(i, memory_endpoint(), L4_ITEM_COPY, L4_RIGHT_INFO | (1u << i));
    }
    CHECK_OK(give(endpoint, 4));
    for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
        expect_cap(ITEM_SLOT + i, L4_TYPE_ENDPOINT, L4_RIGHT_INFO | (1u << i), 0);
    }
}

static void reply_with_item(void)
{
    const l4_cap_t slot = memory_slot();
    const l4_cap_t mark = memory_slot();
    struct l4_cap_info info = {0};

    REQUIRE(start_server());
    REQUIRE_OK(l4_cap_copy(endpoint, mark, 0, L4_RIGHT_ALL, 1234));
    REQUIRE(space_give(space, 20, mark, L4_RIGHT_ALL, 0));
    l4_msgbuf()->slot[0] = slot;
    const struct l4_msg msg = ask(4, 20);

    CHECK_EQ(l4_tag_items(msg.tag), 1);
    CHECK_EQ(l4_msgbuf()->item[0].cap, slot);
    CHECK_OK(l4_cap_info(slot, &info));
    CHECK_EQ(info.badge, 1234);
    l4_msgbuf()->slot[0] = 0;
}

static const struct test_case cases[] = {
    {"COPY passes a derived capability, rights masked", copy},
    {"MOVE takes it from the sender", move},
    {"MAP shares pages in the receiver's window", map},
    {"MAP refuses bad ranges and rights", map_arguments},
    {"MAP refuses the receiver's bad windows", hostile_window},
    {"what cannot be passed on ends with TRANSFER", refused_items},
    {"the receiver's slots must be free ones", slots_of_the_receiver},
    {"items need the grant right", grant_is_needed},
    {"four items travel at once", four_at_once},
    {"a reply carries an item", reply_with_item},
};

TEST_SUITE("items", cases);
