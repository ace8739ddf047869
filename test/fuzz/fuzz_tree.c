/*
 * The generated device tree with any sizes, command lines and buffers: it fits or is refused, and
 * says what it was given.
 */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>
#include <vmm/boot.h>

#include "fuzz.h"

static uint64_t cells(const void *tree, const char *path, const char *name, int at)
{
    int length = 0;
    const int node = fdt_path_offset(tree, path);
    const fdt32_t *const value = fdt_getprop(tree, node, name, &length);
    FUZZ_CHECK(value != NULL && length >= 4 * (at + 2));
    return (uint64_t)fdt32_ld(value + at) << 32 | fdt32_ld(value + at + 1);
}

static void check_tree(const void *tree, uint32_t size, const struct boot_tree *given)
{
    int length = 0;
    FUZZ_CHECK(fdt_check_header(tree) == 0 && fdt_totalsize(tree) == size);
    const char *const bootargs =
        fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "bootargs", &length);
    if (given->bootargs != NULL && given->bootargs[0] != '\0') {
        FUZZ_CHECK(bootargs != NULL && strcmp(bootargs, given->bootargs) == 0);
    } else {
        FUZZ_CHECK(bootargs == NULL);
    }
    const int memory = fdt_node_offset_by_prop_value(tree, -1, "device_type", "memory", 7);
    FUZZ_CHECK(memory > 0);
    const fdt32_t *const reg = fdt_getprop(tree, memory, "reg", &length);
    FUZZ_CHECK(reg != NULL && length == 16);
    FUZZ_CHECK(((uint64_t)fdt32_ld(reg) << 32 | fdt32_ld(reg + 1)) == given->ram_base);
    FUZZ_CHECK(((uint64_t)fdt32_ld(reg + 2) << 32 | fdt32_ld(reg + 3)) == given->ram_size);
    if (given->initrd.start != given->initrd.end) {
        FUZZ_CHECK(cells(tree, "/chosen", "linux,initrd-start", 0) == given->initrd.start);
        FUZZ_CHECK(cells(tree, "/chosen", "linux,initrd-end", 0) == given->initrd.end);
    }
    int cpus = 0;
    int node = 0;
    fdt_for_each_subnode(node, tree, fdt_path_offset(tree, "/cpus"))
    {
        cpus++;
    }
    FUZZ_CHECK((uint32_t)cpus == given->cpus);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const uint8_t how = fuzz_8(&in);
    const uint32_t room = (how & 1u) != 0 ? BOOT_DTB_MAX : fuzz_16(&in) % (BOOT_DTB_MAX + 1);
    const size_t repeat = (how & 2u) != 0 ? 1u + fuzz_8(&in) : 1;
    struct boot_tree tree = {.cpus = 1 + (how >> 5)};
    uint32_t tree_size = 0;
    tree.ram_base = fuzz_32(&in);
    tree.ram_size = fuzz_32(&in);
    tree.initrd.start = fuzz_32(&in);
    tree.initrd.end = fuzz_32(&in);
    const size_t length = in.left;
    uint8_t *const text = fuzz_bytes(&in, length);
    char *const bootargs = calloc(1, length * repeat + 1);
    for (size_t i = 0; i < repeat && length != 0; i++) {
        memcpy(bootargs + i * length, text, length);
    }
    tree.bootargs = (how & 4u) != 0 ? NULL : bootargs;
    uint8_t *const buffer = malloc(room != 0 ? room : 1);
    if (boot_tree_write(&tree, buffer, room, &tree_size) == L4_OK) {
        FUZZ_CHECK(tree_size <= room);
        check_tree(buffer, tree_size, &tree);
    }
    free(buffer);
    free(bootargs);
    free(text);
    return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const uint8_t how[] = {1, 1 | 2, 1 | 4, 0xe1, 0};
    static const char text[] = "console=ttyAMA0 earlycon root=/dev/ram0 rdinit=/sbin/init";
    if (n >= sizeof how) {
        return 0;
    }
    data[0] = how[n];
    for (size_t i = 1; i < 20; i++) {
        data[i] = (uint8_t)(0x40 + i);
    }
    memcpy(data + 20, text, sizeof text - 1);
    return 20 + sizeof text - 1;
}
