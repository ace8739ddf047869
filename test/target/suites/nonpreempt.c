/*
 * L4_STAT_NONPREEMPT_WORST over every long path of the kernel: destroy, revoke, wipe, mapping,
 * capability transfer, faults, interrupts, exhausted budgets. The bound is the metric's.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/system.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "guest.h"
#include "memory.h"
#include "test.h"
#include "worker.h"

#define BOUND 2000u
#define PAGE L4_PAGE_SIZE
#define RW (L4_MAP_READ | L4_MAP_WRITE)

static l4_cap_t endpoint;
static uint32_t worst_of_all;

/* The longest stretch since the last call. */
static uint32_t worst(void)
{
    uint32_t value = 0;

    CHECK_OK(l4_system_stat(L4_ROOT_SYSTEM, L4_STAT_NONPREEMPT_WORST, &value));
    return value;
}

static void expect_bounded(const char *what)
{
    const uint32_t cycles = worst();

    worst_of_all = cycles > worst_of_all ? cycles : worst_of_all;
    test_print("# %-32s %6lu cycles", what, (unsigned long)cycles);
    CHECK_RANGE(cycles, 1, BOUND);
    (void)worst(); /* without the line's own output */
}

static void wipe_512_mib(void)
{
    struct l4_region_info info = {0};
    l4_cap_t ram = L4_CAP_NULL;

    for (uint32_t i = 0; i < test_root->region_count; i++) {
        if (test_root->region[i].kind == L4_ROOT_RAM && test_root->region[i].size > 600u << 20) {
            ram = test_root->region[i].cap;
        }
    }
    REQUIRE(ram != L4_CAP_NULL);
    REQUIRE_OK(l4_region_info(ram, &info));
    CHECK(info.unsplit >= 512u << 20);
    (void)worst();
    const l4_cap_t big = memory_slot();

    CHECK_OK(l4_region_split(ram, 512u << 20, 21, big));
    expect_bounded("split (wipe) 512 MiB");
    CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, big, 0x80000000u, RW));
    expect_bounded("map 512 MiB in blocks");
    *(volatile uint32_t *)0x80000000u = 1;
    *(volatile uint32_t *)0x9ffffffcu = 1;
    CHECK_OK(l4_aspace_unmap(L4_ROOT_ASPACE, big));
    expect_bounded("unmap 512 MiB");
    CHECK_OK(l4_region_cache(big, L4_CACHE_INVALIDATE, 0, 16 << 20));
    expect_bounded("cache maintenance over 16 MiB");
    CHECK_OK(l4_cap_delete(big));
    expect_bounded("delete 512 MiB");
}

static void mapping_in_pages(void)
{
    const l4_cap_t ram = memory_ram(8 << 20);
    const uint32_t va = memory_window(8 << 20) + PAGE;

    (void)worst();
    CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, ram, va, RW));
    expect_bounded("map 8 MiB in pages");
    CHECK_OK(l4_cap_delete(ram));
    expect_bounded("delete 8 MiB of mapped pages");
}

static void many_derivations(void)
{
    const l4_cap_t ram = memory_ram(PAGE);
    l4_cap_t last = ram;

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < 200; i++) {
        last = memory_share(i % 2 ? last : ram, 0, PAGE, L4_RIGHT_ALL);
        CHECK_OK(l4_cap_copy(endpoint, memory_slot(), 0, L4_RIGHT_ALL, i));
    }
    (void)worst();
    CHECK_OK(l4_cap_revoke(ram));
    expect_bounded("revoke 200 shares");
    CHECK_OK(l4_cap_delete(endpoint));
    expect_bounded("delete an endpoint of 200 copies");
}

static void caller(struct worker *self, uint32_t slot)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    self->status = l4_call(slot, &msg, 1000000);
}

static void receiver(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->status = l4_recv(slot, &msg, 1000000);
}

