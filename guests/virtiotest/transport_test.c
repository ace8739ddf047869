/*
 * The MMIO transport: identity, handshake, features, registers of queues, widths (4.2, 3.1).
 */
#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/mmio.h"
#include "target.h"
#include "test.h"

static void identity(const struct target *target, struct device *device)
{
    CHECK_EQ(reg_read(device, MAGIC_VALUE), 0x74726976);
    CHECK_EQ(reg_read(device, VERSION), 2);
    CHECK_EQ(reg_read(device, DEVICE_ID), target->id);
    CHECK(reg_read(device, VENDOR_ID) != 0);
    reg_write(device, MAGIC_VALUE, 0);
    reg_write(device, DEVICE_ID, 77);
    CHECK_EQ(reg_read(device, MAGIC_VALUE), 0x74726976);
    CHECK_EQ(reg_read(device, DEVICE_ID), target->id);
}

static void works(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    CHECK(target->works(device));
    CHECK(device_up(device, F_INDIRECT | F_EVENT_IDX));
    CHECK(target->works(device));
}

static void features(const struct target *target, struct device *device)
{
    (void)target;
    CHECK(device_reset(device));
    CHECK((features_offered(device) & F_VERSION_1) != 0);
    CHECK((features_offered(device) & F_INDIRECT) != 0);
    CHECK((features_offered(device) & F_EVENT_IDX) != 0);
}

static void features_beyond(const struct target *target, struct device *device)
{
    (void)target;
    reg_write(device, DEVICE_FEATURES_SEL, 2);
    CHECK_EQ(reg_read(device, DEVICE_FEATURES), 0);
    reg_write(device, DEVICE_FEATURES_SEL, 0xffffffff);
    CHECK_EQ(reg_read(device, DEVICE_FEATURES), 0);
}

