/*
 * Address spaces: creation out of a donated region, mappings and donations. Their end is in
 * reap.c.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/cpu.h>

#define ASPACE_MIN_FRAMES 3u
#define ATTR_REFUSED 0x80000000u /* cap.attr: being taken back; the status in the low byte */

static l4_status_t check_donation(const struct cap *c, uint32_t min_frames)
{
    if ((c->flags & CAP_ORIGINAL) == 0) {
        return L4_ERR_RIGHTS;
    }
    if ((c->flags & CAP_MAPPED) != 0 || c->watermark != 0 || cap_has_children(c)) {
        return L4_ERR_BUSY;
    }
    if ((c->rights & L4_RIGHT_COPY) == 0) {
        return L4_ERR_RIGHTS;
    }
    if (c->depth >= CAP_MAX_DEPTH) {
        return L4_ERR_DEPTH;
    }
    return c->frames >= min_frames ? L4_OK : L4_ERR_NO_MEMORY;
}

/* The donation is recorded in an internal capability below the donor's, which counts as split. */
static l4_status_t take_donation(struct aspace *as, struct cap *slot, struct cap *c)
{
    l4_status_t status = cap_derive(slot, c, 0, 0);

    if (status == L4_OK) {
        slot->flags = CAP_DONATED;
        slot->space = as;
        c->watermark = c->frames;
    }
    return status;
}

l4_status_t aspace_create(struct cap *donated, uint32_t slots, uint32_t flags, struct aspace **out)
{
    struct pool pool;
    struct aspace *as;
    l4_status_t status = check_donation(donated, ASPACE_MIN_FRAMES);

    if (status != L4_OK) {
        return status;
    }
    if (slots == 0 || slots > CAP_TABLE_PAGES * CAP_SLOTS_PER_PAGE ||
        (flags & ~L4_ASPACE_GUEST) != 0) {
        return L4_ERR_INVALID;
    }
    pool_init(&pool);
    pool_add(&pool, donated->frame, donated->frames);
    as = pool_alloc(&pool, POOL_1024);
    kassert(as != NULL && sizeof(*as) <= 1024 * (sizeof(void *) / 4));
    as->pool = pool;
    as->slot_count = slots;
    as->flags = flags;
    for (uint32_t i = 0; i < CAP_TABLE_PAGES; i++) {
        as->table[i] = cap_no_page;
    }
    list_init(&as->objects);
    list_init(&as->mapped);
    object_init(&as->object, L4_TYPE_ASPACE, NULL, 0);
    arch_aspace_init(as);
    *out = as;
    return take_donation(as, &as->donation[0], donated);
}

l4_status_t aspace_donate(struct aspace *as, struct cap *donated)
{
    l4_status_t status = check_donation(donated, 1);

    if (status != L4_OK) {
        return status;
    }
    if (as->object.dying) {
        return L4_ERR_STATE;
    }
    for (uint32_t i = 0; i < ASPACE_DONATIONS; i++) {
        if (as->donation[i].type == L4_TYPE_NULL) {
            status = take_donation(as, &as->donation[i], donated);
            if (status == L4_OK) {
                pool_add(&as->pool, donated->frame, donated->frames);
            }
            return status;
        }
    }
    return L4_ERR_BUSY;
}

static l4_status_t check_place(const struct aspace *as, const struct cap *c, uint32_t va,
                               uint32_t attr)
{
    uint32_t rwx = L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC;
    uint64_t end = (uint64_t)va + ((uint64_t)c->frames << L4_PAGE_SHIFT);
    bool guest = (as->flags & L4_ASPACE_GUEST) != 0;

    if ((va & (L4_PAGE_SIZE - 1)) != 0) {
        return L4_ERR_ALIGN;
    }
    if (end > (guest ? 1ull << 32 : L4_USER_MAX) || (!guest && va < L4_USER_MIN)) {
        return L4_ERR_RANGE;
    }
    if ((attr & ~(rwx | L4_MAP_UNCACHED)) != 0 || (attr & L4_MAP_READ) == 0) {
        return L4_ERR_INVALID;
    }
    if (!guest && (c->flags & CAP_GUEST) != 0) {
        return L4_ERR_RIGHTS;
    }
    return (attr & rwx & ~(uint32_t)c->rights) != 0 ? L4_ERR_RIGHTS : L4_OK;
}

/* A mapping that was refused half-way leaves nothing. */
static int take_back(struct cap *c)
{
    l4_status_t status = -(l4_status_t)(c->attr & 0xffu);
    int r = aspace_unmap(c);

    return r == L4_OK ? status : r;
}

int aspace_map(struct aspace *as, struct cap *c, uint32_t va, uint32_t attr)
{
    l4_status_t status = check_place(as, c, va, attr);

    if (status != L4_OK) {
        return status;
    }
    if (as->object.dying) {
        return L4_ERR_STATE;
    }
    if (c->watermark != 0) {
        return L4_ERR_BUSY; /* split or donated */
    }
    if ((c->flags & CAP_MAPPED) == 0) {
        c->flags |= CAP_MAPPED;
        c->space = as;
        c->va = va;
        c->attr = attr;
        c->progress = 0;
        list_append(&as->mapped, &c->space_link);
    } else if ((c->attr & ATTR_REFUSED) != 0) {
        return take_back(c);
    } else if (c->space != as || c->va != va || c->attr != attr || c->progress == c->frames) {
        return L4_ERR_EXISTS;
    }
    while (c->progress < c->frames) {
        uint32_t done = 0;

        status =
            arch_aspace_map(as, va + (c->progress << L4_PAGE_SHIFT), c->frame + c->progress,
                            c->frames - c->progress, attr, (c->flags & CAP_DEVICE) != 0, &done);
        c->progress += done;
        if (status != L4_OK) {
            c->attr = ATTR_REFUSED | (uint32_t)-status;
            return take_back(c);
        }
        if (c->progress < c->frames && arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    return status;
}

int aspace_unmap(struct cap *c)
{
    if ((c->flags & CAP_MAPPED) == 0) {
        return L4_ERR_NOT_FOUND;
    }
    while (c->progress > 0) {
        uint32_t done = arch_aspace_unmap(c->space, c->va, c->progress);

        c->va += done << L4_PAGE_SHIFT;
        c->progress -= done;
        if (c->progress > 0 && arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    c->flags &= ~CAP_MAPPED;
    c->space = NULL;
    list_remove(&c->space_link);
    return L4_OK;
}
