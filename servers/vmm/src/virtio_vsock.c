/* The packets of virtio-vsock and their queues. See virtio_vsock.h, vsock_internal.h. */
#include <string.h>

#include "vsock_internal.h"

/* --- To the guest -------------------------------------------------------------------------- */

/* The next buffer that holds a header. False: the guest has to give one first. */
static bool rx_take(struct virtio_vsock *vsock)
{
    struct virtio_chain *chain = vsock->virtio.chain;
    while (virtio_take(&vsock->virtio, VIRTIO_VSOCK_RX, chain) == L4_OK) {
        if (chain->write_bytes > sizeof(struct vsock_header)) {
            return true;
        }
        vsock->virtio.counters->errors++;
        virtio_return(&vsock->virtio, VIRTIO_VSOCK_RX, chain->head, 0);
    }
    return false;
}

/* Fills the buffer that rx_take() found, with data out of `ring`. */
static void rx_return(struct virtio_vsock *vsock, struct vsock_header *h, struct l4_ring *ring,
                      uint32_t size)
{
    const struct virtio_chain *chain = vsock->virtio.chain;
    h->src_cid = VSOCK_CID_HOST;
    h->dst_cid = VSOCK_CID_GUEST;
    h->size = size != 0 ? virtio_from_ring(chain, sizeof(*h), size, ring) : 0;
    if (h->size < size && h->size == 0) { /* the other end took its data back */
        h->op = VSOCK_OP_CREDIT_UPDATE;
    }
    (void)virtio_write(chain, 0, h, sizeof(*h));
    virtio_return(&vsock->virtio, VIRTIO_VSOCK_RX, chain->head, sizeof(*h) + h->size);
    vsock->virtio.counters->bytes_to += h->size;
}

static bool answer_send(struct virtio_vsock *vsock)
{
    struct virtio_vsock_state *s = &vsock->state;
    if (s->answers == 0 || !rx_take(vsock)) {
        return false;
    }
    const struct vsock_answer *a = &s->answer[s->answer_first];
    struct vsock_header h = {.src_port = a->host_port,
                             .dst_port = a->guest_port,
                             .type = a->type,
                             .op = a->op,
                             .flags = a->flags};
    rx_return(vsock, &h, NULL, 0);
    s->answer_first = (s->answer_first + 1u) % VSOCK_ANSWERS;
    s->answers--;
    return true;
}

/* One packet of one connection. False: it has none, or the guest no buffer. */
static bool connection_send(struct virtio_vsock *vsock, uint32_t index)
{
    struct channel_end *channel = &vsock->channel[index];
    struct vsock_header h;
    uint32_t size;
    if (!vsock_due(vsock, index, &h, &size) || !rx_take(vsock)) {
        return false;
    }
    uint32_t room = vsock->virtio.chain->write_bytes - (uint32_t)sizeof(h);
    rx_return(vsock, &h, &channel->rx, size < room ? size : room);
    vsock_sent(vsock, index, &h, h.size);
    if (h.size != 0 && l4_ring_must_wake_producer(&channel->rx)) {
        doorbell_ring(&channel->bell);
    }
    return true;
}

/* All that the guest's buffers hold; answers first, then a packet of each connection in turn. */
static void rx_pump(struct virtio_vsock *vsock)
{
    bool sent = virtio_live(&vsock->virtio);
    while (sent) {
        sent = false;
        while (answer_send(vsock)) {
        }
        for (uint32_t i = 0; i < vsock->channels && vsock->state.answers == 0; i++) {
            sent = connection_send(vsock, i) || sent;
        }
        sent = answer_send(vsock) || sent; /* that of a connection which has just ended */
    }
    virtio_signal(&vsock->virtio, VIRTIO_VSOCK_RX);
}

/* --- From the guest ------------------------------------------------------------------------ */

static bool packet_valid(const struct vsock_header *h, const struct virtio_chain *chain)
{
    return chain->read_bytes >= sizeof(*h) && h->size <= chain->read_bytes - sizeof(*h) &&
           h->src_cid == VSOCK_CID_GUEST && h->dst_cid == VSOCK_CID_HOST;
}

