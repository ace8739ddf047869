/*
 * The fake machine's state, its log and the preemption points. See arch/fake.h.
 */
#include <arch/cpu.h>
#include <string.h>

struct fake fake;

void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.timer_deadline = UINT64_MAX;
}

void fake_work_end(void)
{
    if (fake.work.bytes > fake.worst.bytes) {
        fake.worst.bytes = fake.work.bytes;
    }
    if (fake.work.descriptors > fake.worst.descriptors) {
        fake.worst.descriptors = fake.work.descriptors;
    }
    fake.work = (struct fake_work){0};
}

bool fake_preemption_point(void)
{
    fake_work_end();
    fake.points++;
    if (fake.preempt_at == 0 || fake.points < fake.preempt_at) {
        return false;
    }
    if (fake.preempt_irq != 0) {
        fake.irq_raised[fake.preempt_irq] = 1;
    }
    fake.preempt_at = fake.preempt_every != 0 ? fake.points + fake.preempt_every : 0;
    return true;
}

void *fake_memory(frame_t frame)
{
    if (frame < fake.first_frame || frame - fake.first_frame >= fake.frames) {
        panic("frame 0x%x is not RAM", (unsigned)frame);
    }
    return (void *)((uintptr_t)frame << L4_PAGE_SHIFT);
}

void fake_log(enum fake_op op, uint32_t a, uint32_t b)
{
    fake.work.descriptors += op == FAKE_DESC_SET ? 1 : op == FAKE_DESC_CLEAR ? b % 512u : 0;
    if (fake.logged < FAKE_LOG) {
        fake.log[fake.logged] = (struct fake_event){op, a, b};
        fake.logged++;
    }
}

void fake_log_clear(void)
{
    fake.logged = 0;
}

uint32_t fake_log_find(uint32_t from, enum fake_op op)
{
    while (from < fake.logged && fake.log[from].op != op) {
        from++;
    }
    return from;
}

uint32_t fake_log_find_a(uint32_t from, enum fake_op op, uint32_t a)
{
    for (from = fake_log_find(from, op); from < fake.logged && fake.log[from].a != a;) {
        from = fake_log_find(from + 1, op);
    }
    return from;
}

uint32_t fake_log_count(enum fake_op op)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < fake.logged; i++) {
        n += fake.log[i].op == op;
    }
    return n;
}
