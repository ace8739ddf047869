/* Memory regions: splitting, sharing, cache maintenance, and that memory has one owner. */
#include "machine.h"

static int32_t split(l4_cap_t from, uint32_t frames, uint32_t align, l4_cap_t to)
{
    return isys(REGION, from, L4_REGION_SPLIT, frames << L4_PAGE_SHIFT, align, to);
}

static int32_t share(l4_cap_t from, uint32_t offset, uint32_t frames, l4_cap_t to, uint32_t rights)
{
    return isys(REGION, from, L4_REGION_SHARE, offset << L4_PAGE_SHIFT, frames << L4_PAGE_SHIFT, to,
                rights);
}

static int32_t map(l4_cap_t region, uint32_t va, uint32_t attr)
{
    return isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_MAP, region, va, attr);
}

static void splits_are_aligned_disjoint_and_in_order(void **state)
{
    l4_cap_t r = make_region_of(m.ram, 2048, 21);
    l4_cap_t a = make_region_of(r, 3, 12);
    l4_cap_t b = make_region_of(r, 4, 14);
    l4_cap_t c = make_region_of(r, 512, 21);

    (void)state;
    assert_int_equal(slot_cap(a)->frame, slot_cap(r)->frame);
    assert_int_equal(slot_cap(b)->frame, slot_cap(r)->frame + 4);
    assert_int_equal(slot_cap(c)->frame, slot_cap(r)->frame + 512);
    assert_int_equal(isys(REGION, r, L4_REGION_INFO), L4_OK);
    assert_int_equal(reg(m.init, 1), 2048 * 4096);
    assert_int_equal(reg(m.init, 2), 1024 * 4096);
    assert_int_equal(reg(m.init, 3), L4_REGION_RAM | L4_REGION_ORIGINAL);
}

static void a_split_is_wiped_at_every_preemption(void **state)
{
    (void)state;
    for (uint32_t every = 1; every < 4; every++) {
        l4_cap_t r = make_region(16);
        frame_t frame = slot_cap(r)->frame;
        l4_cap_t part = slot_new();

        frames_fill(frame, 16, 0xee);
        fake.preempt_every = every;
        fake.preempt_at = fake.points + 1;
        assert_int_equal(split(r, 16, 12, part), L4_OK);
        fake.preempt_at = 0;
        assert_true(frames_are_clear(frame, 16));
    }
}

static void a_split_fits_or_fails(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t to = slot_new();

    (void)state;
    assert_int_equal(split(r, 9, 12, to), L4_ERR_NO_MEMORY);
    assert_int_equal(split(r, 0, 12, to), L4_ERR_NO_MEMORY);
    assert_int_equal(split(r, 1, 30, to), L4_ERR_NO_MEMORY);
    assert_int_equal(split(r, 1, 11, to), L4_ERR_INVALID);
    assert_int_equal(split(r, 1, 31, to), L4_ERR_INVALID);
    assert_int_equal(isys(REGION, r, L4_REGION_SPLIT, 100, 12, to), L4_ERR_ALIGN);
    assert_int_equal(isys(REGION, r, L4_REGION_SPLIT, 0xfffff000, 12, to), L4_ERR_NO_MEMORY);
    assert_int_equal(split(r, 1, 12, r), L4_ERR_SLOT);
    assert_int_equal(split(m.device, 1, 12, to), L4_ERR_RIGHTS);
    assert_int_equal(split(to, 1, 12, to), L4_ERR_CAP);
    assert_int_equal(split(r, 8, 12, to), L4_OK);
    assert_int_equal(split(r, 1, 12, slot_new()), L4_ERR_NO_MEMORY);
}

