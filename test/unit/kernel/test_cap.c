/* Capabilities: derivation, order, rights, badges, depth, moving, deleting and revoking. */
#include "machine.h"

static void copies_lose_rights_and_never_gain_them(void **state)
{
    l4_cap_t ep = make_endpoint();
    l4_cap_t less = slot_new();
    l4_cap_t more = slot_new();

    (void)state;
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, less, 0, L4_RIGHT_SEND | L4_RIGHT_COPY, 0), L4_OK);
    assert_int_equal(slot_cap(less)->rights, L4_RIGHT_SEND | L4_RIGHT_COPY);
    assert_int_equal(isys(CAP, less, L4_CAP_COPY, more, 0, 0xff, 0), L4_OK);
    assert_int_equal(slot_cap(more)->rights, L4_RIGHT_SEND | L4_RIGHT_COPY);
    assert_int_equal(slot_cap(more)->depth, 2);
}

static void without_the_copy_right_no_copy(void **state)
{
    l4_cap_t ep = make_endpoint();
    l4_cap_t last = make_badged(ep, 5, L4_RIGHT_SEND);
    l4_cap_t slot = slot_new();

    (void)state;
    assert_int_equal(isys(CAP, last, L4_CAP_COPY, slot, 0, 0xff, 0), L4_ERR_RIGHTS);
    assert_true(slot_cap(slot) == NULL || slot_cap(slot)->type == L4_TYPE_NULL);
}

static void a_badge_is_set_once(void **state)
{
    l4_cap_t ep = make_endpoint();
    l4_cap_t plain = make_badged(ep, 0, L4_RIGHT_ALL);
    l4_cap_t badged = make_badged(plain, 17, L4_RIGHT_ALL);
    l4_cap_t again = make_badged(badged, 99, L4_RIGHT_ALL);

    (void)state;
    assert_int_equal(slot_cap(plain)->badge, 0);
    assert_int_equal(isys(CAP, badged, L4_CAP_INFO), L4_OK);
    assert_int_equal(reg(m.init, 2), 17);
    assert_int_equal(isys(CAP, again, L4_CAP_INFO), L4_OK);
    assert_int_equal(reg(m.init, 2), 17);
}

static void info_tells_type_rights_and_originality(void **state)
{
    l4_cap_t ep = make_endpoint();
    l4_cap_t copy = make_badged(ep, 3, L4_RIGHT_SEND | L4_RIGHT_INFO);

    (void)state;
    assert_int_equal(isys(CAP, ep, L4_CAP_INFO), L4_OK);
    assert_int_equal(reg(m.init, 1) & 0xff, L4_TYPE_ENDPOINT);
    assert_int_equal((reg(m.init, 1) >> 8) & 0xff, L4_RIGHT_ALL & ~L4_RIGHT_CONTROL);
    assert_int_equal(reg(m.init, 1) >> 16, 1);
    assert_int_equal(isys(CAP, copy, L4_CAP_INFO), L4_OK);
    assert_int_equal((reg(m.init, 1) >> 8) & 0xff, L4_RIGHT_SEND | L4_RIGHT_INFO);
    assert_int_equal(reg(m.init, 1) >> 16, 0);
    assert_int_equal(isys(CAP, slot_new(), L4_CAP_INFO), L4_ERR_CAP);
}

