/*
 * Guests of a case: see guest.h.
 */
#include "guest.h"

#include <string.h>

#include <l4/cap.h>
#include <l4/memory.h>
#include <l4/thread.h>

#include "memory.h"
#include "test.h"

#define EXIT_US 1000000u
#define POLL_US 20u
#define RWX (L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC)

static bool map_gicv(const struct guest *g)
{
    for (uint32_t i = 0; i < test_root->region_count; i++) {
        const struct l4_root_region *const r = &test_root->region[i];

        if (r->kind == L4_ROOT_GICV) {
            return space_map(g->space, r->cap, 0, (uint32_t)r->size, GUEST_GICV,
                             L4_MAP_READ | L4_MAP_WRITE) != L4_CAP_NULL;
        }
    }
    return CHECK(false);
}

bool guest_create(struct guest *g, const uint32_t *begin, const uint32_t *end)
{
    return guest_create_flags(g, begin, end, 0);
}

bool guest_create_flags(struct guest *g, const uint32_t *begin, const uint32_t *end, uint32_t flags)
{
    *g = (struct guest){0};
    g->space = space_create_bare(SPACE_POOL, SPACE_SLOTS, L4_ASPACE_GUEST);
    g->ram = memory_mapped(GUEST_RAM_SIZE, &g->ram_region);
    if (g->space == NULL || g->ram == NULL) {
        return false;
    }
    g->vcpu = memory_slot();
    g->reply = memory_slot();
    g->endpoint = memory_endpoint();
    g->parameter = &g->ram[GUEST_PARAMETERS / 4u];
    memcpy(g->ram, begin, (size_t)((const char *)end - (const char *)begin));
    return CHECK_OK(l4_region_cache(g->ram_region, L4_CACHE_SYNC_CODE, 0, GUEST_RAM_SIZE)) &&
           space_map(g->space, g->ram_region, 0, GUEST_RAM_SIZE, GUEST_RAM, RWX) != L4_CAP_NULL &&
           map_gicv(g) &&
           CHECK_OK(l4_create(g->space->cap, L4_TYPE_THREAD, g->vcpu, L4_THREAD_GUEST | flags)) &&
           CHECK_OK(l4_thread_set_sched(g->vcpu, GUEST_PRIORITY, GUEST_PRIORITY, 0, 0)) &&
           CHECK_OK(l4_thread_set_fault(g->vcpu, g->endpoint));
}

bool guest_start(struct guest *g)
{
    return CHECK_OK(l4_thread_start(g->vcpu, GUEST_RAM, 0, 0, 0));
}

l4_status_t guest_wait(struct guest *g, uint32_t us)
{
    const l4_status_t status = l4_recv(g->endpoint, &g->exit, us);

    if (status == L4_OK) {
        CHECK(l4_tag_is_kernel(g->exit.tag));
        CHECK_OK(l4_cap_save_reply(g->reply));
    }
    return status;
}

bool guest_expect(struct guest *g, uint32_t label)
{
    if (!CHECK_OK(guest_wait(g, EXIT_US))) {
        return false;
    }
    if (!CHECK_EQ(l4_tag_label(g->exit.tag), label)) {
        test_print("# exit %lu: %08lx %08lx %08lx %08lx", (unsigned long)l4_tag_label(g->exit.tag),
                   (unsigned long)g->exit.w[0], (unsigned long)g->exit.w[1],
                   (unsigned long)g->exit.w[2], (unsigned long)g->exit.w[3]);
        return false;
    }
    return true;
}

bool guest_answer(struct guest *g, uint32_t actions, uint32_t w0, uint32_t w1, uint32_t w2,
                  uint32_t w3)
{
    const struct l4_msg msg = l4_msg(actions, w0, w1, w2, w3);

    return CHECK_OK(l4_send(g->reply, &msg, 0));
}

bool guest_resume(struct guest *g)
{
    return guest_answer(g, 0, 0, 0, 0, 0);
}

enum l4_thread_state guest_state(const struct guest *g)
{
    struct l4_thread_info info = {0};

    CHECK_OK(l4_thread_get_info(g->vcpu, &info));
    return info.state;
}

bool guest_wait_state(const struct guest *g, enum l4_thread_state state, uint32_t us)
{
    const uint32_t start = test_us();

    while (guest_state(g) != state && test_us() - start < us) {
        test_sleep(POLL_US);
    }
    return CHECK_EQ(guest_state(g), state);
}
