/* Address spaces: creation, mapping with preemption at every point, table growth, donation. */
#include "machine.h"

#define VA 0x10000000u

static l4_cap_t space_of(uint32_t frames, uint32_t flags)
{
    return make_space(make_region(frames), 64, flags);
}

static int32_t map(l4_cap_t space, l4_cap_t region, uint32_t va, uint32_t attr)
{
    return isys(ASPACE, space, L4_ASPACE_MAP, region, va, attr);
}

static int32_t unmap(l4_cap_t space, l4_cap_t region)
{
    return isys(ASPACE, space, L4_ASPACE_UNMAP, region);
}

static void expect_mapped(l4_cap_t space, l4_cap_t region, uint32_t va, uint32_t attr)
{
    const struct cap *c = slot_cap(region);

    for (uint32_t i = 0; i < c->frames; i++) {
        frame_t frame = 0;
        uint32_t seen = 0;

        assert_true(arch_aspace_lookup(slot_space(space), va + (i << 12), &frame, &seen));
        assert_int_equal(frame, c->frame + i);
        assert_int_equal(seen, attr);
    }
}

static uint32_t mapped_pages(l4_cap_t space, uint32_t va, uint32_t frames)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < frames; i++) {
        frame_t frame;
        uint32_t attr;

        n += arch_aspace_lookup(slot_space(space), va + (i << 12), &frame, &attr);
    }
    return n;
}

static void creation_checks_its_arguments(void **state)
{
    l4_cap_t small = make_region(2);
    l4_cap_t r = make_region(8);
    l4_cap_t to = slot_new();

    (void)state;
    assert_int_equal(isys(ASPACE, small, L4_ASPACE_CREATE, to, 16, 0), L4_ERR_NO_MEMORY);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, to, 0, 0), L4_ERR_INVALID);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, to, 100000, 0), L4_ERR_INVALID);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, to, 16, 2), L4_ERR_INVALID);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, r, 16, 0), L4_ERR_SLOT);
    assert_int_equal(isys(ASPACE, m.device, L4_ASPACE_CREATE, to, 16, 0), L4_ERR_RIGHTS);
    assert_int_equal(isys(ASPACE, to, L4_ASPACE_CREATE, to, 16, 0), L4_ERR_CAP);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, to, 16, 0), L4_OK);
    assert_int_equal(isys(ASPACE, to, L4_ASPACE_INFO), L4_OK);
    assert_int_equal(reg(m.init, 1), 8 * 4096 - 2048);
    assert_int_equal(reg(m.init, 2), 8 * 4096);
    assert_int_equal(reg(m.init, 3), 16);
}

/* A refused creation writes nothing of the kernel's into memory that stays the user's. */
static void a_refused_creation_leaves_the_memory_alone(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t no_copy = slot_new();

    (void)state;
    assert_int_equal(isys(REGION, r, L4_REGION_SPLIT, 8 << 12, 12, no_copy), L4_OK);
    slot_cap(no_copy)->rights &= (uint8_t)~L4_RIGHT_COPY;
    assert_int_equal(isys(ASPACE, no_copy, L4_ASPACE_CREATE, slot_new(), 16, 0), L4_ERR_RIGHTS);
    assert_true(frames_are_clear(slot_cap(no_copy)->frame, 8));
}

