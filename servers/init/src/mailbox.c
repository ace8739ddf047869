/*
 * Commands to VMMs through their control pages. Neither side waits: the VMM is rung, answers when
 * it gets to it, and rings back; one that is late is reported.
 */
#include <l4/base/status.h>
#include <l4/ipc.h>
#include <l4/log.h>

#include "init.h"

#define NS_PER_TRY ((uint64_t)REQUEST_US * NS_PER_US)
#define REOPEN_TRIES 5u

static void post(struct domain *domain, uint32_t command, uint32_t argument)
{
    struct mailbox *const box = &domain->mailbox;
    volatile struct l4_vm_control *const page = domain->control;
    box->waits = true;
    box->command = command;
    box->deadline = init_now_ns() + NS_PER_TRY;
    page->command = command;
    page->argument = argument;
    __atomic_store_n(&page->asked, ++box->asked, __ATOMIC_RELEASE);
    const l4_status_t status = l4_signal(domain->vmm.endpoint, L4_CONTROL_BIT);
    (void)status; /* a VMM that is gone does not answer */
}

static void post_next(struct domain *domain)
{
    struct mailbox *const box = &domain->mailbox;
    if (!domain_lives(domain) || box->waits) {
        return;
    }
    if (box->reopen != 0) {
        post(domain, L4_VM_REOPEN, box->reopen);
    } else if (box->wanted) {
        box->wanted = false;
        post(domain, box->next_command, 0);
    }
}

void mailbox_ask(struct domain *domain, uint32_t command)
{
    domain->mailbox.wanted = true;
    domain->mailbox.next_command = command;
    post_next(domain);
}

void mailbox_reopen(struct domain *domain, uint32_t servers)
{
    domain->mailbox.reopen |= servers;
    domain->mailbox.reopen_tries = 0;
    post_next(domain);
}

static void reopened(struct domain *domain, l4_status_t status)
{
    struct mailbox *const box = &domain->mailbox;
    process_drop_stand_ins(&domain->vmm);
    if (status == L4_OK) {
        box->reopen = 0;
        domain->vmm.reopening = false;
        return;
    }
    if (++box->reopen_tries == REOPEN_TRIES) {
        l4_log("vmm %s cannot open its sessions again: %s", domain->config->name,
               l4_status_text(status));
        box->reopen = 0;
    }
}

static void answered(struct domain *domain, l4_status_t status)
{
    struct mailbox *const box = &domain->mailbox;
    const uint32_t command = box->command;
    box->waits = false;
    if (command == L4_VM_REOPEN) {
        reopened(domain, status);
    } else {
        control_answer(domain, command, status);
    }
    post_next(domain);
}

void mailbox_rung(struct domain *domain)
{
    if (domain_lives(domain) && domain->mailbox.waits &&
        __atomic_load_n(&domain->control->answered, __ATOMIC_ACQUIRE) == domain->mailbox.asked) {
        answered(domain, domain->control->status);
    }
}

bool mailbox_tick(uint64_t now)
{
    bool more = false;
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct domain *const domain = &init.domain[i];
        if (!domain_lives(domain) || !domain->mailbox.waits) {
            continue;
        }
        if (now >= domain->mailbox.deadline) {
            l4_log("vmm %s does not answer", domain->config->name);
            answered(domain, L4_ERR_TIMEOUT);
        }
        more = true;
    }
    return more;
}
