/*
 * The end of address spaces, in bounded steps. A stack of dying address spaces per CPU replaces
 * recursion; its top is worked on until it is gone. All progress is in struct aspace itself.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/cpu.h>
#include <kernel/thread.h>
#include <kernel/trace.h>

enum stage {
    STAGE_STOP,    /* threads stop */
    STAGE_CAPS,    /* its capability table empties */
    STAGE_OBJECTS, /* its objects end, and every capability to them */
    STAGE_SELF,    /* capabilities to it, mappings in it */
    STAGE_WIPE,    /* donated memory is cleared and given back */
};

void aspace_kill(struct aspace *as)
{
    struct cpu *cpu = this_cpu();

    if (as->object.dying) {
        return;
    }
    trace(TRACE_DESTROY, L4_TYPE_ASPACE, (uint32_t)(uintptr_t)as);
    as->object.dying = 1;
    as->dying_stage = STAGE_STOP;
    as->dying_next = cpu->dying;
    cpu->dying = as;
}

static void next_stage(struct aspace *as)
{
    as->dying_stage++;
    as->dying_cursor = 0;
}

/* One object: marked objects collect at the end of the list. */
static void step_stop(struct aspace *as)
{
    struct object *o;

    if (list_empty(&as->objects)) {
        next_stage(as);
        return;
    }
    o = container_of(as->objects.next, struct object, home_link);
    if (o->dying) {
        next_stage(as);
        return;
    }
    o->dying = 1;
    if (o->type == L4_TYPE_THREAD) {
        thread_stop(thread_of_object(o));
    }
    list_remove(&o->home_link);
    list_append(&as->objects, &o->home_link);
}

static void step_caps(struct aspace *as)
{
    if (as->dying_cursor >= as->slot_count) {
        next_stage(as);
    } else if (!aspace_has_page(as, as->dying_cursor)) {
        as->dying_cursor += CAP_SLOTS_PER_PAGE;
    } else if (cap_delete(aspace_slot(as, as->dying_cursor)) == L4_OK) {
        as->dying_cursor++;
    }
}

static void step_objects(struct aspace *as)
{
    struct object *o;

    if (list_empty(&as->objects)) {
        next_stage(as);
        return;
    }
    o = container_of(as->objects.next, struct object, home_link);
    if (object_quiesce(o) != L4_OK) {
        return;
    }
    if (!list_empty(&o->caps)) {
        cap_clear(container_of(o->caps.next, struct cap, link));
    } else {
        object_free(o);
    }
}

static void step_self(struct aspace *as)
{
    if (!list_empty(&as->object.caps)) {
        cap_clear(container_of(as->object.caps.next, struct cap, link));
    } else if (!list_empty(&as->mapped)) {
        struct cap *c = container_of(as->mapped.next, struct cap, space_link);

        c->flags &= ~CAP_MAPPED;
        c->progress = 0;
        c->space = NULL;
        list_remove(&c->space_link);
    } else {
        arch_aspace_destroy(as);
        next_stage(as);
    }
}

/* Clears donated memory from the end; the region that holds struct aspace comes last, its first
 * page as the very last. */
static void step_wipe(struct aspace *as)
{
    uint32_t last = ASPACE_DONATIONS - 1;
    struct cap *c;

    while (as->donation[last].type == L4_TYPE_NULL) {
        last--;
    }
    c = &as->donation[last];
    if (as->dying_cursor == 0) {
        as->dying_cursor = c->frames;
    }
    as->dying_cursor--;
    if (last != 0 || as->dying_cursor != 0) {
        arch_page_clear(arch_frame_ptr(c->frame + as->dying_cursor));
    }
    if (as->dying_cursor == 0) {
        frame_t frame = c->frame;

        cap_clear(c);
        if (last == 0) {
            this_cpu()->dying = as->dying_next;
            arch_page_clear(arch_frame_ptr(frame));
        }
    }
}

static void (*const stage_step[])(struct aspace *as) = {
    [STAGE_STOP] = step_stop, [STAGE_CAPS] = step_caps, [STAGE_OBJECTS] = step_objects,
    [STAGE_SELF] = step_self, [STAGE_WIPE] = step_wipe,
};

int aspace_reap(void)
{
    struct cpu *cpu = this_cpu();

    while (cpu->dying != NULL) {
        stage_step[cpu->dying->dying_stage](cpu->dying);
        if (arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    return L4_OK;
}
