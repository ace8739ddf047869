/*
 * CREATE and CAP: every operation with good, bad and hostile arguments.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>

#include "memory.h"
#include "space.h"
#include "test.h"
#include "worker.h"

#define BEYOND 100000u /* no table is that long */
#define HUGE 0xffffffffu
#define ENDPOINT_RIGHTS                                                                            \
    (L4_RIGHT_SEND | L4_RIGHT_RECV | L4_RIGHT_SIGNAL | L4_RIGHT_GRANT | L4_RIGHT_INFO |            \
     L4_RIGHT_COPY)

static l4_status_t create(l4_cap_t space, uint32_t type, l4_cap_t slot, uint32_t flags)
{
    return l4_sys_create_in(space, type, slot, flags);
}

static void create_checks(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t weak = memory_slot();
    const l4_cap_t slot = memory_slot();

    CHECK_EQ(create(L4_CAP_NULL, L4_TYPE_ENDPOINT, slot, 0), L4_ERR_CAP);
    CHECK_EQ(create(BEYOND, L4_TYPE_ENDPOINT, slot, 0), L4_ERR_CAP);
    CHECK_EQ(create(HUGE, L4_TYPE_ENDPOINT, slot, 0), L4_ERR_CAP);
    CHECK_EQ(create(endpoint, L4_TYPE_ENDPOINT, slot, 0), L4_ERR_CAP);
    REQUIRE_OK(l4_cap_copy(L4_ROOT_ASPACE, weak, 0, L4_RIGHT_ALL & ~L4_RIGHT_CONTROL, 0));
    CHECK_EQ(create(weak, L4_TYPE_ENDPOINT, slot, 0), L4_ERR_RIGHTS);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, 0, 0), L4_ERR_SLOT);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, endpoint, 0), L4_ERR_SLOT);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, BEYOND, 0), L4_ERR_SLOT);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, HUGE, 0), L4_ERR_SLOT);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, test_root->slot_count, 0), L4_ERR_SLOT);
    for (uint32_t type = 0; type < 12; type++) {
        if (type != L4_TYPE_ENDPOINT && type != L4_TYPE_THREAD) {
            CHECK_EQ(create(L4_ROOT_ASPACE, type, slot, 0), L4_ERR_NOT_SUPPORTED);
        }
    }
    CHECK_EQ(create(L4_ROOT_ASPACE, HUGE, slot, 0), L4_ERR_NOT_SUPPORTED);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_THREAD, slot, 0x80u), L4_ERR_INVALID);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_THREAD, slot, HUGE), L4_ERR_INVALID);
    CHECK_EQ(create(L4_ROOT_ASPACE, L4_TYPE_THREAD, slot, L4_THREAD_GUEST), L4_ERR_NOT_SUPPORTED);
    CHECK_OK(create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, slot, 0));
}

static void guest_and_native(void)
{
    struct space *const guest = space_create_bare(SPACE_POOL, SPACE_SLOTS, L4_ASPACE_GUEST);
    const l4_cap_t slot = memory_slot();

    REQUIRE(guest != NULL);
    CHECK_EQ(create(guest->cap, L4_TYPE_THREAD, slot, L4_THREAD_NATIVE), L4_ERR_NOT_SUPPORTED);
    CHECK_OK(create(guest->cap, L4_TYPE_THREAD, slot, L4_THREAD_GUEST));
}

static void info(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t copy = memory_slot();
    struct l4_cap_info i;

    CHECK_EQ(l4_cap_info(0, &i), L4_ERR_CAP);
    CHECK_EQ(l4_cap_info(memory_slot(), &i), L4_ERR_CAP);
    CHECK_EQ(l4_cap_info(BEYOND, &i), L4_ERR_CAP);
    CHECK_EQ(l4_cap_info(HUGE, &i), L4_ERR_CAP);
    CHECK_OK(l4_cap_info(L4_ROOT_ASPACE, &i));
    CHECK_EQ(i.type, L4_TYPE_ASPACE);
    CHECK_OK(l4_cap_info(L4_ROOT_THREAD, &i));
    CHECK_EQ(i.type, L4_TYPE_THREAD);
    CHECK_OK(l4_cap_info(L4_ROOT_SYSTEM, &i));
    CHECK_EQ(i.type, L4_TYPE_SYSTEM);
    CHECK_OK(l4_cap_info(endpoint, &i));
    CHECK_EQ(i.type, L4_TYPE_ENDPOINT);
    CHECK_EQ(i.rights, ENDPOINT_RIGHTS);
    CHECK(i.original);
    CHECK_EQ(i.badge, 0);
    REQUIRE_OK(l4_cap_copy(endpoint, copy, 0, L4_RIGHT_SEND | L4_RIGHT_INFO, 77));
    CHECK_OK(l4_cap_info(copy, &i));
    CHECK_EQ(i.rights, L4_RIGHT_SEND | L4_RIGHT_INFO);
    CHECK(!i.original);
    CHECK_EQ(i.badge, 77);
}

