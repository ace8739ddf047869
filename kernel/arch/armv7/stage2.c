/*
 * arch/aspace.h by stage-2 tables in the LPAE format (ARM ARM B3.6): 32-bit input, four level-1
 * entries in struct arch_aspace, levels 2 and 3 in pages of the pool.
 *
 * A table descriptor counts the entries in use of its table in its ignored bits [11:2], so that a
 * table that became empty is found without looking through it. ARMv7 cannot invalidate by
 * intermediate address: unmapping invalidates the address space's tag as a whole.
 */
#include <arch/aspace.h>
#include <arch/world.h>
#include <kernel/aspace.h>

#include "arch_private.h"

#define ENTRIES 512u
#define BLOCK_FRAMES 512u
#define STEP 32u /* entries written in one bounded step */

#define DESC_VALID 1ull
#define DESC_PAGE 3ull /* level 3: page; levels 1 and 2: table */
#define DESC_TYPE 3ull
#define DESC_ADDRESS 0xfffffff000ull
#define DESC_COUNT 4ull /* one entry in use, in a table descriptor */
#define DESC_COUNT_MASK 0xffcull

#define S2_WB (15ull << 2)
#define S2_NC (5ull << 2)
#define S2_DEVICE (1ull << 2)
#define S2_TYPE_MASK (15ull << 2)
#define S2_READ (1ull << 6)
#define S2_WRITE (2ull << 6)
#define S2_SH_INNER (3ull << 8)
#define S2_AF (1ull << 10)
#define S2_XN (1ull << 54)

#define VTCR_VALUE 0x80003540u /* SL0 1, T0SZ 0, walks inner shareable write-back */
#define VMID_SHIFT 48u
#define VMID_LIMIT 256u

static uint64_t empty_root[4] __attribute__((aligned(32)));

static uint64_t *table_of(uint64_t desc)
{
    return (uint64_t *)(uintptr_t)(desc & DESC_ADDRESS);
}

static bool is_table(uint64_t desc)
{
    return (desc & DESC_TYPE) == DESC_PAGE;
}

/* One 64-bit store: the walker never sees half a descriptor. */
static void desc_write(uint64_t *entry, uint64_t desc)
{
    *(volatile uint64_t *)entry = desc;
}

static uint64_t *level2_entry(uint64_t root, uint32_t va)
{
    return &table_of(root)[(va >> L4_BLOCK_SHIFT) % ENTRIES];
}

/* Everything cached of `as` goes, on every CPU. Without a tag of the present generation nothing is.
 */
static void flush(const struct aspace *as)
{
    uint64_t vttbr = CP15_READ64(VTTBR);
    bool other = vttbr != as->arch.vttbr;

    arch_dsb_ish();
    if (as->arch.vmid_generation != vmid_generation(arch_this_cpu())) {
        return;
    }
    if (other) {
        CP15_WRITE64(VTTBR, as->arch.vttbr);
        arch_isb();
    }
    CP15_WRITE(TLBIALLIS, 0u);
    arch_dsb_ish();
    arch_isb();
    if (other) {
        CP15_WRITE64(VTTBR, vttbr);
        arch_isb();
    }
}

/* The table below `entry`, made if there is none; NULL without memory. */
static uint64_t *table_get(struct aspace *as, uint64_t *entry)
{
    if (*entry == 0) {
        void *table = pool_alloc(&as->pool, POOL_PAGE);

        if (table == NULL) {
            return NULL;
        }
        arch_dsb_ishst(); /* its zeroes before its descriptor */
        desc_write(entry, (uintptr_t)table | DESC_PAGE);
    }
    return table_of(*entry);
}

/* Takes an empty table out of its entry; the caller flushes, then frees it. */
static void *table_detach(uint64_t *entry)
{
    void *table = NULL;

    if (is_table(*entry) && (*entry & DESC_COUNT_MASK) == 0) {
        table = table_of(*entry);
        desc_write(entry, 0);
    }
    return table;
}

static uint64_t attributes(uint32_t attr, bool device)
{
    uint64_t desc = S2_AF | S2_SH_INNER;

    if (device) {
        desc |= S2_DEVICE;
    } else {
        desc |= (attr & L4_MAP_UNCACHED) != 0 ? S2_NC : S2_WB;
    }
    desc |= (attr & L4_MAP_READ) != 0 ? S2_READ : 0;
    desc |= (attr & L4_MAP_WRITE) != 0 ? S2_WRITE : 0;
    desc |= (attr & L4_MAP_EXEC) != 0 ? 0 : S2_XN;
    return desc;
}

