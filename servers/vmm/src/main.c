/*
 * The VMM's process: builds the guest, then answers its exits until it is off. An exit is a kernel
 * message with the vCPU's badge; the doorbells of servers and of init are signals; time is the
 * wait's timeout.
 */
#include <l4/base/status.h>
#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/server.h>
#include <l4/start.h>

#include "guest.h"

#define RECEIVE_TIMEOUT_US 300u /* 32 bits at 115,200 baud */
#define US_PER_SECOND 1000000u
#define ALARM_WAIT_MAX 3600u /* seconds; then look again */

#define EXIT_TAG(label) ((uint32_t)(label) << L4_TAG_LABEL_SHIFT | L4_TAG_KERNEL)

static struct guest guest;

static void tell_init(uint32_t label, uint32_t w0, uint32_t w1)
{
    struct l4_msg msg = l4_msg(label, w0, w1, 0, 0);
    l4_status_t status = l4_call(L4_START_INIT, &msg, L4_TIMEOUT_NEVER);
    if (status != L4_OK) {
        l4_log("init does not answer: %s", l4_status_text(status));
    }
}

/* The guest's end, which init learns when the last of its output is on its way, to the console and
 * to its disks. */
static struct {
    bool waits;
    enum l4_off_reason reason;
    l4_status_t status;
} off;

static void off_report(void)
{
    if (off.waits && pl011_output_done(&guest.vm.uart) &&
        (vm_quiet(&guest.vm) || guest_disks_dead(&guest))) {
        off.waits = false;
        tell_init(INIT_GUEST_OFF, off.reason, (uint32_t)off.status);
    }
}

static void guest_off(enum l4_off_reason reason, l4_status_t status)
{
    guest_stop(&guest);
    guest.run = L4_VM_STATE_OFF;
    off.waits = true;
    off.reason = reason;
    off.status = status;
    off_report();
}

/* What an exit asked for beyond its answer. True: reply now, with *actions. */
static __attribute__((noinline)) bool wish_fulfil(uint32_t cpu, uint32_t *actions)
{
    l4_status_t status = L4_OK;
    switch (guest.vm.wish) {
    case POWER_CPU_ON:
        status = guest_cpu_on(&guest, &guest.vm.call);
        break;
    case POWER_CPU_OFF:
        guest_cpu_stop(&guest, cpu);
        return false;
    case POWER_SYSTEM_OFF:
        guest_off(L4_OFF_POWER, L4_OK);
        return false;
    case POWER_NOTIFY:
        guest_channel_notify(&guest, guest.vm.call.channel);
        break;
    case POWER_SYSTEM_RESET:
        status = guest_reset(&guest, cpu);
        *actions = 0;
        if (guest.resetting) {
            return false;
        }
        break;
    default:
        break;
    }
    if (status != L4_OK) {
        guest_off(L4_OFF_FAILED, status);
        return false;
    }
    return true;
}

/* The word that an inject left to travel with the reply. A call (HVC, SMC), whose reply has no room
 * for it, injects nothing. */
static inline uint32_t virq_attach(uint32_t cpu, uint32_t actions, uint32_t *w2)
{
    struct vcpu_l4 *vcpu = &guest.vcpus.cpu[cpu];
    if (__builtin_expect(vcpu->deferred != 0, 0)) {
        *w2 = vcpu->deferred;
        vcpu->deferred = 0;
        actions |= L4_RESUME_INJECT;
    }
    return actions;
}

/* Every exit but the frequent ones. True: reply now, with *label and w. */
static __attribute__((noinline)) bool exit_any(uint32_t cpu, uint32_t *label, uint32_t w[4])
{
    if (*label == L4_EXIT_VIRQ) {
        const uint16_t ended[4] = {(uint16_t)w[1], (uint16_t)(w[1] >> 16), (uint16_t)w[2],
                                   (uint16_t)(w[2] >> 16)};
        vcpu_l4_ended(&guest.vcpus.cpu[cpu], ended, 4);
    }
    *label = vm_exit(&guest.vm, cpu, *label, w);
    *label = virq_attach(cpu, *label, &w[2]);
    return guest.vm.wish == POWER_NONE || wish_fulfil(cpu, label);
}

/* An access that a device answers without more ado. False: it is not one of these. */
static inline bool exit_device(uint32_t cpu, struct l4_msg *msg)
{
    const struct bus_device *device = bus_find(&guest.vm.bus, msg->w[0]);
    if (!vm_mmio_plain(device, msg->w[0], msg->w[1])) {
        return false;
    }
    uint32_t value = msg->w[2];
    uint32_t w2 = 0;
    guest.vm.exits[L4_EXIT_MMIO - L4_EXIT_FIRST]++;
    uint32_t actions = vm_mmio(&guest.vm, cpu, device, msg->w[0], msg->w[1], &value);
    actions = virq_attach(cpu, actions, &w2);
    *msg = l4_msg(actions, value, 0, w2, 0);
    return true;
}

