/*
 * REGION and ASPACE: every operation with good, bad and hostile arguments.
 */
#include <l4/cap.h>
#include <l4/memory.h>

#include "memory.h"
#include "space.h"
#include "test.h"

#define PAGE L4_PAGE_SIZE
#define RW (L4_MAP_READ | L4_MAP_WRITE)
#define VA 0x50000000u

static l4_cap_t root_region(uint32_t kind)
{
    for (uint32_t i = 0; i < test_root->region_count; i++) {
        if (test_root->region[i].kind == kind) {
            return test_root->region[i].cap;
        }
    }
    return L4_CAP_NULL;
}

static void info(void)
{
    const l4_cap_t ram = memory_ram(8 * PAGE);
    struct l4_region_info i;

    CHECK_EQ(l4_region_info(0, &i), L4_ERR_CAP);
    CHECK_EQ(l4_region_info(L4_ROOT_ASPACE, &i), L4_ERR_CAP);
    CHECK_OK(l4_region_info(ram, &i));
    CHECK_EQ(i.size, 8 * PAGE);
    CHECK_EQ(i.unsplit, 8 * PAGE);
    CHECK_EQ(i.flags, L4_REGION_RAM | L4_REGION_ORIGINAL);
    REQUIRE_OK(l4_region_split(ram, 2 * PAGE, 12, memory_slot()));
    CHECK_OK(l4_region_info(ram, &i));
    CHECK_EQ(i.unsplit, 6 * PAGE);
    CHECK_OK(l4_region_info(root_region(L4_ROOT_DEVICE), &i));
    CHECK_EQ(i.flags & (L4_REGION_RAM | L4_REGION_ORIGINAL), 0);
}

static void split_arguments(void)
{
    const l4_cap_t ram = memory_ram(8 * PAGE);
    const l4_cap_t share_of = memory_ram(4 * PAGE);
    const l4_cap_t share = memory_share(share_of, 0, 4 * PAGE, L4_RIGHT_ALL);
    const l4_cap_t slot = memory_slot();

    CHECK_EQ(l4_region_split(ram, PAGE, 11, slot), L4_ERR_INVALID);
    CHECK_EQ(l4_region_split(ram, PAGE, 31, slot), L4_ERR_INVALID);
    CHECK_EQ(l4_region_split(ram, PAGE, 0xffffffff, slot), L4_ERR_INVALID);
    CHECK_EQ(l4_region_split(ram, PAGE + 1, 12, slot), L4_ERR_ALIGN);
    CHECK(l4_region_split(ram, 0, 12, slot) != L4_OK);
    CHECK_EQ(l4_region_split(ram, 9 * PAGE, 12, slot), L4_ERR_NO_MEMORY);
    CHECK_EQ(l4_region_split(ram, 0xfffff000u, 12, slot), L4_ERR_NO_MEMORY);
    CHECK_EQ(l4_region_split(ram, PAGE, 30, slot), L4_ERR_NO_MEMORY);
    CHECK_EQ(l4_region_split(ram, PAGE, 12, 0), L4_ERR_SLOT);
    CHECK_EQ(l4_region_split(ram, PAGE, 12, ram), L4_ERR_SLOT);
    CHECK_EQ(l4_region_split(share, PAGE, 12, slot), L4_ERR_RIGHTS);
    CHECK_EQ(l4_region_split(share_of, PAGE, 12, slot), L4_ERR_BUSY);
    CHECK_EQ(l4_region_split(root_region(L4_ROOT_DEVICE), PAGE, 12, slot), L4_ERR_RIGHTS);
    CHECK_OK(l4_region_split(ram, 8 * PAGE, 12, slot));
    CHECK_EQ(l4_region_split(ram, PAGE, 12, memory_slot()), L4_ERR_NO_MEMORY);
    CHECK_OK(l4_cap_revoke(ram));
    CHECK_OK(l4_region_split(ram, PAGE, 12, slot));
}

static void split_aligns(void)
{
    const l4_cap_t ram = memory_ram_aligned(4 << 20, 22);
    const l4_cap_t first = memory_slot();
    const l4_cap_t second = memory_slot();
    uint64_t base = 0;
    uint64_t address = 0;

    REQUIRE_OK(l4_region_phys(ram, &base));
    CHECK_EQ(base & 0x3fffff, 0);
    REQUIRE_OK(l4_region_split(ram, PAGE, 12, first));
    REQUIRE_OK(l4_region_split(ram, 4 * PAGE, 21, second));
    CHECK_OK(l4_region_phys(first, &address));
    CHECK_EQ(address, base);
    CHECK_OK(l4_region_phys(second, &address));
    CHECK_EQ(address, base + (2 << 20));
}

