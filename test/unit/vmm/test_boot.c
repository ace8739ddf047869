/* Placement of images, ELF checks, start registers and the generated device tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include <vmm/boot.h>

#define BASE 0x40000000u
#define MIB 0x100000u

static uint8_t *ram;
static struct guest_memory memory;
static struct boot_config config;
static struct boot_state state;
static uint8_t scratch[BOOT_DTB_MAX];
static uint8_t kernel[0x20000];
static uint8_t initrd[0x5000];
static uint64_t written_bytes;

static void written(void *context, uint64_t ipa, uint64_t size)
{
    (void)context;
    assert_non_null(memory_ram(&memory, ipa, size));
    written_bytes += size;
}

static const struct boot_port port = {NULL, written};

static l4_status_t load(void)
{
    written_bytes = 0;
    return boot_load(&config, &memory, &port, scratch, &state);
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}

static int setup(void **s)
{
    (void)s;
    ram = calloc(1, 64 * MIB);
    memory = (struct guest_memory){ram, BASE, 64 * MIB, NULL, 0};
    for (size_t i = 0; i < sizeof(kernel); i++) {
        kernel[i] = (uint8_t)(i * 7);
    }
    memset(initrd, 0x5a, sizeof(initrd));
    put32(&kernel[0x24], 0x016f2818);
    config = (struct boot_config){.format = L4_KERNEL_ZIMAGE,
                                  .kernel = {kernel, sizeof(kernel)},
                                  .initrd = {initrd, sizeof(initrd)},
                                  .cpus = 1,
                                  .bootargs = "console=ttyAMA0"};
    return 0;
}

static int teardown(void **s)
{
    (void)s;
    free(ram);
    return 0;
}

static const void *tree(void)
{
    return ram + (state.dtb.start - BASE);
}

static void zimage(void **s)
{
    (void)s;
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.entry, BASE + 0x10000);
    assert_int_equal(state.r[0], 0);
    assert_int_equal(state.r[1], 0xffffffff);
    assert_int_equal(state.r[2], BASE + 32 * MIB + 0x5000);
    assert_int_equal(state.initrd.start, BASE + 32 * MIB);
    assert_memory_equal(ram + 0x10000, kernel, sizeof(kernel));
    assert_memory_equal(ram + 32 * MIB, initrd, sizeof(initrd));
    assert_int_equal(fdt_check_header(tree()), 0);
    assert_int_equal(written_bytes,
                     sizeof(kernel) + sizeof(initrd) + state.dtb.end - state.dtb.start);
}

static void zimage_without_initrd(void **s)
{
    (void)s;
    config.initrd = (struct boot_image){NULL, 0};
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.r[2], BASE + 32 * MIB);
    assert_null(
        fdt_getprop(tree(), fdt_path_offset(tree(), "/chosen"), "linux,initrd-start", NULL));
}

static void refused(l4_status_t status)
{
    assert_int_equal(load(), status);
    assert_non_null(state.error);
    assert_int_equal(written_bytes, 0);
    for (size_t i = 0; i < 64 * MIB; i += 64) {
        assert_int_equal(ram[i], 0);
    }
}

static void what_does_not_fit(void **s)
{
    (void)s;
    put32(&kernel[0x24], 0);
    refused(L4_ERR_FORMAT);
    config.kernel.size = 0x20;
    refused(L4_ERR_FORMAT);
    config.kernel.size = 0;
    refused(L4_ERR_CONFIG);
    put32(&kernel[0x24], 0x016f2818);
    config.kernel.size = sizeof(kernel);
    memory.ram_size = 0x18000;
    refused(L4_ERR_RANGE);
    memory.ram_size = 0x30000; /* the initrd would overlap the kernel */
    refused(L4_ERR_RANGE);
    memory.ram_size = 0x60000;
    config.initrd.size = 0; /* the tree in the middle just fits */
    assert_int_equal(load(), L4_OK);
    memset(ram, 0, 64 * MIB);
    config.format = (enum l4_kernel_format)99;
    refused(L4_ERR_CONFIG);
    config.format = L4_KERNEL_NONE;
    refused(L4_ERR_CONFIG);
}

static void raw_image(void **s)
{
    (void)s;
    config.format = L4_KERNEL_RAW;
    config.initrd = (struct boot_image){NULL, 0};
    config.load_address = BASE + 0x8000;
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.entry, BASE + 0x8000);
    assert_int_equal(state.r[2], BASE);
    assert_int_equal(fdt_check_header(ram), 0);
    config.load_address = 0;
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.entry, BASE);
    assert_int_equal(state.r[2], BASE + sizeof(kernel));
    config.load_address = BASE + 64 * MIB - 0x1000;
    memset(ram, 0, 64 * MIB);
    refused(L4_ERR_RANGE);
    config.load_address = UINT64_MAX - 0xfff;
    refused(L4_ERR_RANGE);
    config.load_address = 0x1000;
    refused(L4_ERR_RANGE);
}

