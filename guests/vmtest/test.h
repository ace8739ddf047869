/*
 * The harness of vmtest: cases in tables, TAP on the console, first failed check
 * kept as the reason. A case may fault: the harness reports it and goes on.
 * harness.c owns all state; persist.c carries it across the SYSTEM_RESET.
 */
#ifndef VMTEST_TEST_H
#define VMTEST_TEST_H

#include <stdbool.h>
#include <stdint.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

struct test_suite {
    const struct test_case *cases;
    unsigned int count;
};

#define SUITE(name, table)                                                                         \
    const struct test_suite name = {(table), sizeof(table) / sizeof((table)[0])}

/* Records the first failed check of the running case. */
void test_fail(const char *file, int line, const char *what, uint32_t got, uint32_t expected);
/* Reports the running case as skipped; the caller returns. */
void test_skip(const char *reason);
bool test_failed(void);

/* Looks a device fact up once: are we in Pecan's VM, or on QEMU's own models? */
bool in_pecan(void);
/* A "vmtest.<word>" in /chosen bootargs. */
bool option(const char *word);
const char *option_filter(void);

#define CHECK_EQ(got, expected)                                                                    \
    do {                                                                                           \
        uint32_t check_got_ = (uint32_t)(got);                                                     \
        uint32_t check_expected_ = (uint32_t)(expected);                                           \
        if (check_got_ != check_expected_) {                                                       \
            test_fail(__FILE__, __LINE__, #got, check_got_, check_expected_);                      \
        }                                                                                          \
    } while (0)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            test_fail(__FILE__, __LINE__, #condition, 0, 1);                                       \
        }                                                                                          \
    } while (0)

/* For what QEMU's own model lacks or does against the manual; says which. */
#define SKIP_NATIVE(reason)                                                                        \
    do {                                                                                           \
        if (!in_pecan()) {                                                                         \
            test_skip("native QEMU: " reason);                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define SKIP_UNLESS(condition, reason)                                                             \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            test_skip(reason);                                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#endif