/* A hypercall. True: reply now. */
static inline bool exit_hvc(uint32_t cpu, struct l4_msg *msg)
{
    uint32_t r[4] = {msg->w[0], msg->w[1], msg->w[2], msg->w[3]};
    uint32_t actions = L4_RESUME_WRITE;
    bool reply = true;
    guest.vm.exits[L4_EXIT_HVC - L4_EXIT_FIRST]++;
    guest.vm.wish = hypercall(&guest.vm.power, &guest.vm.limits, cpu, r, &guest.vm.call);
    if (__builtin_expect(guest.vm.wish != POWER_NONE, 0)) {
        reply = wish_fulfil(cpu, &actions);
    }
    *msg = l4_msg(actions, r[0], r[1], r[2], r[3]);
    return reply;
}

/* Hot path: metrics vm.mmio, vm.hvc. The message stays in registers as long as nothing here takes
 * its address: what the rare exits need is copied. */
static inline bool message(void *context, struct l4_msg *msg)
{
    (void)context;
    uint32_t cpu = msg->badge - BADGE_VCPU_0;
    uint32_t tag = msg->tag;
    if (__builtin_expect(cpu >= guest.vm.cpus || !l4_tag_is_kernel(tag), 0)) {
        *msg = l4_msg(0, (uint32_t)L4_ERR_NOT_SUPPORTED, 0, 0, 0); /* the VMM serves nobody else */
        return true;
    }
    guest.vcpus.exiting = cpu;
    if (__builtin_expect(tag == EXIT_TAG(L4_EXIT_MMIO) && exit_device(cpu, msg), 1)) {
        return true;
    }
    if (tag == EXIT_TAG(L4_EXIT_HVC)) {
        return exit_hvc(cpu, msg);
    }
    uint32_t label = l4_tag_label(tag);
    uint32_t w[4] = {msg->w[0], msg->w[1], msg->w[2], msg->w[3]};
    bool reply = exit_any(cpu, &label, w);
    *msg = l4_msg(label, w[0], w[1], w[2], w[3]);
    return reply;
}

static void signal(void *context, uint32_t bits)
{
    (void)context;
    guest.vcpus.exiting = GIC_CPUS;
    guest_devices_signal(&guest, bits);
    if ((bits & L4_CONTROL_BIT) != 0) {
        guest_control(&guest);
    }
    if (guest.resetting) {
        l4_status_t status = guest_reset_go_on(&guest);
        if (status != L4_OK) {
            guest_off(L4_OFF_FAILED, status);
        }
    }
    off_report();
}

static void timeout(void *context, l4_status_t status)
{
    (void)context;
    guest.vcpus.exiting = GIC_CPUS;
    if (status == L4_ERR_TIMEOUT) {
        pl011_timeout(&guest.vm.uart);
        pl031_tick(&guest.vm.rtc);
    }
}

static __attribute__((noinline)) uint32_t wait_until_due(void)
{
    if (pl011_timeout_runs(&guest.vm.uart)) {
        return RECEIVE_TIMEOUT_US;
    }
    uint32_t seconds = pl031_alarm(&guest.vm.rtc);
    return (seconds < ALARM_WAIT_MAX ? seconds : ALARM_WAIT_MAX) * US_PER_SECOND;
}

static uint32_t wait_us(void *context)
{
    (void)context;
    if (__builtin_expect(!pl011_timeout_runs(&guest.vm.uart) && !guest.vm.rtc.state.armed, 1)) {
        return L4_TIMEOUT_NEVER;
    }
    return wait_until_due();
}

int l4_main(const void *arg)
{
    static const struct l4_server server = {message, signal, timeout, wait_us};
    const struct l4_start *start = arg;
    l4_log_to_devmgr(L4_START_DEVMGR);
    if (start->magic != L4_START_MAGIC || start->version != L4_START_VERSION ||
        start->kind != L4_START_KIND_VMM) {
        return L4_ERR_VERSION;
    }
    l4_status_t status = guest_create(&guest, start);
    if (status == L4_OK) {
        status = guest_boot(&guest);
    }
    if (status == L4_OK) {
        tell_init(INIT_GUEST_STARTED, 0, 0);
        guest.run = L4_VM_STATE_RUNNING;
        status = guest_run(&guest, 0);
    }
    if (status != L4_OK) {
        guest.run = L4_VM_STATE_OFF;
        tell_init(INIT_GUEST_OFF, L4_OFF_FAILED, (uint32_t)status);
    }
    l4_server_run(L4_START_ENDPOINT, &server, NULL);
}
