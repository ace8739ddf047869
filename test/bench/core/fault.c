/*
 * fault.rpc: before a load that faults → at the next instruction. The handler is in another address
 * space and replies with the next pc; nothing is mapped. And sched.switch, which needs no partner
 * but the timer.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/thread.h>

#include "bench.h"
#include "memory.h"
#include "sample.h"
#include "test.h"

#define BAD_ADDRESS 0x38000000u
#define TURN_US 100u
#define SPIN_MAX 40u /* longer than a round of the spinning loop */

static void handler(struct worker *self, uint32_t argument)
{
    struct l4_msg msg;
    l4_status_t status = l4_recv(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);

    (void)self;
    (void)argument;
    while (status == L4_OK) {
        msg = l4_msg(L4_FAULT_REPLY_SET_PC, msg.w[2] + 4, 0, 0, 0);
        status = l4_reply_wait(ENDPOINT_SLOT, &msg, L4_TIMEOUT_NEVER);
    }
}

static void faulter(struct worker *self, uint32_t argument)
{
    (void)self;
    (void)argument;
    while (!sample_full()) {
        uint32_t before;
        uint32_t after;
        uint32_t value;

        __asm__ volatile("mrc p15, 0, %[before], c9, c13, 0\n\t"
                         "ldr %[value], [%[bad]]\n\t"
                         "mrc p15, 0, %[after], c9, c13, 0"
                         : [before] "=&r"(before), [value] "=&r"(value), [after] "=&r"(after)
                         : [bad] "r"(BAD_ADDRESS)
                         : "memory");
        sample_add(after - before);
    }
    sample_done();
}

void bench_fault(void)
{
    sample_begin();
    const l4_cap_t endpoint = memory_endpoint();
    struct space *const server = sample_space();
    struct space *const client = sample_space();

    REQUIRE(server != NULL && client != NULL);
    REQUIRE(space_give(server, ENDPOINT_SLOT, endpoint, L4_RIGHT_RECV, 0));
    (void)sample_worker(server, PRIORITY_MID, handler, 0);
    struct worker *const w = worker_create(client, PRIORITY_MID, L4_THREAD_PMU);

    REQUIRE(w != NULL);
    REQUIRE_OK(l4_thread_set_fault(w->thread, endpoint));
    REQUIRE(worker_start(w, faulter, 0));
    sample_wait();
    sample_report("fault.rpc");
}

static volatile uint32_t last_read[2];

/* Two of these take turns: a gap in the own readings is a turn of the other's. */
static void spinner(struct worker *self, uint32_t index)
{
    uint32_t previous = sample_counter();

    (void)self;
    while (!sample_full()) {
        const uint32_t now = sample_counter();

        if (now - previous > SPIN_MAX && last_read[index ^ 1u] != 0) {
            sample_add(now - last_read[index ^ 1u]);
            previous = sample_counter();
        } else {
            previous = now;
        }
        last_read[index] = previous;
    }
    sample_done();
}

void bench_switch(void)
{
    sample_begin();
    last_read[0] = last_read[1] = 0;
    for (uint32_t i = 0; i < 2; i++) {
        struct worker *const w = worker_create(sample_space(), PRIORITY_MID, L4_THREAD_PMU);

        REQUIRE(w != NULL);
        REQUIRE_OK(l4_thread_set_sched(w->thread, PRIORITY_MID, PRIORITY_MID, TURN_US, TURN_US));
        REQUIRE(worker_start(w, spinner, i));
    }
    sample_wait();
    sample_report("sched.switch");
}
