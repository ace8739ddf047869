/*
 * A VMM's start page: what its domain is, and the capabilities that go with it.
 */
#include <stdio.h>
#include <string.h>

#include <l4/base/range.h>
#include <l4/cap.h>
#include <l4/memory.h>

#include "init.h"

#define VMM_POOL_BASE (56u << 10)   /* address space, capability table, thread, page tables */
#define GUEST_POOL_BASE (48u << 10) /* the same for the guest, and its vCPU */
#define GICV_SIZE 0x2000u

/* Level-3 tables for mapping `size` bytes by pages at any place. */
static uint32_t table_bytes(uint64_t size)
{
    return size == 0 ? 0 : (uint32_t)(size / L4_BLOCK_SIZE + 2) * L4_PAGE_SIZE;
}

static uint64_t image_bytes(const char *name)
{
    struct fit_image image;
    if (name == NULL) {
        return 0;
    }
    package_image(name, &image);
    return image.size;
}

uint32_t domain_ram_align(const struct config_domain *config)
{
    return config->direct_map || config->ram_size >= L4_BLOCK_SIZE ? L4_BLOCK_SHIFT : L4_PAGE_SHIFT;
}

/* Guest RAM that is not whole 2 MiB blocks needs one table for the rest, in guest and VMM. */
uint32_t domain_vmm_pool(const struct config_domain *config)
{
    return VMM_POOL_BASE + table_bytes(image_bytes(config->kernel)) +
           table_bytes(image_bytes(config->initrd)) + table_bytes(image_bytes(config->rom));
}

/* A dedicated device is anywhere: tables of two levels; channels are within 2 MiB. */
uint32_t domain_guest_pool(const struct config_domain *config)
{
    const bool blocks = l4_is_aligned(config->ram_ipa, L4_BLOCK_SIZE);
    return GUEST_POOL_BASE + table_bytes(image_bytes(config->rom)) +
           (blocks ? 0 : table_bytes(config->ram_size)) + config->grant_count * 2 * L4_PAGE_SIZE +
           (config->channel_count != 0 ? L4_PAGE_SIZE : 0);
}

static l4_status_t give_gicv(struct domain *domain, l4_cap_t *slot)
{
    for (uint32_t i = 0; i < init.root->region_count; i++) {
        if (init.root->region[i].kind == L4_ROOT_GICV) {
            return process_give_share(&domain->vmm, init.root->region[i].cap, GICV_SIZE,
                                      L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_COPY, slot);
        }
    }
    return L4_ERR_NOT_FOUND;
}

static l4_status_t give_image(struct domain *domain, uint32_t role, const char *name)
{
    struct fit_image image;
    if (name == NULL) {
        return L4_OK;
    }
    package_image(name, &image);
    struct l4_start_vmm *const start = &domain->vmm.start->vmm;
    struct l4_start_image *const entry = &start->image[start->image_count++];
    l4_cap_t region = L4_CAP_NULL;
    /* A ROM is executed in place. */
    const uint32_t exec = role == L4_IMAGE_ROM ? L4_RIGHT_EXEC : 0;
    const l4_status_t status = package_share(
        image.offset, image.size, L4_RIGHT_READ | exec | L4_RIGHT_COPY | L4_RIGHT_INFO, &region);
    entry->role = role;
    entry->size = (uint32_t)image.size;
    return status != L4_OK ? status : process_give(&domain->vmm, region, &entry->region);
}

/* The page through which init commands the VMM: init's, with a share for the VMM. */
static l4_status_t give_control(struct domain *domain, l4_cap_t *slot)
{
    const uint32_t address = MEMORY_VM_CONTROL + domain_index(domain) * L4_PAGE_SIZE;
    l4_status_t status =
        memory_split(domain->arena, L4_PAGE_SIZE, L4_PAGE_SHIFT, &domain->control_page);
    if (status == L4_OK) {
        status = l4_aspace_map(L4_ROOT_ASPACE, domain->control_page, address,
                               L4_MAP_READ | L4_MAP_WRITE);
    }
    if (status == L4_OK) {
        status = process_give_share(&domain->vmm, domain->control_page, L4_PAGE_SIZE,
                                    L4_RIGHT_READ | L4_RIGHT_WRITE, slot);
    }
    if (status == L4_OK) {
        domain->control = (volatile struct l4_vm_control *)(uintptr_t)address;
    }
    return status;
}

