/*
 * virtiotest: drives the machine's virtio devices with rings that are right, at the limit and wrong
 * (virtio 1.2). Runs natively on QEMU's own devices and on Pecan's, unchanged. Reports TAP and
 * powers off.
 */
#include <stddef.h>

#include "guest/fdt.h"
#include "guest/gic.h"
#include "guest/mmu.h"
#include "guest/psci.h"
#include "guest/start.h"
#include "guest/timer.h"
#include "guest/trap.h"
#include "guest/uart.h"

#include "target.h"
#include "test.h"

#define NAME_SIZE 64u
#define END_US 500000u /* for the other guest to be seen, too */

static const struct test_suite *const suites[] = {
    &suite_transport, &suite_place,   &suite_chain, &suite_event, &suite_blk,
    &suite_blk_bad,   &suite_console, &suite_net,   &suite_rng,   &suite_vsock,
};

static struct {
    bool failed;
    const char *skip;
    char why[160];
    char name[NAME_SIZE];
    uint32_t done, failures, skips;
} harness;

/* What trap_try() runs. */
static struct {
    const struct test_case *test;
    const struct target_case *target_test;
    const struct target *target;
} current;

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

bool in_pecan(void)
{
    static const char prefix[] = "pecan,";
    uint32_t length;
    const void *fdt = boot_fdt();
    const char *name = fdt != NULL ? fdt_property(fdt, "/hypervisor", "compatible", &length) : NULL;

    for (unsigned int i = 0; name != NULL && prefix[i] != '\0'; i++) {
        if (name[i] != prefix[i]) {
            return false;
        }
    }
    return name != NULL;
}

static void run_target_case(void)
{
    static struct device device;

    if (!target_find(current.target, &device)) {
        test_skip("there is no such device");
    } else if (current.target_test->pecan_only && !in_pecan()) {
        test_skip("QEMU's own device does not refuse it");
    } else {
        current.target_test->run(current.target, &device);
    }
}

static void run_case(void *arg)
{
    (void)arg;
    if (current.test != NULL) {
        current.test->run();
    } else {
        run_target_case();
    }
}

static void report(void)
{
    harness.done++;
    if (harness.failed) {
        harness.failures++;
        print("not ok %u - %s # %s\n", harness.done, harness.name, harness.why);
    } else if (harness.skip != NULL) {
        harness.skips++;
        print("ok %u - %s # SKIP %s\n", harness.done, harness.name, harness.skip);
    } else {
        print("ok %u - %s\n", harness.done, harness.name);
    }
}

static void run_current(void)
{
    harness.failed = false;
    harness.skip = NULL;
    if (trap_try(run_case, NULL)) {
        harness.failed = true;
        format_into(harness.why, sizeof(harness.why), "exception %u at pc %08x far %08x",
                    trap_last.kind, trap_last.pc, trap_last.far);
    }
    report();
}

static void run_suite(const struct test_suite *suite)
{
    for (unsigned int i = 0; suite->cases != NULL && i < suite->count; i++) {
        current.test = &suite->cases[i];
        format_into(harness.name, sizeof(harness.name), "%s", current.test->name);
        run_current();
    }
    current.test = NULL;
    for (unsigned int t = 0; suite->target_cases != NULL && t < TARGETS; t++) {
        for (unsigned int i = 0; i < suite->count; i++) {
            current.target = &targets[t];
            current.target_test = &suite->target_cases[i];
            format_into(harness.name, sizeof(harness.name), "%s.%s", targets[t].name,
                        current.target_test->name);
            run_current();
        }
    }
}

void guest_main(void)
{
    const unsigned int count = sizeof(suites) / sizeof(suites[0]);
    uint32_t planned = 0;

    mmu_on_short();
    console_init();
    gicd_write(GICD_CTLR, 1); /* a sleeping processor wakes by its timer's interrupt */
    gicc_write(GICC_PMR, 0xff);
    gicc_write(GICC_CTLR, 1);
    for (unsigned int i = 0; i < count; i++) {
        planned += suites[i]->count * (suites[i]->target_cases != NULL ? TARGETS : 1u);
    }
    print("TAP version 13\n1..%u\n# virtiotest %s\n", planned,
          in_pecan() ? "in Pecan's VM" : "native");
    for (unsigned int i = 0; i < count; i++) {
        run_suite(suites[i]);
    }
    print("# virtiotest done: %u passed, %u failed, %u skipped\n",
          harness.done - harness.failures - harness.skips, harness.failures, harness.skips);
    console_flush();
    sleep_us(END_US);
    system_off();
}
