/*
 * Samples of one metric: the cycle counter under deterministic time, where a cycle is an
 * instruction. Threads that read it are made with L4_THREAD_PMU.
 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stdint.h>

#include "worker.h"

#define SAMPLES 512u
#define WARM_UP 8u /* rounds before the first sample: first use of tables and tags */

/* PMCCNTR. Memory accesses of the program stay on their side of it. */
static inline __attribute__((always_inline)) uint32_t sample_counter(void)
{
    uint32_t value;

    __asm__ volatile("mrc p15, 0, %0, c9, c13, 0" : "=r"(value) : : "memory");
    return value;
}

/* Before a metric: forgets the samples. */
void sample_begin(void);
/* One difference of two readings, any thread; ignored while warming up and when full. */
void sample_add(uint32_t cycles);
/* Enough of them. */
bool sample_full(void);
/* Root thread: prints the BENCH line; the cost of two back-to-back readings is subtracted. */
void sample_report(const char *metric);
/* Measures that cost; by a thread that may read the counter. */
void sample_calibrate(void);

/* A worker that may read the counter, and starts at once. */
struct worker *sample_worker(struct space *space, uint32_t priority, worker_function_t *function,
                             uint32_t argument);
/* Root thread: sleeps without a timeout until sample_done(); the caller's `slot` names the
 * endpoint, as sample_space() has put it there. */
void sample_wait(void);
void sample_done(void);
/* A space whose slot DONE_SLOT is that endpoint. */
struct space *sample_space(void);
#define DONE_SLOT 1u

#endif
