/*
 * A guest's driver for one virtio device, with guest RAM of its own: queues, buffers and kicks,
 * well behaved unless a test writes into the RAM itself. The device is entered as the transport
 * would enter it.
 */
#ifndef FAKE_QUEUES_H
#define FAKE_QUEUES_H

#include <stdbool.h>
#include <stdint.h>

#include <vmm/virtio.h>

#define DRIVER_RAM 0x100000u
#define DRIVER_BASE 0x40000000u
#define DRIVER_QUEUES 3u

struct driver_queue {
    uint16_t size;
    uint16_t next;  /* descriptor to use next: buffers must come back in order */
    uint16_t avail; /* next entry */
    uint16_t used;  /* next entry to look at */
};

struct driver {
    struct virtio *virtio;
    struct guest_memory memory;
    struct virtio_chain chain;
    struct l4_vm_device counters;
    uint8_t *ram;
    uint32_t allocated;
    uint32_t interrupts; /* rising edges */
    bool line;
    struct driver_queue queue[DRIVER_QUEUES];
};

/* A part of a chain. */
struct driver_part {
    uint32_t ipa;
    uint32_t size;
    bool write;
};

/* Guest RAM, and the device's own start (`virtio` has its ops and device set). */
void driver_init(struct driver *d, struct virtio *virtio);
void driver_free(struct driver *d);

/* Negotiates `features` beside VERSION_1 and sets DRIVER_OK with queues of `size` entries, whose
 * indices begin at 0. */
void driver_start(struct driver *d, uint16_t size, uint64_t features);
void driver_reset(struct driver *d);

/* The indices of a fresh queue as if `index` buffers had passed through it. */
void driver_queue_at(struct driver *d, uint32_t queue, uint16_t index);

/* Guest RAM for buffers, never given back; and its place in the test's memory. */
uint32_t driver_alloc(struct driver *d, uint32_t size);
uint8_t *driver_ram(struct driver *d, uint32_t ipa);

/* Makes a chain available; returns its head. */
uint16_t driver_add(struct driver *d, uint32_t queue, const struct driver_part *parts,
                    uint32_t count);
/* One buffer of so many bytes for the device to write; returns where it lies. */
uint32_t driver_give(struct driver *d, uint32_t queue, uint32_t size);
/* One buffer with these bytes for the device to read. */
void driver_send(struct driver *d, uint32_t queue, const void *bytes, uint32_t size);

/* Notifies the device. */
void driver_kick(struct driver *d, uint32_t queue);

/* The next used entry; false when there is none. */
bool driver_used(struct driver *d, uint32_t queue, uint16_t *head, uint32_t *written);
/* How many there are beyond those that were looked at, all of which are taken. */
uint32_t driver_used_count(struct driver *d, uint32_t queue);

/* The address of a head's first part. */
uint32_t driver_buffer(struct driver *d, uint32_t queue, uint16_t head);

#endif
