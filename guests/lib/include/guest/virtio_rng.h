/*
 * Random bytes from a virtio entropy device (virtio 1.x over MMIO, polled).
 */
#ifndef GUEST_VIRTIO_RNG_H
#define GUEST_VIRTIO_RNG_H

#include <stdbool.h>
#include <stdint.h>

/* Fills `to` with `size` bytes (1..4096) of the first entropy device, which is reset before and
 * after. False: there is none, or it gave too little within 10 seconds; `to` is then all zero. */
bool virtio_rng_read(void *to, uint32_t size);

#endif
