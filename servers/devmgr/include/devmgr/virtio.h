/*
 * A virtio 1.x device over MMIO, from the driver's side (virtio 1.1, 4.2): finding, resetting,
 * feature negotiation, queues, notifications.
 *
 * All waits are bounded. A device that does not do as the specification says is marked failed and
 * reset; its driver answers with errors from then on. Pure but for virtio_read() and
 * virtio_write(), which tests supply themselves.
 */
#ifndef DEVMGR_VIRTIO_H
#define DEVMGR_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include <devmgr/virtqueue.h>
#include <l4/abi/status.h>

/* Device types (virtio 1.1, 5). */
enum virtio_type {
    VIRTIO_TYPE_NONE = 0,
    VIRTIO_TYPE_NETWORK = 1,
    VIRTIO_TYPE_BLOCK = 2,
    VIRTIO_TYPE_CONSOLE = 3,
    VIRTIO_TYPE_ENTROPY = 4,
};

#define VIRTIO_F_EVENT_INDEX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)
#define VIRTIO_MMIO_SIZE 0x200u
#define VIRTIO_CONFIG 0x100u /* offset of the device's own configuration */

struct virtio {
    uintptr_t base;    /* of the registers */
    uint64_t features; /* negotiated */
    bool failed;
    bool loose; /* it did not let itself be reset: it may still reach memory */
};

/* --- Registers: virtio_regs.c, or a test's model of a device ------------------------------------
 */

uint32_t virtio_read(const struct virtio *dev, uint32_t offset);
uint8_t virtio_read8(const struct virtio *dev, uint32_t offset);
void virtio_write(const struct virtio *dev, uint32_t offset, uint32_t value);

/* --- The transport ------------------------------------------------------------------------------
 */

/* The device's type. Errors: NOT_FOUND (an empty slot, or no virtio transport at all), VERSION
 * (legacy). */
L4_MUST_CHECK l4_status_t virtio_probe(const struct virtio *dev, uint32_t *type);

/* Afterwards the device touches no memory and raises no interrupt. Errors: IO (it does not end). */
L4_MUST_CHECK l4_status_t virtio_reset(struct virtio *dev);

/* Resets and negotiates: VERSION_1 and `required`, EVENT_INDEX and `wanted` where offered. Errors:
 * NOT_SUPPORTED (a required feature is not offered), IO. */
L4_MUST_CHECK l4_status_t virtio_negotiate(struct virtio *dev, uint64_t required, uint64_t wanted);

/* Entries that queue `index` may have, a power of two and at most `limit`; 0: there is none. */
uint32_t virtio_queue_size(const struct virtio *dev, uint32_t index, uint32_t limit);

/* Hands the queue to the device. Errors: IO. */
L4_MUST_CHECK l4_status_t virtio_queue_start(struct virtio *dev, uint32_t index,
                                             const struct virtqueue *queue);

/* All queues are there: the device may run. */
void virtio_run(const struct virtio *dev);

/* Makes what was added visible, and notifies when the device wants it. */
void virtio_publish(const struct virtio *dev, uint32_t index, struct virtqueue *queue);

/* Takes the interrupt away; call it before looking at the queues. A device that wants to be reset
 * is failed. */
void virtio_interrupt(struct virtio *dev);

/* The device broke a rule: reset, and not used again. */
void virtio_fail(struct virtio *dev);

/* A field of the configuration of 8 bytes, read in one piece as 4.2.2.2 says. False: it kept
 * changing. */
bool virtio_config64(const struct virtio *dev, uint32_t offset, uint64_t *value);

#endif
