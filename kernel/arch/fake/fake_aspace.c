/*
 * arch/aspace.h on the host: see arch/aspace_types.h. Bounded steps as the contract allows; table
 * pages come from the pool and go back to it; maintenance is recorded in the order in which a
 * processor needs it.
 */
#include <assert.h>

#include <arch/aspace.h>
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/pool.h>

#define ENTRIES 512u
#define STEP 32u

#define ENTRY_VALID 1u
#define ENTRY_DEVICE 0x100u

/* A page or block. */
struct entry {
    uint32_t frame;
    uint16_t attr; /* L4_MAP_*, ENTRY_DEVICE */
    uint16_t valid;
};

/* 2 MiB: nothing, a block, or a table of pages. */
struct fake_directory {
    struct slot {
        uintptr_t what; /* 0, ENTRY_VALID | frame << 12 | attr, or the address of a table page */
    } slot[ENTRIES];
};

struct table {
    struct entry page[ENTRIES];
};

static_assert(sizeof(struct fake_directory) == L4_PAGE_SIZE, "one page");
static_assert(sizeof(struct table) == L4_PAGE_SIZE, "one page");

static bool is_block(uintptr_t what)
{
    return (what & ENTRY_VALID) != 0;
}

static struct table *table_of(uintptr_t what)
{
    return what == 0 || is_block(what) ? NULL : (struct table *)what;
}

static uintptr_t block(frame_t frame, uint32_t attr)
{
    return (uintptr_t)frame << L4_PAGE_SHIFT | attr << 1 | ENTRY_VALID;
}

static frame_t block_frame(uintptr_t what)
{
    return (frame_t)(what >> L4_PAGE_SHIFT);
}

static uint32_t block_attr(uintptr_t what)
{
    return (what & (L4_PAGE_SIZE - 1)) >> 1;
}

static void *table_alloc(struct aspace *as)
{
    void *page = pool_alloc(&as->pool, POOL_PAGE);

    if (page != NULL) {
        as->arch.tables++;
        fake_log(FAKE_TABLE_ALLOC, arch_ptr_frame(page), 0);
    }
    return page;
}

static void table_free(struct aspace *as, void *page)
{
    as->arch.tables--;
    fake_log(FAKE_TABLE_FREE, arch_ptr_frame(page), 0);
    pool_free_clean(&as->pool, page); /* see prune() */
}

static void flush(const struct aspace *as)
{
    fake_log(FAKE_BARRIER, 0, 0);
    if (as->arch.tag != 0) {
        fake_log(FAKE_TLB_TAG, as->arch.tag, 0);
    }
}

