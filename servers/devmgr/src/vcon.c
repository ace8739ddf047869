/*
 * The lines of a console device: data in both directions. Starting and control: vcon_control.c.
 */
#include <string.h>

#include "vcon.h"

static uint32_t rx_queue(uint32_t port)
{
    return vcon_queue(port);
}

static uint32_t tx_queue(uint32_t port)
{
    return vcon_queue(port) + 1;
}

uint32_t vcon_add(struct vcon *vcon, const char *name)
{
    if (vcon->line_count == VCON_LINES || strlen(name) >= VCON_NAME) {
        return VCON_NONE;
    }
    struct vcon_line *const line = &vcon->line[vcon->line_count];
    memcpy(line->name, name, strlen(name) + 1);
    line->port = VCON_NONE;
    return vcon->line_count++;
}

/* The line's port; NULL: it has none, or the device has failed. */
static struct vcon_port *port_of(struct vcon *vcon, uint32_t line)
{
    return line >= vcon->line_count || vcon->dev.failed || vcon->line[line].port == VCON_NONE
               ? NULL
               : &vcon->port[vcon->line[line].port];
}

bool vcon_is_open(const struct vcon *vcon, uint32_t line)
{
    return line < vcon->line_count && !vcon->dev.failed && vcon->line[line].port != VCON_NONE &&
           vcon->line[line].host_open;
}

static void offer_rx(struct vcon *vcon, uint32_t index, uint32_t buffer)
{
    const struct vcon_line *const line = &vcon->line[index];
    const struct vq_buffer part = {line->rx_memory.pa + buffer * VCON_RX_BYTES, VCON_RX_BYTES};
    if (!vq_add(&vcon->port[line->port].rx, &part, 0, 1, buffer)) {
        virtio_fail(&vcon->dev); /* there is an entry for each buffer */
    }
}

void vcon_bind(struct vcon *vcon, uint32_t port, uint32_t index)
{
    vcon->line[index].port = port;
    vcon->port[port].line = index;
    vcon->port[port].open_due = true;
    for (uint32_t i = 0; i < VCON_BUFFERS; i++) {
        offer_rx(vcon, index, i);
    }
    virtio_publish(&vcon->dev, rx_queue(port), &vcon->port[port].rx);
}

uint32_t vcon_send(struct vcon *vcon, uint32_t index, const void *bytes, uint32_t count)
{
    struct vcon_port *const port = port_of(vcon, index);
    const uint8_t *const from = bytes;
    uint32_t done = 0;
    if (port == NULL || !vcon->line[index].host_open) {
        return count;
    }
    struct vcon_line *const line = &vcon->line[index];
    for (uint32_t i = 0; i < VCON_BUFFERS && done < count; i++) {
        if (line->sending[i]) {
            continue;
        }
        const uint32_t part = count - done < VCON_TX_BYTES ? count - done : VCON_TX_BYTES;
        const uint32_t offset = i * VCON_TX_BYTES;
        const struct vq_buffer buffer = {line->tx_memory.pa + offset, part};
        memcpy(line->tx_memory.va + offset, from + done, part);
        line->sending[i] = vq_add(&port->tx, &buffer, 1, 0, i);
        done += line->sending[i] ? part : 0;
    }
    virtio_publish(&vcon->dev, tx_queue(line->port), &port->tx);
    return done;
}

uint32_t vcon_peek(const struct vcon *vcon, uint32_t index, const uint8_t **bytes)
{
    if (index >= vcon->line_count || vcon->line[index].rx_count == 0) {
        return 0;
    }
    const struct vcon_line *const line = &vcon->line[index];
    *bytes = line->rx_memory.va + line->rx[0].buffer * VCON_RX_BYTES + line->rx[0].taken;
    return line->rx[0].length - line->rx[0].taken;
}

/* The first received buffer goes back to the device. */
static void return_rx(struct vcon *vcon, uint32_t index)
{
    struct vcon_line *const line = &vcon->line[index];
    const uint32_t buffer = line->rx[0].buffer;
    line->rx_count--;
    memmove(&line->rx[0], &line->rx[1], line->rx_count * sizeof line->rx[0]);
    if (port_of(vcon, index) != NULL) {
        offer_rx(vcon, index, buffer);
        virtio_publish(&vcon->dev, rx_queue(line->port), &vcon->port[line->port].rx);
    }
}

void vcon_skip(struct vcon *vcon, uint32_t index, uint32_t count)
{
    struct vcon_line *const line = &vcon->line[index];
    line->rx[0].taken += count;
    if (line->rx[0].taken == line->rx[0].length) {
        return_rx(vcon, index);
    }
}

static void take_sent(struct vcon *vcon, struct vcon_port *port)
{
    uint32_t buffer = 0;
    uint32_t written = 0;
    enum vq_taken taken = VQ_NONE;
    do {
        taken = vq_take(&port->tx, &buffer, &written);
        if (taken == VQ_TAKEN) {
            vcon->line[port->line].sending[buffer] = false;
        }
    } while (taken == VQ_TAKEN || (taken == VQ_NONE && !vq_arm(&port->tx)));
    if (taken == VQ_BROKEN) {
        virtio_fail(&vcon->dev);
    }
}

static void receive(struct vcon *vcon, uint32_t index, uint32_t buffer, uint32_t written)
{
    struct vcon_line *const line = &vcon->line[index];
    if (written > VCON_RX_BYTES) {
        virtio_fail(&vcon->dev);
        return;
    }
    line->rx[line->rx_count].buffer = buffer;
    line->rx[line->rx_count].length = written;
    line->rx[line->rx_count].taken = 0;
    line->rx_count++;
}

/* Received buffers; an empty one cannot be skipped and goes back once it is the first. */
static void take_received(struct vcon *vcon, struct vcon_port *port)
{
    uint32_t buffer = 0;
    uint32_t written = 0;
    enum vq_taken taken = VQ_NONE;
    do {
        taken = vq_take(&port->rx, &buffer, &written);
        if (taken == VQ_TAKEN) {
            receive(vcon, port->line, buffer, written);
        }
    } while (!vcon->dev.failed && (taken == VQ_TAKEN || (taken == VQ_NONE && !vq_arm(&port->rx))));
    if (taken == VQ_BROKEN) {
        virtio_fail(&vcon->dev);
    }
    struct vcon_line *const line = &vcon->line[port->line];
    for (uint32_t i = 0;
         i < VCON_BUFFERS && !vcon->dev.failed && line->rx_count != 0 && line->rx[0].length == 0;
         i++) {
        return_rx(vcon, port->line);
    }
}

void vcon_run(struct vcon *vcon)
{
    if (vcon->dev.failed || vcon->port_count == 0) {
        return;
    }
    vcon_run_control(vcon);
    for (uint32_t i = 0; i < vcon->line_count; i++) {
        if (!vcon->dev.failed && vcon->line[i].port != VCON_NONE) {
            take_sent(vcon, &vcon->port[vcon->line[i].port]);
        }
        if (!vcon->dev.failed && vcon->line[i].port != VCON_NONE) {
            take_received(vcon, &vcon->port[vcon->line[i].port]);
        }
    }
}
