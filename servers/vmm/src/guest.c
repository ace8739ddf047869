/*
 * Builds the guest out of what init gave: maps images and RAM, makes the guest's address space and
 * vCPUs, loads and starts it. See guest.h.
 */
#include <string.h>

#include <l4/base/range.h>
#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "guest.h"

#define GUEST_SLOTS 1u /* a guest has no use for capabilities */
#define MPIDR_BASE 0x80000000u

/* Maps a region of `size` bytes somewhere in the VMM's own space. */
static l4_status_t map_own(struct guest *guest, l4_cap_t region, uint64_t size, uint32_t flags,
                           uint32_t *address)
{
    uint32_t align = size >= L4_BLOCK_SIZE ? L4_BLOCK_SIZE : L4_PAGE_SIZE;
    uint64_t bytes = l4_align_up(size, L4_PAGE_SIZE);
    if (bytes == 0 || bytes > UINT32_MAX) {
        return L4_ERR_RANGE;
    }
    l4_status_t status = l4_window_take(&guest->window, (uint32_t)bytes, align, address);
    return status != L4_OK ? status : l4_aspace_map(L4_START_ASPACE, region, *address, flags);
}

static l4_status_t share(struct guest *guest, l4_cap_t region, uint64_t size, uint32_t rights,
                         l4_cap_t *slot)
{
    l4_status_t status = l4_slots_take(&guest->slots, slot);
    return status != L4_OK ? status
                           : l4_region_share(region, 0, (uint32_t)l4_align_up(size, L4_PAGE_SIZE),
                                             *slot, rights);
}

static l4_status_t images_map(struct guest *guest, struct guest_memory *memory)
{
    const struct l4_start_vmm *c = guest->config;
    for (uint32_t i = 0; i < c->image_count && i < L4_START_IMAGES; i++) {
        uint32_t address;
        l4_status_t status =
            map_own(guest, c->image[i].region, c->image[i].size, L4_MAP_READ, &address);
        if (status != L4_OK) {
            return status;
        }
        const struct boot_image image = {(const uint8_t *)(uintptr_t)address, c->image[i].size};
        if (c->image[i].role == L4_IMAGE_KERNEL) {
            guest->boot.kernel = image;
        } else if (c->image[i].role == L4_IMAGE_INITRD) {
            guest->boot.initrd = image;
        } else if (c->image[i].role == L4_IMAGE_ROM) {
            memory->rom = image.data;
            memory->rom_size = image.size;
        }
    }
    return L4_OK;
}

/* The VMM's own view of guest RAM is a share: the region itself is the guest's mapping. */
static l4_status_t ram_map(struct guest *guest, struct guest_memory *memory)
{
    const struct l4_start_vmm *c = guest->config;
    uint32_t address;
    l4_status_t status =
        share(guest, c->ram, c->ram_size, L4_RIGHT_READ | L4_RIGHT_WRITE, &guest->ram);
    if (status == L4_OK) {
        status = map_own(guest, guest->ram, c->ram_size, L4_MAP_READ | L4_MAP_WRITE, &address);
    }
    if (status == L4_OK) {
        memory->ram = (uint8_t *)(uintptr_t)address;
        memory->ram_base = c->ram_ipa;
        memory->ram_size = c->ram_size;
    }
    return status;
}

static l4_status_t rom_map_guest(struct guest *guest)
{
    const struct l4_start_vmm *c = guest->config;
    for (uint32_t i = 0; i < c->image_count && i < L4_START_IMAGES; i++) {
        l4_cap_t rom;
        if (c->image[i].role != L4_IMAGE_ROM) {
            continue;
        }
        l4_status_t status =
            share(guest, c->image[i].region, c->image[i].size, L4_RIGHT_READ | L4_RIGHT_EXEC, &rom);
        return status != L4_OK ? status
                               : l4_aspace_map(guest->aspace, rom, 0, L4_MAP_READ | L4_MAP_EXEC);
    }
    return L4_OK;
}

/* The first page alone: GICC_DIR, in the second, is emulated. Without the right to share, all of
 * it: then no more interrupts can be active with a dropped priority than there are slots. */
static l4_status_t gicc_map(struct guest *guest)
{
    l4_cap_t gicc;
    l4_status_t status =
        share(guest, guest->config->gicv, L4_PAGE_SIZE, L4_RIGHT_READ | L4_RIGHT_WRITE, &gicc);
    return status != L4_OK
               ? status
               : l4_aspace_map(guest->aspace, gicc, GICC_BASE, L4_MAP_READ | L4_MAP_WRITE);
}