static void describe_channels(const struct domain *domain, struct l4_start_vmm *start)
{
    const uint32_t badge = domain_badge(domain);
    for (uint32_t i = 0; i < init.config.channel_count; i++) {
        const struct config_channel *const channel = &init.config.channel[i];
        const uint32_t end = channel->ends.badge[0] == badge ? 0 : 1;
        if (channel->ends.badge[end] != badge || start->channel_count == L4_START_VM_CHANNELS) {
            continue;
        }
        struct l4_start_vm_channel *const entry = &start->channel[start->channel_count++];
        const uint32_t peer = channel->ends.badge[1 - end] - L4_BADGE_CLIENT_FIRST;
        (void)snprintf(entry->peer, sizeof entry->peer, "%s", init.config.domain[peer].name);
        entry->port = channel->port;
        entry->flags = channel->flags[end];
    }
}

static void describe(const struct domain *domain, struct l4_start_vmm *start)
{
    const struct config_domain *const config = domain->config;
    (void)snprintf(start->name, sizeof start->name, "%s", config->name);
    (void)snprintf(start->bootargs, sizeof start->bootargs, "%s", config->bootargs);
    start->ram_ipa = config->ram_ipa;
    start->ram_size = config->ram_size;
    start->pool_size = domain_guest_pool(config);
    start->kernel_format = config->kernel_format;
    start->load_address = config->load_address;
    start->vcpus = config->vcpus;
    start->vcpu_priority = config->priority;
    start->budget_us = config->budget_us;
    start->period_us = config->period_us;
    start->flags = config->flags;
    start->restart = config->restart;
    start->wall_clock_epoch = init.wall_clock_epoch;
    start->timer_hz = init.root->timer_hz;
    start->control_bit = 1u << domain_index(domain);
    start->disk_count = config->disk_count;
    start->port_count = config->port_count;
    start->device_count = config->grant_count;
    describe_channels(domain, start);
}

/* Guest RAM without the right to learn where it is; that is devmgr's, for its disks. */
static l4_status_t give_ram(struct domain *domain, struct l4_start_vmm *start)
{
    const uint32_t size = (uint32_t)domain->config->ram_size;
    l4_status_t status = L4_OK;
    if (domain->config->direct_map) {
        status = l4_region_phys(domain->ram, &start->ram_ipa);
    }
    if (status == L4_OK) {
        status = process_give_share(&domain->vmm, domain->ram, size,
                                    L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_EXEC | L4_RIGHT_COPY,
                                    &start->ram);
    }
    if (status == L4_OK && domain->config->disk_count != 0) {
        domain->ram_for_devices = init_slot();
        status = l4_region_share(domain->ram, 0, size, domain->ram_for_devices,
                                 L4_RIGHT_DMA | L4_RIGHT_COPY | L4_RIGHT_INFO);
    }
    return status;
}

l4_status_t domain_fill_page(struct domain *domain)
{
    const struct config_domain *const config = domain->config;
    struct l4_start_vmm *const start = &domain->vmm.start->vmm;
    describe(domain, start);
    l4_status_t status = give_ram(domain, start);
    if (status == L4_OK) {
        status = process_give_split(&domain->vmm, domain->arena, start->pool_size, &start->pool);
    }
    if (status == L4_OK) {
        status = give_gicv(domain, &start->gicv);
    }
    if (status == L4_OK) {
        status = give_control(domain, &start->control);
    }
    if (status == L4_OK) {
        status = give_image(domain, L4_IMAGE_KERNEL, config->kernel);
    }
    if (status == L4_OK) {
        status = give_image(domain, L4_IMAGE_INITRD, config->initrd);
    }
    return status != L4_OK ? status : give_image(domain, L4_IMAGE_ROM, config->rom);
}
