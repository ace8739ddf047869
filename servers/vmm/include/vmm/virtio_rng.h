/*
 * A virtio entropy device (virtio 1.2, 5.4): buffers are filled with what the board's source gives,
 * at least one byte each, and wait while it gives none.
 */
#ifndef VMM_VIRTIO_RNG_H
#define VMM_VIRTIO_RNG_H

#include <vmm/virtio.h>

struct virtio_rng_port {
    void *context;
    /* Up to `count` random bytes; returns how many. Fewer: virtio_rng_more() follows. */
    uint32_t (*read)(void *context, uint8_t *bytes, uint32_t count);
};

struct virtio_rng {
    struct virtio virtio;
    struct virtio_rng_port port;
};

void virtio_rng_init(struct virtio_rng *rng, const struct virtio_rng_port *port);

/* The source has bytes again. */
void virtio_rng_more(struct virtio_rng *rng);

#endif
