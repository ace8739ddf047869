/*
 * irq.user: the last counter value that a spinning thread reads before a device interrupt → the
 * first instruction of the thread that waits for it; three address spaces in all.
 *
 * The device is the PL011. Its transmit interrupt is pending throughout; the spinner's loop unmasks
 * it right after reading the counter, so that it comes at the next instruction, and the waiting
 * thread masks it again.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/irq.h>
#include <l4/memory.h>

#include "bench.h"
#include "memory.h"
#include "sample.h"
#include "test.h"

#define UART 0x38000000u
#define UARTIMSC (*(volatile uint32_t *)(UART + 0x38u))
#define UART_TX 0x20u
#define IRQ_SLOT 3u

static volatile uint32_t last_read;

static void spinner(struct worker *self, uint32_t argument)
{
    (void)self;
    (void)argument;
    for (;;) {
        last_read = sample_counter();
        UARTIMSC = UART_TX;
    }
}

/* Receives, and reads the counter as the first instruction after. */
static l4_status_t receive(uint32_t *counter)
{
    register uint32_t r0 __asm__("r0") = ENDPOINT_SLOT;
    register uint32_t r1 __asm__("r1") = 0;
    register uint32_t r2 __asm__("r2") = 0;
    register uint32_t r3 __asm__("r3") = L4_TIMEOUT_NEVER;
    uint32_t now;

    __asm__ volatile("svc %[number]\n\t"
                     "mrc p15, 0, %[now], c9, c13, 0"
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), [now] "=r"(now)
                     : [number] "i"(L4_SYS_RECV)
                     : "r4", "r5", "r6", "r7", "memory", "cc");
    *counter = now;
    return (l4_status_t)r0;
}

static void waiter(struct worker *self, uint32_t argument)
{
    (void)self;
    (void)argument;
    while (!sample_full()) {
        uint32_t now;
        const l4_status_t status = receive(&now);

        sample_add(now - last_read);
        CHECK_OK(status);
        UARTIMSC = 0;
        CHECK_OK(l4_irq_ack(IRQ_SLOT));
    }
    sample_done();
}

static l4_cap_t uart_page(void)
{
    for (uint32_t i = 0; i < test_root->region_count; i++) {
        const struct l4_root_region *const r = &test_root->region[i];

        if (r->kind == L4_ROOT_DEVICE && test_root->uart >= r->base &&
            test_root->uart - r->base < r->size) {
            return memory_share(r->cap, (uint32_t)(test_root->uart - r->base), L4_PAGE_SIZE,
                                L4_RIGHT_ALL);
        }
    }
    return L4_CAP_NULL;
}

void bench_irq(void)
{
    sample_begin();
    const l4_cap_t endpoint = memory_endpoint();
    const l4_cap_t uart = uart_page();
    const l4_cap_t irq = memory_slot();
    struct space *const wait_space = sample_space();
    struct space *const spin_space = sample_space();
    const uint32_t rw = L4_MAP_READ | L4_MAP_WRITE;

    REQUIRE(wait_space != NULL && spin_space != NULL && uart != L4_CAP_NULL);
    (void)space_map(wait_space, uart, 0, L4_PAGE_SIZE, UART, rw);
    (void)space_map(spin_space, uart, 0, L4_PAGE_SIZE, UART, rw);
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 1));
    REQUIRE(space_give(wait_space, ENDPOINT_SLOT, endpoint, L4_RIGHT_RECV, 0));
    REQUIRE(space_give(wait_space, IRQ_SLOT, irq, L4_RIGHT_CONTROL, 0));
    (void)sample_worker(wait_space, PRIORITY_HIGH, waiter, 0);
    (void)sample_worker(spin_space, PRIORITY_LOW, spinner, 0);
    sample_wait();
    sample_report("irq.user");
}
