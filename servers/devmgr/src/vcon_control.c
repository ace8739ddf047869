/*
 * A console device's start and its control queue: which ports there are, what they are called,
 * whether somebody is at the other end.
 */
#include <string.h>

#include "vcon.h"

#define F_MULTIPORT (1ull << 1)
#define CONFIG_MAX_PORTS 4u
#define QUEUE_CONTROL_RX 2u
#define QUEUE_CONTROL_TX 3u

/* Events (5.3.6.2). */
enum {
    DEVICE_READY = 0,
    DEVICE_ADD = 1,
    DEVICE_REMOVE = 2,
    PORT_READY = 3,
    PORT_OPEN = 6,
    PORT_NAME = 7,
};

struct control {
    uint32_t id;
    uint16_t event;
    uint16_t value;
};

static bool start_queue(struct vcon *vcon, uint32_t index, uint32_t size, struct virtqueue *queue,
                        struct vq_slot *slots, struct dma *area)
{
    struct dma memory;
    if (virtio_queue_size(&vcon->dev, index, size) != size ||
        !dma_take(area, VQ_BYTES(size), VQ_ALIGN, &memory)) {
        return false;
    }
    vq_init(queue, size, slots, &memory, (vcon->dev.features & VIRTIO_F_EVENT_INDEX) != 0);
    return virtio_queue_start(&vcon->dev, index, queue) == L4_OK;
}

static bool start_queues(struct vcon *vcon, struct dma *area)
{
    bool done = start_queue(vcon, QUEUE_CONTROL_RX, VCON_HEARD, &vcon->control_rx,
                            vcon->control_rx_slot, area) &&
                start_queue(vcon, QUEUE_CONTROL_TX, VCON_TOLD, &vcon->control_tx,
                            vcon->control_tx_slot, area);
    for (uint32_t i = 0; i < vcon->port_count && done; i++) {
        struct vcon_port *const port = &vcon->port[i];
        port->line = VCON_NONE;
        port->ready_due = port->open_due = false;
        const uint32_t index = vcon_queue(i);
        done = start_queue(vcon, index, VCON_BUFFERS, &port->rx, port->rx_slot, area) &&
               start_queue(vcon, index + 1, VCON_BUFFERS, &port->tx, port->tx_slot, area);
    }
    return done;
}

static bool take_buffers(struct vcon *vcon, struct dma *area)
{
    bool done =
        dma_take(area, VCON_HEARD * VCON_CONTROL_BYTES, VQ_ALIGN, &vcon->control_rx_memory) &&
        dma_take(area, VCON_TOLD * (uint32_t)sizeof(struct control), VQ_ALIGN,
                 &vcon->control_tx_memory);
    for (uint32_t i = 0; i < vcon->line_count && done; i++) {
        struct vcon_line *const line = &vcon->line[i];
        done = dma_take(area, VCON_BUFFERS * VCON_TX_BYTES, 1, &line->tx_memory) &&
               dma_take(area, VCON_BUFFERS * VCON_RX_BYTES, 1, &line->rx_memory);
    }
    return done;
}

static void offer_control(struct vcon *vcon, uint32_t buffer)
{
    const struct vq_buffer part = {vcon->control_rx_memory.pa + buffer * VCON_CONTROL_BYTES,
                                   VCON_CONTROL_BYTES};
    if (!vq_add(&vcon->control_rx, &part, 0, 1, buffer)) {
        virtio_fail(&vcon->dev); /* there is an entry for each buffer */
    }
}

l4_status_t vcon_start(struct vcon *vcon, const struct dma *area)
{
    struct dma left = *area;
    const l4_status_t status = virtio_negotiate(&vcon->dev, F_MULTIPORT, 0);
    if (status != L4_OK) {
        return status;
    }
    const uint32_t ports = virtio_read(&vcon->dev, VIRTIO_CONFIG + CONFIG_MAX_PORTS);
    vcon->port_count = ports < VCON_PORTS ? ports : VCON_PORTS;
    if (!take_buffers(vcon, &left) || !start_queues(vcon, &left)) {
        virtio_fail(&vcon->dev);
        vcon->port_count = 0;
        return left.size < VQ_BYTES(VCON_HEARD) ? L4_ERR_NO_MEMORY : L4_ERR_IO;
    }
    virtio_run(&vcon->dev);
    for (uint32_t i = 0; i < VCON_HEARD; i++) {
        offer_control(vcon, i);
    }
    virtio_publish(&vcon->dev, QUEUE_CONTROL_RX, &vcon->control_rx);
    vcon->device_ready_due = true;
    vcon_run(vcon);
    return L4_OK;
}

