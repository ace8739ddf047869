/*
 * vm.inject.*: the VMM's reading before the call that injects → the guest's vector; the VMM waits
 * for something else again right after it.
 */
#include <l4/ipc.h>
#include <l4/vcpu.h>

#include "blobs.h"
#include "memory.h"
#include "sample.h"
#include "test.h"
#include "world.h"

GUEST_BLOB(inject_running);
GUEST_BLOB(inject_waiting);

#define PAUSE_US 50u

static struct guest guest;
static l4_cap_t nothing; /* an endpoint that nobody sends to */

static void injector(struct worker *self, uint32_t argument)
{
    struct l4_msg msg;

    (void)self;
    (void)argument;
    for (uint32_t i = 0; i < BLOB_SAMPLES; i++) {
        /* Until the guest is in its loop again. */
        CHECK_EQ(l4_recv(nothing, &msg, PAUSE_US), L4_ERR_TIMEOUT);
        *guest.parameter = sample_counter();
        CHECK_OK(l4_vcpu_inject(guest.vcpu, world_virq()));
    }
}

/* The injecting thread shares the root program's space, which sees the guest's RAM. */
static void measure(const char *metric)
{
    nothing = memory_endpoint();
    REQUIRE(guest_start(&guest) && guest_expect(&guest, L4_EXIT_HVC) && guest_resume(&guest));
    (void)sample_worker(&space_root, PRIORITY_HIGH, injector, 0);
    world_report(&guest, metric);
}

void bench_inject_running(void)
{
    REQUIRE(WORLD_GUEST(&guest, inject_running));
    measure("vm.inject.running");
}

void bench_inject_waiting(void)
{
    REQUIRE(WORLD_GUEST(&guest, inject_waiting));
    measure("vm.inject.waiting");
}
