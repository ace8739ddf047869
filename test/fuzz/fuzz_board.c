/*
 * The board's device tree as the loader reads it (boot/board.c over libs/base/format/dt.c): what
 * it takes for free RAM is in order, and holds nothing that the tree reserves.
 *
 * The loader's failures, which end the machine, end the input here.
 */
#include <setjmp.h>
#include <stdlib.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "boot.h"
#include "tree.h"

#define LIMIT (UINT64_C(1) << 32)

static jmp_buf failed;
static uint32_t gigabytes; /* mapped, one bit each */

_Noreturn void boot_fail(const char *what, const char *where, const char *remedy)
{
    FUZZ_CHECK(what != NULL && where != NULL && remedy != NULL);
    longjmp(failed, 1);
}

void console_set_uart(uint32_t base)
{
    (void)base;
}

bool semihosting_present(void)
{
    return false;
}

void start_map_ram(uint32_t gib)
{
    FUZZ_CHECK(gib < 4);
    gigabytes |= 1u << gib;
}

static void check_memory(const struct memory *memory)
{
    uint64_t last = 0;
    FUZZ_CHECK(memory->count <= MEMORY_RANGES);
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct l4_boot_range *const range = &memory->range[i];
        FUZZ_CHECK(range->size != 0 && l4_is_aligned(range->base | range->size, L4_PAGE_SIZE));
        FUZZ_CHECK(range->base >= last && l4_range_fits(range->base, range->size, LIMIT));
        FUZZ_CHECK((gigabytes >> (range->base >> 30) & 1u) != 0);
        last = range->base + range->size;
    }
}

static void check_reserved(const void *tree, const struct memory *memory)
{
    uint64_t base = 0;
    uint64_t size = 0;
    for (int i = 0; i < fdt_num_mem_rsv(tree); i++) {
        FUZZ_CHECK(fdt_get_mem_rsv(tree, i, &base, &size) == 0);
        const uint64_t end = base + size < base ? UINT64_MAX : base + size;
        for (uint32_t n = 0; n < memory->count; n++) {
            const struct l4_boot_range *const range = &memory->range[n];
            FUZZ_CHECK(size == 0 || end <= range->base || base >= range->base + range->size);
        }
    }
}

static void read_board(void *tree)
{
    struct memory memory = {0};
    struct l4_bootinfo info = {0};
    uint64_t base = 0;
    uint64_t size = 0;
    gigabytes = 0;
    board_find_console(tree);
    (void)fdt_pack(tree);
    board_memory(tree, &memory);
    check_memory(&memory);
    board_reserve(tree, &memory);
    check_memory(&memory);
    check_reserved(tree, &memory);
    board_package(tree, &base, &size);
    FUZZ_CHECK(size != 0 && l4_is_aligned(base, L4_PAGE_SIZE) && l4_range_fits(base, size, LIMIT));
    if (memory_contains(&memory, base, size)) {
        (void)memory_remove(&memory, base, size);
        FUZZ_CHECK(!memory_contains(&memory, base, 1));
        FUZZ_CHECK(!memory_contains(&memory, base + size - 1, 1));
        check_memory(&memory);
    }
    board_describe(tree, &info);
    FUZZ_CHECK(info.gicd < LIMIT && info.gicv < LIMIT && info.maintenance_irq < 1020);
}

