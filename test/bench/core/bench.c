/*
 * The bench program: syscall.null here, the other metrics in files of their own.
 */
#include "bench.h"

#include <l4/cap.h>

#include "sample.h"
#include "test.h"

static void null_client(struct worker *self, uint32_t argument)
{
    struct l4_cap_info info;

    (void)argument;
    (void)self;
    sample_calibrate();
    while (!sample_full()) {
        const uint32_t before = sample_counter();
        const l4_status_t status = l4_cap_info(DONE_SLOT, &info);
        const uint32_t after = sample_counter();

        sample_add(after - before);
        CHECK_OK(status);
    }
    sample_done();
}

void bench_null(void)
{
    sample_begin();
    (void)sample_worker(sample_space(), PRIORITY_MID, null_client, 0);
    sample_wait();
    sample_report("syscall.null");
}

static const struct test_case cases[] = {
    {"syscall.null", bench_null},   {"ipc.rpc", bench_rpc},         {"ipc.rpc.4w", bench_rpc_4w},
    {"ipc.rpc.64w", bench_rpc_64w}, {"ipc.map4k", bench_map4k},     {"fault.rpc", bench_fault},
    {"irq.user", bench_irq},        {"sched.switch", bench_switch},
};

TEST_SUITE("bench", cases);
