/*
 * virtio-vsock (virtio 1.2, 5.10), stream sockets: the guest (CID 3) connects to ports of the host
 * (CID 2), and each such port is one end of a message channel with another guest.
 *
 * A connection opens the channel's end and its end closes it; there is one at a time. Credit is the
 * ring itself: buf_alloc is its size while the other end is connected and 0 until then, so the
 * guest keeps what it has to say until somebody is there; fwd_cnt is what the other end has taken.
 * A guest that has closed its socket stays connected until the other end has taken all of it
 * (or the guest gives up), so nothing is lost. When the other end closes or begins anew, the guest
 * gets SHUTDOWN for both directions and the connection is over.
 *
 * Refused with RST: a port that is no channel's, a second connection, a socket type other than
 * stream, more data than the credit allows. Packets that are malformed or for others than host and
 * guest are dropped and counted. After a restart of the server every connection gets RST.
 *
 * The guest's buffers alone limit what is sent to it: answers wait, and with too many of them
 * waiting the guest's packets do too. Everything in the channel's memory is the other guest's word:
 * see channel.h.
 */
#ifndef VMM_VIRTIO_VSOCK_H
#define VMM_VIRTIO_VSOCK_H

#include <assert.h>

#include <l4/proto/init.h>
#include <vmm/channel.h>

#define VIRTIO_VSOCK_RX 0u
#define VIRTIO_VSOCK_TX 1u
#define VIRTIO_VSOCK_EVENT 2u

#define VIRTIO_VSOCK_F_STREAM (UINT64_C(1) << 0)

#define VSOCK_CID_HOST 2u
#define VSOCK_CID_GUEST 3u
#define VSOCK_CHANNELS L4_START_VM_CHANNELS

/* 5.10.6; virtio_vsock_hdr.op, .type and .flags. */
enum vsock_op {
    VSOCK_OP_INVALID,
    VSOCK_OP_REQUEST,
    VSOCK_OP_RESPONSE,
    VSOCK_OP_RST,
    VSOCK_OP_SHUTDOWN,
    VSOCK_OP_RW,
    VSOCK_OP_CREDIT_UPDATE,
    VSOCK_OP_CREDIT_REQUEST,
};
#define VSOCK_TYPE_STREAM 1u
#define VSOCK_SHUTDOWN_RCV 1u
#define VSOCK_SHUTDOWN_SEND 2u
#define VSOCK_SHUTDOWN_BOTH 3u

struct vsock_header {
    uint64_t src_cid, dst_cid;
    uint32_t src_port, dst_port;
    uint32_t size; /* `len` */
    uint16_t type, op;
    uint32_t flags;
    uint32_t buf_alloc, fwd_cnt;
} __attribute__((packed));

static_assert(sizeof(struct vsock_header) == 44, "virtio 5.10.6");

enum vsock_phase {
    VSOCK_CLOSED,
    VSOCK_OPEN,
    VSOCK_CLOSING, /* the guest has closed; the other end has not taken everything yet */
};

/* "From" is from the guest, "to" is to it; counts wrap at 2^32. */
struct vsock_connection {
    uint8_t phase;
    uint8_t shutdown; /* by the guest: VSOCK_SHUTDOWN_* */
    uint8_t respond;  /* RESPONSE has not been sent yet */
    uint8_t ask;      /* CREDIT_REQUEST has to be sent */
    uint8_t asked;    /* it has been since the guest last gave credit */
    uint8_t tell;     /* the guest wants to know its credit */
    uint16_t type;
    uint32_t guest_port;
    uint32_t from, taken;            /* bytes put into the ring, and taken out by the other end */
    uint32_t told_taken, told_alloc; /* what the guest last heard */
    uint32_t to;
    uint32_t guest_alloc, guest_taken;
};

/* A packet without data, for a connection that is over or was none. */
struct vsock_answer {
    uint32_t guest_port, host_port;
    uint16_t op, type;
    uint32_t flags;
};

/* A packet of the guest's adds one at most, and each channel's other end one. */
#define VSOCK_ANSWERS 16u
#define VSOCK_ANSWERS_HIGH (VSOCK_ANSWERS - VSOCK_CHANNELS - 1u)

struct virtio_vsock_state {
    struct vsock_connection connection[VSOCK_CHANNELS];
    struct vsock_answer answer[VSOCK_ANSWERS];
    uint32_t answer_first, answers;
};

struct virtio_vsock {
    struct virtio virtio;
    struct virtio_vsock_state state;
    uint32_t port[VSOCK_CHANNELS];
    struct channel_end channel[VSOCK_CHANNELS];
    uint32_t channels;
};

/* Fills in what virtio_init() needs of the device itself. */
void virtio_vsock_init(struct virtio_vsock *vsock);

/* Adds a port of the host's before the guest runs; *index is its number in the calls below. Errors:
 * NO_MEMORY, EXISTS. */
L4_MUST_CHECK l4_status_t virtio_vsock_add(struct virtio_vsock *vsock, uint32_t port,
                                           uint32_t *index);

/* Its session has been opened: memory, our end and the server's doorbell. A connection over an
 * earlier one ends with RST. With a `page` of NULL, or an error, connections are refused. Errors:
 * FORMAT (the memory is not a channel's). */
L4_MUST_CHECK l4_status_t virtio_vsock_attach(struct virtio_vsock *vsock, uint32_t index,
                                              struct l4_channel_page *page, uint32_t bytes,
                                              uint32_t end, const struct doorbell *bell);

/* The channel's doorbell has rung. */
void virtio_vsock_ready(struct virtio_vsock *vsock, uint32_t index);

#endif