static void addresses_are_checked(void **state)
{
    l4_cap_t space = space_of(16, 0);
    l4_cap_t guest = space_of(16, L4_ASPACE_GUEST);
    l4_cap_t r = make_region(2);

    (void)state;
    assert_int_equal(map(space, r, VA + 1, L4_MAP_READ), L4_ERR_ALIGN);
    assert_int_equal(map(space, r, 0, L4_MAP_READ), L4_ERR_RANGE);
    assert_int_equal(map(space, r, L4_USER_MIN - 4096, L4_MAP_READ), L4_ERR_RANGE);
    assert_int_equal(map(space, r, L4_USER_MAX - 4096, L4_MAP_READ), L4_ERR_RANGE);
    assert_int_equal(map(space, r, 0xfffff000, L4_MAP_READ), L4_ERR_RANGE);
    assert_int_equal(map(guest, r, 0xfffff000, L4_MAP_READ), L4_ERR_RANGE);
    assert_int_equal(map(space, r, VA, 0), L4_ERR_INVALID);
    assert_int_equal(map(space, r, VA, L4_MAP_WRITE), L4_ERR_INVALID);
    assert_int_equal(map(space, r, VA, L4_MAP_READ | 0x80000000u), L4_ERR_INVALID);
    assert_int_equal(map(space, r, VA, L4_MAP_READ | L4_RIGHT_DMA), L4_ERR_INVALID);
    assert_int_equal(map(guest, r, 0, L4_MAP_READ), L4_OK);
    assert_int_equal(unmap(guest, r), L4_OK);
    assert_int_equal(map(guest, r, 0xffffe000, L4_MAP_READ), L4_OK);
    assert_int_equal(unmap(guest, r), L4_OK);
    assert_int_equal(map(space, r, L4_USER_MAX - 8192, L4_MAP_READ), L4_OK);
    assert_int_equal(unmap(space, r), L4_OK);
}

static void rights_bound_the_mapping(void **state)
{
    l4_cap_t space = space_of(16, 0);
    l4_cap_t r = make_region(1);
    l4_cap_t weak = slot_new();

    (void)state;
    assert_int_equal(isys(REGION, r, L4_REGION_SHARE, 0, 4096, weak, L4_RIGHT_READ), L4_OK);
    assert_int_equal(map(space, weak, VA, L4_MAP_READ | L4_MAP_WRITE), L4_ERR_RIGHTS);
    assert_int_equal(map(space, weak, VA, L4_MAP_READ | L4_MAP_EXEC), L4_ERR_RIGHTS);
    assert_int_equal(map(space, weak, VA, L4_MAP_READ | L4_MAP_UNCACHED), L4_OK);
    expect_mapped(space, weak, VA, L4_MAP_READ | L4_MAP_UNCACHED);
    assert_int_equal(map(space, weak, VA + 4096, L4_MAP_READ), L4_ERR_EXISTS);
}

static void mapping_and_unmapping_survive_every_preemption(void **state)
{
    l4_cap_t space = space_of(16, 0);
    l4_cap_t r = make_region_of(m.ram, 1300, 21);
    uint32_t before = free_bytes(space);

    (void)state;
    for (uint32_t every = 1; every < 5; every++) {
        uint32_t va = every % 2 == 0 ? VA : VA + 0x7000;

        fake.preempt_every = every;
        fake.preempt_at = fake.points + 1;
        assert_int_equal(map(space, r, va, L4_MAP_READ | L4_MAP_WRITE), L4_OK);
        fake.preempt_at = 0;
        expect_mapped(space, r, va, L4_MAP_READ | L4_MAP_WRITE);
        fake.preempt_at = fake.points + 1;
        assert_int_equal(unmap(space, r), L4_OK);
        fake.preempt_at = 0;
        assert_int_equal(mapped_pages(space, va, 1300), 0);
        assert_int_equal(free_bytes(space), before);
        assert_int_equal(unmap(space, r), L4_ERR_NOT_FOUND);
    }
}

static void big_aligned_regions_take_blocks(void **state)
{
    l4_cap_t space = space_of(16, 0);
    l4_cap_t r = make_region_of(m.more_ram, 4096, 21);
    uint32_t before = free_bytes(space);

    (void)state;
    assert_int_equal(map(space, r, 0x20000000, L4_MAP_READ), L4_OK);
    assert_int_equal(free_bytes(space), before - 4096); /* one directory, no table */
    assert_int_equal(mapped_pages(space, 0x20000000, 4096), 4096);
    assert_int_equal(unmap(space, r), L4_OK);
    assert_int_equal(free_bytes(space), before);
}

