/*
 * The loader: root of trust between QEMU or U-Boot and the kernel.
 *
 * Reads the board's device tree and the FIT package, verifies and places kernel and init, describes
 * all of it in struct l4_bootinfo and enters the kernel. Its own memory is free afterwards.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#include "boot.h"

#define MODE_HYP 0x1au
#define DTB_LIMIT (2u << 20)
#define POOL_SIZE (96u << 10)

extern char __boot_start[];
extern char __boot_end[];

/* Handed to the kernel, which copies it before it uses any RAM of the list. */
static struct l4_bootinfo info __attribute__((section(".handover"), aligned(4096)));
static struct memory memory;

static void take_away(uint64_t base, uint64_t size)
{
    if (!memory_remove(&memory, base, size)) {
        boot_fail("RAM is in too many pieces", "/memory", "use fewer reserved ranges");
    }
}

/* The package must be RAM that nothing else uses. */
static void open_package(const void *dtb, struct fit *fit)
{
    struct format_error error;
    uint64_t base = 0;
    uint64_t size = 0;
    board_package(dtb, &base, &size);
    if (!memory_contains(&memory, base, size)) {
        boot_fail("the package is not in free RAM", "/chosen linux,initrd-start",
                  "load it away from loader and device tree");
    }
    if (fit_open(fit, (const void *)(uintptr_t)base, (size_t)size, &error) != L4_OK) {
        boot_fail_format("the package", &error);
    }
    info.fit.base = base;
    info.fit.size = l4_align_up(size, L4_PAGE_SIZE);
    take_away(base, size);
}

static void list_ram(struct l4_boot_range *list, uint32_t *count)
{
    if (memory.count > L4_BOOT_RANGES) {
        boot_fail("RAM is in too many pieces", "/memory", "use fewer reserved ranges");
    }
    for (uint32_t i = 0; i < memory.count; i++) {
        list[i] = memory.range[i];
    }
    *count = memory.count;
}

static void report(uint64_t kernel_bytes)
{
    uint64_t init_bytes = 0;
    uint64_t ram_bytes = 0;
    for (uint32_t i = 0; i < info.segment_count; i++) {
        init_bytes += info.segment[i].size;
    }
    for (uint32_t i = 0; i < info.ram_count; i++) {
        ram_bytes += info.ram[i].size;
    }
    console_print("[boot] Pecan: package of ");
    console_print_size(info.fit.size);
    console_print(" at ");
    console_print_hex(info.fit.base);
    console_print("; kernel ");
    console_print_size(kernel_bytes);
    console_print(" and init ");
    console_print_size(init_bytes);
    console_print(" verified; ");
    console_print_size(ram_bytes);
    console_print(" free\n");
}

/* A tree that the previous stage enlarged for its own edits takes megabytes: keep what it holds. */
static void take_device_tree(void *dtb)
{
    if (!dt_check(dtb, DTB_LIMIT)) {
        boot_fail("there is no device tree", "r2 at entry",
                  "start the loader by the Linux boot protocol");
    }
    board_find_console(dtb);
    (void)fdt_pack(dtb);
}

/* init gets the tree as whole pages: nothing else may lie in them. */
static void place_device_tree(const void *dtb)
{
    const uint32_t size = fdt_totalsize(dtb);
    if (!memory_take(&memory, size, &info.dtb.base)) {
        boot_fail("there is no free RAM for the device tree", "/memory", "give the board more RAM");
    }
    info.dtb.size = l4_align_up(size, L4_PAGE_SIZE);
    memset((void *)(uintptr_t)info.dtb.base, 0, info.dtb.size);
    memcpy((void *)(uintptr_t)info.dtb.base, dtb, size);
}

_Noreturn void boot_main(void *dtb, uint32_t mode)
{
    struct fit fit;
    uint64_t kernel_bytes = 0;

    take_device_tree(dtb);
    if (mode != MODE_HYP) {
        boot_fail("not entered in HYP mode", "CPSR at entry",
                  "use a processor with the virtualization extensions and start it in HYP "
                  "(QEMU: -M virt,virtualization=on)");
    }
    board_memory(dtb, &memory);
    list_ram(info.all_ram, &info.all_ram_count);
    board_reserve(dtb, &memory);
    board_describe(dtb, &info);

    take_away((uintptr_t)__boot_start, (uint64_t)(__boot_end - __boot_start));
    take_away((uintptr_t)dtb, fdt_totalsize(dtb));
    open_package(dtb, &fit);
    place_device_tree(dtb);
    const uint32_t entry = load_kernel(&fit, &memory, &kernel_bytes);
    load_init(&fit, &memory, &info);
    info.pool.size = POOL_SIZE;
    if (!memory_take(&memory, POOL_SIZE, &info.pool.base)) {
        boot_fail("there is no free RAM for init", "/memory", "give the board more RAM");
    }

    (void)memory_add(&memory, (uintptr_t)__boot_start, (uintptr_t)&info - (uintptr_t)__boot_start);
    (void)memory_add(&memory, (uintptr_t)&info + L4_PAGE_SIZE,
                     (uintptr_t)__boot_end - (uintptr_t)&info - L4_PAGE_SIZE);
    list_ram(info.ram, &info.ram_count);
    info.magic = L4_BOOTINFO_MAGIC;
    info.version = L4_BOOTINFO_VERSION;
    info.size = sizeof info;
    report(kernel_bytes);
    start_kernel(entry, &info);
}
