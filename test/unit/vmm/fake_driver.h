/*
 * A guest's virtio driver, for the tests of device models: memory, the handshake, rings that it
 * fills and empties. One driver a program; everything is set by driver_init().
 */
#ifndef FAKE_DRIVER_H
#define FAKE_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <vmm/virtio.h>

#define DRIVER_RAM 0x40000000u
#define DRIVER_RAM_SIZE 0x20000u
#define DRIVER_DATA 0x8000u /* offset in RAM: what lies below is the queues' */
#define DRIVER_QUEUE_SIZE 16u
#define DRIVER_NONE 0xffffffffu

enum {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SEL = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SEL = 0x024,
    REG_QUEUE_SEL = 0x030,
    REG_QUEUE_NUM_MAX = 0x034,
    REG_QUEUE_NUM = 0x038,
    REG_QUEUE_READY = 0x044,
    REG_QUEUE_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESC = 0x080,
    REG_QUEUE_DRIVER = 0x090,
    REG_QUEUE_DEVICE = 0x0a0,
    REG_SHM_LEN = 0x0b0,
    REG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
};

enum { ST_ACK = 1, ST_DRIVER = 2, ST_DRIVER_OK = 4, ST_FEATURES_OK = 8, ST_NEEDS_RESET = 64 };
enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };

struct driver {
    struct virtio *virtio;
    struct virtio_page page;
    struct guest_memory memory;
    struct virtio_chain chain;
    struct l4_vm_device counters;
    uint64_t features;  /* as accepted */
    bool level;         /* of the interrupt line */
    uint32_t edges;     /* how often it rose */
    uint16_t next_desc; /* of any queue */
    uint16_t available[VIRTIO_QUEUES], used[VIRTIO_QUEUES];
};

extern struct driver driver;
extern uint8_t driver_ram[DRIVER_RAM_SIZE];

struct part {
    uint32_t at; /* offset in RAM */
    uint32_t size;
    bool write; /* by the device */
};

/* The device is behind slot 1; ops, device and features are set, virtio_init() is called here. */
void driver_init(struct virtio *virtio);

uint32_t driver_read(uint32_t offset);
void driver_write(uint32_t offset, uint32_t value);
l4_status_t driver_access(uint32_t offset, uint32_t size, bool write, uint32_t *value);

/* The whole handshake with `features` and all queues of DRIVER_QUEUE_SIZE. */
void driver_start(uint64_t features);
void driver_queue(uint32_t queue);

/* Rings in place, for tests that break them. */
uint16_t *driver_avail(uint32_t queue); /* flags, index, entries, used_event */
uint16_t *driver_used_ring(uint32_t queue);
void driver_desc(uint32_t queue, uint16_t n, uint64_t address, uint32_t size, uint16_t flags,
                 uint16_t next);

/* Puts a chain of direct descriptors, or one indirect descriptor, into the ring; returns its head.
 */
uint16_t driver_put(uint32_t queue, const struct part *part, uint32_t count);
uint16_t driver_put_indirect(uint32_t queue, uint32_t table_at, const struct part *part,
                             uint32_t count);
void driver_offer(uint32_t queue, uint16_t head); /* makes a chain available */
void driver_kick(uint32_t queue);

/* The next chain that came back: its head, or DRIVER_NONE. */
uint32_t driver_take(uint32_t queue, uint32_t *size);

#endif