static l4_status_t aspace_make(struct guest *guest)
{
    const struct l4_start_vmm *c = guest->config;
    l4_status_t status = l4_slots_take(&guest->slots, &guest->aspace);
    if (status == L4_OK) {
        status = l4_aspace_create(c->pool, guest->aspace, GUEST_SLOTS, L4_ASPACE_GUEST);
    }
    if (status == L4_OK) {
        status = l4_aspace_map(guest->aspace, c->ram, (uint32_t)c->ram_ipa,
                               L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC);
    }
    if (status == L4_OK) {
        status = gicc_map(guest);
    }
    return status != L4_OK ? status : rom_map_guest(guest);
}

/* vCPU n calls the VMM's endpoint with a badge of its own. */
static l4_status_t vcpu_make(struct guest *guest, uint32_t n)
{
    const struct l4_start_vmm *c = guest->config;
    struct vcpu_l4 *vcpu = &guest->vcpus.cpu[n];
    uint32_t flags = L4_THREAD_GUEST | ((c->flags & L4_VMM_PMU) != 0 ? L4_THREAD_PMU : 0);
    l4_cap_t endpoint;
    l4_status_t status = l4_slots_take(&guest->slots, &vcpu->cap);
    if (status == L4_OK) {
        status = l4_slots_take(&guest->slots, &endpoint);
    }
    if (status == L4_OK) {
        status = l4_cap_copy(L4_START_ENDPOINT, endpoint, L4_ASPACE_SELF,
                             L4_RIGHT_SEND | L4_RIGHT_COPY, BADGE_VCPU_0 + n);
    }
    if (status == L4_OK) {
        status = l4_create(guest->aspace, L4_TYPE_THREAD, vcpu->cap, flags);
    }
    if (status == L4_OK) {
        status = l4_thread_set_sched(vcpu->cap, c->vcpu_priority, c->vcpu_priority, c->budget_us,
                                     c->period_us);
    }
    return status != L4_OK ? status : l4_thread_set_fault(vcpu->cap, endpoint);
}

static l4_status_t failed(const char *what, l4_status_t status)
{
    if (status != L4_OK) {
        l4_log("%s: %s", what, l4_status_text(status));
    }
    return status;
}

/* Without a control page nobody asks: the counters count for themselves. */
static l4_status_t control_map(struct guest *guest)
{
    static struct l4_vm_control unseen;
    uint32_t address;
    guest->control = &unseen;
    if (guest->config->control == 0) {
        return L4_OK;
    }
    l4_status_t status =
        map_own(guest, guest->config->control, L4_PAGE_SIZE, L4_MAP_READ | L4_MAP_WRITE, &address);
    guest->control = (struct l4_vm_control *)(uintptr_t)address;
    return status;
}

static l4_status_t parts_make(struct guest *guest, struct guest_memory *memory)
{
    l4_status_t status = failed("mapping the control page", control_map(guest));
    if (status == L4_OK) {
        status = failed("mapping the guest's images", images_map(guest, memory));
    }
    if (status == L4_OK) {
        status = failed("mapping guest RAM", ram_map(guest, memory));
    }
    if (status == L4_OK) {
        status = failed("making the guest's address space", aspace_make(guest));
    }
    for (uint32_t i = 0; status == L4_OK && i < guest->config->vcpus; i++) {
        status = failed("making a vCPU", vcpu_make(guest, i));
    }
    return status;
}

l4_status_t guest_create(struct guest *guest, const struct l4_start *start)
{
    const struct l4_start_vmm *c = &start->vmm;
    guest->config = c;
    guest->epoch = c->wall_clock_epoch;
    guest->vcpus.exiting = GIC_CPUS;
    if (c->vcpus == 0 || c->vcpus > GIC_CPUS || c->ram_ipa + c->ram_size > UINT64_C(1) << 32 ||
        (uint32_t)c->ram_ipa < BUS_END) {
        return failed("the guest's configuration", L4_ERR_CONFIG);
    }
    l4_slots_init(&guest->slots, start->slot_first, start->slot_count);
    l4_window_init(&guest->window, start->window_base, start->window_size);
    guest->boot = (struct boot_config){.format = (enum l4_kernel_format)c->kernel_format,
                                       .load_address = c->load_address,
                                       .cpus = c->vcpus,
                                       .bootargs = c->bootargs};
    struct vm_config config = {.cpus = c->vcpus,
                               .gic = vcpus_gic_port(&guest->vcpus),
                               .vcpu = vcpus_regs_port(&guest->vcpus),
                               .console = guest_console_port(guest),
                               .clock = guest_clock_port(guest)};
    l4_status_t status = parts_make(guest, &config.memory);
    if (status != L4_OK) {
        return status;
    }
    vm_init(&guest->vm, &config);
    return guest_devices_create(guest);
}

/* What the VMM wrote through its cache, the guest first reads without one. */
static void written(void *context, uint64_t ipa, uint64_t size)
{
    const struct guest *guest = context;
    l4_status_t status = l4_region_cache(guest->ram, L4_CACHE_CLEAN,
                                         (uint32_t)(ipa - guest->config->ram_ipa), (uint32_t)size);
    if (status == L4_OK) {
        status = l4_region_cache(guest->ram, L4_CACHE_SYNC_CODE,
                                 (uint32_t)(ipa - guest->config->ram_ipa), (uint32_t)size);
    }
    (void)failed("cleaning the guest's images from the cache", status);
}

