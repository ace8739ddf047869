/*
 * The donor's memory: used up it is the donor's error, given back it works again, and a thousand
 * rounds of making and ending leave as much as there was.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/irq.h>
#include <l4/memory.h>
#include <l4/thread.h>

#include "memory.h"
#include "space.h"
#include "test.h"
#include "worker.h"

#define PAGE L4_PAGE_SIZE
#define SMALL_POOL (8 * PAGE)
#define RW (L4_MAP_READ | L4_MAP_WRITE)
#define ROUNDS 1000u
#define ROUND_RAM (1u << 20)

/* Makes objects until there is no memory; deletes one, makes one; deletes all. */
static void fill_with(uint32_t type, uint32_t space_flags, uint32_t object_flags)
{
    struct space *const space = space_create_bare(SMALL_POOL, 16, space_flags);
    l4_cap_t made[300];
    l4_status_t status = L4_OK;
    uint32_t n = 0;

    REQUIRE(space != NULL);
    const uint32_t free_before = space_pool_free(space);

    while (n < COUNT_OF(made)) {
        made[n] = memory_slot();
        status = l4_create(space->cap, type, made[n], object_flags);
        if (status != L4_OK) {
            break;
        }
        n++;
    }
    CHECK_EQ(status, L4_ERR_NO_MEMORY);
    CHECK(n >= 4);
    CHECK_EQ(l4_create(space->cap, type, made[n], object_flags), L4_ERR_NO_MEMORY);
    REQUIRE_OK(l4_cap_delete(made[n / 2]));
    CHECK_OK(l4_create(space->cap, type, made[n / 2], object_flags));
    CHECK_EQ(l4_create(space->cap, type, made[n], object_flags), L4_ERR_NO_MEMORY);
    for (uint32_t i = 0; i < n; i++) {
        REQUIRE_OK(l4_cap_delete(made[i]));
    }
    CHECK_EQ(space_pool_free(space), free_before);
}

static void endpoints(void)
{
    fill_with(L4_TYPE_ENDPOINT, 0, 0);
}

static void threads(void)
{
    fill_with(L4_TYPE_THREAD, 0, L4_THREAD_NATIVE);
}

static void vcpus(void)
{
    fill_with(L4_TYPE_THREAD, L4_ASPACE_GUEST, L4_THREAD_GUEST);
}

static void page_tables(void)
{
    struct space *const space = space_create_bare(SMALL_POOL, 16, 0);
    const l4_cap_t ram = memory_ram(PAGE);
    l4_cap_t share[16];
    l4_status_t status = L4_OK;
    uint32_t n = 0;

    REQUIRE(space != NULL);
    const uint32_t free_before = space_pool_free(space);

    for (; n < COUNT_OF(share); n++) {
        share[n] = memory_share(ram, 0, PAGE, L4_RIGHT_ALL);
        status = l4_aspace_map(space->cap, share[n], 0x10000000u + n * (4 << 20), RW);
        if (status != L4_OK) {
            break;
        }
    }
    CHECK_EQ(status, L4_ERR_NO_MEMORY);
    CHECK(n >= 3);
    /* It is not mapped: elsewhere, beside another page, there is room. */
    CHECK_OK(l4_aspace_map(space->cap, share[n], 0x10001000u, RW));
    CHECK_OK(l4_aspace_unmap(space->cap, share[n]));
    REQUIRE_OK(l4_aspace_unmap(space->cap, share[1]));
    CHECK_OK(l4_aspace_map(space->cap, share[n], 0x10000000u + n * (4 << 20), RW));
    for (uint32_t i = 0; i <= n; i++) {
        CHECK_OK(l4_cap_delete(share[i]));
    }
    CHECK_EQ(space_pool_free(space), free_before);
}

static void capability_tables(void)
{
    struct space *const space = space_create_bare(4 * PAGE, 2048, 0);
    const l4_cap_t endpoint = memory_endpoint();
    l4_status_t status = L4_OK;
    uint32_t slot = 1;

    REQUIRE(space != NULL);
    for (; slot < 2048 && status == L4_OK; slot += 64) {
        status = l4_cap_copy(endpoint, slot, space->cap, L4_RIGHT_ALL, 0);
    }
    CHECK_EQ(status, L4_ERR_NO_MEMORY);
    CHECK_OK(l4_cap_copy(endpoint, 2, space->cap, L4_RIGHT_ALL, 0));
    REQUIRE_OK(l4_aspace_donate(space->cap, memory_ram(PAGE)));
    CHECK_OK(l4_cap_copy(endpoint, slot - 64, space->cap, L4_RIGHT_ALL, 0));
}

/* A message whose receiver's pool cannot take the capability or the mapping. */
static void item_server(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->buffer->slot[0] = 1900;
    self->buffer->window_base = 0x70000000u;
    self->buffer->window_size = PAGE;
    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
}

static void drain(struct space *space)
{
    l4_status_t status = L4_OK;

    for (uint32_t i = 0; i < 200 && status == L4_OK; i++) {
        status = l4_create(space->cap, L4_TYPE_ENDPOINT, memory_slot(), 0);
    }
    CHECK_EQ(status, L4_ERR_NO_MEMORY);
}

