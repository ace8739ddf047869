/*
 * Memory: rights of mappings, unmapping and revocation as the processor sees them, wiping.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/thread.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define VA 0x50000000u
#define PAGE L4_PAGE_SIZE
#define RW (L4_MAP_READ | L4_MAP_WRITE)
#define CODE_MOV_R0_42 0xe3a0002au
#define CODE_MOV_R0_43 0xe3a0002bu
#define CODE_BX_LR 0xe12fff1eu
#define WORKER_END 0xe7f001feu

extern char __stack_bottom[];

static l4_cap_t endpoint;

/* A worker of `space` whose faults come to the endpoint. */
static struct worker *run(struct space *space, worker_function_t *function, uint32_t argument)
{
    struct worker *const w = worker_create(space, PRIORITY_MID, 0);

    if (endpoint == L4_CAP_NULL) {
        endpoint = memory_endpoint();
    }
    return w != NULL && CHECK_OK(l4_thread_set_fault(w->thread, endpoint)) &&
                   worker_start(w, function, argument)
               ? w
               : NULL;
}

/* The fault that `kind` and `address` describe comes next; or, with kind ENDED, the worker's end.
 */
#define ENDED 0xffffu
static bool expect(uint32_t kind, uint32_t address)
{
    struct l4_msg msg;

    if (!CHECK_OK(l4_recv(endpoint, &msg, 100000))) {
        return false;
    }
    if (kind == ENDED) {
        return CHECK_EQ(msg.w[1], L4_FAULT_UNDEFINED) &&
               CHECK_EQ(*(const uint32_t *)msg.w[2], WORKER_END);
    }
    return CHECK_EQ(msg.w[1], kind) && CHECK_EQ(msg.w[0], address);
}

static void load(struct worker *self, uint32_t address)
{
    self->value[0] = *(volatile uint32_t *)address;
}

static void store(struct worker *self, uint32_t address)
{
    (void)self;
    *(volatile uint32_t *)address = 0x5707e;
}

static void call(struct worker *self, uint32_t address)
{
    self->value[0] = ((uint32_t(*)(void))address)();
}

static void mapping_rights(void)
{
    struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);
    l4_cap_t page;
    uint32_t *const at = memory_mapped(PAGE, &page);

    endpoint = 0;
    REQUIRE(space != NULL && at != NULL);
    at[0] = CODE_MOV_R0_42;
    at[1] = CODE_BX_LR;
    REQUIRE_OK(l4_region_cache(page, L4_CACHE_SYNC_CODE, 0, PAGE));
    (void)space_map(space, page, 0, PAGE, VA, L4_MAP_READ);
    (void)space_map(space, page, 0, PAGE, VA + PAGE, RW);
    (void)space_map(space, page, 0, PAGE, VA + 2 * PAGE, L4_MAP_READ | L4_MAP_EXEC);
    REQUIRE(run(space, store, VA) && expect(L4_FAULT_WRITE, VA));
    REQUIRE(run(space, call, VA) && expect(L4_FAULT_EXEC, VA));
    REQUIRE(run(space, call, VA + PAGE) && expect(L4_FAULT_EXEC, VA + PAGE));
    REQUIRE(run(space, store, VA + 2 * PAGE) && expect(L4_FAULT_WRITE, VA + 2 * PAGE));
    struct worker *const w = run(space, call, VA + 2 * PAGE);

    REQUIRE(w != NULL && expect(ENDED, 0));
    CHECK_EQ(w->value[0], 42);
    CHECK_EQ(at[0], CODE_MOV_R0_42);
}

