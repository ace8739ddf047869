/*
 * The guest's loader with any image in any memory: a refusal has written nothing; what is accepted
 * lies in guest RAM, does not overlap, and the port hears of every byte that changed.
 */
#include <stdlib.h>
#include <string.h>

#include <l4/base/range.h>
#include <libfdt.h>
#include <vmm/boot.h>

#include "fuzz.h"
#include "seed_elf.h"

#define RAM_PAGES_MAX 64u
#define PAGE 4096u

struct world {
    struct guest_memory memory;
    uint8_t told[RAM_PAGES_MAX * PAGE]; /* 1: the port was told of the byte */
};

static void written(void *context, uint64_t ipa, uint64_t size)
{
    struct world *const w = context;
    FUZZ_CHECK(ipa >= w->memory.ram_base);
    FUZZ_CHECK(l4_range_fits(ipa - w->memory.ram_base, size, w->memory.ram_size));
    memset(w->told + (ipa - w->memory.ram_base), 1, (size_t)size);
}

static void check_range(const struct world *w, const struct boot_range *range)
{
    FUZZ_CHECK(range->start <= range->end);
    if (range->start != range->end) {
        FUZZ_CHECK(memory_ram(&w->memory, range->start, range->end - range->start) != NULL);
    }
}

static void check_apart(const struct boot_range *a, const struct boot_range *b)
{
    FUZZ_CHECK(!l4_range_overlaps(a->start, a->end - a->start, b->start, b->end - b->start));
}

static void check_accepted(const struct world *w, const struct boot_state *state)
{
    check_range(w, &state->image);
    check_range(w, &state->initrd);
    check_range(w, &state->dtb);
    check_apart(&state->image, &state->initrd);
    check_apart(&state->image, &state->dtb);
    check_apart(&state->initrd, &state->dtb);
    if (state->dtb.start != state->dtb.end) {
        const uint8_t *const tree =
            memory_ram(&w->memory, state->dtb.start, state->dtb.end - state->dtb.start);
        FUZZ_CHECK(state->r[2] == state->dtb.start);
        FUZZ_CHECK(fdt_check_header(tree) == 0);
        FUZZ_CHECK(fdt_totalsize(tree) == state->dtb.end - state->dtb.start);
        FUZZ_CHECK(fdt_path_offset(tree, "/chosen") > 0);
    }
}

static void load(struct world *w, const struct boot_config *config)
{
    uint8_t *const scratch = malloc(BOOT_DTB_MAX);
    const struct boot_port port = {w, written};
    struct boot_state state;
    memset(w->told, 0, sizeof w->told);
    const l4_status_t status = boot_load(config, &w->memory, &port, scratch, &state);
    if (status == L4_OK) {
        check_accepted(w, &state);
    } else {
        FUZZ_CHECK(state.error != NULL);
    }
    for (size_t page = 0; page < w->memory.ram_size; page += PAGE) {
        static const uint8_t zero[PAGE];
        if (memcmp(w->memory.ram + page, zero, PAGE) == 0) {
            continue;
        }
        for (size_t i = page; i < page + PAGE; i++) {
            FUZZ_CHECK(w->memory.ram[i] == 0 || (status == L4_OK && w->told[i] != 0));
        }
    }
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    static const uint8_t rom[16];
    struct fuzz_input in = {data, size};
    const uint8_t how = fuzz_8(&in);
    w.memory = (struct guest_memory){.ram_base = 0x40000000,
                                     .ram_size = (1 + fuzz_8(&in) % RAM_PAGES_MAX) * PAGE};
    if ((how & 8u) != 0) {
        w.memory.ram_base = UINT64_C(0x100000000) - w.memory.ram_size; /* up to the last byte */
    }
    if ((how & 16u) != 0) {
        w.memory.rom = rom;
        w.memory.rom_size = sizeof rom;
    }
    w.memory.ram = calloc(1, (size_t)w.memory.ram_size);
    struct boot_config config = {.format = (enum l4_kernel_format)(how % 6u),
                                 .cpus = 1 + (how >> 5),
                                 .bootargs = (how & 32u) != 0 ? "console=ttyAMA0" : NULL};
    config.initrd.size = fuzz_16(&in);
    config.load_address = fuzz_32(&in);
    uint8_t *const initrd = malloc(config.initrd.size != 0 ? config.initrd.size : 1);
    memset(initrd, 0x5a, config.initrd.size);
    config.initrd.data = (how & 64u) != 0 ? initrd : NULL;
    config.kernel.size = (uint32_t)in.left;
    uint8_t *const kernel = fuzz_bytes(&in, in.left);
    config.kernel.data = kernel;
    load(&w, &config);
    free(kernel);
    free(initrd);
    free(w.memory.ram);
    return 0;
}

/* Seeds 0 to 3: zImage with initrd, ELF, raw, ROM alone. */
size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const uint8_t formats[] = {L4_KERNEL_ZIMAGE | 64u, L4_KERNEL_ELF, L4_KERNEL_RAW, 16u};
    if (n >= sizeof formats) {
        return 0;
    }
    data[0] = formats[n];
    data[1] = RAM_PAGES_MAX - 1;
    data[2] = 64; /* initrd */
    seed_word(data + 4, n == 2 ? 0x40008000u : 0);
    if (n == 0) {
        seed_word(data + 8 + 0x24, 0x016f2818);
        return 8 + 256;
    }
    return 8 + seed_elf(data + 8, 2, 0x40002000u);
}
