/* See fake_queues.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_queues.h"

#define QUEUE_ROOM 0x4000u /* RAM of a queue */
#define DESC 0u
#define AVAIL 0x2000u
#define USED 0x3000u
#define DRIVER_OK_ALL 0xfu

struct desc {
    uint64_t address;
    uint32_t size;
    uint16_t flags, next;
};

static uint32_t queue_base(uint32_t queue)
{
    return DRIVER_BASE + queue * QUEUE_ROOM;
}

static uint16_t *half(struct driver *d, uint32_t ipa)
{
    return (uint16_t *)(void *)driver_ram(d, ipa);
}

static void irq(void *context, uint32_t number, bool level)
{
    struct driver *d = context;
    (void)number;
    d->interrupts += level && !d->line;
    d->line = level;
}

void driver_init(struct driver *d, struct virtio *virtio)
{
    memset(d, 0, sizeof(*d));
    d->ram = calloc(1, DRIVER_RAM);
    d->memory = (struct guest_memory){d->ram, DRIVER_BASE, DRIVER_RAM, NULL, 0};
    d->virtio = virtio;
    virtio->memory = &d->memory;
    virtio->chain = &d->chain;
    virtio->counters = &d->counters;
    virtio->irq = irq;
    virtio->irq_context = d;
    virtio_init(virtio);
    d->allocated = DRIVER_QUEUES * QUEUE_ROOM;
}

void driver_free(struct driver *d)
{
    free(d->ram);
}

void driver_start(struct driver *d, uint16_t size, uint64_t features)
{
    struct virtio *v = d->virtio;
    assert_int_equal(features & ~v->features, 0);
    v->state.features = features | VIRTIO_F_VERSION_1;
    v->state.status = DRIVER_OK_ALL;
    for (uint32_t i = 0; i < v->ops->queues; i++) {
        memset(driver_ram(d, queue_base(i)), 0, QUEUE_ROOM);
        v->state.queue[i] = (struct virtio_queue_state){.desc = queue_base(i) + DESC,
                                                        .driver = queue_base(i) + AVAIL,
                                                        .device = queue_base(i) + USED,
                                                        .size = size};
        d->queue[i] = (struct driver_queue){.size = size};
        assert_true(virtio_queue_usable(v, i));
        virtio_queue_start(v, i);
    }
    if (v->ops->ready != NULL) {
        v->ops->ready(v);
    }
}

void driver_reset(struct driver *d)
{
    virtio_reset(d->virtio);
    d->interrupts = 0;
}

void driver_queue_at(struct driver *d, uint32_t queue, uint16_t index)
{
    struct virtio_queue_state *q = &d->virtio->state.queue[queue];
    q->available = q->used = q->signalled = index;
    d->queue[queue].avail = d->queue[queue].used = index;
    half(d, queue_base(queue) + AVAIL)[1] = index;
    half(d, queue_base(queue) + USED)[1] = index;
}

uint32_t driver_alloc(struct driver *d, uint32_t size)
{
    uint32_t at = d->allocated;
    d->allocated += (size + 15u) & ~15u;
    assert_true(d->allocated <= DRIVER_RAM);
    return DRIVER_BASE + at;
}

uint8_t *driver_ram(struct driver *d, uint32_t ipa)
{
    return d->ram + (ipa - DRIVER_BASE);
}

uint16_t driver_add(struct driver *d, uint32_t queue, const struct driver_part *parts,
                    uint32_t count)
{
    struct driver_queue *q = &d->queue[queue];
    struct desc *table = (struct desc *)(void *)driver_ram(d, queue_base(queue) + DESC);
    uint16_t *avail = half(d, queue_base(queue) + AVAIL);
    uint16_t head = q->next;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t next = (uint16_t)((q->next + 1u) % q->size);
        table[q->next] = (struct desc){
            parts[i].ipa, parts[i].size,
            (uint16_t)((i + 1u < count ? 1u : 0u) | (parts[i].write ? 2u : 0u)), next};
        q->next = next;
    }
    avail[2u + q->avail % q->size] = head;
    avail[1] = ++q->avail;
    return head;
}

uint32_t driver_give(struct driver *d, uint32_t queue, uint32_t size)
{
    struct driver_part part = {driver_alloc(d, size), size, true};
    driver_add(d, queue, &part, 1);
    return part.ipa;
}

void driver_send(struct driver *d, uint32_t queue, const void *bytes, uint32_t size)
{
    struct driver_part part = {driver_alloc(d, size), size, false};
    memcpy(driver_ram(d, part.ipa), bytes, size);
    driver_add(d, queue, &part, 1);
}

void driver_kick(struct driver *d, uint32_t queue)
{
    if (virtio_live(d->virtio)) {
        d->virtio->ops->notify(d->virtio, queue);
    }
}

bool driver_used(struct driver *d, uint32_t queue, uint16_t *head, uint32_t *written)
{
    struct driver_queue *q = &d->queue[queue];
    const uint16_t *used = half(d, queue_base(queue) + USED);
    const uint32_t *entry = (const uint32_t *)(const void *)(used + 2);
    if (q->used == used[1]) {
        return false;
    }
    *head = (uint16_t)entry[2u * (q->used % q->size)];
    *written = entry[2u * (q->used % q->size) + 1u];
    q->used++;
    return true;
}

uint32_t driver_used_count(struct driver *d, uint32_t queue)
{
    uint32_t count = 0;
    uint16_t head;
    uint32_t written;
    while (driver_used(d, queue, &head, &written)) {
        count++;
    }
    return count;
}

uint32_t driver_buffer(struct driver *d, uint32_t queue, uint16_t head)
{
    const struct desc *table = (struct desc *)(void *)driver_ram(d, queue_base(queue) + DESC);
    return (uint32_t)table[head].address;
}
