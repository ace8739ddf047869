/*
 * Building a server: address space, segments, stack, message buffer, start page, capabilities.
 *
 * Read-only segments are mapped out of the (verified, never writable) package and shared by all
 * servers made from the same image; writable ones are copied into the server's private memory. W^X
 * is checked here, not assumed: a server gets its memory as shares without EXEC or DMA, so that it
 * cannot map its data executable either.
 */
#include <string.h>

#include <l4/base/range.h>
#include <l4/cap.h>
#include <l4/memory.h>
#include <l4/thread.h>

#include "init.h"

#define SERVER_BASE 0x10000000u
#define SERVER_IMAGE_END 0x10180000u
#define SERVER_WINDOW_END 0xe0000000u
#define ZEROS_SIZE L4_PAGE_SIZE
#define REMEDY_LINK "link it with libs/libl4/user.ld"

static void open_elf(const char *name, struct fit_image *image, struct elf *elf)
{
    struct format_error error;
    package_image(name, image);
    if (elf_open(elf, image->data, image->size, &error) != L4_OK) {
        init_fail(name, error.what, L4_OK, error.remedy);
    }
}

/* The next segment, checked for what a server's must be. */
static bool next_segment(const char *name, const struct elf *elf, uint32_t *index,
                         struct elf_segment *segment)
{
    struct format_error error;
    const l4_status_t status = elf_next_segment(elf, index, segment, &error);
    if (status == L4_ERR_FORMAT) {
        init_fail(name, error.what, L4_OK, error.remedy);
    }
    if (status != L4_OK) {
        return false;
    }
    const uint32_t both = ELF_WRITE | ELF_EXEC;
    const bool writable = (segment->flags & ELF_WRITE) != 0;
    if ((segment->flags & both) == both) {
        init_fail(name, "a segment is both writable and executable", L4_OK, REMEDY_LINK);
    }
    if (!l4_is_aligned(segment->va, L4_PAGE_SIZE) || segment->va < SERVER_BASE ||
        !l4_range_fits(segment->va, segment->size, SERVER_IMAGE_END) ||
        segment->size > MEMORY_SCRATCH_SIZE) {
        init_fail(name, "a segment lies outside the servers' range", L4_OK, REMEDY_LINK);
    }
    if (!writable &&
        (!l4_is_aligned(segment->offset, L4_PAGE_SIZE) || segment->file_size != segment->size)) {
        init_fail(name, "a read-only segment is not whole pages of the file", L4_OK, REMEDY_LINK);
    }
    return true;
}

uint32_t process_size(const char *name)
{
    struct fit_image image;
    struct elf elf;
    struct elf_segment segment;
    uint32_t index = 0;
    uint32_t size = 2 * L4_PAGE_SIZE + ZEROS_SIZE; /* message buffer, start page */
    open_elf(name, &image, &elf);
    while (next_segment(name, &elf, &index, &segment)) {
        if ((segment.flags & ELF_WRITE) != 0) {
            size += (uint32_t)l4_align_up(segment.size, L4_PAGE_SIZE);
        }
    }
    return size;
}

l4_status_t process_give(struct process *process, l4_cap_t cap, l4_cap_t *slot)
{
    const l4_status_t status = l4_cap_move(cap, process->slot_next, process->aspace);
    if (status == L4_OK) {
        *slot = process->slot_next++;
        l4_slots_give(&init.slots, cap);
    }
    return status;
}

l4_status_t process_give_share(struct process *process, l4_cap_t region, uint32_t size,
                               uint32_t rights, l4_cap_t *slot)
{
    const l4_cap_t share = init_slot();
    const l4_status_t status = l4_region_share(region, 0, size, share, rights | L4_RIGHT_INFO);
    return status != L4_OK ? status : process_give(process, share, slot);
}

l4_status_t process_give_split(struct process *process, l4_cap_t arena, uint32_t size,
                               l4_cap_t *slot)
{
    l4_cap_t region = L4_CAP_NULL;
    const l4_status_t status = memory_split(arena, size, L4_PAGE_SHIFT, &region);
    return status != L4_OK ? status : process_give(process, region, slot);
}

/* Maps a region into the process and hands the capability over with it. */
static l4_status_t map_and_give(struct process *process, l4_cap_t region, uint32_t address,
                                uint32_t flags)
{
    l4_cap_t slot = L4_CAP_NULL;
    const l4_status_t status = l4_aspace_map(process->aspace, region, address, flags);
    return status != L4_OK ? status : process_give(process, region, &slot);
}

/* The next `size` bytes of the process's private memory as a share with these rights alone; *bytes:
 * where init sees them. */
static l4_status_t take_private(struct process *process, uint32_t size, uint32_t rights,
                                l4_cap_t *share, void **bytes)
{
    const uint32_t whole = (uint32_t)l4_align_up(size, L4_PAGE_SIZE);
    const uint32_t offset = process->memory_used;
    *share = init_slot();
    *bytes = (uint8_t *)process->memory_address + offset;
    process->memory_used += whole;
    return l4_region_share(process->memory, offset, whole, *share, rights | L4_RIGHT_INFO);
}