static void revoke_gives_split_memory_back(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t a = make_region_of(r, 4, 12);
    l4_cap_t aa = make_region_of(a, 2, 12);

    (void)state;
    assert_int_equal(isys(CAP, aa, L4_CAP_DELETE), L4_OK);
    assert_int_equal(split(r, 8, 12, slot_new()), L4_ERR_NO_MEMORY);
    assert_int_equal(isys(CAP, r, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(slot_cap(a)->type, L4_TYPE_NULL);
    assert_int_equal(split(r, 8, 12, slot_new()), L4_OK);
}

static void a_share_is_not_an_original(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t s = slot_new();
    l4_cap_t to = slot_new();

    (void)state;
    assert_int_equal(share(r, 2, 4, s, L4_RIGHT_ALL), L4_OK);
    assert_int_equal(slot_cap(s)->frame, slot_cap(r)->frame + 2);
    assert_int_equal(split(s, 1, 12, to), L4_ERR_RIGHTS);
    assert_int_equal(isys(ASPACE, s, L4_ASPACE_CREATE, to, 16, 0), L4_ERR_RIGHTS);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, s), L4_ERR_RIGHTS);
    assert_int_equal(share(s, 1, 3, to, L4_RIGHT_ALL), L4_OK);
    assert_int_equal(slot_cap(to)->frame, slot_cap(r)->frame + 3);
    assert_int_equal(isys(REGION, s, L4_REGION_INFO), L4_OK);
    assert_int_equal(reg(m.init, 3), L4_REGION_RAM);
}

static void shares_stay_inside(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t to = slot_new();

    (void)state;
    assert_int_equal(share(r, 8, 1, to, 0xff), L4_ERR_RANGE);
    assert_int_equal(share(r, 0, 9, to, 0xff), L4_ERR_RANGE);
    assert_int_equal(share(r, 0, 0, to, 0xff), L4_ERR_RANGE);
    assert_int_equal(share(r, 7, 0xfffff, to, 0xff), L4_ERR_RANGE);
    assert_int_equal(isys(REGION, r, L4_REGION_SHARE, 0xfffff000, 0x2000, to, 0xff), L4_ERR_RANGE);
    assert_int_equal(isys(REGION, r, L4_REGION_SHARE, 1, 0x1000, to, 0xff), L4_ERR_ALIGN);
    assert_int_equal(isys(REGION, r, L4_REGION_SHARE, 0, 0x1001, to, 0xff), L4_ERR_ALIGN);
}

static void shared_memory_is_neither_split_nor_donated(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t s = slot_new();

    (void)state;
    assert_int_equal(share(r, 0, 1, s, L4_RIGHT_ALL), L4_OK);
    assert_int_equal(split(r, 1, 12, slot_new()), L4_ERR_BUSY);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, slot_new(), 16, 0), L4_ERR_BUSY);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, r), L4_ERR_BUSY);
    assert_int_equal(isys(CAP, s, L4_CAP_DELETE), L4_OK);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, r), L4_OK);
}

static void split_memory_is_neither_shared_nor_mapped(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t to = slot_new();

    (void)state;
    (void)make_region_of(r, 1, 12);
    assert_int_equal(share(r, 4, 1, to, 0xff), L4_ERR_BUSY);
    assert_int_equal(map(r, 0x10000000, L4_MAP_READ), L4_ERR_BUSY);
    assert_int_equal(isys(CAP, r, L4_CAP_COPY, to, 0, 0xff, 0), L4_ERR_BUSY);
}

/* A plain copy would be a second way to memory that the kernel owns. */
static void donated_memory_cannot_be_reached(void **state)
{
    l4_cap_t r = make_region(8);
    l4_cap_t to = slot_new();
    l4_cap_t space = make_space(r, 16, 0);

    (void)state;
    assert_int_equal(map(r, 0x10000000, L4_MAP_READ), L4_ERR_BUSY);
    assert_int_equal(share(r, 0, 1, to, 0xff), L4_ERR_BUSY);
    assert_int_equal(isys(CAP, r, L4_CAP_COPY, to, 0, 0xff, 0), L4_ERR_BUSY);
    assert_int_equal(split(r, 1, 12, to), L4_ERR_NO_MEMORY);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, r), L4_ERR_BUSY);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, to, 16, 0), L4_ERR_BUSY);
    assert_int_equal(isys(REGION, r, L4_REGION_INFO), L4_OK);
    assert_int_equal(reg(m.init, 3), L4_REGION_RAM | L4_REGION_ORIGINAL | L4_REGION_DONATED);
    assert_int_equal(slot_cap(space)->type, L4_TYPE_ASPACE);
}

