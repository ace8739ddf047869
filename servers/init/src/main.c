/*
 * init: from the kernel's hand-over to the supervision of what it has started.
 */
#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/system.h>
#include <l4/thread.h>

#include "init.h"

#define FAILURE 1u

struct init init;

_Noreturn void init_end(uint32_t exit_status)
{
    log_end();
    const l4_status_t status = service_request(&init.devmgr, DEVMGR_FLUSH, 0);
    (void)status; /* the machine ends either way */
    (void)l4_system_exit(L4_ROOT_SYSTEM, exit_status);
    l4_exit((int)exit_status);
}

_Noreturn void init_fail(const char *subject, const char *what, l4_status_t status,
                         const char *remedy)
{
    if (status != L4_OK) {
        l4_log("ERROR: %s: %s (%s); %s", subject, what, l4_status_text(status), remedy);
    } else {
        l4_log("ERROR: %s: %s; %s", subject, what, remedy);
    }
    init_end(FAILURE);
}

l4_cap_t init_slot(void)
{
    l4_cap_t slot = L4_CAP_NULL;
    if (l4_slots_take(&init.slots, &slot) != L4_OK) {
        init_fail("init", "its capability table is full", L4_OK, "configure fewer domains");
    }
    return slot;
}

void init_slots_rollback(const struct l4_slots *mark)
{
    for (uint32_t i = 0; i < init.slots.count; i++) {
        if (l4_bitmap_test(init.slots.taken, i) && !l4_bitmap_test(mark->taken, i)) {
            const l4_status_t status = l4_cap_delete(init.slots.first + i);
            (void)status; /* empty: the memory behind it has been revoked */
            l4_slots_give(&init.slots, init.slots.first + i);
        }
    }
}

uint64_t init_now_ns(void)
{
    return l4_system_clock().ns;
}

static void find_regions(void)
{
    for (uint32_t i = 0; i < init.root->region_count; i++) {
        const struct l4_root_region *const region = &init.root->region[i];
        if (region->kind == L4_ROOT_FIT) {
            init.fit_region = region->cap;
        } else if (region->kind == L4_ROOT_DTB) {
            init.dtb_region = region->cap;
        }
    }
}

static void set_up(const struct l4_rootinfo *root)
{
    init.root = root;
    log_to_uart();
    if (root->magic != L4_BOOTINFO_MAGIC || root->version != L4_BOOTINFO_VERSION) {
        init_fail("init", "the kernel's start page has another version", L4_OK,
                  "build kernel and init together");
    }
    l4_slots_init(&init.slots, root->slot_first_free, root->slot_count);
    find_regions();
    init.endpoint = init_slot();
    l4_status_t status =
        l4_create(L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, init.endpoint, L4_THREAD_NATIVE);
    if (status == L4_OK) {
        status = l4_thread_set_sched(L4_ROOT_THREAD, INIT_PRIORITY, L4_PRIORITIES - 1, 0, 0);
    }
    if (status != L4_OK) {
        init_fail("init", "cannot set itself up", status, "report this");
    }
}

int l4_main(const void *arg)
{
    set_up(arg);
    package_open();
    domains_reserve();
    devmgr_start();
    if (net_wanted()) {
        net_start();
    }
    domains_start();
    supervise();
}
