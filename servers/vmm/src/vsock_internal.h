/*
 * Between virtio_vsock.c, which moves packets, and vsock_connection.c, the connections they belong
 * to. See virtio_vsock.h.
 */
#ifndef VMM_VSOCK_INTERNAL_H
#define VMM_VSOCK_INTERNAL_H

#include <vmm/virtio_vsock.h>

/* A packet of the guest's, whole and between the right CIDs; its data is in the chain behind the
 * header. Adds one answer at most. */
void vsock_packet(struct virtio_vsock *vsock, const struct vsock_header *header,
                  const struct virtio_chain *chain);

/* The other end of a channel may have changed. Adds one answer at most. */
void vsock_peer(struct virtio_vsock *vsock, uint32_t index);

/* What connection `index` has to send now: op and credit in *header (the rest is filled in), bytes
 * of data in *size. False: nothing, and the other end will ring when that changes. */
bool vsock_due(struct virtio_vsock *vsock, uint32_t index, struct vsock_header *header,
               uint32_t *size);

/* It has been sent, with `size` bytes taken from the channel. */
void vsock_sent(struct virtio_vsock *vsock, uint32_t index, const struct vsock_header *header,
                uint32_t size);

/* Ends the connection, if there is one; `op` (and flags) tell the guest, VSOCK_OP_INVALID does not.
 */
void vsock_end(struct virtio_vsock *vsock, uint32_t index, enum vsock_op op, uint32_t flags);

#endif
