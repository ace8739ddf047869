/* The block device: each kind of request, and what is wrong with one. */
#include "fake_disk.h"

static void configuration(void **state)
{
    (void)state;
    assert_int_equal(driver_read(REG_DEVICE_ID), 2);
    assert_int_equal(driver_read(REG_DEVICE_FEATURES) & 0xffffff, F_SEG_MAX | F_BLK_SIZE | F_FLUSH);
    assert_int_equal(driver_read(REG_CONFIG), SECTORS);
    assert_int_equal(driver_read(REG_CONFIG + 12), 14);
    assert_int_equal(driver_read(REG_CONFIG + 20), 512);
    assert_int_equal(driver_read(REG_CONFIG + 24), 0);
    init(L4_DISK_READ_ONLY);
    assert_int_equal(driver_read(REG_DEVICE_FEATURES) & F_RO, F_RO);
}

static void a_read(void **state)
{
    (void)state;
    uint16_t head = ask(IN, 7, &read_1k, 1);
    assert_unanswered();
    assert_int_equal(server.count, 1);
    assert_int_equal(server.kicks, 1);
    assert_int_equal(server.request[0].op, L4_DISK_READ);
    assert_int_equal(server.request[0].sector, 7);
    assert_int_equal(server.request[0].segment_count, 1);
    assert_int_equal(server.request[0].segment[0].offset, DATA);
    assert_int_equal(server.request[0].segment[0].size, 1024);
    complete(0, L4_OK);
    assert_answer(head, OK, 1025);
    assert_int_equal(driver.counters.bytes_to, 1024);
}

static void a_write(void **state)
{
    (void)state;
    uint16_t head = ask(OUT, SECTORS - 2, &write_1k, 1);
    assert_int_equal(server.request[0].op, L4_DISK_WRITE);
    assert_int_equal(server.request[0].segment[0].offset, DATA);
    complete(0, L4_OK);
    assert_answer(head, OK, 1);
    assert_int_equal(server.count, 1);
    assert_int_equal(driver.counters.bytes_from, 1024);
}

static void a_flush(void **state)
{
    (void)state;
    uint16_t head = ask(FLUSH, 0, NULL, 0);
    assert_int_equal(server.request[0].op, L4_DISK_FLUSH);
    assert_int_equal(server.request[0].segment_count, 0);
    complete(0, L4_OK);
    assert_answer(head, OK, 1);
}

static void a_driver_that_never_flushes(void **state)
{
    (void)state;
    driver_start(0);
    uint16_t head = ask(OUT, 0, &write_1k, 1);
    complete(0, L4_OK);
    assert_unanswered();
    assert_int_equal(server.request[1].op, L4_DISK_FLUSH);
    complete(1, L4_OK);
    assert_answer(head, OK, 1);
    head = ask(OUT, 0, &write_1k, 1);
    complete(2, L4_ERR_IO);
    assert_answer(head, IOERR, 1);
    assert_int_equal(server.count, 3);
}

static void failures(void **state)
{
    (void)state;
    uint16_t head = ask(IN, 0, &read_1k, 1);
    complete(0, L4_ERR_IO);
    assert_answer(head, IOERR, 0);
    head = ask(FLUSH, 0, NULL, 0);
    complete(1, L4_ERR_IO);
    assert_answer(head, IOERR, 1);
}

static void the_name(void **state)
{
    (void)state;
    const struct part id = {DATA, 20, true};
    uint16_t head = ask(GET_ID, 0, &id, 1);
    assert_answer(head, OK, 21);
    assert_string_equal((char *)driver_ram + DATA, "data-of-phone0");
    const struct part short_id = {DATA + 0x100, 4, true};
    head = ask(GET_ID, 0, &short_id, 1);
    assert_answer(head, OK, 5);
    assert_memory_equal(driver_ram + DATA + 0x100, "data\0", 5);
    assert_int_equal(server.count, 0);
}

static void unknown_types(void **state)
{
    (void)state;
    static const uint32_t types[] = {2, 3, 5, 7, 9, 11, 13, 0x80000000, 0xffffffff};
    for (uint32_t i = 0; i < sizeof(types) / 4; i++) {
        uint16_t head = ask(types[i], 0, &write_1k, 1);
        assert_answer(head, UNSUPP, 1);
    }
    assert_int_equal(server.count, 0);
}

