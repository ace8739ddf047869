/*
 * virtio-net (virtio 1.2, 5.1): a port of a virtual switch, over its session's two rings of frames
 * (l4/proto/net.h).
 *
 * No offloads and no merged receive buffers: the header is all zero but for num_buffers. A frame
 * goes from guest RAM into its slot by one copy, and back by one. A full ring leaves the guest's
 * frames in its queue; frames for which the guest has no buffer wait in the ring, and the switch
 * drops what comes after them. Frames that are too short or too long, and frames that the guest's
 * buffer is too small for, are dropped and counted.
 *
 * The server keeps no state for the guest but its address: after its restart frames are lost, and
 * nothing else.
 */
#ifndef VMM_VIRTIO_NET_H
#define VMM_VIRTIO_NET_H

#include <l4/proto/net.h>
#include <vmm/virtio_ring.h>

#define VIRTIO_NET_RX 0u
#define VIRTIO_NET_TX 1u

#define VIRTIO_NET_F_MTU (UINT64_C(1) << 3)
#define VIRTIO_NET_F_MAC (UINT64_C(1) << 5)
#define VIRTIO_NET_F_STATUS (UINT64_C(1) << 16)
#define VIRTIO_NET_S_LINK_UP 1u
#define VIRTIO_NET_MTU 1500u

/* 5.1.4, as far as these features go. */
struct virtio_net_config {
    uint8_t mac[6];
    uint16_t status;
    uint16_t max_virtqueue_pairs;
    uint16_t mtu;
};

struct virtio_net {
    struct virtio virtio;
    struct virtio_net_config config;
    struct l4_net_page *page;
    struct l4_ring tx, rx; /* of slots */
    struct doorbell bell;
    uint32_t dropped; /* frames, either way */
};

/* Fills in what virtio_init() needs of the device itself. The session is attached before the guest
 * runs. */
void virtio_net_init(struct virtio_net *net);

/* A session has been opened: its memory, fresh, and the server's doorbell. Also in place of one
 * whose server died; a `page` of NULL: there is none now, and the guest's frames wait. */
void virtio_net_attach(struct virtio_net *net, struct l4_net_page *page,
                       const struct doorbell *bell);

/* The server has rung: frames, room for frames, or a change of the link. */
void virtio_net_ready(struct virtio_net *net);

#endif