static l4_status_t load_writable(struct process *process, const struct fit_image *image,
                                 const struct elf_segment *segment)
{
    l4_cap_t share = L4_CAP_NULL;
    void *to = NULL;
    const l4_status_t status =
        take_private(process, segment->size, L4_RIGHT_READ | L4_RIGHT_WRITE, &share, &to);
    if (status != L4_OK) {
        return status;
    }
    memcpy(to, image->data + segment->offset, segment->file_size);
    return map_and_give(process, share, segment->va, L4_MAP_READ | L4_MAP_WRITE);
}

static l4_status_t load_read_only(struct process *process, const struct fit_image *image,
                                  const struct elf_segment *segment)
{
    l4_cap_t region = L4_CAP_NULL;
    const uint32_t exec = (segment->flags & ELF_EXEC) != 0 ? L4_MAP_EXEC : 0;
    l4_status_t status = package_share(image->offset + segment->offset, segment->size,
                                       L4_RIGHT_READ | exec | L4_RIGHT_INFO, &region);
    process->shared_bytes += segment->size;
    if (status == L4_OK && exec != 0) {
        status = l4_region_cache(region, L4_CACHE_SYNC_CODE, 0, segment->size);
    }
    return status != L4_OK ? status
                           : map_and_give(process, region, segment->va, L4_MAP_READ | exec);
}

static l4_status_t load_image(struct process *process, const struct process_spec *spec)
{
    struct fit_image image;
    struct elf elf;
    struct elf_segment segment;
    uint32_t index = 0;
    open_elf(spec->image, &image, &elf);
    process->entry = elf.entry;
    while (next_segment(spec->image, &elf, &index, &segment)) {
        const l4_status_t status = (segment.flags & ELF_WRITE) != 0
                                       ? load_writable(process, &image, &segment)
                                       : load_read_only(process, &image, &segment);
        if (status != L4_OK) {
            return status;
        }
        const uint32_t end = (uint32_t)l4_align_up(segment.va + segment.size, L4_PAGE_SIZE);
        if (end > process->image_end) {
            process->image_end = end;
        }
    }
    return L4_OK;
}

/* The memory of segments, message buffer and start page, mapped in init until process_seal(). */
static l4_status_t open_private(struct process *process, const struct process_spec *spec)
{
    const uint32_t size = process_size(spec->image) - ZEROS_SIZE;
    if (size > MEMORY_SCRATCH_SIZE) {
        init_fail(spec->image, "it needs more memory than a server may", L4_OK, "make it smaller");
    }
    const l4_status_t status = memory_split(spec->arena, size, L4_PAGE_SHIFT, &process->memory);
    return status != L4_OK ? status : memory_map(process->memory, &process->memory_address);
}

/* Address space, thread and endpoint; originals stay in init's table. */
static l4_status_t create_objects(struct process *process, const struct process_spec *spec)
{
    l4_status_t status = memory_split(spec->arena, spec->pool_size, L4_PAGE_SHIFT, &process->pool);
    if (status == L4_OK) {
        process->aspace = init_slot();
        status = l4_aspace_create(process->pool, process->aspace, spec->slots, 0);
    }
    if (status == L4_OK) {
        process->thread = init_slot();
        status = l4_create(process->aspace, L4_TYPE_THREAD, process->thread, L4_THREAD_NATIVE);
    }
    if (status == L4_OK) {
        process->endpoint = init_slot();
        status = l4_create(process->aspace, L4_TYPE_ENDPOINT, process->endpoint, 0);
    }
    if (status == L4_OK) {
        status = l4_thread_set_sched(process->thread, spec->priority, spec->priority, 0, 0);
    }
    return status;
}

/* Fixed slots of the server's table (enum l4_start_slot), but for devmgr's. */
static l4_status_t give_fixed_slots(struct process *process, uint32_t badge)
{
    const uint32_t control = L4_RIGHT_CONTROL | L4_RIGHT_INFO;
    process->supervisor = init_slot();
    l4_status_t status =
        l4_cap_copy(init.endpoint, process->supervisor, L4_ASPACE_SELF,
                    L4_RIGHT_SEND | L4_RIGHT_SIGNAL | L4_RIGHT_COPY | L4_RIGHT_INFO, badge);
    if (status == L4_OK) {
        status = l4_thread_set_fault(process->thread, process->supervisor);
    }
    if (status == L4_OK) {
        status = l4_cap_copy(process->supervisor, L4_START_INIT, process->aspace,
                             L4_RIGHT_SEND | L4_RIGHT_SIGNAL | L4_RIGHT_INFO, 0);
    }
    if (status == L4_OK) {
        status = l4_cap_copy(process->aspace, L4_START_ASPACE, process->aspace, control, 0);
    }
    if (status == L4_OK) {
        status = l4_cap_copy(process->thread, L4_START_THREAD, process->aspace, control, 0);
    }
    if (status == L4_OK) {
        status = l4_cap_copy(process->endpoint, L4_START_ENDPOINT, process->aspace,
                             L4_RIGHT_ALL & ~L4_RIGHT_CONTROL, 0);
    }
    return status;
}

