/*
 * Address spaces of a case: see space.h.
 */
#include "space.h"

#include <l4/cap.h>
#include <l4/memory.h>

#include "memory.h"
#include "test.h"

#define SPACES 64u

extern char _start[];
extern char __stack_bottom[];

struct space space_root = {.cap = L4_ROOT_ASPACE};

static struct space spaces[SPACES];
static uint32_t space_count, round_count;

void space_begin(void)
{
    space_count = 0;
}

void space_round_begin(void)
{
    round_count = space_count;
}

void space_round_end(void)
{
    space_count = round_count;
}

/* The image's segments in link order: text, constants, data; the stack stays private. */
static bool map_image(const struct space *space)
{
    static const uint32_t attr[] = {L4_MAP_READ | L4_MAP_EXEC, L4_MAP_READ,
                                    L4_MAP_READ | L4_MAP_WRITE};
    uint32_t va = (uint32_t)_start & ~(L4_PAGE_SIZE - 1);
    uint32_t segment = 0;

    for (uint32_t i = 0; i < test_root->region_count && segment < COUNT_OF(attr); i++) {
        const struct l4_root_region *const r = &test_root->region[i];

        if (r->kind == L4_ROOT_IMAGE) {
            if (space_map(space, r->cap, 0, (uint32_t)r->size, va, attr[segment]) == L4_CAP_NULL) {
                return false;
            }
            va += (uint32_t)r->size;
            segment++;
        }
    }
    return CHECK(va < (uint32_t)__stack_bottom);
}

struct space *space_create_bare(uint32_t pool_size, uint32_t slots, uint32_t flags)
{
    struct space *const space = &spaces[space_count];

    if (!CHECK(space_count < SPACES)) {
        return NULL;
    }
    space->pool = memory_ram(pool_size);
    space->cap = memory_slot();
    if (!CHECK_OK(l4_aspace_create(space->pool, space->cap, slots, flags))) {
        return NULL;
    }
    space_count++;
    return space;
}

struct space *space_create(uint32_t pool_size, uint32_t slots)
{
    struct space *const space = space_create_bare(pool_size, slots, 0);

    return space != NULL && map_image(space) ? space : NULL;
}

bool space_give(const struct space *space, l4_cap_t slot, l4_cap_t cap, uint32_t rights,
                uint32_t badge)
{
    return CHECK_OK(l4_cap_copy(cap, slot, space->cap, rights, badge));
}

l4_cap_t space_map(const struct space *space, l4_cap_t region, uint32_t offset, uint32_t size,
                   uint32_t address, uint32_t attr)
{
    const uint32_t rights = (attr & (L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC)) | L4_RIGHT_INFO;
    const l4_cap_t share = memory_share(region, offset, size, rights);

    return CHECK_OK(l4_aspace_map(space->cap, share, address, attr)) ? share : L4_CAP_NULL;
}

uint32_t space_pool_free(const struct space *space)
{
    struct l4_aspace_info info = {0};

    CHECK_OK(l4_aspace_info(space->cap, &info));
    return info.pool_free;
}
