/*
 * The board's device tree: which devices devmgr drives, where they are, their interrupts.
 */
#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>
#include <l4/irq.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "devmgr.h"

/* Maps the page of registers at `pa`. */
static volatile uint32_t *map_registers(const struct l4_start_devmgr *start, uint64_t pa)
{
    const uint64_t page = l4_align_down(pa, L4_PAGE_SIZE);
    for (uint32_t i = 0; i < start->device_count; i++) {
        const struct l4_start_device *const device = &start->device[i];
        if (page < device->base ||
            !l4_range_fits(page - device->base, L4_PAGE_SIZE, device->size)) {
            continue;
        }
        uint32_t address = 0;
        const l4_cap_t share = devmgr_slot();
        l4_status_t status = l4_window_take(&devmgr.window, L4_PAGE_SIZE, L4_PAGE_SIZE, &address);
        if (status == L4_OK) {
            status = l4_region_share(device->region, (uint32_t)(page - device->base), L4_PAGE_SIZE,
                                     share, L4_RIGHT_READ | L4_RIGHT_WRITE);
        }
        if (status == L4_OK) {
            status = l4_aspace_map(L4_START_ASPACE, share, address, L4_MAP_READ | L4_MAP_WRITE);
        }
        if (status != L4_OK) {
            devmgr_fail("cannot map a device's registers", status);
        }
        return (volatile uint32_t *)(uintptr_t)(address + (uint32_t)(pa - page));
    }
    return NULL;
}

static volatile uint32_t *registers_of(const struct l4_start_devmgr *start, const void *dtb,
                                       int node)
{
    uint64_t base = 0;
    uint64_t size = 0;
    return node < 0 || dt_reg(dtb, node, 0, &base, &size) != L4_OK ? NULL
                                                                   : map_registers(start, base);
}

static void find_uart(const struct l4_start_devmgr *start, const void *dtb)
{
    uint32_t intid = 0;
    bool edge = false;
    int node = dt_stdout(dtb);
    if (node < 0 || fdt_node_check_compatible(dtb, node, "arm,pl011") != 0) {
        node = dt_next_compatible(dtb, -1, "arm,pl011");
    }
    volatile uint32_t *const base = registers_of(start, dtb, node);
    if (base == NULL || dt_interrupt(dtb, node, 0, &intid, &edge) != L4_OK) {
        devmgr_fail("the board has no arm,pl011 with registers and an interrupt", L4_ERR_NOT_FOUND);
    }
    devmgr.uart_irq = devmgr_slot();
    l4_status_t status = l4_irq_get(start->system, intid, edge, devmgr.uart_irq);
    pl011_init(&devmgr.uart, base);
    if (status == L4_OK) {
        status = l4_irq_bind(devmgr.uart_irq, L4_START_ENDPOINT, SIGNAL_UART);
    }
    if (status != L4_OK) {
        devmgr_fail("cannot get the UART's interrupt", status);
    }
}

void board_find(const struct l4_start_devmgr *start)
{
    uint32_t address = 0;
    const uint32_t size = (uint32_t)l4_align_up(start->dtb_size, L4_PAGE_SIZE);
    l4_status_t status = l4_window_take(&devmgr.window, size, L4_PAGE_SIZE, &address);
    if (status == L4_OK) {
        status = l4_aspace_map(L4_START_ASPACE, start->dtb, address, L4_MAP_READ);
    }
    const void *const dtb = (const void *)(uintptr_t)address;
    if (status != L4_OK || !dt_check(dtb, start->dtb_size)) {
        devmgr_fail("cannot read the board's device tree", status);
    }
    find_uart(start, dtb);
    devmgr.rtc = registers_of(start, dtb, dt_next_compatible(dtb, -1, "arm,pl031"));
}
