/*
 * Device interrupts that are assigned to a guest: the UART's transmit interrupt, a level.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/irq.h>
#include <l4/memory.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "guest.h"
#include "memory.h"
#include "test.h"

GUEST_BLOB(wfi);
GUEST_BLOB(spin);
GUEST_BLOB(masked);

#define READY 0x100u
#define VIRQ l4_virq(36, 0xa0, 0)
#define UARTIMSC 0x38u

static struct guest guest;

static bool ready(struct guest *g)
{
    return guest_start(g) && guest_expect(g, L4_EXIT_HVC) && CHECK_EQ(g->exit.w[0], READY) &&
           guest_resume(g);
}

/* The mask of the UART, whose transmit interrupt is pending throughout: a level. */
static volatile uint32_t *map_uart(void)
{
    for (uint32_t i = 0; i < test_root->region_count; i++) {
        const struct l4_root_region *const r = &test_root->region[i];

        if (r->kind == L4_ROOT_DEVICE && test_root->uart - r->base < r->size) {
            const uint32_t va = memory_window(L4_PAGE_SIZE);
            const l4_cap_t share = memory_share(r->cap, (uint32_t)(test_root->uart - r->base),
                                                L4_PAGE_SIZE, L4_RIGHT_ALL);

            if (CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, share, va, L4_MAP_READ | L4_MAP_WRITE))) {
                return (volatile uint32_t *)(va + UARTIMSC);
            }
        }
    }
    return NULL;
}

static void device_interrupt_given_to_a_guest(void)
{
    const l4_cap_t irq = memory_slot();
    volatile uint32_t *const uart = map_uart();

    REQUIRE(uart != NULL && GUEST_CREATE(&guest, wfi) && ready(&guest));
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    REQUIRE_OK(l4_irq_assign(irq, guest.vcpu, VIRQ));
    CHECK_EQ(l4_irq_assign(irq, guest.vcpu, VIRQ), L4_ERR_EXISTS);
    for (uint32_t i = 1; i <= 5; i++) {
        *uart = 0x20;
        REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
        CHECK_EQ(guest.exit.w[0], 36);
        *uart = 0;
        REQUIRE(guest_resume(&guest));
        /* The guest may have seen the high line a second time. */
        if (guest_wait(&guest, 500) == L4_OK) {
            CHECK_EQ(guest.exit.w[0], 36);
            REQUIRE(guest_resume(&guest));
        }
    }
    /* The guest dies with the interrupt in flight; the next owner gets it. */
    *uart = 0x20;
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_OK(l4_cap_delete(guest.vcpu));
    const l4_cap_t endpoint = memory_endpoint();
    struct l4_msg msg;

    CHECK_OK(l4_irq_unbind(irq));
    CHECK_OK(l4_irq_bind(irq, endpoint, 2));
    CHECK_OK(l4_recv(endpoint, &msg, 1000));
    *uart = 0;
}

/* In flight everywhere: active in a slot, when the guest's whole domain goes. Its interrupt is
 * masked and inactive: got and bound anew, the level that is high all the time fires, once. */
static void domain_dies_with_its_interrupt(void)
{
    const l4_cap_t irq = memory_slot();
    const l4_cap_t endpoint = memory_endpoint();
    volatile uint32_t *const uart = map_uart();
    struct l4_msg msg;

    REQUIRE(uart != NULL && GUEST_CREATE(&guest, masked) && ready(&guest));
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    REQUIRE_OK(l4_irq_assign(irq, guest.vcpu, VIRQ));
    *uart = 0x20;
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC)); /* woken, masked: pending */
    CHECK_EQ(guest.exit.w[0], 0x200);
    REQUIRE(guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC)); /* taken, not ended: active */
    CHECK_EQ(guest.exit.w[0], 36);
    CHECK_OK(l4_cap_delete(guest.space->cap));
    CHECK_EQ(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, memory_slot()), L4_ERR_BUSY);
    CHECK_OK(l4_cap_delete(irq));
    CHECK_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    CHECK_OK(l4_irq_bind(irq, endpoint, 2));
    CHECK_OK(l4_recv(endpoint, &msg, 1000));
    CHECK_EQ(l4_recv(endpoint, &msg, 1000), L4_ERR_TIMEOUT);
    *uart = 0;
}

/* What was in flight when the link went ends in the guest alone: not the next owner's interrupt. */
static void end_after_the_link_went(void)
{
    const l4_cap_t irq = memory_slot();
    const l4_cap_t endpoint = memory_endpoint();
    volatile uint32_t *const uart = map_uart();
    struct l4_msg msg;

    REQUIRE(uart != NULL && GUEST_CREATE(&guest, masked) && ready(&guest));
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    REQUIRE_OK(l4_irq_assign(irq, guest.vcpu, VIRQ));
    *uart = 0x20;
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC) && guest_resume(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], 36);
    CHECK_OK(l4_irq_unbind(irq));
    CHECK_OK(l4_irq_bind(irq, endpoint, 2));
    CHECK_OK(l4_recv(endpoint, &msg, 1000));
    REQUIRE(guest_resume(&guest)); /* it writes EOIR */
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    CHECK_EQ(l4_recv(endpoint, &msg, 1000), L4_ERR_TIMEOUT);
    CHECK_OK(l4_irq_ack(irq));
    CHECK_OK(l4_recv(endpoint, &msg, 1000));
    *uart = 0;
}

/* A level to a guest that waits and is not loaded, because another one runs. */
static void device_interrupt_wakes_an_unloaded_guest(void)
{
    static struct guest busy;
    const l4_cap_t irq = memory_slot();
    volatile uint32_t *const uart = map_uart();

    REQUIRE(uart != NULL && GUEST_CREATE(&guest, wfi) && ready(&guest));
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    REQUIRE(GUEST_CREATE(&busy, spin) && ready(&busy));
    REQUIRE_OK(l4_thread_set_sched(guest.vcpu, GUEST_PRIORITY + 1, GUEST_PRIORITY + 1, 0, 0));
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    REQUIRE_OK(l4_irq_assign(irq, guest.vcpu, VIRQ));
    for (uint32_t i = 0; i < 3; i++) {
        test_sleep(50);
        CHECK_EQ(guest_state(&busy), L4_STATE_RUNNABLE);
        *uart = 0x20;
        REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
        CHECK_EQ(guest.exit.w[0], 36);
        *uart = 0;
        REQUIRE(guest_resume(&guest));
        while (guest_wait(&guest, 500) == L4_OK) { /* the high line seen a second time */
            CHECK_EQ(guest.exit.w[0], 36);
            REQUIRE(guest_resume(&guest));
        }
    }
    REQUIRE_OK(l4_thread_stop(busy.vcpu));
}

static const struct test_case cases[] = {
    {"a device interrupt goes to the guest directly", device_interrupt_given_to_a_guest},
    {"a domain dies with its interrupt in flight", domain_dies_with_its_interrupt},
    {"the link goes before the end", end_after_the_link_went},
    {"a device interrupt wakes a guest that is not loaded",
     device_interrupt_wakes_an_unloaded_guest},
};

TEST_SUITE("linked", cases);
