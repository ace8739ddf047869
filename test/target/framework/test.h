/*
 * Target tests: cases, checks and TAP. A suite defines `test_suite`; the framework runs its cases
 * in order as the root program, prints TAP through the kernel and ends the machine.
 *
 * Checks may be made by any thread that shares the image's data (worker.h): a failure is recorded
 * and printed by the root thread at the end of the case.
 */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/bootinfo.h>
#include <l4/abi/status.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

struct test_suite {
    const char *name;
    const struct test_case *cases;
    uint32_t count;
};

/* Defined by the suite. */
extern const struct test_suite test_suite;

#define TEST_SUITE(suite_name, table)                                                              \
    const struct test_suite test_suite = {                                                         \
        .name = (suite_name), .cases = (table), .count = sizeof(table) / sizeof((table)[0])}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What the kernel told the root program. */
extern const struct l4_rootinfo *test_root;

/* Records a failure unless `ok`; returns `ok`. */
bool check_true(bool ok, const char *file, int line, const char *text);
bool check_equal(uint32_t got, uint32_t expected, const char *file, int line, const char *text);
/* low <= got <= high */
bool check_range(uint32_t got, uint32_t low, uint32_t high, const char *file, int line,
                 const char *text);

#define CHECK(condition) check_true((condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(got, expected)                                                                    \
    check_equal((uint32_t)(got), (uint32_t)(expected), __FILE__, __LINE__, #got)
#define CHECK_OK(status) CHECK_EQ(status, L4_OK)
#define CHECK_RANGE(got, low, high)                                                                \
    check_range((uint32_t)(got), (uint32_t)(low), (uint32_t)(high), __FILE__, __LINE__, #got)
/* Ends the case (a void function) when it fails. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!CHECK(condition)) {                                                                   \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define REQUIRE_OK(status)                                                                         \
    do {                                                                                           \
        if (!CHECK_OK(status)) {                                                                   \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Root thread only: prints what was recorded as TAP comments; true if nothing was. */
bool check_report(void);

/* A line to the console, root thread only. */
__attribute__((format(printf, 1, 2))) void test_print(const char *format, ...);

/* Nanoseconds and microseconds of virtual time since boot. */
uint64_t test_ns(void);
uint32_t test_us(void);
/* The root thread sleeps. */
void test_sleep(uint32_t us);

#endif