/* Behind the image: an unmapped page, the start page, the message buffer, an unmapped page. */
static uint32_t start_page_address(const struct process *process)
{
    return process->image_end + L4_PAGE_SIZE;
}

static uint32_t buffer_address(const struct process *process)
{
    return process->image_end + 2 * L4_PAGE_SIZE;
}

static l4_status_t set_buffer(struct process *process)
{
    l4_cap_t share = L4_CAP_NULL;
    void *bytes = NULL;
    l4_status_t status = take_private(
        process, L4_PAGE_SIZE, L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_COPY, &share, &bytes);
    if (status == L4_OK) {
        status = l4_thread_set_buffer(process->thread, share);
    }
    return status != L4_OK
               ? status
               : map_and_give(process, share, buffer_address(process), L4_MAP_READ | L4_MAP_WRITE);
}

static l4_status_t open_start_page(struct process *process, const struct process_spec *spec)
{
    l4_cap_t share = L4_CAP_NULL;
    void *page = NULL;
    const l4_status_t status = take_private(process, L4_PAGE_SIZE, L4_RIGHT_READ, &share, &page);
    if (status != L4_OK) {
        return status;
    }
    process->start = page;
    process->start->magic = L4_START_MAGIC;
    process->start->version = L4_START_VERSION;
    process->start->size = sizeof *process->start;
    process->start->kind = spec->kind;
    process->start->slot_count = spec->slots;
    process->start->window_base = buffer_address(process) + 2 * L4_PAGE_SIZE;
    process->window_base = process->start->window_base;
    process->start->window_size = SERVER_WINDOW_END - process->start->window_base;
    return map_and_give(process, share, start_page_address(process), L4_MAP_READ);
}

l4_status_t process_create(struct process *process, const struct process_spec *spec)
{
    memset(process, 0, sizeof *process);
    process->slot_next = L4_START_FIRST_OTHER;
    l4_status_t status = create_objects(process, spec);
    if (status == L4_OK) {
        status = give_fixed_slots(process, spec->badge);
    }
    if (status == L4_OK) {
        status = open_private(process, spec);
    }
    if (status == L4_OK) {
        status = load_image(process, spec);
    }
    if (status == L4_OK) {
        status = set_buffer(process);
    }
    if (status == L4_OK) {
        status = open_start_page(process, spec);
    }
    return status != L4_OK ? status
                           : memory_split(spec->arena, ZEROS_SIZE, L4_PAGE_SHIFT, &process->zeros);
}

l4_status_t process_seal(struct process *process)
{
    process->start->slot_first = process->slot_next;
    process->start = NULL;
    process->memory_address = NULL;
    return memory_unmap(process->memory);
}

l4_status_t process_run(const struct process *process)
{
    /* crt0 sets its own stack pointer. */
    return l4_thread_start(process->thread, process->entry, 0, start_page_address(process),
                           buffer_address(process));
}

bool process_stand_in(struct process *process, uint32_t address)
{
    if (!process->reopening || process->stand_in_count == STAND_INS ||
        address < process->window_base || address >= SERVER_WINDOW_END) {
        return false;
    }
    l4_cap_t share = L4_CAP_NULL;
    if (l4_slots_take(&init.slots, &share) != L4_OK) {
        return false;
    }
    l4_status_t status = l4_region_share(process->zeros, 0, L4_PAGE_SIZE, share,
                                         L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_INFO);
    if (status == L4_OK) {
        status = l4_aspace_map(process->aspace, share, address & ~(L4_PAGE_SIZE - 1u),
                               L4_MAP_READ | L4_MAP_WRITE);
    }
    process->stand_in[process->stand_in_count++] = share;
    return status == L4_OK;
}

void process_drop_stand_ins(struct process *process)
{
    while (process->stand_in_count != 0) {
        const l4_cap_t share = process->stand_in[--process->stand_in_count];
        const l4_status_t status = l4_cap_delete(share);
        (void)status; /* gone already with the process's memory */
        l4_slots_give(&init.slots, share);
    }
}

void process_forget(struct process *process)
{
    process_drop_stand_ins(process);
    const l4_status_t status = l4_cap_delete(process->supervisor);
    (void)status; /* ours */
    l4_slots_give(&init.slots, process->supervisor);
    l4_slots_give(&init.slots, process->pool);
    l4_slots_give(&init.slots, process->memory);
    l4_slots_give(&init.slots, process->aspace);
    l4_slots_give(&init.slots, process->thread);
    l4_slots_give(&init.slots, process->endpoint);
    l4_slots_give(&init.slots, process->zeros);
    memset(process, 0, sizeof *process);
}
