/*
 * Disk sessions on a block device: what reaches the device, what is refused, who comes when, and
 * what happens when client or device breaks the rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/disk.h>

#include "fake_virtio.h"

#define DISKS 3u
#define RAM 65536u
#define SECTORS 1000u /* of each disk */
#define FLUSH (1ull << 9)

static struct fake_virtio fake;
static struct blk blk;
static struct disks disks;
static struct l4_disk_page page[DISKS];
static struct l4_ring submit[DISKS], complete[DISKS]; /* the clients' sides */
static uint8_t memory[BLK_AREA] __attribute__((aligned(4096)));
static uint8_t ram[DISKS][RAM];

static void open(uint32_t n)
{
    disk_open(&disks.disk[n], &page[n], "label-of-twenty-chars-and-more");
    l4_ring_init(&submit[n], &page[n].submit, NULL, L4_DISK_REQUESTS);
    l4_ring_init(&complete[n], &page[n].complete, NULL, L4_DISK_REQUESTS);
}

static void start(uint32_t queue, uint64_t features)
{
    const struct dma area = {memory, (uintptr_t)memory, sizeof memory};
    const uint64_t capacity = DISKS * SECTORS;
    memset(&disks, 0, sizeof disks);
    fake_init(&fake, VIRTIO_TYPE_BLOCK, queue, features, &blk.dev);
    memcpy(fake.config, &capacity, sizeof capacity);
    assert_int_equal(blk_start(&blk, &area), L4_OK);
    disks.count = DISKS;
    for (uint32_t n = 0; n < DISKS; n++) {
        disks.disk[n] = (struct disk){.blk = &blk,
                                      .first = n * SECTORS,
                                      .sectors = SECTORS,
                                      .flags = n == 2 ? L4_DISK_READ_ONLY : 0,
                                      .ram_pa = (uintptr_t)ram[n],
                                      .ram_size = RAM};
        open(n);
    }
}

static int set_up(void **state)
{
    (void)state;
    start(256, FLUSH | VIRTIO_F_EVENT_INDEX);
    return 0;
}

static struct l4_disk_request request(uint32_t id, uint32_t op, uint64_t sector)
{
    return (struct l4_disk_request){id, op, sector,
                                    1,  0,  {[0 ... L4_DISK_SEGMENTS - 1] = {512, 512}}};
}

static void put(uint32_t n, const struct l4_disk_request *asked)
{
    assert_true(l4_ring_space(&submit[n]) != 0);
    page[n].request[l4_ring_slot(&submit[n])] = *asked;
    l4_ring_publish(&submit[n], 1);
    disks.disk[n].active = true;
}

static void ask(uint32_t n, uint32_t id, uint32_t op, uint64_t sector)
{
    const struct l4_disk_request asked = request(id, op, sector);
    put(n, &asked);
}

/* The next completion of a disk; NOT_FOUND: none. */
static l4_status_t answer(uint32_t n, uint32_t *id)
{
    if (l4_ring_used(&complete[n]) == 0) {
        return L4_ERR_NOT_FOUND;
    }
    const struct l4_disk_completion *const got = &page[n].completion[l4_ring_slot(&complete[n])];
    *id = got->id;
    const l4_status_t status = got->status;
    l4_ring_skip(&complete[n], 1);
    return status;
}

static l4_status_t answer_of(uint32_t n, uint32_t wanted)
{
    uint32_t id = 0;
    const l4_status_t status = answer(n, &id);
    assert_int_equal(id, wanted);
    return status;
}

/* The device's next request: sector and type of its header. */
static bool device_gets(struct fake_chain *chain, uint64_t *sector, uint32_t *type)
{
    if (!fake_pop(&fake, 0, chain)) {
        return false;
    }
    assert_int_equal(chain->buffer[0].size, 16);
    memcpy(type, chain->buffer[0].bytes, sizeof *type);
    memcpy(sector, chain->buffer[0].bytes + 8, sizeof *sector);
    assert_int_equal(chain->buffer[chain->out + chain->in - 1].size, 1);
    return true;
}

static void device_answers(const struct fake_chain *chain, uint8_t status)
{
    *chain->buffer[chain->out + chain->in - 1].bytes = status;
    (void)fake_push(&fake, 0, chain->head, 1);
}