/* True if a page of n bytes of zeroes: nothing is mapped below. */
static bool empty(const void *page)
{
    const uint64_t *word = page;

    for (uint32_t i = 0; i < L4_PAGE_SIZE / sizeof(*word); i++) {
        if (word[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Frees what holds nothing: the table of `slot`, then its directory. */
static void prune(struct aspace *as, uint32_t va)
{
    struct fake_directory **directory = &as->arch.directory[va >> 30];
    struct slot *slot = &(*directory)->slot[(va >> L4_BLOCK_SHIFT) % ENTRIES];
    struct table *table = table_of(slot->what);

    if (table != NULL && empty(table)) {
        slot->what = 0;
        flush(as);
        table_free(as, table);
    }
    if (empty(*directory)) {
        void *page = *directory;

        *directory = NULL;
        flush(as);
        table_free(as, page);
    }
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static l4_status_t map_blocks(struct slot *slot, uint32_t va, frame_t frame, uint32_t blocks,
                              uint32_t attr, uint32_t *done)
{
    uint32_t limit = lesser(lesser(blocks, STEP), ENTRIES - (va >> L4_BLOCK_SHIFT) % ENTRIES);
    uint32_t n = 0;

    while (n < limit && slot[n].what == 0) {
        slot[n].what = block(frame + n * ENTRIES, attr);
        fake_log(FAKE_DESC_SET, va + (n << L4_BLOCK_SHIFT), frame + n * ENTRIES);
        n++;
    }
    fake_log(FAKE_BARRIER, 0, 0);
    *done = n * ENTRIES;
    return n != 0 ? L4_OK : L4_ERR_EXISTS;
}

static l4_status_t map_pages(struct aspace *as, struct slot *slot, uint32_t va, frame_t frame,
                             uint32_t pages, uint32_t attr, uint32_t *done)
{
    uint32_t first = (va >> L4_PAGE_SHIFT) % ENTRIES;
    uint32_t limit = lesser(lesser(pages, STEP), ENTRIES - first);
    struct table *table;
    uint32_t n = 0;

    if (is_block(slot->what)) {
        return L4_ERR_EXISTS;
    }
    if (slot->what == 0) {
        slot->what = (uintptr_t)table_alloc(as);
        if (slot->what == 0) {
            return L4_ERR_NO_MEMORY;
        }
    }
    table = table_of(slot->what);
    while (n < limit && table->page[first + n].valid == 0) {
        table->page[first + n] = (struct entry){frame + n, (uint16_t)attr, 1};
        fake_log(FAKE_DESC_SET, va + (n << L4_PAGE_SHIFT), frame + n);
        n++;
    }
    fake_log(FAKE_BARRIER, 0, 0);
    *done = n;
    return n != 0 ? L4_OK : L4_ERR_EXISTS;
}

l4_status_t arch_aspace_map(struct aspace *as, uint32_t va, frame_t frame, uint32_t frames,
                            uint32_t attr, bool device, uint32_t *done)
{
    struct fake_directory **directory = &as->arch.directory[va >> 30];
    bool aligned = ((va >> L4_PAGE_SHIFT) | frame) % ENTRIES == 0;
    struct slot *slot;
    l4_status_t status;

    *done = 0;
    kassert(frames != 0 && ((uint64_t)va >> L4_PAGE_SHIFT) + frames <= 1u << 20);
    if (*directory == NULL) {
        *directory = table_alloc(as);
        if (*directory == NULL) {
            return L4_ERR_NO_MEMORY;
        }
    }
    attr |= device ? ENTRY_DEVICE : 0;
    slot = &(*directory)->slot[(va >> L4_BLOCK_SHIFT) % ENTRIES];
    if (aligned && frames >= ENTRIES && table_of(slot->what) == NULL) {
        status = map_blocks(slot, va, frame, frames / ENTRIES, attr, done);
    } else {
        status = map_pages(as, slot, va, frame, frames, attr, done);
    }
    if (status != L4_OK) {
        prune(as, va);
    }
    return status;
}

uint32_t arch_aspace_unmap(struct aspace *as, uint32_t va, uint32_t frames)
{
    struct fake_directory *directory = as->arch.directory[va >> 30];
    uint32_t first = (va >> L4_PAGE_SHIFT) % ENTRIES;
    uint32_t done = lesser(frames, ENTRIES - first);
    struct slot *slot;
    struct table *table;

    kassert(frames != 0);
    if (directory == NULL) {
        return done;
    }
    slot = &directory->slot[(va >> L4_BLOCK_SHIFT) % ENTRIES];
    table = table_of(slot->what);
    if (table != NULL) {
        done = lesser(done, STEP);
        for (uint32_t n = 0; n < done; n++) {
            table->page[first + n] = (struct entry){0};
        }
    } else if (slot->what != 0) {
        kassert(first == 0 && done == ENTRIES);
        slot->what = 0;
    } else {
        return done;
    }
    fake_log(FAKE_DESC_CLEAR, va, done);
    flush(as);
    prune(as, va);
    return done;
}

bool arch_aspace_lookup(const struct aspace *as, uint32_t va, frame_t *frame, uint32_t *attr)
{
    const struct fake_directory *directory = as->arch.directory[va >> 30];
    uint32_t page = (va >> L4_PAGE_SHIFT) % ENTRIES;
    uintptr_t what;

    if (directory == NULL) {
        return false;
    }
    what = directory->slot[(va >> L4_BLOCK_SHIFT) % ENTRIES].what;
    if (is_block(what)) {
        *frame = block_frame(what) + page;
        *attr = block_attr(what) & 0xffu;
        return true;
    }
    if (what == 0 || table_of(what)->page[page].valid == 0) {
        return false;
    }
    *frame = table_of(what)->page[page].frame;
    *attr = table_of(what)->page[page].attr & 0xffu;
    return true;
}

static void each_of_slot(uintptr_t what, uint32_t va,
                         void (*each)(void *, uint32_t, frame_t, uint32_t, uint32_t), void *context)
{
    if (is_block(what)) {
        each(context, va, block_frame(what), ENTRIES, block_attr(what));
    } else if (what != 0) {
        for (uint32_t i = 0; i < ENTRIES; i++) {
            const struct entry *e = &table_of(what)->page[i];

            if (e->valid != 0) {
                each(context, va + (i << L4_PAGE_SHIFT), e->frame, 1, e->attr);
            }
        }
    }
}

void fake_aspace_each(const struct aspace *as,
                      void (*each)(void *context, uint32_t va, frame_t frame, uint32_t frames,
                                   uint32_t attr),
                      void *context)
{
    for (uint32_t i = 0; i < 4u * ENTRIES; i++) {
        const struct fake_directory *directory = as->arch.directory[i / ENTRIES];

        if (directory != NULL) {
            each_of_slot(directory->slot[i % ENTRIES].what, i << L4_BLOCK_SHIFT, each, context);
        }
    }
}

void arch_aspace_init(struct aspace *as)
{
    as->arch = (struct arch_aspace){0};
}

void arch_aspace_destroy(struct aspace *as)
{
    flush(as);
    as->arch = (struct arch_aspace){0};
    if (fake.loaded == as) {
        fake.loaded = NULL;
    }
}

void arch_aspace_prepare(struct aspace *as)
{
    if (as->arch.tag == 0) {
        as->arch.tag = ++fake.next_tag;
        fake_log(FAKE_TAG, as->arch.tag, 0);
    }
}