static void mapped_memory_is_not_donated(void **state)
{
    l4_cap_t r = make_region(8);

    (void)state;
    assert_int_equal(map(r, 0x10000000, L4_MAP_READ | L4_MAP_WRITE), L4_OK);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, r), L4_ERR_BUSY);
    assert_int_equal(isys(ASPACE, r, L4_ASPACE_CREATE, slot_new(), 16, 0), L4_ERR_BUSY);
    assert_int_equal(split(r, 1, 12, slot_new()), L4_ERR_BUSY);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_UNMAP, r), L4_OK);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, r), L4_OK);
}

static void a_message_buffer_holds_its_page(void **state)
{
    l4_cap_t page = make_region(1);
    l4_cap_t t = make_thread_in(L4_ROOT_ASPACE, 0);

    (void)state;
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_BUFFER, page), L4_OK);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, page), L4_ERR_BUSY);
    assert_int_equal(split(page, 1, 12, slot_new()), L4_ERR_BUSY);
    assert_int_equal(isys(CAP, page, L4_CAP_REVOKE), L4_OK);
    assert_null(slot_thread(t)->buffer);
    assert_int_equal(isys(ASPACE, L4_ROOT_ASPACE, L4_ASPACE_DONATE, page), L4_OK);
}

static void buffers_are_one_page_of_writable_ram(void **state)
{
    l4_cap_t two = make_region(2);
    l4_cap_t one = make_region(1);
    l4_cap_t read = slot_new();
    l4_cap_t device = slot_new();
    l4_cap_t t = make_thread_in(L4_ROOT_ASPACE, 0);

    (void)state;
    assert_int_equal(share(one, 0, 1, read, L4_RIGHT_READ | L4_RIGHT_COPY), L4_OK);
    assert_int_equal(share(m.device, 1, 1, device, L4_RIGHT_ALL), L4_OK);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_BUFFER, two), L4_ERR_RANGE);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_BUFFER, read), L4_ERR_RIGHTS);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_BUFFER, device), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_BUFFER, t), L4_ERR_CAP);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_BUFFER, one), L4_OK);
    assert_int_equal(isys(THREAD, t, L4_THREAD_SET_BUFFER, 0), L4_OK);
    assert_null(slot_thread(t)->buffer);
}

static void only_the_dma_right_tells_the_address(void **state)
{
    l4_cap_t r = make_region(4);
    l4_cap_t blind = slot_new();

    (void)state;
    assert_int_equal(isys(REGION, r, L4_REGION_PHYS), L4_OK);
    assert_int_equal(reg(m.init, 1), slot_cap(r)->frame << 12);
    assert_int_equal(reg(m.init, 2), 0);
    assert_int_equal(share(r, 0, 4, blind, L4_RIGHT_ALL & ~L4_RIGHT_DMA), L4_OK);
    assert_int_equal(isys(REGION, blind, L4_REGION_PHYS), L4_ERR_RIGHTS);
}

static void cache_operations_cover_exactly_the_range(void **state)
{
    l4_cap_t r = make_region(4);

    (void)state;
    for (uint32_t op = 0; op < L4_CACHE_OP_COUNT; op++) {
        uint32_t bytes = 0;

        fake_log_clear();
        fake.preempt_every = 1;
        fake.preempt_at = fake.points + 1;
        assert_int_equal(isys(REGION, r, L4_REGION_CACHE, op, 100, 10001), L4_OK);
        fake.preempt_at = 0;
        for (uint32_t i = 0; i < fake.logged; i++) {
            if (fake.log[i].op == FAKE_CACHE) {
                assert_int_equal(fake.log[i].a, op);
                bytes += fake.log[i].b;
            }
        }
        assert_int_equal(bytes, 10001);
    }
}

static void cache_operations_check_their_range(void **state)
{
    l4_cap_t r = make_region(4);

    (void)state;
    assert_int_equal(isys(REGION, r, L4_REGION_CACHE, L4_CACHE_OP_COUNT, 0, 1), L4_ERR_INVALID);
    assert_int_equal(isys(REGION, r, L4_REGION_CACHE, 0, 16385, 0), L4_ERR_RANGE);
    assert_int_equal(isys(REGION, r, L4_REGION_CACHE, 0, 0, 16385), L4_ERR_RANGE);
    assert_int_equal(isys(REGION, r, L4_REGION_CACHE, 0, 16384, 0), L4_OK);
    assert_int_equal(isys(REGION, r, L4_REGION_CACHE, 0, 0xffffffff, 0xffffffff), L4_ERR_RANGE);
    assert_int_equal(isys(REGION, m.device, L4_REGION_CACHE, 0, 0, 1), L4_ERR_NOT_SUPPORTED);
}

