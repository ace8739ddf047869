/* The registers of a real device. */
#include <devmgr/virtio.h>

uint32_t virtio_read(const struct virtio *dev, uint32_t offset)
{
    return *(volatile uint32_t *)(dev->base + offset);
}

uint8_t virtio_read8(const struct virtio *dev, uint32_t offset)
{
    return *(volatile uint8_t *)(dev->base + offset);
}

void virtio_write(const struct virtio *dev, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(dev->base + offset) = value;
}
