#include "queue.h"

#include "guest/cpu.h"

#define MEMORIES 6u

static struct {
    struct descriptor desc[QUEUE_SIZE_MAX];
    struct avail_ring avail;
    struct used_ring used;
} memory[MEMORIES] __attribute__((aligned(4096)));

static void clear(volatile void *bytes, uint32_t count)
{
    volatile uint8_t *to = bytes;

    for (uint32_t i = 0; i < count; i++) {
        to[i] = 0;
    }
}

void queue_memory(struct queue *queue, unsigned int n, uint16_t size)
{
    clear(&memory[n], sizeof(memory[n]));
    queue->size = size;
    queue->offered = queue->returned = 0;
    queue->desc = memory[n].desc;
    queue->avail = &memory[n].avail;
    queue->used = &memory[n].used;
}

void describe(volatile struct descriptor *desc, const volatile void *data, uint32_t size,
              uint16_t flags, uint16_t next)
{
    desc->address = (uintptr_t)data;
    desc->size = size;
    desc->flags = flags;
    desc->next = next;
}

void offer_index(struct queue *queue, uint16_t index)
{
    dsb(); /* the entry first (2.7.13.3.1) */
    queue->offered = index;
    queue->avail->index = index;
    dsb();
}

void offer(struct queue *queue, uint16_t head)
{
    queue->avail->entry[queue->offered % queue->size] = head;
    offer_index(queue, (uint16_t)(queue->offered + 1u));
}

uint32_t used_size(const struct queue *queue, unsigned int back)
{
    return queue->used->entry[(uint16_t)(queue->returned - 1u - back) % queue->size].size;
}

uint32_t used_id(const struct queue *queue, unsigned int back)
{
    return queue->used->entry[(uint16_t)(queue->returned - 1u - back) % queue->size].id;
}

void chain(volatile struct descriptor *desc, const struct part *part, unsigned int count,
           unsigned int writable)
{
    for (unsigned int i = 0; i < count; i++) {
        unsigned int flags = (i + 1 < count ? NEXT : 0) | (i + writable >= count ? WRITE : 0);

        describe(&desc[i], part[i].data, part[i].size, (uint16_t)flags, (uint16_t)(i + 1));
    }
}
