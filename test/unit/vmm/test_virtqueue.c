/* Split rings: chains of all shapes, event index, and what a hostile guest may put there. */
#include "fake_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void nothing(struct virtio *virtio)
{
    (void)virtio;
}

static void notify(struct virtio *virtio, uint32_t queue)
{
    (void)virtio;
    (void)queue;
}

static const struct virtio_ops ops = {.id = 42, .queues = 2, .reset = nothing, .notify = notify};
static struct virtio virtio;
static struct virtio_chain *const chain = &driver.chain;

static void start(uint64_t features)
{
    virtio = (struct virtio){.ops = &ops};
    driver_init(&virtio);
    driver_start(features);
}

static int setup(void **state)
{
    (void)state;
    start(VIRTIO_F_INDIRECT_DESC);
    return 0;
}

#define AT(n) (DRIVER_DATA + (n)*0x100u)

static const struct part three[] = {{AT(0), 16, false}, {AT(1), 32, false}, {AT(2), 7, true}};

static void assert_three(uint16_t head)
{
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    assert_int_equal(chain->head, head);
    assert_int_equal(chain->read_count, 2);
    assert_int_equal(chain->write_count, 1);
    assert_int_equal(chain->read_bytes, 48);
    assert_int_equal(chain->write_bytes, 7);
    assert_int_equal(chain->segment[1].offset, AT(1));
    assert_ptr_equal(chain->segment[2].data, driver_ram + AT(2));
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_ERR_NOT_FOUND);
}

static void a_chain(void **state)
{
    (void)state;
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_ERR_NOT_FOUND);
    driver.next_desc = 5;
    assert_three(driver_put(0, three, 3));
}

static void an_indirect_chain(void **state)
{
    (void)state;
    driver.next_desc = 15;
    assert_three(driver_put_indirect(0, AT(8), three, 3));
}

/* 2.7.5.3.2: normal descriptors and then one that refers to a table. */
static void a_chain_that_ends_in_a_table(void **state)
{
    (void)state;
    const struct part rest[] = {three[1], three[2]};
    driver.next_desc = 1;
    (void)driver_put_indirect(0, AT(8), rest, 2);
    driver_desc(0, 0, DRIVER_RAM + AT(0), 16, DESC_NEXT, 1);
    driver_avail(0)[2] = 0;
    assert_three(0);
}

static void an_unaligned_table(void **state)
{
    (void)state;
    assert_three(driver_put_indirect(0, AT(8) + 3, three, 3));
}

/* The write flag of a descriptor that refers to a table is ignored (2.7.5.3.2). */
static void a_table_with_the_write_flag(void **state)
{
    (void)state;
    uint16_t head = driver_put_indirect(0, AT(8), three, 3);
    driver_desc(0, head, DRIVER_RAM + AT(8), 48, DESC_INDIRECT | DESC_WRITE, 0);
    assert_three(head);
}

static void the_longest_chain(void **state)
{
    (void)state;
    static struct part many[VIRTIO_SEGMENTS + 1];
    for (uint32_t i = 0; i < VIRTIO_SEGMENTS + 1; i++) {
        many[i] = (struct part){AT(0), 1, true};
    }
    (void)driver_put_indirect(0, 0x10000, many, VIRTIO_SEGMENTS);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    assert_int_equal(chain->write_count, VIRTIO_SEGMENTS);
    (void)driver_put_indirect(0, 0x10000, many, VIRTIO_SEGMENTS + 1);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_ERR_FORMAT);
}

