/*
 * Checks: a short list of failures in memory that all test threads share.
 */
#include <string.h>

#include "test.h"

#define FAILURES 12u

enum failure_kind { FAILURE_TRUE, FAILURE_EQUAL, FAILURE_RANGE };

struct failure {
    const char *file;
    const char *text;
    int line;
    uint32_t got, low, high;
    enum failure_kind kind;
};

static struct failure failure[FAILURES];
static volatile uint32_t failures;

static void record(const struct failure *f)
{
    const uint32_t n = failures++;

    if (n < FAILURES) {
        failure[n] = *f;
    }
}

bool check_true(bool ok, const char *file, int line, const char *text)
{
    if (!ok) {
        record(&(struct failure){.file = file, .line = line, .text = text, .kind = FAILURE_TRUE});
    }
    return ok;
}

bool check_equal(uint32_t got, uint32_t expected, const char *file, int line, const char *text)
{
    if (got != expected) {
        record(&(struct failure){.file = file,
                                 .line = line,
                                 .text = text,
                                 .got = got,
                                 .low = expected,
                                 .kind = FAILURE_EQUAL});
    }
    return got == expected;
}

bool check_range(uint32_t got, uint32_t low, uint32_t high, const char *file, int line,
                 const char *text)
{
    const bool ok = got >= low && got <= high;

    if (!ok) {
        record(&(struct failure){.file = file,
                                 .line = line,
                                 .text = text,
                                 .got = got,
                                 .low = low,
                                 .high = high,
                                 .kind = FAILURE_RANGE});
    }
    return ok;
}

static void print(const struct failure *f)
{
    const char *const slash = strrchr(f->file, '/');
    const char *const file = slash != NULL ? slash + 1 : f->file;

    switch (f->kind) {
    case FAILURE_TRUE:
        test_print("# %s:%d: false: %s", file, f->line, f->text);
        break;
    case FAILURE_EQUAL:
        test_print("# %s:%d: %s is %ld (0x%lx), not %ld (0x%lx)", file, f->line, f->text,
                   (long)(int32_t)f->got, (unsigned long)f->got, (long)(int32_t)f->low,
                   (unsigned long)f->low);
        break;
    case FAILURE_RANGE:
        test_print("# %s:%d: %s is %lu, not within %lu..%lu", file, f->line, f->text,
                   (unsigned long)f->got, (unsigned long)f->low, (unsigned long)f->high);
        break;
    }
}

bool check_report(void)
{
    const uint32_t n = failures;

    failures = 0;
    for (uint32_t i = 0; i < n && i < FAILURES; i++) {
        print(&failure[i]);
    }
    if (n > FAILURES) {
        test_print("# and %lu more", (unsigned long)(n - FAILURES));
    }
    return n == 0;
}
