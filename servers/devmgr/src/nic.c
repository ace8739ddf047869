#include <string.h>

#include <devmgr/nic.h>

#define QUEUE_RX 0u
#define QUEUE_TX 1u

#define F_MAC (1ull << 5)
#define F_STATUS (1ull << 16)
#define CONFIG_MAC 0u
#define CONFIG_STATUS 6u
#define LINK_UP 1u

#define RX_BYTES (L4_NET_HEADER + (uint32_t)sizeof((struct l4_net_slot *)0)->frame)

l4_status_t nic_start(struct nic *nic, const struct dma *area)
{
    nic->area = *area;
    const l4_status_t status = virtio_negotiate(&nic->dev, F_MAC, F_STATUS);
    return status != L4_OK ? status : virtio_reset(&nic->dev);
}

static void read_config(const struct nic *nic)
{
    for (uint32_t i = 0; i < sizeof nic->page->mac; i++) {
        nic->page->mac[i] = virtio_read8(&nic->dev, VIRTIO_CONFIG + CONFIG_MAC + i);
    }
    nic->page->link = (nic->dev.features & F_STATUS) == 0 ||
                      (virtio_read8(&nic->dev, VIRTIO_CONFIG + CONFIG_STATUS) & LINK_UP) != 0;
}

static l4_status_t start_way(struct nic *nic, struct nic_way *way, uint32_t index, uint32_t size,
                             struct vq_slot *slots, struct dma *area)
{
    struct dma memory;
    if (virtio_queue_size(&nic->dev, index, size) != size ||
        !dma_take(area, VQ_BYTES(size), VQ_ALIGN, &memory)) {
        return L4_ERR_NOT_SUPPORTED;
    }
    vq_init(&way->queue, size, slots, &memory, (nic->dev.features & VIRTIO_F_EVENT_INDEX) != 0);
    way->next = 0;
    way->done = 0;
    return virtio_queue_start(&nic->dev, index, &way->queue);
}

static l4_status_t start_queues(struct nic *nic)
{
    struct dma area = nic->area;
    if (!dma_take(&area, L4_NET_HEADER, VQ_ALIGN, &nic->header)) {
        return L4_ERR_NO_MEMORY;
    }
    memset(nic->header.va, 0, L4_NET_HEADER);
    l4_status_t status = start_way(nic, &nic->rx, QUEUE_RX, L4_NET_SLOTS, nic->rx_slot, &area);
    if (status == L4_OK) {
        status = start_way(nic, &nic->tx, QUEUE_TX, NIC_TX_QUEUE, nic->tx_slot, &area);
    }
    return status;
}

l4_status_t nic_open(struct nic *nic, const struct dma *memory)
{
    nic->open = false;
    l4_status_t status = virtio_negotiate(&nic->dev, F_MAC, F_STATUS);
    if (status == L4_OK) {
        status = start_queues(nic);
    }
    if (status != L4_OK) {
        virtio_fail(&nic->dev);
        return status;
    }
    nic->page = (struct l4_net_page *)(void *)memory->va;
    nic->page_pa = memory->pa;
    memset(nic->page, 0, sizeof *nic->page);
    nic->page->rx.consumer_waits = 1; /* it has yet to look for the first time */
    read_config(nic);
    l4_ring_init(&nic->tx.ring, &nic->page->tx, NULL, L4_NET_SLOTS);
    l4_ring_init(&nic->rx.ring, &nic->page->rx, NULL, L4_NET_SLOTS);
    nic->broken = false;
    nic->open = true;
    virtio_run(&nic->dev);
    return L4_OK;
}

void nic_close(struct nic *nic)
{
    if (nic->open) {
        const l4_status_t status = virtio_reset(&nic->dev);
        (void)status; /* a device that cannot be reset is marked failed */
        nic->open = false;
    }
}

static uint64_t slot_pa(const struct nic *nic, const struct l4_net_slot *slot)
{
    return nic->page_pa + (uint64_t)((const uint8_t *)slot - (const uint8_t *)nic->page);
}

