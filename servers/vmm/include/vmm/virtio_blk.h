/*
 * A virtio block device (virtio 1.2, 5.2) over a disk session (l4/proto/disk.h).
 *
 * A guest's request becomes one disk request, or several when it has more parts than one can name;
 * its data does not pass through the VMM. Each disk request is kept until it completes, so that it
 * can be submitted again after a restart of the server. When all are in use, the guest's requests
 * wait in its queue. After a reset of the device it is not quiet until the last of them has
 * completed: they reach guest RAM by themselves.
 */
#ifndef VMM_VIRTIO_BLK_H
#define VMM_VIRTIO_BLK_H

#include <l4/proto/disk.h>
#include <vmm/virtio.h>

struct virtio_blk_port {
    void *context;
    /* Puts a request into the session; there is room. */
    void (*submit)(void *context, const struct l4_disk_request *request);
    /* All requests of one run have been submitted. May call virtio_blk_completed(). */
    void (*kick)(void *context);
};

/* What the disk is. */
struct virtio_blk_disk {
    uint64_t sectors;
    uint32_t flags; /* L4_DISK_READ_ONLY */
    char label[L4_DISK_LABEL];
};

/* A chain of the guest's in progress. */
struct virtio_blk_job {
    uint16_t head;
    uint16_t parts;     /* disk requests that have not completed */
    uint32_t status_at; /* of its status byte, from the start of guest RAM */
    uint32_t written;   /* bytes to report when all goes well */
    uint32_t on_failure;
    uint8_t status;
    uint8_t flush; /* a write for a driver that does not flush: flush behind it */
    uint8_t reserved[2];
};

/* One bit a disk request or job in the masks. */
struct virtio_blk_state {
    uint32_t in_flight; /* requests that have not completed */
    uint32_t forgotten; /* ... of a time before the reset */
    uint32_t jobs;
    uint32_t waits; /* a chain was put back */
    struct virtio_blk_job job[L4_DISK_REQUESTS];
    uint8_t job_of[L4_DISK_REQUESTS];
    struct l4_disk_request request[L4_DISK_REQUESTS]; /* id = index */
};

struct virtio_blk {
    struct virtio virtio;
    struct virtio_blk_state state;
    struct virtio_blk_disk disk;
    struct virtio_blk_port port;
    bool kick_due; /* something has been submitted since */
};

/* Everything but what vm_virtio_add() fills in; virtio.counters is the caller's business too. */
void virtio_blk_init(struct virtio_blk *blk, const struct virtio_blk_disk *disk,
                     const struct virtio_blk_port *port);

/* A disk request has completed. False: there is none with this id. */
L4_MUST_CHECK bool virtio_blk_completed(struct virtio_blk *blk, uint32_t id, l4_status_t status);

/* After the last such of a run: tells the guest, and takes what has waited. */
void virtio_blk_go_on(struct virtio_blk *blk);

/* The server was restarted, no device touches guest RAM any more: submits again what is in flight.
 * `disk` is what it is now. */
void virtio_blk_resubmit(struct virtio_blk *blk, const struct virtio_blk_disk *disk);

#endif