/* The root program's own segments, as the loader and the kernel mapped them. */
static void own_image(void)
{
    static uint32_t code_in_data[] = {CODE_MOV_R0_42, CODE_BX_LR};
    static const uint32_t constant[] = {CODE_MOV_R0_42, CODE_BX_LR};
    const uint32_t text = (uint32_t)(uintptr_t)own_image & ~3u;
    const uint32_t rodata = (uint32_t)(uintptr_t)constant;
    const uint32_t data = (uint32_t)(uintptr_t)code_in_data;
    const uint32_t stack = (uint32_t)(uintptr_t)__stack_bottom;

    endpoint = 0;
    REQUIRE(run(&space_root, store, text) && expect(L4_FAULT_WRITE, text));
    REQUIRE(run(&space_root, store, rodata) && expect(L4_FAULT_WRITE, rodata));
    REQUIRE(run(&space_root, call, rodata) && expect(L4_FAULT_EXEC, rodata));
    REQUIRE(run(&space_root, call, data) && expect(L4_FAULT_EXEC, data));
    REQUIRE(run(&space_root, call, stack) && expect(L4_FAULT_EXEC, stack));
}

static void overflow(struct worker *self, uint32_t depth)
{
    volatile uint32_t frame[32];

    frame[0] = depth;
    if (depth != 0) {
        overflow(self, depth - 1);
    }
    self->value[1] = frame[0];
}

static void stacks_are_guarded(void)
{
    struct l4_msg msg;

    endpoint = 0;
    struct worker *const w = run(&space_root, overflow, 10000);

    REQUIRE(w != NULL);
    REQUIRE_OK(l4_recv(endpoint, &msg, 100000));
    CHECK_EQ(msg.w[1], L4_FAULT_WRITE);
    CHECK_RANGE(msg.w[0], w->stack_bottom - PAGE, w->stack_bottom - 1);
    /* The root program's own, as the loader placed it. */
    const uint32_t guard = (uint32_t)__stack_bottom - 4;

    REQUIRE(run(&space_root, load, guard) && expect(L4_FAULT_READ, guard));
}

static void watch(struct worker *self, uint32_t address)
{
    for (;;) {
        self->value[0] = *(volatile uint32_t *)address;
        self->value[1]++;
    }
}

static void unmap_reaches_the_processor(void)
{
    struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);
    const l4_cap_t ram = memory_ram(3 * PAGE);

    endpoint = 0;
    REQUIRE(space != NULL);
    const l4_cap_t share = space_map(space, ram, PAGE, PAGE, VA, RW);
    struct worker *const w = run(space, watch, VA + 16);

    test_sleep(1000);
    CHECK(w->value[1] > 0);
    CHECK_OK(l4_aspace_unmap(space->cap, share));
    CHECK(expect(L4_FAULT_READ, VA + 16));
    /* In one's own space as well. */
    l4_cap_t own;
    uint32_t *const at = memory_mapped(PAGE, &own);
    struct worker *const o = run(&space_root, watch, (uint32_t)at);

    test_sleep(1000);
    CHECK(o->value[1] > 0);
    CHECK_OK(l4_aspace_unmap(L4_ROOT_ASPACE, own));
    CHECK(expect(L4_FAULT_READ, (uint32_t)at));
}

static void remapping_is_seen_at_once(void)
{
    l4_cap_t page[2];
    volatile uint32_t *const a = memory_mapped(PAGE, &page[0]);
    volatile uint32_t *const b = memory_mapped(PAGE, &page[1]);

    REQUIRE(a != NULL && b != NULL);
    *a = 1;
    *b = 2;
    for (uint32_t i = 0; i < 20; i++) {
        const l4_cap_t share = memory_share(page[i % 2], 0, PAGE, L4_RIGHT_ALL);

        REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, share, VA, RW));
        CHECK_EQ(*(volatile uint32_t *)VA, i % 2 + 1);
        REQUIRE_OK(l4_cap_delete(share));
    }
}

