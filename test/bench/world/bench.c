/*
 * irq.direct, vm.exit.world and vm.switch; the injected ones are in inject.c.
 */
#include <l4/cap.h>
#include <l4/irq.h>
#include <l4/memory.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "blobs.h"
#include "memory.h"
#include "sample.h"
#include "test.h"
#include "world.h"

GUEST_BLOB(direct);
GUEST_BLOB(exit_world);
GUEST_BLOB(switch_from);
GUEST_BLOB(switch_to);

#define RUN_US 2000000u

static struct guest guest;
static struct guest other;

bool world_guest(struct guest *g, const uint32_t *begin, const uint32_t *end)
{
    return guest_create_flags(g, begin, end, L4_THREAD_PMU);
}

static void calibrator(struct worker *self, uint32_t argument)
{
    (void)self;
    (void)argument;
    sample_calibrate();
    sample_done();
}

void world_report(struct guest *g, const char *metric)
{
    const volatile uint32_t *const result = g->parameter + BLOB_RESULTS / 4;

    REQUIRE_OK(guest_wait(g, RUN_US));
    REQUIRE(l4_tag_label(g->exit.tag) == L4_EXIT_HVC);
    sample_begin();
    (void)sample_worker(sample_space(), PRIORITY_MID, calibrator, 0);
    sample_wait();
    for (uint32_t i = 0; i < BLOB_SAMPLES; i++) {
        sample_add(result[i]);
    }
    sample_report(metric);
}

static bool give_uart(const struct guest *g)
{
    for (uint32_t i = 0; i < test_root->region_count; i++) {
        const struct l4_root_region *const r = &test_root->region[i];

        if (r->kind == L4_ROOT_DEVICE && test_root->uart - r->base < r->size) {
            return space_map(g->space, r->cap, (uint32_t)(test_root->uart - r->base), L4_PAGE_SIZE,
                             BLOB_UART, L4_MAP_READ | L4_MAP_WRITE) != L4_CAP_NULL;
        }
    }
    return false;
}

static void bench_direct(void)
{
    const l4_cap_t irq = memory_slot();

    REQUIRE(WORLD_GUEST(&guest, direct) && give_uart(&guest));
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    REQUIRE_OK(l4_irq_assign(irq, guest.vcpu, world_virq()));
    REQUIRE(guest_start(&guest));
    world_report(&guest, "irq.direct");
}

static void bench_exit_world(void)
{
    REQUIRE(WORLD_GUEST(&guest, exit_world) && guest_start(&guest));
    world_report(&guest, "vm.exit.world");
}

/* Up to its first report, with an interrupt in flight that it will keep active. */
static bool prepare(struct guest *g)
{
    return guest_start(g) && guest_expect(g, L4_EXIT_HVC) &&
           CHECK_OK(l4_vcpu_timer(g->vcpu, L4_TIMER_VIRTUAL,
                                  l4_virq(BLOB_VTIMER, WORLD_TIMER_PRIORITY, 0))) &&
           CHECK_OK(l4_vcpu_inject(g->vcpu, world_virq()));
}

static void bench_switch(void)
{
    REQUIRE(WORLD_GUEST(&guest, switch_to) && WORLD_GUEST(&other, switch_from));
    REQUIRE_OK(l4_thread_set_sched(other.vcpu, GUEST_PRIORITY + 1u, GUEST_PRIORITY + 1u, 0, 0));
    REQUIRE(space_map(guest.space, other.ram_region, GUEST_PARAMETERS, L4_PAGE_SIZE, BLOB_OTHER,
                      L4_MAP_READ) != L4_CAP_NULL);
    REQUIRE(prepare(&guest) && prepare(&other));
    REQUIRE(guest_resume(&guest) && guest_resume(&other));
    world_report(&guest, "vm.switch");
    REQUIRE_OK(l4_thread_stop(other.vcpu));
}

static const struct test_case cases[] = {
    {"irq.direct", bench_direct},
    {"vm.exit.world", bench_exit_world},
    {"vm.inject.running", bench_inject_running},
    {"vm.inject.waiting", bench_inject_waiting},
    {"vm.switch", bench_switch},
};

TEST_SUITE("world", cases);
