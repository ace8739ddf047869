/*
 * Regions and address spaces: typed wrappers over REGION and ASPACE.
 *
 * Sizes, offsets and addresses are page aligned unless said otherwise.
 */
#ifndef L4_MEMORY_H
#define L4_MEMORY_H

#include <stddef.h>

#include <l4/syscall.h>

struct l4_region_info {
    uint32_t size;
    uint32_t unsplit; /* bytes that may still be split off */
    uint32_t flags;   /* L4_REGION_* */
};

struct l4_aspace_info {
    uint32_t pool_free;
    uint32_t pool_size;
    uint32_t slots;
};

L4_INLINE L4_MUST_CHECK l4_status_t l4_region_info(l4_cap_t region, struct l4_region_info *info)
{
    struct l4_words words = {{region, L4_REGION_INFO, 0, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_region(&words);
    info->size = words.r[1];
    info->unsplit = words.r[2];
    info->flags = words.r[3];
    return status;
}

/* Splits `size` wiped bytes, aligned to 1 << align_log2, off the original `region` into `slot`. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_region_split(l4_cap_t region, uint32_t size,
                                                    uint32_t align_log2, l4_cap_t slot)
{
    return l4_sys_region_in6(region, L4_REGION_SPLIT, size, align_log2, slot, 0);
}

/* A second capability for a part of `region`, with at most `rights`. It is mapped on its own. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_region_share(l4_cap_t region, uint32_t offset, uint32_t size,
                                                    l4_cap_t slot, uint32_t rights)
{
    return l4_sys_region_in6(region, L4_REGION_SHARE, offset, size, slot, rights);
}

/* Cache maintenance over a part of `region`; offset and size of any alignment. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_region_cache(l4_cap_t region, enum l4_cache_op op,
                                                    uint32_t offset, uint32_t size)
{
    return l4_sys_region_in6(region, L4_REGION_CACHE, op, offset, size, 0);
}

/* The physical address of `region` (DMA). */
L4_INLINE L4_MUST_CHECK l4_status_t l4_region_phys(l4_cap_t region, uint64_t *address)
{
    struct l4_words words = {{region, L4_REGION_PHYS, 0, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_region(&words);
    *address = words.r[1] | (uint64_t)words.r[2] << 32;
    return status;
}

/* Turns the original RAM region `pool` into the memory of a new address space with a capability
 * table of `slots`; its capability appears in `slot`. flags: L4_ASPACE_*. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_aspace_create(l4_cap_t pool, l4_cap_t slot, uint32_t slots,
                                                     uint32_t flags)
{
    return l4_sys_aspace_in6(pool, L4_ASPACE_CREATE, slot, slots, flags, 0);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_aspace_donate(l4_cap_t aspace, l4_cap_t region)
{
    return l4_sys_aspace_in(aspace, L4_ASPACE_DONATE, region, 0);
}

/* Maps the whole `region` at `address`; a capability has at most one mapping. flags: L4_MAP_*. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_aspace_map(l4_cap_t aspace, l4_cap_t region,
                                                  uint32_t address, uint32_t flags)
{
    return l4_sys_aspace_in6(aspace, L4_ASPACE_MAP, region, address, flags, 0);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_aspace_unmap(l4_cap_t aspace, l4_cap_t region)
{
    return l4_sys_aspace_in(aspace, L4_ASPACE_UNMAP, region, 0);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_aspace_info(l4_cap_t aspace, struct l4_aspace_info *info)
{
    struct l4_words words = {{aspace, L4_ASPACE_INFO, 0, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_aspace(&words);
    info->pool_free = words.r[1];
    info->pool_size = words.r[2];
    info->slots = words.r[3];
    return status;
}

#endif
