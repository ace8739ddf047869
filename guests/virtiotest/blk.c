#include "blk.h"

#include <stddef.h>

#include "guest/cpu.h"
#include "target.h"

volatile struct blk_header blk_header[BLK_SLOTS];
volatile uint8_t blk_status[BLK_SLOTS];

void blk_put(struct queue *queue, unsigned int n, uint16_t head, uint32_t type, uint64_t sector,
             volatile void *bytes, uint32_t size)
{
    uint16_t at = head;

    blk_header[n].type = type;
    blk_header[n].reserved = 0;
    blk_header[n].sector = sector;
    blk_status[n] = BLK_NONE;
    describe(&queue->desc[at], &blk_header[n], sizeof(blk_header[n]), NEXT, (uint16_t)(at + 1));
    at++;
    if (size != 0) {
        describe(&queue->desc[at], bytes, size, type == BLK_OUT ? NEXT : NEXT | WRITE,
                 (uint16_t)(at + 1));
        at++;
    }
    describe(&queue->desc[at], &blk_status[n], 1, WRITE, 0);
    offer(queue, head);
}

uint8_t blk_do(struct device *device, uint32_t type, uint64_t sector, volatile void *bytes,
               uint32_t size)
{
    blk_put(&device->queue[0], 0, 0, type, sector, bytes, size);
    kick(device, 0);
    return used(device, 0, 1) ? blk_status[0] : BLK_NONE;
}

bool blk_up(struct device *device, uint64_t want, bool read_only)
{
    for (unsigned int n = 0; device_find(device, ID_BLOCK, n, 1); n++) {
        if (((features_offered(device) & F_BLK_RO) != 0) == read_only) {
            return device_up(device, want | (read_only ? F_BLK_RO : 0));
        }
    }
    return false;
}

bool blk_works(struct device *device)
{
    static uint8_t seed;
    bool writable = (features_offered(device) & F_BLK_RO) == 0;

    fill(data, SECTOR, ++seed);
    if (writable && blk_do(device, BLK_OUT, 3, data, SECTOR) != BLK_OK) {
        return false;
    }
    fill(data, SECTOR, 0);
    return blk_do(device, BLK_IN, 3, data, SECTOR) == BLK_OK &&
           used_size(&device->queue[0], 0) == SECTOR + 1 &&
           (!writable || filled(data, SECTOR, seed));
}
