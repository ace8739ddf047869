/*
 * Revocation and destruction under concurrent use, and random system calls: the kernel keeps its
 * own order whatever its users do, and everything comes back (which the framework checks after
 * each round). Small budgets make the timer interrupt all of it in the middle.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/thread.h>

#include "memory.h"
#include "random_calls.h"
#include "test.h"
#include "worker.h"

#define PAGE L4_PAGE_SIZE
#define RW (L4_MAP_READ | L4_MAP_WRITE)
#define ROUND_RAM (8u << 20)
#define TURN_US 20u

static l4_cap_t endpoint;
static struct worker *workers[8];

/* A worker that takes turns of TURN_US with its equals. */
static struct worker *run(struct space *space, worker_function_t *function, uint32_t argument)
{
    struct worker *const w = worker_create(space, PRIORITY_MID, 0);

    if (w == NULL ||
        !CHECK_OK(l4_thread_set_sched(w->thread, PRIORITY_MID, PRIORITY_MID, TURN_US, TURN_US))) {
        return NULL;
    }
    return worker_start(w, function, argument) ? w : NULL;
}

static void calls_for_ever(struct worker *self, uint32_t slot)
{
    for (;;) {
        struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);
        const l4_status_t status = l4_call(slot, &msg, 500);

        self->value[status == L4_OK ? 0 : 1]++;
    }
}

static void serves_for_ever(struct worker *self, uint32_t slot)
{
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    for (;;) {
        self->value[l4_reply_wait(slot, &msg, 500) == L4_OK ? 0 : 1]++;
        msg.tag = 0;
    }
}

static void revoke_under_calls(void)
{
    struct space *space[4];

    endpoint = memory_endpoint();
    for (uint32_t i = 0; i < 4; i++) {
        space[i] = space_create(SPACE_POOL, SPACE_SLOTS);
        REQUIRE(space[i] != NULL);
        workers[i] = run(space[i], i == 0 ? serves_for_ever : calls_for_ever, 1);
        REQUIRE(workers[i] != NULL);
    }
    for (uint32_t round = 0; round < 300; round++) {
        for (uint32_t i = 0; i < 4; i++) {
            CHECK_OK(l4_cap_copy(endpoint, 1, space[i]->cap, L4_RIGHT_ALL, i));
        }
        test_sleep(37 + round % 23);
        CHECK_OK(l4_cap_revoke(endpoint));
        test_sleep(11);
    }
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(workers[i]->value[0] > 10);
        CHECK(workers[i]->value[1] > 10);
    }
}

/* Slot 1: a region that comes and goes; slot 2: the own space. */
static void maps_for_ever(struct worker *self, uint32_t unused)
{
    const uint32_t va = 0x50000000u;

    (void)unused;
    for (;;) {
        const l4_status_t status = l4_aspace_map(2, 1, va, RW);

        if (status == L4_OK) {
            self->value[0]++;
        }
        self->value[1] += l4_region_share(1, 0, PAGE, 3, L4_RIGHT_ALL) == L4_OK;
        self->value[2] += l4_aspace_map(2, 3, va + (16 << 20), RW) == L4_OK;
        self->value[3] += l4_aspace_unmap(2, 1) == L4_OK;
        self->value[4] += l4_cap_delete(3) == L4_OK;
    }
}

static void revoke_under_mapping(void)
{
    struct space *space[3];
    const l4_cap_t ram = memory_ram(4 << 20);

    for (uint32_t i = 0; i < 3; i++) {
        space[i] = space_create(SPACE_POOL, SPACE_SLOTS);
        REQUIRE(space[i] != NULL);
        REQUIRE(space_give(space[i], 2, space[i]->cap, L4_RIGHT_ALL, 0));
        workers[i] = run(space[i], maps_for_ever, 0);
        REQUIRE(workers[i] != NULL);
    }
    for (uint32_t round = 0; round < 200; round++) {
        for (uint32_t i = 0; i < 3; i++) {
            const l4_cap_t share = memory_slot();

            CHECK_OK(l4_region_share(ram, i << 20, 1 << 20, share, L4_RIGHT_ALL));
            CHECK_OK(l4_cap_move(share, 1, space[i]->cap));
        }
        test_sleep(100 + round % 31);
        CHECK_OK(l4_cap_revoke(ram));
        if (round % 50 == 49) {
            /* All of it is free: it can be split. */
            const l4_cap_t whole = memory_slot();

            CHECK_OK(l4_region_split(ram, 4 << 20, 12, whole));
            CHECK_OK(l4_cap_delete(whole));
            CHECK_OK(l4_cap_revoke(ram));
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(workers[i]->value[0] > 10 && workers[i]->value[1] > 10);
    }
}

/* Splits, makes spaces of what it got and ends them; another does the same and revokes. */
static void splits_for_ever(struct worker *self, uint32_t index)
{
    const l4_cap_t parent = 10;
    const l4_cap_t own = 20 + index * 4;

    for (;;) {
        if (l4_region_split(parent, 16 * PAGE, 12, own) == L4_OK) {
            self->value[0]++;
        }
        if (l4_aspace_create(own, own + 1, 64, 0) == L4_OK) {
            self->value[1]++;
            self->value[2] += l4_create(own + 1, L4_TYPE_THREAD, own + 2, 0) == L4_OK;
        }
        if (index == 0 || self->value[0] % 8 == 7) {
            self->value[3] += l4_cap_revoke(parent) == L4_OK;
        } else {
            self->value[4] += l4_cap_delete(own + 1) == L4_OK;
            self->value[5] += l4_cap_delete(own) == L4_OK;
        }
    }
}

static void concurrent_revocations(void)
{
    for (uint32_t round = 0; round < 10; round++) {
        REQUIRE(memory_round_begin(ROUND_RAM));
        struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);
        const l4_cap_t ram = memory_ram(1 << 20);

        REQUIRE(space != NULL);
        REQUIRE_OK(l4_cap_move(ram, 10, space->cap));
        for (uint32_t i = 0; i < 4; i++) {
            workers[i] = run(space, splits_for_ever, i);
            REQUIRE(workers[i] != NULL);
        }
        test_sleep(30000 + round * 7);
        for (uint32_t i = 0; i < 4; i++) {
            CHECK(workers[i]->value[0] > 0 || workers[i]->value[3] > 0);
        }
        memory_round_end();
    }
}

