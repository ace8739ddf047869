/*
 * Verified ELF images to memory.
 */
#include <string.h>

#include <l4/base/range.h>

#include "boot.h"

#define REMEDY_LINK "link it again with the project's own link script"

/* Finds, verifies and opens an executable of the package. */
static void open_image(const struct fit *fit, const char *name, struct fit_image *image,
                       struct elf *elf)
{
    struct format_error error;
    if (fit_find(fit, name, image, &error) != L4_OK || fit_verify(image, &error) != L4_OK ||
        elf_open(elf, image->data, image->size, &error) != L4_OK) {
        boot_fail_format(name, &error);
    }
}

static bool next_segment(const struct elf *elf, const char *name, uint32_t *index,
                         struct elf_segment *segment)
{
    struct format_error error;
    const l4_status_t status = elf_next_segment(elf, index, segment, &error);
    if (status == L4_ERR_FORMAT) {
        boot_fail_format(name, &error);
    }
    return status == L4_OK;
}

static void place(const struct elf *elf, const struct elf_segment *segment, uint64_t pa)
{
    uint8_t *const to = (uint8_t *)(uintptr_t)pa;
    memcpy(to, elf->data + segment->offset, segment->file_size);
    memset(to + segment->file_size, 0, segment->size - segment->file_size);
}

uint32_t load_kernel(const struct fit *fit, struct memory *memory, uint64_t *bytes)
{
    struct fit_image image;
    struct elf elf;
    struct elf_segment segment;
    uint32_t index = 0;
    open_image(fit, "kernel", &image, &elf);

    /* Segments may share a page; so first look at all of them, then take their memory away. */
    while (next_segment(&elf, "kernel", &index, &segment)) {
        if (!memory_contains(memory, segment.pa, segment.size)) {
            boot_fail("the kernel does not fit where it is linked", "a segment of image kernel",
                      "link it into RAM that the loader, package and device tree leave free");
        }
        place(&elf, &segment, segment.pa);
    }
    *bytes = 0;
    index = 0;
    while (next_segment(&elf, "kernel", &index, &segment)) {
        *bytes += l4_align_up(segment.size, L4_PAGE_SIZE);
        if (!memory_remove(memory, segment.pa, segment.size)) {
            boot_fail("RAM is in too many pieces", "/memory", "use fewer reserved ranges");
        }
    }
    return elf.entry;
}

static void load_init_segment(const struct elf *elf, const struct elf_segment *segment,
                              struct memory *memory, struct l4_bootinfo *info)
{
    uint64_t pa = 0;
    if (!l4_is_aligned(segment->va, L4_PAGE_SIZE) || segment->va < L4_USER_MIN ||
        !l4_range_fits(segment->va, segment->size, L4_ROOTINFO_VA)) {
        boot_fail("init is not linked at a page of the user range", "a segment of image init",
                  REMEDY_LINK);
    }
    if ((segment->flags & (ELF_WRITE | ELF_EXEC)) == (ELF_WRITE | ELF_EXEC)) {
        boot_fail("init has a segment both writable and executable", "a segment of image init",
                  REMEDY_LINK);
    }
    if (info->segment_count == L4_BOOT_SEGMENTS) {
        boot_fail("init has too many segments", "image init", REMEDY_LINK);
    }
    if (!memory_take(memory, segment->size, &pa)) {
        boot_fail("there is no free RAM for init", "/memory", "give the board more RAM");
    }
    place(elf, segment, pa);
    const uint32_t size = (uint32_t)l4_align_up(segment->size, L4_PAGE_SIZE);
    memset((uint8_t *)(uintptr_t)pa + segment->size, 0, size - segment->size);
    info->segment[info->segment_count++] = (struct l4_boot_segment){
        .pa = pa,
        .va = segment->va,
        .size = size,
        .flags = ((segment->flags & ELF_READ) != 0 ? L4_MAP_READ : 0) |
                 ((segment->flags & ELF_WRITE) != 0 ? L4_MAP_WRITE : 0) |
                 ((segment->flags & ELF_EXEC) != 0 ? L4_MAP_EXEC : 0),
    };
    /* The stack is the highest segment; crt0 sets its own pointer all the same. */
    if (segment->va + size > info->init_stack_top) {
        info->init_stack_top = segment->va + size;
    }
}

void load_init(const struct fit *fit, struct memory *memory, struct l4_bootinfo *info)
{
    struct fit_image image;
    struct elf elf;
    struct elf_segment segment;
    uint32_t index = 0;
    open_image(fit, "init", &image, &elf);
    while (next_segment(&elf, "init", &index, &segment)) {
        load_init_segment(&elf, &segment, memory, info);
    }
    if (info->segment_count == 0) {
        boot_fail("init has nothing to load", "image init", REMEDY_LINK);
    }
    info->init_entry = elf.entry;
}
