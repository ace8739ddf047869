/*
 * The tasks' releases, deadlines and measurements (see tasks.h). The state belongs to the timer
 * interrupt, which keeps IRQs masked while it changes it.
 */
#include "tasks.h"

#include <stdbool.h>

#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/timer.h"

struct task {
    void (*job)(void);
    uint64_t release; /* of the next job */
    uint32_t period;
    uint32_t met;
    uint32_t missed;
    bool running;
};

static struct task fast_task;
static struct task slow_task;
static uint64_t worst;
static uint64_t recent;

static void arm(uint64_t when)
{
    CP_WRITE64(p15, 3, c14, when); /* CNTV_CVAL */
    CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
    isb();
}

void tasks_start(void (*fast)(void), void (*slow)(void))
{
    uint32_t period = (uint32_t)ticks_us(TASKS_FAST_US);
    uint64_t first = cntvct() + period;

    fast_task = (struct task){.job = fast, .release = first, .period = period};
    slow_task = (struct task){.job = slow, .release = first, .period = period * TASKS_SLOW_EVERY};
    gicd_set_priority(INTID_VTIMER, 0x40);
    gicd_hit(GICD_ISENABLER, INTID_VTIMER);
    arm(first);
}

/* Takes the release that is due and those that have passed unserved; returns its time. */
static uint64_t take_release(struct task *task, uint64_t now)
{
    uint32_t passed = (uint32_t)((now - task->release) / task->period);
    uint64_t release = task->release + (uint64_t)passed * task->period;

    task->missed += passed;
    task->release = release + task->period;
    return release;
}

static void note_latency(uint64_t latency)
{
    worst = latency > worst ? latency : worst;
    recent = latency > recent ? latency : recent;
}

static void note_end(struct task *task, uint64_t release)
{
    if (cntvct() <= release + task->period) {
        task->met++;
    } else {
        task->missed++;
    }
}

static void run_fast(void)
{
    uint64_t now = cntvct();
    uint64_t release = take_release(&fast_task, now);

    note_latency(now - release);
    fast_task.job();
    note_end(&fast_task, release);
}

/* The slow job lets the fast one in; a release while it runs is a miss that take_release() counts
 * when the next one is served. */
static void run_slow(void)
{
    uint64_t now = cntvct();
    uint64_t release = take_release(&slow_task, now);

    slow_task.running = true;
    irq_enable();
    slow_task.job();
    irq_disable();
    slow_task.running = false;
    note_end(&slow_task, release);
}

void tasks_interrupt(void)
{
    if (cntvct() >= fast_task.release) {
        run_fast();
    }
    arm(fast_task.release);
}

void tasks_after_interrupt(void)
{
    if (!slow_task.running && cntvct() >= slow_task.release) {
        run_slow();
    }
}

static uint32_t us(uint64_t ticks)
{
    return (uint32_t)(ticks * 1000000u / cntfrq());
}

struct tasks_report tasks_look(void)
{
    struct tasks_report report;
    uint32_t cpsr = read_cpsr();

    irq_disable();
    report.met = fast_task.met + slow_task.met;
    report.missed = fast_task.missed + slow_task.missed;
    report.worst_us = us(worst);
    report.recent_us = us(recent);
    if ((cpsr & CPSR_I) == 0) {
        irq_enable();
    }
    return report;
}

struct tasks_report tasks_report(void)
{
    struct tasks_report report = tasks_look();

    irq_disable();
    recent = 0;
    irq_enable();
    return report;
}
