/*
 * Who has how much of the board's memory.
 */
#include <l4/memory.h>
#include <l4/proto/channel.h>

#include "init.h"

#define KIB 10u

static uint64_t regions_of(uint32_t kind)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < init.root->region_count; i++) {
        if (init.root->region[i].kind == kind) {
            total += init.root->region[i].size;
        }
    }
    return total;
}

static uint32_t service_kib(const struct service *service)
{
    uint32_t bytes = service->process.shared_bytes;
    for (uint32_t i = 0; i < 2; i++) {
        bytes += service->arena[i] != L4_CAP_NULL ? service->size : 0;
    }
    return bytes >> KIB;
}

/* The kernel has what the board has and nobody was given: its image, its tables, the objects that
 * it made for init (which are counted as init's). */
void account_system(struct account *account)
{
    struct l4_aspace_info own = {0, 0, 0};
    const l4_status_t status = l4_aspace_info(L4_ROOT_ASPACE, &own);
    (void)status; /* our own: then 0 */
    const uint64_t images = regions_of(L4_ROOT_IMAGE);
    const uint64_t given =
        regions_of(L4_ROOT_RAM) + regions_of(L4_ROOT_FIT) + regions_of(L4_ROOT_DTB) + images;
    const uint64_t kernel = init.board_memory > given ? init.board_memory - given : 0;
    uint64_t free = memory_free();
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct l4_region_info info;
        if (!domain_lives(&init.domain[i]) &&
            l4_region_info(init.domain[i].arena, &info) == L4_OK) {
            free += info.unsplit;
        }
    }
    account->total = (uint32_t)(init.board_memory >> KIB);
    account->free = (uint32_t)(free >> KIB);
    account->kernel = (uint32_t)((kernel > own.pool_size ? kernel - own.pool_size : 0) >> KIB);
    account->init = (uint32_t)((images + own.pool_size) >> KIB);
    account->devmgr = service_kib(&init.devmgr);
    account->net = service_kib(&init.net);
}

/* Pages of devmgr's and ipc-net's that are there for this domain. */
static uint32_t session_pages(const struct domain *domain)
{
    const struct config_domain *const config = domain->config;
    uint32_t pages = 1u + ((config->flags & L4_VMM_CONSOLE) != 0) +
                     ((config->flags & L4_VMM_ENTROPY) != 0) + config->disk_count +
                     config->port_count * (L4_NET_BYTES / L4_PAGE_SIZE);
    for (uint32_t i = 0; i < init.config.channel_count; i++) {
        const struct l4_start_channel *const ends = &init.config.channel[i].ends;
        if (ends->badge[0] == domain_badge(domain) || ends->badge[1] == domain_badge(domain)) {
            pages += L4_CHANNEL_BYTES(ends->size) / L4_PAGE_SIZE / 2u; /* shared by two */
        }
    }
    return pages;
}

uint32_t account_overhead_kib(const struct domain *domain)
{
    const uint64_t bytes = domain->arena_size - domain->config->ram_size +
                           (uint64_t)session_pages(domain) * L4_PAGE_SIZE;
    return (uint32_t)(bytes >> KIB);
}
