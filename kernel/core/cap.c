/*
 * Capabilities and their derivation lists. See cap.h for the order in a list.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/ipc.h>
#include <kernel/thread.h>
#include <kernel/trace.h>

struct cap cap_no_page[CAP_SLOTS_PER_PAGE];

static struct cap *cap_next(const struct cap *c)
{
    struct list *next = c->link.next;

    return next == &c->object->caps ? NULL : container_of(next, struct cap, link);
}

bool cap_has_children(const struct cap *c)
{
    const struct cap *next = c->type == L4_TYPE_REPLY ? NULL : cap_next(c);

    return next != NULL && next->depth > c->depth;
}

l4_status_t cap_free_slot(struct aspace *as, l4_cap_t index, struct cap **out)
{
    struct cap **page;

    if (index == L4_CAP_NULL || index >= as->slot_count || as->object.dying) {
        return L4_ERR_SLOT;
    }
    page = &as->table[index / CAP_SLOTS_PER_PAGE];
    if (*page == cap_no_page) {
        struct cap *made = pool_alloc(&as->pool, POOL_PAGE);

        if (made == NULL) {
            return L4_ERR_NO_MEMORY;
        }
        *page = made;
    }
    *out = &(*page)[index % CAP_SLOTS_PER_PAGE];
    return (*out)->type == L4_TYPE_NULL ? L4_OK : L4_ERR_SLOT;
}

void cap_init_original(struct cap *slot, struct object *o, uint8_t rights)
{
    arch_zero(slot, sizeof(*slot));
    slot->type = o->type;
    slot->rights = rights;
    slot->object = o;
    list_init(&slot->space_link);
    list_insert(&o->caps, &slot->link);
}

l4_status_t cap_derive(struct cap *dst, struct cap *src, uint8_t rights, uint32_t badge)
{
    if (src->type == L4_TYPE_REPLY || src->type == L4_TYPE_NULL) {
        return L4_ERR_NOT_SUPPORTED;
    }
    if ((src->rights & L4_RIGHT_COPY) == 0) {
        return L4_ERR_RIGHTS;
    }
    if (src->object->dying) {
        return L4_ERR_STATE;
    }
    if (src->depth >= CAP_MAX_DEPTH) {
        return L4_ERR_DEPTH;
    }
    arch_zero(dst, sizeof(*dst));
    dst->type = src->type;
    dst->rights = src->rights & rights;
    dst->flags = src->flags & (CAP_DEVICE | CAP_GUEST);
    dst->depth = src->depth + 1;
    dst->object = src->object;
    dst->badge = src->badge != 0 ? src->badge : badge;
    dst->frame = src->frame;
    dst->frames = src->frames;
    if ((src->flags & CAP_MAPPED) == 0) {
        src->progress = 0; /* whoever gets dst may write what was cleared */
    }
    list_init(&dst->space_link);
    list_insert(&src->link, &dst->link);
    return L4_OK;
}

l4_status_t cap_copy(struct cap *dst, struct cap *src, uint8_t rights, uint32_t badge)
{
    if (src->type == L4_TYPE_REGION && src->watermark != 0) {
        return L4_ERR_BUSY;
    }
    return cap_derive(dst, src, rights, badge);
}

/* Puts dst in the place of src in a list. */
static void list_replace(struct list *src, struct list *dst)
{
    if (list_empty(src)) {
        list_init(dst);
    } else {
        list_insert(src, dst);
        list_remove(src);
    }
}

l4_status_t cap_move(struct cap *dst, struct cap *src)
{
    if (src->type == L4_TYPE_NULL) {
        return L4_ERR_CAP;
    }
    *dst = *src;
    if (src->type == L4_TYPE_REPLY) {
        thread_of_object(src->object)->reply_slot = dst;
    } else {
        list_replace(&src->link, &dst->link);
        list_replace(&src->space_link, &dst->space_link);
    }
    src->type = L4_TYPE_NULL;
    return L4_OK;
}

void cap_clear(struct cap *c)
{
    if (c->type == L4_TYPE_NULL) {
        return;
    }
    if ((c->flags & CAP_BUFFER) != 0) {
        thread_buffer_gone(c);
    }
    if (c->type == L4_TYPE_REPLY) {
        ipc_drop_reply(c);
    } else {
        list_remove(&c->link);
        list_remove(&c->space_link);
    }
    c->type = L4_TYPE_NULL;
    c->rights = 0;
    c->flags = 0;
}

/* Removes a capability without descendants, and its object if it is the last. */
static int cap_delete_leaf(struct cap *c)
{
    struct object *o = c->object;
    int r;

    if (c->type == L4_TYPE_REPLY) {
        cap_clear(c);
        return L4_OK;
    }
    if ((c->flags & CAP_DONATED) != 0) {
        aspace_kill(c->space);
        return KERNEL_PREEMPTED;
    }
    if ((c->flags & CAP_MAPPED) != 0) {
        r = aspace_unmap(c);
        if (r != L4_OK) {
            return r;
        }
    }
    if (o->caps.next == &c->link && o->caps.prev == &c->link) {
        if (o->type == L4_TYPE_ASPACE) {
            cap_clear(c);
            aspace_kill(container_of(o, struct aspace, object));
            return KERNEL_PREEMPTED;
        }
        r = object_quiesce(o);
        if (r != L4_OK) {
            return r;
        }
        cap_clear(c);
        object_free(o);
    } else {
        cap_clear(c);
    }
    return L4_OK;
}

int cap_revoke(struct cap *c)
{
    while (cap_has_children(c)) {
        struct cap *child = cap_next(c);

        if ((child->flags & CAP_DONATED) != 0 && child->space->object.dying) {
            /* Only while reaping: its end is under way. It becomes a sibling in front of c, so that
             * the rest of c's descendants are found. */
            child->depth = c->depth;
            list_remove(&child->link);
            list_append(&c->link, &child->link);
            continue;
        }
        if (cap_delete_leaf(child) != L4_OK || arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    if (c->type == L4_TYPE_REGION) {
        c->watermark = 0;
        if ((c->flags & CAP_MAPPED) == 0) {
            c->progress = 0;
        }
    }
    trace(TRACE_REVOKE, c->type, (uint32_t)(uintptr_t)c->object);
    return L4_OK;
}

int cap_delete(struct cap *c)
{
    int r;

    if (c->type == L4_TYPE_NULL) {
        return L4_OK;
    }
    r = cap_revoke(c);
    return r == L4_OK ? cap_delete_leaf(c) : r;
}
