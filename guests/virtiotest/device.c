#include "device.h"

#include <stddef.h>

#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/fdt.h"
#include "guest/gic.h"
#include "guest/mmio.h"
#include "guest/start.h"
#include "guest/timer.h"

#define VIRTIO_MAGIC 0x74726976u
#define FIRST_INTID 48u

uint32_t reg_read(const struct device *device, uint32_t reg)
{
    return mmio_read32(device->base + reg);
}

void reg_write(const struct device *device, uint32_t reg, uint32_t value)
{
    mmio_write32(device->base + reg, value);
}

uint64_t config64(const struct device *device, uint32_t offset)
{
    return reg_read(device, CONFIG + offset) | (uint64_t)reg_read(device, CONFIG + offset + 4)
                                                   << 32;
}

uint64_t features_offered(const struct device *device)
{
    reg_write(device, DEVICE_FEATURES_SEL, 0);
    uint64_t low = reg_read(device, DEVICE_FEATURES);
    reg_write(device, DEVICE_FEATURES_SEL, 1);
    return low | (uint64_t)reg_read(device, DEVICE_FEATURES) << 32;
}

bool device_find(struct device *device, uint32_t id, unsigned int n, unsigned int queues)
{
    for (unsigned int slot = 0; slot < SLOTS; slot++) {
        device->base = VIRTIO_BASE + slot * SLOT_STRIDE;
        if (reg_read(device, MAGIC_VALUE) == VIRTIO_MAGIC && reg_read(device, DEVICE_ID) == id &&
            n-- == 0) {
            device->intid = FIRST_INTID + slot;
            device->queues = queues;
            return true;
        }
    }
    device->base = 0;
    return false;
}

/* Polls `done` for WAIT_US. */
static bool wait(bool (*done)(const struct device *), const struct device *device)
{
    uint64_t end = cntvct() + ticks_us(WAIT_US);

    while (!done(device)) {
        if (cntvct() >= end) {
            return done(device);
        }
    }
    return true;
}

static bool is_reset(const struct device *device)
{
    return reg_read(device, STATUS) == 0;
}

bool device_reset(struct device *device)
{
    reg_write(device, STATUS, 0);
    return wait(is_reset, device);
}

bool device_begin(struct device *device, uint64_t want)
{
    if (!device_reset(device)) {
        return false;
    }
    reg_write(device, STATUS, ACKNOWLEDGE);
    reg_write(device, STATUS, ACKNOWLEDGE | DRIVER);
    device->features = (features_offered(device) & want) | F_VERSION_1;
    reg_write(device, DRIVER_FEATURES_SEL, 0);
    reg_write(device, DRIVER_FEATURES, (uint32_t)device->features);
    reg_write(device, DRIVER_FEATURES_SEL, 1);
    reg_write(device, DRIVER_FEATURES, (uint32_t)(device->features >> 32));
    reg_write(device, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return (reg_read(device, STATUS) & FEATURES_OK) != 0;
}

static void write64(const struct device *device, uint32_t reg, uint64_t value)
{
    reg_write(device, reg, (uint32_t)value);
    reg_write(device, reg + 4, (uint32_t)(value >> 32));
}

void queue_place(const struct device *device, unsigned int n, uint32_t size, uint64_t desc,
                 uint64_t driver, uint64_t device_area)
{
    reg_write(device, QUEUE_SEL, n);
    reg_write(device, QUEUE_NUM, size);
    write64(device, QUEUE_DESC, desc);
    write64(device, QUEUE_DRIVER, driver);
    write64(device, QUEUE_DEVICE, device_area);
}

/* Two devices at once, of three queues each, have memory of their own. */
static unsigned int memory_of(const struct device *device, unsigned int n)
{
    return n + (device->intid % 2 != 0 ? QUEUES : 0);
}

void device_queue(struct device *device, unsigned int n, uint16_t size)
{
    struct queue *queue = &device->queue[n];

    queue_memory(queue, memory_of(device, n), size);
    queue_place(device, n, size, (uintptr_t)queue->desc, (uintptr_t)queue->avail,
                (uintptr_t)queue->used);
    dsb();
    reg_write(device, QUEUE_READY, 1);
}

void device_ok(const struct device *device)
{
    reg_write(device, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

bool device_up(struct device *device, uint64_t want)
{
    if (device->base == 0 || !device_begin(device, want)) {
        return false;
    }
    for (unsigned int n = 0; n < device->queues; n++) {
        device_queue(device, n, QUEUE_SIZE);
    }
    device_ok(device);
    return reg_read(device, STATUS) == (ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

void kick(const struct device *device, unsigned int n)
{
    dsb();
    reg_write(device, QUEUE_NOTIFY, n);
}

static bool needs_reset(const struct device *device)
{
    return (reg_read(device, STATUS) & NEEDS_RESET) != 0;
}

bool is_broken(const struct device *device)
{
    return wait(needs_reset, device);
}

bool used(struct device *device, unsigned int n, uint16_t count)
{
    struct queue *queue = &device->queue[n];
    uint64_t end = cntvct() + ticks_us(WAIT_US);

    while ((uint16_t)(queue->used->index - queue->returned) < count) {
        if (cntvct() >= end) {
            return false;
        }
    }
    dsb();
    queue->returned = (uint16_t)(queue->returned + count);
    return true;
}

bool settles(struct device *device, unsigned int n, bool *answered)
{
    struct queue *queue = &device->queue[n];
    uint64_t end = cntvct() + ticks_us(WAIT_US);

    do {
        *answered = queue->used->index != queue->returned;
        if (*answered || needs_reset(device)) {
            return true;
        }
    } while (cntvct() < end);
    return false;
}

bool is_pending(const struct device *device)
{
    return gicd_bit(GICD_ISPENDR, device->intid) != 0;
}

void ack(const struct device *device)
{
    reg_write(device, INTERRUPT_ACK, reg_read(device, INTERRUPT_STATUS));
}

uint32_t ram_end(void)
{
    uint32_t base;
    uint32_t size;

    return boot_fdt() != NULL && fdt_memory(boot_fdt(), &base, &size) ? base + size : 0;
}
