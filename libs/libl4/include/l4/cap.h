/*
 * Capabilities and object creation: typed wrappers over CAP and CREATE.
 *
 * A capability is an index into the caller's table; who picks the free slots is slots.h.
 */
#ifndef L4_CAP_H
#define L4_CAP_H

#include <stdbool.h>

#include <l4/syscall.h>

#define L4_ASPACE_SELF ((l4_cap_t)0) /* as a destination: the caller's own table */

struct l4_cap_info {
    enum l4_cap_type type;
    uint32_t rights;
    bool original;
    uint32_t badge;
};

/* Makes an object of `type` (ENDPOINT, or THREAD with L4_THREAD_* flags) in the pool of `aspace`
 * (CONTROL); its capability appears in `slot`. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_create(l4_cap_t aspace, enum l4_cap_type type, l4_cap_t slot,
                                              uint32_t flags)
{
    return l4_sys_create_in(aspace, type, slot, flags);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_cap_info(l4_cap_t cap, struct l4_cap_info *info)
{
    struct l4_words words = {{cap, L4_CAP_INFO, 0, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_cap(&words);
    info->type = (enum l4_cap_type)(words.r[1] & 0xffu);
    info->rights = (words.r[1] >> 8) & 0xffu;
    info->original = ((words.r[1] >> 16) & 1u) != 0;
    info->badge = words.r[2];
    return status;
}

/* Copies `cap` (COPY) with at most `rights` into `slot` of `aspace` (0: the caller's). `badge` is
 * set on an endpoint that has none. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_cap_copy(l4_cap_t cap, l4_cap_t slot, l4_cap_t aspace,
                                                uint32_t rights, uint32_t badge)
{
    return l4_sys_cap_in6(cap, L4_CAP_COPY, slot, aspace, rights, badge);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_cap_move(l4_cap_t cap, l4_cap_t slot, l4_cap_t aspace)
{
    return l4_sys_cap_in(cap, L4_CAP_MOVE, slot, aspace);
}

/* Empties the slot; the object goes with its last capability. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_cap_delete(l4_cap_t cap)
{
    return l4_sys_cap_in(cap, L4_CAP_DELETE, 0, 0);
}

/* Removes everything derived from `cap`. For a region all its memory comes back unsplit. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_cap_revoke(l4_cap_t cap)
{
    return l4_sys_cap_in(cap, L4_CAP_REVOKE, 0, 0);
}

/* Keeps the reply to the present caller in the free `slot`, to be answered later by l4_send() or
 * l4_reply_saved_wait(). */
L4_INLINE L4_MUST_CHECK l4_status_t l4_cap_save_reply(l4_cap_t slot)
{
    return l4_sys_cap_in(slot, L4_CAP_SAVE_REPLY, 0, 0);
}

#endif
