/*
 * virtio over MMIO (virtio 1.2, 4.2) and split virtqueues (2.7): what all virtio devices share.
 *
 * A device model is its ops and a state; it sees whole chains of buffers, already checked, in guest
 * RAM. Every word of a ring is read once into a private copy and checked there: a malformed ring
 * sets DEVICE_NEEDS_RESET (2.1.2), the queue is dead until the guest resets the device, and nothing
 * else happens. struct virtio_state is the whole state outside of guest RAM, plain and without
 * pointers.
 *
 * Pure: no system call, links on the host.
 */
#ifndef VMM_VIRTIO_H
#define VMM_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/proto/init.h>

#include <vmm/bus.h>
#include <vmm/mmio.h>

#define VIRTIO_BASE 0x0a000000u /* slot n at VIRTIO_BASE + n * VIRTIO_STRIDE */
#define VIRTIO_STRIDE 0x200u
#define VIRTIO_PAGE 0x1000u
#define VIRTIO_END 0x0a004000u /* QEMU's virt has 32 transports */
#define VIRTIO_SLOTS 8u        /* those of the first page */
#define VIRTIO_IRQ 48u         /* slot n: interrupt VIRTIO_IRQ + n (SPI 16 + n) */
#define VIRTIO_QUEUES 4u
#define VIRTIO_QUEUE_MAX 256u
/* A chain has at most so many parts: as many as its queue, and two more through an indirect table.
 */
#define VIRTIO_SEGMENTS 258u

#define VIRTIO_ID_NET 1u
#define VIRTIO_ID_BLOCK 2u
#define VIRTIO_ID_CONSOLE 3u
#define VIRTIO_ID_RNG 4u
#define VIRTIO_ID_VSOCK 19u

#define VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)

struct virtio_queue_state {
    uint64_t desc, driver, device; /* guest physical */
    uint16_t size;
    uint16_t ready;
    uint16_t available; /* next entry of the available ring that the device takes */
    uint16_t used;      /* next entry of the used ring */
    uint16_t signalled; /* `used` when the guest was last interrupted */
    uint16_t reserved[3];
};

struct virtio_state {
    uint32_t status;
    uint32_t interrupt; /* InterruptStatus */
    uint32_t device_features_select, driver_features_select, queue_select;
    uint32_t generation;
    uint64_t features; /* accepted by the driver */
    struct virtio_queue_state queue[VIRTIO_QUEUES];
};

struct virtio;

struct virtio_ops {
    uint32_t id;          /* VIRTIO_ID_* */
    uint32_t queues;      /* <= VIRTIO_QUEUES */
    uint32_t config_size; /* bytes of the configuration space */
    uint64_t features;    /* the device's own; those of the transport are added */
    /* Back to the state after reset: whatever was in progress is forgotten. May be called several
     * times in a row. */
    void (*reset)(struct virtio *virtio);
    /* False while something that was in progress may still touch guest RAM without the VMM: a reset
     * is not over before that has ended. NULL: never. */
    bool (*quiet)(const struct virtio *virtio);
    /* The driver is ready (DRIVER_OK); may be NULL. */
    void (*ready)(struct virtio *virtio);
    /* The guest has put something into a queue; only while the driver is ready. */
    void (*notify)(struct virtio *virtio, uint32_t queue);
    /* Bytes of the configuration space; offset + size <= config_size. Both may be NULL. */
    void (*config_read)(struct virtio *virtio, uint32_t offset, void *bytes, uint32_t size);
    void (*config_write)(struct virtio *virtio, uint32_t offset, const void *bytes, uint32_t size);
};