static void ranges(void **state)
{
    (void)state;
    const struct part odd = {DATA, 1000, true};
    uint16_t head = ask(IN, SECTORS - 1, &read_1k, 1);
    assert_answer(head, IOERR, 0);
    head = ask(IN, UINT64_MAX, &read_1k, 1);
    assert_answer(head, IOERR, 0);
    head = ask(OUT, SECTORS, &write_1k, 1);
    assert_answer(head, IOERR, 1);
    head = ask(IN, 0, &odd, 1);
    assert_answer(head, IOERR, 0);
    head = ask(IN, SECTORS, NULL, 0); /* nothing at the very end */
    assert_answer(head, OK, 1);
    assert_int_equal(server.count, 0);
}

static void read_only(void **state)
{
    (void)state;
    init(L4_DISK_READ_ONLY);
    uint16_t head = ask(OUT, 0, &write_1k, 1);
    assert_answer(head, IOERR, 1);
    (void)ask(IN, 0, &read_1k, 1);
    assert_int_equal(server.count, 1);
}

/* Header in three parts, the last one with data behind it; data that begins anywhere. */
static void a_split_header(void **state)
{
    (void)state;
    const struct part part[] = {{HEADER, 5, false},        {HEADER + 5, 10, false},
                                {HEADER + 15, 101, false}, {DATA + 1, 412, false},
                                {STATUS + 0x200, 3, true}, {STATUS - 1, 2, true}};
    header_at(HEADER, OUT, 3);
    driver_ram[STATUS] = UNTOUCHED;
    uint16_t head = driver_put(0, part, 6);
    driver_kick(0);
    const struct l4_disk_request *r = &server.request[0];
    assert_int_equal(server.count, 1);
    assert_int_equal(r->sector, 3);
    assert_int_equal(r->segment_count, 2);
    assert_int_equal(r->segment[0].offset, HEADER + 16);
    assert_int_equal(r->segment[0].size, 100);
    assert_int_equal(r->segment[1].offset, DATA + 1);
    assert_int_equal(r->segment[1].size, 412);
    complete(0, L4_OK);
    assert_answer(head, OK, 0); /* more than the status may be written, and was not */
    assert_int_equal(driver_ram[STATUS - 1], 0);
}

/* Data and status in one part. */
static void status_behind_data(void **state)
{
    (void)state;
    const struct part part[] = {{HEADER, 16, false}, {STATUS - 512, 513, true}};
    memset(driver_ram + STATUS - 16, UNTOUCHED, 17);
    header_at(HEADER, IN, 0);
    uint16_t head = driver_put(0, (const struct part[]){{HEADER - 0x100, 16, false}, part[1]}, 2);
    header_at(HEADER - 0x100, IN, 0);
    driver_kick(0);
    assert_int_equal(server.request[0].segment[0].size, 512);
    complete(0, L4_OK);
    assert_answer(head, OK, 513);
}

static void malformed(void **state)
{
    (void)state;
    const struct part short_header[] = {{HEADER, 15, false}, {STATUS, 1, true}};
    const struct part no_status[] = {{HEADER, 16, false}};
    const struct part no_header[] = {{STATUS, 1, true}};
    const struct part *bad[] = {short_header, no_status, no_header};
    static const uint32_t counts[] = {2, 1, 1};
    for (uint32_t i = 0; i < 3; i++) {
        (void)driver_put(0, bad[i], counts[i]);
        driver_kick(0);
        assert_false(virtio_live(&blk.virtio));
        driver_start(F_FLUSH);
    }
    assert_int_equal(driver.counters.errors, 3);
    assert_int_equal(server.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(configuration),
        T(a_read),
        T(a_write),
        T(a_flush),
        T(a_driver_that_never_flushes),
        T(failures),
        T(the_name),
        T(unknown_types),
        T(ranges),
        T(read_only),
        T(a_split_header),
        T(status_behind_data),
        T(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
