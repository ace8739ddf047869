/*
 * A socket device's driver (virtio 1.2, 5.10), one packet at a time.
 */
#ifndef VIRTIOTEST_VSOCK_H
#define VIRTIOTEST_VSOCK_H

#include "device.h"

#define VSOCK_RX 0u
#define VSOCK_TX 1u
#define VSOCK_EVENT 2u

#define HOST_CID 2u
#define STREAM 1u

enum {
    OP_INVALID,
    OP_REQUEST,
    OP_RESPONSE,
    OP_RST,
    OP_SHUTDOWN,
    OP_RW,
    OP_CREDIT_UPDATE,
    OP_CREDIT_REQUEST,
};

#define SHUTDOWN_BOTH 3u

struct vsock_header {
    uint64_t src_cid, dst_cid;
    uint32_t src_port, dst_port;
    uint32_t len;
    uint16_t type, op;
    uint32_t flags, buf_alloc, fwd_cnt;
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct vsock_header) == 44, "5.10.6");

#define OUR_PORT 1234u
#define OUR_BUFFER 65536u
#define PACKET 4096u /* payload of one receive buffer */

/* Up, with receive buffers; false: there is none. */
bool vsock_up(struct device *device);

/* A header from us to a port of the host's, all fields as they should be. */
struct vsock_header vsock_header(const struct device *device, uint32_t port, uint16_t op);

/* Sends a packet; true when the device has taken it. */
bool vsock_send(struct device *device, const struct vsock_header *header, const void *payload,
                uint32_t size);

/* Waits for a packet for `us`; its payload is at vsock_payload(). False: none came. */
bool vsock_receive(struct device *device, struct vsock_header *header, uint32_t us);
const volatile uint8_t *vsock_payload(void);

#endif
