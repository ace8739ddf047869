/* What differs from guest to guest: its device tree, and devices in the place of models. */
#include "fake_gic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include <vmm/boot.h>
#include <vmm/vm.h>

static uint8_t tree[BOOT_DTB_MAX];
static struct fake_kernel kernel;
static struct vm vm;
static uint8_t ram[0x1000];

/* --- The tree ------------------------------------------------------------------------------ */

static void assert_cells(const char *path, const char *name, uint32_t count, const uint32_t *cells)
{
    int length;
    const fdt32_t *p = fdt_getprop(tree, fdt_path_offset(tree, path), name, &length);
    assert_non_null(p);
    assert_int_equal(length, count * 4);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(fdt32_to_cpu(p[i]), cells[i]);
    }
}

#define CELLS(path, name, ...)                                                                     \
    assert_cells(path, name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

static void assert_bytes(const char *path, const char *name, const char *bytes, int size)
{
    int length;
    const char *p = fdt_getprop(tree, fdt_path_offset(tree, path), name, &length);
    assert_non_null(p);
    assert_int_equal(length, size);
    assert_memory_equal(p, bytes, (size_t)size);
}

#define TEXT(path, name, literal) assert_bytes(path, name, literal, sizeof(literal))

static bool exists(const char *path)
{
    return fdt_path_offset(tree, path) >= 0;
}

static void write_tree(const struct boot_devices *devices)
{
    const struct boot_tree given = {
        .ram_base = 0x40000000, .ram_size = 0x1000000, .cpus = 1, .devices = *devices};
    uint32_t size;
    assert_int_equal(boot_tree_write(&given, tree, sizeof(tree), &size), L4_OK);
}

static void populated_transports(void **state)
{
    (void)state;
    write_tree(&(struct boot_devices){.virtio_count = 3});
    TEXT("/virtio_mmio@a000400", "compatible", "virtio,mmio");
    CELLS("/virtio_mmio@a000400", "reg", 0, 0x0a000400, 0, 0x200);
    CELLS("/virtio_mmio@a000400", "interrupts", 0, 18, 1);
    assert_bytes("/virtio_mmio@a000400", "dma-coherent", "", 0);
    assert_true(exists("/virtio_mmio@a000000"));
    assert_false(exists("/virtio_mmio@a000600"));
    /* Linux names disks in the order of the tree. */
    assert_true(fdt_path_offset(tree, "/virtio_mmio@a000000") <
                fdt_path_offset(tree, "/virtio_mmio@a000200"));
}

static void dedicated_devices(void **state)
{
    (void)state;
    static const char clock[] = "arm,pl031\0arm,primecell";
    const struct boot_device device[] = {
        {.base = 0x09010000,
         .size = 0x1000,
         .irq = 34,
         .compatible = clock,
         .compatible_size = sizeof(clock)},
        {.base = 0x0a002000,
         .size = 0x200,
         .irq = 64,
         .edge = true,
         .dma_coherent = true,
         .compatible = "virtio,mmio",
         .compatible_size = 12},
        {.base = 0x09080000, .size = 0x1000, .irq = 50, .compatible = "@/", .compatible_size = 3},
    };
    write_tree(&(struct boot_devices){.device = device, .device_count = 3});
    assert_bytes("/pl031@9010000", "compatible", clock, sizeof(clock));
    CELLS("/pl031@9010000", "interrupts", 0, 2, 4);
    CELLS("/pl031@9010000", "reg", 0, 0x09010000, 0, 0x1000);
    TEXT("/pl031@9010000", "clock-names", "apb_pclk");
    assert_int_equal(
        fdt_node_offset_by_compatible(tree, fdt_path_offset(tree, "/pl031@9010000"), "arm,pl031"),
        -FDT_ERR_NOTFOUND); /* and no model beside it */
    CELLS("/mmio@a002000", "reg", 0, 0x0a002000, 0, 0x200);
    CELLS("/mmio@a002000", "interrupts", 0, 32, 1);
    assert_bytes("/mmio@a002000", "dma-coherent", "", 0);
    assert_true(exists("/device@9080000"));
    assert_null(fdt_getprop(tree, fdt_path_offset(tree, "/pl031@9010000"), "dma-coherent", NULL));
}

static void channels(void **state)
{
    (void)state;
    const struct boot_channel channel = {.base = 0x0b000000,
                                         .size = 0x3000,
                                         .irq = 96,
                                         .number = 0,
                                         .end = 1,
                                         .port = 5000,
                                         .peer = "radio"};
    write_tree(&(struct boot_devices){.channel = &channel, .channel_count = 1});
    TEXT("/channel@b000000", "compatible", "pecan,channel");
    CELLS("/channel@b000000", "reg", 0, 0x0b000000, 0, 0x3000);
    CELLS("/channel@b000000", "interrupts", 0, 64, 1);
    CELLS("/channel@b000000", "pecan,channel", 0);
    CELLS("/channel@b000000", "pecan,end", 1);
    CELLS("/channel@b000000", "pecan,port", 5000);
    TEXT("/channel@b000000", "pecan,peer", "radio");
    assert_true(exists("/pl031@9010000"));
}

/* --- The machine --------------------------------------------------------------------------- */

static uint32_t seconds(void *context)
{
    (void)context;
    return 1000;
}

static uint32_t transfer(void *context, uint8_t *bytes, uint32_t count)
{
    (void)context;
    (void)bytes;
    (void)count;
    return 0;
}

static void nothing(struct virtio *virtio)
{
    (void)virtio;
}

static bool is_quiet(const struct virtio *virtio)
{
    return virtio->device == NULL;
}

static const struct virtio_ops ops = {.id = 9, .reset = nothing, .quiet = is_quiet};
static struct virtio device[VIRTIO_SLOTS + 1];
static struct l4_vm_device counters;

static int setup(void **state)
{
    (void)state;
    memset(&kernel, 0, sizeof(kernel));
    const struct vm_config config = {
        .memory = {ram, 0x40000000, sizeof(ram), NULL, 0},
        .cpus = 1,
        .gic = fake_port(&kernel),
        .console = {.receive = transfer},
        .clock = {.seconds = seconds},
    };
    vm_init(&vm, &config);
    for (uint32_t i = 0; i <= VIRTIO_SLOTS; i++) {
        device[i] = (struct virtio){.ops = &ops, .counters = &counters};
    }
    return 0;
}

static void a_device_in_the_clocks_place(void **state)
{
    (void)state;
    uint32_t value;
    assert_int_equal(bus_read(&vm.bus, 0, 0x09010000, 4, &value), L4_OK);
    assert_int_equal(vm_dedicate(&vm, 0x09010000, 0x1000, 34), L4_OK);
    assert_int_equal(bus_read(&vm.bus, 0, 0x09010000, 4, &value), L4_ERR_NOT_FOUND);
    assert_int_equal(bus_read(&vm.bus, 0, 0x09000018, 4, &value), L4_OK);
    assert_int_equal(bus_write(&vm.bus, 0, 0x08000000, 4, 1), L4_OK);
    assert_int_equal(bus_write(&vm.bus, 0, 0x08000104, 4, 4), L4_OK);
    assert_int_equal(L4_VIRQ_ID(kernel.link[34]), 34);
}

static void a_page_of_transports(void **state)
{
    (void)state;
    uint32_t value;
    assert_int_equal(vm_virtio_add(&vm, &device[0]), L4_OK);
    assert_int_equal(vm_dedicate(&vm, 0x0a003000, 0x1000, 72), L4_OK);
    assert_int_equal(bus_read(&vm.bus, 0, 0x0a003000, 4, &value), L4_ERR_NOT_FOUND);
    assert_int_equal(bus_read(&vm.bus, 0, 0x0a002e08, 4, &value), L4_OK);
    assert_int_equal(value, 0);
    assert_int_equal(bus_read(&vm.bus, 0, 0x0a000008, 4, &value), L4_OK);
    assert_int_equal(value, 9);
}

static void models_that_stay(void **state)
{
    (void)state;
    assert_int_equal(vm_virtio_add(&vm, &device[0]), L4_OK);
    assert_int_equal(vm_dedicate(&vm, 0x08000000, 0x1000, 70), L4_ERR_EXISTS);
    assert_int_equal(vm_dedicate(&vm, 0x08011000, 0x1000, 70), L4_ERR_EXISTS);
    assert_int_equal(vm_dedicate(&vm, 0x09000000, 0x1000, 70), L4_ERR_EXISTS);
    assert_int_equal(vm_dedicate(&vm, 0x0a000000, 0x1000, 70), L4_ERR_EXISTS);
    assert_int_equal(vm_dedicate(&vm, 0x0a003000, 0x1000, 33), L4_ERR_EXISTS);
    assert_int_equal(vm_dedicate(&vm, 0x0a003000, 0x1000, 34), L4_ERR_EXISTS);
    assert_int_equal(vm_dedicate(&vm, 0x0a003000, 0x1000, 48), L4_ERR_EXISTS);
    assert_int_equal(vm_dedicate(&vm, 0x0a003000, 0x1000, 49), L4_OK);
}

static void slots_in_order(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < VIRTIO_SLOTS; i++) {
        assert_int_equal(vm_virtio_add(&vm, &device[i]), L4_OK);
        assert_int_equal(device[i].irq_number, 48 + i);
    }
    assert_int_equal(vm_virtio_add(&vm, &device[VIRTIO_SLOTS]), L4_ERR_NO_MEMORY);
}