static void a_mapping_out_of_memory_leaves_nothing(void **state)
{
    l4_cap_t pool = make_region(4);
    l4_cap_t more = make_region(2);
    l4_cap_t space = make_space(pool, 16, 0);
    l4_cap_t r = make_region_of(m.ram, 1100, 12);
    uint32_t before = free_bytes(space);

    (void)state;
    for (uint32_t every = 0; every < 4; every++) {
        fake.preempt_every = every;
        fake.preempt_at = every == 0 ? 0 : fake.points + 1;
        assert_int_equal(map(space, r, VA + 0x100000, L4_MAP_READ), L4_ERR_NO_MEMORY);
        fake.preempt_at = 0;
        assert_int_equal(mapped_pages(space, VA + 0x100000, 1100), 0);
        assert_int_equal(free_bytes(space), before);
        assert_int_equal(unmap(space, r), L4_ERR_NOT_FOUND);
    }
    assert_int_equal(isys(ASPACE, space, L4_ASPACE_DONATE, more), L4_OK);
    assert_int_equal(map(space, r, VA + 0x100000, L4_MAP_READ), L4_OK);
    expect_mapped(space, r, VA + 0x100000, L4_MAP_READ);
}

static void an_overlapping_mapping_is_refused_whole(void **state)
{
    l4_cap_t space = space_of(16, 0);
    l4_cap_t first = make_region(1);
    l4_cap_t r = make_region(100);

    (void)state;
    assert_int_equal(map(space, first, VA + 90 * 4096, L4_MAP_READ), L4_OK);
    assert_int_equal(map(space, r, VA, L4_MAP_READ), L4_ERR_EXISTS);
    assert_int_equal(mapped_pages(space, VA, 100), 1);
    expect_mapped(space, first, VA + 90 * 4096, L4_MAP_READ);
    assert_int_equal(map(space, r, VA + 91 * 4096, L4_MAP_READ), L4_OK);
}

/* ARM ARM B3.10.1: the entry is cleared, that is made visible, then the TLB forgets, and only then
 * may the table's page be used again. */
static void unmapping_maintains_the_tlb_in_order(void **state)
{
    l4_cap_t space = space_of(16, 0);
    l4_cap_t r = make_region(3);
    uint32_t clear;
    uint32_t barrier;
    uint32_t tlb;

    (void)state;
    assert_int_equal(map(space, r, VA, L4_MAP_READ), L4_OK);
    slot_space(space)->arch.tag = 77; /* as if it had run */
    fake_log_clear();
    assert_int_equal(isys(CAP, r, L4_CAP_DELETE), L4_OK);
    clear = fake_log_find(0, FAKE_DESC_CLEAR);
    barrier = fake_log_find(clear, FAKE_BARRIER);
    tlb = fake_log_find_a(barrier, FAKE_TLB_TAG, 77);
    assert_true(tlb < fake.logged);
    assert_true(fake_log_find(tlb, FAKE_TABLE_FREE) < fake.logged);
    assert_int_equal(fake_log_find(0, FAKE_TABLE_FREE), fake_log_find(tlb, FAKE_TABLE_FREE));
}

