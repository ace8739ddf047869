/*
 * Device interrupts: the PL011's transmit interrupt, raised at will, and the PL031's alarm.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/irq.h>
#include <l4/memory.h>

#include "memory.h"
#include "test.h"
#include "worker.h"

#define RTC_BASE 0x09010000u
#define RTC_IRQ 34u
#define RTCDR 0x00u
#define RTCMR 0x04u
#define RTCIMSC 0x10u
#define RTCICR 0x1cu
#define UARTIMSC 0x38u
#define UART_TX 0x20u
#define BEYOND 100000u

static uintptr_t uart, rtc;
static l4_cap_t endpoint, irq;

static volatile uint32_t *reg(uintptr_t base, uint32_t offset)
{
    return (volatile uint32_t *)(base + offset);
}

static uintptr_t map_device(uint64_t base)
{
    for (uint32_t i = 0; i < test_root->region_count; i++) {
        const struct l4_root_region *const r = &test_root->region[i];

        if (r->kind == L4_ROOT_DEVICE && base >= r->base && base - r->base < r->size) {
            const l4_cap_t share =
                memory_share(r->cap, (uint32_t)(base - r->base), L4_PAGE_SIZE, L4_RIGHT_ALL);
            const uint32_t va = memory_window(L4_PAGE_SIZE);

            return CHECK_OK(l4_aspace_map(L4_ROOT_ASPACE, share, va, L4_MAP_READ | L4_MAP_WRITE))
                       ? va
                       : 0;
        }
    }
    return 0;
}

static void raise(void)
{
    *reg(uart, UARTIMSC) = UART_TX;
}

static void lower(void)
{
    *reg(uart, UARTIMSC) = 0;
}

/* The UART's interrupt as `irq`, not bound; its line is low. */
static bool set_up(void)
{
    endpoint = memory_endpoint();
    irq = memory_slot();
    uart = map_device(test_root->uart);
    if (uart == 0) {
        return false;
    }
    lower();
    return CHECK_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
}

static void expect_signal(uint32_t bits)
{
    struct l4_msg msg;

    if (CHECK_OK(l4_recv(endpoint, &msg, 10000))) {
        CHECK(l4_msg_is_signal(&msg));
        CHECK_EQ(msg.w[0], bits);
    }
}

static void expect_silence(void)
{
    struct l4_msg msg;

    CHECK_EQ(l4_recv(endpoint, &msg, 1000), L4_ERR_TIMEOUT);
}

static void get_arguments(void)
{
    static const uint32_t kernels[] = {0, 15, 25, 26, 27, 1020, 1023, 1024, 0xffffffffu};
    const l4_cap_t weak = memory_slot();
    const l4_cap_t slot = memory_slot();

    REQUIRE(set_up());
    REQUIRE_OK(l4_cap_copy(L4_ROOT_SYSTEM, weak, 0, L4_RIGHT_INFO, 0));
    CHECK_EQ(l4_irq_get(weak, 40, false, slot), L4_ERR_RIGHTS);
    CHECK_EQ(l4_irq_get(0, 40, false, slot), L4_ERR_CAP);
    CHECK_EQ(l4_irq_get(L4_ROOT_ASPACE, 40, false, slot), L4_ERR_CAP);
    CHECK_EQ(l4_irq_get(L4_ROOT_SYSTEM, 40, false, irq), L4_ERR_SLOT);
    CHECK_EQ(l4_irq_get(L4_ROOT_SYSTEM, 40, false, 0), L4_ERR_SLOT);
    CHECK_EQ(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, slot), L4_ERR_BUSY);
    for (uint32_t i = 0; i < COUNT_OF(kernels); i++) {
        CHECK_EQ(l4_irq_get(L4_ROOT_SYSTEM, kernels[i], false, slot), L4_ERR_INVALID);
    }
    CHECK_OK(l4_cap_delete(irq));
    CHECK_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, true, slot));
}

