/*
 * How disks share a device: large requests reach it in pieces, and however much one client asks
 * for, the others' requests come in time. The device serves in the order of its queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/disk.h>

#include "fake_virtio.h"

#define DISKS 2u
#define RAM 0x10000000u /* nobody touches it */
#define SECTORS 0x100000u
#define MIB 0x100000u
#define FLUSH (1ull << 9)

static struct fake_virtio fake;
static struct blk blk;
static struct disks disks;
static struct l4_disk_page page[DISKS];
static struct l4_ring submit[DISKS], complete[DISKS]; /* the clients' sides */
static uint8_t memory[BLK_AREA] __attribute__((aligned(4096)));
static const uint64_t ram[DISKS] = {0x100000000u, 0x200000000u};

static void open(uint32_t n)
{
    disk_open(&disks.disk[n], &page[n], "label");
    l4_ring_init(&submit[n], &page[n].submit, NULL, L4_DISK_REQUESTS);
    l4_ring_init(&complete[n], &page[n].complete, NULL, L4_DISK_REQUESTS);
}

static void start(uint32_t queue, uint64_t features)
{
    const struct dma area = {memory, (uintptr_t)memory, sizeof memory};
    const uint64_t capacity = (uint64_t)DISKS * SECTORS;
    memset(&disks, 0, sizeof disks);
    fake_init(&fake, VIRTIO_TYPE_BLOCK, queue, features, &blk.dev);
    memcpy(fake.config, &capacity, sizeof capacity);
    assert_int_equal(blk_start(&blk, &area), L4_OK);
    disks.count = DISKS;
    for (uint32_t n = 0; n < DISKS; n++) {
        disks.disk[n] = (struct disk){.blk = &blk,
                                      .first = (uint64_t)n * SECTORS,
                                      .sectors = SECTORS,
                                      .ram_pa = ram[n],
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

static void ask(uint32_t n, uint32_t id, uint32_t op, uint32_t bytes)
{
    struct l4_disk_request *const to = &page[n].request[l4_ring_slot(&submit[n])];
    assert_true(l4_ring_space(&submit[n]) != 0);
    *to = (struct l4_disk_request){.id = id, .op = op, .segment_count = bytes != 0};
    to->segment[0] = (struct l4_disk_segment){0, bytes};
    l4_ring_publish(&submit[n], 1);
    disks.disk[n].active = true;
}

static bool answer(uint32_t n, uint32_t *id, l4_status_t *status)
{
    if (l4_ring_used(&complete[n]) == 0) {
        return false;
    }
    const struct l4_disk_completion *const got = &page[n].completion[l4_ring_slot(&complete[n])];
    *id = got->id;
    *status = got->status;
    l4_ring_skip(&complete[n], 1);
    return true;
}

struct piece {
    uint16_t head;
    uint8_t *status;
    uint32_t type, bytes;
    uint64_t sector;
    struct fake_chain chain;
};

/* The next in the device's queue. */
static bool device_gets(struct piece *piece)
{
    struct fake_chain *const chain = &piece->chain;
    if (!fake_pop(&fake, 0, chain)) {
        return false;
    }
    const uint32_t last = chain->out + chain->in - 1;
    memcpy(&piece->type, chain->buffer[0].bytes, sizeof piece->type);
    memcpy(&piece->sector, chain->buffer[0].bytes + 8, sizeof piece->sector);
    piece->head = chain->head;
    piece->status = chain->buffer[last].bytes;
    piece->bytes = 0;
    for (uint32_t i = 1; i < last; i++) {
        piece->bytes += chain->buffer[i].size;
    }
    return true;
}

static void device_ends(const struct piece *piece, uint8_t status)
{
    *piece->status = status;
    (void)fake_push(&fake, 0, piece->head, 1);
    (void)disks_run(&disks, &blk);
}

/* --- Pieces ------------------------------------------------------------------------------------
 */

/* Segments of sizes that do not fit: the pieces cover the request's memory and sectors, once each
 * and in order, and there is one completion. */
static void test_pieces(void **state)
{
    (void)state;
    static const struct l4_disk_segment segment[] = {
        {0x1000, 100}, {0x3001, DISK_PIECE - 101}, {0x100000, 3 * DISK_PIECE + 7}, {0x5000, 506}};
    struct l4_disk_request *const to = &page[1].request[l4_ring_slot(&submit[1])];
    struct piece piece;
    uint64_t sector = SECTORS + 9;
    uint32_t at = 0;
    uint32_t offset = 0;
    uint32_t id = 0;
    l4_status_t status = L4_ERR_IO;
    *to = (struct l4_disk_request){.id = 77, .op = L4_DISK_WRITE, .sector = 9, .segment_count = 4};
    memcpy(to->segment, segment, sizeof segment);
    l4_ring_publish(&submit[1], 1);
    (void)disks_run(&disks, &blk);
    while (device_gets(&piece)) {
        assert_int_equal(piece.type, 1);
        assert_int_equal(piece.sector, sector);
        assert_true(piece.bytes != 0 && piece.bytes <= DISK_PIECE);
        assert_int_equal(piece.bytes % L4_DISK_SECTOR, 0);
        sector += piece.bytes / L4_DISK_SECTOR;
        for (uint32_t i = 1; i < piece.chain.out; i++) {
            assert_int_equal((uintptr_t)piece.chain.buffer[i].bytes,
                             ram[1] + segment[at].offset + offset);
            offset += piece.chain.buffer[i].size;
            assert_true(offset <= segment[at].size);
            if (offset == segment[at].size) {
                offset = 0;
                at++;
            }
        }
        assert_false(answer(1, &id, &status));
        device_ends(&piece, 0);
    }
    assert_int_equal(at, 4);
    assert_true(answer(1, &id, &status));
    assert_int_equal(id, 77);
    assert_int_equal(status, L4_OK);
    assert_false(answer(1, &id, &status));
    assert_int_equal(disks.disk[1].on_device, 0);
    assert_int_equal(disks.disk[1].weight, 0);
    assert_int_equal(disks.disk[1].outstanding, 0);
}

/* What fails ends the rest, and is answered when nothing of it is on the device any more. */
static void test_failure(void **state)
{
    (void)state;
    struct piece piece;
    uint32_t id = 0;
    uint32_t pieces = 0;
    l4_status_t status = L4_OK;
    ask(0, 5, L4_DISK_READ, 64 * MIB);
    (void)disks_run(&disks, &blk);
    assert_true(device_gets(&piece));
    device_ends(&piece, 1);
    while (device_gets(&piece)) {
        assert_false(answer(0, &id, &status));
        device_ends(&piece, 0);
        pieces++;
    }
    assert_true(pieces < DISK_SHARE / DISK_PIECE);
    assert_true(answer(0, &id, &status));
    assert_int_equal(id, 5);
    assert_int_equal(status, L4_ERR_IO);
}

/* A session that ends in the middle: nothing more of it reaches the device, nor is it heard of. */
static void test_reopen(void **state)
{
    (void)state;
    struct piece old[DISK_SHARE / DISK_PIECE];
    struct piece piece;
    uint32_t id = 0;
    l4_status_t status = L4_OK;
    ask(0, 5, L4_DISK_READ, 64 * MIB);
    (void)disks_run(&disks, &blk);
    for (uint32_t i = 0; i < DISK_SHARE / DISK_PIECE; i++) {
        assert_true(device_gets(&old[i]));
    }
    assert_false(device_gets(&piece));
    disk_close(&disks.disk[0]);
    device_ends(&old[0], 0);
    assert_false(device_gets(&piece));
    open(0);
    ask(0, 6, L4_DISK_READ, 4096);
    (void)disks_run(&disks, &blk);
    assert_true(device_gets(&piece));
    assert_int_equal(piece.bytes, 4096);
    device_ends(&old[1], 1);
    device_ends(&old[2], 0);
    device_ends(&piece, 0);
    device_ends(&old[3], 0);
    assert_true(answer(0, &id, &status));
    assert_int_equal(id, 6);
    assert_int_equal(status, L4_OK);
    assert_false(answer(0, &id, &status));
    assert_int_equal(disks.disk[0].on_device, 0);
    assert_int_equal(disks.disk[0].weight, 0);
}

/* A device that fails, or that has no cache to flush, interrupts for none of what it never sees:
 * everything is answered at once, however much it is. */
static void all_answered(uint32_t op, uint32_t bytes, l4_status_t wanted)
{
    uint32_t id = 0;
    l4_status_t status = L4_OK;
    for (uint32_t i = 0; i < L4_DISK_REQUESTS; i++) {
        ask(0, i, op, bytes);
    }
    (void)disks_run(&disks, &blk);
    for (uint32_t i = 0; i < L4_DISK_REQUESTS; i++) {
        assert_true(answer(0, &id, &status));
        assert_int_equal(id, i);
        assert_int_equal(status, wanted);
    }
    assert_int_equal(disks.disk[0].on_device, 0);
}

static void test_failed_device(void **state)
{
    (void)state;
    virtio_fail(&blk.dev);
    all_answered(L4_DISK_READ, 64 * MIB, L4_ERR_IO);
    start(256, VIRTIO_F_EVENT_INDEX);
    all_answered(L4_DISK_FLUSH, 0, L4_OK);
}

/* --- Turns -------------------------------------------------------------------------------------
 */

/* Client 0 keeps its ring full of the largest requests; client 1 reads 4 KiB now and then. What the
 * device is given before each of these is bounded, and client 0 gets the rest of its time. */
static void flood(uint32_t *pending, uint32_t op, uint32_t bytes)
{
    uint32_t id = 0;
    l4_status_t status = L4_OK;
    while (answer(0, &id, &status)) {
        assert_int_equal(status, L4_OK);
        (*pending)--;
    }
    for (; *pending < L4_DISK_REQUESTS; (*pending)++) {
        ask(0, 1, op, bytes);
    }
    (void)disks_run(&disks, &blk);
}

static void starve(uint32_t op, uint32_t bytes)
{
    struct piece piece;
    uint32_t id = 0;
    l4_status_t status = L4_OK;
    uint32_t reads = 0;
    uint32_t others_bytes = 0;
    uint32_t others = 0;
    uint32_t pending = 0;
    flood(&pending, op, bytes);
    ask(1, 9, L4_DISK_READ, 4096);
    (void)disks_run(&disks, &blk);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_true(device_gets(&piece));
        assert_true(piece.bytes <= DISK_PIECE);
        others_bytes += piece.sector < SECTORS ? piece.bytes : 0;
        others += piece.sector < SECTORS;
        device_ends(&piece, 0);
        flood(&pending, op, bytes);
        if (answer(1, &id, &status)) {
            assert_int_equal(status, L4_OK);
            assert_true(others_bytes < DISK_SHARE + DISK_PIECE);
            assert_true(others <= L4_DISK_REQUESTS);
            reads++;
            others = others_bytes = 0;
            ask(1, 9, L4_DISK_READ, 4096);
            (void)disks_run(&disks, &blk);
        }
    }
    assert_true(reads >= 2000 / (L4_DISK_REQUESTS + 2u));
}

static void test_large_requests(void **state)
{
    (void)state;
    starve(L4_DISK_READ, 64 * MIB);
    start(256, FLUSH);
    starve(L4_DISK_WRITE, DISK_PIECE + L4_DISK_SECTOR);
    start(32, FLUSH); /* room for one full request at a time */
    starve(L4_DISK_READ, 64 * MIB);
}

/* One FLUSH of a client is under way at a time, and nothing of its own behind it. */
static void test_flushes(void **state)
{
    (void)state;
    struct piece piece;
    for (uint32_t i = 0; i < L4_DISK_REQUESTS; i++) {
        ask(0, i, L4_DISK_FLUSH, 0);
    }
    (void)disks_run(&disks, &blk);
    ask(1, 9, L4_DISK_READ, 4096);
    (void)disks_run(&disks, &blk);
    assert_true(device_gets(&piece));
    assert_int_equal(piece.type, 4);
    const struct piece flush = piece;
    assert_true(device_gets(&piece));
    assert_int_equal(piece.type, 0);
    device_ends(&flush, 0);
    assert_true(device_gets(&piece));
    assert_int_equal(piece.type, 4);
    assert_false(device_gets(&piece));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pieces, set_up),
        cmocka_unit_test_setup(test_failure, set_up),
        cmocka_unit_test_setup(test_reopen, set_up),
        cmocka_unit_test_setup(test_failed_device, set_up),
        cmocka_unit_test_setup(test_large_requests, set_up),
        cmocka_unit_test_setup(test_flushes, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