/* Fills up to `count` (at most STEP) free entries from `entry` to the end of its table; returns how
 * many. `parent` counts them. */
static uint32_t fill(uint64_t *parent, uint64_t *entry, uint32_t count, uint64_t desc,
                     uint32_t shift)
{
    uint32_t room = ENTRIES - ((uintptr_t)entry / sizeof(*entry)) % ENTRIES;
    uint32_t limit = count < STEP ? count : STEP;
    uint32_t n = 0;

    limit = limit < room ? limit : room;
    while (n < limit && entry[n] == 0) {
        desc_write(&entry[n], desc);
        desc += 1ull << shift;
        n++;
    }
    desc_write(parent, *parent + n * DESC_COUNT);
    arch_dsb_ishst();
    return n;
}

static l4_status_t map_blocks(uint64_t *root, uint32_t va, uint64_t desc, uint32_t blocks,
                              uint32_t *done)
{
    uint32_t n = fill(root, level2_entry(*root, va), blocks, desc | DESC_VALID, L4_BLOCK_SHIFT);

    *done = n * BLOCK_FRAMES;
    return n != 0 ? L4_OK : L4_ERR_EXISTS;
}

static l4_status_t map_pages(struct aspace *as, uint64_t *root, uint32_t va, uint64_t desc,
                             uint32_t pages, uint32_t *done)
{
    uint64_t *entry = level2_entry(*root, va);
    bool fresh = *entry == 0;
    uint64_t *table;

    if (!fresh && !is_table(*entry)) {
        return L4_ERR_EXISTS;
    }
    table = table_get(as, entry);
    if (table == NULL) {
        return L4_ERR_NO_MEMORY;
    }
    if (fresh) {
        desc_write(root, *root + DESC_COUNT);
    }
    *done = fill(entry, &table[(va >> L4_PAGE_SHIFT) % ENTRIES], pages, desc | DESC_PAGE,
                 L4_PAGE_SHIFT);
    return *done != 0 ? L4_OK : L4_ERR_EXISTS;
}

l4_status_t arch_aspace_map(struct aspace *as, uint32_t va, frame_t frame, uint32_t frames,
                            uint32_t attr, bool device, uint32_t *done)
{
    uint64_t *root = &as->arch.root[va >> 30];
    uint64_t desc = attributes(attr, device) | ((uint64_t)frame << L4_PAGE_SHIFT);
    bool aligned = ((va >> L4_PAGE_SHIFT) | frame) % BLOCK_FRAMES == 0;
    l4_status_t status;
    void *table;

    *done = 0;
    if (table_get(as, root) == NULL) {
        return L4_ERR_NO_MEMORY;
    }
    if (aligned && frames >= BLOCK_FRAMES && !is_table(*level2_entry(*root, va))) {
        return map_blocks(root, va, desc, frames / BLOCK_FRAMES, done);
    }
    status = map_pages(as, root, va, desc, frames, done);
    table = table_detach(root);
    if (table != NULL) {
        flush(as);
        pool_free_clean(&as->pool, table);
    }
    return status;
}

/* Clears up to `count` entries from `entry` within its table; returns how many it stepped over. */
static uint32_t clear(uint64_t *parent, uint64_t *entry, uint32_t count)
{
    uint32_t room = ENTRIES - ((uintptr_t)entry / sizeof(*entry)) % ENTRIES;
    uint32_t limit = count < STEP ? count : STEP;
    uint32_t used = 0;

    limit = limit < room ? limit : room;
    for (uint32_t n = 0; n < limit; n++) {
        if (entry[n] != 0) {
            desc_write(&entry[n], 0);
            used++;
        }
    }
    desc_write(parent, *parent - used * DESC_COUNT);
    return limit;
}

/* Whole 2 MiB entries, blocks or nothing, up to the next table; 0 if `entry` is a table. */
static uint32_t clear_blocks(uint64_t *root, uint64_t *entry, uint32_t count)
{
    uint32_t room = ENTRIES - ((uintptr_t)entry / sizeof(*entry)) % ENTRIES;
    uint32_t n = 0;

    count = count < room ? count : room;
    while (n < count && n < STEP && !is_table(entry[n])) {
        n++;
    }
    return n != 0 ? clear(root, entry, n) : 0;
}

static uint32_t to_boundary(uint32_t va, uint32_t shift, uint32_t frames)
{
    uint32_t size = 1u << (shift - L4_PAGE_SHIFT);
    uint32_t left = size - ((va >> L4_PAGE_SHIFT) % size);

    return left < frames ? left : frames;
}

