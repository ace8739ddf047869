/*
 * Block requests that must work, however they are cut (5.2.6, 2.7.4.1).
 */
#include "blk.h"
#include "guest/cpu.h"
#include "target.h"
#include "test.h"

static struct device disk;
static struct descriptor table[300] __attribute__((aligned(16)));

static void reads_what_was_written(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    for (uint8_t n = 0; n < 8; n++) {
        fill(data, 8 * SECTOR, n);
        CHECK_EQ(blk_do(&disk, BLK_OUT, 8u * n, data, 8 * SECTOR), BLK_OK);
    }
    for (uint8_t n = 0; n < 8; n++) {
        CHECK_EQ(blk_do(&disk, BLK_IN, 8u * n, data, 8 * SECTOR), BLK_OK);
        CHECK(filled(data, 8 * SECTOR, n));
        CHECK_EQ(used_size(&disk.queue[0], 0), 8 * SECTOR + 1);
        CHECK_EQ(used_id(&disk.queue[0], 0), 0);
    }
}

static void first_and_last_sector(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    uint64_t last = config64(&disk, 0) - 1;
    fill(data, SECTOR, 1);
    CHECK_EQ(blk_do(&disk, BLK_OUT, 0, data, SECTOR), BLK_OK);
    fill(data, SECTOR, 2);
    CHECK_EQ(blk_do(&disk, BLK_OUT, last, data, SECTOR), BLK_OK);
    CHECK_EQ(blk_do(&disk, BLK_IN, 0, data, SECTOR), BLK_OK);
    CHECK(filled(data, SECTOR, 1));
    CHECK_EQ(blk_do(&disk, BLK_IN, last, data, SECTOR), BLK_OK);
    CHECK(filled(data, SECTOR, 2));
}

static void types(void)
{
    NEED(blk_up(&disk, F_BLK_FLUSH, false), "writable disk");
    CHECK_EQ(blk_do(&disk, BLK_FLUSH, 0, 0, 0), BLK_OK);
    CHECK_EQ(blk_do(&disk, BLK_GET_ID, 0, data, 20), BLK_OK);
    CHECK(blk_do(&disk, 2, 0, data, SECTOR) != BLK_OK); /* SCSI commands, in older versions */
    CHECK_EQ(blk_do(&disk, 0x7fffffff, 0, data, SECTOR), BLK_UNSUPP);
    CHECK_EQ(blk_do(&disk, BLK_IN, 0, data, SECTOR), BLK_OK);
}

/* parts[0..count) as one chain through an indirect table, or without. */
static uint8_t request(uint32_t type, uint64_t sector, const struct part *parts, unsigned int count,
                       unsigned int writable, bool indirect)
{
    struct queue *queue = &disk.queue[0];

    blk_header[0].type = type;
    blk_header[0].reserved = 0;
    blk_header[0].sector = sector;
    blk_status[0] = BLK_NONE;
    chain(indirect ? table : queue->desc, parts, count, writable);
    if (indirect) {
        describe(&queue->desc[0], table, count * 16u, INDIRECT, 0);
    }
    offer(queue, 0);
    kick(&disk, 0);
    return used(&disk, 0, 1) ? blk_status[0] : BLK_NONE;
}

static volatile uint8_t *header_at(uint32_t offset)
{
    return (volatile uint8_t *)&blk_header[0] + offset;
}

