/*
 * Block requests that must be refused: with a status where there is room for one, by
 * DEVICE_NEEDS_RESET where there is none.
 */
#include "blk.h"
#include "guest/cpu.h"
#include "target.h"
#include "test.h"

static struct device disk;

static void beyond_the_end(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    uint64_t end = config64(&disk, 0);
    const uint64_t sectors[] = {end,        end + 1,       end - 1, UINT64_C(1) << 55,
                                UINT64_MAX, UINT64_MAX - 1};
    for (unsigned int i = 0; i < sizeof(sectors) / sizeof(sectors[0]); i++) {
        CHECK_EQ(blk_do(&disk, BLK_IN, sectors[i], data, 2 * SECTOR), BLK_IOERR);
        CHECK_EQ(blk_do(&disk, BLK_OUT, sectors[i], data, 2 * SECTOR), BLK_IOERR);
    }
    CHECK(blk_works(&disk));
}

static void not_whole_sectors(void)
{
    static const uint32_t sizes[] = {1, 100, 511, 513, 1000};

    NEED(blk_up(&disk, 0, false), "writable disk");
    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        CHECK_EQ(blk_do(&disk, BLK_IN, 0, data, sizes[i]), BLK_IOERR);
        CHECK_EQ(blk_do(&disk, BLK_OUT, 0, data, sizes[i]), BLK_IOERR);
    }
    CHECK(blk_works(&disk));
}

static void no_data(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    uint8_t in = blk_do(&disk, BLK_IN, 0, 0, 0);
    uint8_t out = blk_do(&disk, BLK_OUT, 0, 0, 0);
    CHECK(in == BLK_OK || in == BLK_IOERR);
    CHECK(out == BLK_OK || out == BLK_IOERR);
    CHECK(blk_works(&disk));
}

static void write_to_read_only(void)
{
    NEED(blk_up(&disk, 0, true), "read-only disk");
    CHECK_EQ(blk_do(&disk, BLK_IN, 0, data, SECTOR), BLK_OK);
    fill(data + 4096, SECTOR, 77);
    CHECK_EQ(blk_do(&disk, BLK_OUT, 0, data + 4096, SECTOR), BLK_IOERR);
    CHECK_EQ(blk_do(&disk, BLK_IN, 0, data + 8192, SECTOR), BLK_OK);
    for (unsigned int i = 0; i < SECTOR; i++) {
        CHECK_EQ(data[8192 + i], data[i]);
    }
}

/* No room for a status, or no header: nothing that could be answered. */
static void unanswerable(const struct part *parts, unsigned int count, unsigned int writable)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    blk_header[0].type = BLK_IN;
    blk_header[0].sector = 0;
    chain(disk.queue[0].desc, parts, count, writable);
    offer(&disk.queue[0], 0);
    kick(&disk, 0);
    CHECK(is_broken(&disk));
    CHECK(device_up(&disk, 0));
    CHECK(blk_works(&disk));
}

static void status_only(void)
{
    const struct part parts[] = {{&blk_status[0], 1}};
    unanswerable(parts, 1, 1);
}

static void header_only(void)
{
    const struct part parts[] = {{&blk_header[0], 16}};
    unanswerable(parts, 1, 0);
}

static void short_header(void)
{
    const struct part parts[] = {{&blk_header[0], 15}, {&blk_status[0], 1}};
    unanswerable(parts, 2, 1);
}

/* Data where a read has no room for it, or a write has none to give. */
static void wrong_direction(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    const struct part parts[] = {{&blk_header[0], 16}, {data, SECTOR}, {&blk_status[0], 1}};
    bool answered = false;
    blk_header[0].type = BLK_IN;
    blk_status[0] = BLK_NONE;
    chain(disk.queue[0].desc, parts, 3, 1); /* the data is the device's to read */
    offer(&disk.queue[0], 0);
    kick(&disk, 0);
    CHECK(settles(&disk, 0, &answered));
    blk_header[0].type = BLK_OUT;
    CHECK(device_up(&disk, 0));
    chain(disk.queue[0].desc, parts, 3, 2); /* and here to write */
    offer(&disk.queue[0], 0);
    kick(&disk, 0);
    CHECK(settles(&disk, 0, &answered));
    CHECK(device_up(&disk, 0));
    CHECK(blk_works(&disk));
}

static void odd_identifications(void)
{
    static const uint32_t sizes[] = {1, 19, 21, 4096};

    NEED(blk_up(&disk, 0, false), "writable disk");
    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        fill(data, 8192, 88);
        CHECK(blk_do(&disk, BLK_GET_ID, 0, data, sizes[i]) != BLK_NONE);
        CHECK_EQ(data[sizes[i]], (uint8_t)(88 + sizes[i] * 7u + (sizes[i] >> 8))); /* not beyond */
    }
    CHECK(blk_works(&disk));
}

/* Into its own rings: its own ruin, until it is reset. */
static void read_over_its_rings(void)
{
    bool answered = false;

    NEED(blk_up(&disk, 0, false), "writable disk");
    blk_put(&disk.queue[0], 0, 0, BLK_IN, 0, (volatile void *)disk.queue[0].desc, SECTOR);
    kick(&disk, 0);
    (void)settles(&disk, 0, &answered);
    CHECK(device_up(&disk, 0));
    CHECK(blk_works(&disk));
}

static const struct test_case cases[] = {
    {"blk.beyond-the-end", beyond_the_end},
    {"blk.not-whole-sectors", not_whole_sectors},
    {"blk.no-data", no_data},
    {"blk.write-to-read-only", write_to_read_only},
    {"blk.status-only", status_only},
    {"blk.header-only", header_only},
    {"blk.short-header", short_header},
    {"blk.wrong-direction", wrong_direction},
    {"blk.odd-identifications", odd_identifications},
    {"blk.read-over-its-rings", read_over_its_rings},
};
SUITE(suite_blk_bad, cases);