uint32_t arch_aspace_unmap(struct aspace *as, uint32_t va, uint32_t frames)
{
    uint64_t *root = &as->arch.root[va >> 30];
    uint64_t *entry;
    uint32_t done;
    void *level3 = NULL;
    void *level2;

    if (*root == 0) {
        return to_boundary(va, 30, frames);
    }
    entry = level2_entry(*root, va);
    if (is_table(*entry)) {
        done = clear(entry, &table_of(*entry)[(va >> L4_PAGE_SHIFT) % ENTRIES], frames);
        level3 = table_detach(entry);
        if (level3 != NULL) {
            desc_write(root, *root - DESC_COUNT);
        }
    } else if (*entry == 0) {
        return to_boundary(va, L4_BLOCK_SHIFT, frames);
    } else {
        kassert((va >> L4_PAGE_SHIFT) % BLOCK_FRAMES == 0 && frames >= BLOCK_FRAMES);
        done = clear_blocks(root, entry, frames / BLOCK_FRAMES) * BLOCK_FRAMES;
    }
    level2 = table_detach(root);
    flush(as);
    if (level3 != NULL) {
        pool_free_clean(&as->pool, level3);
    }
    if (level2 != NULL) {
        pool_free_clean(&as->pool, level2);
    }
    return done;
}

bool arch_aspace_lookup(const struct aspace *as, uint32_t va, frame_t *frame, uint32_t *attr)
{
    uint64_t desc = as->arch.root[va >> 30];
    uint32_t mask = ENTRIES - 1;

    if (desc == 0) {
        return false;
    }
    desc = table_of(desc)[(va >> L4_BLOCK_SHIFT) % ENTRIES];
    if (is_table(desc)) {
        desc = table_of(desc)[(va >> L4_PAGE_SHIFT) % ENTRIES];
        mask = 0;
    }
    if (desc == 0) {
        return false;
    }
    *frame = (frame_t)((desc & DESC_ADDRESS) >> L4_PAGE_SHIFT) | ((va >> L4_PAGE_SHIFT) & mask);
    *attr = ((desc & S2_READ) != 0 ? L4_MAP_READ : 0) |
            ((desc & S2_WRITE) != 0 ? L4_MAP_WRITE : 0) | ((desc & S2_XN) != 0 ? 0 : L4_MAP_EXEC) |
            ((desc & S2_TYPE_MASK) == S2_NC ? L4_MAP_UNCACHED : 0);
    return true;
}

void arch_aspace_init(struct aspace *as)
{
    for (uint32_t i = 0; i < 4; i++) {
        as->arch.root[i] = 0;
    }
    as->arch.vttbr = 0;
    as->arch.vmid_generation = 0;
}

void arch_aspace_destroy(struct aspace *as)
{
    flush(as);
    if (as->arch.vmid_generation != 0 && CP15_READ64(VTTBR) == as->arch.vttbr) {
        CP15_WRITE64(VTTBR, (uintptr_t)empty_root);
        arch_isb();
    }
    as->arch.vmid_generation = 0;
}

void arch_aspace_prepare(struct aspace *as)
{
    struct arch_cpu *cpu = arch_this_cpu();

    if (as->arch.vmid_generation == vmid_generation(cpu)) {
        return;
    }
    if (cpu->vmid_next == VMID_LIMIT) {
        cpu->key += 1u << KEY_GENERATION_SHIFT;
        cpu->vmid_next = 1;
        CP15_WRITE64(VTTBR, (uintptr_t)empty_root);
        arch_isb();
        arch_dsb_ish();
        CP15_WRITE(TLBIALLNSNHIS, 0u);
        arch_dsb_ish();
        arch_isb();
    }
    as->arch.vttbr = (uintptr_t)as->arch.root | ((uint64_t)cpu->vmid_next++ << VMID_SHIFT);
    as->arch.vmid_generation = vmid_generation(cpu);
}

void stage2_start(void)
{
    struct arch_cpu *cpu = arch_this_cpu();

    cpu->key = 1u << KEY_GENERATION_SHIFT;
    cpu->vmid_next = 1;
    CP15_WRITE(VTCR, VTCR_VALUE);
    CP15_WRITE64(VTTBR, (uintptr_t)empty_root);
    arch_isb();
    CP15_WRITE(TLBIALLNSNHIS, 0u);
    arch_dsb_ish();
    arch_isb();
}
