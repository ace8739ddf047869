/*
 * Samples of one metric: see sample.h.
 */
#include "sample.h"

#include <stdlib.h>

#include <l4/ipc.h>

#include "memory.h"
#include "test.h"

#define CALIBRATIONS 16u

static uint32_t sample[SAMPLES];
static uint32_t count, warm;
static uint32_t counter_cost;
static l4_cap_t done;

void sample_begin(void)
{
    count = 0;
    warm = 0;
    done = memory_endpoint();
}

void sample_add(uint32_t cycles)
{
    if (warm < WARM_UP) {
        warm++;
    } else if (count < SAMPLES) {
        sample[count++] = cycles;
    }
}

bool sample_full(void)
{
    return count == SAMPLES;
}

void sample_calibrate(void)
{
    uint32_t least = UINT32_MAX;

    for (uint32_t i = 0; i < CALIBRATIONS; i++) {
        const uint32_t before = sample_counter();
        const uint32_t cycles = sample_counter() - before;

        least = cycles < least ? cycles : least;
    }
    counter_cost = least;
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

void sample_report(const char *metric)
{
    if (!CHECK_EQ(count, SAMPLES)) {
        return;
    }
    qsort(sample, count, sizeof(sample[0]), compare);
    test_print("BENCH %s min=%lu med=%lu max=%lu", metric,
               (unsigned long)(sample[0] - counter_cost),
               (unsigned long)(sample[count / 2] - counter_cost),
               (unsigned long)(sample[count - 1] - counter_cost));
}

struct worker *sample_worker(struct space *space, uint32_t priority, worker_function_t *function,
                             uint32_t argument)
{
    struct worker *const w = worker_create(space, priority, L4_THREAD_PMU);

    return worker_start(w, function, argument) ? w : NULL;
}

void sample_wait(void)
{
    struct l4_msg msg;

    CHECK_OK(l4_recv(done, &msg, L4_TIMEOUT_NEVER));
}

void sample_done(void)
{
    CHECK_OK(l4_signal(DONE_SLOT, 1));
}

struct space *sample_space(void)
{
    struct space *const space = space_create(SPACE_POOL, SPACE_SLOTS);

    return space != NULL && space_give(space, DONE_SLOT, done, L4_RIGHT_SIGNAL | L4_RIGHT_INFO, 0)
               ? space
               : NULL;
}