/* Properties of every node, as the device manager and init would ask for them. */
static void read_nodes(const void *tree)
{
    for (int node = 0; node >= 0; node = fdt_next_node(tree, node, NULL)) {
        uint64_t base = 0;
        uint64_t size = 0;
        uint32_t intid = 0;
        bool edge = false;
        for (uint32_t i = 0; i < 3; i++) {
            FUZZ_CHECK(dt_reg(tree, node, i, &base, &size) != L4_OK || base + size >= base);
            FUZZ_CHECK(dt_interrupt(tree, node, i, &intid, &edge) != L4_OK ||
                       (intid >= 16 && intid < 1020));
        }
        const char *const model = dt_string(tree, node, "model");
        FUZZ_CHECK(model == NULL || strlen(model) < fdt_totalsize(tree));
        (void)dt_enabled(tree, node);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t *const tree = fuzz_bytes(&in, size);
    if (dt_check(tree, size)) {
        read_nodes(tree);
        if (setjmp(failed) == 0) {
            read_board(tree);
        }
    }
    free(tree);
    return 0;
}

static void seed_device(void *tree, const char *name, const char *compatible, unsigned int base)
{
    tree_node(tree, name);
    tree_string(tree, "compatible", compatible);
    tree_cells(tree, "reg", 4, 0u, base, 0u, 0x1000u);
    tree_cells(tree, "interrupts", 3, 0u, 1u, 4u);
    tree_end(tree);
}

static void seed_gic(void *tree)
{
    tree_node(tree, "intc@8000000");
    tree_string(tree, "compatible", "arm,cortex-a15-gic");
    tree_cells(tree, "reg", 16, 0u, 0x8000000u, 0u, 0x10000u, 0u, 0x8010000u, 0u, 0x10000u, 0u,
               0x8030000u, 0u, 0x10000u, 0u, 0x8040000u, 0u, 0x10000u);
    tree_cells(tree, "interrupts", 3, 1u, 9u, 4u);
    tree_end(tree);
    tree_node(tree, "timer");
    tree_string(tree, "compatible", "arm,armv7-timer");
    tree_cells(tree, "interrupts", 12, 1u, 13u, 4u, 1u, 14u, 4u, 1u, 11u, 4u, 1u, 10u, 4u);
    tree_end(tree);
}

static void seed_memory(void *tree)
{
    tree_node(tree, "memory@40000000");
    tree_string(tree, "device_type", "memory");
    tree_cells(tree, "reg", 8, 0u, 0x40000000u, 0u, 0x20000000u, 0u, 0x80000000u, 0u, 0x800000u);
    tree_end(tree);
    tree_node(tree, "reserved-memory");
    tree_cells(tree, "#address-cells", 1, 2u);
    tree_cells(tree, "#size-cells", 1, 2u);
    tree_bytes(tree, "ranges", NULL, 0);
    tree_node(tree, "r@48000000");
    tree_cells(tree, "reg", 4, 0u, 0x48000000u, 0u, 0x1800u);
    tree_end(tree);
    tree_end(tree);
}

static void seed_rest(void *tree)
{
    tree_node(tree, "cpus");
    tree_node(tree, "cpu@0");
    tree_string(tree, "device_type", "cpu");
    tree_end(tree);
    tree_end(tree);
    tree_node(tree, "psci");
    tree_string(tree, "compatible", "arm,psci-0.2");
    tree_string(tree, "method", "smc");
    tree_end(tree);
    tree_node(tree, "aliases");
    tree_string(tree, "serial0", "/bus/uart@1000");
    tree_end(tree);
    tree_node(tree, "chosen");
    tree_string(tree, "stdout-path", "serial0:115200n8");
    tree_cells(tree, "linux,initrd-start", 1, 0x50000000u);
    tree_cells(tree, "linux,initrd-end", 2, 0u, 0x50100000u);
    tree_end(tree);
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    if (n >= 2) {
        return 0;
    }
    tree_begin(data, FUZZ_INPUT_MAX);
    if (n == 1) {
        tree_reserve(data, 0x41000000, 0x1000);
        tree_reserve(data, 0x42000000, 0xfffffffffffff000);
    }
    tree_root(data);
    tree_cells(data, "#address-cells", 1, 2u);
    tree_cells(data, "#size-cells", 1, 2u);
    seed_gic(data);
    seed_memory(data);
    seed_device(data, "uart@9000000", "arm,pl011", 0x9000000u);
    tree_node(data, "bus");
    tree_cells(data, "#address-cells", 1, 1u);
    tree_cells(data, "#size-cells", 1, 1u);
    tree_cells(data, "ranges", 4, 0x1000u, 0u, 0x9000000u, 0x10000u);
    tree_node(data, "uart@1000");
    tree_string(data, "compatible", "arm,pl011");
    tree_cells(data, "reg", 2, 0x1000u, 0x1000u);
    tree_cells(data, "interrupts", 3, 0u, 1u, 4u);
    tree_end(data);
    tree_end(data);
    seed_rest(data);
    return tree_finish(data);
}