/* Slots of a random caller: 1..4 endpoints, 5..8 regions, 9 its space, 10 another's, 11..18
 * threads; the others are free at first. */
static bool fill_table(const struct space *space, const struct space *other, l4_cap_t guest)
{
    for (uint32_t i = 0; i < 4; i++) {
        const l4_cap_t ram = memory_ram((i + 1) * 32 * PAGE);

        if (!space_give(space, 1 + i, endpoint + i, L4_RIGHT_ALL, i) ||
            !CHECK_OK(l4_cap_move(ram, 5 + i, space->cap))) {
            return false;
        }
    }
    if (!space_give(space, 9, space->cap, L4_RIGHT_ALL, 0) ||
        !space_give(space, 10, other->cap, L4_RIGHT_ALL, 0) ||
        !space_give(space, 19, guest, L4_RIGHT_ALL, 0)) {
        return false;
    }
    for (uint32_t i = 0; i < 8; i++) {
        if (!space_give(space, 11 + i, workers[i]->thread, L4_RIGHT_ALL, 0)) {
            return false;
        }
    }
    return true;
}

/* What faults goes on; what has stopped, or was started anywhere, starts anew. */
static void keep_going(uint32_t us, uint32_t round)
{
    const l4_cap_t faults = endpoint + 4;
    const uint32_t start = test_us();
    struct l4_msg msg = l4_msg(0, 0, 0, 0, 0);

    while (test_us() - start < us) {
        if (l4_reply_wait(faults, &msg, 200) != L4_OK) {
            for (uint32_t i = 0; i < 8; i++) {
                struct l4_thread_info info;

                /* A space may have ended with a region that was donated to it and revoked. */
                if (l4_thread_get_info(workers[i]->thread, &info) == L4_OK &&
                    info.state == L4_STATE_STOPPED) {
                    (void)worker_start(workers[i], random_calls, round * 8 + i);
                }
            }
            msg.tag = 0;
        } else if (msg.w[1] == L4_FAULT_SYSCALL) {
            msg = l4_msg(L4_FAULT_REPLY_RETRY, 0, 0, 0, 0);
        } else {
            /* It was sent somewhere: stopped by not being answered. */
            l4_status_t status = l4_recv(faults, &msg, 0);

            CHECK(status == L4_OK || status == L4_ERR_TIMEOUT);
            msg.tag = 0;
        }
    }
}

static void one_random_round(uint32_t round)
{
    struct space *space[2];
    struct space *guest_space;
    const l4_cap_t guest = memory_slot();

    endpoint = memory_endpoint();
    for (uint32_t i = 1; i <= 4; i++) {
        CHECK_EQ(memory_endpoint(), endpoint + i);
    }
    for (uint32_t i = 0; i < 2; i++) {
        space[i] = space_create(4 * SPACE_POOL, 128);
        REQUIRE(space[i] != NULL);
    }
    guest_space = space_create_bare(SPACE_POOL, SPACE_SLOTS, L4_ASPACE_GUEST);
    REQUIRE(guest_space != NULL);
    REQUIRE_OK(l4_create(guest_space->cap, L4_TYPE_THREAD, guest, L4_THREAD_GUEST));
    for (uint32_t i = 0; i < 8; i++) {
        workers[i] = worker_create(space[i % 2], PRIORITY_MID, 0);
        REQUIRE(workers[i] != NULL);
        REQUIRE_OK(l4_thread_set_fault(workers[i]->thread, endpoint + 4));
        REQUIRE_OK(
            l4_thread_set_sched(workers[i]->thread, PRIORITY_MID, PRIORITY_MID, TURN_US, TURN_US));
    }
    REQUIRE(fill_table(space[0], space[1], guest) && fill_table(space[1], space[0], guest));
    for (uint32_t i = 0; i < 8; i++) {
        REQUIRE(worker_start(workers[i], random_calls, round * 8 + i));
    }
    keep_going(20000, round);
}

static void random_system_calls(void)
{
    for (uint32_t round = 0; round < 40; round++) {
        REQUIRE(memory_round_begin(ROUND_RAM));
        one_random_round(round);
        memory_round_end();
    }
}

static const struct test_case cases[] = {
    {"revoke under calls from other spaces", revoke_under_calls},
    {"revoke under mapping and sharing", revoke_under_mapping},
    {"threads revoke under each other", concurrent_revocations},
    {"random system calls", random_system_calls},
};

TEST_SUITE("stress", cases);
