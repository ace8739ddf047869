/* The block device: long requests, more requests than the disk takes, resets and restarts. */
#include "fake_disk.h"

/* --- Long requests ------------------------------------------------------------------------- */

#define TABLE (DRIVER_DATA + 0x10000u)

/* A read of `count` parts of `size` bytes, through a table. */
static uint16_t put_long(uint32_t count, uint32_t size)
{
    static struct part part[VIRTIO_SEGMENTS];
    header_at(HEADER, IN, 0);
    driver_ram[STATUS] = UNTOUCHED;
    part[0] = (struct part){HEADER, 16, false};
    for (uint32_t i = 0; i < count; i++) {
        part[1 + i] = (struct part){DATA + i * size, size, true};
    }
    part[1 + count] = (struct part){STATUS, 1, true};
    return driver_put_indirect(0, TABLE, part, count + 2);
}

static uint16_t ask_long(uint32_t count, uint32_t size)
{
    uint16_t head = put_long(count, size);
    driver_kick(0);
    return head;
}

static void assert_whole_sectors(uint32_t bytes)
{
    uint32_t sum = 0;
    uint32_t offset = DATA;
    for (uint32_t i = 0; i < server.count; i++) {
        uint32_t part = 0;
        assert_int_equal(server.request[i].sector, sum / 512);
        assert_in_range(server.request[i].segment_count, 1, L4_DISK_SEGMENTS);
        for (uint32_t k = 0; k < server.request[i].segment_count; k++) {
            assert_int_equal(server.request[i].segment[k].offset, offset + part);
            assert_int_not_equal(server.request[i].segment[k].size, 0);
            part += server.request[i].segment[k].size;
        }
        assert_int_equal(part % 512, 0);
        offset += part;
        sum += part;
    }
    assert_int_equal(sum, bytes);
}

static void a_request_in_parts(void **state)
{
    (void)state;
    driver_start(F_FLUSH | VIRTIO_F_INDIRECT_DESC);
    uint16_t head = ask_long(64, 200); /* 25 sectors, of which 16 parts hold 6 and a quarter */
    assert_whole_sectors(64 * 200);
    assert_int_equal(server.count, 5);
    complete(3, L4_OK);
    complete(0, L4_OK);
    complete(1, L4_OK);
    complete(4, L4_OK);
    assert_unanswered();
    complete(2, L4_OK);
    assert_answer(head, OK, 64 * 200 + 1);
}

static void one_part_fails(void **state)
{
    (void)state;
    driver_start(F_FLUSH | VIRTIO_F_INDIRECT_DESC);
    uint16_t head = ask_long(64, 200);
    complete(0, L4_ERR_IO);
    for (uint32_t i = 1; i < 5; i++) {
        assert_unanswered();
        complete(i, L4_OK);
    }
    assert_answer(head, IOERR, 0);
}

/* 16 parts do not make one sector, or it takes more disk requests than there are. */
static void requests_that_cannot_be_cut(void **state)
{
    (void)state;
    driver_start(F_FLUSH | VIRTIO_F_INDIRECT_DESC);
    uint16_t head = ask_long(256, 6);
    assert_answer(head, IOERR, 0);
    head = ask_long(256, 40); /* 16 of them: one sector and a quarter; 20 sectors */
    assert_answer(head, IOERR, 0);
    assert_int_equal(server.count, 0);
    assert_int_equal(blk.state.in_flight, 0);
}

/* --- More than the disk takes at once ------------------------------------------------------ */

static uint16_t ask_one_sector(uint32_t n)
{
    const struct part part[] = {{HEADER + n * 32, 16, false}, {DATA + n * 512, 512, true}};
    struct part all[3] = {part[0], part[1], {STATUS + n * 32, 1, true}};
    header_at(part[0].at, IN, n);
    driver_ram[all[2].at] = UNTOUCHED;
    return driver_put_indirect(0, TABLE + n * 48, all, 3);
}

