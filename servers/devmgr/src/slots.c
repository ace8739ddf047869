/*
 * Slots of devmgr's capability table, and replies that are kept in them.
 */
#include <l4/cap.h>
#include <l4/ipc.h>

#include "devmgr.h"

l4_cap_t devmgr_slot(void)
{
    l4_cap_t slot = L4_CAP_NULL;
    if (l4_slots_take(&devmgr.slots, &slot) != L4_OK) {
        devmgr_fail("the capability table is full", L4_ERR_NO_MEMORY);
    }
    return slot;
}

void devmgr_drop(l4_cap_t *slot)
{
    if (*slot != L4_CAP_NULL) {
        const l4_status_t status = l4_cap_delete(*slot);
        (void)status; /* empty: what it named is gone */
        l4_slots_give(&devmgr.slots, *slot);
        *slot = L4_CAP_NULL;
    }
}

l4_cap_t devmgr_keep_reply(void)
{
    l4_cap_t slot = L4_CAP_NULL;
    if (l4_slots_take(&devmgr.slots, &slot) != L4_OK) {
        return L4_CAP_NULL;
    }
    if (l4_cap_save_reply(slot) != L4_OK) {
        l4_slots_give(&devmgr.slots, slot);
        slot = L4_CAP_NULL;
    }
    return slot;
}

void devmgr_answer(l4_cap_t *reply, l4_status_t answer)
{
    const struct l4_msg msg = l4_msg(0, (uint32_t)answer, 0, 0, 0);
    const l4_status_t status = l4_send(*reply, &msg, L4_TIMEOUT_POLL);
    (void)status; /* a caller that died needs no answer; the slot is free either way */
    l4_slots_give(&devmgr.slots, *reply);
    *reply = L4_CAP_NULL;
}
