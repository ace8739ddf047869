/*
 * Timer interrupts (ARM DDI 0406C, B8.1.5): level-sensitive outputs on PPI 27 and
 * PPI 30, never early, present as long as the condition holds and no longer.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/trap.h"
#include "irq.h"
#include "suites.h"
#include "timers.h"

static const struct timer_ops *of_interrupt(uint32_t iar)
{
    return IAR_ID(iar) == INTID_VTIMER ? &virtual_timer : &physical_timer;
}

static void stop_timer(uint32_t iar)
{
    of_interrupt(iar)->set_ctl(0);
}

static void start(const struct timer_ops *t, uint32_t us)
{
    gicd_hit(GICD_ISENABLER, t->intid);
    t->set_cval(t->count() + ticks_us(us));
    t->set_ctl(CNT_CTL_ENABLE);
}

/* Until the timer's own status says so; a second at most. */
static void wait_condition(const struct timer_ops *t)
{
    for (uint32_t i = 0; i < 10000 && (t->ctl() & CNT_CTL_ISTATUS) == 0; i++) {
        delay_us(100);
    }
    CHECK((t->ctl() & CNT_CTL_ISTATUS) != 0);
}

static uint64_t count_in_handler;

static void note_and_stop(uint32_t iar)
{
    count_in_handler = of_interrupt(iar)->count();
    stop_timer(iar);
}

static void fires(const struct timer_ops *t)
{
    irq_action = note_and_stop;
    for (unsigned int i = 1; i <= 20; i++) {
        uint64_t deadline;

        start(t, 50 * i);
        deadline = t->cval();
        CHECK(irq_wait(i));
        CHECK_EQ(irq_id(i - 1), t->intid);
        CHECK(count_in_handler >= deadline);
    }
    irq_window();
    CHECK_EQ(irq_log.count, 20);
}
ON_BOTH_TIMERS(fires)

static void fires_by_tval(const struct timer_ops *t)
{
    uint64_t before;

    irq_action = note_and_stop;
    gicd_hit(GICD_ISENABLER, t->intid);
    before = t->count();
    t->set_tval((uint32_t)ticks_us(300));
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK(irq_wait(1));
    CHECK(count_in_handler >= before + ticks_us(300));
    t->set_tval((uint32_t)-5);
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK(irq_wait(2));
}
ON_BOTH_TIMERS(fires_by_tval)

static void past_deadline(const struct timer_ops *t)
{
    irq_action = stop_timer;
    gicd_hit(GICD_ISENABLER, t->intid);
    t->set_cval(0);
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK(irq_wait(1));
    t->set_cval(t->count() - 1);
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK(irq_wait(2));
}
ON_BOTH_TIMERS(past_deadline)

static void far_deadline(const struct timer_ops *t)
{
    irq_action = stop_timer;
    gicd_hit(GICD_ISENABLER, t->intid);
    t->set_cval(t->count() + (1ull << 44)); /* three days */
    t->set_ctl(CNT_CTL_ENABLE);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    t->set_cval(~0ull);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    t->set_cval(t->count() + ticks_us(100)); /* brought forward while running */
    CHECK(irq_wait(1));
}
ON_BOTH_TIMERS(far_deadline)

static void stop_at_fourth(uint32_t iar)
{
    if (irq_log.count == 4) {
        stop_timer(iar);
    }
}

static void refires_after_eoi(const struct timer_ops *t)
{
    irq_action = stop_at_fourth;
    start(t, 20);
    CHECK(irq_wait(4));
    irq_window();
    CHECK_EQ(irq_log.count, 4);
}
ON_BOTH_TIMERS(refires_after_eoi)

static void mask_timer(uint32_t iar)
{
    of_interrupt(iar)->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
}

static void masked_in_handler(const struct timer_ops *t)
{
    /* IMASK drops the line, ISTATUS stays; unmasking raises it again. */
    irq_action = mask_timer;
    start(t, 20);
    CHECK(irq_wait(1));
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS);
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK(irq_wait(2));
    irq_window();
    CHECK_EQ(irq_log.count, 2);
}
ON_BOTH_TIMERS(masked_in_handler)

static void moved_in_handler_action(uint32_t iar)
{
    const struct timer_ops *t = of_interrupt(iar);

    if (irq_log.count < 30) {
        t->set_cval(t->cval() + ticks_us(100));
    } else {
        t->set_ctl(0);
    }
}

static void periodic(const struct timer_ops *t)
{
    uint64_t first;

    irq_action = moved_in_handler_action;
    start(t, 100);
    first = t->cval();
    CHECK(irq_wait(30));
    CHECK(t->count() >= first + ticks_us(29 * 100));
    irq_window();
    CHECK_EQ(irq_log.count, 30);
}
ON_BOTH_TIMERS(periodic)

static void line_follows_condition(const struct timer_ops *t)
{
    /* Not enabled in the distributor: ISPENDR shows the level itself. */
    t->set_cval(t->count() - 1);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, t->intid), 0);
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, t->intid), 1);
    gicd_hit(GICD_ICPENDR, t->intid); /* no effect on a level that is still there */
    CHECK_EQ(gicd_bit(GICD_ISPENDR, t->intid), 1);
    t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, t->intid), 0);
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, t->intid), 1);
    t->set_cval(t->count() + ticks_us(10000000));
    CHECK_EQ(gicd_bit(GICD_ISPENDR, t->intid), 0);
    t->set_ctl(0);
}
ON_BOTH_TIMERS(line_follows_condition)

