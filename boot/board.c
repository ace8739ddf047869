/*
 * The board's device tree: what the kernel and the loader need to know of it.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "boot.h"

#define REMEDY_DTB "give the board's own device tree"
#define ADDRESS_LIMIT (UINT64_C(1) << 32)

static int find_any(const void *dtb, const char *const *compatible, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int node = dt_next_compatible(dtb, -1, compatible[i]);
        if (node >= 0) {
            return node;
        }
    }
    return -FDT_ERR_NOTFOUND;
}

static int find_uart(const void *dtb)
{
    const int node = dt_stdout(dtb);
    if (node >= 0 && fdt_node_check_compatible(dtb, node, "arm,pl011") == 0) {
        return node;
    }
    return dt_next_compatible(dtb, -1, "arm,pl011");
}

void board_find_console(const void *dtb)
{
    uint64_t base = 0;
    uint64_t size = 0;
    const int node = find_uart(dtb);
    if (node >= 0 && dt_reg(dtb, node, 0, &base, &size) == L4_OK && base < ADDRESS_LIMIT) {
        console_set_uart((uint32_t)base);
    }
}

static uint64_t reg_base(const void *dtb, int node, uint32_t index, const char *where)
{
    uint64_t base = 0;
    uint64_t size = 0;
    if (node < 0 || dt_reg(dtb, node, index, &base, &size) != L4_OK || base >= ADDRESS_LIMIT ||
        !l4_is_aligned(base, L4_PAGE_SIZE)) {
        boot_fail("the device tree lacks a register range", where, REMEDY_DTB);
    }
    return base;
}

static uint32_t interrupt(const void *dtb, int node, uint32_t index, const char *where)
{
    uint32_t intid = 0;
    bool edge = false;
    if (node < 0 || dt_interrupt(dtb, node, index, &intid, &edge) != L4_OK) {
        boot_fail("the device tree lacks an interrupt", where, REMEDY_DTB);
    }
    return intid;
}

static uint32_t count_cpus(const void *dtb)
{
    uint32_t count = 0;
    int node = 0;
    const int cpus = fdt_path_offset(dtb, "/cpus");
    if (cpus < 0) {
        boot_fail("the device tree has no processors", "/cpus", REMEDY_DTB);
    }
    fdt_for_each_subnode(node, dtb, cpus)
    {
        const char *const type = dt_string(dtb, node, "device_type");
        if (type != NULL && strcmp(type, "cpu") == 0) {
            count++;
        }
    }
    return count;
}

static void describe_gic(const void *dtb, struct l4_bootinfo *info)
{
    static const char *const compatible[] = {"arm,cortex-a15-gic", "arm,gic-400",
                                             "arm,cortex-a7-gic"};
    const int gic = find_any(dtb, compatible, 3);
    if (gic < 0) {
        boot_fail("the board has no GICv2 with virtualization", "arm,gic-400",
                  "QEMU: -M virt,virtualization=on,gic-version=2");
    }
    info->gicd = reg_base(dtb, gic, 0, "GIC distributor");
    info->gicc = reg_base(dtb, gic, 1, "GIC CPU interface");
    info->gich = reg_base(dtb, gic, 2, "GIC virtual interface control");
    info->gicv = reg_base(dtb, gic, 3, "GIC virtual CPU interface");
    info->maintenance_irq = interrupt(dtb, gic, 0, "GIC maintenance interrupt");
}

void board_describe(const void *dtb, struct l4_bootinfo *info)
{
    static const char *const timers[] = {"arm,armv7-timer", "arm,armv8-timer"};
    static const char *const psci_versions[] = {"arm,psci-1.0", "arm,psci-0.2"};

    info->cpus = count_cpus(dtb);
    describe_gic(dtb, info);

    /* Secure physical, physical, virtual, hypervisor. */
    const int timer = find_any(dtb, timers, 2);
    info->timer_irq_virtual = interrupt(dtb, timer, 2, "virtual timer");
    info->timer_irq_hyp = interrupt(dtb, timer, 3, "hypervisor timer");

    const int uart = find_uart(dtb);
    info->uart = reg_base(dtb, uart, 0, "PL011");
    info->uart_irq = interrupt(dtb, uart, 0, "PL011");

    const int psci = find_any(dtb, psci_versions, 2);
    const char *const method = psci < 0 ? NULL : dt_string(dtb, psci, "method");
    info->psci_smc = method != NULL && strcmp(method, "smc") == 0;
    info->semihosting = semihosting_present();
}

static void add_memory_node(const void *dtb, int node, struct memory *memory)
{
    uint64_t base = 0;
    uint64_t size = 0;
    for (uint32_t i = 0; dt_reg(dtb, node, i, &base, &size) == L4_OK; i++) {
        if (base >= ADDRESS_LIMIT) {
            continue;
        }
        if (size > ADDRESS_LIMIT - base) {
            size = ADDRESS_LIMIT - base;
        }
        if (!memory_add(memory, base, size)) {
            boot_fail("RAM ranges overlap", "/memory", REMEDY_DTB);
        }
    }
}

void board_reserve(const void *dtb, struct memory *memory)
{
    uint64_t base = 0;
    uint64_t size = 0;
    const int count = fdt_num_mem_rsv(dtb);
    for (int i = 0; i < count; i++) {
        if (fdt_get_mem_rsv(dtb, i, &base, &size) == 0 && base < ADDRESS_LIMIT) {
            (void)memory_remove(memory, base, size);
        }
    }
    int node = 0;
    const int reserved = fdt_path_offset(dtb, "/reserved-memory");
    if (reserved < 0) {
        return;
    }
    fdt_for_each_subnode(node, dtb, reserved)
    {
        for (uint32_t i = 0; dt_reg(dtb, node, i, &base, &size) == L4_OK; i++) {
            (void)memory_remove(memory, base, size);
        }
    }
}

void board_memory(const void *dtb, struct memory *memory)
{
    int node = -1;
    for (;;) {
        node = fdt_node_offset_by_prop_value(dtb, node, "device_type", "memory", sizeof "memory");
        if (node < 0) {
            break;
        }
        if (dt_enabled(dtb, node)) {
            add_memory_node(dtb, node, memory);
        }
    }
    if (memory->count == 0) {
        boot_fail("the board has no RAM", "/memory", REMEDY_DTB);
    }
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct l4_boot_range *const range = &memory->range[i];
        const uint32_t last = (uint32_t)((range->base + range->size - 1) >> 30);
        for (uint32_t gib = (uint32_t)(range->base >> 30); gib <= last; gib++) {
            start_map_ram(gib);
        }
    }
}

void board_package(const void *dtb, uint64_t *base, uint64_t *size)
{
    uint64_t end = 0;
    const int chosen = fdt_path_offset(dtb, "/chosen");
    if (chosen < 0 || dt_number(dtb, chosen, "linux,initrd-start", base) != L4_OK ||
        dt_number(dtb, chosen, "linux,initrd-end", &end) != L4_OK) {
        boot_fail("no package was given", "/chosen linux,initrd-start and -end",
                  "give the FIT image as the initrd (QEMU: -initrd FILE)");
    }
    if (end <= *base || end > ADDRESS_LIMIT || !l4_is_aligned(*base, L4_PAGE_SIZE)) {
        boot_fail("the package's place is not a page-aligned range below 4 GiB",
                  "/chosen linux,initrd-start and -end", "load it at a page boundary");
    }
    *size = end - *base;
}
