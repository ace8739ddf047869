/*
 * virtio-console (virtio 1.2, 5.3): one port, over the two byte rings of a console session
 * (l4/proto/devmgr.h).
 *
 * Output that the ring has no room for stays in the guest's queue, and input stays in the ring
 * until the guest gives buffers: nothing is lost either way, except what a server that died had in
 * its rings. Emergency writes take what room there is.
 */
#ifndef VMM_VIRTIO_CONSOLE_H
#define VMM_VIRTIO_CONSOLE_H

#include <l4/proto/devmgr.h>
#include <vmm/virtio_ring.h>

#define VIRTIO_CONSOLE_RX 0u
#define VIRTIO_CONSOLE_TX 1u

#define VIRTIO_CONSOLE_F_EMERG_WRITE (UINT64_C(1) << 2)

/* 5.3.4; without SIZE and MULTIPORT only emerg_wr means something. */
struct virtio_console_config {
    uint16_t cols, rows;
    uint32_t max_nr_ports;
    uint32_t emerg_wr;
};

struct virtio_console_state {
    uint32_t sent; /* bytes of the first chain in the transmit queue that are in the ring already */
};

struct virtio_console {
    struct virtio virtio;
    struct virtio_console_state state;
    bool attached;
    struct l4_ring tx, rx;
    struct doorbell bell;
};

/* Fills in what virtio_init() needs of the device itself. The session is attached before the guest
 * runs. */
void virtio_console_init(struct virtio_console *console);

/* A session has been opened: its memory, fresh, and the server's doorbell. A `page` of NULL: there
 * is none now, and the guest's output waits. */
void virtio_console_attach(struct virtio_console *console, struct l4_console_page *page,
                           const struct doorbell *bell);

/* The server has rung: input, or room for output. */
void virtio_console_ready(struct virtio_console *console);

#endif
