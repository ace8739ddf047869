/*
 * The harness: cases in tables, TAP on the console, the first failed check kept as the reason.
 * main.c owns its state.
 */
#ifndef VIRTIOTEST_TEST_H
#define VIRTIOTEST_TEST_H

#include <stdbool.h>
#include <stdint.h>

struct target;
struct device;

struct test_case {
    const char *name;
    void (*run)(void);
};

/* A case that is made for each device: `device` is there, in any state. */
struct target_case {
    const char *name;
    void (*run)(const struct target *target, struct device *device);
    bool pecan_only; /* QEMU's own transport does not refuse it */
};

struct test_suite {
    const struct test_case *cases;
    const struct target_case *target_cases; /* instead */
    unsigned int count;
};

#define SUITE(name, table)                                                                         \
    const struct test_suite name = {(table), 0, sizeof(table) / sizeof((table)[0])}
#define TARGET_SUITE(name, table)                                                                  \
    const struct test_suite name = {0, (table), sizeof(table) / sizeof((table)[0])}

extern const struct test_suite suite_transport, suite_place, suite_chain, suite_event, suite_blk,
    suite_blk_bad, suite_net, suite_rng, suite_console, suite_vsock;

/* Records the first failed check of the running case. */
void test_fail(const char *file, int line, const char *what, uint32_t got, uint32_t expected);
/* Reports the running case as skipped; the caller returns. */
void test_skip(const char *reason);

/* Pecan's devices, or QEMU's own, which are more lenient here and there? */
bool in_pecan(void);

#define CHECK_EQ(got, expected)                                                                    \
    do {                                                                                           \
        uint32_t check_got_ = (uint32_t)(got);                                                     \
        uint32_t check_expected_ = (uint32_t)(expected);                                           \
        if (check_got_ != check_expected_) {                                                       \
            test_fail(__FILE__, __LINE__, #got, check_got_, check_expected_);                      \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            test_fail(__FILE__, __LINE__, #condition, 0, 1);                                       \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* For what QEMU's own device does not refuse. */
#define SKIP_NATIVE(reason)                                                                        \
    do {                                                                                           \
        if (!in_pecan()) {                                                                         \
            test_skip("native QEMU: " reason);                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define NEED(present, what)                                                                        \
    do {                                                                                           \
        if (!(present)) {                                                                          \
            test_skip("there is no " what);                                                        \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#endif
