/*
 * Dedicated devices over test/unit/fake_l4: what can be given to whom, with which rights, and what
 * is quiet and taken back when its client ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libfdt.h>

#include <fake_l4.h>
#include <l4/base/range.h>
#include <l4/start.h>

#include "devmgr.h"
#include "fake_virtio.h"

#define SYSTEM 8u /* slots that init has filled */
#define DEVICES 9u
#define FIRST 16u
#define LAST 64u
#define CLIENT 100u /* slots of clients, in the same table */

#define A (L4_BADGE_CLIENT_FIRST + 0u)
#define B (L4_BADGE_CLIENT_FIRST + 1u)
#define BASE 0x09000000u /* of the region of all devices */
#define SIZE 0x02000000u
#define UART 0x09000000u
#define RTC 0x09010000u
#define NO_INTERRUPT 0x09020000u
#define DISABLED 0x09030000u
#define HUGE 0x09800000u
#define OUTSIDE 0x0c000000u
#define TRANSPORT(n) (0x0a000000u + (n)*0x200u) /* eight in a page */
#define PAGES_RIGHTS (L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_COPY | L4_RIGHT_INFO)

struct devmgr devmgr;
static struct l4_start_devmgr start;
static uint64_t tree_words[512];
static void *const tree = tree_words;
static struct fake_virtio transport[16];
static const struct l4_start_device region = {.base = BASE, .size = SIZE, .region = DEVICES};

void devmgr_fail(const char *what, l4_status_t status)
{
    fail_msg("%s: %d", what, status);
    abort();
}

/* --- The board ---------------------------------------------------------------------------------
 */

const void *board_dtb(void)
{
    return tree;
}

bool board_needs(uint64_t pa, uint64_t size)
{
    return l4_range_overlaps(pa, size, UART, 1);
}

const struct l4_start_device *board_region(uint64_t pa, uint64_t size)
{
    return pa >= BASE && l4_range_fits(pa - BASE, size, SIZE) ? &region : NULL;
}

bool board_is_coherent(int node)
{
    return fdt_getprop(tree, node, "dma-coherent", NULL) != NULL;
}

l4_status_t board_registers(uint64_t pa, uintptr_t *address)
{
    const uint64_t n = (pa - TRANSPORT(0)) / 0x200u;
    if (pa < TRANSPORT(0) || n >= 16) {
        return L4_ERR_NOT_FOUND;
    }
    *address = (uintptr_t)&transport[n];
    return L4_OK;
}

static void node(const char *name, uint32_t base, uint32_t size, uint32_t spi, const char *list,
                 int list_size)
{
    const fdt32_t reg[] = {0, cpu_to_fdt32(base), 0, cpu_to_fdt32(size)};
    const fdt32_t interrupt[] = {0, cpu_to_fdt32(spi), cpu_to_fdt32(spi % 2 == 0 ? 1 : 4)};
    assert_int_equal(fdt_begin_node(tree, name), 0);
    assert_int_equal(fdt_property(tree, "compatible", list, list_size), 0);
    assert_int_equal(fdt_property(tree, "reg", reg, sizeof reg), 0);
    if (spi != 0) {
        assert_int_equal(fdt_property(tree, "interrupts", interrupt, sizeof interrupt), 0);
    }
    if (base == DISABLED) {
        assert_int_equal(fdt_property_string(tree, "status", "disabled"), 0);
    }
    if (base == TRANSPORT(0)) {
        assert_int_equal(fdt_property(tree, "dma-coherent", "", 0), 0);
    }
    assert_int_equal(fdt_end_node(tree), 0);
}

