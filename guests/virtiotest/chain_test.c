/*
 * Malformed chains and indices (2.7): each must end in DEVICE_NEEDS_RESET with a configuration
 * interrupt (2.1.2), and nothing else must happen; after a reset the device works.
 */
#include "guest/board.h"
#include "guest/cpu.h"
#include "target.h"
#include "test.h"

#define INTERRUPT_CONFIG 2u

static struct descriptor table[300] __attribute__((aligned(16)));

/* The device after the case has prepared its queue. */
static void malformed(const struct target *target, struct device *device)
{
    const struct queue *queue = &device->queue[target->queue];

    kick(device, target->queue);
    CHECK(is_broken(device));
    CHECK_EQ(reg_read(device, INTERRUPT_STATUS) & INTERRUPT_CONFIG, INTERRUPT_CONFIG);
    CHECK_EQ(queue->used->index, 0);
    kick(device, target->queue); /* dead, whatever it is told */
    CHECK_EQ(queue->used->index, 0);
    CHECK(target_recovers(target, device));
}

static uint16_t direction(const struct target *target)
{
    return target->writable ? WRITE : 0;
}

/* One descriptor, whatever it says. */
static void one(const struct target *target, struct device *device, uint64_t address, uint32_t size,
                uint16_t flags, uint16_t next)
{
    CHECK(device_up(device, F_INDIRECT));
    struct queue *queue = &device->queue[target->queue];
    describe(&queue->desc[0], 0, size, flags, next);
    queue->desc[0].address = address;
    offer(queue, 0);
    malformed(target, device);
}

static void loop(const struct target *target, struct device *device)
{
    uint16_t flags = (uint16_t)(NEXT | direction(target));

    CHECK(device_up(device, 0));
    struct queue *queue = &device->queue[target->queue];
    describe(&queue->desc[0], data, 16, flags, 1);
    describe(&queue->desc[1], data, 16, flags, 0);
    offer(queue, 0);
    malformed(target, device);
}

static void own_tail(const struct target *target, struct device *device)
{
    one(target, device, (uintptr_t)data, 16, (uint16_t)(NEXT | direction(target)), 0);
}

static void next_out_of_range(const struct target *target, struct device *device)
{
    one(target, device, (uintptr_t)data, 16, (uint16_t)(NEXT | direction(target)), QUEUE_SIZE);
    one(target, device, (uintptr_t)data, 16, (uint16_t)(NEXT | direction(target)), 0xffff);
}

static void head_out_of_range(const struct target *target, struct device *device)
{
    static const uint16_t heads[] = {QUEUE_SIZE, 0x100, 0xffff};

    for (unsigned int i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        CHECK(device_up(device, 0));
        offer(&device->queue[target->queue], heads[i]);
        malformed(target, device);
    }
}

static void index_jump(const struct target *target, struct device *device)
{
    static const uint16_t indices[] = {QUEUE_SIZE + 1, 0x100, 0x8000, 0xffff};

    for (unsigned int i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
        CHECK(device_up(device, 0));
        struct queue *queue = &device->queue[target->queue];
        for (uint16_t n = 0; n < QUEUE_SIZE; n++) {
            describe(&queue->desc[n], data, 16, direction(target), 0);
        }
        offer_index(queue, indices[i]);
        malformed(target, device);
    }
}

static void zero_length(const struct target *target, struct device *device)
{
    one(target, device, (uintptr_t)data, 0, direction(target), 0);
}

static void data_above_ram(const struct target *target, struct device *device)
{
    one(target, device, ram_end(), 16, direction(target), 0);
}

static void data_across_the_end(const struct target *target, struct device *device)
{
    one(target, device, ram_end() - 15u, 16, direction(target), 0);
}

static void data_below_ram(const struct target *target, struct device *device)
{
    one(target, device, RAM_BASE - 8u, 16, direction(target), 0);
}

static void data_in_devices(const struct target *target, struct device *device)
{
    one(target, device, UART_BASE, 16, direction(target), 0);
    one(target, device, GICD_BASE, 16, direction(target), 0);
    one(target, device, GICC_BASE, 16, direction(target), 0);
    one(target, device, VIRTIO_BASE, 16, direction(target), 0);
    one(target, device, 0, 16, direction(target), 0);
}

static void data_beyond_4_gib(const struct target *target, struct device *device)
{
    one(target, device, UINT64_C(0x100000000) + RAM_BASE, 16, direction(target), 0);
    one(target, device, UINT64_C(0xfffffffffffffff8), 16, direction(target), 0);
}

static void data_wraps(const struct target *target, struct device *device)
{
    one(target, device, (uintptr_t)data, 0xffffffff, direction(target), 0);
}

static void read_after_write(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    struct queue *queue = &device->queue[target->queue];
    describe(&queue->desc[0], data, 16, NEXT | WRITE, 1);
    describe(&queue->desc[1], data, 16, 0, 0);
    offer(queue, 0);
    malformed(target, device);
}

/* --- Indirect tables (2.7.5.3) ------------------------------------------------------------- */

