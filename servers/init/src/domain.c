/*
 * Domains: the memory of each, its VMM, and its end.
 *
 * All memory of a domain comes out of one region, its arena: guest RAM, the VMM's address space and
 * data, the pool for the guest's address space and vCPUs. Revoking the arena ends the domain and
 * gives everything back.
 */
#include <stdio.h>
#include <string.h>

#include <l4/base/range.h>
#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/log.h>
#include <l4/memory.h>

#include "init.h"

#define VMM_IMAGE "vmm"
#define VMM_SLOTS 64u
#define VMM_POOL_BASE (40u << 10)   /* address space, capability table, thread, page tables */
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

static uint32_t ram_align(const struct config_domain *config)
{
    return config->ram_size >= L4_BLOCK_SIZE ? L4_BLOCK_SHIFT : L4_PAGE_SHIFT;
}

/* Guest RAM that is not whole 2 MiB blocks needs one table for the rest, in guest and VMM. */
static uint32_t vmm_pool_size(const struct config_domain *config)
{
    return VMM_POOL_BASE + table_bytes(image_bytes(config->kernel)) +
           table_bytes(image_bytes(config->initrd)) + table_bytes(image_bytes(config->rom));
}

static uint32_t guest_pool_size(const struct config_domain *config)
{
    const bool blocks = l4_is_aligned(config->ram_ipa, L4_BLOCK_SIZE);
    return GUEST_POOL_BASE + table_bytes(image_bytes(config->rom)) +
           (blocks ? 0 : table_bytes(config->ram_size));
}

void domains_reserve(void)
{
    const uint32_t vmm_size = process_size(VMM_IMAGE);
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct domain *const domain = &init.domain[i];
        domain->config = &init.config.domain[i];
        const uint64_t size = domain->config->ram_size + vmm_size + vmm_pool_size(domain->config) +
                              guest_pool_size(domain->config);
        if (size > UINT32_MAX ||
            memory_take((uint32_t)size, ram_align(domain->config), &domain->arena) != L4_OK) {
            l4_log("ERROR: /domains/%s: memory: no free range of the board's RAM holds its %u KiB; "
                   "give some domain less",
                   domain->config->name, (unsigned int)(size >> 10));
            init_end(1);
        }
    }
}

static l4_status_t give_split(struct domain *domain, uint32_t size, l4_cap_t *slot)
{
    const l4_cap_t region = init_slot();
    const l4_status_t status = l4_region_split(domain->arena, size, L4_PAGE_SHIFT, region);
    return status != L4_OK ? status : process_give(&domain->vmm, region, slot);
}

/* The first pages of the arena, with its alignment; without the right to learn where they are. */
static l4_status_t give_ram(struct domain *domain, l4_cap_t ram, l4_cap_t *slot)
{
    const l4_cap_t share = init_slot();
    const l4_status_t status = l4_region_share(ram, 0, (uint32_t)domain->config->ram_size, share,
                                               L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_EXEC |
                                                   L4_RIGHT_COPY | L4_RIGHT_INFO);
    return status != L4_OK ? status : process_give(&domain->vmm, share, slot);
}

