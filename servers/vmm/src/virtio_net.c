/* See virtio_net.h. Hot path: metric net.rtt. */
#include <string.h>

#include <vmm/virtio_net.h>

#define HEADER 12u /* struct virtio_net_hdr, 5.1.6 */

static bool size_valid(uint32_t size)
{
    return size >= L4_NET_FRAME_MIN && size <= L4_NET_FRAME_MAX;
}

/* --- From the guest ------------------------------------------------------------------------ */

/* Slots that are filled and not published yet, and how many there may be. */
struct batch {
    uint32_t filled, space;
};

static bool tx_room(struct virtio_net *net, struct batch *batch)
{
    if (batch->filled < batch->space) {
        return true;
    }
    l4_ring_publish(&net->tx, batch->filled);
    batch->filled = 0;
    batch->space = l4_ring_wait_space(&net->tx) ? 0 : l4_ring_space(&net->tx);
    return batch->space != 0;
}

static void tx_fill(struct virtio_net *net, const struct virtio_chain *chain, uint32_t at)
{
    struct l4_net_slot *slot = &net->page->tx_slot[at & (L4_NET_SLOTS - 1u)];
    uint32_t size = chain->read_bytes - HEADER;
    memset(slot->header, 0, sizeof(slot->header));
    slot->size = size;
    (void)virtio_read(chain, HEADER, slot->frame, size);
    net->virtio.counters->bytes_from += size;
}

static void tx_pump(struct virtio_net *net)
{
    struct virtio_chain *chain = net->virtio.chain;
    if (net->page == NULL) {
        return;
    }
    struct batch batch = {0, l4_ring_space(&net->tx)};
    uint32_t index = net->tx.index;
    while (virtio_take(&net->virtio, VIRTIO_NET_TX, chain) == L4_OK) {
        if (chain->read_bytes < HEADER || !size_valid(chain->read_bytes - HEADER)) {
            net->dropped++;
        } else if (tx_room(net, &batch)) {
            tx_fill(net, chain, net->tx.index + batch.filled++);
        } else {
            virtio_put_back(&net->virtio, VIRTIO_NET_TX);
            break;
        }
        virtio_return(&net->virtio, VIRTIO_NET_TX, chain->head, 0);
    }
    if (batch.filled != 0) {
        l4_ring_publish(&net->tx, batch.filled);
    }
    if (net->tx.index != index && l4_ring_must_wake_consumer(&net->tx)) {
        doorbell_ring(&net->bell);
    }
    virtio_signal(&net->virtio, VIRTIO_NET_TX);
}

/* --- To the guest -------------------------------------------------------------------------- */

/* One slot into the guest's next buffer. False: there is none, the frame waits. */
static bool rx_slot(struct virtio_net *net, const struct l4_net_slot *slot)
{
    static const uint8_t header[HEADER] = {[10] = 1}; /* num_buffers (5.1.6.4.1) */
    struct virtio_chain *chain = net->virtio.chain;
    uint32_t size = __atomic_load_n(&slot->size, __ATOMIC_RELAXED);
    if (!size_valid(size)) {
        net->dropped++;
        return true;
    }
    if (virtio_take(&net->virtio, VIRTIO_NET_RX, chain) != L4_OK) {
        return false;
    }
    if (chain->write_bytes < HEADER + size) {
        virtio_put_back(&net->virtio, VIRTIO_NET_RX);
        net->dropped++;
        return true;
    }
    (void)virtio_write(chain, 0, header, HEADER);
    (void)virtio_write(chain, HEADER, slot->frame, size);
    virtio_return(&net->virtio, VIRTIO_NET_RX, chain->head, HEADER + size);
    net->virtio.counters->bytes_to += size;
    return true;
}

static void rx_pump(struct virtio_net *net)
{
    uint32_t index = net->rx.index;
    bool more = net->page != NULL && virtio_live(&net->virtio);
    while (more) {
        uint32_t used = l4_ring_used(&net->rx);
        uint32_t done = 0;
        while (done < used &&
               rx_slot(net, &net->page->rx_slot[(net->rx.index + done) & (L4_NET_SLOTS - 1u)])) {
            done++;
        }
        if (done != 0) {
            l4_ring_skip(&net->rx, done);
        }
        more = done == used && !l4_ring_wait_data(&net->rx);
    }
    if (net->rx.index != index && l4_ring_must_wake_producer(&net->rx)) {
        doorbell_ring(&net->bell);
    }
    virtio_signal(&net->virtio, VIRTIO_NET_RX);
}

/* --- The device ---------------------------------------------------------------------------- */

static void net_reset(struct virtio *virtio)
{
    (void)virtio; /* nothing is in progress between two calls */
}

/* What came while no driver was there is old. */
static void net_driver_ready(struct virtio *virtio)
{
    struct virtio_net *net = virtio->device;
    if (net->page != NULL) {
        l4_ring_skip(&net->rx, l4_ring_used(&net->rx));
        rx_pump(net);
    }
}

static void net_notify(struct virtio *virtio, uint32_t queue)
{
    struct virtio_net *net = virtio->device;
    if (queue == VIRTIO_NET_TX) {
        tx_pump(net);
    } else {
        rx_pump(net);
    }
}

static void net_config_read(struct virtio *virtio, uint32_t offset, void *bytes, uint32_t size)
{
    const struct virtio_net *net = virtio->device;
    memcpy(bytes, (const uint8_t *)&net->config + offset, size);
}

static const struct virtio_ops net_ops = {
    .id = VIRTIO_ID_NET,
    .queues = 2,
    .config_size = sizeof(struct virtio_net_config),
    .features = VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS,
    .reset = net_reset,
    .ready = net_driver_ready,
    .notify = net_notify,
    .config_read = net_config_read,
};

void virtio_net_init(struct virtio_net *net)
{
    memset(net, 0, sizeof(*net));
    net->virtio.ops = &net_ops;
    net->virtio.device = net;
    net->config.max_virtqueue_pairs = 1;
    net->config.mtu = VIRTIO_NET_MTU;
}

static uint16_t link_status(const struct virtio_net *net)
{
    return __atomic_load_n(&net->page->link, __ATOMIC_RELAXED) != 0 ? VIRTIO_NET_S_LINK_UP : 0;
}

void virtio_net_attach(struct virtio_net *net, struct l4_net_page *page,
                       const struct doorbell *bell)
{
    net->page = page;
    if (page == NULL) {
        return;
    }
    net->bell = *bell;
    memcpy(net->config.mac, page->mac, sizeof(net->config.mac));
    l4_ring_init(&net->tx, &page->tx, NULL, L4_NET_SLOTS);
    l4_ring_init(&net->rx, &page->rx, NULL, L4_NET_SLOTS);
    virtio_net_ready(net);
}

void virtio_net_ready(struct virtio_net *net)
{
    if (net->page == NULL) {
        return;
    }
    uint16_t status = link_status(net);
    if (status != net->config.status) {
        net->config.status = status;
        virtio_config_changed(&net->virtio);
    }
    rx_pump(net);
    tx_pump(net);
}
