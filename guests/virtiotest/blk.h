/*
 * A block device's driver (virtio 1.2, 5.2): requests in usual and unusual shapes.
 */
#ifndef VIRTIOTEST_BLK_H
#define VIRTIOTEST_BLK_H

#include "device.h"

#define BLK_IN 0u
#define BLK_OUT 1u
#define BLK_FLUSH 4u
#define BLK_GET_ID 8u
#define BLK_OK 0u
#define BLK_IOERR 1u
#define BLK_UNSUPP 2u
#define BLK_NONE 0xeeu /* what the status byte is before the request */

#define SECTOR 512u

#define F_BLK_SEG_MAX (UINT64_C(1) << 2)
#define F_BLK_RO (UINT64_C(1) << 5)
#define F_BLK_FLUSH (UINT64_C(1) << 9)

struct blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

#define BLK_SLOTS 64u
extern volatile struct blk_header blk_header[BLK_SLOTS];
extern volatile uint8_t blk_status[BLK_SLOTS];

/* A request with its header and status in slot n, as a chain from descriptor `head` on; offered,
 * but the device has not been kicked. size 0: no data. */
void blk_put(struct queue *queue, unsigned int n, uint16_t head, uint32_t type, uint64_t sector,
             volatile void *bytes, uint32_t size);

/* One request, from put to answer. Its status, or BLK_NONE when there was none. */
uint8_t blk_do(struct device *device, uint32_t type, uint64_t sector, volatile void *bytes,
               uint32_t size);

/* The first writable (read-only) disk, up and running with `want`; false: there is none. */
bool blk_up(struct device *device, uint64_t want, bool read_only);

#endif
