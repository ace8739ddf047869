/* See virtio_slots.h. */
#include <vmm/virtio_slots.h>

#define VIRTIO_MAGIC 0x74726976u /* "virt" */
#define VIRTIO_VERSION 2u
#define VIRTIO_VENDOR 0x554d4551u /* "QEMU", which the slots imitate */

static uint32_t register_read(uint32_t offset)
{
    switch (offset) {
    case 0x000:
        return VIRTIO_MAGIC;
    case 0x004:
        return VIRTIO_VERSION;
    case 0x00c:
        return VIRTIO_VENDOR;
    default:
        return 0;
    }
}

static l4_status_t slots_read(void *state, struct mmio *access)
{
    (void)state;
    uint32_t word = register_read(access->offset & (VIRTIO_STRIDE - 4u));
    mmio_answer(access, word);
    return L4_OK;
}

static l4_status_t slots_write(void *state, struct mmio *access)
{
    (void)state;
    (void)access;
    return L4_OK;
}

const struct device_ops virtio_slots_ops = {slots_read, slots_write};
