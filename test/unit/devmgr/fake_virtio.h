/*
 * A software model of a virtio-mmio device: registers, and the device's side of its queues. A test
 * decides what it does with what it is given. Physical addresses are the test's own pointers.
 */
#ifndef FAKE_VIRTIO_H
#define FAKE_VIRTIO_H

#include <devmgr/virtio.h>

#define FAKE_QUEUES 72u
#define FAKE_BUFFERS 20u

struct fake_queue {
    uint32_t max, size, ready;
    uint64_t desc, driver, device;
    uint16_t seen; /* of the avail ring */
    uint16_t used;
    uint32_t notified; /* times */
};

struct fake_virtio {
    uint32_t version, id;
    uint64_t offered, accepted;
    uint32_t status, interrupt;
    uint32_t device_sel, driver_sel, queue_sel;
    uint32_t resets;
    bool refuses; /* does not keep FEATURES_OK */
    bool stuck;   /* does not end a reset */
    bool wobbles; /* its configuration changes all the time */
    uint32_t generation;
    uint8_t config[64];
    struct fake_queue queue[FAKE_QUEUES];
};

struct fake_chain {
    uint16_t head;
    uint32_t out, in; /* buffers of each kind, in this order */
    struct {
        uint8_t *bytes;
        uint32_t size;
    } buffer[FAKE_BUFFERS];
};

/* A 1.x device of that type with `size` entries in each queue and all of `features`, and the
 * driver's view of it. */
void fake_init(struct fake_virtio *fake, uint32_t id, uint32_t size, uint64_t features,
               struct virtio *dev);

/* The next chain that the driver has published. False: none. */
bool fake_pop(struct fake_virtio *fake, uint32_t queue, struct fake_chain *chain);

/* Uses a chain. True: the driver has asked for an interrupt. */
bool fake_push(struct fake_virtio *fake, uint32_t queue, uint32_t head, uint32_t written);

/* Raw: the index of the used ring, as a broken device would leave it. */
void fake_set_used(struct fake_virtio *fake, uint32_t queue, uint16_t index);

#endif