static void requests_wait_for_room(void **state)
{
    (void)state;
    driver_start(F_FLUSH | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
    for (uint32_t n = 0; n < 8; n++) {
        (void)ask_one_sector(n);
    }
    driver_kick(0);
    for (uint32_t n = 8; n < 16; n++) {
        (void)ask_one_sector(n);
    }
    driver_kick(0);
    assert_int_equal(server.count, 16);
    assert_int_equal(server.kicks, 2);
    assert_false(virtio_quiet(&blk.virtio));
    uint32_t size;
    complete(9, L4_OK);
    assert_int_equal(driver_take(0, &size), 9);
    uint16_t seventeenth = ask_one_sector(16);
    driver_kick(0);
    (void)ask_one_sector(17);
    driver_kick(0);
    assert_int_equal(server.count, 17);
    assert_int_equal(server.request[16].sector, 16);
    complete(16, L4_OK);
    assert_int_equal(driver_take(0, &size), seventeenth);
    assert_int_equal(server.count, 18); /* the one that waited */
    assert_int_equal(server.request[17].sector, 17);
}

static void a_batch_has_one_doorbell(void **state)
{
    (void)state;
    driver_start(F_FLUSH | VIRTIO_F_INDIRECT_DESC);
    for (uint32_t n = 0; n < 10; n++) {
        (void)ask_one_sector(n);
    }
    driver_kick(0);
    assert_int_equal(server.count, 10);
    assert_int_equal(server.kicks, 1);
    for (uint32_t n = 0; n < 10; n++) {
        assert_true(virtio_blk_completed(&blk, server.request[n].id, L4_OK));
    }
    virtio_blk_go_on(&blk);
    assert_int_equal(driver.counters.interrupts, 1);
    assert_int_equal(driver.counters.requests, 10);
}

/* The room that the kick itself makes is used, and all of it is one interrupt. */
static void completions_during_the_kick(void **state)
{
    (void)state;
    driver_start(F_FLUSH | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
    server.at_once = true;
    for (uint32_t n = 0; n < 4; n++) {
        (void)put_long(64, 200); /* five disk requests; there is room for 16 */
    }
    driver_kick(0);
    assert_int_equal(server.count, 20);
    assert_int_equal(server.kicks, 2);
    assert_int_equal(driver.counters.requests, 4);
    assert_int_equal(driver.counters.interrupts, 1);
    assert_true(virtio_quiet(&blk.virtio));
    assert_int_equal(blk.state.waits, 0);
}

/* The flush that a completion submits gets a kick of its own. */
static void a_flush_during_the_kick(void **state)
{
    (void)state;
    driver_start(0);
    server.at_once = true;
    uint16_t head = ask(OUT, 3, &write_1k, 1);
    assert_int_equal(server.count, 2);
    assert_int_equal(server.request[1].op, L4_DISK_FLUSH);
    assert_int_equal(server.kicks, 2);
    assert_answer(head, OK, 1);
}

static void a_long_request_waits_for_all_its_parts(void **state)
{
    (void)state;
    driver_start(F_FLUSH | VIRTIO_F_INDIRECT_DESC);
    for (uint32_t n = 0; n < 12; n++) {
        (void)ask_one_sector(n);
    }
    driver_kick(0);
    (void)ask_long(64, 200); /* needs five; four are free */
    assert_int_equal(server.count, 12);
    complete(3, L4_OK);
    assert_int_equal(server.count, 17);
}

/* --- Completions, resets, restarts --------------------------------------------------------- */

static void completions_of_nothing(void **state)
{
    (void)state;
    assert_false(virtio_blk_completed(&blk, 0, L4_OK));
    assert_false(virtio_blk_completed(&blk, 16, L4_OK));
    assert_false(virtio_blk_completed(&blk, 0xffffffff, L4_OK));
    (void)ask(IN, 0, &read_1k, 1);
    complete(0, L4_OK);
    assert_false(virtio_blk_completed(&blk, server.request[0].id, L4_OK));
}

/* What completes after the reset writes nothing: neither status nor used ring. */
static void a_reset_forgets_what_is_in_flight(void **state)
{
    (void)state;
    (void)ask(IN, 0, &read_1k, 1);
    uint32_t zero = 0;
    assert_int_equal(driver_access(REG_STATUS, 4, true, &zero), L4_ERR_BUSY);
    assert_true(virtio_blk_completed(&blk, server.request[0].id, L4_OK));
    virtio_blk_go_on(&blk);
    assert_unanswered();
    assert_int_equal(driver_used_ring(0)[1], 0);
    driver_start(F_FLUSH);
    uint16_t head = ask(IN, 1, &read_1k, 1);
    complete(1, L4_OK);
    assert_answer(head, OK, 1025);
}

static void a_stopped_queue_forgets_too(void **state)
{
    (void)state;
    (void)ask(IN, 0, &read_1k, 1);
    uint32_t zero = 0;
    driver_write(REG_QUEUE_SEL, 0);
    assert_int_equal(driver_access(REG_QUEUE_READY, 4, true, &zero), L4_ERR_BUSY);
    complete(0, L4_OK);
    assert_unanswered();
    driver_write(REG_QUEUE_READY, 0);
}

static void a_broken_device_answers_nothing(void **state)
{
    (void)state;
    (void)ask(IN, 0, &read_1k, 1);
    virtio_broken(&blk.virtio);
    complete(0, L4_OK);
    assert_int_equal(driver_ram[STATUS], UNTOUCHED);
    assert_int_equal(driver_used_ring(0)[1], 0);
}

static void a_restarted_server(void **state)
{
    (void)state;
    uint16_t head = ask(IN, 5, &read_1k, 1);
    const struct l4_disk_request before = server.request[0];
    disk.sectors = SECTORS;
    virtio_blk_resubmit(&blk, &disk);
    assert_int_equal(server.count, 2);
    assert_memory_equal(&server.request[1], &before, sizeof(before));
    assert_unanswered();
    complete(1, L4_OK);
    assert_answer(head, OK, 1025);
    assert_int_equal(driver.counters.interrupts, 1);
}

/* Forgotten requests are not repeated: the restarted server's devices are quiet. */
static void a_restart_ends_a_reset(void **state)
{
    (void)state;
    (void)ask(IN, 5, &read_1k, 1);
    uint32_t zero = 0;
    assert_int_equal(driver_access(REG_STATUS, 4, true, &zero), L4_ERR_BUSY);
    virtio_blk_resubmit(&blk, &disk);
    assert_int_equal(server.count, 1);
    driver_write(REG_STATUS, 0);
    assert_unanswered();
}

static void a_disk_of_another_size(void **state)
{
    (void)state;
    disk.sectors = 50;
    virtio_blk_resubmit(&blk, &disk);
    assert_int_equal(driver_read(REG_INTERRUPT_STATUS), VIRTIO_INTERRUPT_CONFIG);
    assert_int_equal(driver_read(REG_GENERATION), 1);
    assert_int_equal(driver_read(REG_CONFIG), 50);
    uint16_t head = ask(IN, 49, &read_1k, 1);
    assert_answer(head, IOERR, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(a_request_in_parts),          T(one_part_fails),
        T(requests_that_cannot_be_cut), T(requests_wait_for_room),
        T(a_batch_has_one_doorbell),    T(a_long_request_waits_for_all_its_parts),
        T(completions_during_the_kick), T(a_flush_during_the_kick),
        T(completions_of_nothing),      T(a_reset_forgets_what_is_in_flight),
        T(a_stopped_queue_forgets_too), T(a_broken_device_answers_nothing),
        T(a_restarted_server),          T(a_restart_ends_a_reset),
        T(a_disk_of_another_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
