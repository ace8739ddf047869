/*
 * The control page (struct l4_vm_control): init's commands, and the counters that it reads. What
 * init writes is read once; init never waits for the VMM, nor the VMM for init here, but for the
 * call before sessions are opened again.
 */
#include <l4/base/status.h>
#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/system.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "guest.h"

static bool cpu_on(const struct guest *guest, uint32_t cpu)
{
    return guest->vm.power.on[cpu] != 0;
}

static l4_status_t pause(struct guest *guest)
{
    if (guest->run != L4_VM_STATE_RUNNING) {
        return guest->run == L4_VM_STATE_PAUSED ? L4_OK : L4_ERR_STATE;
    }
    guest_stop(guest);
    guest->run = L4_VM_STATE_PAUSED;
    guest->paused_at = l4_system_clock().ticks;
    return L4_OK;
}

/* The guest's counter goes on where it stood. */
static l4_status_t resume(struct guest *guest)
{
    if (guest->run != L4_VM_STATE_PAUSED) {
        return guest->run == L4_VM_STATE_RUNNING ? L4_OK : L4_ERR_STATE;
    }
    l4_status_t status = L4_OK;
    guest->run = L4_VM_STATE_RUNNING;
    guest->time_offset += l4_system_clock().ticks - guest->paused_at;
    for (uint32_t i = 0; status == L4_OK && i < guest->config->vcpus; i++) {
        status = l4_vcpu_time_offset(guest->vcpus.cpu[i].cap, guest->time_offset);
    }
    for (uint32_t i = 0; status == L4_OK && i < guest->config->vcpus; i++) {
        status = cpu_on(guest, i) && !guest->resetting ? guest_run(guest, i) : L4_OK;
    }
    return status;
}

static l4_status_t reopen(struct guest *guest, uint32_t servers)
{
    struct l4_msg msg = l4_msg(INIT_REOPEN, servers, 0, 0, 0);
    l4_status_t status = l4_call(L4_START_INIT, &msg, L4_TIMEOUT_NEVER);
    if (status == L4_OK) {
        status = (l4_status_t)msg.w[0];
    }
    return status == L4_OK ? guest_devices_reopen(guest, servers) : status;
}

static l4_status_t obey(struct guest *guest, uint32_t command, uint32_t argument)
{
    switch (command) {
    case L4_VM_REPORT:
        return L4_OK;
    case L4_VM_PAUSE:
        return pause(guest);
    case L4_VM_RESUME:
        return resume(guest);
    case L4_VM_REOPEN:
        return reopen(guest, argument);
    default:
        return L4_ERR_NOT_SUPPORTED;
    }
}

static uint64_t processor_time(const struct guest *guest)
{
    uint64_t ns = 0;
    for (uint32_t i = 0; i < guest->config->vcpus; i++) {
        struct l4_thread_info info;
        if (l4_thread_get_info(guest->vcpus.cpu[i].cap, &info) == L4_OK) {
            ns += info.cpu_time_ns;
        }
    }
    return ns;
}

static void report(struct guest *guest)
{
    struct l4_vm_control *c = guest->control;
    c->state = guest->run;
    c->resets = guest->resets;
    c->vcpu_ns = processor_time(guest);
    c->virqs = guest->vcpus.injected;
    for (uint32_t i = 0; i < L4_VM_EXITS && i < VM_EXITS; i++) {
        c->exits[i] = guest->vm.exits[i];
    }
}

void guest_control(struct guest *guest)
{
    struct l4_vm_control *c = guest->control;
    uint32_t asked = __atomic_load_n(&c->asked, __ATOMIC_ACQUIRE);
    if (asked == guest->answered) {
        return;
    }
    guest->answered = asked;
    c->status = obey(guest, c->command, c->argument);
    report(guest);
    __atomic_store_n(&c->answered, asked, __ATOMIC_RELEASE);
    l4_status_t status = l4_signal(L4_START_INIT, guest->config->control_bit);
    if (status != L4_OK) {
        l4_log("init cannot be signalled: %s", l4_status_text(status));
    }
}