static void split_of_mapped(void)
{
    l4_cap_t ram;

    REQUIRE(memory_mapped(4 * PAGE, &ram) != NULL);
    CHECK_EQ(l4_region_split(ram, PAGE, 12, memory_slot()), L4_ERR_BUSY);
    CHECK_OK(l4_aspace_unmap(L4_ROOT_ASPACE, ram));
    CHECK_OK(l4_region_split(ram, PAGE, 12, memory_slot()));
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, RW), L4_ERR_BUSY);
}

static void share_arguments(void)
{
    const l4_cap_t ram = memory_ram(8 * PAGE);
    const l4_cap_t slot = memory_slot();
    struct l4_cap_info i;

    CHECK_EQ(l4_region_share(ram, 1, PAGE, slot, L4_RIGHT_ALL), L4_ERR_ALIGN);
    CHECK_EQ(l4_region_share(ram, 0, PAGE - 1, slot, L4_RIGHT_ALL), L4_ERR_ALIGN);
    CHECK_EQ(l4_region_share(ram, 0, 0, slot, L4_RIGHT_ALL), L4_ERR_RANGE);
    CHECK_EQ(l4_region_share(ram, 0, 9 * PAGE, slot, L4_RIGHT_ALL), L4_ERR_RANGE);
    CHECK_EQ(l4_region_share(ram, 8 * PAGE, PAGE, slot, L4_RIGHT_ALL), L4_ERR_RANGE);
    CHECK_EQ(l4_region_share(ram, 0xfffff000u, 2 * PAGE, slot, L4_RIGHT_ALL), L4_ERR_RANGE);
    CHECK_EQ(l4_region_share(ram, PAGE, 0xfffff000u, slot, L4_RIGHT_ALL), L4_ERR_RANGE);
    CHECK_EQ(l4_region_share(ram, 0, PAGE, 0, L4_RIGHT_ALL), L4_ERR_SLOT);
    REQUIRE_OK(l4_region_share(ram, PAGE, PAGE, slot, L4_RIGHT_READ | L4_RIGHT_INFO));
    CHECK_OK(l4_cap_info(slot, &i));
    CHECK_EQ(i.rights, L4_RIGHT_READ | L4_RIGHT_INFO);
    CHECK_EQ(l4_region_share(slot, 0, PAGE, memory_slot(), L4_RIGHT_ALL), L4_ERR_RIGHTS);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, slot, VA, RW), L4_ERR_RIGHTS);
    CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, slot, VA, L4_MAP_READ));
}

static void share_after_split(void)
{
    const l4_cap_t ram = memory_ram(8 * PAGE);

    REQUIRE_OK(l4_region_split(ram, PAGE, 12, memory_slot()));
    CHECK_EQ(l4_region_share(ram, 0, PAGE, memory_slot(), L4_RIGHT_ALL), L4_ERR_BUSY);
    CHECK_EQ(l4_region_share(ram, 4 * PAGE, PAGE, memory_slot(), L4_RIGHT_ALL), L4_ERR_BUSY);
}

static void cache_arguments(void)
{
    const l4_cap_t ram = memory_ram(4 * PAGE);
    const l4_cap_t device = root_region(L4_ROOT_DEVICE);

    for (uint32_t op = 0; op < L4_CACHE_OP_COUNT; op++) {
        CHECK_OK(l4_region_cache(ram, op, 0, 4 * PAGE));
        CHECK_OK(l4_region_cache(ram, op, 3, 77));
        CHECK_OK(l4_region_cache(ram, op, 4 * PAGE, 0));
        CHECK_EQ(l4_region_cache(ram, op, 0, 4 * PAGE + 1), L4_ERR_RANGE);
        CHECK_EQ(l4_region_cache(ram, op, 4 * PAGE + 1, 0), L4_ERR_RANGE);
        CHECK_EQ(l4_region_cache(ram, op, 0xffffffff, 2), L4_ERR_RANGE);
        CHECK_EQ(l4_region_cache(ram, op, 8, 0xfffffff8), L4_ERR_RANGE);
        CHECK_EQ(l4_region_cache(device, op, 0, PAGE), L4_ERR_NOT_SUPPORTED);
    }
    CHECK_EQ(l4_region_cache(ram, L4_CACHE_OP_COUNT, 0, PAGE), L4_ERR_INVALID);
    CHECK_EQ(l4_sys_region_in6(ram, L4_REGION_CACHE, 0xffffffff, 0, PAGE, 0), L4_ERR_INVALID);
}