static l4_status_t give_gicv(struct domain *domain, l4_cap_t *slot)
{
    for (uint32_t i = 0; i < init.root->region_count; i++) {
        if (init.root->region[i].kind == L4_ROOT_GICV) {
            const l4_cap_t share = init_slot();
            const l4_status_t status =
                l4_region_share(init.root->region[i].cap, 0, GICV_SIZE, share,
                                L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_COPY | L4_RIGHT_INFO);
            return status != L4_OK ? status : process_give(&domain->vmm, share, slot);
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

static void describe(const struct config_domain *config, struct l4_start_vmm *start)
{
    (void)snprintf(start->name, sizeof start->name, "%s", config->name);
    (void)snprintf(start->bootargs, sizeof start->bootargs, "%s", config->bootargs);
    start->ram_ipa = config->ram_ipa;
    start->ram_size = config->ram_size;
    start->pool_size = guest_pool_size(config);
    start->kernel_format = config->kernel_format;
    start->load_address = config->load_address;
    start->vcpus = config->vcpus;
    start->vcpu_priority = config->priority;
    start->budget_us = config->budget_us;
    start->period_us = config->period_us;
    start->flags = config->flags;
    start->restart = L4_RESTART_NEVER;
    start->wall_clock_epoch = init.wall_clock_epoch;
    start->timer_hz = init.root->timer_hz;
}

static l4_status_t fill_start_page(struct domain *domain, l4_cap_t ram)
{
    const struct config_domain *const config = domain->config;
    struct l4_start_vmm *const start = &domain->vmm.start->vmm;
    describe(config, start);
    l4_status_t status = give_ram(domain, ram, &start->ram);
    if (status == L4_OK) {
        status = give_split(domain, start->pool_size, &start->pool);
    }
    if (status == L4_OK) {
        status = give_gicv(domain, &start->gicv);
    }
    if (status == L4_OK) {
        status = give_image(domain, L4_IMAGE_KERNEL, config->kernel);
    }
    if (status == L4_OK) {
        status = give_image(domain, L4_IMAGE_INITRD, config->initrd);
    }
    return status != L4_OK ? status : give_image(domain, L4_IMAGE_ROM, config->rom);
}

static l4_status_t build(struct domain *domain, uint32_t badge)
{
    const struct process_spec spec = {.image = VMM_IMAGE,
                                      .arena = domain->arena,
                                      .pool_size = vmm_pool_size(domain->config),
                                      .slots = VMM_SLOTS,
                                      .badge = badge,
                                      .priority = VMM_PRIORITY,
                                      .kind = L4_START_KIND_VMM};
    /* Guest RAM first: it has the arena's alignment. */
    const l4_cap_t ram = init_slot();
    l4_status_t status = l4_region_split(domain->arena, (uint32_t)domain->config->ram_size,
                                         ram_align(domain->config), ram);
    if (status == L4_OK) {
        status = process_create(&domain->vmm, &spec);
    }
    if (status == L4_OK) {
        status = devmgr_give(&domain->vmm, badge);
    }
    if (status == L4_OK) {
        status = fill_start_page(domain, ram);
    }
    domain->ram = ram;
    return status != L4_OK ? status : process_seal(&domain->vmm);
}

static _Noreturn void fail(const struct domain *domain, const char *what, l4_status_t status)
{
    char node[64];
    (void)snprintf(node, sizeof node, "/domains/%s", domain->config->name);
    init_fail(node, what, status, "report this");
}

void domains_start(void)
{
    for (uint32_t i = 0; i < init.config.count; i++) {
        const l4_status_t status = build(&init.domain[i], L4_BADGE_CLIENT_FIRST + i);
        if (status != L4_OK) {
            fail(&init.domain[i], "its VMM cannot be built", status);
        }
        init.domain[i].state = DOMAIN_READY;
    }
    for (uint32_t i = 0; i < init.config.count; i++) {
        const l4_status_t status = process_run(&init.domain[i].vmm);
        if (status != L4_OK) {
            fail(&init.domain[i], "its VMM cannot be started", status);
        }
    }
}

void domain_end(struct domain *domain, enum domain_state state)
{
    const uint32_t badge = L4_BADGE_CLIENT_FIRST + (uint32_t)(domain - init.domain);
    l4_status_t status = devmgr_request(DEVMGR_CLIENT_GONE, badge);
    if (status != L4_OK) {
        l4_log("devmgr did not end the console of %s: %s", domain->config->name,
               l4_status_text(status));
    }
    status = l4_cap_revoke(domain->arena);
    if (status != L4_OK) {
        l4_log("the memory of %s cannot be reclaimed: %s", domain->config->name,
               l4_status_text(status));
    }
    l4_slots_give(&init.slots, domain->ram);
    process_forget(&domain->vmm);
    domain->state = state;
}