static void test_translation(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint64_t sector = 0;
    uint32_t type = 9;
    struct l4_disk_request asked = request(7, L4_DISK_READ, 10);
    asked.segment_count = 2;
    asked.segment[0] = (struct l4_disk_segment){3, 100}; /* any bytes that add up */
    asked.segment[1] = (struct l4_disk_segment){RAM - 924, 924};
    put(1, &asked);
    assert_int_equal(disks_run(&disks, &blk), 0);
    assert_true(device_gets(&chain, &sector, &type));
    assert_int_equal(type, 0);
    assert_int_equal(sector, SECTORS + 10);
    assert_int_equal(chain.out, 1);
    assert_int_equal(chain.in, 3);
    assert_ptr_equal(chain.buffer[1].bytes, ram[1] + 3);
    assert_int_equal(chain.buffer[1].size, 100);
    assert_ptr_equal(chain.buffer[2].bytes, ram[1] + RAM - 924);
    assert_int_equal(disks.disk[1].on_device, 1);
    device_answers(&chain, 0);
    assert_int_equal(disks_run(&disks, &blk), 1u << 1); /* the client has not looked yet */
    assert_int_equal(answer_of(1, 7), L4_OK);
    assert_int_equal(disks.disk[1].on_device, 0);
}

static void test_write_and_flush(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint64_t sector = 0;
    uint32_t type = 9;
    struct l4_disk_request flush = {.id = 2, .op = L4_DISK_FLUSH};
    ask(0, 1, L4_DISK_WRITE, SECTORS - 1);
    put(0, &flush);
    (void)disks_run(&disks, &blk);
    assert_true(device_gets(&chain, &sector, &type));
    assert_int_equal(type, 1);
    assert_int_equal(chain.out, 2);
    assert_int_equal(chain.in, 1);
    device_answers(&chain, 1);
    assert_true(device_gets(&chain, &sector, &type));
    assert_int_equal(type, 4);
    assert_int_equal(chain.out, 1);
    device_answers(&chain, 0);
    (void)disks_run(&disks, &blk);
    assert_int_equal(answer_of(0, 1), L4_ERR_IO);
    assert_int_equal(answer_of(0, 2), L4_OK);
}

static void test_flush_without_cache(void **state)
{
    (void)state;
    struct l4_disk_request flush = {.id = 2, .op = L4_DISK_FLUSH};
    start(256, 0);
    put(0, &flush);
    (void)disks_run(&disks, &blk);
    assert_int_equal(answer_of(0, 2), L4_OK);
    assert_int_equal(disks.disk[0].on_device, 0);
}

/* Each in turn changes one thing of a good request. */
static void refused(uint32_t n, const struct l4_disk_request *asked, l4_status_t wanted)
{
    struct fake_chain chain;
    assert_true(l4_ring_wait_data(&complete[n]));
    put(n, asked);
    assert_int_equal(disks_run(&disks, &blk), 1u << n);
    assert_int_equal(answer_of(n, asked->id), wanted);
    assert_false(fake_pop(&fake, 0, &chain));
    assert_int_equal(disks.disk[n].on_device, 0);
}

static void test_refusals(void **state)
{
    (void)state;
    struct l4_disk_request r = request(1, 0, 0);
    refused(0, &r, L4_ERR_INVALID);
    r = request(2, 4, 0);
    refused(0, &r, L4_ERR_INVALID);
    r = request(3, L4_DISK_READ, 0);
    r.segment_count = 0;
    refused(0, &r, L4_ERR_INVALID);
    r.segment_count = L4_DISK_SEGMENTS + 1;
    refused(0, &r, L4_ERR_INVALID);
    r.segment_count = 0xffffffff;
    refused(0, &r, L4_ERR_INVALID);
    r = request(4, L4_DISK_READ, 0);
    r.segment[0].size = 0;
    refused(0, &r, L4_ERR_INVALID);
    r.segment[0].size = 511;
    refused(0, &r, L4_ERR_INVALID);
    r = request(5, L4_DISK_FLUSH, 0);
    refused(0, &r, L4_ERR_INVALID);
    r = request(6, L4_DISK_READ, SECTORS);
    refused(0, &r, L4_ERR_RANGE);
    r.sector = SECTORS - 1;
    r.segment[0].size = 1024;
    refused(0, &r, L4_ERR_RANGE);
    r = request(7, L4_DISK_READ, UINT64_MAX);
    refused(0, &r, L4_ERR_RANGE);
    r.sector = UINT64_MAX - SECTORS + 1; /* would wrap to sector 1 of the disk */
    refused(1, &r, L4_ERR_RANGE);
    r = request(8, L4_DISK_READ, 0);
    r.segment[0].offset = RAM - 511;
    refused(0, &r, L4_ERR_RANGE);
    r.segment[0] = (struct l4_disk_segment){0xfffffe00, 0x400};
    refused(0, &r, L4_ERR_RANGE);
    r = request(9, L4_DISK_WRITE, 0);
    refused(2, &r, L4_ERR_RIGHTS);
    disks.disk[0].ram_size = 0;
    refused(0, &r, L4_ERR_IO);
}