static void phys_needs_dma(void)
{
    const l4_cap_t ram = memory_ram(PAGE);
    const l4_cap_t no_dma = memory_share(ram, 0, PAGE, L4_RIGHT_ALL & ~L4_RIGHT_DMA);
    uint64_t address = 0;

    CHECK_OK(l4_region_phys(ram, &address));
    CHECK(address >= 0x40000000u);
    CHECK_EQ(l4_region_phys(no_dma, &address), L4_ERR_RIGHTS);
    CHECK_OK(l4_region_phys(test_root->region[0].cap, &address));
    CHECK_EQ(address, test_root->region[0].base);
}

static void aspace_create_arguments(void)
{
    const l4_cap_t ram = memory_ram(8 * PAGE);
    const l4_cap_t small = memory_ram(PAGE);
    const l4_cap_t shared = memory_ram(8 * PAGE);
    const l4_cap_t share = memory_share(shared, 0, 8 * PAGE, L4_RIGHT_ALL);
    const l4_cap_t slot = memory_slot();
    l4_cap_t mapped;

    REQUIRE(memory_mapped(8 * PAGE, &mapped) != NULL);
    CHECK_EQ(l4_aspace_create(0, slot, 16, 0), L4_ERR_CAP);
    CHECK_EQ(l4_aspace_create(L4_ROOT_ASPACE, slot, 16, 0), L4_ERR_CAP);
    CHECK_EQ(l4_aspace_create(small, slot, 16, 0), L4_ERR_NO_MEMORY);
    CHECK_EQ(l4_aspace_create(share, slot, 16, 0), L4_ERR_RIGHTS);
    CHECK_EQ(l4_aspace_create(shared, slot, 16, 0), L4_ERR_BUSY);
    CHECK_EQ(l4_aspace_create(mapped, slot, 16, 0), L4_ERR_BUSY);
    CHECK_EQ(l4_aspace_create(root_region(L4_ROOT_DEVICE), slot, 16, 0), L4_ERR_RIGHTS);
    CHECK_EQ(l4_aspace_create(ram, slot, 0, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_aspace_create(ram, slot, 2049, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_aspace_create(ram, slot, 0xffffffff, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_aspace_create(ram, slot, 16, 2), L4_ERR_INVALID);
    CHECK_EQ(l4_aspace_create(ram, 0, 16, 0), L4_ERR_SLOT);
    CHECK_EQ(l4_aspace_create(ram, ram, 16, 0), L4_ERR_SLOT);
    CHECK_OK(l4_aspace_create(ram, slot, 16, 0));
    CHECK_EQ(l4_aspace_create(ram, memory_slot(), 16, 0), L4_ERR_BUSY);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, RW), L4_ERR_BUSY);
    CHECK_EQ(l4_region_share(ram, 0, PAGE, memory_slot(), L4_RIGHT_ALL), L4_ERR_BUSY);
}

static void donate(void)
{
    struct space *const space = space_create_bare(SPACE_POOL, SPACE_SLOTS, 0);
    struct l4_aspace_info before;
    struct l4_aspace_info after;
    l4_status_t status = L4_OK;
    uint32_t n = 0;

    REQUIRE(space != NULL);
    REQUIRE_OK(l4_aspace_info(space->cap, &before));
    CHECK_EQ(before.slots, SPACE_SLOTS);
    CHECK_EQ(before.pool_size, SPACE_POOL);
    CHECK_EQ(l4_aspace_donate(space->cap, space->pool), L4_ERR_BUSY);
    CHECK_EQ(l4_aspace_donate(space->cap, 0), L4_ERR_CAP);
    CHECK_EQ(l4_aspace_donate(space->cap, root_region(L4_ROOT_DEVICE)), L4_ERR_RIGHTS);
    while (status == L4_OK && n < 20) {
        status = l4_aspace_donate(space->cap, memory_ram(2 * PAGE));
        n += status == L4_OK;
    }
    CHECK_EQ(status, L4_ERR_BUSY);
    CHECK(n >= 4);
    REQUIRE_OK(l4_aspace_info(space->cap, &after));
    CHECK_EQ(after.pool_size, before.pool_size + n * 2 * PAGE);
    CHECK_EQ(after.pool_free, before.pool_free + n * 2 * PAGE);
}

static void map_arguments(void)
{
    const l4_cap_t ram = memory_ram(2 * PAGE);
    const l4_cap_t weak = memory_slot();

    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, 0, VA, RW), L4_ERR_CAP);
    CHECK_EQ(l4_aspace_map(ram, ram, VA, RW), L4_ERR_CAP);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA + 4, RW), L4_ERR_ALIGN);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, 0, RW), L4_ERR_RANGE);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, L4_USER_MIN - PAGE, RW), L4_ERR_RANGE);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, L4_USER_MAX - PAGE, RW), L4_ERR_RANGE);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, 0xfffff000u, RW), L4_ERR_RANGE);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, 0), L4_ERR_INVALID);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, L4_MAP_WRITE), L4_ERR_INVALID);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, RW | 0x100u), L4_ERR_INVALID);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, 0xffffffffu), L4_ERR_INVALID);
    REQUIRE_OK(l4_cap_copy(L4_ROOT_ASPACE, weak, 0, L4_RIGHT_INFO, 0));
    CHECK_EQ(l4_aspace_map(weak, ram, VA, RW), L4_ERR_RIGHTS);
    CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, RW));
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA, RW), L4_ERR_EXISTS);
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, ram, VA + 0x100000, RW), L4_ERR_EXISTS);
}

