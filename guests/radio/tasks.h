/*
 * Two periodic tasks with deadlines, run by the virtual timer's interrupt: the fast one once in
 * each TDMA frame of GSM, the slow one in each multiframe of 26 (3GPP TS 45.002, 4.3), interrupted
 * by the fast one (rate monotonic). A job's deadline is the next job's release. A release that
 * finds the earlier job still at work, or that nobody was there to serve, counts as a missed
 * deadline.
 */
#ifndef RADIO_TASKS_H
#define RADIO_TASKS_H

#include <stdint.h>

#define TASKS_FAST_US 4615u
#define TASKS_SLOW_EVERY 26u /* fast periods: 120 ms */

struct tasks_report {
    uint32_t met; /* jobs done in time, of both tasks */
    uint32_t missed;
    uint32_t worst_us;  /* from a release to the job's first instruction, since the start */
    uint32_t recent_us; /* the same since the last report */
};

/* Starts the tasks; interrupts must be masked, and the distributor on. The jobs run in SVC mode on
 * the interrupted stack, the slow one with IRQs unmasked. */
void tasks_start(void (*fast)(void), void (*slow)(void));
/* The two halves of the handler of INTID_VTIMER, to be called with IRQs masked: before the end of
 * interrupt (fast jobs), and after it (slow jobs, during which IRQs are unmasked). */
void tasks_interrupt(void);
void tasks_after_interrupt(void);
/* What has been measured up to now; ends a reporting period. */
struct tasks_report tasks_report(void);
/* The same without ending it. */
struct tasks_report tasks_look(void);

#endif