static void tx_pump(struct virtio_vsock *vsock)
{
    struct virtio_chain *chain = vsock->virtio.chain;
    while (vsock->state.answers <= VSOCK_ANSWERS_HIGH &&
           virtio_take(&vsock->virtio, VIRTIO_VSOCK_TX, chain) == L4_OK) {
        struct vsock_header h = {0};
        uint16_t head = chain->head;
        (void)virtio_read(chain, 0, &h, sizeof(h));
        if (packet_valid(&h, chain)) {
            vsock_packet(vsock, &h, chain);
        } else {
            vsock->virtio.counters->errors++;
        }
        virtio_return(&vsock->virtio, VIRTIO_VSOCK_TX, head, 0);
    }
    virtio_signal(&vsock->virtio, VIRTIO_VSOCK_TX);
}

/* Packets of the guest's wait while too many answers do. */
static void pump(struct virtio_vsock *vsock)
{
    bool held;
    do {
        tx_pump(vsock);
        held = vsock->state.answers > VSOCK_ANSWERS_HIGH;
        rx_pump(vsock);
    } while (held && vsock->state.answers <= VSOCK_ANSWERS_HIGH);
}

/* --- The device ---------------------------------------------------------------------------- */

static void vsock_reset(struct virtio *virtio)
{
    struct virtio_vsock *vsock = virtio->device;
    for (uint32_t i = 0; i < vsock->channels; i++) {
        vsock_end(vsock, i, VSOCK_OP_INVALID, 0);
    }
    memset(&vsock->state, 0, sizeof(vsock->state));
}

/* Buffers in the event queue stay there: no event (5.10.6.7) ever happens. */
static void vsock_notify(struct virtio *virtio, uint32_t queue)
{
    if (queue != VIRTIO_VSOCK_EVENT) {
        pump(virtio->device);
    }
}

static void vsock_config_read(struct virtio *virtio, uint32_t offset, void *bytes, uint32_t size)
{
    static const uint64_t guest_cid = VSOCK_CID_GUEST;
    (void)virtio;
    memcpy(bytes, (const uint8_t *)&guest_cid + offset, size);
}

static const struct virtio_ops vsock_ops = {
    .id = VIRTIO_ID_VSOCK,
    .queues = 3,
    .config_size = sizeof(uint64_t),
    .features = VIRTIO_VSOCK_F_STREAM,
    .reset = vsock_reset,
    .notify = vsock_notify,
    .config_read = vsock_config_read,
};

void virtio_vsock_init(struct virtio_vsock *vsock)
{
    memset(vsock, 0, sizeof(*vsock));
    vsock->virtio.ops = &vsock_ops;
    vsock->virtio.device = vsock;
}

l4_status_t virtio_vsock_add(struct virtio_vsock *vsock, uint32_t port, uint32_t *index)
{
    for (uint32_t i = 0; i < vsock->channels; i++) {
        if (vsock->port[i] == port) {
            return L4_ERR_EXISTS;
        }
    }
    if (vsock->channels == VSOCK_CHANNELS) {
        return L4_ERR_NO_MEMORY;
    }
    *index = vsock->channels++;
    vsock->port[*index] = port;
    return L4_OK;
}

l4_status_t virtio_vsock_attach(struct virtio_vsock *vsock, uint32_t index,
                                struct l4_channel_page *page, uint32_t bytes, uint32_t end,
                                const struct doorbell *bell)
{
    struct channel_end *channel = &vsock->channel[index];
    l4_status_t status = channel_attach(channel, page, bytes, end, bell);
    vsock_end(vsock, index, VSOCK_OP_RST, 0);
    pump(vsock);
    return status;
}

void virtio_vsock_ready(struct virtio_vsock *vsock, uint32_t index)
{
    vsock_peer(vsock, index);
    pump(vsock);
}
