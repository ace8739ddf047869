/*
 * The radio: a paravirtualised real-time guest. Two periodic tasks do the baseband's work by
 * deadlines; beside them, whatever processor time they leave, a modem answers AT commands from each
 * guest that has a channel to here. bootargs: report=SECONDS (10 unless told) between two lines
 * about deadlines and latency.
 */
#include <stddef.h>

#include "at.h"
#include "baseband.h"
#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/mmu.h"
#include "guest/service.h"
#include "guest/start.h"
#include "guest/timer.h"
#include "guest/trap.h"
#include "guest/uart.h"
#include "tasks.h"

#define REPORT_S 10u
#define REPORT_MAX_S 3600u
#define SIGNAL_REGISTERED 5u /* the weakest with which a network is joined */

static struct service services[PECAN_CHANNELS];
static struct at_modem modem;
static volatile bool rung; /* a channel's interrupt has come */

static struct baseband baseband;
static volatile uint32_t measured = AT_SIGNAL_UNKNOWN;

static void fast_job(void)
{
    baseband_block(&baseband);
}

static void slow_job(void)
{
    measured = baseband_measure(&baseband);
}

static void on_irq(void)
{
    uint32_t iar = gicc_read(GICC_IAR);
    bool timer = IAR_ID(iar) == INTID_VTIMER;

    if (IAR_ID(iar) >= INTID_GROUP1) {
        return;
    }
    if (timer) {
        tasks_interrupt();
    } else {
        rung = true;
    }
    gicc_write(GICC_EOIR, iar);
    if (timer) {
        tasks_after_interrupt();
    }
}

static void report(void)
{
    struct tasks_report now = tasks_report();

    print("RADIO deadlines met: %u, missed: %u, worst latency: %u us (last period: %u us)\n",
          now.met, now.missed, now.worst_us, now.recent_us);
}

static void answer(uint32_t n, const char *line, struct reply *reply)
{
    struct tasks_report now = tasks_look();
    uint32_t signal = measured;
    struct at_radio radio = {
        .signal = signal,
        .registered = signal != AT_SIGNAL_UNKNOWN && signal >= SIGNAL_REGISTERED,
        .deadlines_met = now.met,
        .deadlines_missed = now.missed,
        .worst_latency_us = now.worst_us,
    };

    at_answer(&modem, &radio, n, line, reply);
}

static void gone(uint32_t n)
{
    at_hang_up(&modem, n);
}

static uint32_t report_seconds(void)
{
    const char *value = text_option(boot_args(), "report=");

    return value == NULL ? REPORT_S : text_number(value, REPORT_MAX_S, REPORT_S);
}

static void start_interrupts(void)
{
    trap_irq = on_irq;
    gicd_write(GICD_CTLR, 1);
    gicc_write(GICC_PMR, 0xff);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
}

/* Sleeps unless a channel rang since the last look. */
static void wait(void)
{
    irq_disable();
    if (!rung) {
        wfi();
    }
    rung = false;
    irq_enable();
}

void guest_main(void)
{
    static const struct service_calls calls = {answer, gone};
    uint64_t period = (uint64_t)cntfrq() * report_seconds();
    uint64_t next = cntvct() + period;
    uint32_t count;

    console_init();
    mmu_on_short();
    at_start(&modem);
    baseband_start(&baseband);
    start_interrupts();
    count = services_start(services, PECAN_CHANNELS);
    for (uint32_t n = 0; n < count; n++) {
        print("radio: serves %s\n", services[n].channel.peer);
    }
    tasks_start(fast_job, slow_job);
    irq_enable();
    print("GUEST READY radio\n");
    for (;;) {
        if (!services_run(services, count, &calls)) {
            wait();
        }
        if (cntvct() >= next) {
            report();
            next += period;
        }
    }
}
