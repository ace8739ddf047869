/*
 * Invariants of the kernel, part 3: mappings, pools, and that no memory is both.
 */
#include "check.h"

#define UNIT 256u /* smallest chunk on a 64-bit host */
#define UNITS (L4_PAGE_SIZE / UNIT)

struct walk {
    const struct world *world;
    const struct aspace *as;
    uint64_t pages;
};

static const struct cap *mapped_cap(const struct aspace *as, uint32_t va)
{
    for (const struct list *l = as->mapped.next; l != &as->mapped; l = l->next) {
        const struct cap *c = container_of(l, struct cap, space_link);

        if (va >= c->va && (va - c->va) >> L4_PAGE_SHIFT < c->progress) {
            return c;
        }
    }
    return NULL;
}

static bool overlap(frame_t a, uint32_t a_frames, frame_t b, uint32_t b_frames)
{
    return a < b + b_frames && b < a + a_frames;
}

static void check_mapping(void *context, uint32_t va, frame_t frame, uint32_t frames, uint32_t attr)
{
    struct walk *walk = context;
    const struct cap *c = mapped_cap(walk->as, va);

    walk->pages += frames;
    CHECK(c != NULL, "0x%x is mapped without a capability", va);
    CHECK(frame >= c->frame && frame + frames <= c->frame + c->frames,
          "0x%x shows memory of another region", va);
    CHECK(!walk->world->settled || frame - c->frame == (va - c->va) >> L4_PAGE_SHIFT,
          "0x%x shows another page of its region", va);
    CHECK((attr & (L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC) & ~(uint32_t)c->rights) == 0,
          "0x%x is mapped with more rights than its capability has", va);
    CHECK(((attr & 0x100u) != 0) == ((c->flags & CAP_DEVICE) != 0), "device attribute of 0x%x", va);
}

/* Nothing that a pool is made of is mapped or a message buffer. */
static void check_not_donated(const struct world *w, const struct cap *c)
{
    for (uint32_t i = 0; i < w->spaces; i++) {
        for (uint32_t d = 0; d < ASPACE_DONATIONS; d++) {
            const struct cap *donation = &w->space[i]->donation[d];

            CHECK(donation->type == L4_TYPE_NULL ||
                      !overlap(c->frame, c->frames, donation->frame, donation->frames) ||
                      m.root[m.root_count - 1] == donation->object,
                  "memory is kernel-owned and mapped at once");
        }
    }
}

static void check_space(const struct world *w, const struct aspace *as)
{
    struct walk walk = {w, as, 0};
    uint64_t pages = 0;

    (void)check_list(&as->mapped, "mappings of an address space");
    for (const struct list *l = as->mapped.next; l != &as->mapped; l = l->next) {
        const struct cap *c = container_of(l, struct cap, space_link);

        CHECK(c->type == L4_TYPE_REGION && (c->flags & CAP_MAPPED) != 0 && c->space == as,
              "a mapping that is none");
        CHECK(c->watermark == 0, "split memory is mapped");
        pages += c->progress;
        check_not_donated(w, c);
    }
    if (as->object.dying && as->dying_stage >= 3) {
        return; /* no thread is left that could use its tables */
    }
    fake_aspace_each(as, check_mapping, &walk);
    CHECK(walk.pages == pages || !w->settled, "%u pages are mapped, capabilities know of %u",
          (unsigned)walk.pages, (unsigned)pages);
}

void check_memory(const struct world *w)
{
    for (uint32_t i = 0; i < w->spaces; i++) {
        if (!w->space[i]->object.dying || w->space[i]->dying_stage <= 3) {
            check_space(w, w->space[i]);
        }
    }
    for (uint32_t i = 0; i < w->threads; i++) {
        const struct cap *c = &w->thread[i]->buffer_cap;

        if (c->type != L4_TYPE_NULL) {
            check_not_donated(w, c);
            CHECK((void *)w->thread[i]->buffer == arch_frame_ptr(c->frame), "another's buffer");
        }
    }
}

static uint8_t unit_used[RAM_FRAMES * UNITS];

static const uint32_t class_bytes[POOL_CLASSES] = {256, 1024, 2048, L4_PAGE_SIZE};

