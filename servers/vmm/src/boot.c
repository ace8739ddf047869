/*
 * Placement of kernel, initrd and device tree; see boot.h. The offsets are those of QEMU's
 * hw/arm/boot.c, which a guest that runs there is known to be content with.
 */
#include <string.h>

#include <l4/base/range.h>

#include "boot_internal.h"

#define ZIMAGE_OFFSET 0x10000u
#define ZIMAGE_HEADER 0x30u
#define ZIMAGE_MAGIC_AT 0x24u
#define ZIMAGE_MAGIC 0x016f2818u
#define INITRD_OFFSET_MAX 0x08000000u
#define PAGE 0x1000u
#define NO_MACHINE 0xffffffffu /* r1: described by the device tree */

l4_status_t boot_fail(struct boot_plan *plan, l4_status_t status, const char *why)
{
    plan->state->error = why;
    return status;
}

void boot_put(const struct boot_plan *plan, uint64_t ipa, const void *data, uint32_t data_size,
              uint64_t size)
{
    uint8_t *to = memory_ram(plan->memory, ipa, size);
    memcpy(to, data, data_size);
    memset(to + data_size, 0, (size_t)(size - data_size));
    plan->port->written(plan->port->context, ipa, size);
}

static bool range_empty(const struct boot_range *r)
{
    return r->start == r->end;
}

static bool ranges_overlap(const struct boot_range *a, const struct boot_range *b)
{
    return l4_range_overlaps(a->start, a->end - a->start, b->start, b->end - b->start);
}

/* Plans the kernel at a fixed address, entered at its first byte. */
static l4_status_t flat_plan(struct boot_plan *plan, uint64_t ipa)
{
    uint32_t size = plan->config->kernel.size;
    if (memory_ram(plan->memory, ipa, size) == NULL) {
        return boot_fail(plan, L4_ERR_RANGE, "the kernel does not fit into guest RAM");
    }
    plan->state->image = (struct boot_range){ipa, ipa + size};
    plan->state->entry = (uint32_t)ipa;
    return L4_OK;
}

static l4_status_t zimage_plan(struct boot_plan *plan)
{
    const struct boot_image *kernel = &plan->config->kernel;
    uint32_t magic = 0;
    if (kernel->size >= ZIMAGE_HEADER) {
        memcpy(&magic, kernel->data + ZIMAGE_MAGIC_AT, sizeof(magic));
    }
    if (magic != ZIMAGE_MAGIC) {
        return boot_fail(plan, L4_ERR_FORMAT, "the kernel is no ARM zImage");
    }
    return flat_plan(plan, plan->memory->ram_base + ZIMAGE_OFFSET);
}

static l4_status_t kernel_plan(struct boot_plan *plan)
{
    const struct boot_config *config = plan->config;
    if (config->format == L4_KERNEL_NONE) {
        plan->state->entry = 0;
        return plan->memory->rom != NULL
                   ? L4_OK
                   : boot_fail(plan, L4_ERR_CONFIG, "the guest has neither kernel nor ROM");
    }
    if (config->kernel.data == NULL || config->kernel.size == 0) {
        return boot_fail(plan, L4_ERR_CONFIG, "the kernel image is missing");
    }
    switch (config->format) {
    case L4_KERNEL_ZIMAGE:
        return zimage_plan(plan);
    case L4_KERNEL_ELF:
        return elf_plan(plan);
    case L4_KERNEL_RAW:
        return flat_plan(plan,
                         config->load_address != 0 ? config->load_address : plan->memory->ram_base);
    default:
        return boot_fail(plan, L4_ERR_CONFIG, "the kernel's format is unknown");
    }
}

/* The initrd lies in the middle of RAM, at most 128 MiB up: clear of a kernel that unpacks itself.
 */
static l4_status_t initrd_plan(struct boot_plan *plan)
{
    const struct boot_image *initrd = &plan->config->initrd;
    if (initrd->data == NULL || initrd->size == 0) {
        return L4_OK;
    }
    uint64_t offset = plan->memory->ram_size / 2;
    offset = l4_align_down(offset < INITRD_OFFSET_MAX ? offset : INITRD_OFFSET_MAX, PAGE);
    uint64_t start = plan->memory->ram_base + offset;
    plan->state->initrd = (struct boot_range){start, start + initrd->size};
    if (memory_ram(plan->memory, start, initrd->size) == NULL ||
        ranges_overlap(&plan->state->initrd, &plan->state->image)) {
        return boot_fail(plan, L4_ERR_RANGE, "guest RAM is too small for kernel and initrd");
    }
    return L4_OK;
}