static void revoke_unmaps_everywhere(void)
{
    struct space *space[3];
    struct worker *w[3];
    const l4_cap_t ram = memory_ram(4 * PAGE);
    l4_cap_t from = ram;

    endpoint = 0;
    for (uint32_t i = 0; i < 3; i++) {
        space[i] = space_create(SPACE_POOL, SPACE_SLOTS);
        from = memory_share(from, 0, (4 - i) * PAGE, L4_RIGHT_ALL);
        REQUIRE(space[i] != NULL);
        (void)space_map(space[i], from, 0, PAGE, VA, RW);
        w[i] = run(space[i], watch, VA);
        REQUIRE(w[i] != NULL);
        test_sleep(100);
        CHECK(i != 0 || w[i]->value[1] > 0);
    }
    CHECK_OK(l4_cap_revoke(ram));
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(expect(L4_FAULT_READ, VA));
    }
    /* Unsplit and unshared again. */
    CHECK_OK(l4_region_split(ram, 4 * PAGE, 12, memory_slot()));
}

static void fill(void *at, uint32_t size)
{
    memset(at, 0xa5, size);
}

static uint32_t first_nonzero(const uint32_t *at, uint32_t size)
{
    for (uint32_t i = 0; i < size / 4; i++) {
        if (at[i] != 0) {
            return i * 4;
        }
    }
    return size;
}

static void memory_is_wiped_between_owners(void)
{
    const l4_cap_t parent = memory_ram(16 * PAGE);
    const uint32_t va = memory_window(16 * PAGE);

    for (uint32_t round = 0; round < 3; round++) {
        const l4_cap_t child = memory_slot();

        REQUIRE_OK(l4_region_split(parent, 16 * PAGE, 12, child));
        REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, child, va, RW));
        CHECK_EQ(first_nonzero((uint32_t *)va, 16 * PAGE), 16 * PAGE);
        fill((void *)va, 16 * PAGE);
        REQUIRE_OK(round == 1 ? l4_cap_delete(child) : l4_cap_revoke(parent));
        if (round == 1) {
            REQUIRE_OK(l4_cap_revoke(parent));
        }
    }
}

static void pool_memory_is_wiped(void)
{
    const l4_cap_t ram = memory_ram(32 * PAGE);
    const l4_cap_t space = memory_slot();
    const uint32_t va = memory_window(32 * PAGE);

    REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, ram, va, RW));
    fill((void *)va, 32 * PAGE);
    REQUIRE_OK(l4_aspace_unmap(L4_ROOT_ASPACE, ram));
    REQUIRE_OK(l4_aspace_create(ram, space, 256, 0));
    for (uint32_t i = 0; i < 40; i++) {
        REQUIRE_OK(l4_create(space, i % 2 ? L4_TYPE_THREAD : L4_TYPE_ENDPOINT, memory_slot(), 0));
    }
    CHECK_OK(l4_cap_revoke(ram));
    REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, ram, va, RW));
    CHECK_EQ(first_nonzero((uint32_t *)va, 32 * PAGE), 32 * PAGE);
}

static void blocks(void)
{
    const l4_cap_t ram = memory_ram_aligned(8 << 20, 21);
    const uint32_t big = memory_window(8 << 20);
    const l4_cap_t share = memory_share(ram, 0, 8 << 20, L4_RIGHT_ALL);
    uint32_t wrong = 0;

    REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, ram, big, RW));
    /* The same memory a page at a time, misaligned against the blocks. */
    const uint32_t small = memory_window(10 << 20) + 5 * PAGE;

    REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, share, small, RW));
    for (uint32_t at = 0; at < 8 << 20; at += PAGE) {
        *(volatile uint32_t *)(big + at) = at + 1;
    }
    for (uint32_t at = 0; at < 8 << 20; at += PAGE) {
        wrong += *(volatile uint32_t *)(small + at) != at + 1;
    }
    CHECK_EQ(wrong, 0);
    CHECK_OK(l4_aspace_unmap(L4_ROOT_ASPACE, ram));
    CHECK_OK(l4_aspace_unmap(L4_ROOT_ASPACE, share));
    endpoint = 0;
    REQUIRE(run(&space_root, load, big + (4 << 20)) && expect(L4_FAULT_READ, big + (4 << 20)));
    REQUIRE(run(&space_root, load, small) && expect(L4_FAULT_READ, small));
}

