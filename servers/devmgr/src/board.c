/*
 * The board's device tree; registers and where they are mapped; UART and wall clock.
 */
#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>
#include <l4/irq.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/system.h>

#include "devmgr.h"

#define PAGES_MAX 32u /* pages of registers */
#define NS_PER_SECOND 1000000000u

static struct {
    const void *dtb;
    uint64_t uart;
    uint32_t page_count;
    struct {
        uint64_t pa;
        uint32_t address;
    } page[PAGES_MAX];
} board;

const void *board_dtb(void)
{
    return board.dtb;
}

const struct l4_start_device *board_region(uint64_t pa, uint64_t size)
{
    for (uint32_t i = 0; i < devmgr.start->device_count && i < L4_START_DEVICES; i++) {
        const struct l4_start_device *const device = &devmgr.start->device[i];
        if (pa >= device->base && l4_range_fits(pa - device->base, size, device->size)) {
            return device;
        }
    }
    return NULL;
}

static l4_status_t map_page(uint64_t pa, uint32_t *address)
{
    const struct l4_start_device *const device = board_region(pa, L4_PAGE_SIZE);
    if (device == NULL) {
        return L4_ERR_NOT_FOUND;
    }
    if (board.page_count == PAGES_MAX) {
        return L4_ERR_NO_MEMORY;
    }
    const l4_cap_t share = devmgr_slot();
    l4_status_t status = l4_window_take(&devmgr.window, L4_PAGE_SIZE, L4_PAGE_SIZE, address);
    if (status == L4_OK) {
        status = l4_region_share(device->region, (uint32_t)(pa - device->base), L4_PAGE_SIZE, share,
                                 L4_RIGHT_READ | L4_RIGHT_WRITE);
    }
    if (status == L4_OK) {
        status = l4_aspace_map(L4_START_ASPACE, share, *address, L4_MAP_READ | L4_MAP_WRITE);
    }
    return status;
}

l4_status_t board_registers(uint64_t pa, uintptr_t *address)
{
    const uint64_t page = l4_align_down(pa, L4_PAGE_SIZE);
    uint32_t i = 0;
    while (i < board.page_count && board.page[i].pa != page) {
        i++;
    }
    if (i == board.page_count) {
        uint32_t mapped = 0;
        const l4_status_t status = map_page(page, &mapped);
        if (status != L4_OK) {
            return status;
        }
        board.page[i].pa = page;
        board.page[i].address = mapped;
        board.page_count++;
    }
    *address = board.page[i].address + (uint32_t)(pa - page);
    return L4_OK;
}

bool board_is_coherent(int node)
{
    while (node >= 0) {
        if (fdt_getprop(board.dtb, node, "dma-coherent", NULL) != NULL) {
            return true;
        }
        node = fdt_parent_offset(board.dtb, node);
    }
    return false;
}

bool board_needs(uint64_t pa, uint64_t size)
{
    return l4_range_overlaps(pa, size, board.uart, 1);
}

static volatile uint32_t *registers_of(int node)
{
    uint64_t base = 0;
    uint64_t size = 0;
    uintptr_t address = 0;
    return node < 0 || dt_reg(board.dtb, node, 0, &base, &size) != L4_OK ||
                   board_registers(base, &address) != L4_OK
               ? NULL
               : (volatile uint32_t *)address;
}

static void find_uart(const struct l4_start_devmgr *start)
{
    uint32_t intid = 0;
    bool edge = false;
    int node = dt_stdout(board.dtb);
    if (node < 0 || fdt_node_check_compatible(board.dtb, node, "arm,pl011") != 0) {
        node = dt_next_compatible(board.dtb, -1, "arm,pl011");
    }
    uint64_t size = 0;
    volatile uint32_t *const base = registers_of(node);
    if (base == NULL || dt_reg(board.dtb, node, 0, &board.uart, &size) != L4_OK ||
        dt_interrupt(board.dtb, node, 0, &intid, &edge) != L4_OK) {
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

/* Read once: a guest may get the clock whole, and set it. */
static void read_clock(void)
{
    const volatile uint32_t *const rtc =
        registers_of(dt_next_compatible(board.dtb, -1, "arm,pl031"));
    if (rtc != NULL) {
        devmgr.has_clock = true;
        devmgr.clock_epoch = rtc[0] - l4_system_clock().ns / NS_PER_SECOND;
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
    board.dtb = (const void *)(uintptr_t)address;
    if (status != L4_OK || !dt_check(board.dtb, start->dtb_size)) {
        devmgr_fail("cannot read the board's device tree", status);
    }
    find_uart(start);
    read_clock();
}