static void info_right(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t copy = memory_slot();
    struct l4_cap_info i;

    REQUIRE_OK(l4_cap_copy(endpoint, copy, 0, L4_RIGHT_SEND, 0));
    CHECK_EQ(l4_cap_info(copy, &i), L4_ERR_RIGHTS);
}

static void copy_rights_only_shrink(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t a = memory_slot();
    const l4_cap_t b = memory_slot();
    const l4_cap_t c = memory_slot();
    struct l4_cap_info i;

    REQUIRE_OK(l4_cap_copy(endpoint, a, 0, L4_RIGHT_SEND | L4_RIGHT_COPY | L4_RIGHT_INFO, 0));
    REQUIRE_OK(l4_cap_copy(a, b, 0, HUGE, 0));
    CHECK_OK(l4_cap_info(b, &i));
    CHECK_EQ(i.rights, L4_RIGHT_SEND | L4_RIGHT_COPY | L4_RIGHT_INFO);
    REQUIRE_OK(l4_cap_copy(a, c, 0, L4_RIGHT_RECV | L4_RIGHT_INFO, 0));
    CHECK_OK(l4_cap_info(c, &i));
    CHECK_EQ(i.rights, L4_RIGHT_INFO);
    CHECK_EQ(l4_cap_copy(c, memory_slot(), 0, L4_RIGHT_ALL, 0), L4_ERR_RIGHTS);
}

static void copy_arguments(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t weak = memory_slot();
    const l4_cap_t slot = memory_slot();

    CHECK_EQ(l4_cap_copy(0, slot, 0, L4_RIGHT_ALL, 0), L4_ERR_CAP);
    CHECK_EQ(l4_cap_copy(memory_slot(), slot, 0, L4_RIGHT_ALL, 0), L4_ERR_CAP);
    CHECK_EQ(l4_cap_copy(BEYOND, slot, 0, L4_RIGHT_ALL, 0), L4_ERR_CAP);
    CHECK_EQ(l4_cap_copy(endpoint, 0, 0, L4_RIGHT_ALL, 0), L4_ERR_SLOT);
    CHECK_EQ(l4_cap_copy(endpoint, endpoint, 0, L4_RIGHT_ALL, 0), L4_ERR_SLOT);
    CHECK_EQ(l4_cap_copy(endpoint, BEYOND, 0, L4_RIGHT_ALL, 0), L4_ERR_SLOT);
    CHECK_EQ(l4_cap_copy(endpoint, slot, endpoint, L4_RIGHT_ALL, 0), L4_ERR_CAP);
    CHECK_EQ(l4_cap_copy(endpoint, slot, HUGE, L4_RIGHT_ALL, 0), L4_ERR_CAP);
    REQUIRE_OK(l4_cap_copy(L4_ROOT_ASPACE, weak, 0, L4_RIGHT_INFO, 0));
    CHECK_EQ(l4_cap_copy(endpoint, slot, weak, L4_RIGHT_ALL, 0), L4_ERR_RIGHTS);
}

static void badge_is_set_once(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t a = memory_slot();
    const l4_cap_t b = memory_slot();
    struct l4_cap_info i;

    REQUIRE_OK(l4_cap_copy(endpoint, a, 0, L4_RIGHT_ALL, 11));
    REQUIRE_OK(l4_cap_copy(a, b, 0, L4_RIGHT_ALL, 22));
    CHECK_OK(l4_cap_info(b, &i));
    CHECK_EQ(i.badge, 11);
    CHECK_OK(l4_cap_info(endpoint, &i));
    CHECK_EQ(i.badge, 0);
}

static void move(void)
{
    struct space *const space = space_create_bare(SPACE_POOL, SPACE_SLOTS, 0);
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t copy = memory_slot();
    const l4_cap_t slot = memory_slot();
    struct l4_cap_info i;

    REQUIRE(space != NULL);
    REQUIRE_OK(l4_cap_copy(endpoint, copy, 0, L4_RIGHT_ALL, 5));
    CHECK_EQ(l4_cap_move(slot, memory_slot(), 0), L4_ERR_CAP);
    CHECK_EQ(l4_cap_move(copy, endpoint, 0), L4_ERR_SLOT);
    CHECK_EQ(l4_cap_move(copy, copy, 0), L4_ERR_SLOT);
    CHECK_OK(l4_cap_move(copy, slot, 0));
    CHECK_EQ(l4_cap_info(copy, &i), L4_ERR_CAP);
    CHECK_OK(l4_cap_info(slot, &i));
    CHECK_EQ(i.badge, 5);
    CHECK_OK(l4_cap_move(slot, 3, space->cap));
    CHECK_EQ(l4_cap_info(slot, &i), L4_ERR_CAP);
    CHECK_EQ(l4_cap_copy(endpoint, 3, space->cap, L4_RIGHT_ALL, 0), L4_ERR_SLOT);
    /* Still derived from the original: its revocation empties the slot over there. */
    CHECK_OK(l4_cap_revoke(endpoint));
    CHECK_OK(l4_cap_copy(endpoint, 3, space->cap, L4_RIGHT_ALL, 0));
}

