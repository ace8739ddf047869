/*
 * L4_SYS_ASPACE: address spaces, donations and mappings.
 */
#include <kernel/aspace.h>
#include <kernel/syscall.h>

static l4_status_t create(struct thread *self)
{
    uint32_t *r = self->frame.r;
    struct cap *region;
    struct cap *dst;
    struct aspace *as;
    l4_status_t status = aspace_cap(self->aspace, r[0], L4_TYPE_REGION, 0, &region);

    if (status == L4_OK) {
        status = cap_free_slot(self->aspace, r[2], &dst);
    }
    if (status == L4_OK) {
        status = aspace_create(region, r[3], r[4], &as);
    }
    if (status == L4_OK) {
        cap_init_original(dst, &as->object, L4_RIGHT_ALL);
    }
    return status;
}

static int with_region(struct thread *self, struct aspace *as)
{
    uint32_t *r = self->frame.r;
    struct cap *region;
    l4_status_t status = aspace_cap(self->aspace, r[2], L4_TYPE_REGION, 0, &region);

    if (status != L4_OK) {
        return status;
    }
    switch (r[1]) {
    case L4_ASPACE_DONATE:
        return aspace_donate(as, region);
    case L4_ASPACE_MAP:
        return aspace_map(as, region, r[3], r[4]);
    default:
        return region->space == as ? aspace_unmap(region) : L4_ERR_NOT_FOUND;
    }
}

struct thread *sys_aspace(struct thread *self)
{
    uint32_t *r = self->frame.r;
    struct aspace *as;
    struct cap *c;
    l4_status_t status;

    if (r[1] >= L4_ASPACE_OP_COUNT) {
        return syscall_malformed(self, L4_SYS_ASPACE);
    }
    if (r[1] == L4_ASPACE_CREATE) {
        return syscall_finish(self, create(self));
    }
    status = aspace_cap(self->aspace, r[0], L4_TYPE_ASPACE,
                        r[1] == L4_ASPACE_INFO ? L4_RIGHT_INFO : L4_RIGHT_CONTROL, &c);
    if (status != L4_OK) {
        return syscall_finish(self, status);
    }
    as = container_of(c->object, struct aspace, object);
    if (r[1] == L4_ASPACE_INFO) {
        r[1] = as->pool.free_bytes;
        r[2] = as->pool.total_bytes;
        r[3] = as->slot_count;
        return syscall_finish(self, L4_OK);
    }
    return syscall_finish(self, with_region(self, as));
}