/* A thread is preempted in the middle of a split; what others do to the region meanwhile must not
 * let it hand out memory that is not clear. */
static void a_preempted_split_trusts_no_stale_progress(void **state)
{
    struct waker w = make_waker(IRQ_DEVICE);
    l4_cap_t r = make_region(16);
    frame_t frame = slot_cap(r)->frame;
    l4_cap_t other = slot_new();
    l4_cap_t to = slot_new();
    struct thread *t = start_thread(PRIO_INIT - 1);
    const uint32_t call[8] = {r, L4_REGION_SPLIT, 16 << 12, 12, to};

    (void)state;
    assert_int_equal(wait_for(&w), BLOCKED);
    assert_ptr_equal(running(), t);
    fake.preempt_irq = IRQ_DEVICE;
    fake.preempt_at = fake.points + 8;
    assert_int_equal(machine_call(t, L4_SYS_REGION, call), RESTARTED);
    assert_ptr_equal(running(), m.init);
    m.restarts = 0;
    /* init takes the region whole, fills it and gives it up. */
    assert_int_equal(split(r, 16, 12, other), L4_OK);
    frames_fill(frame, 16, 0x77);
    assert_int_equal(isys(CAP, r, L4_CAP_REVOKE), L4_OK);
    assert_int_equal(wait_for(&w), BLOCKED);
    assert_int_equal(machine_call(t, L4_SYS_REGION, call), L4_OK);
    assert_true(frames_are_clear(frame, 16));
}

/* The guests' CPU interface shows the guest that ran last: no server may look at it. */
static void the_guests_interface_is_for_guests(void **state)
{
    l4_cap_t space = make_space(make_region(20), 16, L4_ASPACE_GUEST);
    l4_cap_t root = L4_CAP_NULL;
    l4_cap_t part = slot_new();
    l4_cap_t copy = slot_new();

    (void)state;
    for (uint32_t i = 0; i < m.info->region_count; i++) {
        root = m.info->region[i].kind == L4_ROOT_GICV ? m.info->region[i].cap : root;
    }
    assert_int_equal(share(root, 0, 1, part, L4_RIGHT_ALL), L4_OK);
    assert_int_equal(isys(CAP, part, L4_CAP_COPY, copy, 0, L4_RIGHT_ALL, 0), L4_OK);
    assert_int_equal(map(root, 0x20000000, L4_MAP_READ), L4_ERR_RIGHTS);
    assert_int_equal(map(part, 0x20000000, L4_MAP_READ), L4_ERR_RIGHTS);
    assert_int_equal(map(copy, 0x20000000, L4_MAP_READ | L4_MAP_WRITE), L4_ERR_RIGHTS);
    assert_int_equal(
        isys(ASPACE, space, L4_ASPACE_MAP, copy, 0x08010000, L4_MAP_READ | L4_MAP_WRITE), L4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(splits_are_aligned_disjoint_and_in_order),
        MACHINE_TEST(a_split_is_wiped_at_every_preemption),
        MACHINE_TEST(a_split_fits_or_fails),
        MACHINE_TEST(revoke_gives_split_memory_back),
        MACHINE_TEST(a_share_is_not_an_original),
        MACHINE_TEST(shares_stay_inside),
        MACHINE_TEST(the_guests_interface_is_for_guests),
        MACHINE_TEST(shared_memory_is_neither_split_nor_donated),
        MACHINE_TEST(split_memory_is_neither_shared_nor_mapped),
        MACHINE_TEST(donated_memory_cannot_be_reached),
        MACHINE_TEST(mapped_memory_is_not_donated),
        MACHINE_TEST(a_message_buffer_holds_its_page),
        MACHINE_TEST(buffers_are_one_page_of_writable_ram),
        MACHINE_TEST(only_the_dma_right_tells_the_address),
        MACHINE_TEST(cache_operations_cover_exactly_the_range),
        MACHINE_TEST(cache_operations_check_their_range),
        MACHINE_TEST(a_preempted_split_trusts_no_stale_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
