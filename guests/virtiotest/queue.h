/*
 * Split virtqueues (virtio 1.2, 2.7), the driver's side: plain access to descriptors and rings.
 */
#ifndef VIRTIOTEST_QUEUE_H
#define VIRTIOTEST_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_SIZE 16u
#define QUEUE_SIZE_MAX 64u

#define NEXT 1u
#define WRITE 2u
#define INDIRECT 4u
#define NO_INTERRUPT 1u

struct descriptor {
    uint64_t address;
    uint32_t size;
    uint16_t flags;
    uint16_t next;
};

struct avail_ring {
    uint16_t flags, index;
    uint16_t entry[QUEUE_SIZE_MAX + 1]; /* the one behind the last is used_event */
};

struct used_ring {
    uint16_t flags, index;
    struct {
        uint32_t id, size;
    } entry[QUEUE_SIZE_MAX];
    uint16_t avail_event_of_full_size;
};

struct queue {
    uint16_t size;
    uint16_t offered;  /* avail index */
    uint16_t returned; /* used index, as far as it was looked at */
    volatile struct descriptor *desc;
    volatile struct avail_ring *avail;
    volatile struct used_ring *used;
};

/* Rings of queue memory `n` (any device's: one device runs at a time, but for two). */
void queue_memory(struct queue *queue, unsigned int n, uint16_t size);

void describe(volatile struct descriptor *desc, const volatile void *data, uint32_t size,
              uint16_t flags, uint16_t next);

/* Puts a chain's head into the available ring. */
void offer(struct queue *queue, uint16_t head);
/* The same with any index. */
void offer_index(struct queue *queue, uint16_t index);

/* What the device wrote as length of the n-th last used entry (0: the last). */
uint32_t used_size(const struct queue *queue, unsigned int back);
uint32_t used_id(const struct queue *queue, unsigned int back);

/* The n parts of a buffer as a chain from descriptor 0 on, the last `writable` ones for the device
 * to write. */
struct part {
    const volatile void *data;
    uint32_t size;
};
void chain(volatile struct descriptor *desc, const struct part *part, unsigned int count,
           unsigned int writable);

#endif
