/*
 * A virtio device over MMIO from the driver's side (virtio 1.2, 3.1 and 4.2), with every step open
 * to be done wrongly. Waiting is bounded: a device that does not answer fails a case, no more.
 */
#ifndef VIRTIOTEST_DEVICE_H
#define VIRTIOTEST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"

#define MAGIC_VALUE 0x000u
#define VERSION 0x004u
#define DEVICE_ID 0x008u
#define VENDOR_ID 0x00cu
#define DEVICE_FEATURES 0x010u
#define DEVICE_FEATURES_SEL 0x014u
#define DRIVER_FEATURES 0x020u
#define DRIVER_FEATURES_SEL 0x024u
#define QUEUE_SEL 0x030u
#define QUEUE_NUM_MAX 0x034u
#define QUEUE_NUM 0x038u
#define QUEUE_READY 0x044u
#define QUEUE_NOTIFY 0x050u
#define INTERRUPT_STATUS 0x060u
#define INTERRUPT_ACK 0x064u
#define STATUS 0x070u
#define QUEUE_DESC 0x080u
#define QUEUE_DRIVER 0x090u
#define QUEUE_DEVICE 0x0a0u
#define CONFIG_GENERATION 0x0fcu
#define CONFIG 0x100u

#define ACKNOWLEDGE 1u
#define DRIVER 2u
#define DRIVER_OK 4u
#define FEATURES_OK 8u
#define NEEDS_RESET 64u
#define FAILED 128u

#define ID_NET 1u
#define ID_BLOCK 2u
#define ID_CONSOLE 3u
#define ID_RNG 4u
#define ID_VSOCK 19u

#define F_INDIRECT (UINT64_C(1) << 28)
#define F_EVENT_IDX (UINT64_C(1) << 29)
#define F_VERSION_1 (UINT64_C(1) << 32)

#define SLOTS 32u
#define SLOT_STRIDE 0x200u
#define QUEUES 3u

#define WAIT_US 5000000u

struct device {
    uintptr_t base; /* 0: not there */
    unsigned int intid;
    unsigned int queues; /* that device_up() sets up */
    uint64_t features;   /* accepted */
    struct queue queue[QUEUES];
};

uint32_t reg_read(const struct device *device, uint32_t reg);
void reg_write(const struct device *device, uint32_t reg, uint32_t value);
uint64_t config64(const struct device *device, uint32_t offset);
uint64_t features_offered(const struct device *device);

/* The n-th device of a kind, with `queues` queues. False: there is none. */
bool device_find(struct device *device, uint32_t id, unsigned int n, unsigned int queues);

/* Writes 0 to Status and waits until it reads 0 (2.1.2). */
bool device_reset(struct device *device);

/* Reset, ACKNOWLEDGE, DRIVER, features (VERSION_1 and what of `want` is offered), FEATURES_OK. */
bool device_begin(struct device *device, uint64_t want);

/* Makes queue n ready with empty rings in this guest's own memory. */
void device_queue(struct device *device, unsigned int n, uint16_t size);

/* Tells the device where queue n is, without making it ready. */
void queue_place(const struct device *device, unsigned int n, uint32_t size, uint64_t desc,
                 uint64_t driver, uint64_t device_area);

void device_ok(const struct device *device);

/* All of that, with queues of QUEUE_SIZE. */
bool device_up(struct device *device, uint64_t want);

void kick(const struct device *device, unsigned int n);

/* Waits until the device has set NEEDS_RESET. */
bool is_broken(const struct device *device);

/* Waits until the used ring of queue n has gone on by `count` since the last call. */
bool used(struct device *device, unsigned int n, uint16_t count);

/* Waits for either: a used buffer (true in *answered) or NEEDS_RESET. */
bool settles(struct device *device, unsigned int n, bool *answered);

/* The device's interrupt at the distributor. */
bool is_pending(const struct device *device);
void ack(const struct device *device);

/* From the device tree. */
uint32_t ram_end(void);

#endif
