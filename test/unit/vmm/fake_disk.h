/*
 * A block device between a guest's driver and a disk whose completions the test makes. Included by
 * one file a program: it holds the objects.
 */
#ifndef FAKE_DISK_H
#define FAKE_DISK_H

#include "fake_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/virtio_blk.h>

#define F_SEG_MAX 0x004u
#define F_RO 0x020u
#define F_BLK_SIZE 0x040u
#define F_FLUSH 0x200u
#define SECTORS 100u

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8 };
enum { OK = 0, IOERR = 1, UNSUPP = 2, UNTOUCHED = 0xee };

#define HEADER DRIVER_DATA
#define STATUS (DRIVER_DATA + 0x20u)
#define DATA (DRIVER_DATA + 0x1000u)

static struct virtio_blk blk;
static struct virtio_blk_disk disk;

static struct {
    struct l4_disk_request request[64];
    uint32_t count; /* submitted */
    uint32_t kicks;
    bool at_once; /* everything completes during the kick */
    uint32_t completed;
} server;

static void submit(void *context, const struct l4_disk_request *request)
{
    (void)context;
    assert_true(server.count < 64);
    server.request[server.count++] = *request;
}

static void kick(void *context)
{
    (void)context;
    server.kicks++;
    while (server.at_once && server.completed < server.count) {
        assert_true(virtio_blk_completed(&blk, server.request[server.completed++].id, L4_OK));
    }
}

static void init(uint32_t flags)
{
    const struct virtio_blk_port port = {NULL, submit, kick};
    memset(&blk, 0, sizeof(blk));
    memset(&server, 0, sizeof(server));
    disk = (struct virtio_blk_disk){.sectors = SECTORS, .flags = flags, .label = "data-of-phone0"};
    virtio_blk_init(&blk, &disk, &port);
    driver_init(&blk.virtio);
    driver_start(F_FLUSH);
}

static int setup(void **state)
{
    (void)state;
    init(0);
    return 0;
}

static void header_at(uint32_t at, uint32_t type, uint64_t sector)
{
    const uint32_t words[4] = {type, 0, (uint32_t)sector, (uint32_t)(sector >> 32)};
    memcpy(driver_ram + at, words, sizeof(words));
}

/* A request with up to 12 parts of data. */
static uint16_t ask(uint32_t type, uint64_t sector, const struct part *data, uint32_t count)
{
    struct part part[14] = {{HEADER, 16, false}};
    header_at(HEADER, type, sector);
    driver_ram[STATUS] = UNTOUCHED;
    for (uint32_t i = 0; i < count; i++) {
        part[1 + i] = data[i];
    }
    part[1 + count] = (struct part){STATUS, 1, true};
    uint16_t head = driver_put(0, part, count + 2);
    driver_kick(0);
    return head;
}

static void complete(uint32_t n, l4_status_t status)
{
    assert_true(virtio_blk_completed(&blk, server.request[n].id, status));
    virtio_blk_go_on(&blk);
}

/* The guest has this answer and no other. */
static void assert_answer(uint16_t head, uint8_t status, uint32_t written)
{
    uint32_t size = 0;
    assert_int_equal(driver_take(0, &size), head);
    assert_int_equal(driver_ram[STATUS], status);
    assert_int_equal(size, written);
    assert_true(driver.level);
    assert_int_equal(driver_take(0, &size), DRIVER_NONE);
}

static void assert_unanswered(void)
{
    uint32_t size;
    assert_int_equal(driver_take(0, &size), DRIVER_NONE);
    assert_int_equal(driver_ram[STATUS], UNTOUCHED);
    assert_false(driver.level);
}

static const struct part read_1k = {DATA, 1024, true};
static const struct part write_1k = {DATA, 1024, false};

#endif