/* Frames of the client to the device. The headers are devmgr's own, not what the client wrote. */
static void send_frames(struct nic *nic)
{
    struct nic_way *const tx = &nic->tx;
    nic->broken = nic->broken || l4_ring_consumer_broken(&tx->ring);
    const uint32_t head = tx->ring.index + l4_ring_used(&tx->ring);
    while (!nic->broken && tx->next != head) {
        const uint32_t at = tx->next % L4_NET_SLOTS;
        const struct l4_net_slot *const slot = &nic->page->tx_slot[at];
        const uint32_t size = __atomic_load_n(&slot->size, __ATOMIC_RELAXED);
        const struct vq_buffer buffer[] = {
            {nic->header.pa, L4_NET_HEADER},
            {slot_pa(nic, slot) + offsetof(struct l4_net_slot, frame), size}};
        nic->broken = size < L4_NET_FRAME_MIN || size > L4_NET_FRAME_MAX;
        if (nic->broken || !vq_add(&tx->queue, buffer, 2, 0, at)) {
            break;
        }
        tx->next++;
    }
    virtio_publish(&nic->dev, QUEUE_TX, &tx->queue);
}

/* Free slots to the device. */
static void offer_slots(struct nic *nic)
{
    struct nic_way *const rx = &nic->rx;
    nic->broken = nic->broken || l4_ring_producer_broken(&rx->ring);
    const uint32_t end = rx->ring.index + l4_ring_space(&rx->ring);
    while (!nic->broken && rx->next != end) {
        const uint32_t at = rx->next % L4_NET_SLOTS;
        const struct l4_net_slot *const slot = &nic->page->rx_slot[at];
        const struct vq_buffer buffer = {slot_pa(nic, slot) + offsetof(struct l4_net_slot, header),
                                         RX_BYTES};
        if (!vq_add(&rx->queue, &buffer, 0, 1, at)) {
            break;
        }
        rx->next++;
    }
    virtio_publish(&nic->dev, QUEUE_RX, &rx->queue);
}

/* Slots that the device has finished, up to the first that it has not. */
static uint32_t in_order(struct nic_way *way)
{
    uint32_t count = 0;
    while ((way->done >> ((way->ring.index + count) % L4_NET_SLOTS) & 1u) != 0) {
        way->done &= ~(1u << ((way->ring.index + count) % L4_NET_SLOTS));
        count++;
    }
    return count;
}

/* A received frame as the session promises it: a runt is padded, what is too long is cut. */
static enum vq_taken receive(struct l4_net_slot *slot, uint32_t written)
{
    if (written < L4_NET_HEADER || written > RX_BYTES) {
        return VQ_BROKEN;
    }
    uint32_t size = written - L4_NET_HEADER;
    if (size < L4_NET_FRAME_MIN) {
        memset(slot->frame + size, 0, L4_NET_FRAME_MIN - size);
        size = L4_NET_FRAME_MIN;
    }
    slot->size = size < L4_NET_FRAME_MAX ? size : L4_NET_FRAME_MAX;
    return VQ_TAKEN;
}

/* Takes what the device has finished. Returns how many slots go on to the client. */
static uint32_t finish(struct nic *nic, struct nic_way *way, bool received)
{
    uint32_t at = 0;
    uint32_t written = 0;
    do {
        enum vq_taken taken = vq_take(&way->queue, &at, &written);
        if (taken == VQ_TAKEN && received) {
            taken = receive(&nic->page->rx_slot[at], written);
        }
        if (taken == VQ_BROKEN) {
            virtio_fail(&nic->dev);
        } else if (taken == VQ_TAKEN) {
            way->done |= 1u << at;
        }
    } while (!nic->dev.failed && !vq_arm(&way->queue));
    return nic->dev.failed ? 0 : in_order(way);
}

bool nic_run(struct nic *nic)
{
    if (!nic->open || nic->dev.failed) {
        return false;
    }
    const uint32_t sent = finish(nic, &nic->tx, false);
    const uint32_t received = finish(nic, &nic->rx, true);
    if (nic->dev.failed) {
        return false;
    }
    if (sent != 0) {
        l4_ring_skip(&nic->tx.ring, sent);
    }
    if (received != 0) {
        l4_ring_publish(&nic->rx.ring, received);
    }
    send_frames(nic);
    offer_slots(nic);
    if (!nic->broken) {
        /* What is in flight needs no doorbell: its completion brings us back. */
        const uint32_t seen = nic->tx.next - nic->tx.ring.index;
        if (!l4_ring_wait_more(&nic->tx.ring, seen)) {
            send_frames(nic);
        }
        if (!l4_ring_wait_space(&nic->rx.ring)) {
            offer_slots(nic);
        }
    }
    const bool room = sent != 0 && l4_ring_must_wake_producer(&nic->tx.ring);
    const bool data = received != 0 && l4_ring_must_wake_consumer(&nic->rx.ring);
    return room || data;
}