static void copies(void **state)
{
    (void)state;
    const struct part parts[] = {
        {AT(0), 3, false}, {AT(1), 4, false}, {AT(2), 2, true}, {AT(3), 5, true}};
    memcpy(driver_ram + AT(0), "abc", 3);
    memcpy(driver_ram + AT(1), "defg", 4);
    (void)driver_put(0, parts, 4);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    char text[9] = "";
    assert_int_equal(virtio_read(chain, 0, text, 9), 7);
    assert_string_equal(text, "abcdefg");
    assert_int_equal(virtio_read(chain, 3, text, 2), 2);
    assert_memory_equal(text, "de", 2);
    assert_int_equal(virtio_read(chain, 7, text, 1), 0);
    assert_int_equal(virtio_read(chain, 0xffffffff, text, 1), 0);
    assert_int_equal(virtio_write(chain, 1, "uvwxyz", 6), 6);
    assert_memory_equal(driver_ram + AT(2), "\0u\0", 3);
    assert_memory_equal(driver_ram + AT(3), "vwxyz\0", 6);
    assert_int_equal(virtio_write(chain, 5, "1234", 4), 2);
    assert_memory_equal(driver_ram + AT(3), "vwx12\0", 6);
}

static void chains_come_back(void **state)
{
    (void)state;
    uint32_t size;
    for (uint32_t i = 0; i < 3 * DRIVER_QUEUE_SIZE; i++) {
        uint16_t head = driver_put(0, three, 3);
        assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
        assert_int_equal(driver_take(0, &size), DRIVER_NONE);
        virtio_return(&virtio, 0, chain->head, i);
        assert_int_equal(driver_take(0, &size), head);
        assert_int_equal(size, i);
    }
    assert_int_equal(driver.counters.requests, 3 * DRIVER_QUEUE_SIZE);
}

static void a_batch_has_one_interrupt(void **state)
{
    (void)state;
    const struct part one = {AT(0), 8, true};
    uint32_t size;
    for (uint32_t i = 0; i < 5; i++) {
        (void)driver_put(0, &one, 1);
    }
    while (virtio_take(&virtio, 0, chain) == L4_OK) {
        virtio_return(&virtio, 0, chain->head, 8);
    }
    virtio_signal(&virtio, 0);
    virtio_signal(&virtio, 0);
    assert_int_equal(driver.counters.interrupts, 1);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(driver_take(0, &size), i);
    }
}

static void a_chain_put_back(void **state)
{
    (void)state;
    uint16_t head = driver_put(0, three, 3);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    virtio_put_back(&virtio, 0);
    assert_three(head);
}

static void no_interrupt_wanted(void **state)
{
    (void)state;
    driver_avail(0)[0] = 1; /* NO_INTERRUPT */
    (void)driver_put(0, three, 3);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    virtio_return(&virtio, 0, chain->head, 0);
    virtio_signal(&virtio, 0);
    assert_false(driver.level);
}

static void return_one(void)
{
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    virtio_return(&virtio, 0, chain->head, 0);
}

static void event_index(void **state)
{
    (void)state;
    start(VIRTIO_F_EVENT_IDX);
    uint16_t *used_event = &driver_avail(0)[2 + DRIVER_QUEUE_SIZE];
    const uint16_t *avail_event = &driver_used_ring(0)[2 + 4 * DRIVER_QUEUE_SIZE];
    for (uint32_t i = 0; i < 3; i++) {
        (void)driver_put(0, three, 3);
    }
    *used_event = 1;
    driver_avail(0)[0] = 1; /* the flag means nothing now */
    return_one();
    virtio_signal(&virtio, 0);
    assert_int_equal(driver.counters.interrupts, 0);
    return_one(); /* entry 1 */
    virtio_signal(&virtio, 0);
    assert_int_equal(driver.counters.interrupts, 1);
    return_one();
    virtio_signal(&virtio, 0);
    assert_int_equal(driver.counters.interrupts, 1);
    assert_int_equal(*avail_event, 0);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_ERR_NOT_FOUND);
    assert_int_equal(*avail_event, 3); /* notify of the next one */
}

