/*
 * Pool allocator: see pool.h. Constant time but for the clearing of what is handed out.
 */
#include <arch/cpu.h>
#include <kernel/pool.h>

/* Header in the first frame of a donated range that waits behind the fresh one. */
struct pool_range {
    struct pool_range *next;
    uint32_t frames;
};

#define POOL_SCALE (sizeof(void *) / 4u)

static const uint32_t class_size[POOL_CLASSES] = {
    [POOL_128] = 128 * POOL_SCALE,
    [POOL_512] = 512 * POOL_SCALE,
    [POOL_1024] = 1024 * POOL_SCALE,
    [POOL_PAGE] = L4_PAGE_SIZE,
};

void pool_init(struct pool *p)
{
    *p = (struct pool){0};
}

void pool_add(struct pool *p, frame_t frame, uint32_t frames)
{
    p->free_bytes += frames << L4_PAGE_SHIFT;
    p->total_bytes += frames << L4_PAGE_SHIFT;
    if (p->fresh_frames == 0) {
        p->fresh = frame;
        p->fresh_frames = frames;
    } else {
        struct pool_range *range = arch_frame_ptr(frame);

        range->next = p->ranges;
        range->frames = frames;
        p->ranges = range;
    }
}

static void *take_page(struct pool *p)
{
    struct pool_chunk **list = p->free[POOL_PAGE] != NULL ? &p->free[POOL_PAGE] : &p->clean;
    struct pool_chunk *chunk = *list;

    if (chunk != NULL) {
        *list = chunk->next;
        return chunk;
    }
    if (p->fresh_frames == 0) {
        struct pool_range *range = p->ranges;

        if (range == NULL) {
            return NULL;
        }
        p->ranges = range->next;
        p->fresh = arch_ptr_frame(range);
        p->fresh_frames = range->frames;
    }
    p->fresh_frames--;
    return arch_frame_ptr(p->fresh++);
}

static bool cut_page(struct pool *p, enum pool_class size_class)
{
    uint8_t *page = take_page(p);

    if (page == NULL) {
        return false;
    }
    for (uint32_t at = 0; at < L4_PAGE_SIZE; at += class_size[size_class]) {
        struct pool_chunk *chunk = (struct pool_chunk *)(page + at);

        chunk->next = p->free[size_class];
        p->free[size_class] = chunk;
    }
    return true;
}

static void *take_clean(struct pool *p)
{
    struct pool_chunk *chunk = p->clean;

    p->clean = chunk->next;
    p->free_bytes -= L4_PAGE_SIZE;
    chunk->next = NULL;
    return chunk;
}

void *pool_alloc(struct pool *p, enum pool_class size_class)
{
    struct pool_chunk *chunk;

    if (size_class == POOL_PAGE) {
        if (p->clean != NULL) {
            return take_clean(p);
        }
        chunk = take_page(p);
        if (chunk == NULL) {
            return NULL;
        }
    } else {
        if (p->free[size_class] == NULL && !cut_page(p, size_class)) {
            return NULL;
        }
        chunk = p->free[size_class];
        p->free[size_class] = chunk->next;
    }
    p->free_bytes -= class_size[size_class];
    arch_zero(chunk, class_size[size_class]);
    return chunk;
}

void pool_free(struct pool *p, void *inside, enum pool_class size_class)
{
    uint32_t offset = (uintptr_t)inside % class_size[size_class];
    struct pool_chunk *chunk = (struct pool_chunk *)((uint8_t *)inside - offset);

    chunk->next = p->free[size_class];
    p->free[size_class] = chunk;
    p->free_bytes += class_size[size_class];
}

void pool_free_clean(struct pool *p, void *page)
{
    struct pool_chunk *chunk = page;

    chunk->next = p->clean;
    p->clean = chunk;
    p->free_bytes += L4_PAGE_SIZE;
}