static bool dtb_try(struct boot_plan *plan, uint64_t start, uint32_t size)
{
    struct boot_range at = {start, start + size};
    if (memory_ram(plan->memory, start, size) == NULL || ranges_overlap(&at, &plan->state->image) ||
        ranges_overlap(&at, &plan->state->initrd)) {
        return false;
    }
    plan->state->dtb = at;
    return true;
}

static uint64_t highest_end(const struct boot_plan *plan)
{
    const struct boot_state *s = plan->state;
    return s->initrd.end > s->image.end ? s->initrd.end : s->image.end;
}

/*
 * A zImage's tree lies above the initrd, or where that would begin. Others look for theirs at the
 * start of RAM, and take r2 otherwise: behind the images, or at the end of RAM.
 */
static l4_status_t dtb_plan(struct boot_plan *plan, uint32_t size)
{
    const struct guest_memory *m = plan->memory;
    uint64_t behind = l4_align_up(highest_end(plan), PAGE);
    if (plan->config->format == L4_KERNEL_ZIMAGE) {
        if (range_empty(&plan->state->initrd)) {
            uint64_t middle = l4_align_down(m->ram_size / 2, PAGE);
            behind = m->ram_base + (middle < INITRD_OFFSET_MAX ? middle : INITRD_OFFSET_MAX);
        }
        return dtb_try(plan, behind, size)
                   ? L4_OK
                   : boot_fail(plan, L4_ERR_RANGE, "guest RAM has no room for the device tree");
    }
    if (dtb_try(plan, m->ram_base, size) || dtb_try(plan, behind, size)) {
        return L4_OK;
    }
    uint64_t last = l4_align_down(m->ram_base + m->ram_size - size, PAGE);
    if (m->ram_size < size || !dtb_try(plan, last, size)) {
        plan->state->dtb = (struct boot_range){0, 0}; /* an image that fills RAM needs none */
    }
    return L4_OK;
}

static l4_status_t boot_plan(struct boot_plan *plan, void *scratch, uint32_t *dtb_size)
{
    l4_status_t status = kernel_plan(plan);
    if (status == L4_OK) {
        status = initrd_plan(plan);
    }
    if (status != L4_OK) {
        return status;
    }
    struct boot_tree tree = {
        .ram_base = plan->memory->ram_base,
        .ram_size = plan->memory->ram_size,
        .cpus = plan->config->cpus,
        .bootargs = plan->config->bootargs,
        .initrd = plan->state->initrd,
        .devices = plan->config->devices,
    };
    status = boot_tree_write(&tree, scratch, BOOT_DTB_MAX, dtb_size);
    if (status != L4_OK) {
        return boot_fail(plan, status, "the device tree does not fit its buffer");
    }
    return dtb_plan(plan, *dtb_size);
}

static void boot_write(const struct boot_plan *plan, const void *dtb, uint32_t dtb_size)
{
    const struct boot_config *config = plan->config;
    const struct boot_state *s = plan->state;
    if (config->format == L4_KERNEL_ELF) {
        elf_put(plan);
    } else if (config->format != L4_KERNEL_NONE) {
        boot_put(plan, s->image.start, config->kernel.data, config->kernel.size,
                 config->kernel.size);
    }
    if (!range_empty(&s->initrd)) {
        boot_put(plan, s->initrd.start, config->initrd.data, config->initrd.size,
                 config->initrd.size);
    }
    if (!range_empty(&s->dtb)) {
        boot_put(plan, s->dtb.start, dtb, dtb_size, dtb_size);
    }
}

l4_status_t boot_load(const struct boot_config *config, const struct guest_memory *memory,
                      const struct boot_port *port, void *scratch, struct boot_state *state)
{
    struct boot_plan plan = {config, memory, port, state};
    uint32_t dtb_size = 0;
    *state = (struct boot_state){.error = NULL};
    l4_status_t status = boot_plan(&plan, scratch, &dtb_size);
    if (status != L4_OK) {
        return status;
    }
    boot_write(&plan, scratch, dtb_size);
    state->r[1] = NO_MACHINE;
    state->r[2] = (uint32_t)state->dtb.start;
    return L4_OK;
}