static void indirect_sizes(const struct target *target, struct device *device)
{
    one(target, device, (uintptr_t)table, 0, INDIRECT, 0);
    one(target, device, (uintptr_t)table, 15, INDIRECT, 0);
    one(target, device, (uintptr_t)table, 24, INDIRECT, 0);
    one(target, device, (uintptr_t)table, 0xfffffff0, INDIRECT, 0);
}

static void indirect_place(const struct target *target, struct device *device)
{
    one(target, device, ram_end(), 16, INDIRECT, 0);
    one(target, device, ram_end() - 16u, 32, INDIRECT, 0);
    one(target, device, UINT64_C(0x100000000) + RAM_BASE, 16, INDIRECT, 0);
}

static void indirect_with_next(const struct target *target, struct device *device)
{
    describe(&table[0], data, 16, direction(target), 0);
    one(target, device, (uintptr_t)table, 16, INDIRECT | NEXT, 1);
}

static void indirect_nested(const struct target *target, struct device *device)
{
    describe(&table[0], &table[1], 16, INDIRECT, 0);
    describe(&table[1], data, 16, direction(target), 0);
    one(target, device, (uintptr_t)table, 16, INDIRECT, 0);
}

static void indirect_loop(const struct target *target, struct device *device)
{
    uint16_t flags = (uint16_t)(NEXT | direction(target));

    describe(&table[0], data, 16, flags, 1);
    describe(&table[1], data, 16, flags, 0);
    one(target, device, (uintptr_t)table, 32, INDIRECT, 0);
}

static void indirect_next_out_of_range(const struct target *target, struct device *device)
{
    describe(&table[0], data, 16, (uint16_t)(NEXT | direction(target)), 2);
    one(target, device, (uintptr_t)table, 32, INDIRECT, 0);
}

static void indirect_not_negotiated(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    struct queue *queue = &device->queue[target->queue];
    describe(&table[0], data, 16, direction(target), 0);
    describe(&queue->desc[0], table, 16, INDIRECT, 0);
    offer(queue, 0);
    malformed(target, device);
}

/* Longer than any queue of the device. */
static void indirect_too_long(const struct target *target, struct device *device)
{
    for (uint16_t i = 0; i < 300; i++) {
        describe(&table[i], data, 16, (uint16_t)(NEXT | direction(target)), (uint16_t)(i + 1));
    }
    table[299].flags = direction(target);
    one(target, device, (uintptr_t)table, sizeof(table), INDIRECT, 0);
}

/* More than 4 GiB in one chain (2.7.5.2), each part of it in RAM. */
static void too_many_bytes(const struct target *target, struct device *device)
{
    uint32_t part = (ram_end() - RAM_BASE) / 2u;
    uint64_t total = 0;
    uint16_t count = 0;

    for (; total < UINT64_C(0x100000000) && count < 256; total += part) {
        describe(&table[count], (void *)(uintptr_t)RAM_BASE, part,
                 (uint16_t)(NEXT | direction(target)), (uint16_t)(count + 1));
        count++;
    }
    if (total < UINT64_C(0x100000000)) {
        test_skip("too little RAM for 4 GiB in 256 parts");
        return;
    }
    table[count - 1].flags = direction(target);
    one(target, device, (uintptr_t)table, count * 16u, INDIRECT, 0);
}

/* A good one before the bad one is answered or not, but nothing after it is. */
static void good_then_bad(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    CHECK(target->works(device));
    struct queue *queue = &device->queue[target->queue];
    uint16_t before = queue->used->index;
    describe(&queue->desc[8], data, 16, (uint16_t)(NEXT | direction(target)), 8);
    offer(queue, 8);
    kick(device, target->queue);
    CHECK(is_broken(device));
    CHECK_EQ(queue->used->index, before);
    CHECK(target_recovers(target, device));
}

static const struct target_case cases[] = {
    {"chain.loop", loop, false},
    {"chain.own-tail", own_tail, false},
    {"chain.next-out-of-range", next_out_of_range, false},
    {"chain.head-out-of-range", head_out_of_range, false},
    {"chain.index-jump", index_jump, true},
    {"chain.zero-length", zero_length, true},
    {"chain.data-above-ram", data_above_ram, true},
    {"chain.data-across-the-end", data_across_the_end, true},
    {"chain.data-below-ram", data_below_ram, true},
    {"chain.data-in-devices", data_in_devices, true},
    {"chain.data-beyond-4-gib", data_beyond_4_gib, true},
    {"chain.data-wraps", data_wraps, true},
    {"chain.read-after-write", read_after_write, false},
    {"chain.indirect-sizes", indirect_sizes, true},
    {"chain.indirect-place", indirect_place, true},
    {"chain.indirect-with-next", indirect_with_next, true},
    {"chain.indirect-nested", indirect_nested, true},
    {"chain.indirect-loop", indirect_loop, false},
    {"chain.indirect-next-out-of-range", indirect_next_out_of_range, false},
    {"chain.indirect-not-negotiated", indirect_not_negotiated, true},
    {"chain.indirect-too-long", indirect_too_long, true},
    {"chain.too-many-bytes", too_many_bytes, true},
    {"chain.good-then-bad", good_then_bad, false},
};
TARGET_SUITE(suite_chain, cases);
