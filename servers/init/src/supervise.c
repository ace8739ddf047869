/*
 * Supervision: requests of the VMMs, faults of the servers, the end of the machine.
 */
#include <l4/base/status.h>
#include <l4/log.h>
#include <l4/server.h>

#include "init.h"

#define SUCCESS 0u
#define FAILURE 1u

static const char *fault_kind(uint32_t kind)
{
    static const char *const text[] = {
        [L4_FAULT_READ] = "read",
        [L4_FAULT_WRITE] = "write",
        [L4_FAULT_EXEC] = "execute",
        [L4_FAULT_UNDEFINED] = "undefined instruction",
        [L4_FAULT_ALIGN] = "alignment",
        [L4_FAULT_SYSCALL] = "malformed system call",
        [L4_FAULT_BREAKPOINT] = "breakpoint",
        [L4_FAULT_EXTERNAL] = "bus error",
    };
    return kind < sizeof text / sizeof text[0] ? text[kind] : "unknown";
}

static struct domain *domain_of(uint32_t badge)
{
    const uint32_t index = badge - L4_BADGE_CLIENT_FIRST;
    return index < init.config.count ? &init.domain[index] : NULL;
}

/* Ends the machine when no guest runs any more. */
static void end_if_idle(void)
{
    bool failed = false;
    for (uint32_t i = 0; i < init.config.count; i++) {
        const enum domain_state state = init.domain[i].state;
        if (state == DOMAIN_READY || state == DOMAIN_RUNNING) {
            return;
        }
        failed = failed || state == DOMAIN_FAILED;
    }
    l4_log(failed ? "every guest is off, not all in order: ending the machine"
                  : "every guest is off: ending the machine");
    init_end(failed ? FAILURE : SUCCESS);
}

static void report_fault(const char *kind, const char *name, const struct l4_msg *msg)
{
    l4_log("%s%s died: %s at address 0x%08x, pc 0x%08x, syndrome 0x%08x", kind, name,
           fault_kind(msg->w[1]), (unsigned int)msg->w[0], (unsigned int)msg->w[2],
           (unsigned int)msg->w[3]);
}

static void handle_fault(const struct l4_msg *msg)
{
    struct domain *const domain = domain_of(msg->badge);
    if (domain != NULL) {
        report_fault("vmm ", domain->config->name, msg);
        domain_end(domain, DOMAIN_FAILED);
        end_if_idle();
    } else {
        /* devmgr is not restarted yet: without it nobody hears the guests. */
        init.devmgr_runs = false;
        l4_log_to_kernel(L4_ROOT_SYSTEM, "init");
        report_fault("", "devmgr", msg);
        init_end(FAILURE);
    }
}

/* The VMM, which waits for the reply, goes with its domain: there is no reply. */
static void handle_off(struct domain *domain, const struct l4_msg *msg)
{
    if (domain->state != DOMAIN_READY && domain->state != DOMAIN_RUNNING) {
        return;
    }
    if (msg->w[0] == L4_OFF_POWER) {
        l4_log("guest %s powered off", domain->config->name);
        domain_end(domain, DOMAIN_OFF);
    } else {
        l4_log("guest %s ended: %s", domain->config->name, l4_status_text((l4_status_t)msg->w[1]));
        domain_end(domain, DOMAIN_FAILED);
    }
    end_if_idle();
}

static bool handle_message(void *context, struct l4_msg *msg)
{
    (void)context;
    if (l4_tag_is_kernel(msg->tag)) {
        if (l4_tag_label(msg->tag) == L4_KMSG_FAULT) {
            handle_fault(msg);
        }
        return false;
    }
    struct domain *const domain = domain_of(msg->badge);
    l4_status_t status = L4_ERR_NOT_SUPPORTED;
    if (domain != NULL && l4_tag_label(msg->tag) == INIT_GUEST_OFF) {
        handle_off(domain, msg);
        return false;
    }
    if (domain != NULL && l4_tag_label(msg->tag) == INIT_GUEST_STARTED) {
        domain->state = DOMAIN_RUNNING;
        status = L4_OK;
    }
    *msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
    return true;
}

_Noreturn void supervise(void)
{
    static const struct l4_server server = {.message = handle_message};
    l4_server_run(init.endpoint, &server, NULL);
}