static void make_tree(void)
{
    static const char names[][20] = {"virtio@a000000", "virtio@a000200", "virtio@a001000"};
    static const uint32_t bases[] = {TRANSPORT(0), TRANSPORT(1), TRANSPORT(8)};
    const fdt32_t two = cpu_to_fdt32(2);
    assert_int_equal(fdt_create(tree, sizeof tree_words), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    assert_int_equal(fdt_begin_node(tree, ""), 0);
    assert_int_equal(fdt_property(tree, "#address-cells", &two, sizeof two), 0);
    assert_int_equal(fdt_property(tree, "#size-cells", &two, sizeof two), 0);
    for (uint32_t i = 0; i < 3; i++) {
        node(names[i], bases[i], 0x200, 16 + i, "virtio,mmio", sizeof "virtio,mmio");
    }
    node("rtc@9010000", RTC, 0x1800, 2, "arm,pl031\0arm,primecell",
         sizeof "arm,pl031\0arm,primecell");
    node("uart@9000000", UART, 0x1000, 1, "arm,pl011", sizeof "arm,pl011");
    node("mute@9020000", NO_INTERRUPT, 0x1000, 0, "mute", sizeof "mute");
    node("off@9030000", DISABLED, 0x1000, 5, "off", sizeof "off");
    node("huge@9800000", HUGE, L4_BLOCK_SIZE + 1, 6, "huge", sizeof "huge");
    node("far@c000000", OUTSIDE, 0x1000, 7, "far", sizeof "far");
    assert_int_equal(fdt_end_node(tree), 0);
    assert_int_equal(fdt_finish(tree), 0);
}

/* A has transport 0 and the clock, B transport 8 and everything that cannot be given. */
static int set_up(void **state)
{
    (void)state;
    static const uint32_t of_b[] = {TRANSPORT(8), TRANSPORT(1), UART,   NO_INTERRUPT,
                                    DISABLED,     HUGE,         OUTSIDE};
    fake_l4_init();
    fake_give(SYSTEM, L4_TYPE_SYSTEM, L4_RIGHT_CONTROL);
    fake_give_region(DEVICES, BASE, SIZE, PAGES_RIGHTS);
    make_tree();
    for (uint32_t i = 0; i < 16; i++) {
        struct virtio unused;
        fake_init(&transport[i], VIRTIO_TYPE_BLOCK, 16, 0, &unused);
    }
    start = (struct l4_start_devmgr){.system = SYSTEM, .grant_count = 9};
    start.grant[0] = (struct l4_start_grant){.badge = A, .base = TRANSPORT(0)};
    start.grant[1] = (struct l4_start_grant){.badge = A, .base = RTC};
    for (uint32_t i = 0; i < 7; i++) {
        start.grant[2 + i] = (struct l4_start_grant){.badge = B, .base = of_b[i]};
    }
    memset(&devmgr, 0, sizeof devmgr);
    devmgr.start = &start;
    l4_slots_init(&devmgr.slots, FIRST, LAST);
    grant_init();
    return 0;
}

static l4_status_t request(uint32_t badge, uint32_t number, uint32_t flags, struct l4_msg *msg)
{
    *msg = l4_msg(DEVMGR_DEVICE, number, flags, 0, 0);
    grant_request(badge, msg);
    if ((l4_status_t)msg->w[0] != L4_OK) {
        assert_int_equal(l4_tag_items(msg->tag), 0);
    }
    return (l4_status_t)msg->w[0];
}

/* The client takes pages and interrupt into `slot` and the next. */
static void take(uint32_t slot)
{
    assert_int_equal(fake_receive(0, slot), L4_OK);
    assert_int_equal(fake_receive(1, slot + 1), L4_OK);
}

static bool has(uint32_t slot)
{
    return fake_l4.cap[slot].type != L4_TYPE_NULL;
}

/* devmgr's own capability to an interrupt. */
static struct fake_cap *irq_of(uint32_t intid)
{
    for (uint32_t i = FIRST; i < LAST; i++) {
        if (fake_l4.cap[i].type == L4_TYPE_IRQ && fake_l4.cap[i].intid == intid) {
            return &fake_l4.cap[i];
        }
    }
    return NULL;
}

/* --- Giving ------------------------------------------------------------------------------------
 */

static void test_give(void **state)
{
    (void)state;
    struct l4_msg msg;
    const uint32_t *const word = l4_msgbuf()->word;
    assert_int_equal(request(A, 1, 0, &msg), L4_OK);
    take(CLIENT);
    assert_int_equal(l4_tag_items(msg.tag), 2);
    assert_int_equal(msg.w[1], RTC);
    assert_int_equal(msg.w[2], 0x2000); /* whole pages */
    assert_int_equal(msg.w[3], 34u | 1u << 16);
    assert_int_equal(word[L4_DEVICE_REG_OFFSET], 0);
    assert_int_equal(word[L4_DEVICE_REG_SIZE], 0x1800);
    assert_int_equal(word[L4_DEVICE_FLAGS], 0);
    assert_int_equal(word[L4_DEVICE_COMPATIBLE_SIZE], sizeof "arm,pl031\0arm,primecell");
    assert_memory_equal(&word[L4_DEVICE_COMPATIBLE], "arm,pl031\0arm,primecell", 24);
    assert_int_equal(l4_tag_words(msg.tag), L4_DEVICE_COMPATIBLE + 6);
    assert_int_equal(fake_l4.cap[CLIENT].pa, RTC);
    assert_int_equal(fake_l4.cap[CLIENT].size, 0x2000);
    assert_int_equal(fake_l4.cap[CLIENT].rights, PAGES_RIGHTS);
    assert_int_equal(fake_l4.cap[CLIENT + 1].intid, 34);
    assert_int_equal(fake_l4.cap[CLIENT + 1].rights, L4_RIGHT_CONTROL);
    assert_int_equal(request(A, 0, 0, &msg), L4_OK);
    assert_int_equal(word[L4_DEVICE_FLAGS], L4_DEVICE_DMA_COHERENT);
    assert_int_equal(msg.w[1], TRANSPORT(0));
}

static void test_refusals(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(fake_l4.lines, 6); /* one for each that cannot be given */
    const uint32_t before = fake_count();
    for (uint32_t number = 1; number < 7; number++) {
        assert_int_equal(request(B, number, 0, &msg), L4_ERR_CONFIG);
    }
    assert_int_equal(request(A, 2, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(request(A, 0xffffffffu, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(request(B + 1, 0, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(fake_count(), before);
    assert_true(grant_covers(TRANSPORT(7), 0x200)); /* devmgr keeps its hands off A's page */
    assert_true(grant_covers(RTC + 0x1fff, 1));
    assert_false(grant_covers(RTC + 0x2000, 0x1000));
}

/* All transports of the page are reset, and no others; in use: none. */
static void test_resets(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(request(A, 0, L4_DEVICE_IN_USE, &msg), L4_OK);
    assert_int_equal(transport[0].resets + transport[1].resets, 0);
    assert_int_equal(request(A, 0, 0, &msg), L4_OK);
    assert_int_equal(transport[0].resets, 1);
    assert_int_equal(transport[1].resets, 1);
    assert_int_equal(transport[8].resets, 0);
    transport[1].stuck = true;
    assert_int_equal(request(A, 0, 0, &msg), L4_ERR_IO);
    assert_int_equal(request(A, 1, 0, &msg), L4_OK);
}

/* Asked for again, the earlier capabilities are gone, and no slot is lost. */
static void test_again(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(request(A, 0, 0, &msg), L4_OK);
    take(CLIENT);
    const uint32_t before = fake_count();
    for (uint32_t i = 0; i < 100; i++) {
        irq_of(48)->bound = 1;
        assert_int_equal(request(A, 0, i % 2 == 0 ? L4_DEVICE_IN_USE : 0, &msg), L4_OK);
        assert_false(has(CLIENT) || has(CLIENT + 1));
        assert_int_equal(irq_of(48)->bound, 0);
        take(CLIENT);
        assert_int_equal(fake_count(), before);
    }
}

/* Somebody has the interrupt: nothing is given, and nothing lost. */
static void test_interrupt_in_use(void **state)
{
    (void)state;
    struct l4_msg msg;
    fake_give(90, L4_TYPE_IRQ, L4_RIGHT_ALL);
    fake_l4.cap[90].intid = 48;
    const uint32_t before = fake_count();
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(request(A, 0, 0, &msg), L4_ERR_BUSY);
    }
    assert_int_equal(fake_count(), before);
    fake_l4.cap[90] = (struct fake_cap){0};
    assert_int_equal(request(A, 0, 0, &msg), L4_OK);
}

/* --- Taking back -------------------------------------------------------------------------------
 */

static void test_take_back(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(request(A, 0, 0, &msg), L4_OK);
    take(CLIENT);
    assert_int_equal(request(B, 0, 0, &msg), L4_OK);
    take(CLIENT + 2);
    irq_of(48)->bound = irq_of(50)->bound = 1;
    const uint32_t resets = transport[8].resets;
    assert_true(grant_take_back(A));
    assert_false(has(CLIENT) || has(CLIENT + 1));
    assert_int_equal(irq_of(48)->bound, 0);
    assert_int_equal(transport[0].resets, 2);
    assert_true(has(CLIENT + 2) && has(CLIENT + 3));
    assert_int_equal(irq_of(50)->bound, 1);
    assert_int_equal(transport[8].resets, resets);
    assert_true(grant_take_back(A));
    assert_true(grant_take_back(B + 1));
}

/* What an earlier devmgr gave is quiet as well; what cannot be stopped is told. */
static void test_stuck(void **state)
{
    (void)state;
    assert_true(grant_take_back(B));
    assert_int_equal(transport[8].resets, 1);
    transport[8].stuck = true;
    fake_l4.lines = 0;
    assert_false(grant_take_back(B));
    assert_int_equal(fake_l4.lines, 1);
    assert_true(grant_take_back(A));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_give, set_up),
        cmocka_unit_test_setup(test_refusals, set_up),
        cmocka_unit_test_setup(test_resets, set_up),
        cmocka_unit_test_setup(test_again, set_up),
        cmocka_unit_test_setup(test_interrupt_in_use, set_up),
        cmocka_unit_test_setup(test_take_back, set_up),
        cmocka_unit_test_setup(test_stuck, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
