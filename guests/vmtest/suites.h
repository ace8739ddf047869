/*
 * The suites of vmtest, one or two per device, and what they share with main.c.
 */
#ifndef VMTEST_SUITES_H
#define VMTEST_SUITES_H

#include "persist.h"
#include "test.h"

extern const struct test_suite suite_start;
extern const struct test_suite suite_gicd;
extern const struct test_suite suite_gicd_irq;
extern const struct test_suite suite_gicc;
extern const struct test_suite suite_nesting;
extern const struct test_suite suite_sgi;
extern const struct test_suite suite_timer;
extern const struct test_suite suite_timer_irq;
extern const struct test_suite suite_uart;
extern const struct test_suite suite_uart_irq;
extern const struct test_suite suite_rtc;
extern const struct test_suite suite_psci;
extern const struct test_suite suite_cp15;
extern const struct test_suite suite_state;
extern const struct test_suite suite_memory;
extern const struct test_suite suite_decode;
extern const struct test_suite suite_mmu;
/* Leaves every device dirty, for suite_reset to look at after SYSTEM_RESET. */
extern const struct test_suite suite_dirty;
extern const struct test_suite suite_reset;

/* Notes what the devices' registers hold, before anything is written. */
void reset_capture(void);

/* How the second boot learned that it is one. */
enum persist_found test_found(void);

#endif