static void bind_arguments(void)
{
    const l4_cap_t weak = memory_slot();
    struct worker *const native = worker_create(&space_root, PRIORITY_LOW, 0);

    REQUIRE(set_up() && native != NULL);
    REQUIRE_OK(l4_cap_copy(endpoint, weak, 0, L4_RIGHT_RECV | L4_RIGHT_SEND, 0));
    for (uint32_t op = L4_IRQ_BIND; op < L4_IRQ_OP_COUNT; op++) {
        CHECK_EQ(l4_sys_irq_in(0, op, endpoint, 1), L4_ERR_CAP);
        CHECK_EQ(l4_sys_irq_in(endpoint, op, endpoint, 1), L4_ERR_CAP);
        CHECK_EQ(l4_sys_irq_in(BEYOND, op, endpoint, 1), L4_ERR_CAP);
    }
    CHECK_EQ(l4_irq_bind(irq, weak, 1), L4_ERR_RIGHTS);
    CHECK_EQ(l4_irq_bind(irq, 0, 1), L4_ERR_CAP);
    CHECK_EQ(l4_irq_bind(irq, irq, 1), L4_ERR_CAP);
    CHECK_EQ(l4_irq_assign(irq, 0, 0), L4_ERR_CAP);
    CHECK_EQ(l4_irq_assign(irq, native->thread, 0), L4_ERR_STATE);
    CHECK_OK(l4_irq_bind(irq, endpoint, 1));
    CHECK_EQ(l4_irq_bind(irq, endpoint, 1), L4_ERR_EXISTS);
    CHECK_OK(l4_irq_unbind(irq));
    CHECK_OK(l4_irq_unbind(irq));
    const l4_cap_t no_control = memory_slot();

    REQUIRE_OK(l4_cap_copy(irq, no_control, 0, L4_RIGHT_ALL & ~L4_RIGHT_CONTROL, 0));
    CHECK_EQ(l4_irq_bind(no_control, endpoint, 1), L4_ERR_RIGHTS);
    CHECK_EQ(l4_irq_ack(no_control), L4_ERR_RIGHTS);
}

static void fires_once_until_acknowledged(void)
{
    REQUIRE(set_up());
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 0x30));
    expect_silence();
    raise();
    expect_signal(0x30);
    expect_silence();
    /* Its line is still high: it fires again at once. */
    CHECK_OK(l4_irq_ack(irq));
    expect_signal(0x30);
    lower();
    CHECK_OK(l4_irq_ack(irq));
    expect_silence();
    CHECK_OK(l4_irq_ack(irq));
    raise();
    expect_signal(0x30);
    lower();
    CHECK_OK(l4_irq_ack(irq));
}

static void unbind_silences(void)
{
    REQUIRE(set_up());
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 1));
    raise();
    expect_signal(1);
    CHECK_OK(l4_irq_unbind(irq));
    CHECK_OK(l4_irq_ack(irq));
    expect_silence();
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 2));
    expect_signal(2);
    lower();
    CHECK_OK(l4_irq_ack(irq));
}

static void object_goes_while_active(void)
{
    REQUIRE(set_up());
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 1));
    raise();
    expect_signal(1);
    REQUIRE_OK(l4_cap_delete(irq));
    expect_silence();
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, test_root->uart_irq, false, irq));
    expect_silence();
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 4));
    expect_signal(4);
    lower();
}