/* Each unit of memory belongs to one owner; marks bytes at p. */
static void take(const struct aspace *as, const void *p, uint32_t bytes, const char *what)
{
    uintptr_t offset = (uintptr_t)p - ((uintptr_t)RAM_FRAME << L4_PAGE_SHIFT);
    bool inside = false;

    for (uint32_t d = 0; d < ASPACE_DONATIONS; d++) {
        const struct cap *c = &as->donation[d];

        inside = inside || (c->type != L4_TYPE_NULL && arch_ptr_frame(p) >= c->frame &&
                            arch_ptr_frame(p) < c->frame + c->frames);
    }
    CHECK(inside, "%s outside of its pool", what);
    CHECK(offset % bytes == 0, "%s at an odd place", what);
    for (uint32_t i = 0; i < bytes / UNIT; i++) {
        uint8_t *used = &unit_used[offset / UNIT + i];

        CHECK(*used == 0, "%s in memory that is in use", what);
        *used = 1;
    }
}

static void take_object(const struct aspace *as, const struct object *o)
{
    if (o->type == L4_TYPE_THREAD) {
        const struct thread *t = thread_of_object((struct object *)o);

        take(as, t, class_bytes[POOL_1024], "a thread");
        if (t->vcpu != NULL) {
            take(as, t->vcpu, class_bytes[POOL_1024], "a vCPU");
        }
    } else if (o->type == L4_TYPE_ENDPOINT) {
        take(as, container_of(o, struct endpoint, object), class_bytes[POOL_128], "an endpoint");
    } else {
        take(as, container_of(o, struct irq, object), class_bytes[POOL_512], "an interrupt");
    }
}

static uint32_t take_free(const struct aspace *as)
{
    const struct pool *p = &as->pool;
    uint32_t bytes = p->fresh_frames << L4_PAGE_SHIFT;

    for (uint32_t c = 0; c < POOL_CLASSES; c++) {
        for (const struct pool_chunk *chunk = p->free[c]; chunk != NULL; chunk = chunk->next) {
            take(as, chunk, class_bytes[c], "a free chunk");
            bytes += class_bytes[c];
        }
    }
    for (const struct pool_chunk *chunk = p->clean; chunk != NULL; chunk = chunk->next) {
        const uint64_t *word = (const uint64_t *)chunk;

        take(as, chunk, L4_PAGE_SIZE, "a clean page");
        bytes += L4_PAGE_SIZE;
        for (uint32_t i = 1; i < L4_PAGE_SIZE / sizeof(*word); i++) {
            CHECK(word[i] == 0, "a clean page is not");
        }
    }
    for (uint32_t i = 0; i < p->fresh_frames; i++) {
        take(as, arch_frame_ptr(p->fresh + i), L4_PAGE_SIZE, "a fresh page");
    }
    return bytes;
}

/* Accounting: what is free, what is used, and nothing else. */
static void check_pool(const struct aspace *as)
{
    uint32_t used = class_bytes[POOL_1024];
    uint32_t free = take_free(as);

    take(as, as, class_bytes[POOL_1024], "an address space");
    for (uint32_t i = 0; i < CAP_TABLE_PAGES; i++) {
        if (as->table[i] != cap_no_page) {
            take(as, as->table[i], L4_PAGE_SIZE, "a capability table");
            used += L4_PAGE_SIZE;
        }
    }
    for (const struct list *l = as->objects.next; l != &as->objects; l = l->next) {
        const struct object *o = container_of(l, struct object, home_link);

        take_object(as, o);
        used += class_bytes[o->size_class];
        if (o->type == L4_TYPE_THREAD && thread_of_object((struct object *)o)->vcpu != NULL) {
            used += class_bytes[POOL_1024];
        }
    }
    used += as->arch.tables << L4_PAGE_SHIFT;
    used += as == m.init_space ? 2u << L4_PAGE_SHIFT : 0; /* rootinfo and init's buffer */
    if (as->pool.ranges == NULL) {
        CHECK(free == as->pool.free_bytes, "%u bytes are free, the pool says %u", free,
              as->pool.free_bytes);
    }
    CHECK(used + as->pool.free_bytes == as->pool.total_bytes, "%u bytes used and %u free of %u",
          used, as->pool.free_bytes, as->pool.total_bytes);
}

void check_pools(const struct world *w)
{
    memset(unit_used, 0, sizeof(unit_used));
    for (uint32_t i = 0; i < w->spaces; i++) {
        if (!w->space[i]->object.dying) {
            check_pool(w->space[i]);
        }
    }
}