static void rom_only(void **s)
{
    (void)s;
    config = (struct boot_config){.format = L4_KERNEL_NONE, .cpus = 1, .bootargs = ""};
    memory.rom = kernel;
    memory.rom_size = sizeof(kernel);
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.entry, 0);
    assert_int_equal(state.r[2], BASE);
    assert_int_equal(fdt_check_header(ram), 0);
}

/* ELF: header at 0, program headers at 0x34, segments' data from 0x1000. */

struct segment {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

static void elf(uint32_t entry, uint16_t count, const struct segment *segments)
{
    static const uint8_t ident[8] = {0x7f, 'E', 'L', 'F', 1, 1, 1, 0};
    memset(kernel, 0, 0x1000);
    memcpy(kernel, ident, 8);
    put32(&kernel[16], 40u << 16 | 2u);
    put32(&kernel[20], 1);
    put32(&kernel[24], entry);
    put32(&kernel[28], 0x34);
    put32(&kernel[40], 32u << 16 | 52u);
    put32(&kernel[44], count);
    memcpy(&kernel[0x34], segments, count * sizeof(*segments));
    config.format = L4_KERNEL_ELF;
    config.initrd = (struct boot_image){NULL, 0};
}

static void elf_image(void **s)
{
    (void)s;
    const struct segment segments[] = {
        {1, 0x1000, 0xc0010000, BASE + 0x10000, 0x2000, 0x2000, 5, 0x1000},
        {1, 0x3000, 0xc0100000, BASE + 0x100000, 0x100, 0x4000, 6, 0x1000},
        {4, 0, 0, 0, 0x10, 0x10, 4, 4},
    };
    elf(0xc0010101, 3, segments);
    memset(ram + 0x100000, 0xff, 0x4000);
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.entry, BASE + 0x10101);
    assert_int_equal(state.r[2], BASE);
    assert_memory_equal(ram + 0x10000, kernel + 0x1000, 0x2000);
    assert_memory_equal(ram + 0x100000, kernel + 0x3000, 0x100);
    assert_int_equal(ram[0x100100], 0);
    assert_int_equal(ram[0x103fff], 0);
    assert_int_equal(state.image.start, BASE + 0x10000);
    assert_int_equal(state.image.end, BASE + 0x104000);
}

static void elf_at_the_start_of_ram(void **s)
{
    (void)s;
    const struct segment low = {1, 0x1000, BASE, BASE, 0x100, 0x3000, 5, 4};
    elf(BASE, 1, &low);
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.r[2], BASE + 0x3000);
    assert_int_equal(fdt_check_header(tree()), 0);
    const struct segment all = {1, 0x1000, BASE, BASE, 0x100, 64 * MIB, 5, 4};
    elf(BASE, 1, &all);
    assert_int_equal(load(), L4_OK);
    assert_int_equal(state.r[2], 0); /* no room anywhere */
}

static void elf_hostile(void **s)
{
    (void)s;
    static const struct segment bad[] = {
        {1, 0x1000, 0, BASE, 0x20000, 0x20000, 5, 4},          /* past its file */
        {1, 0xfffffff0, 0, BASE, 0x100, 0x100, 5, 4},          /* offset wraps */
        {1, 0x1000, 0, BASE, 0x200, 0x100, 5, 4},              /* file above memory size */
        {1, 0x1000, 0, BASE - 1, 0x10, 0x10, 5, 4},            /* below RAM */
        {1, 0x1000, 0, BASE + 64 * MIB - 8, 0x10, 0x10, 5, 4}, /* beyond RAM */
        {1, 0x1000, 0, 0xfffffff0, 0x10, 0x20, 5, 4},          /* wraps */
        {1, 0x1000, 0, BASE, 0, 0xffffffff, 5, 4},             /* huge */
        {2, 0x1000, 0, BASE, 0x10, 0x10, 5, 4},                /* nothing to load */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        elf(BASE, 1, &bad[i]);
        assert_int_not_equal(load(), L4_OK);
        assert_non_null(state.error);
        assert_int_equal(written_bytes, 0);
    }
    const struct segment good = {1, 0x1000, BASE, BASE, 0x10, 0x10, 5, 4};
    static const struct {
        uint32_t at, value;
    } headers[] = {{0, 0x464c4500},
                   {4, 0x00010102},
                   {4, 0x00010201},
                   {16, 3u << 16 | 2u},
                   {16, 40u << 16 | 1u},
                   {28, 0xfffffff0},
                   {28, sizeof(kernel) - 16},
                   {40, 31u << 16 | 52u},
                   {44, 0},
                   {44, 0xffff}};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        elf(BASE, 1, &good);
        put32(&kernel[headers[i].at], headers[i].value);
        assert_int_equal(load(), L4_ERR_FORMAT);
    }
    config.kernel.size = 51;
    elf(BASE, 1, &good);
    assert_int_equal(load(), L4_ERR_FORMAT);
}