struct virtio {
    struct virtio_state state;
    const struct virtio_ops *ops;
    void *device; /* the device model's own struct */
    /* Offered: ops->features less what this instance lacks, and the transport's. */
    uint64_t features;
    const struct guest_memory *memory;
    /* The VM's one chain, for all its devices: each uses it from virtio_take() until it returns to
     * whoever called it. */
    struct virtio_chain *chain;
    /* kicks, requests, interrupts and errors are counted here; bytes_from and bytes_to (payload) by
     * the device. */
    struct l4_vm_device *counters;
    void (*irq)(void *context, uint32_t irq, bool level);
    void *irq_context;
    uint32_t irq_number;
};

/* A part of a chain: guest RAM as the VMM has it mapped, and its offset from the start of RAM. */
struct virtio_segment {
    uint8_t *data;
    uint32_t offset;
    uint32_t size; /* not 0 */
};

/* A chain that the guest has made available: first what the device reads, then what it writes. */
struct virtio_chain {
    uint16_t head;
    uint16_t read_count, write_count; /* segments */
    uint32_t read_bytes, write_bytes;
    struct virtio_segment segment[VIRTIO_SEGMENTS];
};

/* Takes the next chain of a queue. Errors: NOT_FOUND (none; with EVENT_IDX the guest has been asked
 * to notify of the next one), FORMAT (malformed; the device now needs a reset), STATE (the queue or
 * the driver is not ready). */
L4_MUST_CHECK l4_status_t virtio_take(struct virtio *virtio, uint32_t queue,
                                      struct virtio_chain *chain);

/* Puts the last chain taken back, as if it had not been taken: the device has no room now. */
void virtio_put_back(struct virtio *virtio, uint32_t queue);

/* Gives a chain back with `written` bytes; several may be given back before virtio_signal(). */
void virtio_return(struct virtio *virtio, uint32_t queue, uint16_t head, uint32_t written);

/* Interrupts the guest if it wants to know of what has been returned. */
void virtio_signal(struct virtio *virtio, uint32_t queue);

/* The configuration space has changed: interrupts the guest (2.4, 4.2.3.3). */
void virtio_config_changed(struct virtio *virtio);

/* The guest broke the device's own protocol: DEVICE_NEEDS_RESET. */
void virtio_broken(struct virtio *virtio);

/* Is the driver ready, and the device not broken? */
bool virtio_live(const struct virtio *virtio);

/* Copies between a chain and the device's memory, from byte `at` of its readable (writable) part
 * on; return the bytes copied, fewer at its end. */
uint32_t virtio_read(const struct virtio_chain *chain, uint32_t at, void *to, uint32_t size);
uint32_t virtio_write(const struct virtio_chain *chain, uint32_t at, const void *from,
                      uint32_t size);

/* After ops, device, features (0: all of ops->features), memory, chain, counters and irq have been
 * set. Adds the transport's features. */
void virtio_init(struct virtio *virtio);

/* The guest's reset, or the machine's: over when virtio_quiet(). */
void virtio_reset(struct virtio *virtio);
bool virtio_quiet(const struct virtio *virtio);

/* Between the transport and virtqueue.c: may this queue be used as its registers say? And its start
 * from the beginning. */
bool virtio_queue_usable(const struct virtio *virtio, uint32_t queue);
void virtio_queue_start(struct virtio *virtio, uint32_t queue);

/* Raises the interrupt for a reason, VIRTIO_INTERRUPT_*. */
#define VIRTIO_INTERRUPT_USED 1u
#define VIRTIO_INTERRUPT_CONFIG 2u
void virtio_interrupt(struct virtio *virtio, uint32_t reason);

/*
 * A store to Status (reset) or QueueReady while the device is not quiet answers BUSY: the guest's
 * instruction is not done, so the guest repeats it, as it would wait for a slow device's register.
 * Linux's virtio_mmio driver relies on a reset being over when its store is.
 *
 * One page of transports: VIRTIO_SLOTS of them, empty ones with DeviceID 0 (4.2.2). */
struct virtio_page {
    struct virtio *slot[VIRTIO_SLOTS];
};

extern const struct device_ops virtio_page_ops; /* state: struct virtio_page */

#endif
