/*
 * Domains: the memory of each, its VMM, its end and its restart.
 *
 * All memory of a domain comes out of one region, its arena: guest RAM, the VMM's address space and
 * data, the pool for the guest's address space and vCPUs. Revoking the arena ends the domain and
 * gives everything back; it is built anew out of the same arena.
 */
#include <stdio.h>
#include <string.h>

#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/thread.h>

#include "init.h"

#define VMM_IMAGE "vmm"
#define VMM_SLOTS 128u
#define MIB 20u

static uint64_t arena_size(const struct config_domain *config)
{
    return config->ram_size + process_size(VMM_IMAGE) + domain_vmm_pool(config) +
           domain_guest_pool(config) + L4_PAGE_SIZE; /* control page */
}

void domains_reserve(void)
{
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct domain *const domain = &init.domain[i];
        domain->config = &init.config.domain[i];
        const uint64_t size = arena_size(domain->config);
        domain->arena_size = (uint32_t)size;
        if (size > UINT32_MAX || memory_take((uint32_t)size, domain_ram_align(domain->config),
                                             &domain->arena) != L4_OK) {
            l4_log("ERROR: /domains/%s: memory: no free range of the board's RAM holds its %u KiB; "
                   "give some domain less",
                   domain->config->name, (unsigned int)(size >> 10));
            init_end(1);
        }
    }
}

static l4_status_t connect(struct domain *domain)
{
    const uint32_t badge = domain_badge(domain);
    l4_status_t status = service_give(&init.devmgr, &domain->vmm, L4_START_DEVMGR, badge);
    if (status == L4_OK && domain_uses_net(domain)) {
        status = service_give(&init.net, &domain->vmm, L4_START_NET, badge);
    }
    return status;
}

/* Wiping and reclaiming memory takes long: right above the domain's VMM, so that more urgent guests
 * go on meanwhile. */
static void work_at(uint32_t priority)
{
    const l4_status_t status =
        l4_thread_set_sched(L4_ROOT_THREAD, priority, L4_PRIORITIES - 1, 0, 0);
    (void)status; /* our own thread, and below our ceiling */
}

/* A VMM comes right above its guest, which it has to interrupt, and below every more urgent one.
 * RAM is first, with the arena's alignment. */
static l4_status_t assemble(struct domain *domain)
{
    const struct process_spec spec = {.image = VMM_IMAGE,
                                      .arena = domain->arena,
                                      .pool_size = domain_vmm_pool(domain->config),
                                      .slots = VMM_SLOTS,
                                      .badge = domain_badge(domain),
                                      .priority = domain->config->priority + 1u,
                                      .kind = L4_START_KIND_VMM};
    l4_status_t status = memory_split(domain->arena, (uint32_t)domain->config->ram_size,
                                      domain_ram_align(domain->config), &domain->ram);
    if (status == L4_OK) {
        status = process_create(&domain->vmm, &spec);
    }
    if (status == L4_OK) {
        status = connect(domain);
    }
    if (status == L4_OK) {
        status = domain_fill_page(domain);
    }
    if (status == L4_OK) {
        status = process_seal(&domain->vmm);
    }
    return status != L4_OK ? status : devmgr_give_ram(domain);
}

static l4_status_t build(struct domain *domain)
{
    l4_log("starting %s: %u MiB", domain->config->name,
           (unsigned int)((domain->config->ram_size + (1u << MIB) - 1) >> MIB));
    work_at(domain->config->priority + 2u);
    const l4_status_t status = assemble(domain);
    work_at(INIT_PRIORITY);
    return status;
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
        const l4_status_t status = build(&init.domain[i]);
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

/* Nothing of the domain is left but its arena. */
static void forget(struct domain *domain)
{
    work_at(domain->config->priority + 2u);
    const l4_status_t status = l4_cap_revoke(domain->arena);
    work_at(INIT_PRIORITY);
    if (status != L4_OK) {
        l4_log("the memory of %s cannot be reclaimed: %s", domain->config->name,
               l4_status_text(status));
    }
    domain->control = NULL;
    memset(&domain->mailbox, 0, sizeof domain->mailbox);
}

l4_status_t domain_start(struct domain *domain)
{
    const struct l4_slots mark = init.slots;
    if (!init.devmgr.runs || (domain_uses_net(domain) && !init.net.runs)) {
        return L4_ERR_BUSY;
    }
    if (domain->in_use) {
        return L4_ERR_IO;
    }
    l4_status_t status = build(domain);
    if (status == L4_OK) {
        domain->state = DOMAIN_READY;
        status = process_run(&domain->vmm);
    }
    if (status != L4_OK) {
        l4_log("%s cannot be built: %s", domain->config->name, l4_status_text(status));
        forget(domain);
        memset(&domain->vmm, 0, sizeof domain->vmm);
        init_slots_rollback(&mark);
        domain->state = DOMAIN_FAILED;
    }
    return status;
}

/* A server that does not answer may still use the domain's memory: it is restarted, which ends
 * that. */
static void leave(struct domain *domain)
{
    const uint32_t badge = domain_badge(domain);
    if (domain_uses_net(domain) &&
        service_request(&init.net, NET_CLIENT_GONE, badge) == L4_ERR_TIMEOUT) {
        l4_log("ipc-net does not answer");
        net_restart();
    }
    const l4_status_t status = service_request(&init.devmgr, DEVMGR_CLIENT_GONE, badge);
    if (status == L4_ERR_TIMEOUT) {
        l4_log("devmgr does not answer");
        devmgr_restart();
    } else if (status != L4_OK && status != L4_ERR_STATE) {
        domain->in_use = status == L4_ERR_IO;
        l4_log("devmgr did not end the sessions of %s: %s", domain->config->name,
               l4_status_text(status));
    }
}

void domain_settle(struct domain *domain)
{
    const uint32_t badge = domain_badge(domain);
    const l4_status_t status = service_request(&init.devmgr, DEVMGR_CLIENT_GONE, badge);
    domain->in_use = status == L4_ERR_IO;
    if (status != L4_OK) {
        l4_log("devmgr did not reset the devices of %s: %s", domain->config->name,
               l4_status_text(status));
    }
}

void domain_end(struct domain *domain, enum domain_state state)
{
    const l4_status_t status = l4_thread_stop(domain->vmm.thread);
    (void)status; /* it goes in any case */
    domain->state = state;
    leave(domain);
    forget(domain);
    l4_slots_give(&init.slots, domain->ram);
    l4_slots_give(&init.slots, domain->ram_for_devices);
    l4_slots_give(&init.slots, domain->control_page);
    domain->ram_for_devices = L4_CAP_NULL;
    process_forget(&domain->vmm);
}

static void restart(struct domain *domain)
{
    const l4_status_t status = domain_start(domain);
    domain->wanted = status == L4_ERR_BUSY;
    if (status == L4_OK) {
        control_event("restarted", domain, "");
    }
}

void domain_failed(struct domain *domain, const char *reason)
{
    domain_end(domain, DOMAIN_FAILED);
    control_event("failed", domain, reason);
    if (domain->config->restart != L4_RESTART_ON_FAILURE) {
        return;
    }
    if (!limit_allows(&domain->limit, init_now_ns())) {
        l4_log("%s has failed %u times within a minute and stays off", domain->config->name,
               LIMIT_COUNT + 1u);
        return;
    }
    l4_log("restarting %s", domain->config->name);
    restart(domain);
}

void domains_resume(void)
{
    for (uint32_t i = 0; i < init.config.count; i++) {
        if (init.domain[i].wanted) {
            restart(&init.domain[i]);
        }
    }
}