static void revoking_a_region_unmaps_every_share(void **state)
{
    l4_cap_t r = make_region(4);
    l4_cap_t space = space_of(16, 0);
    l4_cap_t other = space_of(16, 0);
    l4_cap_t a = slot_new();
    l4_cap_t b = slot_new();

    (void)state;
    assert_int_equal(isys(REGION, r, L4_REGION_SHARE, 0, 2 * 4096, a, L4_RIGHT_ALL), L4_OK);
    assert_int_equal(isys(REGION, a, L4_REGION_SHARE, 0, 4096, b, L4_RIGHT_ALL), L4_OK);
    assert_int_equal(map(space, a, VA, L4_MAP_READ), L4_OK);
    assert_int_equal(map(other, b, VA, L4_MAP_READ), L4_OK);
    assert_int_equal(isys(CAP, r, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(mapped_pages(space, VA, 2), 0);
    assert_int_equal(mapped_pages(other, VA, 2), 0);
    assert_int_equal(slot_cap(a)->type, L4_TYPE_NULL);
}

static void operations_on_a_space_need_control(void **state)
{
    l4_cap_t space = space_of(16, 0);
    l4_cap_t weak = slot_new();
    l4_cap_t r = make_region(4);

    (void)state;
    assert_int_equal(isys(CAP, space, L4_CAP_COPY, weak, 0, L4_RIGHT_INFO, 0), L4_OK);
    assert_int_equal(map(weak, r, VA, L4_MAP_READ), L4_ERR_RIGHTS);
    assert_int_equal(isys(ASPACE, weak, L4_ASPACE_DONATE, r), L4_ERR_RIGHTS);
    assert_int_equal(isys(ASPACE, weak, L4_ASPACE_INFO), L4_OK);
    assert_int_equal(isys(CREATE, weak, L4_TYPE_ENDPOINT, slot_new()), L4_ERR_RIGHTS);
    assert_int_equal(map(space, r, VA, L4_MAP_READ), L4_OK);
    assert_int_equal(unmap(weak, r), L4_ERR_RIGHTS);
    assert_int_equal(unmap(L4_ROOT_ASPACE, r), L4_ERR_NOT_FOUND);
}

static void donations_are_counted_and_limited(void **state)
{
    l4_cap_t space = space_of(4, 0);
    uint32_t before = free_bytes(space);

    (void)state;
    for (uint32_t i = 1; i < ASPACE_DONATIONS; i++) {
        assert_int_equal(isys(ASPACE, space, L4_ASPACE_DONATE, make_region(2)), L4_OK);
        assert_int_equal(free_bytes(space), before + i * 8192);
    }
    assert_int_equal(isys(ASPACE, space, L4_ASPACE_DONATE, make_region(2)), L4_ERR_BUSY);
}

static void objects_use_the_donors_memory(void **state)
{
    l4_cap_t space = space_of(3, 0);
    uint32_t init_before = free_bytes(L4_ROOT_ASPACE);
    int32_t r = L4_OK;
    uint32_t n = 0;

    (void)state;
    while (r == L4_OK) {
        r = isys(CREATE, space, L4_TYPE_THREAD, slot_new(), 0);
        n++;
    }
    assert_int_equal(r, L4_ERR_NO_MEMORY);
    assert_int_equal(n, 6); /* three pages of two, one taken by the space itself */
    assert_int_equal(free_bytes(L4_ROOT_ASPACE), init_before);
    assert_int_equal(isys(CREATE, space, L4_TYPE_ENDPOINT, slot_new()), L4_ERR_NO_MEMORY);
    assert_int_equal(isys(CREATE, space, L4_TYPE_ENDPOINT, space), L4_ERR_SLOT);
    assert_int_equal(isys(CREATE, space, L4_TYPE_REGION, slot_new()), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(isys(CREATE, space, 77, slot_new()), L4_ERR_NOT_SUPPORTED);
}

static void guests_and_servers_never_share_a_space(void **state)
{
    l4_cap_t native = space_of(8, 0);
    l4_cap_t guest = space_of(8, L4_ASPACE_GUEST);

    (void)state;
    assert_int_equal(isys(CREATE, native, L4_TYPE_THREAD, slot_new(), L4_THREAD_GUEST),
                     L4_ERR_NOT_SUPPORTED);
    assert_int_equal(isys(CREATE, guest, L4_TYPE_THREAD, slot_new(), 0), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(isys(CREATE, native, L4_TYPE_THREAD, slot_new(), 8), L4_ERR_INVALID);
    assert_int_equal(isys(CREATE, guest, L4_TYPE_THREAD, slot_new(), L4_THREAD_GUEST), L4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(creation_checks_its_arguments),
        MACHINE_TEST(a_refused_creation_leaves_the_memory_alone),
        MACHINE_TEST(addresses_are_checked),
        MACHINE_TEST(rights_bound_the_mapping),
        MACHINE_TEST(mapping_and_unmapping_survive_every_preemption),
        MACHINE_TEST(big_aligned_regions_take_blocks),
        MACHINE_TEST(a_mapping_out_of_memory_leaves_nothing),
        MACHINE_TEST(an_overlapping_mapping_is_refused_whole),
        MACHINE_TEST(unmapping_maintains_the_tlb_in_order),
        MACHINE_TEST(revoking_a_region_unmaps_every_share),
        MACHINE_TEST(operations_on_a_space_need_control),
        MACHINE_TEST(donations_are_counted_and_limited),
        MACHINE_TEST(objects_use_the_donors_memory),
        MACHINE_TEST(guests_and_servers_never_share_a_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
