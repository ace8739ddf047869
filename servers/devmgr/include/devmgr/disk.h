/*
 * Disk sessions (l4/proto/disk.h): ranges of block devices, each shared by several clients.
 *
 * What a client asks is copied once, checked, translated to physical addresses and given to the
 * device, in pieces of at most DISK_PIECE bytes; the disks of one device take turns, a piece each.
 * A disk that has DISK_SHARE bytes on the device, or a FLUSH, waits until some of it has ended. So
 * however much a client asks for, a request of another disk finds less than DISK_SHARE + DISK_PIECE
 * bytes and one FLUSH of it before its own.
 *
 * A client that breaks the rules of its rings is heard no more until it opens its session again.
 * Pure (devmgr/virtio.h).
 */
#ifndef DEVMGR_DISK_H
#define DEVMGR_DISK_H

#include <devmgr/blk.h>
#include <l4/base/ring.h>
#include <l4/proto/disk.h>
#include <l4/proto/init.h>

#define DISK_PIECE 0x10000u
#define DISK_SHARE 0x40000u /* a FLUSH counts as much */

/* A request of this session that has not completed: its entry's number is the pieces' id. */
struct disk_job {
    uint32_t id; /* the client's */
    uint32_t pieces;
    l4_status_t status;
};

struct disk {
    /* Set by the owner before anything else. */
    struct blk *blk;
    uint64_t first; /* sectors of the device */
    uint64_t sectors;
    uint32_t flags; /* L4_DISK_READ_ONLY */
    /* The client's guest RAM; size 0: not known, no disk works. */
    uint64_t ram_pa;
    uint64_t ram_size;

    bool open;
    bool broken;          /* it broke the rules of its rings */
    bool active;          /* it rang, or its ring was not emptied: look at it */
    uint32_t session;     /* counts the openings */
    uint32_t outstanding; /* requests of this session that have not completed */
    uint32_t on_device;   /* pieces of any session: the device may reach the client's RAM */
    uint32_t weight;      /* ... and their bytes */
    uint32_t jobs;        /* entries of job[] in use, a bit each */
    struct disk_job job[L4_DISK_REQUESTS];
    /* What is being cut: from segment `at` on, beginning at `offset`; at the end: nothing. */
    struct blk_request whole;
    uint32_t at, offset;
    struct l4_disk_page *page;
    struct l4_ring submit;
    struct l4_ring complete;
};

struct disks {
    uint32_t count;
    uint32_t turn; /* the disk that is asked first */
    struct disk disk[L4_START_DISKS];
};

/* Fits the configured range to the device, which has been started: 0 sectors go to its end.
 * Errors: RANGE (it lies outside). */
L4_MUST_CHECK l4_status_t disk_fit(struct disk *disk);

/* A session begins on a wiped page, or ends: what the device still has of it completes unheard. */
void disk_open(struct disk *disk, struct l4_disk_page *page, const char *label);
void disk_close(struct disk *disk);

/* blk_forget() has been called for the disk. */
void disk_forgotten(struct disk *disk);

/* Moves completions to the clients and requests of the active disks to `blk`. Returns the disks
 * whose doorbells are to be rung, a bit each. */
uint32_t disks_run(struct disks *disks, struct blk *blk);

#endif