static void test_broken_rings(void **state)
{
    (void)state;
    struct fake_chain chain;
    page[0].submit.head = L4_DISK_REQUESTS + 1;
    disks.disk[0].active = true;
    for (uint32_t id = 0; id < L4_DISK_REQUESTS; id++) {
        ask(1, id, L4_DISK_READ, id);
    }
    (void)disks_run(&disks, &blk);
    assert_true(disks.disk[0].broken);
    for (uint32_t id = 0; id < L4_DISK_REQUESTS; id++) {
        assert_true(fake_pop(&fake, 0, &chain));
    }
    assert_false(fake_pop(&fake, 0, &chain));
    ask(1, 99, L4_DISK_READ, 0); /* one more than it may have */
    (void)disks_run(&disks, &blk);
    assert_true(disks.disk[1].broken);
    open(0);
    ask(0, 5, L4_DISK_READ, 0);
    (void)disks_run(&disks, &blk);
    assert_true(fake_pop(&fake, 0, &chain)); /* opened anew, it works */
    page[0].complete.tail = 77;
    ask(0, 6, L4_DISK_READ, 0);
    (void)disks_run(&disks, &blk);
    assert_true(disks.disk[0].broken);
    device_answers(&chain, 0); /* the answer hurts nobody */
    (void)disks_run(&disks, &blk);
}

/* A short queue: one request of any size at a time. Nothing is lost, and the clients alternate. */
static void test_turns(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint64_t sector = 0;
    uint32_t type = 0;
    uint32_t before = 2;
    start(32, FLUSH);
    for (uint32_t id = 0; id < L4_DISK_REQUESTS; id++) {
        struct l4_disk_request r = request(id, L4_DISK_READ, id);
        r.segment_count = L4_DISK_SEGMENTS;
        for (uint32_t i = 0; i < L4_DISK_SEGMENTS; i++) {
            r.segment[i] = (struct l4_disk_segment){i * 512, 512};
        }
        put(0, &r);
        put(1, &r);
    }
    for (uint32_t i = 0; i < 2 * L4_DISK_REQUESTS; i++) {
        (void)disks_run(&disks, &blk);
        assert_true(device_gets(&chain, &sector, &type));
        const uint32_t n = (uint32_t)(sector / SECTORS);
        assert_int_equal(sector % SECTORS, i / 2);
        assert_int_not_equal(n, before);
        before = n;
        device_answers(&chain, 0);
    }
    (void)disks_run(&disks, &blk);
    for (uint32_t id = 0; id < L4_DISK_REQUESTS; id++) {
        assert_int_equal(answer_of(0, id), L4_OK);
        assert_int_equal(answer_of(1, id), L4_OK);
    }
    assert_int_equal(blk.in_flight, 0);
    assert_true(l4_ring_must_wake_consumer(&submit[0])); /* and it asks for the doorbell again */
}

static void test_reopen(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint32_t id = 0;
    ask(0, 1, L4_DISK_READ, 0);
    (void)disks_run(&disks, &blk);
    assert_true(fake_pop(&fake, 0, &chain));
    disk_close(&disks.disk[0]);
    open(0);
    device_answers(&chain, 0);
    (void)disks_run(&disks, &blk);
    assert_int_equal(answer(0, &id), L4_ERR_NOT_FOUND); /* that was the earlier session's */
    assert_int_equal(disks.disk[0].on_device, 0);
    assert_int_equal(disks.disk[0].outstanding, 0);
    assert_memory_equal(page[0].label, "label-of-twenty-chars-and-more", L4_DISK_LABEL);
    assert_int_equal(page[0].sectors, SECTORS);
}

