/*
 * The device manager's start: its memory, the board's devices, its clients; and init's own requests
 * to it, all bounded in time, so that a hung devmgr cannot hang init.
 */
#include <stdio.h>
#include <string.h>

#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/system.h>

#include "init.h"

#define DEVMGR_IMAGE "devmgr"
#define POOL_SIZE (40u << 10)
#define SLOTS 128u
#define REQUEST_US 2000000u

l4_status_t devmgr_request(uint32_t label, uint32_t word)
{
    struct l4_msg msg = l4_msg(label, word, 0, 0, 0);
    const l4_status_t status = l4_call(init.devmgr.endpoint, &msg, REQUEST_US);
    return status != L4_OK ? status : (l4_status_t)msg.w[0];
}

l4_status_t devmgr_give(struct process *client, uint32_t badge)
{
    return l4_cap_copy(init.devmgr.endpoint, L4_START_DEVMGR, client->aspace,
                       L4_RIGHT_SEND | L4_RIGHT_SIGNAL | L4_RIGHT_GRANT | L4_RIGHT_INFO, badge);
}

/* Lines go through devmgr, which writes them between its clients' lines; past it when it hangs. */
static void log_line(void *context, const char *line, size_t length)
{
    (void)context;
    memcpy(l4_msgbuf()->word, line, length);
    struct l4_msg msg = l4_msg(DEVMGR_LOG, length, 0, 0, 0);
    msg.tag |= (length + 3u) / 4u;
    if (l4_call(init.devmgr.endpoint, &msg, REQUEST_US) != L4_OK) {
        l4_log_kernel_line(L4_ROOT_SYSTEM, "init", line, length);
    }
}

/* A share of `region` becomes the process's. */
static l4_status_t give_share(l4_cap_t region, uint32_t size, uint32_t rights, l4_cap_t *slot)
{
    const l4_cap_t share = init_slot();
    const l4_status_t status = l4_region_share(region, 0, size, share, rights);
    return status != L4_OK ? status : process_give(&init.devmgr, share, slot);
}

static l4_status_t give_devices(struct l4_start_devmgr *start)
{
    for (uint32_t i = 0; i < init.root->region_count; i++) {
        const struct l4_root_region *const region = &init.root->region[i];
        if (region->kind != L4_ROOT_DEVICE || start->device_count == L4_START_DEVICES) {
            continue;
        }
        struct l4_start_device *const device = &start->device[start->device_count];
        const l4_cap_t copy = init_slot();
        l4_status_t status =
            l4_cap_copy(region->cap, copy, L4_ASPACE_SELF,
                        L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_COPY | L4_RIGHT_INFO, 0);
        if (status == L4_OK) {
            status = process_give(&init.devmgr, copy, &device->region);
        }
        if (status != L4_OK) {
            return status;
        }
        device->base = region->base;
        device->size = region->size;
        start->device_count++;
    }
    return L4_OK;
}

static void list_clients(struct l4_start_devmgr *start)
{
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct l4_start_client *const client = &start->client[start->client_count++];
        (void)snprintf(client->name, sizeof client->name, "%s", init.config.domain[i].name);
        client->badge = L4_BADGE_CLIENT_FIRST + i;
    }
}

static l4_status_t fill_start_page(l4_cap_t arena)
{
    struct l4_start_devmgr *const start = &init.devmgr.start->devmgr;
    const l4_cap_t system = init_slot();
    const l4_cap_t pages = init_slot();
    const uint32_t dtb_pages = (init.root->dtb_size + L4_PAGE_SIZE - 1) & ~(L4_PAGE_SIZE - 1);
    l4_status_t status =
        l4_cap_copy(L4_ROOT_SYSTEM, system, L4_ASPACE_SELF, L4_RIGHT_CONTROL | L4_RIGHT_INFO, 0);
    if (status == L4_OK) {
        status = process_give(&init.devmgr, system, &start->system);
    }
    if (status == L4_OK) {
        status = l4_region_split(arena, init.config.count * L4_PAGE_SIZE, L4_PAGE_SHIFT, pages);
    }
    if (status == L4_OK) {
        status = process_give(&init.devmgr, pages, &start->pages);
    }
    if (status == L4_OK) {
        status = give_share(init.dtb_region, dtb_pages, L4_RIGHT_READ | L4_RIGHT_INFO, &start->dtb);
    }
    start->dtb_size = init.root->dtb_size;
    start->page_count = init.config.count;
    list_clients(start);
    return status != L4_OK ? status : give_devices(start);
}

static uint64_t wall_clock_epoch(void)
{
    struct l4_msg msg = l4_msg(DEVMGR_WALL_CLOCK, 0, 0, 0, 0);
    if (l4_call(init.devmgr.endpoint, &msg, REQUEST_US) != L4_OK ||
        (l4_status_t)msg.w[0] != L4_OK) {
        return 0;
    }
    const uint64_t now = msg.w[1] | (uint64_t)msg.w[2] << 32;
    return now - l4_system_clock().ns / 1000000000u;
}

void devmgr_start(void)
{
    l4_cap_t arena = L4_CAP_NULL;
    const uint32_t size = POOL_SIZE + process_size(DEVMGR_IMAGE) + init.config.count * L4_PAGE_SIZE;
    l4_status_t status = memory_take(size, L4_PAGE_SHIFT, &arena);
    if (status == L4_OK) {
        const struct process_spec spec = {.image = DEVMGR_IMAGE,
                                          .arena = arena,
                                          .pool_size = POOL_SIZE,
                                          .slots = SLOTS,
                                          .badge = L4_BADGE_DEVMGR,
                                          .priority = DEVMGR_PRIORITY,
                                          .kind = L4_START_KIND_DEVMGR};
        status = process_create(&init.devmgr, &spec);
    }
    if (status == L4_OK) {
        status = fill_start_page(arena);
    }
    if (status == L4_OK) {
        status = process_seal(&init.devmgr);
    }
    if (status == L4_OK) {
        status = process_run(&init.devmgr);
    }
    if (status != L4_OK) {
        init_fail("devmgr", "cannot be started", status, "report this");
    }
    init.devmgr_runs = true;
    l4_log_set_sink(log_line, NULL);
    init.wall_clock_epoch = wall_clock_epoch();
}
