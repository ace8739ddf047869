/*
 * A virtio console device with several ports (virtio 1.1, 5.3), driven: the ports that the caller
 * names, each a byte stream in both directions.
 *
 * A port whose host side is closed swallows what is sent; what the host sends waits in the port
 * until the caller takes it. Pure (devmgr/virtio.h).
 */
#ifndef DEVMGR_VCON_H
#define DEVMGR_VCON_H

#include <devmgr/virtio.h>
#include <l4/proto/init.h>

#define VCON_NAME 64u  /* bytes of a port's name, with a NUL */
#define VCON_PORTS 32u /* of the device; others are left alone */
#define VCON_LINES (2u * L4_START_CLIENTS + 1u)
#define VCON_BUFFERS 2u /* of a line, in each direction: the length of its queues */
#define VCON_HEARD 32u  /* control messages: a device with all its ports says so much at once */
#define VCON_TOLD 8u    /* each is answered by up to three */
#define VCON_TX_BYTES 512u
#define VCON_RX_BYTES 128u
#define VCON_CONTROL_BYTES 96u

/* Bytes of DMA memory for the device, and for each line. */
#define VCON_AREA (2u * 4096u + 2048u)
#define VCON_LINE_AREA (VCON_BUFFERS * (VCON_TX_BYTES + VCON_RX_BYTES))

#define VCON_NONE 0xffffffffu

/* A port that the caller has named. */
struct vcon_line {
    char name[VCON_NAME];
    uint32_t port; /* VCON_NONE: the device has no such port */
    bool host_open;
    bool sending[VCON_BUFFERS]; /* the device reads this buffer */
    uint32_t rx_count;          /* received buffers, in order: */
    struct {
        uint32_t buffer;
        uint32_t length;
        uint32_t taken;
    } rx[VCON_BUFFERS];
    struct dma tx_memory;
    struct dma rx_memory;
};

/* A port of the device. */
struct vcon_port {
    bool ready_due; /* control messages that have still to be sent */
    bool open_due;
    uint32_t line; /* VCON_NONE: nobody's */
    struct virtqueue rx, tx;
    struct vq_slot rx_slot[VCON_BUFFERS], tx_slot[VCON_BUFFERS];
};

struct vcon {
    struct virtio dev;
    uint32_t port_count;
    uint32_t line_count;
    bool device_ready_due;
    uint32_t control_busy; /* sent control messages in use by the device, a bit each */
    struct virtqueue control_rx, control_tx;
    struct vq_slot control_rx_slot[VCON_HEARD], control_tx_slot[VCON_TOLD];
    struct dma control_rx_memory, control_tx_memory;
    struct vcon_port port[VCON_PORTS];
    struct vcon_line line[VCON_LINES];
};

/* Names the next line, before vcon_start(). Returns its number; VCON_NONE: there are too many. */
uint32_t vcon_add(struct vcon *vcon, const char *name);

/* Resets and starts the device at vcon->dev.base with `area` (VCON_AREA bytes, and VCON_LINE_AREA
 * for each line). Errors: those of virtio_negotiate() (it wants several ports); NO_MEMORY; IO. */
L4_MUST_CHECK l4_status_t vcon_start(struct vcon *vcon, const struct dma *area);

/* After an interrupt, and after using the lines: control messages, received and sent buffers. */
void vcon_run(struct vcon *vcon);

/* True when the line has a port whose host side is open. */
bool vcon_is_open(const struct vcon *vcon, uint32_t line);

/* Sends up to `count` bytes; returns how many. Nobody there: all of them, to nowhere. */
uint32_t vcon_send(struct vcon *vcon, uint32_t line, const void *bytes, uint32_t count);

/* What was received and not skipped yet: its first piece. Returns its length. */
uint32_t vcon_peek(const struct vcon *vcon, uint32_t line, const uint8_t **bytes);
void vcon_skip(struct vcon *vcon, uint32_t line, uint32_t count);

#endif