static void map_over_another(void)
{
    const l4_cap_t first = memory_ram(PAGE);
    const l4_cap_t wide = memory_ram(4 * PAGE);
    struct l4_region_info i;

    REQUIRE_OK(l4_aspace_map(L4_ROOT_ASPACE, first, VA + 2 * PAGE, RW));
    *(volatile uint32_t *)(VA + 2 * PAGE) = 0x600d;
    CHECK_EQ(l4_aspace_map(L4_ROOT_ASPACE, wide, VA, RW), L4_ERR_EXISTS);
    CHECK_EQ(*(volatile uint32_t *)(VA + 2 * PAGE), 0x600d);
    /* Nothing of the refused one stays. */
    CHECK_OK(l4_region_info(wide, &i));
    CHECK_EQ(i.flags & L4_REGION_MAPPED, 0);
    CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, wide, VA + 0x100000, RW));
    CHECK_EQ(*(volatile uint32_t *)(VA + 0x100000), 0);
}

static void unmap_arguments(void)
{
    struct space *const space = space_create_bare(SPACE_POOL, SPACE_SLOTS, 0);
    const l4_cap_t ram = memory_ram(PAGE);

    REQUIRE(space != NULL);
    CHECK_EQ(l4_aspace_unmap(L4_ROOT_ASPACE, ram), L4_ERR_NOT_FOUND);
    CHECK_EQ(l4_aspace_unmap(L4_ROOT_ASPACE, 0), L4_ERR_CAP);
    REQUIRE_OK(l4_aspace_map(space->cap, ram, VA, RW));
    CHECK_EQ(l4_aspace_unmap(L4_ROOT_ASPACE, ram), L4_ERR_NOT_FOUND);
    CHECK_OK(l4_aspace_unmap(space->cap, ram));
    CHECK_EQ(l4_aspace_unmap(space->cap, ram), L4_ERR_NOT_FOUND);
}

static const struct test_case cases[] = {
    {"region info", info},
    {"split refuses bad arguments", split_arguments},
    {"split aligns as asked", split_aligns},
    {"a mapped region is not split, a split one not mapped", split_of_mapped},
    {"share refuses bad arguments and masks rights", share_arguments},
    {"a split region is not shared", share_after_split},
    {"cache operations check their range", cache_arguments},
    {"the physical address needs the DMA right", phys_needs_dma},
    {"an address space needs free original RAM", aspace_create_arguments},
    {"donations enlarge the pool", donate},
    {"map refuses bad arguments", map_arguments},
    {"a mapping over another is refused whole", map_over_another},
    {"unmap needs the mapping", unmap_arguments},
};

TEST_SUITE("regions", cases);
