/*
 * Rings: order, wrap-around, sleeping, and a peer that lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <l4/base/ring.h>

#define SIZE 16u

static struct {
    struct l4_ring_shared shared;
    uint8_t data[SIZE];
    struct l4_ring producer;
    struct l4_ring consumer;
} r;

static int set_up(void **state)
{
    (void)state;
    memset(&r, 0xa5, sizeof r);
    l4_ring_reset(&r.shared);
    l4_ring_init(&r.producer, &r.shared, r.data, SIZE);
    l4_ring_init(&r.consumer, &r.shared, r.data, SIZE);
    return 0;
}

static void keeps_order_over_the_wrap(void **state)
{
    (void)state;
    uint8_t next_in = 0;
    uint8_t next_out = 0;
    /* Near the wrap of the free-running indices as well. */
    r.producer.index = r.consumer.index = r.shared.head = r.shared.tail = UINT32_MAX - 20;
    for (int round = 0; round < 50; round++) {
        uint8_t bytes[7];
        for (uint32_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)(next_in + i);
        }
        next_in = (uint8_t)(next_in + l4_ring_put(&r.producer, bytes, sizeof bytes));
        const uint32_t count = l4_ring_take(&r.consumer, bytes, 5);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(bytes[i], next_out++);
        }
    }
    assert_int_equal(l4_ring_used(&r.consumer), (uint8_t)(next_in - next_out));
}

static void takes_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    const uint8_t bytes[SIZE + 4] = {1, 2, 3};
    uint8_t out[SIZE + 4];
    assert_int_equal(l4_ring_space(&r.producer), SIZE);
    assert_int_equal(l4_ring_put(&r.producer, bytes, sizeof bytes), SIZE);
    assert_int_equal(l4_ring_put(&r.producer, bytes, 1), 0);
    assert_int_equal(l4_ring_peek(&r.consumer, out, sizeof out), SIZE);
    assert_int_equal(l4_ring_take(&r.consumer, out, sizeof out), SIZE);
    assert_memory_equal(bytes, out, SIZE);
    assert_int_equal(l4_ring_take(&r.consumer, out, sizeof out), 0);
}

static void a_lying_consumer_stops_the_producer(void **state)
{
    (void)state;
    const uint8_t byte = 1;
    r.shared.tail = 5; /* took what was never put */
    assert_true(l4_ring_producer_broken(&r.producer));
    assert_int_equal(l4_ring_put(&r.producer, &byte, 1), 0);
}

static void a_lying_producer_stops_the_consumer(void **state)
{
    (void)state;
    uint8_t out[2 * SIZE];
    r.shared.head = SIZE + 1;
    assert_true(l4_ring_consumer_broken(&r.consumer));
    assert_int_equal(l4_ring_take(&r.consumer, out, sizeof out), 0);
    r.shared.head = UINT32_MAX;
    assert_int_equal(l4_ring_take(&r.consumer, out, sizeof out), 0);
}

static void sleeping_looks_again(void **state)
{
    (void)state;
    const uint8_t byte = 1;
    uint8_t out = 0;
    assert_false(l4_ring_must_wake_consumer(&r.producer));
    assert_true(l4_ring_wait_data(&r.consumer));
    assert_int_equal(l4_ring_put(&r.producer, &byte, 1), 1);
    assert_true(l4_ring_must_wake_consumer(&r.producer));
    assert_false(l4_ring_must_wake_consumer(&r.producer)); /* once */
    assert_false(l4_ring_wait_data(&r.consumer));          /* there is some */
    assert_int_equal(r.shared.consumer_waits, 0);
    assert_true(l4_ring_wait_more(&r.consumer, 1)); /* but no more than the one seen */
    assert_int_equal(l4_ring_take(&r.consumer, &out, 1), 1);
    assert_false(l4_ring_must_wake_producer(&r.consumer));
}

static void a_full_ring_wakes_its_producer(void **state)
{
    (void)state;
    const uint8_t bytes[SIZE] = {0};
    uint8_t out = 0;
    assert_false(l4_ring_wait_space(&r.producer));
    assert_int_equal(l4_ring_put(&r.producer, bytes, SIZE), SIZE);
    assert_true(l4_ring_wait_space(&r.producer));
    assert_int_equal(l4_ring_take(&r.consumer, &out, 1), 1);
    assert_true(l4_ring_must_wake_producer(&r.consumer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keeps_order_over_the_wrap, set_up),
        cmocka_unit_test_setup(takes_no_more_than_there_is_room_for, set_up),
        cmocka_unit_test_setup(a_lying_consumer_stops_the_producer, set_up),
        cmocka_unit_test_setup(a_lying_producer_stops_the_consumer, set_up),
        cmocka_unit_test_setup(sleeping_looks_again, set_up),
        cmocka_unit_test_setup(a_full_ring_wakes_its_producer, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