/* All registers reset, MPIDR as its number says, and the start registers. */
static l4_status_t vcpu_place(struct guest *guest, uint32_t cpu, uint32_t entry,
                              const uint32_t r[3])
{
    const struct vcpu_port *port = &guest->vm.vcpu;
    struct l4_regs_cp15 cp15;
    struct l4_regs_gp gp;
    l4_status_t status = l4_vcpu_reset(guest->vcpus.cpu[cpu].cap);
    vcpu_l4_reset(&guest->vcpus.cpu[cpu]);
    if (status == L4_OK) {
        status = port->read(port->context, cpu, L4_REGS_CP15, &cp15);
    }
    if (status == L4_OK) {
        cp15.vmpidr = MPIDR_BASE | cpu;
        status = port->write(port->context, cpu, L4_REGS_CP15, &cp15);
    }
    vm_start_regs(entry, r, &gp);
    return status != L4_OK ? status : port->write(port->context, cpu, L4_REGS_GP, &gp);
}

l4_status_t guest_boot(struct guest *guest)
{
    struct boot_state state;
    const struct boot_port port = {guest, written};
    l4_status_t status =
        boot_load(&guest->boot, &guest->vm.bus.memory, &port, guest->scratch, &state);
    if (status != L4_OK) {
        l4_log("%s", state.error);
        return status;
    }
    static const uint32_t zero[3] = {0, 0, 0};
    for (uint32_t i = 0; status == L4_OK && i < guest->config->vcpus; i++) {
        status = failed("resetting a vCPU",
                        vcpu_place(guest, i, i == 0 ? state.entry : 0, i == 0 ? state.r : zero));
    }
    vm_reset(&guest->vm);
    guest_channels_reset(guest);
    return status;
}

/* Errors: BUSY (a device may still write to guest RAM), IO (and nobody will say when it is done).
 */
static l4_status_t devices_quiet(const struct guest *guest)
{
    if (guest_disks_dead(guest)) {
        return failed("a reset waits for a disk that is gone", L4_ERR_IO);
    }
    return vm_quiet(&guest->vm) && guest_dedicated_quiet(guest) ? L4_OK : L4_ERR_BUSY;
}

/* Devices first: what they still write goes to RAM that the guest no longer uses, and that is not
 * loaded yet. */
l4_status_t guest_reset(struct guest *guest, uint32_t cpu)
{
    for (uint32_t i = 0; i < guest->config->vcpus; i++) {
        if (i != cpu) {
            guest_cpu_stop(guest, i);
        }
    }
    guest->resets++;
    vm_devices_reset(&guest->vm);
    guest_dedicated_reset(guest);
    l4_status_t status = devices_quiet(guest);
    if (status == L4_ERR_BUSY) {
        guest_cpu_stop(guest, cpu);
        guest->resetting = true;
        return L4_OK;
    }
    if (status == L4_OK) {
        status = guest_boot(guest);
    }
    if (status == L4_OK && cpu != 0) {
        guest_cpu_stop(guest, cpu);
        status = guest_run(guest, 0);
    }
    return status;
}

l4_status_t guest_reset_go_on(struct guest *guest)
{
    l4_status_t status = devices_quiet(guest);
    if (status == L4_ERR_BUSY) {
        return L4_OK;
    }
    guest->resetting = false;
    if (status == L4_OK) {
        status = guest_boot(guest);
    }
    return status == L4_OK && guest->run == L4_VM_STATE_RUNNING ? guest_run(guest, 0) : status;
}

l4_status_t guest_run(struct guest *guest, uint32_t cpu)
{
    if (guest->run == L4_VM_STATE_PAUSED) {
        return L4_OK; /* its time comes with the others' */
    }
    return failed("starting a vCPU", l4_thread_resume(guest->vcpus.cpu[cpu].cap));
}

l4_status_t guest_cpu_on(struct guest *guest, const struct power_call *call)
{
    const uint32_t r[3] = {call->context, 0, 0};
    gic_cpu_off(&guest->vm.gic, call->cpu);
    l4_status_t status = vcpu_place(guest, call->cpu, call->entry, r);
    gic_cpu_on(&guest->vm.gic, call->cpu);
    return status != L4_OK ? status : guest_run(guest, call->cpu);
}

void guest_cpu_stop(struct guest *guest, uint32_t cpu)
{
    (void)failed("stopping a vCPU", l4_thread_stop(guest->vcpus.cpu[cpu].cap));
}

void guest_stop(struct guest *guest)
{
    for (uint32_t i = 0; i < guest->config->vcpus; i++) {
        guest_cpu_stop(guest, i);
    }
}