/* False: no room now; vcon_run() tries again when the device has taken others. */
static bool tell(struct vcon *vcon, uint32_t id, uint16_t event, uint16_t value)
{
    uint32_t i = 0;
    while (i < VCON_TOLD && (vcon->control_busy >> i & 1u) != 0) {
        i++;
    }
    if (i == VCON_TOLD) {
        return false;
    }
    const struct control message = {.id = id, .event = event, .value = value};
    const uint32_t offset = i * (uint32_t)sizeof message;
    const struct vq_buffer buffer = {vcon->control_tx_memory.pa + offset, sizeof message};
    memcpy(vcon->control_tx_memory.va + offset, &message, sizeof message);
    if (!vq_add(&vcon->control_tx, &buffer, 1, 0, i)) {
        return false;
    }
    vcon->control_busy |= 1u << i;
    return true;
}

static void tell_due(struct vcon *vcon)
{
    vcon->device_ready_due = vcon->device_ready_due && !tell(vcon, 0, DEVICE_READY, 1);
    for (uint32_t i = 0; i < vcon->port_count; i++) {
        struct vcon_port *const port = &vcon->port[i];
        port->ready_due = port->ready_due && !tell(vcon, i, PORT_READY, 1);
        port->open_due = port->open_due && !tell(vcon, i, PORT_OPEN, 1);
    }
    virtio_publish(&vcon->dev, QUEUE_CONTROL_TX, &vcon->control_tx);
}

/* A port's name; the first port of a line's name is the line's. */
static void port_named(struct vcon *vcon, uint32_t port, const char *name, uint32_t length)
{
    for (uint32_t i = 0; i < vcon->line_count && vcon->port[port].line == VCON_NONE; i++) {
        const struct vcon_line *const line = &vcon->line[i];
        if (line->port == VCON_NONE && strlen(line->name) == length &&
            memcmp(line->name, name, length) == 0) {
            vcon_bind(vcon, port, i);
        }
    }
}

static void heard(struct vcon *vcon, const uint8_t *bytes, uint32_t size)
{
    struct control message;
    memcpy(&message, bytes, sizeof message);
    if (message.id >= vcon->port_count) {
        return;
    }
    struct vcon_port *const port = &vcon->port[message.id];
    const char *const name = (const char *)bytes + sizeof message;
    switch (message.event) {
    case DEVICE_ADD:
        port->ready_due = true;
        break;
    case PORT_NAME:
        port_named(vcon, message.id, name, (uint32_t)strnlen(name, size - sizeof message));
        break;
    case PORT_OPEN:
        if (port->line != VCON_NONE) {
            vcon->line[port->line].host_open = message.value != 0;
        }
        break;
    case DEVICE_REMOVE:
        /* Its line has nobody at the other end; it stays bound for when the port comes back. */
        if (port->line != VCON_NONE) {
            vcon->line[port->line].host_open = false;
        }
        break;
    default:
        break;
    }
}

static void take_heard(struct vcon *vcon)
{
    uint32_t buffer = 0;
    uint32_t written = 0;
    /* The buffers go back at the end: the device cannot keep this going. */
    while (!vcon->dev.failed) {
        const enum vq_taken taken = vq_take(&vcon->control_rx, &buffer, &written);
        if (taken == VQ_NONE && vq_arm(&vcon->control_rx)) {
            break;
        }
        if (taken == VQ_BROKEN || (taken == VQ_TAKEN && written > VCON_CONTROL_BYTES)) {
            virtio_fail(&vcon->dev);
        } else if (taken == VQ_TAKEN) {
            if (written >= sizeof(struct control)) {
                heard(vcon, vcon->control_rx_memory.va + buffer * VCON_CONTROL_BYTES, written);
            }
            offer_control(vcon, buffer);
        }
    }
    virtio_publish(&vcon->dev, QUEUE_CONTROL_RX, &vcon->control_rx);
}

static void take_told(struct vcon *vcon)
{
    uint32_t index = 0;
    uint32_t written = 0;
    enum vq_taken taken = VQ_NONE;
    do {
        taken = vq_take(&vcon->control_tx, &index, &written);
        if (taken == VQ_TAKEN) {
            vcon->control_busy &= ~(1u << index);
        }
    } while (taken == VQ_TAKEN || (taken == VQ_NONE && !vq_arm(&vcon->control_tx)));
    if (taken == VQ_BROKEN) {
        virtio_fail(&vcon->dev);
    }
}

void vcon_run_control(struct vcon *vcon)
{
    take_told(vcon);
    if (!vcon->dev.failed) {
        take_heard(vcon);
    }
    if (!vcon->dev.failed) {
        tell_due(vcon);
    }
}
