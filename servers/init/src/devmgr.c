/*
 * The device manager: its memory, the board's devices, its clients; its restart.
 *
 * A device may still write to what the last devmgr had given it. So the next one is built in other
 * memory, and the old is used again only when INIT_DEVICES_QUIET has been heard.
 */
#include <stdio.h>
#include <string.h>

#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/system.h>

#include "init.h"

#define DEVMGR_IMAGE "devmgr"
#define POOL_SIZE (96u << 10)
#define QUIET_US 5000000u /* from the start to INIT_DEVICES_QUIET */

static uint64_t looked_ns;          /* at its start, last */
static struct l4_start_devmgr plan; /* what the start page says but for capabilities */

static void make_plan(void)
{
    const struct config *const config = &init.config;
    for (uint32_t i = 0; i < config->count; i++) {
        struct l4_start_client *const client = &plan.client[plan.client_count++];
        const uint32_t flags = config->domain[i].flags;
        (void)snprintf(client->name, sizeof client->name, "%s", config->domain[i].name);
        client->badge = config_badge(i);
        client->flags = ((flags & L4_VMM_CONSOLE) != 0 ? L4_CLIENT_CONSOLE : 0) |
                        ((flags & L4_VMM_ENTROPY) != 0 ? L4_CLIENT_ENTROPY : 0);
    }
    plan.disk_count = config->disk_count;
    plan.grant_count = config->grant_count;
    plan.nic_count = config->nic_count;
    memcpy(plan.disk, config->disk, sizeof plan.disk);
    memcpy(plan.grant, config->grant, sizeof plan.grant);
    memcpy(plan.nic, config->nic, sizeof plan.nic);
    plan.dtb_size = init.root->dtb_size;
    plan.page_count = l4_devmgr_pages(&plan);
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
            status = process_give(&init.devmgr.process, copy, &device->region);
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

static l4_status_t fill_start_page(l4_cap_t arena)
{
    struct process *const process = &init.devmgr.process;
    struct l4_start_devmgr *const start = &process->start->devmgr;
    const l4_cap_t system = init_slot();
    const uint32_t dtb_pages = (init.root->dtb_size + L4_PAGE_SIZE - 1) & ~(L4_PAGE_SIZE - 1);
    memcpy(start, &plan, sizeof *start);
    l4_status_t status =
        l4_cap_copy(L4_ROOT_SYSTEM, system, L4_ASPACE_SELF, L4_RIGHT_CONTROL | L4_RIGHT_INFO, 0);
    if (status == L4_OK) {
        status = process_give(process, system, &start->system);
    }
    if (status == L4_OK) {
        status = process_give_split(process, arena, plan.page_count * L4_PAGE_SIZE, &start->pages);
    }
    if (status == L4_OK) {
        status =
            process_give_share(process, init.dtb_region, dtb_pages, L4_RIGHT_READ, &start->dtb);
    }
    return status != L4_OK ? status : give_devices(start);
}

/* In the arena whose turn it is. */
static l4_status_t build(void)
{
    struct service *const devmgr = &init.devmgr;
    l4_status_t status = L4_OK;
    if (devmgr->arena[devmgr->which] == L4_CAP_NULL) {
        status = memory_take(devmgr->size, L4_PAGE_SHIFT, &devmgr->arena[devmgr->which]);
    }
    const l4_cap_t arena = devmgr->arena[devmgr->which];
    const struct process_spec spec = {.image = DEVMGR_IMAGE,
                                      .arena = arena,
                                      .pool_size = POOL_SIZE,
                                      .slots = L4_DEVMGR_SLOTS,
                                      .badge = L4_BADGE_DEVMGR,
                                      .priority = DEVMGR_PRIORITY,
                                      .kind = L4_START_KIND_DEVMGR};
    if (status == L4_OK) {
        status = process_create(&devmgr->process, &spec);
    }
    if (status == L4_OK) {
        status = fill_start_page(arena);
    }
    if (status == L4_OK) {
        status = process_seal(&devmgr->process);
    }
    init.devices_quiet = false;
    looked_ns = init_now_ns();
    init.quiet_deadline = looked_ns + (uint64_t)QUIET_US * NS_PER_US;
    return status != L4_OK ? status : process_run(&devmgr->process);
}

static uint64_t wall_clock_epoch(void)
{
    struct l4_msg msg = l4_msg(DEVMGR_WALL_CLOCK, 0, 0, 0, 0);
    if (service_call(&init.devmgr, &msg) != L4_OK) {
        return 0;
    }
    const uint64_t now = msg.w[1] | (uint64_t)msg.w[2] << 32;
    return now - init_now_ns() / 1000000000u;
}

/* Nobody else runs yet: what comes is devmgr's. */
static void wait_until_quiet(void)
{
    struct l4_msg msg;
    const l4_status_t status = l4_recv(init.endpoint, &msg, QUIET_US);
    if (status != L4_OK || l4_tag_is_kernel(msg.tag)) {
        init_fail("devmgr", status == L4_OK ? "died while it started" : "does not start", status,
                  "see its own messages");
    }
    init.devices_quiet = true;
}

static void connect(void)
{
    init.devmgr.runs = true;
    log_to_devmgr();
    control_open();
}

void devmgr_start(void)
{
    make_plan();
    init.devmgr.size = POOL_SIZE + process_size(DEVMGR_IMAGE) + plan.page_count * L4_PAGE_SIZE;
    const l4_status_t status = build();
    if (status != L4_OK) {
        init_fail("devmgr", "cannot be started", status, "report this");
    }
    wait_until_quiet();
    connect();
    init.wall_clock_epoch = wall_clock_epoch();
}

void devmgr_restart(void)
{
    log_to_uart();
    control_close();
    if (!limit_allows(&init.devmgr.limit, init_now_ns())) {
        init.devmgr.runs = false;
        init_fail("devmgr", "has died too often", L4_OK, "see the messages above");
    }
    for (uint32_t i = 0; i < init.config.count; i++) {
        init.domain[i].vmm.reopening = domain_lives(&init.domain[i]);
    }
    init.net.process.reopening = init.net.runs && init.config.nic_count != 0;
    service_end(&init.devmgr);
    if (init.devices_quiet) { /* else it has not used its own memory for devices */
        init.devmgr.which ^= 1u;
    }
    const l4_status_t status = build();
    if (status != L4_OK) {
        init_fail("devmgr", "cannot be started again", status, "give some domain less memory");
    }
    l4_log("devmgr is started again");
}

static void reconnect(struct domain *domain)
{
    l4_status_t status =
        service_give(&init.devmgr, &domain->vmm, L4_START_DEVMGR, domain_badge(domain));
    if (status == L4_OK) {
        status = devmgr_give_ram(domain);
    }
    if (status != L4_OK) {
        domain_failed(domain, "it cannot reach the new devmgr");
        return;
    }
    mailbox_reopen(domain, L4_VM_DEVMGR);
}

void devmgr_ready(void)
{
    init.devices_quiet = true;
    connect();
    l4_log("devmgr is ready again");
    if (init.net.runs) {
        const l4_status_t status =
            service_give(&init.devmgr, &init.net.process, L4_START_DEVMGR, L4_BADGE_NET);
        if (status != L4_OK) {
            l4_log("ipc-net cannot reach the new devmgr: %s", l4_status_text(status));
        }
        net_reopen();
    }
    for (uint32_t i = 0; i < init.config.count; i++) {
        if (domain_lives(&init.domain[i])) {
            reconnect(&init.domain[i]);
        } else {
            domain_settle(&init.domain[i]);
        }
    }
    domains_resume();
}

l4_status_t devmgr_give_ram(const struct domain *domain)
{
    if (domain->config->disk_count == 0) {
        return L4_OK;
    }
    struct l4_msg msg = l4_msg(DEVMGR_CLIENT_RAM, domain_badge(domain), 0, 0, 0);
    msg.tag = l4_tag(DEVMGR_CLIENT_RAM, 0, 1);
    l4_msgbuf()->item[0] = (struct l4_item){.cap = domain->ram_for_devices,
                                            .kind = L4_ITEM_COPY,
                                            .rights = L4_RIGHT_DMA | L4_RIGHT_INFO};
    return service_call(&init.devmgr, &msg);
}

void devmgr_tick(uint64_t now)
{
    if (init.devmgr.runs) {
        return;
    }
    /* While a more urgent guest kept init waiting, devmgr waited too. */
    if (now > looked_ns + 2u * TICK_US * NS_PER_US) {
        init.quiet_deadline += now - looked_ns;
    }
    looked_ns = now;
    if (now > init.quiet_deadline) {
        l4_log("devmgr does not start");
        devmgr_restart();
    }
}
