/*
 * Slots, RAM and addresses of a case. The arena is one region split off the largest RAM range; its
 * revocation at the end of a case takes back everything at once, whatever the case left behind.
 */
#include "memory.h"

#include <l4/cap.h>
#include <l4/memory.h>

#include "space.h"
#include "test.h"
#include "worker.h"

#define ARENA_SIZE (64u << 20)
#define OWN_POOL (256u << 10)
#define FIRST_WINDOW 0x60000000u
#define SLOT_END 900u

static l4_cap_t arena;
static l4_cap_t first_slot, next_slot;
static uint32_t next_window;
static uint32_t pool_before;
static l4_cap_t round_part; /* RAM comes from here; 0: from the arena */
static l4_cap_t round_first;
static uint32_t round_window;

static uint32_t pool_free(void)
{
    struct l4_aspace_info info = {0};

    CHECK_OK(l4_aspace_info(L4_ROOT_ASPACE, &info));
    return info.pool_free;
}

static l4_cap_t largest_ram(void)
{
    const struct l4_root_region *best = NULL;

    for (uint32_t i = 0; i < test_root->region_count; i++) {
        const struct l4_root_region *const r = &test_root->region[i];

        if (r->kind == L4_ROOT_RAM && (best == NULL || r->size > best->size)) {
            best = r;
        }
    }
    return best != NULL ? best->cap : L4_CAP_NULL;
}

/* Touches each page of the slot table in use, so that its memory counts as taken before. */
static void fill_table(void)
{
    for (l4_cap_t slot = first_slot; slot < SLOT_END; slot += 16u) {
        if (l4_create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, slot, 0) == L4_OK) {
            CHECK_OK(l4_cap_delete(slot));
        }
    }
}

bool memory_start(void)
{
    const l4_cap_t ram = largest_ram();
    l4_cap_t slot = test_root->slot_first_free;

    if (!CHECK(ram != L4_CAP_NULL) || !CHECK_OK(l4_region_split(ram, OWN_POOL, 12, slot)) ||
        !CHECK_OK(l4_aspace_donate(L4_ROOT_ASPACE, slot)) ||
        !CHECK_OK(l4_region_split(ram, ARENA_SIZE, L4_BLOCK_SHIFT, slot + 1))) {
        return false;
    }
    arena = slot + 1;
    first_slot = slot + 2;
    fill_table();
    return true;
}

void memory_begin(void)
{
    next_slot = first_slot;
    next_window = FIRST_WINDOW;
    round_part = L4_CAP_NULL;
    pool_before = pool_free();
}

void memory_end(void)
{
    CHECK_OK(l4_cap_revoke(arena));
    for (l4_cap_t slot = next_slot; slot-- > first_slot;) {
        CHECK_OK(l4_cap_delete(slot));
    }
    CHECK_EQ(pool_free(), pool_before);
}

bool memory_round_begin(uint32_t size)
{
    if (round_part == L4_CAP_NULL) {
        const l4_cap_t part = memory_slot();

        if (!CHECK_OK(l4_region_split(arena, size, L4_PAGE_SHIFT, part))) {
            return false;
        }
        round_part = part;
    }
    round_first = next_slot;
    round_window = next_window;
    space_round_begin();
    worker_round_begin();
    return true;
}

void memory_round_end(void)
{
    CHECK_OK(l4_cap_revoke(round_part));
    for (l4_cap_t slot = next_slot; slot-- > round_first;) {
        CHECK_OK(l4_cap_delete(slot));
    }
    next_slot = round_first;
    next_window = round_window;
    space_round_end();
    worker_round_end();
}

l4_cap_t memory_slot(void)
{
    CHECK(next_slot < SLOT_END);
    return next_slot++;
}

l4_cap_t memory_ram_aligned(uint32_t size, uint32_t align_log2)
{
    const l4_cap_t slot = memory_slot();

    return CHECK_OK(l4_region_split(round_part != L4_CAP_NULL ? round_part : arena, size,
                                    align_log2, slot))
               ? slot
               : L4_CAP_NULL;
}

l4_cap_t memory_ram(uint32_t size)
{
    return memory_ram_aligned(size, L4_PAGE_SHIFT);
}

void *memory_mapped(uint32_t size, l4_cap_t *region)
{
    const uint32_t va = memory_window(size);

    *region = memory_ram(size);
    return CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, *region, va, L4_MAP_READ | L4_MAP_WRITE))
               ? (void *)va
               : NULL;
}

l4_cap_t memory_share(l4_cap_t region, uint32_t offset, uint32_t size, uint32_t rights)
{
    const l4_cap_t slot = memory_slot();

    return CHECK_OK(l4_region_share(region, offset, size, slot, rights)) ? slot : L4_CAP_NULL;
}

uint32_t memory_window(uint32_t size)
{
    const uint32_t align = size >= L4_BLOCK_SIZE ? L4_BLOCK_SIZE : L4_PAGE_SIZE;
    const uint32_t va = (next_window + align - 1) & ~(align - 1);

    next_window = va + ((size + L4_PAGE_SIZE - 1) & ~(L4_PAGE_SIZE - 1)) + L4_PAGE_SIZE;
    return va;
}

l4_cap_t memory_endpoint(void)
{
    const l4_cap_t slot = memory_slot();

    return CHECK_OK(l4_create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, slot, 0)) ? slot : L4_CAP_NULL;
}

l4_cap_t memory_arena(void)
{
    return arena;
}
