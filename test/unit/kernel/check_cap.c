/*
 * Invariants of the kernel, part 2: capabilities and their derivation.
 */
#include "check.h"

static bool is_object(const struct world *w, const struct object *o)
{
    for (uint32_t i = 0; i < w->objects; i++) {
        if (w->object[i] == o) {
            return true;
        }
    }
    return false;
}

static void check_child(const struct cap *parent, const struct cap *c)
{
    CHECK((c->rights & ~parent->rights) == 0, "a child has rights 0x%x, its parent 0x%x", c->rights,
          parent->rights);
    CHECK(parent->badge == 0 || c->badge == parent->badge, "a badge was changed");
    if (c->type == L4_TYPE_REGION) {
        CHECK(c->frame >= parent->frame && c->frame + c->frames <= parent->frame + parent->frames,
              "a region is larger than its parent");
        CHECK((c->flags & CAP_DEVICE) == (parent->flags & CAP_DEVICE), "RAM became a device");
        CHECK((c->flags & (CAP_ORIGINAL | CAP_DONATED)) == 0 ||
                  c->frame + c->frames <= parent->frame + parent->watermark,
              "handed out above the watermark");
        CHECK((c->flags & (CAP_ORIGINAL | CAP_DONATED)) != 0 || parent->watermark == 0,
              "memory handed out and shared at once");
    }
}

static void check_order(const struct object *o)
{
    const struct cap *chain[CAP_MAX_DEPTH + 2] = {NULL};
    int32_t depth = -1;

    for (const struct list *l = o->caps.next; l != &o->caps; l = l->next) {
        const struct cap *c = container_of(l, struct cap, link);

        CHECK(c->depth <= CAP_MAX_DEPTH && c->depth <= depth + 1,
              "depth %u behind %d in a derivation list", c->depth, depth);
        depth = c->depth;
        chain[depth] = c;
        if (depth > 0) {
            check_child(chain[depth - 1], c);
        }
    }
}

/* Pieces that were handed out do not overlap anything but their ancestors. */
static void check_disjoint(const struct object *o)
{
    for (const struct list *l = o->caps.next; l != &o->caps; l = l->next) {
        const struct cap *a = container_of(l, struct cap, link);
        bool below = true; /* the members directly behind are its descendants */

        if ((a->flags & (CAP_ORIGINAL | CAP_DONATED)) == 0) {
            continue;
        }
        for (const struct list *k = l->next; k != &o->caps; k = k->next) {
            const struct cap *b = container_of(k, struct cap, link);

            below = below && b->depth > a->depth;
            CHECK(below || a->frame >= b->frame + b->frames || b->frame >= a->frame + a->frames,
                  "two capabilities to memory that was handed out once");
            CHECK(!below || (a->flags & CAP_DONATED) == 0, "derived from a donation");
        }
    }
}

static uint32_t check_members(const struct object *o)
{
    uint32_t n = check_list(&o->caps, "capabilities of an object");

    for (const struct list *l = o->caps.next; l != &o->caps; l = l->next) {
        const struct cap *c = container_of(l, struct cap, link);

        CHECK(c->object == o && c->type == o->type, "a capability in another object's list");
    }
    return n;
}

static void check_reply(const struct world *w, const struct cap *c)
{
    const struct thread *t = thread_of_object(c->object);

    CHECK(is_thread(w, t), "a reply to a dead thread");
    CHECK(t->state == L4_STATE_REPLY && t->reply_slot == c, "a reply that nobody waits for");
}

static uint32_t count_table(const struct world *w, const struct aspace *as)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < as->slot_count; i++) {
        const struct cap *c = aspace_slot(as, i);

        if (c->type == L4_TYPE_NULL) {
            continue;
        }
        CHECK(i != 0, "a capability in slot 0");
        CHECK((c->flags & (CAP_DONATED | CAP_BUFFER | CAP_FAULT)) == 0,
              "internal flags in a table");
        if (c->type == L4_TYPE_REPLY) {
            check_reply(w, c);
        } else {
            CHECK(is_object(w, c->object), "a capability of type %u to no object", c->type);
            n++;
        }
    }
    return n;
}

static uint32_t count_internal(const struct world *w)
{
    uint32_t n = 1; /* the slot of init's pool */

    for (uint32_t i = 0; i < w->spaces; i++) {
        for (uint32_t d = 0; d < ASPACE_DONATIONS; d++) {
            const struct cap *c = &w->space[i]->donation[d];

            n += c->type != L4_TYPE_NULL;
            CHECK(c->type == L4_TYPE_NULL ||
                      ((c->flags & CAP_DONATED) != 0 && c->space == w->space[i]),
                  "a donation that is none");
        }
    }
    for (uint32_t i = 0; i < w->threads; i++) {
        const struct thread *t = w->thread[i];

        n += t->fault_cap.type != L4_TYPE_NULL;
        n += t->buffer_cap.type != L4_TYPE_NULL;
        CHECK((t->buffer_cap.type == L4_TYPE_NULL) == (t->buffer == NULL),
              "a message buffer without its capability");
    }
    for (uint32_t i = 0; i < w->irqs; i++) {
        n += w->irq[i]->target.type != L4_TYPE_NULL;
    }
    return n;
}

void check_caps(const struct world *w)
{
    uint32_t listed = 0;
    uint32_t held = count_internal(w);

    for (uint32_t i = 0; i < w->objects; i++) {
        listed += check_members(w->object[i]);
        if (w->settled) {
            check_order(w->object[i]);
        }
        if (w->settled && w->object[i]->type == L4_TYPE_REGION) {
            check_disjoint(w->object[i]);
        }
    }
    for (uint32_t i = 0; i < w->spaces; i++) {
        held += count_table(w, w->space[i]);
    }
    CHECK(listed == held, "%u capabilities in derivation lists, %u in slots", listed, held);
}
