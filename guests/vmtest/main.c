/*
 * vmtest: checks the virtual machine of DESIGN 4 against the architecture manuals.
 * Runs natively on QEMU's virt machine and inside Pecan's VM, unchanged. Reports
 * TAP, resets the machine once on the way, and powers off.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/fdt.h"
#include "guest/psci.h"
#include "guest/start.h"
#include "guest/trap.h"
#include "guest/uart.h"
#include "irq.h"
#include "persist.h"
#include "suites.h"
#include "test.h"

/* What is run before SYSTEM_RESET, and after it. */
static const struct test_suite *const first_boot[] = {
    &suite_start, &suite_gicd,      &suite_gicd_irq, &suite_gicc,     &suite_nesting, &suite_sgi,
    &suite_timer, &suite_timer_irq, &suite_uart,     &suite_uart_irq, &suite_rtc,     &suite_psci,
    &suite_cp15,  &suite_state,     &suite_memory,   &suite_decode,   &suite_mmu,     &suite_dirty,
};
static const struct test_suite *const second_boot[] = {
    &suite_reset,
    &suite_start,
};

static struct {
    bool failed;
    const char *skip;
    char why[160];
    struct persist total;
    enum persist_found found;
} harness;

void test_fail(const char *file, int line, const char *what, uint32_t got, uint32_t expected)
{
    const char *base = file;

    if (harness.failed) {
        return;
    }
    for (const char *p = file; *p != '\0'; p++) {
        if (*p == '/') {
            base = p + 1;
        }
    }
    harness.failed = true;
    format_into(harness.why, sizeof(harness.why), "%s:%d: %s: expected 0x%x, got 0x%x", base, line,
                what, expected, got);
}

void test_skip(const char *reason)
{
    harness.skip = reason;
}

bool test_failed(void)
{
    return harness.failed;
}

enum persist_found test_found(void)
{
    return harness.found;
}

static bool has_prefix(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; text++, prefix++) {
        if (*text != *prefix) {
            return false;
        }
    }
    return true;
}

static const char *bootargs(void)
{
    const void *fdt = boot_fdt();
    uint32_t length;
    const char *args = fdt != NULL ? fdt_property(fdt, "/chosen", "bootargs", &length) : NULL;

    return args != NULL ? args : "";
}

bool option(const char *word)
{
    for (const char *at = bootargs(); *at != '\0'; at++) {
        if (has_prefix(at, word)) {
            return true;
        }
    }
    return false;
}

/* "vmtest.only=gicd." runs the cases whose names start so, and does not reset. */
const char *option_filter(void)
{
    for (const char *at = bootargs(); *at != '\0'; at++) {
        if (has_prefix(at, "vmtest.only=")) {
            return at + 12;
        }
    }
    return NULL;
}

static bool selected(const char *name)
{
    const char *filter = option_filter();

    if (filter == NULL) {
        return true;
    }
    for (; *filter != '\0' && *filter != ' '; filter++, name++) {
        if (*filter != *name) {
            return false;
        }
    }
    return true;
}

/* Pecan names itself in the device tree; the vendor range of SMCCC is the test of
 * that name's owner, not the way to find it. */
bool in_pecan(void)
{
    static int known = -1;
    const void *fdt = boot_fdt();
    uint32_t length;

    if (known < 0) {
        const char *name =
            fdt != NULL ? fdt_property(fdt, "/hypervisor", "compatible", &length) : NULL;

        known = (name != NULL && has_prefix(name, "pecan,")) ? 1 : 0;
    }
    return known == 1;
}

static void run_case(void *arg)
{
    const struct test_case *test = arg;

    irq_reset();
    test->run();
}

static void report(const char *name)
{
    struct persist *total = &harness.total;

    total->done++;
    if (harness.failed) {
        total->failed++;
        print("not ok %u - %s # %s\n", total->done, name, harness.why);
    } else if (harness.skip != NULL) {
        total->skipped++;
        print("ok %u - %s # SKIP %s\n", total->done, name, harness.skip);
    } else {
        print("ok %u - %s\n", total->done, name);
    }
}

static void run_suite(const struct test_suite *suite)
{
    for (unsigned int i = 0; i < suite->count; i++) {
        const struct test_case *test = &suite->cases[i];

        if (!selected(test->name)) {
            continue;
        }
        harness.failed = false;
        harness.skip = NULL;
        if (trap_try(run_case, (void *)(uintptr_t)test)) {
            irq_disable();
            fiq_disable();
            console_init();
            harness.failed = false;
            format_into(harness.why, sizeof(harness.why),
                        "unexpected exception %u at pc %08x spsr %08x fsr %08x far %08x",
                        trap_last.kind, trap_last.pc, trap_last.spsr, trap_last.fsr, trap_last.far);
            harness.failed = true;
        } else if (irq_log.storm) {
            test_fail(__FILE__, __LINE__, "interrupt storm", 1, 0);
        }
        report(test->name);
    }
}

static unsigned int count_cases(const struct test_suite *const *suites, unsigned int n)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < n; i++) {
        for (unsigned int j = 0; j < suites[i]->count; j++) {
            count += selected(suites[i]->cases[j].name) ? 1 : 0;
        }
    }
    return count;
}

#define FIRST (sizeof(first_boot) / sizeof(first_boot[0]))
#define SECOND (sizeof(second_boot) / sizeof(second_boot[0]))

static void first(void)
{
    bool reset = option_filter() == NULL;

    print("TAP version 13\n1..%u\n",
          count_cases(first_boot, FIRST) + (reset ? count_cases(second_boot, SECOND) : 0));
    print("# vmtest %s\n", in_pecan() ? "in Pecan's VM" : "native");
    for (unsigned int i = 0; i < FIRST; i++) {
        run_suite(first_boot[i]);
    }
    if (reset) {
        harness.total.boots = 1;
        persist_save(&harness.total);
        print("# vmtest: SYSTEM_RESET\n");
        system_reset();
    }
}

void guest_main(void)
{
    struct persist *total = &harness.total;

    reset_capture();
    console_init();
    harness.found = persist_load(total);
    if (harness.found == PERSIST_NONE) {
        first();
    } else {
        if (harness.found == PERSIST_RTC_ONLY) {
            total->done = count_cases(first_boot, FIRST);
        }
        for (unsigned int i = 0; i < SECOND; i++) {
            run_suite(second_boot[i]);
        }
    }
    print("# vmtest done: %u passed, %u failed, %u skipped\n",
          total->done - total->failed - total->skipped, total->failed, total->skipped);
    system_off();
}