static void withdrawn_before_acknowledge(const struct timer_ops *t)
{
    /* Signalled while CPSR masks it, then the condition goes: nothing to take. */
    start(t, 20);
    wait_condition(t);
    for (uint32_t i = 0; i < 10000 && gicc_read(GICC_HPPIR) != t->intid; i++) {
        delay_us(100);
    }
    CHECK_EQ(gicc_read(GICC_HPPIR), t->intid);
    t->set_ctl(0);
    delay_us(20);
    irq_window();
    CHECK_EQ(gicd_bit(GICD_ISPENDR, t->intid), 0);
    if (in_pecan() && t == &virtual_timer && irq_log.count == 1) {
        /* ARMv7 cannot trap CNTV_CTL alone: a pending list register outlives it. */
        test_skip("known limit: CNTV is not trapped, its withdrawal goes unseen");
        return;
    }
    CHECK_EQ(irq_log.count, 0);
}
ON_BOTH_TIMERS(withdrawn_before_acknowledge)

static void disabled_in_distributor(const struct timer_ops *t)
{
    start(t, 20);
    gicd_hit(GICD_ICENABLER, t->intid);
    wait_condition(t);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    irq_action = stop_timer;
    gicd_hit(GICD_ISENABLER, t->intid);
    CHECK(irq_wait(1));
    irq_window();
    CHECK_EQ(irq_log.count, 1);
}
ON_BOTH_TIMERS(disabled_in_distributor)

static void wfi_wakes_masked(const struct timer_ops *t)
{
    uint64_t deadline;

    irq_action = stop_timer;
    for (unsigned int i = 0; i < 5; i++) {
        start(t, 1000);
        deadline = t->cval();
        while ((t->ctl() & CNT_CTL_ISTATUS) == 0) {
            wfi();
        }
        CHECK(t->count() >= deadline);
        CHECK_EQ(irq_log.count, i);
        CHECK(irq_wait(i + 1));
    }
}
ON_BOTH_TIMERS(wfi_wakes_masked)

static void wfi_takes_interrupt(const struct timer_ops *t)
{
    irq_action = stop_timer;
    for (unsigned int i = 1; i <= 5; i++) {
        start(t, 500);
        irq_enable();
        while (irq_log.count < i) {
            irq_disable();
            if (irq_log.count < i) {
                wfi();
            }
            irq_enable();
        }
        irq_disable();
        CHECK_EQ(irq_log.count, i);
    }
}
ON_BOTH_TIMERS(wfi_takes_interrupt)

static void priority_mask_holds(const struct timer_ops *t)
{
    irq_action = stop_timer;
    gicd_set_priority(t->intid, 0xa0);
    gicc_write(GICC_PMR, 0xa0);
    start(t, 20);
    wait_condition(t);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    gicc_write(GICC_PMR, 0xf0);
    CHECK(irq_wait(1));
}
ON_BOTH_TIMERS(priority_mask_holds)

static void both_at_once(void)
{
    irq_action = stop_timer;
    for (unsigned int i = 0; i < 10; i++) {
        uint32_t seen = 0;

        irq_clear_log();
        start(&virtual_timer, 100 + 20 * (i % 3));
        start(&physical_timer, 100 + 20 * ((i + 1) % 3));
        CHECK(irq_wait(2));
        seen |= 1u << irq_id(0);
        seen |= 1u << irq_id(1);
        CHECK_EQ(seen, 1u << INTID_VTIMER | 1u << INTID_PTIMER);
    }
}

static volatile uint32_t usr_stop;

static uint32_t usr_spin(uint32_t arg)
{
    uint32_t rounds = 0;

    while (usr_stop == 0) {
        rounds++;
    }
    return rounds + arg;
}

static void stop_both_ways(uint32_t iar)
{
    stop_timer(iar);
    usr_stop = 1;
}

static void interrupts_every_mode(const struct timer_ops *t)
{
    /* IRQ mode itself would lose its LR to the interrupt. */
    static const uint32_t modes[] = {MODE_USR, MODE_SYS, MODE_ABT, MODE_UND, MODE_FIQ};

    irq_action = stop_both_ways;
    for (unsigned int i = 0; i < 5; i++) {
        usr_stop = 0;
        start(t, 200);
        irq_enable();
        call_in_mode(modes[i], usr_spin, 1);
        irq_disable();
        CHECK_EQ(irq_log.count, i + 1);
    }
}
ON_BOTH_TIMERS(interrupts_every_mode)

#define BOTH(text, name)                                                                           \
    {"timer.cntv." text, name##_v},                                                                \
    {                                                                                              \
        "timer.cntp." text, name##_p                                                               \
    }

static const struct test_case cases[] = {
    BOTH("fires", fires),
    BOTH("fires-by-tval", fires_by_tval),
    BOTH("past-deadline", past_deadline),
    BOTH("far-deadline", far_deadline),
    BOTH("refires-after-eoi", refires_after_eoi),
    BOTH("masked-in-handler", masked_in_handler),
    BOTH("periodic", periodic),
    BOTH("line-follows-condition", line_follows_condition),
    BOTH("withdrawn", withdrawn_before_acknowledge),
    BOTH("disabled-in-distributor", disabled_in_distributor),
    BOTH("wfi-wakes-masked", wfi_wakes_masked),
    BOTH("wfi-takes-interrupt", wfi_takes_interrupt),
    BOTH("priority-mask", priority_mask_holds),
    BOTH("interrupts-every-mode", interrupts_every_mode),
    {"timer.both-at-once", both_at_once},
};
SUITE(suite_timer_irq, cases);