static void spaces_are_private(void)
{
    struct worker *w[4];

    endpoint = 0;
    for (uint32_t i = 0; i < 4; i++) {
        struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);
        l4_cap_t page;
        uint32_t *const at = memory_mapped(PAGE, &page);

        REQUIRE(space != NULL && at != NULL);
        *at = 1000 + i;
        (void)space_map(space, page, 0, PAGE, VA, RW);
        w[i] = run(space, watch, VA);
        REQUIRE(w[i] != NULL);
        REQUIRE_OK(l4_thread_set_sched(w[i]->thread, PRIORITY_MID, PRIORITY_MID, 100, 100));
    }
    test_sleep(5000);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(w[i]->value[1] > 100);
        CHECK_EQ(w[i]->value[0], 1000 + i);
    }
}

static void code_is_replaced(void)
{
    l4_cap_t page;
    volatile uint32_t *const at = memory_mapped(PAGE, &page);
    const l4_cap_t share = memory_share(page, 0, PAGE, L4_RIGHT_ALL);

    REQUIRE(at != NULL);
    REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, share, VA, L4_MAP_READ | L4_MAP_EXEC));
    at[1] = CODE_BX_LR;
    for (uint32_t i = 0; i < 4; i++) {
        at[0] = i % 2 ? CODE_MOV_R0_43 : CODE_MOV_R0_42;
        REQUIRE_OK(l4_region_cache(page, L4_CACHE_SYNC_CODE, 0, 8));
        CHECK_EQ(((uint32_t(*)(void))VA)(), 42 + i % 2);
    }
}

static void exclusive(struct worker *self, uint32_t address)
{
    uint32_t failed;
    uint32_t value;

    __asm__ volatile("ldrex %[value], [%[address]]"
                     : [value] "=&r"(value)
                     : [address] "r"(address)
                     : "memory");
    self->value[0] = 1;
    while (self->value[1] == 0) {
    }
    __asm__ volatile("strex %[failed], %[value], [%[address]]"
                     : [failed] "=&r"(failed)
                     : [value] "r"(value + 1), [address] "r"(address)
                     : "memory");
    self->value[2] = failed;
    self->value[3] = 1;
}

/* A switch to another space in between must make the store-exclusive fail. */
static void exclusive_monitor_is_cleared(void)
{
    l4_cap_t page;
    uint32_t *const at = memory_mapped(PAGE, &page);
    struct worker *const w = worker_run(&space_root, PRIORITY_LOW, exclusive, (uint32_t)at);

    REQUIRE(w != NULL);
    test_sleep(100);
    CHECK_EQ(w->value[0], 1);
    w->value[1] = 1;
    CHECK(worker_wait(w, 1000));
    CHECK_EQ(w->value[2], 1);
}

static const struct test_case cases[] = {
    {"mappings allow what they say and no more", mapping_rights},
    {"an image is writable or executable, never both", own_image},
    {"stacks end at an unmapped page", stacks_are_guarded},
    {"unmapping reaches the processor at once", unmap_reaches_the_processor},
    {"remapping is seen at once", remapping_is_seen_at_once},
    {"revocation unmaps from every space", revoke_unmaps_everywhere},
    {"memory is wiped between owners", memory_is_wiped_between_owners},
    {"a pool's memory is wiped when it comes back", pool_memory_is_wiped},
    {"blocks of 2 MiB are mapped and unmapped", blocks},
    {"equal addresses of different spaces are apart", spaces_are_private},
    {"new code runs after cache maintenance", code_is_replaced},
    {"a switch clears the exclusive monitor", exclusive_monitor_is_cleared},
};

TEST_SUITE("memory", cases);
