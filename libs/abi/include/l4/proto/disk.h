/*
 * A disk: a range of one of the board's block devices, served by devmgr.
 *
 * The client puts requests into `request` and says so by submit.head; devmgr answers with
 * completions, in any order. Data does not pass through the page: a segment names a part of the
 * client's guest RAM, which devmgr knows (DEVMGR_CLIENT_RAM) and the device reaches by itself.
 *
 * A request may be as large as guest RAM. devmgr gives it to the device in pieces, in turns with
 * other clients' requests: one that fails may have been done in part.
 *
 * Both rings count entries, not bytes. The client never has more than L4_DISK_REQUESTS requests
 * that have not completed, so there is always room for a completion. READ, WRITE and FLUSH may all
 * be repeated after a restart of devmgr: none of them adds to what is there.
 */
#ifndef L4_PROTO_DISK_H
#define L4_PROTO_DISK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/types.h>
#include <l4/proto/ring.h>

#define L4_DISK_SECTOR 512u
#define L4_DISK_REQUESTS 16u /* a power of two */
#define L4_DISK_SEGMENTS 16u
#define L4_DISK_LABEL 20u /* bytes; a virtio-blk serial number */

enum l4_disk_op {
    L4_DISK_READ = 1,
    L4_DISK_WRITE = 2,
    L4_DISK_FLUSH = 3, /* no segments; all completed writes are on the medium */
};

/* Any bytes of guest RAM; the sizes of a request add up to whole sectors. */
struct l4_disk_segment {
    uint32_t offset; /* from the start of guest RAM */
    uint32_t size;   /* not 0 */
};

struct l4_disk_request {
    uint32_t id; /* the client's; comes back in the completion */
    uint32_t op;
    uint64_t sector; /* from the start of the range */
    uint32_t segment_count;
    uint32_t reserved;
    struct l4_disk_segment segment[L4_DISK_SEGMENTS];
};

struct l4_disk_completion {
    uint32_t id;
    int32_t status; /* OK; INVALID (malformed); RANGE (beyond the range or guest RAM); RIGHTS (a
                       write to a read-only disk); IO */
};

#define L4_DISK_READ_ONLY 1u

struct l4_disk_page {
    struct l4_ring_shared submit;   /* from the client */
    struct l4_ring_shared complete; /* to the client */
    uint64_t sectors;
    uint32_t flags; /* L4_DISK_READ_ONLY */
    uint32_t reserved;
    char label[L4_DISK_LABEL]; /* of the configuration; not NUL terminated when full */
    uint32_t reserved2[11];
    struct l4_disk_request request[L4_DISK_REQUESTS];
    struct l4_disk_completion completion[L4_DISK_REQUESTS];
};

static_assert(offsetof(struct l4_disk_page, request) == 112, "protocol");
static_assert(sizeof(struct l4_disk_request) == 152, "protocol");
static_assert(sizeof(struct l4_disk_page) <= L4_PAGE_SIZE, "protocol");

#endif