/* A choice that the device cannot serve: FEATURES_OK does not stay (2.2.2, 3.1.1). */
static void refuses(const struct target *target, struct device *device, uint64_t choice)
{
    CHECK(device_reset(device));
    reg_write(device, STATUS, ACKNOWLEDGE | DRIVER);
    reg_write(device, DRIVER_FEATURES_SEL, 0);
    reg_write(device, DRIVER_FEATURES, (uint32_t)choice);
    reg_write(device, DRIVER_FEATURES_SEL, 1);
    reg_write(device, DRIVER_FEATURES, (uint32_t)(choice >> 32));
    reg_write(device, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    CHECK_EQ(reg_read(device, STATUS), ACKNOWLEDGE | DRIVER);
    CHECK(target_recovers(target, device));
}

static void feature_not_offered(const struct target *target, struct device *device)
{
    refuses(target, device, F_VERSION_1 | UINT64_C(1) << 27);
}

static void without_version_1(const struct target *target, struct device *device)
{
    refuses(target, device, 0);
}

static void features_late(const struct target *target, struct device *device)
{
    CHECK(device_begin(device, 0));
    reg_write(device, DRIVER_FEATURES_SEL, 0);
    reg_write(device, DRIVER_FEATURES, 0xffffffff); /* 2.2.1: too late */
    for (unsigned int n = 0; n < device->queues; n++) {
        device_queue(device, n, QUEUE_SIZE);
    }
    device_ok(device);
    CHECK(target->works(device));
}

/* DRIVER_OK without FEATURES_OK: the device does nothing (3.1.1). */
static void order(const struct target *target, struct device *device)
{
    CHECK(device_reset(device));
    for (unsigned int n = 0; n < device->queues; n++) {
        device_queue(device, n, QUEUE_SIZE);
    }
    reg_write(device, STATUS, DRIVER_OK);
    CHECK_EQ(reg_read(device, STATUS) & DRIVER_OK, 0);
    struct queue *queue = &device->queue[target->queue];
    describe(&queue->desc[0], data, 64, target->writable ? WRITE : 0, 0);
    offer(queue, 0);
    kick(device, target->queue);
    CHECK_EQ(queue->used->index, 0);
    CHECK(target_recovers(target, device));
}

static void status_bits_stay(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    reg_write(device, STATUS, ACKNOWLEDGE); /* 2.1.1: a driver must not clear bits */
    CHECK_EQ(reg_read(device, STATUS), ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    CHECK(target->works(device));
}

static void failed(const struct target *target, struct device *device)
{
    CHECK(device_begin(device, 0));
    reg_write(device, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | FAILED);
    CHECK((reg_read(device, STATUS) & FAILED) != 0);
    CHECK(target_recovers(target, device));
}

static void reset_clears(const struct target *target, struct device *device)
{
    (void)target;
    CHECK(device_up(device, 0));
    CHECK(device_reset(device));
    CHECK_EQ(reg_read(device, STATUS), 0);
    CHECK_EQ(reg_read(device, INTERRUPT_STATUS), 0);
    for (unsigned int n = 0; n < device->queues; n++) {
        reg_write(device, QUEUE_SEL, n);
        CHECK_EQ(reg_read(device, QUEUE_READY), 0);
    }
    CHECK(!is_pending(device));
}

static void many_resets(const struct target *target, struct device *device)
{
    for (unsigned int i = 0; i < 200; i++) {
        CHECK(device_reset(device));
    }
    CHECK(target_recovers(target, device));
}

static void no_such_queue(const struct target *target, struct device *device)
{
    static const uint32_t numbers[] = {64, 1000, 0x80000000, 0xffffffff};

    CHECK(device_up(device, 0));
    for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        queue_place(device, numbers[i], 16, (uintptr_t)data, (uintptr_t)data, (uintptr_t)data);
        CHECK_EQ(reg_read(device, QUEUE_NUM_MAX), 0);
        reg_write(device, QUEUE_READY, 1);
        CHECK_EQ(reg_read(device, QUEUE_READY), 0);
        reg_write(device, QUEUE_NOTIFY, numbers[i]);
    }
    CHECK(target->works(device));
}

static void kick_too_early(const struct target *target, struct device *device)
{
    CHECK(device_reset(device));
    kick(device, target->queue);
    CHECK(device_begin(device, 0));
    kick(device, target->queue);
    device_ok(device); /* without any queue */
    kick(device, target->queue);
    CHECK(target_recovers(target, device));
}

/* Registers are words (4.2.2.2): other widths change nothing and break nothing. */
static void widths(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    mmio_write8(device->base + STATUS, 0);
    mmio_write16(device->base + STATUS, 0);
    (void)mmio_read8(device->base + MAGIC_VALUE + 1);
    (void)mmio_read16(device->base + QUEUE_NUM_MAX + 2);
    CHECK((reg_read(device, STATUS) & DRIVER_OK) != 0);
    CHECK(target->works(device));
}

static void config_bounds(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    for (uint32_t at = 0; at < SLOT_STRIDE - CONFIG; at++) {
        (void)mmio_read8(device->base + CONFIG + at);
    }
    for (uint32_t at = 64; at < SLOT_STRIDE - CONFIG; at += 4) {
        mmio_write32(device->base + CONFIG + at, 0xffffffff);
    }
    CHECK_EQ(reg_read(device, CONFIG_GENERATION), reg_read(device, CONFIG_GENERATION));
    CHECK(target->works(device));
}

static void reserved_registers(const struct target *target, struct device *device)
{
    CHECK(device_up(device, 0));
    for (uint32_t reg = 0x0c0; reg < CONFIG_GENERATION; reg += 4) {
        (void)reg_read(device, reg);
        reg_write(device, reg, 0); /* some are of later features (queue reset, shared memory) */
    }
    CHECK(target->works(device));
}

static const struct target_case cases[] = {
    {"transport.identity", identity, false},
    {"transport.works", works, false},
    {"transport.features", features, false},
    {"transport.features-beyond", features_beyond, true},
    {"transport.feature-not-offered", feature_not_offered, true},
    {"transport.without-version-1", without_version_1, true},
    {"transport.features-late", features_late, false},
    {"transport.order", order, true},
    {"transport.status-bits-stay", status_bits_stay, true},
    {"transport.failed", failed, false},
    {"transport.reset-clears", reset_clears, false},
    {"transport.many-resets", many_resets, false},
    {"transport.no-such-queue", no_such_queue, true},
    {"transport.kick-too-early", kick_too_early, false},
    {"transport.widths", widths, false},
    {"transport.config-bounds", config_bounds, false},
    {"transport.reserved-registers", reserved_registers, false},
};
TARGET_SUITE(suite_transport, cases);
