#include <devmgr/virtio.h>
#include <l4/base/virtio_mmio.h>

#define MAGIC 0x74726976u /* "virt" */
#define VERSION_LEGACY 1u
#define VERSION_1 2u

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 0x40u

#define INTERRUPT_ALL 3u
#define TRIES 1000u /* reads of a register before a device counts as dead */

l4_status_t virtio_probe(const struct virtio *dev, uint32_t *type)
{
    *type = VIRTIO_TYPE_NONE;
    if (virtio_read(dev, MAGIC_VALUE) != MAGIC) {
        return L4_ERR_NOT_FOUND;
    }
    const uint32_t version = virtio_read(dev, VERSION);
    *type = virtio_read(dev, DEVICE_ID);
    if (*type == VIRTIO_TYPE_NONE || version < VERSION_LEGACY || version > VERSION_1) {
        return L4_ERR_NOT_FOUND;
    }
    return version == VERSION_LEGACY ? L4_ERR_VERSION : L4_OK;
}

l4_status_t virtio_reset(struct virtio *dev)
{
    virtio_write(dev, STATUS, 0);
    for (uint32_t i = 0; i < TRIES; i++) {
        if (virtio_read(dev, STATUS) == 0) {
            dev->loose = false;
            return L4_OK;
        }
    }
    dev->failed = true;
    dev->loose = true;
    return L4_ERR_IO;
}

void virtio_fail(struct virtio *dev)
{
    const l4_status_t status = virtio_reset(dev);
    (void)status; /* it has failed either way */
    dev->failed = true;
}

static void set_status(const struct virtio *dev, uint32_t bit)
{
    virtio_write(dev, STATUS, virtio_read(dev, STATUS) | bit);
}

static uint64_t offered_features(const struct virtio *dev)
{
    virtio_write(dev, DEVICE_FEATURES_SEL, 0);
    const uint32_t low = virtio_read(dev, DEVICE_FEATURES);
    virtio_write(dev, DEVICE_FEATURES_SEL, 1);
    return low | (uint64_t)virtio_read(dev, DEVICE_FEATURES) << 32;
}

l4_status_t virtio_negotiate(struct virtio *dev, uint64_t required, uint64_t wanted)
{
    const l4_status_t status = virtio_reset(dev);
    if (status != L4_OK) {
        return status;
    }
    set_status(dev, STATUS_ACKNOWLEDGE);
    set_status(dev, STATUS_DRIVER);
    const uint64_t must = required | VIRTIO_F_VERSION_1;
    dev->features = offered_features(dev) & (must | wanted | VIRTIO_F_EVENT_INDEX);
    if ((dev->features & must) != must) {
        virtio_fail(dev);
        return L4_ERR_NOT_SUPPORTED;
    }
    virtio_write(dev, DRIVER_FEATURES_SEL, 0);
    virtio_write(dev, DRIVER_FEATURES, (uint32_t)dev->features);
    virtio_write(dev, DRIVER_FEATURES_SEL, 1);
    virtio_write(dev, DRIVER_FEATURES, (uint32_t)(dev->features >> 32));
    set_status(dev, STATUS_FEATURES_OK);
    if ((virtio_read(dev, STATUS) & STATUS_FEATURES_OK) == 0) {
        virtio_fail(dev);
        return L4_ERR_NOT_SUPPORTED;
    }
    dev->failed = false;
    return L4_OK;
}

uint32_t virtio_queue_size(const struct virtio *dev, uint32_t index, uint32_t limit)
{
    virtio_write(dev, QUEUE_SEL, index);
    const uint32_t max = virtio_read(dev, QUEUE_NUM_MAX);
    while (limit > max) {
        limit /= 2;
    }
    return limit;
}

static void write_address(const struct virtio *dev, uint32_t offset, uint64_t address)
{
    virtio_write(dev, offset, (uint32_t)address);
    virtio_write(dev, offset + 4, (uint32_t)(address >> 32));
}

l4_status_t virtio_queue_start(struct virtio *dev, uint32_t index, const struct virtqueue *queue)
{
    virtio_write(dev, QUEUE_SEL, index);
    if (virtio_read(dev, QUEUE_READY) != 0 || virtio_read(dev, QUEUE_NUM_MAX) < queue->size) {
        virtio_fail(dev);
        return L4_ERR_IO;
    }
    virtio_write(dev, QUEUE_NUM, queue->size);
    write_address(dev, QUEUE_DESC_LOW, queue->pa);
    write_address(dev, QUEUE_DRIVER_LOW, queue->pa + VQ_AVAIL(queue->size));
    write_address(dev, QUEUE_DEVICE_LOW, queue->pa + VQ_USED(queue->size));
    virtio_write(dev, QUEUE_READY, 1);
    return L4_OK;
}

void virtio_run(const struct virtio *dev)
{
    set_status(dev, STATUS_DRIVER_OK);
}

void virtio_publish(const struct virtio *dev, uint32_t index, struct virtqueue *queue)
{
    if (vq_publish(queue)) {
        virtio_write(dev, QUEUE_NOTIFY, index);
    }
}

void virtio_interrupt(struct virtio *dev)
{
    virtio_write(dev, INTERRUPT_ACK, virtio_read(dev, INTERRUPT_STATUS) & INTERRUPT_ALL);
    if (!dev->failed && (virtio_read(dev, STATUS) & STATUS_NEEDS_RESET) != 0) {
        virtio_fail(dev);
    }
}

bool virtio_config64(const struct virtio *dev, uint32_t offset, uint64_t *value)
{
    for (uint32_t i = 0; i < TRIES; i++) {
        const uint32_t before = virtio_read(dev, CONFIG_GENERATION);
        const uint32_t low = virtio_read(dev, VIRTIO_CONFIG + offset);
        const uint32_t high = virtio_read(dev, VIRTIO_CONFIG + offset + 4);
        if (virtio_read(dev, CONFIG_GENERATION) == before) {
            *value = low | (uint64_t)high << 32;
            return true;
        }
    }
    return false;
}
