/*
 * The state machine of vsock connections, and their credit (5.10.6.3). See vsock_internal.h.
 */
#include <string.h>

#include "vsock_internal.h"

static void answer(struct virtio_vsock *vsock, const struct vsock_answer *packet)
{
    struct virtio_vsock_state *s = &vsock->state;
    if (s->answers < VSOCK_ANSWERS) { /* always: see VSOCK_ANSWERS_HIGH */
        s->answer[(s->answer_first + s->answers++) % VSOCK_ANSWERS] = *packet;
    }
}

/* The answer to a packet that fits no connection; a reset gets none. */
static void refuse(struct virtio_vsock *vsock, const struct vsock_header *h)
{
    if (h->op != VSOCK_OP_RST) {
        answer(vsock, &(struct vsock_answer){h->src_port, h->dst_port, VSOCK_OP_RST, h->type, 0});
    }
}

void vsock_end(struct virtio_vsock *vsock, uint32_t index, enum vsock_op op, uint32_t flags)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    if (c->phase == VSOCK_CLOSED) {
        return;
    }
    if (op != VSOCK_OP_INVALID) {
        answer(vsock, &(struct vsock_answer){c->guest_port, vsock->port[index], (uint16_t)op,
                                             VSOCK_TYPE_STREAM, flags});
    }
    channel_close(&vsock->channel[index]);
    memset(c, 0, sizeof(*c));
}

/* --- Credit -------------------------------------------------------------------------------- */

/* What the other end has taken; a tail that runs backwards or beyond what was put is no news. */
static void taken_update(struct vsock_connection *c, const struct channel_end *channel)
{
    uint32_t in_ring = channel->tx.size - l4_ring_space(&channel->tx);
    uint32_t more = c->from - in_ring - c->taken;
    if (channel->connected && more <= c->from - c->taken) {
        c->taken += more;
    }
}

static uint32_t alloc_of(const struct channel_end *channel)
{
    return channel->connected ? channel->tx.size : 0;
}

/* The room that the guest knows of. */
static uint32_t told_room(const struct vsock_connection *c)
{
    uint32_t in_flight = c->from - c->told_taken;
    return in_flight > c->told_alloc ? 0 : c->told_alloc - in_flight;
}

static bool credit_due(const struct vsock_connection *c, const struct channel_end *channel)
{
    return c->tell != 0 || alloc_of(channel) != c->told_alloc ||
           (c->taken != c->told_taken && told_room(c) < channel->tx.size / 2u);
}

static uint32_t guest_room(const struct vsock_connection *c)
{
    uint32_t in_flight = c->to - c->guest_taken;
    return in_flight > c->guest_alloc ? 0 : c->guest_alloc - in_flight;
}

/* --- Packets of the guest's ---------------------------------------------------------------- */

static bool drained(const struct channel_end *channel)
{
    return !channel->connected || l4_ring_space(&channel->tx) == channel->tx.size;
}

static void request(struct virtio_vsock *vsock, uint32_t index, const struct vsock_header *h)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    struct channel_end *channel = &vsock->channel[index];
    if (c->phase != VSOCK_CLOSED || channel->page == NULL) {
        refuse(vsock, h);
        if (c->phase != VSOCK_CLOSED && c->guest_port == h->src_port) { /* that one is no more */
            vsock_end(vsock, index, VSOCK_OP_INVALID, 0);
        }
        return;
    }
    *c = (struct vsock_connection){.phase = VSOCK_OPEN,
                                   .respond = 1,
                                   .type = h->type,
                                   .guest_port = h->src_port,
                                   .guest_alloc = h->buf_alloc,
                                   .guest_taken = h->fwd_cnt};
    channel_open(channel);
}

static void data(struct virtio_vsock *vsock, uint32_t index, const struct vsock_header *h,
                 const struct virtio_chain *chain)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    struct channel_end *channel = &vsock->channel[index];
    if ((c->shutdown & VSOCK_SHUTDOWN_SEND) != 0 || h->size > told_room(c) ||
        h->size > channel_space(channel)) {
        vsock->virtio.counters->errors++;
        vsock_end(vsock, index, VSOCK_OP_RST, 0);
        return;
    }
    (void)virtio_to_ring(chain, sizeof(*h), h->size, &channel->tx);
    c->from += h->size;
    vsock->virtio.counters->bytes_from += h->size;
    if (h->size != 0 && l4_ring_must_wake_consumer(&channel->tx)) {
        doorbell_ring(&channel->bell);
    }
}

static void shut(struct virtio_vsock *vsock, uint32_t index, uint32_t flags)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    c->shutdown |= (uint8_t)(flags & VSOCK_SHUTDOWN_BOTH);
    if (c->shutdown != VSOCK_SHUTDOWN_BOTH) {
        return;
    }
    c->phase = VSOCK_CLOSING;
    if (drained(&vsock->channel[index])) {
        vsock_end(vsock, index, VSOCK_OP_RST, 0);
    }
}

