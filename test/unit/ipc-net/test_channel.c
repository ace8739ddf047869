/*
 * Channels: whom a doorbell concerns, sessions that begin and end in any order, hostile words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ipc_net/channel.h>
#include <l4/base/ring.h>

#define SIZE L4_CHANNEL_SIZE_MIN

static struct channel channel;
static struct l4_channel_page *page;
static struct l4_net_counters counters[2];
static struct l4_ring to[2], from[2]; /* of each end */

/* An end takes up the page as it finds it. */
static void attach(uint32_t e)
{
    uint8_t *const data = (uint8_t *)page + L4_CHANNEL_DATA;
    l4_ring_init(&to[e], &page->ring[e], data + e * SIZE, SIZE);
    l4_ring_init(&from[e], &page->ring[1 - e], data + (1 - e) * SIZE, SIZE);
    to[e].index = page->ring[e].head;
    from[e].index = page->ring[1 - e].tail;
}

static int set_up(void **state)
{
    (void)state;
    memset(counters, 0, sizeof counters);
    page = malloc(L4_CHANNEL_BYTES(SIZE));
    assert_non_null(page);
    memset(page, 0xee, L4_CHANNEL_BYTES(SIZE));
    channel_init(&channel, page, SIZE, counters);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(page);
    return 0;
}

static void both_up(void)
{
    assert_false(channel_up(&channel, 0));
    attach(0);
    assert_true(channel_up(&channel, 1));
    attach(1);
}

static void test_page(void **state)
{
    (void)state;
    assert_false(channel_up(&channel, 1));
    assert_int_equal(page->magic, L4_CHANNEL_MAGIC);
    assert_int_equal(page->size, SIZE);
    const uint8_t *const bytes = (const uint8_t *)page;
    for (uint32_t i = 8; i < L4_CHANNEL_BYTES(SIZE); i++) {
        assert_int_equal(bytes[i], 0);
    }
}

static void test_doorbells(void **state)
{
    (void)state;
    both_up();
    assert_false(channel_rung(&channel, 0)); /* nothing has changed */
    page->open[0] = 1;
    assert_true(channel_rung(&channel, 0));
    assert_false(channel_rung(&channel, 0));
    assert_false(channel_rung(&channel, 1)); /* that was end 0's word */
    page->open[1] = 1;
    assert_true(channel_rung(&channel, 1));

    assert_int_equal(l4_ring_put(&to[0], "AT\r", 3), 3);
    assert_true(channel_rung(&channel, 0));
    char text[8] = "";
    assert_int_equal(l4_ring_take(&from[1], text, sizeof text), 3);
    assert_string_equal(text, "AT\r");
    assert_true(channel_rung(&channel, 1)); /* there is room again */
    assert_int_equal(counters[0].tx_bytes, 3);
    assert_int_equal(counters[1].rx_bytes, 3);
    assert_int_equal(counters[0].tx_frames, 2);
    assert_int_equal(counters[1].rx_frames, 2);
}

static void test_peer_not_there(void **state)
{
    (void)state;
    assert_false(channel_up(&channel, 0));
    page->open[0] = 1;
    assert_false(channel_rung(&channel, 0));
    assert_true(channel_up(&channel, 1));
    assert_int_equal(page->open[0], 1); /* it sees who waits for it */
}

static void test_end_dies(void **state)
{
    (void)state;
    both_up();
    page->open[0] = L4_CHANNEL_OPEN(5u, 9u);
    page->open[1] = L4_CHANNEL_OPEN(9u, 5u);
    assert_int_equal(l4_ring_put(&to[0], "12345", 5), 5);
    assert_int_equal(l4_ring_put(&to[1], "123", 3), 3);
    char c = 0;
    assert_int_equal(l4_ring_take(&from[1], &c, 1), 1);
    assert_true(channel_down(&channel, 0));
    assert_int_equal(page->open[0], 0);
    assert_int_equal(page->last[0], 5);
    assert_int_equal(page->open[1], L4_CHANNEL_OPEN(9u, 5u));
    assert_false(channel_rung(&channel, 0));

    assert_true(channel_up(&channel, 0)); /* a new life of the end; the other goes on */
    attach(0);
    assert_int_equal(page->last[0], 5);
    assert_int_equal(page->open[1], L4_CHANNEL_OPEN(9u, 5u));
    assert_int_equal(page->first[0], to[0].index);
    assert_int_equal(l4_ring_used(&from[0]), 0);
    assert_int_equal(l4_ring_used(&from[1]), 0);
    assert_int_equal(l4_ring_space(&to[0]), SIZE);
    assert_int_equal(l4_ring_space(&to[1]), SIZE);
    assert_false(channel_rung(&channel, 0));
    assert_int_equal(l4_ring_put(&to[0], "x", 1), 1);
    assert_int_equal(l4_ring_put(&to[1], "y", 1), 1);
    assert_int_equal(l4_ring_take(&from[1], &c, 1), 1);
    assert_int_equal(c, 'x');
    assert_int_equal(l4_ring_take(&from[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    assert_int_equal(counters[0].errors, 0);
    assert_int_equal(counters[1].errors, 0);
}

static void test_both_die(void **state)
{
    (void)state;
    both_up();
    page->open[0] = 5;
    page->open[1] = 6;
    memset((uint8_t *)page + L4_CHANNEL_DATA, 0x77, 2 * SIZE);
    assert_true(channel_down(&channel, 1));
    assert_false(channel_down(&channel, 0));
    assert_false(channel_up(&channel, 1));
    assert_int_equal(page->open[0], 0);
    assert_int_equal(page->last[0], 5);
    assert_int_equal(page->last[1], 6);
    assert_int_equal(((uint8_t *)page)[L4_CHANNEL_DATA], 0);
}

/* A number that came and went between two doorbells is remembered when it is the last. */
static void test_last_number(void **state)
{
    (void)state;
    both_up();
    page->open[0] = 3;
    (void)channel_rung(&channel, 0);
    page->open[0] = 0;
    (void)channel_rung(&channel, 0);
    (void)channel_down(&channel, 0);
    (void)channel_up(&channel, 0);
    assert_int_equal(page->last[0], 3);
}

static void test_nonsense(void **state)
{
    (void)state;
    both_up();
    page->ring[0].head = 0x80000000u;
    assert_true(channel_rung(&channel, 0)); /* the peer finds out for itself */
    assert_int_equal(counters[0].errors, 1);
    assert_int_equal(counters[0].tx_bytes, 0);
    memset(page, 0xff, sizeof *page);
    (void)channel_rung(&channel, 1);
    (void)channel_down(&channel, 1);
    assert_true(channel_up(&channel, 1)); /* the hostile end 0 is still there */
    attach(1);
    assert_int_equal(l4_ring_used(&from[1]), 0);
    assert_int_equal(l4_ring_space(&to[1]), SIZE);
    (void)channel_down(&channel, 0);
    (void)channel_down(&channel, 1);
    assert_false(channel_up(&channel, 0));
    assert_int_equal(page->magic, L4_CHANNEL_MAGIC);
    assert_int_equal(page->ring[0].head, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_doorbells, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_peer_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_dies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_both_die, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_last_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nonsense, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
