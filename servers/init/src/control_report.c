/*
 * `list` and `top`.
 *
 * What a VMM or ipc-net has written is copied once and then believed no further than that it is
 * numbers and short names.
 */
#include <string.h>

#include <l4/memory.h>
#include <l4/thread.h>

#include "control.h"

static const char *state_of(const struct domain *domain)
{
    switch (domain->state) {
    case DOMAIN_READY:
        return "starting";
    case DOMAIN_RUNNING:
        return "running";
    case DOMAIN_PAUSED:
        return "paused";
    case DOMAIN_FAILED:
        return domain->wanted ? "starting" : "failed";
    default:
        return "off";
    }
}

void control_begin(struct json *json, const struct control_request *request, bool ok)
{
    json_print(json, "{");
    if (request->has_id) {
        json_print(json, "\"id\":%s", request->id < 0 ? "-" : "");
        json_number(json, request->id < 0 ? -(uint64_t)request->id : (uint64_t)request->id);
        json_print(json, ",");
    }
    json_print(json, "\"ok\":%s", ok ? "true" : "false");
}

static void field(struct json *json, const char *name, uint64_t value)
{
    json_print(json, ",\"%s\":", name);
    json_number(json, value);
}

static void name_and_state(struct json *json, const struct domain *domain)
{
    json_print(json, "{\"name\":");
    json_string(json, domain->config->name, L4_START_NAME);
    json_print(json, ",\"state\":\"%s\"", state_of(domain));
}

void control_list(struct json *json, const struct control_request *request)
{
    control_begin(json, request, true);
    json_print(json, ",\"vms\":[");
    for (uint32_t i = 0; i < init.config.count; i++) {
        json_print(json, i != 0 ? "," : "");
        name_and_state(json, &init.domain[i]);
        json_print(json, "}");
    }
    json_print(json, "]}\n");
}

static uint64_t cpu_ns(l4_cap_t thread)
{
    struct l4_thread_info info = {0, 0};
    return thread != L4_CAP_NULL && l4_thread_get_info(thread, &info) == L4_OK ? info.cpu_time_ns
                                                                               : 0;
}

static void server(struct json *json, const char *name, uint64_t ns, uint32_t kib)
{
    json_print(json, "{\"name\":\"%s\"", name);
    field(json, "ns", ns);
    field(json, "kib", kib);
    json_print(json, "}");
}

static uint32_t slots_free(void)
{
    uint32_t free = 0;
    for (uint32_t i = 0; i < init.slots.count; i++) {
        free += !l4_bitmap_test(init.slots.taken, i);
    }
    return free;
}

/* The kernel's time counts to the thread that it works for. */
static void head(struct json *json, const struct control_request *request)
{
    struct account account;
    struct l4_aspace_info own = {0, 0, 0};
    account_system(&account);
    const l4_status_t status = l4_aspace_info(L4_ROOT_ASPACE, &own);
    (void)status; /* our own: then 0 */
    control_begin(json, request, true);
    field(json, "clock_ns", init_now_ns());
    json_print(json,
               ",\"memory\":{\"total_kib\":%u,\"free_kib\":%u,\"init_slots_free\":%u,"
               "\"init_pool_free\":%u},\"servers\":[",
               (unsigned int)account.total, (unsigned int)account.free, (unsigned int)slots_free(),
               (unsigned int)own.pool_free);
    server(json, "kernel", 0, account.kernel);
    json_print(json, ",");
    server(json, "init", cpu_ns(L4_ROOT_THREAD), account.init);
    json_print(json, ",");
    server(json, "devmgr", cpu_ns(init.devmgr.process.thread), account.devmgr);
    if (net_wanted()) {
        json_print(json, ",");
        server(json, "ipc-net", cpu_ns(init.net.process.thread), account.net);
    }
    json_print(json, "],\"vms\":[");
}

static void exits(struct json *json, const struct l4_vm_control *page)
{
    static const char *const names[] = {"mmio", "abort",  "fetch", "hvc", "smc",
                                        "call", "sysreg", "virq",  "trap"};
    json_print(json, ",\"exits\":{");
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_print(json, "%s\"%s\":%u", i != 0 ? "," : "", names[i], (unsigned int)page->exits[i]);
    }
    json_print(json, "}");
}

static void devices(struct json *json, const struct l4_vm_control *page)
{
    const uint32_t count = page->device_count < L4_VM_DEVICES ? page->device_count : L4_VM_DEVICES;
    json_print(json, ",\"devices\":[");
    for (uint32_t i = 0; i < count; i++) {
        const struct l4_vm_device *const device = &page->device[i];
        json_print(json, "%s{\"name\":", i != 0 ? "," : "");
        json_string(json, device->name, sizeof device->name);
        field(json, "kicks", device->kicks);
        field(json, "requests", device->requests);
        field(json, "interrupts", device->interrupts);
        field(json, "errors", device->errors);
        field(json, "from", device->bytes_from);
        field(json, "to", device->bytes_to);
        json_print(json, "}");
    }
    json_print(json, "]");
}

static void ports(struct json *json, const struct domain *domain)
{
    const char *comma = "";
    json_print(json, ",\"ports\":[");
    for (uint32_t i = 0; i < init.config.port_count && init.net_counters != NULL; i++) {
        const volatile struct l4_net_counters *const seen = &init.net_counters[i];
        if (init.config.port[i].badge != domain_badge(domain)) {
            continue;
        }
        json_print(json,
                   "%s{\"tx_frames\":%u,\"tx_bytes\":%u,\"rx_frames\":%u,\"rx_bytes\":%u,"
                   "\"full\":%u,\"policy\":%u,\"rate\":%u,\"errors\":%u}",
                   comma, (unsigned int)seen->tx_frames, (unsigned int)seen->tx_bytes,
                   (unsigned int)seen->rx_frames, (unsigned int)seen->rx_bytes,
                   (unsigned int)seen->dropped_full, (unsigned int)seen->dropped_policy,
                   (unsigned int)seen->dropped_rate, (unsigned int)seen->errors);
        comma = ",";
    }
    json_print(json, "]");
}

static void vm(struct json *json, const struct domain *domain)
{
    static struct l4_vm_control page;
    memset(&page, 0, sizeof page);
    if (domain->control != NULL) {
        memcpy(&page, (const void *)domain->control, sizeof page);
    }
    name_and_state(json, domain);
    field(json, "priority", domain->config->priority);
    field(json, "ram_kib", domain->config->ram_size >> 10);
    field(json, "overhead_kib", account_overhead_kib(domain));
    field(json, "vcpu_ns", page.vcpu_ns);
    field(json, "vmm_ns", cpu_ns(domain->vmm.thread));
    field(json, "virqs", page.virqs);
    field(json, "resets", page.resets);
    exits(json, &page);
    devices(json, &page);
    ports(json, domain);
    json_print(json, "}");
}

bool control_top(struct json *json, const struct control_request *request, uint32_t part)
{
    if (part == 0) {
        head(json, request);
        return true;
    }
    json_print(json, part > 1 ? "," : "");
    vm(json, &init.domain[part - 1]);
    if (part < init.config.count) {
        return true;
    }
    json_print(json, "]}\n");
    return false;
}