static void event_index_around_65536(void **state)
{
    (void)state;
    start(VIRTIO_F_EVENT_IDX);
    struct virtio_queue_state *q = &virtio.state.queue[0];
    q->available = q->used = q->signalled = 0xfffe;
    driver.available[0] = 0xfffe;
    driver_avail(0)[2 + DRIVER_QUEUE_SIZE] = 0; /* after entry 0 */
    for (uint32_t i = 0; i < 3; i++) {
        (void)driver_put(0, three, 3);
    }
    return_one();
    return_one();
    virtio_signal(&virtio, 0);
    assert_int_equal(driver.counters.interrupts, 0);
    return_one();
    virtio_signal(&virtio, 0);
    assert_int_equal(driver.counters.interrupts, 1);
    assert_int_equal(driver_used_ring(0)[1], 1);
}

/* --- A guest that breaks the rules --------------------------------------------------------- */

static void assert_broken(void)
{
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_ERR_FORMAT);
    assert_int_equal(driver_read(REG_STATUS) & ST_NEEDS_RESET, ST_NEEDS_RESET);
    assert_int_equal(driver_read(REG_INTERRUPT_STATUS), VIRTIO_INTERRUPT_CONFIG);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_ERR_STATE);
    assert_int_equal(driver.counters.errors, 1);
    uint16_t used = driver_used_ring(0)[1];
    virtio_return(&virtio, 0, 0, 1); /* nothing is written to a broken device's rings */
    virtio_signal(&virtio, 0);
    assert_int_equal(driver_used_ring(0)[1], used);
    start(VIRTIO_F_INDIRECT_DESC); /* all is well after a reset */
    (void)driver_put(0, three, 3);
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    start(VIRTIO_F_INDIRECT_DESC);
}

/* One descriptor, made available. */
static void bad_desc(uint64_t address, uint32_t size, uint16_t flags, uint16_t next)
{
    driver_desc(0, 0, address, size, flags, next);
    driver_offer(0, 0);
    assert_broken();
}

static void heads_out_of_range(void **state)
{
    (void)state;
    driver_offer(0, DRIVER_QUEUE_SIZE);
    assert_broken();
    driver_offer(0, 0xffff);
    assert_broken();
}

static void next_out_of_range(void **state)
{
    (void)state;
    bad_desc(DRIVER_RAM + AT(0), 8, DESC_NEXT, DRIVER_QUEUE_SIZE);
    bad_desc(DRIVER_RAM + AT(0), 8, DESC_NEXT, 0xffff);
}

static void loops(void **state)
{
    (void)state;
    bad_desc(DRIVER_RAM + AT(0), 8, DESC_NEXT, 0);
    driver_desc(0, 1, DRIVER_RAM + AT(0), 8, DESC_NEXT, 0);
    bad_desc(DRIVER_RAM + AT(0), 8, DESC_NEXT, 1);
}

static void buffers_outside_of_ram(void **state)
{
    (void)state;
    bad_desc(DRIVER_RAM - 1, 8, 0, 0);
    bad_desc(DRIVER_RAM + DRIVER_RAM_SIZE - 7, 8, 0, 0);
    bad_desc(DRIVER_RAM + DRIVER_RAM_SIZE, 1, 0, 0);
    bad_desc(DRIVER_RAM, 0xffffffff, DESC_WRITE, 0);
    bad_desc(UINT64_C(1) << 32 | DRIVER_RAM, 8, 0, 0);
    bad_desc(UINT64_MAX, 2, 0, 0);
    bad_desc(0x08000000, 8, DESC_WRITE, 0);
}

static void empty_buffers(void **state)
{
    (void)state;
    bad_desc(DRIVER_RAM + AT(0), 0, 0, 0);
    bad_desc(DRIVER_RAM + AT(0), 0, DESC_WRITE, 0);
}

static void a_readable_buffer_after_a_writable_one(void **state)
{
    (void)state;
    driver_desc(0, 1, DRIVER_RAM + AT(0), 8, 0, 0);
    bad_desc(DRIVER_RAM + AT(0), 8, DESC_NEXT | DESC_WRITE, 1);
}