/* A client is gone and the device does not finish: the others' requests survive the reset. */
static void test_forget(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint64_t sector = 0;
    uint32_t type = 0;
    ask(0, 1, L4_DISK_WRITE, 5);
    ask(1, 2, L4_DISK_WRITE, 6);
    ask(0, 3, L4_DISK_READ, 7);
    (void)disks_run(&disks, &blk);
    while (fake_pop(&fake, 0, &chain)) {
    }
    const uint32_t resets = fake.resets;
    assert_int_equal(blk_forget(&blk, 1u << 0), L4_OK);
    assert_true(fake.resets > resets);
    assert_int_equal(blk.in_flight, 1);
    assert_true(device_gets(&chain, &sector, &type));
    assert_int_equal(sector, SECTORS + 6);
    assert_int_equal(fake.queue[0].notified, 1);
    device_answers(&chain, 0);
    assert_false(device_gets(&chain, &sector, &type));
    (void)disks_run(&disks, &blk);
    assert_int_equal(answer_of(1, 2), L4_OK);
}

static void test_broken_device(void **state)
{
    (void)state;
    uint32_t id = 0;
    ask(0, 1, L4_DISK_READ, 0);
    ask(1, 2, L4_DISK_READ, 0);
    (void)disks_run(&disks, &blk);
    fake_set_used(&fake, 0, 9);
    (void)disks_run(&disks, &blk);
    assert_true(blk.dev.failed);
    assert_int_equal(answer_of(0, 1), L4_ERR_IO);
    assert_int_equal(answer_of(1, 2), L4_ERR_IO);
    ask(0, 3, L4_DISK_READ, 0);
    (void)disks_run(&disks, &blk);
    assert_int_equal(answer_of(0, 3), L4_ERR_IO);
    assert_int_equal(answer(0, &id), L4_ERR_NOT_FOUND);
    assert_int_equal(fake.status, 0); /* reset: it touches nothing */
    fake.stuck = true;
    assert_int_equal(blk_forget(&blk, 1), L4_ERR_IO);
}

static void test_start(void **state)
{
    (void)state;
    const struct dma small = {memory, (uintptr_t)memory, 1000};
    const struct dma area = {memory, (uintptr_t)memory, sizeof memory};
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 256, 0, &blk.dev);
    assert_int_equal(blk_start(&blk, &small), L4_ERR_NO_MEMORY);
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 16, 0, &blk.dev);
    assert_int_equal(blk_start(&blk, &area), L4_ERR_NOT_SUPPORTED);
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 256, 1u << 2, &blk.dev);
    fake.config[12] = L4_DISK_SEGMENTS - 1;
    assert_int_equal(blk_start(&blk, &area), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(fake.status, 0);
}

static void test_fit(void **state)
{
    (void)state;
    struct disk disk = {.blk = &blk, .first = 10};
    assert_int_equal(disk_fit(&disk), L4_OK);
    assert_int_equal(disk.sectors, DISKS * SECTORS - 10);
    disk.first = 11;
    assert_int_equal(disk_fit(&disk), L4_ERR_RANGE);
    disk = (struct disk){.blk = &blk, .first = DISKS * SECTORS};
    assert_int_equal(disk_fit(&disk), L4_ERR_RANGE);
    disk = (struct disk){.blk = &blk, .first = UINT64_MAX, .sectors = 2};
    assert_int_equal(disk_fit(&disk), L4_ERR_RANGE);
    blk.read_only = true;
    disk = (struct disk){.blk = &blk, .sectors = 1};
    assert_int_equal(disk_fit(&disk), L4_OK);
    assert_int_equal(disk.flags, L4_DISK_READ_ONLY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_translation, set_up),
        cmocka_unit_test_setup(test_write_and_flush, set_up),
        cmocka_unit_test_setup(test_flush_without_cache, set_up),
        cmocka_unit_test_setup(test_refusals, set_up),
        cmocka_unit_test_setup(test_broken_rings, set_up),
        cmocka_unit_test_setup(test_turns, set_up),
        cmocka_unit_test_setup(test_reopen, set_up),
        cmocka_unit_test_setup(test_forget, set_up),
        cmocka_unit_test_setup(test_broken_device, set_up),
        cmocka_unit_test_setup(test_start, set_up),
        cmocka_unit_test_setup(test_fit, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