static void connected_packet(struct virtio_vsock *vsock, uint32_t index,
                             const struct vsock_header *h, const struct virtio_chain *chain)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    c->guest_alloc = h->buf_alloc;
    c->guest_taken = h->fwd_cnt;
    switch (h->op) {
    case VSOCK_OP_RST:
        vsock_end(vsock, index, VSOCK_OP_INVALID, 0);
        break;
    case VSOCK_OP_SHUTDOWN:
        shut(vsock, index, h->flags);
        break;
    case VSOCK_OP_RW:
        data(vsock, index, h, chain);
        break;
    case VSOCK_OP_CREDIT_UPDATE:
        break;
    case VSOCK_OP_CREDIT_REQUEST:
        c->tell = 1;
        break;
    default:
        vsock->virtio.counters->errors++;
        vsock_end(vsock, index, VSOCK_OP_RST, 0);
        break;
    }
}

void vsock_packet(struct virtio_vsock *vsock, const struct vsock_header *h,
                  const struct virtio_chain *chain)
{
    uint32_t index = 0;
    while (index < vsock->channels && vsock->port[index] != h->dst_port) {
        index++;
    }
    if (index == vsock->channels || h->type != VSOCK_TYPE_STREAM) {
        refuse(vsock, h);
        return;
    }
    const struct vsock_connection *c = &vsock->state.connection[index];
    if (h->op == VSOCK_OP_REQUEST) {
        request(vsock, index, h);
    } else if (c->phase == VSOCK_CLOSED || c->guest_port != h->src_port) {
        refuse(vsock, h);
    } else {
        connected_packet(vsock, index, h, chain);
    }
}

/* --- The other end ------------------------------------------------------------------------- */

void vsock_peer(struct virtio_vsock *vsock, uint32_t index)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    struct channel_end *channel = &vsock->channel[index];
    if (c->phase == VSOCK_CLOSED) {
        return;
    }
    enum channel_event event = channel_poll(channel);
    taken_update(c, channel);
    if (event == CHANNEL_DISCONNECTED && c->phase == VSOCK_OPEN && c->respond == 0) {
        vsock_end(vsock, index, VSOCK_OP_SHUTDOWN, VSOCK_SHUTDOWN_BOTH);
    } else if (event == CHANNEL_DISCONNECTED || (c->phase == VSOCK_CLOSING && drained(channel))) {
        vsock_end(vsock, index, VSOCK_OP_RST, 0);
    }
}

/* --- Packets to the guest ------------------------------------------------------------------ */

static uint32_t data_due(struct vsock_connection *c, struct channel_end *channel)
{
    if ((c->shutdown & VSOCK_SHUTDOWN_RCV) != 0 || !channel->connected ||
        l4_ring_wait_data(&channel->rx)) {
        return 0;
    }
    uint32_t used = channel_used(channel);
    uint32_t room = guest_room(c);
    c->ask = room == 0 && c->asked == 0;
    c->asked = c->asked != 0 && room == 0;
    return used < room ? used : room;
}

/* Is there something that only the other end's taking data will bring? Then it has to ring. True:
 * it has taken some that we did not know of, maybe before anybody asked it to ring. */
static bool taken_since(const struct vsock_connection *c, struct channel_end *channel)
{
    uint32_t in_ring = c->from - c->taken;
    if (c->phase != VSOCK_CLOSING && told_room(c) >= channel->tx.size / 2u) {
        return false;
    }
    return in_ring != 0 && !l4_ring_wait_room(&channel->tx, channel->tx.size - in_ring);
}

static enum vsock_op op_due(struct vsock_connection *c, struct channel_end *channel, uint32_t *size)
{
    *size = 0;
    if (c->phase == VSOCK_CLOSED) {
        return VSOCK_OP_INVALID;
    }
    if (c->respond != 0) {
        return VSOCK_OP_RESPONSE;
    }
    *size = data_due(c, channel);
    if (*size != 0) {
        return VSOCK_OP_RW;
    }
    if (credit_due(c, channel)) {
        return VSOCK_OP_CREDIT_UPDATE;
    }
    return c->ask != 0 ? VSOCK_OP_CREDIT_REQUEST : VSOCK_OP_INVALID;
}

bool vsock_due(struct virtio_vsock *vsock, uint32_t index, struct vsock_header *header,
               uint32_t *size)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    struct channel_end *channel = &vsock->channel[index];
    enum vsock_op op = op_due(c, channel, size);
    if (op == VSOCK_OP_INVALID) {
        if (c->phase == VSOCK_CLOSED || !taken_since(c, channel)) {
            return false;
        }
        vsock_peer(vsock, index);
        op = op_due(c, channel, size);
    }
    *header = (struct vsock_header){.src_port = vsock->port[index],
                                    .dst_port = c->guest_port,
                                    .type = VSOCK_TYPE_STREAM,
                                    .op = (uint16_t)op,
                                    .buf_alloc = alloc_of(channel),
                                    .fwd_cnt = c->taken};
    return op != VSOCK_OP_INVALID;
}

void vsock_sent(struct virtio_vsock *vsock, uint32_t index, const struct vsock_header *header,
                uint32_t size)
{
    struct vsock_connection *c = &vsock->state.connection[index];
    c->told_taken = header->fwd_cnt;
    c->told_alloc = header->buf_alloc;
    c->tell = 0;
    c->to += size;
    if (header->op == VSOCK_OP_RESPONSE) {
        c->respond = 0;
    } else if (header->op == VSOCK_OP_CREDIT_REQUEST) {
        c->ask = 0;
        c->asked = 1;
    }
}
