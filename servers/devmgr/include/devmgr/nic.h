/*
 * A virtio network device (virtio 1.1, 5.1) and its one session (l4/proto/net.h): the device reads
 * and writes the session's slots itself. No offload is negotiated. Pure (devmgr/virtio.h).
 *
 * The device runs while a session is open; opening and closing reset it, so that it leaves the
 * memory of an earlier session alone.
 */
#ifndef DEVMGR_NIC_H
#define DEVMGR_NIC_H

#include <devmgr/virtio.h>
#include <l4/base/ring.h>
#include <l4/proto/net.h>

#define NIC_AREA 4096u /* bytes of DMA memory, for the queues */
#define NIC_TX_QUEUE (2u * L4_NET_SLOTS)

/* One direction's slots between ring and device. */
struct nic_way {
    struct l4_ring ring;
    uint32_t next; /* ring index of the next slot for the device */
    uint32_t done; /* slots that the device has finished, a bit each, out of order too */
    struct virtqueue queue;
};

struct nic {
    struct virtio dev;
    struct dma area;
    struct dma header; /* of every frame sent: zeroes */
    bool open;
    bool broken; /* the client broke the rules of its rings */
    struct l4_net_page *page;
    uint64_t page_pa;
    struct nic_way tx; /* the driver consumes */
    struct nic_way rx; /* the driver produces */
    struct vq_slot tx_slot[NIC_TX_QUEUE];
    struct vq_slot rx_slot[L4_NET_SLOTS];
};

/* Looks whether the device at nic->dev.base can be used, and leaves it reset. Errors: those of
 * virtio_negotiate(). */
L4_MUST_CHECK l4_status_t nic_start(struct nic *nic, const struct dma *area);

/* A session begins: `memory` is a struct l4_net_page. Errors: those of virtio_negotiate(); IO. */
L4_MUST_CHECK l4_status_t nic_open(struct nic *nic, const struct dma *memory);
void nic_close(struct nic *nic);

/* Moves slots in both directions. True: ring the client's doorbell. */
bool nic_run(struct nic *nic);

#endif
