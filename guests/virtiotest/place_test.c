/*
 * Queues whose size or place is wrong (2.7, 4.2.2): refused when made ready or, at the latest, when
 * used; and those at the limit, which must work.
 */
#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/gic.h"
#include "target.h"
#include "test.h"

/* Every queue is well but the one under test, which is where the case says. */
static bool begin(const struct target *target, struct device *device)
{
    if (!device_begin(device, 0)) {
        return false;
    }
    for (unsigned int n = 0; n < device->queues; n++) {
        if (n != target->queue) {
            device_queue(device, n, QUEUE_SIZE);
        }
    }
    queue_memory(&device->queue[target->queue], target->queue, QUEUE_SIZE);
    return true;
}

static void offer_something(const struct target *target, struct queue *queue)
{
    describe(&queue->desc[0], data, 64, target->writable ? WRITE : 0, 0);
    offer(queue, 0);
}

static void place(const struct target *target, struct device *device, uint32_t size, uint64_t desc,
                  uint64_t driver, uint64_t device_area)
{
    CHECK(begin(target, device));
    offer_something(target, &device->queue[target->queue]);
    queue_place(device, target->queue, size, desc, driver, device_area);
    reg_write(device, QUEUE_READY, 1);
    device_ok(device);
    kick(device, target->queue);
    CHECK(is_broken(device));
    CHECK(target_recovers(target, device));
}

/* The three rings, each at a wrong place in turn. */
static void each_ring_at(const struct target *target, struct device *device, uint64_t address)
{
    struct queue q;

    queue_memory(&q, target->queue, QUEUE_SIZE);
    for (unsigned int ring = 0; ring < 3; ring++) {
        place(target, device, QUEUE_SIZE, ring == 0 ? address : (uintptr_t)q.desc,
              ring == 1 ? address : (uintptr_t)q.avail, ring == 2 ? address : (uintptr_t)q.used);
    }
}

static void above_ram(const struct target *target, struct device *device)
{
    each_ring_at(target, device, ram_end());
}

static void across_the_end(const struct target *target, struct device *device)
{
    each_ring_at(target, device, ram_end() - 16u);
}

static void below_ram(const struct target *target, struct device *device)
{
    each_ring_at(target, device, RAM_BASE - 0x1000u);
}

static void in_a_device(const struct target *target, struct device *device)
{
    each_ring_at(target, device, UART_BASE);
}

static void in_the_gic(const struct target *target, struct device *device)
{
    each_ring_at(target, device, GICD_BASE);
}

static void at_zero(const struct target *target, struct device *device)
{
    each_ring_at(target, device, 0);
}

static void beyond_4_gib(const struct target *target, struct device *device)
{
    each_ring_at(target, device, UINT64_C(0x100000000) + RAM_BASE);
    each_ring_at(target, device, UINT64_C(0xfffffffffffffff0));
}

static void unaligned(const struct target *target, struct device *device)
{
    struct queue q;

    queue_memory(&q, target->queue, QUEUE_SIZE);
    place(target, device, QUEUE_SIZE, (uintptr_t)q.desc + 8u, (uintptr_t)q.avail,
          (uintptr_t)q.used);
    place(target, device, QUEUE_SIZE, (uintptr_t)q.desc, (uintptr_t)q.avail + 1u,
          (uintptr_t)q.used);
    place(target, device, QUEUE_SIZE, (uintptr_t)q.desc, (uintptr_t)q.avail,
          (uintptr_t)q.used + 2u);
}

static void sizes(const struct target *target, struct device *device)
{
    static const uint32_t bad[] = {0, 3, 6, 12, 0x200, 0x10000, 0x80000000, 0xffffffff};
    struct queue q;

    queue_memory(&q, target->queue, QUEUE_SIZE);
    for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        place(target, device, bad[i], (uintptr_t)q.desc, (uintptr_t)q.avail, (uintptr_t)q.used);
    }
}

static void good_sizes(const struct target *target, struct device *device)
{
    for (uint16_t size = 4; size <= QUEUE_SIZE_MAX; size = (uint16_t)(size * 2)) {
        CHECK(device_begin(device, 0));
        for (unsigned int n = 0; n < device->queues; n++) {
            device_queue(device, n, size);
        }
        device_ok(device);
        CHECK(target->works(device));
    }
}

/* All rings in the last bytes of RAM. */
static void at_the_end(const struct target *target, struct device *device)
{
    struct queue *queue = &device->queue[target->queue];
    uint32_t at = ram_end() - 1024u;

    CHECK(begin(target, device));
    for (uint32_t i = 0; i < 1024; i += 4) {
        *(volatile uint32_t *)(uintptr_t)(at + i) = 0;
    }
    queue->desc = (volatile struct descriptor *)(uintptr_t)at;
    queue->avail = (volatile struct avail_ring *)(uintptr_t)(at + QUEUE_SIZE * 16u);
    queue->used = (volatile struct used_ring *)(uintptr_t)(ram_end() - 6u - QUEUE_SIZE * 8u - 2u);
    dsb();
    queue_place(device, target->queue, QUEUE_SIZE, (uintptr_t)queue->desc, (uintptr_t)queue->avail,
                (uintptr_t)queue->used);
    reg_write(device, QUEUE_READY, 1);
    CHECK_EQ(reg_read(device, QUEUE_READY), 1);
    device_ok(device);
    CHECK(target->works(device));
}

/* A queue in use keeps its place and size (4.2.2.2), and a second QueueReady changes nothing. */
static void ready_twice(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    CHECK(target->works(device));
    reg_write(device, QUEUE_SEL, target->queue);
    reg_write(device, QUEUE_READY, 1);
    CHECK_EQ(reg_read(device, QUEUE_READY), 1);
    CHECK_EQ(reg_read(device, STATUS) & NEEDS_RESET, 0);
    CHECK(target->works(device));
}

static void moved_while_ready(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    queue_place(device, target->queue, 1, 0, 0, 0);
    CHECK(target->works(device));
}

static void rings_overlap(const struct target *target, struct device *device)
{
    bool answered = false;

    CHECK(begin(target, device));
    offer_something(target, &device->queue[target->queue]);
    queue_place(device, target->queue, QUEUE_SIZE, (uintptr_t)data, (uintptr_t)data,
                (uintptr_t)data);
    reg_write(device, QUEUE_READY, 1);
    device_ok(device);
    kick(device, target->queue);
    (void)settles(device, target->queue, &answered); /* whatever it makes of it */
    CHECK(target_recovers(target, device));
}

static const struct target_case cases[] = {
    {"place.above-ram", above_ram, true},
    {"place.across-the-end", across_the_end, true},
    {"place.below-ram", below_ram, true},
    {"place.in-a-device", in_a_device, true},
    {"place.in-the-gic", in_the_gic, true},
    {"place.at-zero", at_zero, true},
    {"place.beyond-4-gib", beyond_4_gib, true},
    {"place.unaligned", unaligned, true},
    {"place.bad-sizes", sizes, true},
    {"place.good-sizes", good_sizes, false},
    {"place.at-the-end-of-ram", at_the_end, false},
    {"place.ready-twice", ready_twice, false},
    {"place.moved-while-ready", moved_while_ready, true},
    {"place.rings-overlap", rings_overlap, false},
};
TARGET_SUITE(suite_place, cases);