static void elf_random(void **s)
{
    (void)s;
    const struct segment good = {1, 0x1000, BASE, BASE, 0x1000, 0x2000, 5, 4};
    srand(6);
    for (uint32_t round = 0; round < 20000; round++) {
        elf(BASE, 1, &good);
        for (uint32_t i = 0; i < 3; i++) {
            kernel[rand() % 0x60] = (uint8_t)rand();
        }
        (void)!load();
    }
}

/* The device tree */

static uint32_t cell(const char *path, const char *name, int index)
{
    int length;
    const fdt32_t *p = fdt_getprop(tree(), fdt_path_offset(tree(), path), name, &length);
    assert_non_null(p);
    assert_true(length >= (index + 1) * 4);
    return fdt32_to_cpu(p[index]);
}

static const char *text(const char *path, const char *name)
{
    const char *p = fdt_getprop(tree(), fdt_path_offset(tree(), path), name, NULL);
    assert_non_null(p);
    return p;
}

static void tree_contents(void **s)
{
    (void)s;
    config.cpus = 2;
    assert_int_equal(load(), L4_OK);
    assert_string_equal(text("/", "compatible"), "linux,dummy-virt");
    assert_int_equal(cell("/memory@40000000", "reg", 1), BASE);
    assert_int_equal(cell("/memory@40000000", "reg", 3), 64 * MIB);
    assert_string_equal(text("/chosen", "bootargs"), "console=ttyAMA0");
    assert_string_equal(text("/chosen", "stdout-path"), "/pl011@9000000");
    assert_int_equal(cell("/chosen", "linux,initrd-start", 1), BASE + 32 * MIB);
    assert_int_equal(cell("/chosen", "linux,initrd-end", 1), BASE + 32 * MIB + sizeof(initrd));
    assert_string_equal(text("/psci", "compatible"), "arm,psci-1.0");
    assert_string_equal(text("/psci", "method"), "hvc");
    assert_string_equal(text("/cpus/cpu@1", "enable-method"), "psci");
    assert_int_equal(cell("/cpus/cpu@1", "reg", 0), 1);
    assert_int_equal(cell("/intc@8000000", "reg", 1), 0x08000000);
    assert_int_equal(cell("/intc@8000000", "reg", 5), 0x08010000);
    assert_int_equal(cell("/intc@8000000", "phandle", 0), cell("/", "interrupt-parent", 0));
    assert_int_equal(cell("/timer", "interrupts", 1), 13);
    assert_int_equal(cell("/timer", "interrupts", 10), 10);
    assert_int_equal(cell("/timer", "interrupts", 2), 0x304);
    assert_int_equal(cell("/pl011@9000000", "interrupts", 1), 1);
    assert_int_equal(cell("/pl031@9010000", "interrupts", 1), 2);
    assert_int_equal(cell("/pl011@9000000", "clocks", 0), cell("/apb-pclk", "phandle", 0));
    assert_string_equal(text("/hypervisor", "compatible"), "pecan,hypervisor");
    assert_int_equal(fdt_path_offset(tree(), "/virtio_mmio@a000000"), -FDT_ERR_NOTFOUND);
}

static void tree_can_grow(void **s)
{
    (void)s;
    assert_int_equal(load(), L4_OK);
    void *copy = ram + (state.dtb.start - BASE);
    int chosen = fdt_path_offset(copy, "/chosen");
    assert_int_equal(fdt_setprop_string(copy, chosen, "guest,note", "in place"), 0);
}

static void tree_too_large(void **s)
{
    (void)s;
    static char args[BOOT_DTB_MAX];
    memset(args, 'x', sizeof(args) - 1);
    config.bootargs = args;
    refused(L4_ERR_NO_MEMORY);
    args[1023] = '\0';
    assert_int_equal(load(), L4_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(zimage),
        T(zimage_without_initrd),
        T(what_does_not_fit),
        T(raw_image),
        T(rom_only),
        T(elf_image),
        T(elf_at_the_start_of_ram),
        T(elf_hostile),
        T(elf_random),
        T(tree_contents),
        T(tree_can_grow),
        T(tree_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
