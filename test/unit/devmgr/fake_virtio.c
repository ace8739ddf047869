#include <assert.h>
#include <string.h>

#include "fake_virtio.h"

void fake_init(struct fake_virtio *fake, uint32_t id, uint32_t size, uint64_t features,
               struct virtio *dev)
{
    memset(fake, 0, sizeof *fake);
    fake->version = 2;
    fake->id = id;
    fake->offered = features | VIRTIO_F_VERSION_1;
    for (uint32_t i = 0; i < FAKE_QUEUES; i++) {
        fake->queue[i].max = size;
    }
    memset(dev, 0, sizeof *dev);
    dev->base = (uintptr_t)fake;
}

static void reset(struct fake_virtio *fake)
{
    fake->resets++;
    fake->status = fake->stuck ? 0x80 : 0;
    fake->interrupt = 0;
    for (uint32_t i = 0; i < FAKE_QUEUES; i++) {
        fake->queue[i] = (struct fake_queue){.max = fake->queue[i].max};
    }
}

uint32_t virtio_read(const struct virtio *dev, uint32_t offset)
{
    struct fake_virtio *const fake = (struct fake_virtio *)dev->base;
    const struct fake_queue *const queue = &fake->queue[fake->queue_sel % FAKE_QUEUES];
    uint32_t word = 0;
    switch (offset) {
    case 0x00:
        return 0x74726976;
    case 0x04:
        return fake->version;
    case 0x08:
        return fake->id;
    case 0x10:
        return (uint32_t)(fake->offered >> (fake->device_sel == 0 ? 0 : 32));
    case 0x34:
        return queue->max;
    case 0x44:
        return queue->ready;
    case 0x60:
        return fake->interrupt;
    case 0x70:
        return fake->status;
    case 0xfc:
        fake->generation += fake->wobbles;
        return fake->generation;
    default:
        assert(offset >= VIRTIO_CONFIG && offset + 4 <= VIRTIO_CONFIG + sizeof fake->config);
        memcpy(&word, fake->config + offset - VIRTIO_CONFIG, sizeof word);
        return word;
    }
}

uint8_t virtio_read8(const struct virtio *dev, uint32_t offset)
{
    const struct fake_virtio *const fake = (const struct fake_virtio *)dev->base;
    assert(offset >= VIRTIO_CONFIG && offset < VIRTIO_CONFIG + sizeof fake->config);
    return fake->config[offset - VIRTIO_CONFIG];
}

static void set_half(uint64_t *address, uint32_t offset, uint32_t value)
{
    const uint32_t shift = (offset & 4) != 0 ? 32 : 0;
    *address = (*address & ~(0xffffffffull << shift)) | (uint64_t)value << shift;
}

static void write_queue(struct fake_virtio *fake, uint32_t offset, uint32_t value)
{
    struct fake_queue *const queue = &fake->queue[fake->queue_sel % FAKE_QUEUES];
    switch (offset & ~4u) {
    case 0x38:
        queue->size = value;
        break;
    case 0x40:
        assert(offset == 0x44);
        queue->ready = value;
        break;
    case 0x80:
        set_half(&queue->desc, offset, value);
        break;
    case 0x90:
        set_half(&queue->driver, offset, value);
        break;
    default:
        assert((offset & ~4u) == 0xa0);
        set_half(&queue->device, offset, value);
        break;
    }
}

void virtio_write(const struct virtio *dev, uint32_t offset, uint32_t value)
{
    struct fake_virtio *const fake = (struct fake_virtio *)dev->base;
    switch (offset) {
    case 0x14:
        fake->device_sel = value;
        break;
    case 0x20:
        set_half(&fake->accepted, fake->driver_sel * 4, value);
        break;
    case 0x24:
        fake->driver_sel = value;
        break;
    case 0x30:
        fake->queue_sel = value;
        break;
    case 0x50:
        assert(fake->queue[value].ready != 0 && (fake->status & 4) != 0);
        fake->queue[value].notified++;
        break;
    case 0x64:
        fake->interrupt &= ~value;
        break;
    case 0x70:
        if (value == 0) {
            reset(fake);
        } else {
            fake->status = value & ~(fake->refuses ? 8u : 0u);
        }
        break;
    default:
        write_queue(fake, offset, value);
        break;
    }
}

static void add_buffer(struct fake_chain *chain, const struct vq_desc *desc)
{
    const uint32_t n = chain->out + chain->in;
    assert(n < FAKE_BUFFERS);
    chain->buffer[n].bytes = (uint8_t *)(uintptr_t)desc->pa;
    chain->buffer[n].size = desc->size;
    if ((desc->flags & 2) != 0) {
        chain->in++;
    } else {
        assert(chain->in == 0); /* what the device reads comes first */
        chain->out++;
    }
}

bool fake_pop(struct fake_virtio *fake, uint32_t index, struct fake_chain *chain)
{
    struct fake_queue *const queue = &fake->queue[index];
    const uint16_t *const avail = (const uint16_t *)(uintptr_t)queue->driver;
    const struct vq_desc *const desc = (const struct vq_desc *)(uintptr_t)queue->desc;
    if (queue->ready == 0 || avail[1] == queue->seen) {
        return false;
    }
    *chain = (struct fake_chain){.head = avail[2 + queue->seen % queue->size]};
    queue->seen++;
    uint16_t *const used = (uint16_t *)(uintptr_t)queue->device;
    used[2 + 4 * queue->size] = queue->seen; /* notify for the next */
    for (uint16_t at = chain->head;; at = desc[at].next) {
        assert(at < queue->size);
        add_buffer(chain, &desc[at]);
        if ((desc[at].flags & 1) == 0) {
            return true;
        }
    }
}

void fake_set_used(struct fake_virtio *fake, uint32_t index, uint16_t value)
{
    uint16_t *const used = (uint16_t *)(uintptr_t)fake->queue[index].device;
    used[1] = value;
}

bool fake_push(struct fake_virtio *fake, uint32_t index, uint32_t head, uint32_t written)
{
    struct fake_queue *const queue = &fake->queue[index];
    uint32_t *const used = (uint32_t *)(uintptr_t)queue->device;
    const uint16_t *const avail = (const uint16_t *)(uintptr_t)queue->driver;
    const uint16_t event = avail[2 + queue->size];
    used[1 + 2 * (queue->used % queue->size)] = head;
    used[2 + 2 * (queue->used % queue->size)] = written;
    fake_set_used(fake, index, ++queue->used);
    fake->interrupt |= 1;
    return (fake->accepted & VIRTIO_F_EVENT_INDEX) == 0 || (uint16_t)(event + 1) == queue->used;
}
