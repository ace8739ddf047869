/* The machine's parts and how they are wired: the map of QEMU's virt (hw/arm/virt.c). */
#include <string.h>

#include <l4/base/range.h>
#include <vmm/vm.h>

static void uart_irq(void *context, bool level)
{
    struct vm *vm = context;
    gic_set_line(&vm->gic, 0, PL011_IRQ, level);
}

static void rtc_irq(void *context, bool level)
{
    struct vm *vm = context;
    gic_set_line(&vm->gic, 0, PL031_IRQ, level);
}

static void virtio_irq(void *context, uint32_t irq, bool level)
{
    struct vm *vm = context;
    gic_set_line(&vm->gic, 0, irq, level);
}

static uint32_t console_transmit(void *context, const uint8_t *bytes, uint32_t count)
{
    const struct vm *vm = context;
    return vm->console.transmit(vm->console.context, bytes, count);
}

static uint32_t console_receive(void *context, uint8_t *bytes, uint32_t count)
{
    const struct vm *vm = context;
    return vm->console.receive(vm->console.context, bytes, count);
}

static uint32_t clock_seconds(void *context)
{
    const struct vm *vm = context;
    return vm->clock.seconds(vm->clock.context);
}

/* The map is fixed and disjoint: a failure is a bug in the table. */
static void attach(struct vm *vm, uint32_t base, uint32_t size, const struct device_ops *ops,
                   void *state)
{
    if (bus_attach(&vm->bus, base, size, ops, state) != L4_OK) {
        __builtin_trap();
    }
}

void vm_init(struct vm *vm, const struct vm_config *config)
{
    memset(vm, 0, sizeof(*vm));
    vm->cpus = config->cpus;
    vm->vcpu = config->vcpu;
    vm->console = config->console;
    vm->clock = config->clock;
    vm->limits = (struct power_limits){.ram_base = config->memory.ram_base,
                                       .ram_size = config->memory.ram_size,
                                       .rom_size = config->memory.rom_size};
    const struct pl011_port uart = {vm, uart_irq, console_transmit, console_receive};
    const struct pl031_port rtc = {vm, rtc_irq, clock_seconds};
    gic_init(&vm->gic, config->cpus, &config->gic);
    pl011_init(&vm->uart, &uart);
    pl031_init(&vm->rtc, &rtc);
    bus_init(&vm->bus, &config->memory);
    attach(vm, GICD_BASE, 0x1000, &gicd_ops, &vm->gic);
    attach(vm, GICC_DIR_BASE, 0x1000, &gicc_dir_ops, &vm->gic);
    attach(vm, PL011_BASE, 0x1000, &pl011_ops, &vm->uart);
    attach(vm, PL031_BASE, 0x1000, &pl031_ops, &vm->rtc);
    attach(vm, VIRTIO_BASE, VIRTIO_PAGE, &virtio_page_ops, &vm->virtio);
    attach(vm, VIRTIO_BASE + VIRTIO_PAGE, VIRTIO_END - VIRTIO_BASE - VIRTIO_PAGE, &virtio_page_ops,
           &vm->virtio_empty);
    vm_reset(vm);
}

l4_status_t vm_virtio_add(struct vm *vm, struct virtio *virtio)
{
    if (vm->virtio_count == VIRTIO_SLOTS) {
        return L4_ERR_NO_MEMORY;
    }
    virtio->memory = &vm->bus.memory;
    virtio->chain = &vm->chain;
    virtio->irq = virtio_irq;
    virtio->irq_context = vm;
    virtio->irq_number = VIRTIO_IRQ + vm->virtio_count;
    virtio_init(virtio);
    vm->virtio.slot[vm->virtio_count++] = virtio;
    return L4_OK;
}

/* Has the machine a model with this interrupt? The clock's goes with its page. */
static bool irq_taken(const struct vm *vm, uint32_t irq)
{
    return irq == PL011_IRQ || (irq >= VIRTIO_IRQ && irq - VIRTIO_IRQ < vm->virtio_count) ||
           (irq == PL031_IRQ && bus_present(bus_find(&vm->bus, PL031_BASE)));
}

l4_status_t vm_dedicate(struct vm *vm, uint32_t base, uint32_t size, uint32_t irq)
{
    if (l4_range_overlaps(base, size, GICD_BASE, 0x1000) ||
        l4_range_overlaps(base, size, GICC_BASE, 0x2000) ||
        l4_range_overlaps(base, size, PL011_BASE, 0x1000) ||
        (vm->virtio_count != 0 && l4_range_overlaps(base, size, VIRTIO_BASE, VIRTIO_PAGE))) {
        return L4_ERR_EXISTS;
    }
    bus_remove(&vm->bus, base, size);
    return irq_taken(vm, irq) ? L4_ERR_EXISTS : gic_link(&vm->gic, irq);
}

bool vm_quiet(const struct vm *vm)
{
    for (uint32_t i = 0; i < vm->virtio_count; i++) {
        if (!virtio_quiet(vm->virtio.slot[i])) {
            return false;
        }
    }
    return true;
}

void vm_devices_reset(struct vm *vm)
{
    pl011_reset(&vm->uart);
    pl031_reset(&vm->rtc);
    for (uint32_t i = 0; i < vm->virtio_count; i++) {
        virtio_reset(vm->virtio.slot[i]);
    }
}

void vm_reset(struct vm *vm)
{
    vm_devices_reset(vm);
    gic_reset(&vm->gic);
    power_reset(&vm->power, vm->cpus);
    for (uint32_t i = 0; i < vm->cpus; i++) {
        sysreg_reset(&vm->sysreg[i], vm->cpus);
    }
}

void vm_start_regs(uint32_t entry, const uint32_t r[3], struct l4_regs_gp *gp)
{
    *gp = (struct l4_regs_gp){.pc = entry & ~1u, .r = {r[0], r[1], r[2]}};
    gp->cpsr = MODE_SVC | CPSR_A | CPSR_I | CPSR_F | ((entry & 1u) != 0 ? CPSR_T : 0);
}
