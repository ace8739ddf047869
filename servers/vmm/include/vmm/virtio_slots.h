/*
 * The 32 virtio-mmio transports of QEMU's virt without a device behind them: a driver that probes
 * finds DeviceID 0 (virtio 1.2, 4.2.3.1.1) and goes on.
 */
#ifndef VMM_VIRTIO_SLOTS_H
#define VMM_VIRTIO_SLOTS_H

#include <vmm/mmio.h>

#define VIRTIO_BASE 0x0a000000u
#define VIRTIO_STRIDE 0x200u
#define VIRTIO_SLOTS 32u

extern const struct device_ops virtio_slots_ops; /* state: none */

#endif