static void items_to_a_full_pool(void)
{
    struct space *const space = space_create(10 * PAGE, 2048);
    const l4_cap_t endpoint = memory_endpoint();
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);
    l4_cap_t page;
    l4_cap_t of;

    REQUIRE(space != NULL && memory_mapped(PAGE, &of) != NULL);
    REQUIRE(space_give(space, 1, endpoint, L4_RIGHT_RECV, 0));
    struct worker *const w = worker_run(space, PRIORITY_MID, item_server, 1);

    REQUIRE(worker_wait_state(w, L4_STATE_RECEIVING, 10000));
    drain(space);
    page = memory_ram(PAGE);
    for (uint32_t kind = L4_ITEM_COPY; kind <= L4_ITEM_MAP; kind++) {
        struct l4_msgbuf *const buffer = (struct l4_msgbuf *)L4_ROOT_MSGBUF_VA;

        buffer->item[0] = (struct l4_item){
            .cap = page, .kind = (uint8_t)kind, .rights = L4_MAP_READ, .size = PAGE};
        msg.tag = l4_tag(0, 0, 1);
        CHECK_EQ(l4_send(endpoint, &msg, 1000), L4_ERR_TRANSFER);
    }
    CHECK_EQ(worker_state(w), L4_STATE_RECEIVING);
}

static void answers_once(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
    self->status = l4_reply_wait(slot, &msg, L4_TIMEOUT_NEVER);
}

/* One full life: a space with the image, a thread that answers a call, an end by one of four ways.
 */
static bool life(uint32_t i)
{
    struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);
    const l4_cap_t endpoint = memory_endpoint();
    struct l4_msg msg = l4_msg(0, i, 0, 0, 0);

    if (space == NULL || !space_give(space, 1, endpoint, L4_RIGHT_RECV, 0)) {
        return false;
    }
    struct worker *const w = worker_run(space, PRIORITY_TOP, answers_once, 1);

    if (w == NULL || !CHECK_OK(l4_call(endpoint, &msg, 10000)) || !CHECK_EQ(msg.w[0], i)) {
        return false;
    }
    switch (i % 4) {
    case 0:
        return CHECK_OK(l4_cap_delete(space->cap));
    case 1:
        return CHECK_OK(l4_cap_revoke(space->pool));
    case 2:
        return CHECK_OK(l4_cap_delete(w->thread)) && CHECK_OK(l4_cap_delete(endpoint));
    default:
        return true; /* by the end of the round */
    }
}

static uint32_t root_free(void)
{
    return space_pool_free(&space_root);
}

static void a_thousand_lives(void)
{
    uint32_t before = 0;

    for (uint32_t i = 0; i < ROUNDS; i++) {
        REQUIRE(memory_round_begin(ROUND_RAM));
        before = i == 0 ? root_free() : before;
        if (!life(i)) {
            test_print("# in round %lu", (unsigned long)i);
            return;
        }
        memory_round_end();
        if (!CHECK_EQ(root_free(), before)) {
            return;
        }
    }
}

static void a_thousand_objects(void)
{
    struct space *const space = space_create_bare(SPACE_POOL, SPACE_SLOTS, 0);
    const l4_cap_t endpoint = memory_slot();
    const l4_cap_t thread = memory_slot();
    const l4_cap_t irq = memory_slot();

    REQUIRE(space != NULL);
    const uint32_t before = space_pool_free(space);
    const uint32_t own = root_free();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        REQUIRE_OK(l4_create(space->cap, L4_TYPE_ENDPOINT, endpoint, 0));
        REQUIRE_OK(l4_create(space->cap, L4_TYPE_THREAD, thread, 0));
        REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, 34, false, irq));
        REQUIRE_OK(l4_irq_bind(irq, endpoint, 1));
        REQUIRE_OK(l4_thread_set_fault(thread, endpoint));
        REQUIRE_OK(l4_cap_delete(i % 2 ? thread : endpoint));
        REQUIRE_OK(l4_cap_delete(irq));
        REQUIRE_OK(l4_cap_delete(i % 2 ? endpoint : thread));
    }
    CHECK_EQ(space_pool_free(space), before);
    CHECK_EQ(root_free(), own);
}

/* More spaces than the processor has tags for, while two live on. */
static void keeps_value(struct worker *self, uint32_t address)
{
    for (;;) {
        self->value[0] = *(volatile uint32_t *)address;
        self->value[1]++;
    }
}

static void tags_are_reused(void)
{
    struct worker *w[2];

    for (uint32_t i = 0; i < 2; i++) {
        struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);
        l4_cap_t page;
        uint32_t *const at = memory_mapped(PAGE, &page);

        REQUIRE(space != NULL && at != NULL);
        *at = 500 + i;
        (void)space_map(space, page, 0, PAGE, 0x50000000u, RW);
        w[i] = worker_run(space, PRIORITY_LOW, keeps_value, 0x50000000u);
        REQUIRE_OK(l4_thread_set_sched(w[i]->thread, PRIORITY_LOW, PRIORITY_LOW, 50, 50));
    }
    for (uint32_t i = 0; i < 300; i++) {
        const uint32_t count[] = {w[0]->value[1], w[1]->value[1]};

        REQUIRE(memory_round_begin(ROUND_RAM) && life(i));
        memory_round_end();
        test_sleep(200);
        CHECK(w[0]->value[1] != count[0] && w[1]->value[1] != count[1]);
        CHECK(w[0]->value[0] == 500 && w[1]->value[0] == 501);
    }
}

static const struct test_case cases[] = {
    {"endpoints until there is no memory", endpoints},
    {"threads until there is no memory", threads},
    {"vCPUs until there is no memory", vcpus},
    {"page tables until there is no memory", page_tables},
    {"capability tables until there is no memory", capability_tables},
    {"items to a receiver without memory", items_to_a_full_pool},
    {"a thousand lives of an address space", a_thousand_lives},
    {"a thousand rounds of objects in one pool", a_thousand_objects},
    {"address-space tags are reused", tags_are_reused},
};

TEST_SUITE("exhaust", cases);