/* 2.7.4.1: the framing says nothing. */
static void header_in_pieces(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    struct part out[] = {{header_at(0), 1}, {header_at(1), 6}, {header_at(7), 9},
                         {data, 100},       {data + 100, 412}, {&blk_status[0], 1}};
    struct part joined[] = {{0, 16 + SECTOR}, {&blk_status[0], 1}};
    fill(data, SECTOR, 33);
    CHECK_EQ(request(BLK_OUT, 5, out, 6, 1, false), BLK_OK);
    fill(data, SECTOR, 0);
    CHECK_EQ(blk_do(&disk, BLK_IN, 5, data, SECTOR), BLK_OK);
    CHECK(filled(data, SECTOR, 33));
    /* header and data in one part */
    struct blk_header *header = (struct blk_header *)(void *)(data + 4096);
    header->type = BLK_OUT;
    header->sector = 6;
    fill(data + 4096 + 16, SECTOR, 44);
    joined[0].data = header;
    CHECK_EQ(request(BLK_OUT, 6, joined, 2, 1, false), BLK_OK);
    CHECK_EQ(blk_do(&disk, BLK_IN, 6, data, SECTOR), BLK_OK);
    CHECK(filled(data, SECTOR, 44));
}

/* The status byte is the last one of what the device writes, with the data in the same part. */
static void status_behind_the_data(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    struct part in[] = {{header_at(0), 16}, {data, SECTOR + 1}};
    fill(data + 4096, SECTOR, 55);
    CHECK_EQ(blk_do(&disk, BLK_OUT, 7, data + 4096, SECTOR), BLK_OK);
    data[SECTOR] = BLK_NONE;
    (void)request(BLK_IN, 7, in, 2, 1, false);
    CHECK_EQ(data[SECTOR], BLK_OK);
    CHECK(filled(data, SECTOR, 55));
}

static void unaligned_data(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    for (unsigned int offset = 1; offset < 8; offset++) {
        fill(data + offset, 2 * SECTOR, (uint8_t)offset);
        CHECK_EQ(blk_do(&disk, BLK_OUT, 9, data + offset, 2 * SECTOR), BLK_OK);
        fill(data + 8192, 2 * SECTOR + 16, 0);
        CHECK_EQ(blk_do(&disk, BLK_IN, 9, data + 8192 + 8 - offset, 2 * SECTOR), BLK_OK);
        CHECK(filled(data + 8192 + 8 - offset, 2 * SECTOR, (uint8_t)offset));
        CHECK_EQ(data[8192 + 8 - offset + 2 * SECTOR],
                 (uint8_t)((8 - offset + 2 * SECTOR) * 7u + ((8 - offset + 2 * SECTOR) >> 8)));
    }
}

/* A request of `count` parts of `size` bytes each, written and read back through a table. */
static void in_parts(unsigned int count, uint32_t size)
{
    struct part parts[300];

    NEED(blk_up(&disk, F_INDIRECT, false), "writable disk");
    parts[0] = (struct part){header_at(0), 16};
    for (unsigned int i = 0; i < count; i++) {
        parts[1 + i] = (struct part){data + i * size, size};
    }
    parts[1 + count] = (struct part){&blk_status[0], 1};
    fill(data, count * size, 66);
    CHECK_EQ(request(BLK_OUT, 16, parts, count + 2, 1, true), BLK_OK);
    fill(data, count * size, 0);
    CHECK_EQ(request(BLK_IN, 16, parts, count + 2, count + 1, true), BLK_OK);
    CHECK(filled(data, count * size, 66));
}

static void many_parts(void)
{
    in_parts(64, SECTOR); /* beyond seg_max */
}

static void uneven_parts(void)
{
    in_parts(16, 7 * 32); /* 3584 bytes: no part ends with a sector */
}

static void one_big_part(void)
{
    in_parts(1, 256 * SECTOR);
}

/* Parts so small that a sector needs more than a request of the server's can name: a defined answer
 * at least. */
static void tiny_parts(void)
{
    struct part parts[200];
    uint8_t status;

    NEED(blk_up(&disk, F_INDIRECT, false), "writable disk");
    parts[0] = (struct part){header_at(0), 16};
    for (unsigned int i = 0; i < 128; i++) {
        parts[1 + i] = (struct part){data + i * 4, 4};
    }
    parts[129] = (struct part){&blk_status[0], 1};
    status = request(BLK_IN, 16, parts, 130, 129, true);
    CHECK(status == BLK_OK || status == BLK_IOERR);
    CHECK(blk_works(&disk));
}