static void delete_takes_descendants(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t child = memory_slot();
    const l4_cap_t grandchild = memory_slot();
    const l4_cap_t sibling = memory_slot();
    struct l4_cap_info i;

    REQUIRE_OK(l4_cap_copy(endpoint, child, 0, L4_RIGHT_ALL, 0));
    REQUIRE_OK(l4_cap_copy(child, grandchild, 0, L4_RIGHT_ALL, 0));
    REQUIRE_OK(l4_cap_copy(endpoint, sibling, 0, L4_RIGHT_ALL, 0));
    CHECK_OK(l4_cap_delete(child));
    CHECK_EQ(l4_cap_info(grandchild, &i), L4_ERR_CAP);
    CHECK_OK(l4_cap_info(sibling, &i));
    CHECK_OK(l4_cap_delete(child));
    CHECK_EQ(l4_cap_delete(BEYOND), L4_ERR_CAP);
    CHECK_OK(l4_cap_delete(endpoint));
    CHECK_EQ(l4_cap_info(sibling, &i), L4_ERR_CAP);
}

static void revoke_keeps_itself(void)
{
    const l4_cap_t endpoint = memory_endpoint();
    l4_cap_t copy[20];
    struct l4_cap_info i;

    for (uint32_t n = 0; n < COUNT_OF(copy); n++) {
        copy[n] = memory_slot();
        REQUIRE_OK(l4_cap_copy(n % 3 == 0 ? endpoint : copy[n - 1], copy[n], 0, L4_RIGHT_ALL, 0));
    }
    CHECK_EQ(l4_cap_revoke(memory_slot()), L4_ERR_CAP);
    CHECK_EQ(l4_cap_revoke(BEYOND), L4_ERR_CAP);
    CHECK_OK(l4_cap_revoke(copy[3]));
    CHECK_OK(l4_cap_info(copy[3], &i));
    CHECK_EQ(l4_cap_info(copy[4], &i), L4_ERR_CAP);
    CHECK_EQ(l4_cap_info(copy[5], &i), L4_ERR_CAP);
    CHECK_OK(l4_cap_info(copy[0], &i));
    CHECK_OK(l4_cap_info(copy[6], &i));
    CHECK_OK(l4_cap_revoke(endpoint));
    CHECK_OK(l4_cap_info(endpoint, &i));
    for (uint32_t n = 0; n < COUNT_OF(copy); n++) {
        CHECK_EQ(l4_cap_info(copy[n], &i), L4_ERR_CAP);
    }
}

static void depth_is_bounded(void)
{
    l4_cap_t last = memory_endpoint();
    l4_status_t status = L4_OK;
    uint32_t depth = 0;

    for (; status == L4_OK && depth < 400; depth++) {
        const l4_cap_t next = memory_slot();

        status = l4_cap_copy(last, next, 0, L4_RIGHT_ALL, 0);
        last = next;
    }
    CHECK_EQ(status, L4_ERR_DEPTH);
    CHECK(depth > 100);
}

static void save_reply(void)
{
    const l4_cap_t endpoint = memory_endpoint();

    CHECK_EQ(l4_cap_save_reply(memory_slot()), L4_ERR_NO_CALLER);
    CHECK_EQ(l4_cap_save_reply(endpoint), L4_ERR_SLOT);
    CHECK_EQ(l4_cap_save_reply(0), L4_ERR_SLOT);
    CHECK_EQ(l4_cap_save_reply(BEYOND), L4_ERR_SLOT);
}

static void system_cap_is_confined(void)
{
    const l4_cap_t weak = memory_slot();
    struct l4_cap_info i;

    REQUIRE_OK(l4_cap_copy(L4_ROOT_SYSTEM, weak, 0, L4_RIGHT_INFO, 99));
    CHECK_OK(l4_cap_info(weak, &i));
    CHECK_EQ(i.type, L4_TYPE_SYSTEM);
    CHECK_EQ(l4_sys_system_in(weak, 3 /* WRITE */, 0, 0), L4_ERR_RIGHTS);
}

static const struct test_case cases[] = {
    {"create refuses bad spaces, slots, types and flags", create_checks},
    {"guests and native threads never share a space", guest_and_native},
    {"info tells type, rights, badge", info},
    {"info needs its right", info_right},
    {"a copy never has more rights than its source", copy_rights_only_shrink},
    {"copy refuses bad arguments", copy_arguments},
    {"a badge is set once", badge_is_set_once},
    {"move empties the source and keeps the derivation", move},
    {"delete takes descendants along", delete_takes_descendants},
    {"revoke removes descendants and nothing else", revoke_keeps_itself},
    {"derivation has a depth", depth_is_bounded},
    {"save_reply without a caller or with a bad slot", save_reply},
    {"a weak system capability does nothing", system_cap_is_confined},
};

TEST_SUITE("caps", cases);