static void many_waiters(void)
{
    const l4_cap_t second = memory_endpoint();

    endpoint = memory_endpoint();
    (void)worst();
    for (uint32_t i = 0; i < 40; i++) {
        REQUIRE(worker_run(&space_root, PRIORITY_LOW + i, caller, endpoint) != NULL);
        REQUIRE(worker_run(&space_root, PRIORITY_LOW + i, receiver, second) != NULL);
    }
    test_sleep(10000);
    expect_bounded("40 callers, 40 receivers wait");
    CHECK_OK(l4_cap_delete(endpoint));
    CHECK_OK(l4_cap_delete(second));
    expect_bounded("their endpoints die");
    test_sleep(10000);
    expect_bounded("they end");
}

static void timeouts_at_once(void)
{
    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < 40; i++) {
        REQUIRE(worker_run(&space_root, PRIORITY_LOW, caller, endpoint) != NULL);
    }
    test_sleep(10000);
    (void)worst();
    test_sleep(1100000);
    expect_bounded("40 timeouts together");
}

static void serves_items(struct worker *self, uint32_t slot)
{
    struct l4_msg msg;

    self->status = l4_recv(slot, &msg, L4_TIMEOUT_NEVER);
    while (self->status == L4_OK) {
        msg = l4_msg(0, 0, 0, 0, 0);
        self->status = l4_reply_wait(slot, &msg, L4_TIMEOUT_NEVER);
    }
}

/* Messages of 120 words and `items` items, the first of `kind`, to windows that need new tables
 * each time. */
static void transfer(uint32_t kind, uint32_t items, const char *what)
{
    struct space *const space = space_create(4 * SPACE_POOL, 1024);
    const l4_cap_t ram = memory_ram(128 * PAGE);

    endpoint = memory_endpoint();
    REQUIRE(space != NULL && space_give(space, 1, endpoint, L4_RIGHT_RECV, 0));
    struct worker *const w = worker_run(space, PRIORITY_TOP, serves_items, 1);

    REQUIRE(worker_wait_state(w, L4_STATE_RECEIVING, 1000));
    (void)worst();
    for (uint32_t round = 0; round < 6; round++) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

        w->peek->window_base = 0x50000000u + round * 0x200000u - 8 * PAGE;
        w->peek->window_size = 128 * PAGE;
        for (uint32_t i = 0; i < items; i++) {
            w->peek->slot[i] = 64 * (1 + round * 2 + i % 2) + i;
            l4_msgbuf()->item[i] = (struct l4_item){.cap = ram,
                                                    .kind = i == 0 ? (uint8_t)kind : L4_ITEM_COPY,
                                                    .rights = RW,
                                                    .offset = 0,
                                                    .size = 16 * PAGE};
        }
        msg.tag = l4_tag(0, L4_MSG_WORDS, items);
        CHECK_OK(l4_call(endpoint, &msg, 100000));
    }
    expect_bounded(what);
    CHECK_OK(l4_cap_delete(space->cap));
    expect_bounded("an address space ends");
    CHECK_OK(l4_cap_revoke(space->pool));
    expect_bounded("its pool is revoked");
}

static void transfers(void)
{
    transfer(L4_ITEM_COPY, 4, "120 words and four capabilities");
    transfer(L4_ITEM_MAP, 1, "120 words and 16 pages");
    transfer(L4_ITEM_MAP, 4, "120 words, 16 pages and three capabilities");
}

static void life_of_a_space(void)
{
    struct space *const space = space_create_bare(8 << 20, 2048, 0);

    REQUIRE(space != NULL);
    endpoint = memory_endpoint();
    (void)worst();
    for (uint32_t i = 0; i < 300; i++) {
        CHECK_OK(
            l4_create(space->cap, i % 2 ? L4_TYPE_THREAD : L4_TYPE_ENDPOINT, memory_slot(), 0));
        CHECK_OK(l4_cap_copy(endpoint, 1 + i * 6, space->cap, L4_RIGHT_ALL, 0));
    }
    expect_bounded("create 300 objects, fill 29 tables");
    CHECK_OK(l4_cap_revoke(space->pool));
    expect_bounded("destroy the space and its 8 MiB");
}

static void faults(struct worker *self, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        self->value[0] = *(volatile uint32_t *)0x38000000u;
    }
}

