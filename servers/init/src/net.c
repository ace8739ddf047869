/*
 * ipc-net: its memory, its ports and channels; its restart.
 */
#include <string.h>

#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/proto/channel.h>

#include "init.h"

#define NET_IMAGE "ipc-net"
#define POOL_SIZE (64u << 10)
#define SLOTS_FIXED 16u
#define SLOTS_PORT 3u
#define SLOTS_CHANNEL 6u
#define SLOT_BYTES 64u

bool net_wanted(void)
{
    return init.config.port_count + init.config.channel_count != 0;
}

static uint32_t page_count(void)
{
    uint32_t pages = 0;
    for (uint32_t i = 0; i < init.config.port_count; i++) {
        pages += init.config.port[i].badge != L4_BADGE_NET ? L4_NET_BYTES / L4_PAGE_SIZE : 0;
    }
    for (uint32_t i = 0; i < init.config.channel_count; i++) {
        pages += L4_CHANNEL_BYTES(init.config.channel[i].ends.size) / L4_PAGE_SIZE;
    }
    return pages;
}

static uint32_t slot_count(void)
{
    return SLOTS_FIXED + init.config.port_count * SLOTS_PORT +
           init.config.channel_count * SLOTS_CHANNEL;
}

static uint32_t pool_size(void)
{
    const uint32_t slots = slot_count() * SLOT_BYTES;
    return POOL_SIZE + ((slots + L4_PAGE_SIZE - 1) & ~(L4_PAGE_SIZE - 1));
}

/* One page that ipc-net writes and init reads. */
static l4_status_t give_counters(l4_cap_t arena, struct l4_start_net *start)
{
    struct process *const process = &init.net.process;
    l4_cap_t region = L4_CAP_NULL;
    l4_status_t status = memory_split(arena, L4_PAGE_SIZE, L4_PAGE_SHIFT, &region);
    if (status == L4_OK) {
        status = l4_aspace_map(L4_ROOT_ASPACE, region, MEMORY_NET_COUNTERS, L4_MAP_READ);
    }
    if (status == L4_OK) {
        status = process_give_share(process, region, L4_PAGE_SIZE, L4_RIGHT_READ | L4_RIGHT_WRITE,
                                    &start->counters);
    }
    start->counters_size = L4_PAGE_SIZE;
    init.net_counters_page = region;
    return status;
}

static l4_status_t fill_start_page(l4_cap_t arena)
{
    struct process *const process = &init.net.process;
    struct l4_start_net *const start = &process->start->net;
    start->page_count = page_count();
    start->port_count = init.config.port_count;
    start->channel_count = init.config.channel_count;
    memcpy(start->port, init.config.port, sizeof start->port);
    for (uint32_t i = 0; i < init.config.channel_count; i++) {
        start->channel[i] = init.config.channel[i].ends;
    }
    const l4_status_t status =
        process_give_split(process, arena, start->page_count * L4_PAGE_SIZE, &start->pages);
    return status != L4_OK ? status : give_counters(arena, start);
}

static l4_status_t build(void)
{
    struct service *const net = &init.net;
    const struct process_spec spec = {.image = NET_IMAGE,
                                      .arena = net->arena[net->which],
                                      .pool_size = pool_size(),
                                      .slots = slot_count(),
                                      .badge = L4_BADGE_NET,
                                      .priority = NET_PRIORITY,
                                      .kind = L4_START_KIND_NET};
    l4_status_t status = process_create(&net->process, &spec);
    if (status == L4_OK && init.devmgr.runs) {
        status = service_give(&init.devmgr, &net->process, L4_START_DEVMGR, L4_BADGE_NET);
    }
    if (status == L4_OK) {
        status = fill_start_page(net->arena[net->which]);
    }
    if (status == L4_OK) {
        status = process_seal(&net->process);
    }
    if (status == L4_OK) {
        status = process_run(&net->process);
    }
    if (status == L4_OK) {
        net->runs = true;
        init.net_counters = (const volatile struct l4_net_counters *)MEMORY_NET_COUNTERS;
    }
    return status;
}

void net_start(void)
{
    init.net.size = pool_size() + process_size(NET_IMAGE) + (page_count() + 1u) * L4_PAGE_SIZE;
    l4_status_t status = memory_take(init.net.size, L4_PAGE_SHIFT, &init.net.arena[0]);
    if (status == L4_OK) {
        status = build();
    }
    if (status != L4_OK) {
        init_fail("ipc-net", "cannot be started", status, "report this");
    }
}

/* What a device may still write to is devmgr's: the same memory is used again. */
void net_restart(void)
{
    init.net_counters = NULL;
    if (!limit_allows(&init.net.limit, init_now_ns())) {
        init.net.runs = false;
        init_fail("ipc-net", "has died too often", L4_OK, "see the messages above");
    }
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct domain *const domain = &init.domain[i];
        domain->vmm.reopening =
            domain->vmm.reopening || (domain_lives(domain) && domain_uses_net(domain));
    }
    if (init.config.nic_count != 0) {
        const l4_status_t gone = service_request(&init.devmgr, DEVMGR_CLIENT_GONE, L4_BADGE_NET);
        (void)gone; /* a devmgr that hangs is seen to elsewhere */
    }
    service_end(&init.net);
    l4_slots_give(&init.slots, init.net_counters_page);
    const l4_status_t status = build();
    if (status != L4_OK) {
        init_fail("ipc-net", "cannot be started again", status, "report this");
    }
    l4_log("ipc-net is started again");
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct domain *const domain = &init.domain[i];
        if (!domain_lives(domain) || !domain_uses_net(domain)) {
            continue;
        }
        if (service_give(&init.net, &domain->vmm, L4_START_NET, domain_badge(domain)) == L4_OK) {
            mailbox_reopen(domain, L4_VM_NET);
        } else {
            domain_failed(domain, "it cannot reach the new ipc-net");
        }
    }
}

void net_reopen(void)
{
    process_drop_stand_ins(&init.net.process);
    if (init.config.nic_count == 0) {
        return;
    }
    const l4_status_t status = service_request(&init.net, NET_REOPEN, 0);
    init.net.process.reopening = false;
    process_drop_stand_ins(&init.net.process);
    if (status != L4_OK) {
        l4_log("ipc-net did not open its uplinks again: %s", l4_status_text(status));
        net_restart();
    }
}
