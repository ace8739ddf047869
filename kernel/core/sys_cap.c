/*
 * L4_SYS_CAP, L4_SYS_REGION and L4_SYS_CREATE: capabilities and what they are made for.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/endpoint.h>
#include <kernel/ipc.h>
#include <kernel/region.h>
#include <kernel/syscall.h>

/* The destination table of COPY and MOVE: 0 is the caller's own. */
static l4_status_t target_space(struct thread *self, l4_cap_t index, struct aspace **out)
{
    struct cap *c;
    l4_status_t status;

    if (index == L4_CAP_NULL) {
        *out = self->aspace;
        return L4_OK;
    }
    status = aspace_cap(self->aspace, index, L4_TYPE_ASPACE, L4_RIGHT_CONTROL, &c);
    if (status == L4_OK) {
        *out = container_of(c->object, struct aspace, object);
    }
    return status;
}

static l4_status_t copy_or_move(struct thread *self, struct cap *src, bool move)
{
    uint32_t *r = self->frame.r;
    struct aspace *target;
    struct cap *dst;
    l4_status_t status = target_space(self, r[3], &target);

    if (status == L4_OK && src->type == L4_TYPE_NULL) {
        status = L4_ERR_CAP;
    }
    if (status == L4_OK) {
        status = cap_free_slot(target, r[2], &dst);
    }
    if (status == L4_OK) {
        status = move ? cap_move(dst, src) : cap_copy(dst, src, (uint8_t)r[4], r[5]);
    }
    return status;
}

/* DELETE and REVOKE: dying address spaces first, so that this revocation waits for none. */
static int remove_caps(struct cap *c, bool itself)
{
    int r = aspace_reap();

    if (r != L4_OK) {
        return r;
    }
    if (!itself && c->type == L4_TYPE_NULL) {
        return L4_ERR_CAP;
    }
    return itself ? cap_delete(c) : cap_revoke(c);
}

static struct thread *__attribute__((noinline)) cap_change(struct thread *self)
{
    uint32_t *r = self->frame.r;
    struct cap *c = aspace_slot(self->aspace, r[0]);

    if (r[1] >= L4_CAP_OP_COUNT) {
        return syscall_malformed(self, L4_SYS_CAP);
    }
    if (r[1] == L4_CAP_SAVE_REPLY) {
        l4_status_t status = cap_free_slot(self->aspace, r[0], &c);

        return syscall_finish(self, status == L4_OK ? ipc_save_reply(self, c) : status);
    }
    if (unlikely(r[0] >= self->aspace->slot_count)) {
        return syscall_finish(self, L4_ERR_CAP);
    }
    switch (r[1]) {
    case L4_CAP_COPY:
        return syscall_finish(self, copy_or_move(self, c, false));
    case L4_CAP_MOVE:
        return syscall_finish(self, copy_or_move(self, c, true));
    case L4_CAP_DELETE:
        return syscall_finish(self, remove_caps(c, true));
    default:
        return syscall_finish(self, remove_caps(c, false));
    }
}

/* The cheapest call: nothing that it does can end the turn of its caller (metric syscall.null). */
static inline struct thread *cap_info(struct thread *self, const struct cap *c)
{
    uint32_t *r = self->frame.r;
    uint32_t kind = c->type | (uint32_t)c->rights << 8;

    if (unlikely((kind & 0xffu) == L4_TYPE_NULL)) {
        r[0] = (uint32_t)L4_ERR_CAP;
    } else if (unlikely((kind & (L4_RIGHT_INFO << 8)) == 0)) {
        r[0] = (uint32_t)L4_ERR_RIGHTS;
    } else {
        r[0] = L4_OK;
        r[1] = kind | (c->depth == 0 ? 1u << 16 : 0);
        r[2] = c->badge;
    }
    return self;
}

struct thread *sys_cap(struct thread *self)
{
    const struct cap *c = aspace_slot(self->aspace, self->frame.r[0]);

    return likely(self->frame.r[1] == L4_CAP_INFO) ? cap_info(self, c) : cap_change(self);
}
static uint32_t region_flags(const struct cap *c)
{
    return ((c->flags & CAP_DEVICE) == 0 ? L4_REGION_RAM : 0) |
           ((c->flags & CAP_ORIGINAL) != 0 ? L4_REGION_ORIGINAL : 0) |
           ((c->flags & CAP_MAPPED) != 0 ? L4_REGION_MAPPED : 0) |
           (c->watermark == c->frames ? L4_REGION_DONATED : 0);
}