static void many_faults(void)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    endpoint = memory_endpoint();
    struct worker *const w = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(w != NULL);
    REQUIRE_OK(l4_thread_set_fault(w->thread, endpoint));
    (void)worst();
    REQUIRE(worker_start(w, faults, 100));
    for (uint32_t i = 0; i < 100; i++) {
        CHECK_OK(l4_reply_wait(endpoint, &msg, 10000));
        msg = l4_msg(L4_FAULT_REPLY_SET_PC, msg.w[2] + 4, 0, 0, 0);
    }
    expect_bounded("100 faults");
}

static void spin(struct worker *self, uint32_t unused)
{
    (void)unused;
    for (;;) {
        self->value[0]++;
    }
}

static void budgets_run_out(void)
{
    for (uint32_t i = 0; i < 20; i++) {
        struct worker *const w = worker_create(&space_root, PRIORITY_LOW + i, 0);

        REQUIRE(w != NULL);
        REQUIRE_OK(l4_thread_set_sched(w->thread, PRIORITY_LOW + i, PRIORITY_LOW + i, 100,
                                       i % 2 ? 100 : 5000));
        REQUIRE(worker_start(w, spin, 0));
    }
    (void)worst();
    test_sleep(50000);
    expect_bounded("20 budgets, round robin and not");
}

GUEST_BLOB(vfp);
GUEST_BLOB(wfi);

/* Guests with everything in use: exits, switches with VFP, injection, their end. */
static void guests(void)
{
    static struct guest g[3];

    (void)worst();
    for (uint32_t i = 0; i < 3; i++) {
        REQUIRE(i < 2 ? GUEST_CREATE(&g[i], vfp) : GUEST_CREATE(&g[i], wfi));
        CHECK_OK(l4_vcpu_timer(g[i].vcpu, L4_TIMER_VIRTUAL, l4_virq(27, 0xa0, 0)));
        CHECK_OK(l4_vcpu_timer(g[i].vcpu, L4_TIMER_PHYSICAL, l4_virq(30, 0xa0, 0)));
        REQUIRE(guest_start(&g[i]) && guest_expect(&g[i], L4_EXIT_HVC));
    }
    for (uint32_t i = 0; i < 40; i++) {
        REQUIRE(guest_resume(&g[i % 3]));
        if (i % 3 == 2) {
            CHECK_OK(l4_vcpu_inject(g[2].vcpu, l4_virq(40, 0xa0, 0)));
        }
        REQUIRE(guest_expect(&g[i % 3], L4_EXIT_HVC));
    }
    expect_bounded("exits and switches of guests");
    for (uint32_t group = 0; group < L4_REGS_COUNT; group++) {
        CHECK_OK(l4_thread_read_regs(g[0].vcpu, group));
        CHECK_OK(l4_thread_write_regs(g[0].vcpu, group));
    }
    expect_bounded("their registers read and written");
    CHECK_OK(l4_cap_revoke(g[0].space->pool));
    CHECK_OK(l4_cap_delete(g[1].vcpu));
    CHECK_OK(l4_cap_delete(g[2].space->cap));
    expect_bounded("their ends");
}

static void summary(void)
{
    test_print("BENCH kernel.nonpreempt.worst min=%lu med=%lu max=%lu", (unsigned long)worst_of_all,
               (unsigned long)worst_of_all, (unsigned long)worst_of_all);
    CHECK_RANGE(worst_of_all, 1, BOUND);
}

static const struct test_case cases[] = {
    {"512 MiB are wiped, mapped, unmapped, deleted", wipe_512_mib},
    {"thousands of pages are mapped and deleted", mapping_in_pages},
    {"hundreds of derived capabilities go", many_derivations},
    {"an endpoint with many waiters dies", many_waiters},
    {"many timeouts pass together", timeouts_at_once},
    {"the largest messages", transfers},
    {"an address space full of objects", life_of_a_space},
    {"faults", many_faults},
    {"budgets", budgets_run_out},
    {"guests", guests},
    {"the worst of all", summary},
};

TEST_SUITE("nonpreempt", cases);
