/*
 * Supervision: requests of the servers, their faults, VMMs' answers, and the end of the machine.
 */
#include <l4/base/status.h>
#include <l4/log.h>
#include <l4/server.h>

#include "init.h"

#define SUCCESS 0u
#define FAILURE 1u

static bool pending; /* something is to be looked at after a tick */

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

/* Ends the machine when no guest runs any more, unless the manager may start one again. */
static void end_if_idle(void)
{
    bool failed = false;
    for (uint32_t i = 0; i < init.config.count; i++) {
        const struct domain *const domain = &init.domain[i];
        if (domain_lives(domain) || domain->wanted || domain->state == DOMAIN_STOPPED) {
            return;
        }
        failed = failed || domain->state == DOMAIN_FAILED;
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

/* Memory that a server's death has taken away: the process goes on with zeros. */
static bool stands_in(struct process *process, const struct l4_msg *msg)
{
    return (msg->w[1] == L4_FAULT_READ || msg->w[1] == L4_FAULT_WRITE) &&
           process_stand_in(process, msg->w[0]);
}

static void handle_devmgr_fault(const struct l4_msg *msg)
{
    init.devmgr.runs = false;
    log_to_uart();
    report_fault("", "devmgr", msg);
    devmgr_restart();
}

static void handle_net_fault(const struct l4_msg *msg)
{
    init.net.runs = false;
    report_fault("", "ipc-net", msg);
    net_restart();
}

/* True: the thread goes on. */
static bool handle_fault(struct l4_msg *msg)
{
    struct domain *const domain = domain_of(msg->badge);
    struct process *const process = domain != NULL               ? &domain->vmm
                                    : msg->badge == L4_BADGE_NET ? &init.net.process
                                                                 : NULL;
    if (process != NULL && stands_in(process, msg)) {
        *msg = l4_msg(L4_FAULT_REPLY_RETRY, 0, 0, 0, 0);
        return true;
    }
    if (domain != NULL && domain_lives(domain)) {
        report_fault("vmm ", domain->config->name, msg);
        domain_failed(domain, "its VMM died");
        end_if_idle();
    } else if (msg->badge == L4_BADGE_DEVMGR) {
        handle_devmgr_fault(msg);
    } else if (msg->badge == L4_BADGE_NET) {
        handle_net_fault(msg);
    }
    return false;
}

/* The VMM, which waits for the reply, goes with its domain: there is no reply. */
static void handle_off(struct domain *domain, const struct l4_msg *msg)
{
    if (!domain_lives(domain)) {
        return;
    }
    if (msg->w[0] == L4_OFF_POWER) {
        l4_log("guest %s powered off", domain->config->name);
        domain_end(domain, DOMAIN_OFF);
        control_event("off", domain, "powered off");
    } else {
        const char *const reason = l4_status_text((l4_status_t)msg->w[1]);
        l4_log("guest %s ended: %s", domain->config->name, reason);
        domain_failed(domain, reason);
    }
    end_if_idle();
}

/* True: reply *msg. */
static bool handle_request(struct domain *domain, struct l4_msg *msg)
{
    l4_status_t status = L4_ERR_NOT_SUPPORTED;
    switch (l4_tag_label(msg->tag)) {
    case INIT_GUEST_OFF:
        handle_off(domain, msg);
        return false;
    case INIT_GUEST_STARTED:
        if (domain->state == DOMAIN_READY) {
            domain->state = DOMAIN_RUNNING;
            control_event("started", domain, "");
        }
        status = L4_OK;
        break;
    case INIT_REOPEN:
        process_drop_stand_ins(&domain->vmm);
        status = L4_OK;
        break;
    default:
        break;
    }
    *msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
    return true;
}

static bool handle_any(struct l4_msg *msg)
{
    if (l4_tag_is_kernel(msg->tag)) {
        return l4_tag_label(msg->tag) == L4_KMSG_FAULT && handle_fault(msg);
    }
    struct domain *const domain = domain_of(msg->badge);
    if (domain != NULL) {
        return handle_request(domain, msg);
    }
    if (msg->badge == L4_BADGE_DEVMGR && l4_tag_label(msg->tag) == INIT_DEVICES_QUIET) {
        if (!init.devmgr.runs) {
            devmgr_ready();
        }
        return false;
    }
    *msg = l4_msg(0, (uint32_t)L4_ERR_NOT_SUPPORTED, 0, 0, 0);
    return true;
}

/* What is to be done after each event, and again after a tick as long as something is pending. */
static void run(void)
{
    const uint64_t now = init_now_ns();
    devmgr_tick(now);
    pending = control_run();
    pending = mailbox_tick(now) || pending;
    pending = log_flush() || pending;
    pending = pending || !init.devmgr.runs;
}

static bool handle_message(void *context, struct l4_msg *msg)
{
    (void)context;
    const bool reply = handle_any(msg);
    run();
    return reply;
}

static void handle_signal(void *context, uint32_t bits)
{
    (void)context;
    for (uint32_t i = 0; i < init.config.count; i++) {
        if ((bits & 1u << i) != 0) {
            mailbox_rung(&init.domain[i]);
        }
    }
    run();
}

static void handle_timeout(void *context, l4_status_t status)
{
    (void)context;
    (void)status;
    run();
}

static uint32_t wait_us(void *context)
{
    (void)context;
    return pending ? TICK_US : L4_TIMEOUT_NEVER;
}

_Noreturn void supervise(void)
{
    static const struct l4_server server = {.message = handle_message,
                                            .signal = handle_signal,
                                            .timeout = handle_timeout,
                                            .wait_us = wait_us};
    pending = true; /* what came before the loop */
    l4_server_run(init.endpoint, &server, NULL);
}