static int region_cache(struct thread *self, struct cap *c)
{
    const uint32_t *r = self->frame.r;
    uint32_t *done = thread_cursor(self, r[3] + 1u);
    uint64_t size = (uint64_t)c->frames << L4_PAGE_SHIFT;
    uint8_t *start;

    if (r[2] >= L4_CACHE_OP_COUNT) {
        return L4_ERR_INVALID;
    }
    if ((c->flags & CAP_DEVICE) != 0) {
        return L4_ERR_NOT_SUPPORTED;
    }
    if (r[3] > size || r[4] > size - r[3]) {
        return L4_ERR_RANGE;
    }
    start = (uint8_t *)arch_frame_ptr(c->frame) + r[3];
    while (*done < r[4]) {
        uint32_t step = r[4] - *done < 2048u ? r[4] - *done : 2048u;

        arch_cache_op(r[2], start + *done, step);
        *done += step;
        if (*done < r[4] && arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    return L4_OK;
}

static int region_split_call(struct thread *self, struct cap *c)
{
    const uint32_t *r = self->frame.r;
    struct cap *dst;
    l4_status_t status;

    if (r[3] < L4_PAGE_SHIFT || r[3] > 30u) {
        return L4_ERR_INVALID;
    }
    if ((r[2] & (L4_PAGE_SIZE - 1)) != 0) {
        return L4_ERR_ALIGN;
    }
    status = cap_free_slot(self->aspace, r[4], &dst);
    return status != L4_OK
               ? status
               : region_split(c, r[2] >> L4_PAGE_SHIFT, 1u << (r[3] - L4_PAGE_SHIFT), dst);
}

static l4_status_t region_share_call(struct thread *self, struct cap *c)
{
    const uint32_t *r = self->frame.r;
    struct cap *dst;
    l4_status_t status;

    if (((r[2] | r[3]) & (L4_PAGE_SIZE - 1)) != 0) {
        return L4_ERR_ALIGN;
    }
    status = cap_free_slot(self->aspace, r[4], &dst);
    return status != L4_OK
               ? status
               : region_share(c, r[2] >> L4_PAGE_SHIFT, r[3] >> L4_PAGE_SHIFT, (uint8_t)r[5], dst);
}

struct thread *sys_region(struct thread *self)
{
    uint32_t *r = self->frame.r;
    struct cap *c;
    l4_status_t status;

    if (r[1] >= L4_REGION_OP_COUNT) {
        return syscall_malformed(self, L4_SYS_REGION);
    }
    status = aspace_cap(self->aspace, r[0], L4_TYPE_REGION,
                        r[1] == L4_REGION_INFO ? L4_RIGHT_INFO : 0, &c);
    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    switch (r[1]) {
    case L4_REGION_INFO:
        r[1] = c->frames << L4_PAGE_SHIFT;
        r[2] = (c->frames - c->watermark) << L4_PAGE_SHIFT;
        r[3] = region_flags(c);
        return syscall_finish(self, L4_OK);
    case L4_REGION_SPLIT:
        return syscall_finish(self, region_split_call(self, c));
    case L4_REGION_SHARE:
        return syscall_finish(self, region_share_call(self, c));
    case L4_REGION_CACHE:
        return syscall_finish(self, region_cache(self, c));
    default:
        if ((c->rights & L4_RIGHT_DMA) == 0) {
            return syscall_finish(self, L4_ERR_RIGHTS);
        }
        r[1] = c->frame << L4_PAGE_SHIFT;
        r[2] = c->frame >> (32u - L4_PAGE_SHIFT);
        return syscall_finish(self, L4_OK);
    }
}

static l4_status_t create_endpoint(struct aspace *home, struct cap *dst)
{
    struct endpoint *ep = pool_alloc(&home->pool, POOL_128);

    if (ep == NULL) {
        return L4_ERR_NO_MEMORY;
    }
    list_init(&ep->receivers);
    object_init(&ep->object, L4_TYPE_ENDPOINT, home, POOL_128);
    cap_init_original(dst, &ep->object, L4_RIGHT_ALL & ~L4_RIGHT_CONTROL);
    return L4_OK;
}

static l4_status_t create_thread(struct aspace *home, uint32_t flags, struct cap *dst)
{
    struct thread *t;
    l4_status_t status = thread_create(home, flags, &t);

    if (status == L4_OK) {
        cap_init_original(dst, &t->object, L4_RIGHT_ALL);
    }
    return status;
}

struct thread *sys_create(struct thread *self)
{
    const uint32_t *r = self->frame.r;
    struct aspace *home;
    struct cap *c;
    struct cap *dst;
    l4_status_t status = aspace_cap(self->aspace, r[0], L4_TYPE_ASPACE, L4_RIGHT_CONTROL, &c);

    if (status == L4_OK) {
        status = cap_free_slot(self->aspace, r[2], &dst);
    }
    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    home = container_of(c->object, struct aspace, object);
    if (home->object.dying) {
        status = L4_ERR_STATE;
    } else if (r[1] == L4_TYPE_ENDPOINT) {
        status = create_endpoint(home, dst);
    } else if (r[1] == L4_TYPE_THREAD) {
        status = create_thread(home, r[3], dst);
    } else {
        status = L4_ERR_NOT_SUPPORTED;
    }
    return syscall_finish(self, status);
}