static void interrupts_reach_the_guest(void **state)
{
    (void)state;
    assert_int_equal(vm_virtio_add(&vm, &device[0]), L4_OK);
    assert_int_equal(vm_virtio_add(&vm, &device[1]), L4_OK);
    (void)!bus_write(&vm.bus, 0, 0x08000000, 4, 1);
    (void)!bus_write(&vm.bus, 0, 0x08000104, 4, 1u << 17);
    virtio_interrupt(&device[1], VIRTIO_INTERRUPT_USED);
    assert_int_equal(fake_acknowledge(&kernel, 0), 49);
}

/* The guest repeats the store that resets a device, until that has come to an end. */
static void a_store_that_has_to_wait(void **state)
{
    (void)state;
    const uint32_t store = 0x24u << 26 | 1u << 24 | 2u << 22 | 1u << 6;
    uint32_t w[4] = {0x0a000070, store, 0, 0};
    device[0].device = &device[0];
    assert_int_equal(vm_virtio_add(&vm, &device[0]), L4_OK);
    assert_int_equal(vm_exit(&vm, 0, L4_EXIT_MMIO, w), 0); /* neither NEXT nor an abort */
    device[0].device = NULL;
    w[0] = 0x0a000070;
    w[2] = 0;
    assert_int_equal(vm_exit(&vm, 0, L4_EXIT_MMIO, w), L4_RESUME_NEXT);
}

static void quiet_when_all_are(void **state)
{
    (void)state;
    assert_true(vm_quiet(&vm));
    device[1].device = &device[1];
    assert_int_equal(vm_virtio_add(&vm, &device[0]), L4_OK);
    assert_int_equal(vm_virtio_add(&vm, &device[1]), L4_OK);
    assert_false(vm_quiet(&vm));
    device[1].device = NULL;
    assert_true(vm_quiet(&vm));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(populated_transports),
        T(dedicated_devices),
        T(channels),
        T(a_device_in_the_clocks_place),
        T(a_page_of_transports),
        T(models_that_stay),
        T(slots_in_order),
        T(interrupts_reach_the_guest),
        T(a_store_that_has_to_wait),
        T(quiet_when_all_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
