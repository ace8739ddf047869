/*
 * ELF images: 32-bit little-endian ARM executables, loaded by their program headers' physical
 * addresses. Nothing in the image is believed before it is checked against its size.
 */
#include <assert.h>
#include <string.h>

#include <l4/base/range.h>

#include "boot_internal.h"

#define ELF_MACHINE_ARM 40u
#define ELF_TYPE_EXEC 2u
#define ELF_TYPE_DYN 3u
#define ELF_LOAD 1u
#define ELF_SEGMENTS_MAX 64u

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

static_assert(sizeof(struct elf_header) == 52, "ELF");
static_assert(sizeof(struct elf_segment) == 32, "ELF");

static l4_status_t header_get(const struct boot_image *image, struct elf_header *h)
{
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    if (image->size < sizeof(*h)) {
        return L4_ERR_FORMAT;
    }
    memcpy(h, image->data, sizeof(*h));
    if (memcmp(h->ident, ident, sizeof(ident)) != 0 || h->machine != ELF_MACHINE_ARM ||
        (h->type != ELF_TYPE_EXEC && h->type != ELF_TYPE_DYN) ||
        h->phentsize != sizeof(struct elf_segment) || h->phnum == 0 ||
        h->phnum > ELF_SEGMENTS_MAX ||
        !l4_range_fits(h->phoff, (uint64_t)h->phnum * sizeof(struct elf_segment), image->size)) {
        return L4_ERR_FORMAT;
    }
    return L4_OK;
}

static struct elf_segment segment_get(const struct boot_image *image, const struct elf_header *h,
                                      uint32_t n)
{
    struct elf_segment segment;
    memcpy(&segment, image->data + h->phoff + n * sizeof(segment), sizeof(segment));
    return segment;
}

static void span_include(struct boot_range *span, uint64_t start, uint64_t end)
{
    bool empty = span->start == span->end;
    span->start = empty || start < span->start ? start : span->start;
    span->end = empty || end > span->end ? end : span->end;
}

/* The entry is a virtual address; the guest starts without translation. */
static void entry_translate(struct boot_plan *plan, const struct elf_header *h,
                            const struct elf_segment *s)
{
    uint32_t entry = h->entry & ~1u;
    if (entry >= s->vaddr && entry - s->vaddr < s->memsz) {
        plan->state->entry = h->entry - s->vaddr + s->paddr;
    }
}

static l4_status_t segment_plan(struct boot_plan *plan, const struct elf_header *h,
                                const struct elf_segment *s)
{
    if (s->filesz > s->memsz || !l4_range_fits(s->offset, s->filesz, plan->config->kernel.size)) {
        return boot_fail(plan, L4_ERR_FORMAT, "an ELF segment lies outside its file");
    }
    if (memory_ram(plan->memory, s->paddr, s->memsz) == NULL) {
        return boot_fail(plan, L4_ERR_RANGE, "an ELF segment lies outside guest RAM");
    }
    span_include(&plan->state->image, s->paddr, (uint64_t)s->paddr + s->memsz);
    entry_translate(plan, h, s);
    return L4_OK;
}

l4_status_t elf_plan(struct boot_plan *plan)
{
    struct elf_header h;
    if (header_get(&plan->config->kernel, &h) != L4_OK) {
        return boot_fail(plan, L4_ERR_FORMAT, "the kernel is no 32-bit ARM ELF executable");
    }
    plan->state->entry = h.entry;
    for (uint32_t i = 0; i < h.phnum; i++) {
        struct elf_segment s = segment_get(&plan->config->kernel, &h, i);
        l4_status_t status =
            s.type == ELF_LOAD && s.memsz != 0 ? segment_plan(plan, &h, &s) : L4_OK;
        if (status != L4_OK) {
            return status;
        }
    }
    if (plan->state->image.start == plan->state->image.end) {
        return boot_fail(plan, L4_ERR_FORMAT, "the ELF kernel has nothing to load");
    }
    return L4_OK;
}

void elf_put(const struct boot_plan *plan)
{
    struct elf_header h;
    if (header_get(&plan->config->kernel, &h) != L4_OK) {
        return; /* planned: cannot be */
    }
    for (uint32_t i = 0; i < h.phnum; i++) {
        struct elf_segment s = segment_get(&plan->config->kernel, &h, i);
        if (s.type == ELF_LOAD && s.memsz != 0) {
            boot_put(plan, s.paddr, plan->config->kernel.data + s.offset, s.filesz, s.memsz);
        }
    }
}
