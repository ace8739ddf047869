/*
 * Interrupts: when they come, when they are suppressed (2.7.7), what the event index asks for
 * (2.7.8, 2.7.10), and indices that wrap.
 */
#include "blk.h"
#include "guest/cpu.h"
#include "guest/timer.h"
#include "target.h"
#include "test.h"

#define INTERRUPT_USED 1u
#define SETTLE_US 20000u /* for an interrupt that must not come */

static struct device disk;

static volatile uint16_t *used_event(struct queue *queue)
{
    return &queue->avail->entry[queue->size];
}

static uint16_t avail_event(const struct queue *queue)
{
    const volatile uint16_t *after = (const volatile uint16_t *)&queue->used->entry[queue->size];

    return *after;
}

/* A request that needs no disk access, and its answer. */
static bool ask(void)
{
    return blk_do(&disk, BLK_GET_ID, 0, data, 20) == BLK_OK;
}

static bool interrupted(void)
{
    uint64_t end = cntvct() + ticks_us(SETTLE_US);

    while (reg_read(&disk, INTERRUPT_STATUS) == 0 && cntvct() < end) {
    }
    return (reg_read(&disk, INTERRUPT_STATUS) & INTERRUPT_USED) != 0;
}

static void comes_and_goes(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    CHECK(ask());
    CHECK(interrupted());
    CHECK(is_pending(&disk));
    reg_write(&disk, INTERRUPT_ACK, 2); /* another cause: this one stays */
    CHECK(is_pending(&disk));
    reg_write(&disk, INTERRUPT_ACK, INTERRUPT_USED);
    CHECK_EQ(reg_read(&disk, INTERRUPT_STATUS), 0);
    CHECK(!is_pending(&disk));
}

static void reset_withdraws(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    CHECK(ask());
    CHECK(interrupted());
    CHECK(device_reset(&disk));
    CHECK(!is_pending(&disk));
}

static void suppressed_by_flag(void)
{
    NEED(blk_up(&disk, 0, false), "writable disk");
    disk.queue[0].avail->flags = NO_INTERRUPT;
    CHECK(ask());
    CHECK(!interrupted());
    disk.queue[0].avail->flags = 0;
    CHECK(ask());
    CHECK(interrupted());
}

/* With EVENT_IDX the flag counts for nothing and used_event decides. */
static void event_index(void)
{
    NEED(blk_up(&disk, F_EVENT_IDX, false), "writable disk");
    CHECK(ask()); /* used_event is 0 */
    CHECK(interrupted());
    ack(&disk);
    *used_event(&disk.queue[0]) = 3;
    disk.queue[0].avail->flags = 0;
    CHECK(ask());
    CHECK(ask());
    CHECK(!interrupted());
    CHECK(ask());
    CHECK(interrupted());
    ack(&disk);
    CHECK(ask()); /* past it */
    CHECK(!interrupted());
}

static void event_index_in_a_batch(void)
{
    NEED(blk_up(&disk, F_EVENT_IDX, false), "writable disk");
    *used_event(&disk.queue[0]) = 2;
    for (uint16_t n = 0; n < 5; n++) {
        blk_put(&disk.queue[0], n, (uint16_t)(3 * n), BLK_GET_ID, 0, data + 32 * n, 20);
    }
    kick(&disk, 0);
    CHECK(used(&disk, 0, 5));
    CHECK(interrupted()); /* 2 lies between 0 and 5 */
}

/* After it has taken everything the device asks to be told of the next one. */
static void avail_event_follows(void)
{
    NEED(blk_up(&disk, F_EVENT_IDX, false), "writable disk");
    for (uint16_t n = 1; n < 6; n++) {
        CHECK(ask());
        uint64_t end = cntvct() + ticks_us(SETTLE_US);
        while (avail_event(&disk.queue[0]) != n && cntvct() < end) {
        }
        CHECK_EQ(avail_event(&disk.queue[0]), n);
    }
}

/* Every index goes round, with a queue full of requests each time. */
static void wrap(uint64_t want)
{
    NEED(device_find(&disk, ID_BLOCK, 0, 1), "disk");
    CHECK(device_begin(&disk, want));
    device_queue(&disk, 0, QUEUE_SIZE_MAX);
    device_ok(&disk);
    struct queue *queue = &disk.queue[0];
    const uint16_t batch = QUEUE_SIZE_MAX / 3;
    uint32_t total = 0;
    for (uint16_t n = 0; n < batch; n++) {
        blk_put(queue, n, (uint16_t)(3 * n), BLK_GET_ID, 0, data + 32 * n, 20);
    }
    for (;;) {
        *used_event(queue) = (uint16_t)(total + batch - 1);
        kick(&disk, 0);
        CHECK(used(&disk, 0, batch));
        total += batch;
        CHECK_EQ(queue->used->index, (uint16_t)total);
        CHECK((reg_read(&disk, INTERRUPT_STATUS) & INTERRUPT_USED) != 0);
        ack(&disk);
        if (total > 0x10000 + 2u * batch) {
            break;
        }
        for (uint16_t n = 0; n < batch; n++) {
            offer(queue, (uint16_t)(3 * n));
        }
    }
    for (uint16_t n = 0; n < batch; n++) {
        CHECK_EQ(blk_status[n], BLK_OK);
    }
}

static void index_wraps(void)
{
    wrap(0);
}

static void index_wraps_with_events(void)
{
    wrap(F_EVENT_IDX);
}

static const struct test_case cases[] = {
    {"event.comes-and-goes", comes_and_goes},
    {"event.reset-withdraws", reset_withdraws},
    {"event.suppressed-by-flag", suppressed_by_flag},
    {"event.index", event_index},
    {"event.index-in-a-batch", event_index_in_a_batch},
    {"event.avail-event", avail_event_follows},
    {"event.index-wraps", index_wraps},
    {"event.index-wraps-with-events", index_wraps_with_events},
};
SUITE(suite_event, cases);