static void endpoint_goes_while_bound(void)
{
    const l4_cap_t first = memory_endpoint();
    uint32_t before = 0;
    uint32_t after = 0;

    REQUIRE(set_up());
    REQUIRE_OK(l4_irq_bind(irq, first, 1));
    REQUIRE_OK(l4_cap_delete(first));
    raise();
    test_sleep(100);
    struct l4_words words = {{L4_ROOT_SYSTEM, L4_SYSTEM_STAT, L4_STAT_IRQS, 0, 0, 0, 0, 0}};

    CHECK_OK(l4_sys_system(&words));
    before = words.r[1];
    test_sleep(1000);
    words = (struct l4_words){{L4_ROOT_SYSTEM, L4_SYSTEM_STAT, L4_STAT_IRQS, 0, 0, 0, 0, 0}};
    CHECK_OK(l4_sys_system(&words));
    after = words.r[1];
    CHECK_RANGE(after - before, 0, 5); /* the sleep's own; no storm */
    /* Nobody is bound: a new endpoint may be. */
    CHECK_OK(l4_irq_bind(irq, endpoint, 8));
    expect_signal(8);
    lower();
}

static void revoked_signal_right(void)
{
    const l4_cap_t copy = memory_slot();

    REQUIRE(set_up());
    REQUIRE_OK(l4_cap_copy(endpoint, copy, 0, L4_RIGHT_ALL, 0));
    REQUIRE_OK(l4_irq_bind(irq, copy, 1));
    REQUIRE_OK(l4_cap_revoke(endpoint));
    raise();
    expect_silence();
    lower();
}

static void driver_thread(struct worker *self, uint32_t unused)
{
    (void)unused;
    for (;;) {
        struct l4_msg msg;

        if (l4_recv(endpoint, &msg, L4_TIMEOUT_NEVER) != L4_OK) {
            return;
        }
        self->value[0]++;
        self->value[1] |= msg.w[0];
        lower();
        CHECK_OK(l4_irq_ack(irq));
    }
}

static void driver_preempts(void)
{
    REQUIRE(set_up());
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 1));
    struct worker *const w = worker_run(&space_root, PRIORITY_TOP, driver_thread, 0);

    REQUIRE(worker_wait_state(w, L4_STATE_RECEIVING, 1000));
    for (uint32_t i = 1; i <= 100; i++) {
        raise();
        CHECK_EQ(w->value[0], i);
    }
    CHECK_EQ(w->value[1], 1);
}

static void alarm_clock(void)
{
    REQUIRE(set_up());
    REQUIRE_OK(l4_cap_delete(irq));
    rtc = map_device(RTC_BASE);
    REQUIRE(rtc != 0);
    REQUIRE_OK(l4_irq_get(L4_ROOT_SYSTEM, RTC_IRQ, false, irq));
    REQUIRE_OK(l4_irq_bind(irq, endpoint, 0x80000000u));
    *reg(rtc, RTCICR) = 1;
    *reg(rtc, RTCIMSC) = 1;
    struct l4_msg msg = {0};

    /* An alarm for this very second comes at once, unless the second has passed meanwhile. */
    for (uint32_t i = 0; i < 3 && msg.w[0] == 0; i++) {
        *reg(rtc, RTCMR) = *reg(rtc, RTCDR);
        const l4_status_t status = l4_recv(endpoint, &msg, 1000);

        CHECK(status == L4_OK || status == L4_ERR_TIMEOUT);
    }
    CHECK_EQ(msg.w[0], 0x80000000u);
    *reg(rtc, RTCICR) = 1;
    *reg(rtc, RTCIMSC) = 0;
    CHECK_OK(l4_irq_ack(irq));
}

static const struct test_case cases[] = {
    {"an interrupt is given out once, and none of the kernel's", get_arguments},
    {"bind and assign check their arguments", bind_arguments},
    {"it fires once until it is acknowledged", fires_once_until_acknowledged},
    {"an unbound interrupt is silent", unbind_silences},
    {"the object goes while the interrupt is active", object_goes_while_active},
    {"the endpoint goes while it is bound: no storm", endpoint_goes_while_bound},
    {"a revoked capability signals no more", revoked_signal_right},
    {"a driver preempts what raised its interrupt", driver_preempts},
    {"the clock's alarm is an interrupt too", alarm_clock},
};

TEST_SUITE("irq", cases);