/* More than the session with the server takes at once, in any order. */
static void many_in_flight(void)
{
    NEED(device_find(&disk, ID_BLOCK, 0, 1) && (features_offered(&disk) & F_BLK_RO) == 0,
         "writable disk");
    CHECK(device_begin(&disk, 0));
    device_queue(&disk, 0, QUEUE_SIZE_MAX);
    device_ok(&disk);
    struct queue *queue = &disk.queue[0];
    const uint16_t count = 21;
    uint32_t seen = 0;
    for (unsigned int pass = 0; pass < 2; pass++) {
        for (uint16_t n = 0; n < count; n++) {
            fill(data + n * 4096, 4096, pass == 0 ? (uint8_t)n : 0);
            blk_put(queue, n, (uint16_t)(3 * n), pass == 0 ? BLK_OUT : BLK_IN, 8u * n,
                    data + n * 4096, 4096);
        }
        kick(&disk, 0);
        CHECK(used(&disk, 0, count));
    }
    for (uint16_t n = 0; n < count; n++) {
        CHECK_EQ(blk_status[n], BLK_OK);
        CHECK(filled(data + n * 4096, 4096, (uint8_t)n));
        seen |= 1u << used_id(queue, n) / 3u;
    }
    CHECK_EQ(seen, (1u << count) - 1); /* each answered once */
}

/* Requests are in progress: after the reset nothing of them touches RAM any more. */
static void reset_in_the_middle(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    for (unsigned int round = 0; round < 20; round++) {
        struct queue *queue = &disk.queue[0];
        for (uint16_t n = 0; n < 5; n++) {
            blk_put(queue, n, (uint16_t)(3 * n), BLK_IN, 64u * n, data + n * 65536, 65536);
        }
        kick(&disk, 0);
        CHECK(device_reset(&disk));
        uint16_t index = queue->used->index;
        fill(data, 5 * 65536, (uint8_t)round);
        for (unsigned int n = 0; n < 5; n++) {
            blk_status[n] = BLK_NONE;
        }
        CHECK(device_up(&disk, 0)); /* its rings are zeroed here */
        CHECK(index <= 5);
        CHECK(filled(data, 5 * 65536, (uint8_t)round));
        CHECK_EQ(disk.queue[0].used->index, 0);
        for (unsigned int n = 0; n < 5; n++) {
            CHECK_EQ(blk_status[n], BLK_NONE);
        }
    }
    CHECK(blk_works(&disk));
}

static void config_space(void)
{
    NEED(blk_up(&disk, F_BLK_SEG_MAX, false), "writable disk");
    CHECK(config64(&disk, 0) >= 2048);
    if ((disk.features & F_BLK_SEG_MAX) != 0) {
        CHECK(reg_read(&disk, CONFIG + 12) >= 1);
    }
}

static void two_disks(void)
{
    struct device other;

    NEED(blk_up(&disk, 0, false) && blk_up(&other, 0, true), "second, read-only disk");
    CHECK_EQ(blk_do(&other, BLK_IN, 0, data, SECTOR), BLK_OK);
    CHECK(blk_works(&disk));
}

static const struct test_case cases[] = {
    {"blk.reads-what-was-written", reads_what_was_written},
    {"blk.first-and-last-sector", first_and_last_sector},
    {"blk.types", types},
    {"blk.header-in-pieces", header_in_pieces},
    {"blk.status-behind-the-data", status_behind_the_data},
    {"blk.unaligned-data", unaligned_data},
    {"blk.many-parts", many_parts},
    {"blk.uneven-parts", uneven_parts},
    {"blk.one-big-part", one_big_part},
    {"blk.tiny-parts", tiny_parts},
    {"blk.many-in-flight", many_in_flight},
    {"blk.reset-in-the-middle", reset_in_the_middle},
    {"blk.config-space", config_space},
    {"blk.two-disks", two_disks},
};
SUITE(suite_blk, cases);