static void revoke_takes_descendants_only(void **state)
{
    l4_cap_t ep = make_endpoint();
    l4_cap_t a = make_badged(ep, 0, L4_RIGHT_ALL);
    l4_cap_t b = make_badged(ep, 2, L4_RIGHT_ALL);
    l4_cap_t aa = make_badged(a, 3, L4_RIGHT_ALL);
    l4_cap_t aaa = make_badged(aa, 0, L4_RIGHT_ALL);
    l4_cap_t ab = make_badged(a, 0, L4_RIGHT_ALL);

    (void)state;
    assert_int_equal(isys(CAP, a, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(slot_cap(ep)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(slot_cap(a)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(slot_cap(b)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(slot_cap(aa)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(aaa)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(ab)->type, L4_TYPE_NULL);
    assert_int_equal(isys(CAP, aa, L4_CAP_REVOKE), L4_ERR_CAP);
}

static void delete_takes_descendants_along(void **state)
{
    l4_cap_t ep = make_endpoint();
    l4_cap_t a = make_badged(ep, 0, L4_RIGHT_ALL);
    l4_cap_t aa = make_badged(a, 0, L4_RIGHT_ALL);
    l4_cap_t b = make_badged(ep, 0, L4_RIGHT_ALL);

    (void)state;
    assert_int_equal(isys(CAP, a, L4_CAP_DELETE), L4_OK);
    assert_int_equal(slot_cap(a)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(aa)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(b)->type, L4_TYPE_ENDPOINT);
    assert_int_equal(isys(CAP, a, L4_CAP_DELETE), L4_OK); /* nothing there: nothing to do */
}

static void the_original_takes_the_object_along(void **state)
{
    uint32_t before = free_bytes(L4_ROOT_ASPACE);
    l4_cap_t ep = make_endpoint();
    l4_cap_t copy = make_badged(ep, 1, L4_RIGHT_ALL);

    (void)state;
    assert_int_equal(free_bytes(L4_ROOT_ASPACE), before - 256);
    assert_int_equal(isys(CAP, ep, L4_CAP_DELETE), L4_OK);
    assert_int_equal(slot_cap(copy)->type, L4_TYPE_NULL);
    assert_int_equal(free_bytes(L4_ROOT_ASPACE), before);
}

static void move_keeps_the_place_in_the_tree(void **state)
{
    l4_cap_t ep = make_endpoint();
    l4_cap_t a = make_badged(ep, 0, L4_RIGHT_ALL);
    l4_cap_t aa = make_badged(a, 9, L4_RIGHT_ALL);
    l4_cap_t to = slot_new();

    (void)state;
    assert_int_equal(isys(CAP, a, L4_CAP_MOVE, to, 0), L4_OK);
    assert_int_equal(slot_cap(a)->type, L4_TYPE_NULL);
    assert_int_equal(slot_cap(to)->depth, 1);
    assert_int_equal(isys(CAP, to, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(slot_cap(aa)->type, L4_TYPE_NULL);
    assert_int_equal(isys(CAP, ep, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(slot_cap(to)->type, L4_TYPE_NULL);
    assert_int_equal(isys(CAP, a, L4_CAP_MOVE, to, 0), L4_ERR_CAP);
}

static void move_carries_a_mapping_along(void **state)
{
    l4_cap_t page = make_region(2);
    l4_cap_t to = slot_new();
    frame_t frame;
    uint32_t attr;

    (void)state;
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_MAP, page, 0x10000000, L4_MAP_READ),
                     L4_OK);
    assert_int_equal(isys(CAP, page, L4_CAP_MOVE, to, 0), L4_OK);
    assert_true(arch_aspace_lookup(m.init_space, 0x10001000, &frame, &attr));
    assert_int_equal(isys(CAP, to, L4_CAP_DELETE), L4_OK);
    assert_false(arch_aspace_lookup(m.init_space, 0x10001000, &frame, &attr));
}

static void destination_slots_are_checked(void **state)
{
    l4_cap_t ep = make_endpoint();
    uint32_t slots = m.init_space->slot_count;

    (void)state;
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, 0, 0, 0xff, 0), L4_ERR_SLOT);
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, ep, 0, 0xff, 0), L4_ERR_SLOT);
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, slots, 0, 0xff, 0), L4_ERR_SLOT);
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, UINT32_MAX, 0, 0xff, 0), L4_ERR_SLOT);
    assert_int_equal(isys(CAP, ep, L4_CAP_MOVE, ep, 0), L4_ERR_SLOT);
    assert_int_equal(isys(CAP, slots, L4_CAP_COPY, slot_new(), 0, 0xff, 0), L4_ERR_CAP);
    assert_int_equal(isys(CAP, 0, L4_CAP_COPY, slot_new(), 0, 0xff, 0), L4_ERR_CAP);
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, slot_new(), ep, 0xff, 0), L4_ERR_CAP);
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, slots - 1, 0, 0xff, 0), L4_OK);
}