static void bad_tables(void **state)
{
    (void)state;
    bad_desc(DRIVER_RAM + AT(0), 0, DESC_INDIRECT, 0);
    bad_desc(DRIVER_RAM + AT(0), 17, DESC_INDIRECT, 0);
    bad_desc(DRIVER_RAM + AT(0), 16, DESC_INDIRECT | DESC_NEXT, 1);
    bad_desc(DRIVER_RAM + DRIVER_RAM_SIZE - 16, 32, DESC_INDIRECT, 0);
    bad_desc(UINT64_MAX - 15, 16, DESC_INDIRECT, 0);
    bad_desc(DRIVER_RAM + AT(0), 0xfffffff0, DESC_INDIRECT, 0);
    (void)driver_put_indirect(0, AT(8), three, 3); /* ends at its entry 2, which has no next */
    driver_ram[AT(8) + 2 * 16 + 12] |= DESC_NEXT;
    driver_ram[AT(8) + 2 * 16 + 14] = 3;
    assert_broken();
    (void)driver_put_indirect(0, AT(8), three, 3);
    driver_ram[AT(8) + 16 + 14] = 0; /* a loop inside */
    assert_broken();
}

static void a_table_in_a_table(void **state)
{
    (void)state;
    (void)driver_put_indirect(0, AT(8), three, 3);
    driver_ram[AT(8) + 12] = DESC_INDIRECT;
    assert_broken();
}

static void tables_that_were_not_negotiated(void **state)
{
    (void)state;
    start(0);
    (void)driver_put_indirect(0, AT(8), three, 3);
    assert_broken();
}

static void more_bytes_than_4_gib(void **state)
{
    (void)state;
    driver.memory.ram_size = UINT64_C(0xc0000000); /* never touched */
    driver_desc(0, 1, DRIVER_RAM, 0x80000000, 0, 0);
    bad_desc(DRIVER_RAM, 0x80000000, DESC_NEXT, 1);
}

static void the_available_index_jumps(void **state)
{
    (void)state;
    (void)driver_put(0, three + 2, 1); /* what is found there would do */
    driver_avail(0)[1] = DRIVER_QUEUE_SIZE + 1;
    assert_broken();
    driver.next_desc = 0;
    (void)driver_put(0, three + 2, 1);
    driver_avail(0)[1] = 0xffff; /* backwards */
    assert_broken();
    driver.next_desc = 0;
    for (uint32_t i = 0; i < DRIVER_QUEUE_SIZE; i++) { /* a full ring is none of these */
        (void)driver_put(0, three + 2, 1);
    }
    for (uint32_t i = 0; i < DRIVER_QUEUE_SIZE; i++) {
        assert_int_equal(virtio_take(&virtio, 0, chain), L4_OK);
    }
    assert_int_equal(virtio_take(&virtio, 0, chain), L4_ERR_NOT_FOUND);
}

static void one_queue_breaks_the_device_alone(void **state)
{
    (void)state;
    driver_offer(0, 0xffff);
    assert_int_equal(virtio_take(&virtio, 1, chain), L4_ERR_NOT_FOUND);
    assert_broken();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(a_chain),
        T(an_indirect_chain),
        T(a_chain_that_ends_in_a_table),
        T(an_unaligned_table),
        T(a_table_with_the_write_flag),
        T(the_longest_chain),
        T(copies),
        T(chains_come_back),
        T(a_batch_has_one_interrupt),
        T(a_chain_put_back),
        T(no_interrupt_wanted),
        T(event_index),
        T(event_index_around_65536),
        T(heads_out_of_range),
        T(next_out_of_range),
        T(loops),
        T(buffers_outside_of_ram),
        T(empty_buffers),
        T(a_readable_buffer_after_a_writable_one),
        T(bad_tables),
        T(a_table_in_a_table),
        T(tables_that_were_not_negotiated),
        T(more_bytes_than_4_gib),
        T(the_available_index_jumps),
        T(one_queue_breaks_the_device_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
