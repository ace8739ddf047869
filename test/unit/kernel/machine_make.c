/*
 * Objects for tests, made by init through system calls. See machine.h.
 */
#include "machine.h"

l4_cap_t slot_new(void)
{
    return m.next_slot++;
}

struct cap *slot_cap(l4_cap_t slot)
{
    return aspace_slot(m.init->aspace, slot);
}

struct thread *slot_thread(l4_cap_t slot)
{
    struct cap *c = slot_cap(slot);

    assert_int_equal(c->type, L4_TYPE_THREAD);
    return thread_of_object(c->object);
}

struct endpoint *slot_endpoint(l4_cap_t slot)
{
    struct cap *c = slot_cap(slot);

    assert_int_equal(c->type, L4_TYPE_ENDPOINT);
    return container_of(c->object, struct endpoint, object);
}

struct aspace *slot_space(l4_cap_t slot)
{
    struct cap *c = slot_cap(slot);

    assert_int_equal(c->type, L4_TYPE_ASPACE);
    return container_of(c->object, struct aspace, object);
}

l4_cap_t make_endpoint(void)
{
    l4_cap_t slot = slot_new();

    assert_int_equal(isys(CREATE, L4_ROOT_ASPACE, L4_TYPE_ENDPOINT, slot), L4_OK);
    return slot;
}

l4_cap_t make_badged(l4_cap_t endpoint, uint32_t badge, uint32_t rights)
{
    l4_cap_t slot = slot_new();

    assert_int_equal(isys(CAP, endpoint, L4_CAP_COPY, slot, 0, rights, badge), L4_OK);
    return slot;
}

l4_cap_t make_region_of(l4_cap_t from, uint32_t frames, uint32_t align_shift)
{
    l4_cap_t slot = slot_new();

    assert_int_equal(
        isys(REGION, from, L4_REGION_SPLIT, frames << L4_PAGE_SHIFT, align_shift, slot), L4_OK);
    return slot;
}

l4_cap_t make_region(uint32_t frames)
{
    return make_region_of(m.ram, frames, L4_PAGE_SHIFT);
}

l4_cap_t make_space(l4_cap_t region, uint32_t slots, uint32_t flags)
{
    l4_cap_t slot = slot_new();

    assert_int_equal(isys(ASPACE, region, L4_ASPACE_CREATE, slot, slots, flags), L4_OK);
    return slot;
}

l4_cap_t make_thread_in(l4_cap_t space, uint32_t flags)
{
    l4_cap_t slot = slot_new();

    assert_int_equal(isys(CREATE, space, L4_TYPE_THREAD, slot, flags), L4_OK);
    return slot;
}

l4_cap_t cap_of_thread(const struct thread *t)
{
    for (l4_cap_t i = 1; i < m.next_slot; i++) {
        struct cap *c = slot_cap(i);

        if (c != NULL && c->type == L4_TYPE_THREAD && thread_of_object(c->object) == t) {
            return i;
        }
    }
    fail_msg("no capability to the thread in init's table");
    return 0;
}

void give_buffer(struct thread *t)
{
    l4_cap_t page = make_region(1);

    assert_int_equal(isys(THREAD, cap_of_thread(t), L4_THREAD_SET_BUFFER, page), L4_OK);
}

void set_budget(struct thread *t, uint32_t priority, uint32_t budget_us, uint32_t period_us)
{
    l4_cap_t slot = t == m.init ? (l4_cap_t)L4_ROOT_THREAD : cap_of_thread(t);

    assert_int_equal(
        isys(THREAD, slot, L4_THREAD_SET_SCHED, priority, L4_PRIORITIES - 1, budget_us, period_us),
        L4_OK);
}

struct thread *start_thread_in(l4_cap_t space, uint32_t priority)
{
    l4_cap_t slot = make_thread_in(space, L4_THREAD_NATIVE);
    struct thread *t = slot_thread(slot);
    int32_t r;

    give_buffer(t);
    set_budget(t, priority, 0, 0);
    r = isys(THREAD, slot, L4_THREAD_START, USER_PC, 0x03000000, 0, 0);
    if (priority > m.init->priority) {
        assert_int_equal(r, BLOCKED);
        assert_ptr_equal(running(), t);
    } else {
        assert_int_equal(r, L4_OK);
    }
    return t;
}

struct thread *start_thread(uint32_t priority)
{
    return start_thread_in(L4_ROOT_ASPACE, priority);
}

void give_cap(l4_cap_t slot, l4_cap_t space, uint32_t to, uint32_t rights)
{
    assert_int_equal(isys(CAP, slot, L4_CAP_COPY, to, space, rights, 0), L4_OK);
}

struct waker make_waker(uint32_t number)
{
    struct waker w = {slot_new(), make_endpoint()};

    assert_int_equal(isys(IRQ, L4_ROOT_SYSTEM, L4_IRQ_GET, number, w.irq, 1), L4_OK);
    assert_int_equal(isys(IRQ, w.irq, L4_IRQ_BIND, w.endpoint, 1), L4_OK);
    return w;
}

int32_t wait_for(const struct waker *w)
{
    assert_int_equal(isys(IRQ, w->irq, L4_IRQ_ACK), L4_OK);
    return isys(RECV, w->endpoint, 0, 0, L4_TIMEOUT_NEVER);
}

uint32_t free_bytes(l4_cap_t space)
{
    assert_int_equal(isys(ASPACE, space, L4_ASPACE_INFO), L4_OK);
    return reg(m.init, 1);
}

bool frames_are_clear(frame_t frame, uint32_t frames)
{
    const uint64_t *word = (const uint64_t *)((uintptr_t)frame << L4_PAGE_SHIFT);

    for (size_t i = 0; i < ((size_t)frames << L4_PAGE_SHIFT) / sizeof(*word); i++) {
        if (word[i] != 0) {
            return false;
        }
    }
    return true;
}

void frames_fill(frame_t frame, uint32_t frames, uint8_t with)
{
    memset((void *)((uintptr_t)frame << L4_PAGE_SHIFT), with, (size_t)frames << L4_PAGE_SHIFT);
}