static void derivation_ends_at_the_depth_limit(void **state)
{
    l4_cap_t from = make_endpoint();
    l4_cap_t first = from;
    int32_t r = L4_OK;
    uint32_t n = 0;

    (void)state;
    while (r == L4_OK) {
        l4_cap_t slot = slot_new();

        r = isys(CAP, from, L4_CAP_COPY, slot, 0, 0xff, 0);
        from = slot;
        n++;
    }
    assert_int_equal(r, L4_ERR_DEPTH);
    assert_int_equal(n, CAP_MAX_DEPTH + 1);
    assert_int_equal(isys(CAP, first, L4_CAP_REVOKE), L4_OK);
}

/* Revocation stops at every preemption point in turn and always comes to the same end. */
static void revoke_is_preemptible_at_every_point(void **state)
{
    (void)state;
    for (uint32_t every = 1; every < 6; every++) {
        l4_cap_t ep = make_endpoint();
        l4_cap_t child = make_badged(ep, 0, L4_RIGHT_ALL);
        uint32_t restarts = 0;

        for (uint32_t i = 0; i < 10; i++) {
            (void)make_badged(i % 2 == 0 ? child : ep, 0, L4_RIGHT_ALL);
        }
        fake.preempt_every = every;
        fake.preempt_at = fake.points + 1;
        restarts = m.entries;
        assert_int_equal(isys(CAP, ep, L4_CAP_DELETE), L4_OK);
        assert_true(m.entries - restarts > 10 / every);
        fake.preempt_at = 0;
        assert_int_equal(slot_cap(child)->type, L4_TYPE_NULL);
    }
}

static void a_table_grows_from_its_own_pool(void **state)
{
    uint32_t before = free_bytes(L4_ROOT_ASPACE);
    l4_cap_t ep = make_endpoint();
    l4_cap_t far = m.init_space->slot_count - 1;

    (void)state;
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, far, 0, 0xff, 0), L4_OK);
    assert_int_equal(free_bytes(L4_ROOT_ASPACE), before - 256 - 4096);
    assert_int_equal(isys(CAP, far, L4_CAP_DELETE), L4_OK);
}

static void another_table_is_written_only_with_control(void **state)
{
    l4_cap_t pool = make_region(8);
    l4_cap_t space = make_space(pool, 64, 0);
    l4_cap_t weak = slot_new();
    l4_cap_t ep = make_endpoint();

    (void)state;
    assert_int_equal(isys(CAP, space, L4_CAP_COPY, weak, 0, L4_RIGHT_INFO | L4_RIGHT_COPY, 0),
                     L4_OK);
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, 5, weak, 0xff, 0), L4_ERR_RIGHTS);
    assert_int_equal(isys(CAP, ep, L4_CAP_COPY, 5, space, 0xff, 44), L4_OK);
    assert_int_equal(aspace_slot(slot_space(space), 5)->badge, 44);
    assert_int_equal(isys(CAP, ep, L4_CAP_MOVE, 6, space), L4_OK);
    assert_int_equal(isys(CAP, ep, L4_CAP_INFO), L4_ERR_CAP);
    assert_int_equal(aspace_slot(slot_space(space), 6)->depth, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(copies_lose_rights_and_never_gain_them),
        MACHINE_TEST(without_the_copy_right_no_copy),
        MACHINE_TEST(a_badge_is_set_once),
        MACHINE_TEST(info_tells_type_rights_and_originality),
        MACHINE_TEST(revoke_takes_descendants_only),
        MACHINE_TEST(delete_takes_descendants_along),
        MACHINE_TEST(the_original_takes_the_object_along),
        MACHINE_TEST(move_keeps_the_place_in_the_tree),
        MACHINE_TEST(move_carries_a_mapping_along),
        MACHINE_TEST(destination_slots_are_checked),
        MACHINE_TEST(derivation_ends_at_the_depth_limit),
        MACHINE_TEST(revoke_is_preemptible_at_every_point),
        MACHINE_TEST(a_table_grows_from_its_own_pool),
        MACHINE_TEST(another_table_is_written_only_with_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
