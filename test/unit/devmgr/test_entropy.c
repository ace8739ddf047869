/* The entropy device: clients in turn, no byte twice, a device that breaks the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/entropy.h>

#include "fake_virtio.h"

static struct fake_virtio fake;
static struct entropy entropy;
static struct l4_console_page page[3];
static struct l4_ring rx[3];
static uint8_t memory[ENTROPY_AREA] __attribute__((aligned(4096)));
static uint8_t next_byte;

static void open(uint32_t n)
{
    entropy_open(&entropy, n, &page[n]);
    l4_ring_init(&rx[n], &page[n].rx, page[n].rx_data, sizeof page[n].rx_data);
}

static int set_up(void **state)
{
    (void)state;
    const struct dma area = {memory, (uintptr_t)memory, sizeof memory};
    memset(&entropy, 0, sizeof entropy);
    next_byte = 0;
    fake_init(&fake, VIRTIO_TYPE_ENTROPY, 8, VIRTIO_F_EVENT_INDEX, &entropy.dev);
    assert_int_equal(entropy_start(&entropy, &area), L4_OK);
    return 0;
}

/* The device fills what it was given. False: it was given nothing. */
static bool fill(uint32_t count)
{
    struct fake_chain chain;
    if (!fake_pop(&fake, 0, &chain)) {
        return false;
    }
    assert_int_equal(chain.out, 0);
    assert_int_equal(chain.in, 1);
    for (uint32_t i = 0; i < count && i < chain.buffer[0].size; i++) {
        chain.buffer[0].bytes[i] = next_byte++;
    }
    (void)fake_push(&fake, 0, chain.head, count);
    return true;
}

static void test_nobody_asks(void **state)
{
    (void)state;
    assert_int_equal(entropy_run(&entropy), 0);
    assert_false(fill(1));
}

static void test_turns(void **state)
{
    (void)state;
    open(0);
    open(2);
    assert_int_equal(entropy_run(&entropy), 0);
    page[2].rx.consumer_waits = 0;
    assert_true(fill(ENTROPY_CHUNK));
    assert_int_equal(entropy_run(&entropy), 1u << 0); /* the other does not wait */
    assert_int_equal(l4_ring_used(&rx[0]), L4_CONSOLE_RX_SIZE);
    assert_int_equal(l4_ring_used(&rx[2]), L4_CONSOLE_RX_SIZE);
    for (uint32_t i = 0; i < L4_CONSOLE_RX_SIZE; i++) {
        assert_int_equal(page[0].rx_data[i], (uint8_t)i);
    }
    assert_false(fill(1)); /* all are full */
    for (uint32_t i = 0; i < ENTROPY_CHUNK; i++) {
        assert_int_equal(entropy.chunk.va[i], 0); /* and it is nowhere else */
    }
    uint8_t taken[4];
    assert_int_equal(l4_ring_take(&rx[2], taken, 4), 4);
    assert_true(l4_ring_must_wake_producer(&rx[2]));
    assert_int_equal(entropy_run(&entropy), 0);
    assert_true(fill(100));
    assert_int_equal(entropy_run(&entropy), 0);
    assert_int_equal(l4_ring_used(&rx[2]), L4_CONSOLE_RX_SIZE);
}

static void test_small_pieces_go_round(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 3; n++) {
        open(n);
    }
    for (uint32_t i = 0; i < 6; i++) {
        (void)entropy_run(&entropy);
        assert_true(fill(10));
    }
    (void)entropy_run(&entropy);
    for (uint32_t n = 0; n < 3; n++) {
        assert_int_equal(l4_ring_used(&rx[n]), 20);
    }
}

static void test_hostile_client(void **state)
{
    (void)state;
    open(0);
    page[0].rx.tail = 12345;
    assert_int_equal(entropy_run(&entropy), 0);
    assert_false(fill(1));
    open(1);
    (void)entropy_run(&entropy);
    entropy_close(&entropy, 1);
    assert_true(fill(8));
    (void)entropy_run(&entropy); /* nobody is left: thrown away */
    assert_false(fill(1));
    assert_false(entropy.dev.failed);
}

static void test_bad_device(void **state)
{
    (void)state;
    open(0);
    (void)entropy_run(&entropy);
    assert_true(fill(ENTROPY_CHUNK + 1));
    (void)entropy_run(&entropy);
    assert_true(entropy.dev.failed);
    assert_int_equal(l4_ring_used(&rx[0]), 0);
    (void)set_up(state);
    open(0);
    uint32_t answers = 0;
    while (answers < 1000 && (entropy_run(&entropy), fill(0))) {
        answers++;
    }
    assert_true(entropy.dev.failed); /* it never gives anything */
    assert_true(answers < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nobody_asks, set_up),
        cmocka_unit_test_setup(test_turns, set_up),
        cmocka_unit_test_setup(test_small_pieces_go_round, set_up),
        cmocka_unit_test_setup(test_hostile_client, set_up),
        cmocka_unit_test_setup(test_bad_device, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
