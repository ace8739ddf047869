/*
 * Driver of the virtio entropy device (virtio 1.x sections 4.2.2, 2.7 and 5.4): one queue with one
 * buffer, polled. It owns the rings below, and the device only while a read is under way.
 */
#include "guest/virtio_rng.h"

#include <stddef.h>

#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/mmio.h"
#include "guest/timer.h"
#include "guest/trap.h"

#define SLOTS 32u
#define SLOT_SIZE 0x200u
#define TIMEOUT_US 10000000u

#define MAGIC_VALUE 0x000u
#define VERSION 0x004u
#define DEVICE_ID 0x008u
#define DRIVER_FEATURES 0x020u
#define DRIVER_FEATURES_SEL 0x024u
#define QUEUE_SEL 0x030u
#define QUEUE_NUM_MAX 0x034u
#define QUEUE_NUM 0x038u
#define QUEUE_READY 0x044u
#define QUEUE_NOTIFY 0x050u
#define STATUS 0x070u
#define QUEUE_DESC_LOW 0x080u
#define QUEUE_DESC_HIGH 0x084u
#define QUEUE_DRIVER_LOW 0x090u
#define QUEUE_DRIVER_HIGH 0x094u
#define QUEUE_DEVICE_LOW 0x0a0u
#define QUEUE_DEVICE_HIGH 0x0a4u

#define MAGIC 0x74726976u
#define ID_ENTROPY 4u
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define FEATURES_HIGH_VERSION_1 1u /* bit 32 */
#define DESC_F_WRITE 2u
#define AVAIL_F_NO_INTERRUPT 1u

static struct {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
} descriptor __attribute__((aligned(16)));

static volatile struct {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[1];
} available __attribute__((aligned(4)));

static volatile struct {
    uint16_t flags;
    uint16_t idx;
    struct {
        uint32_t id;
        uint32_t len;
    } ring[1];
} used __attribute__((aligned(4)));

/* Base address of the first entropy device; 0 = none. Slots may be holes. */
static uint32_t find(void)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint32_t base = VIRTIO_BASE + slot * SLOT_SIZE;
        uint32_t magic;

        if (!trap_load32(base + MAGIC_VALUE, &magic) && magic == MAGIC &&
            mmio_read32(base + VERSION) == 2 && mmio_read32(base + DEVICE_ID) == ID_ENTROPY) {
            return base;
        }
    }
    return 0;
}

static void set_address(uint32_t reg, const volatile void *to)
{
    mmio_write32(reg, (uint32_t)(uintptr_t)to);
    mmio_write32(reg + 4, 0);
}

/* Section 3.1.1; false when the device does not take the driver's features or has no queue. */
static bool start(uint32_t base)
{
    uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

    mmio_write32(base + STATUS, 0);
    mmio_write32(base + STATUS, status);
    mmio_write32(base + DRIVER_FEATURES_SEL, 0);
    mmio_write32(base + DRIVER_FEATURES, 0);
    mmio_write32(base + DRIVER_FEATURES_SEL, 1);
    mmio_write32(base + DRIVER_FEATURES, FEATURES_HIGH_VERSION_1);
    status |= STATUS_FEATURES_OK;
    mmio_write32(base + STATUS, status);
    if ((mmio_read32(base + STATUS) & STATUS_FEATURES_OK) == 0) {
        return false;
    }
    mmio_write32(base + QUEUE_SEL, 0);
    if (mmio_read32(base + QUEUE_NUM_MAX) == 0) {
        return false;
    }
    available.idx = 0;
    available.flags = AVAIL_F_NO_INTERRUPT;
    used.idx = 0;
    mmio_write32(base + QUEUE_NUM, 1);
    set_address(base + QUEUE_DESC_LOW, &descriptor);
    set_address(base + QUEUE_DRIVER_LOW, &available);
    set_address(base + QUEUE_DEVICE_LOW, &used);
    mmio_write32(base + QUEUE_READY, 1);
    mmio_write32(base + STATUS, status | STATUS_DRIVER_OK);
    return true;
}

/* One buffer there and back; returns the bytes that came, 0 after `end`. */
static uint32_t request(uint32_t base, uint8_t *to, uint32_t size, uint64_t end)
{
    uint16_t before = used.idx;
    uint32_t length;

    descriptor.addr = (uintptr_t)to;
    descriptor.len = size;
    descriptor.flags = DESC_F_WRITE;
    available.ring[0] = 0;
    dsb();
    available.idx++;
    dsb();
    mmio_write32(base + QUEUE_NOTIFY, 0);
    while (used.idx == before) {
        if (cntvct() > end) {
            return 0;
        }
    }
    dsb();
    length = used.ring[0].len;
    return length < size ? length : size;
}

bool virtio_rng_read(void *to, uint32_t size)
{
    uint64_t end = cntvct() + ticks_us(TIMEOUT_US);
    uint32_t base = find();
    uint8_t *bytes = to;
    uint32_t have = 0;

    if (base != 0 && start(base)) {
        uint32_t more = 1;

        while (have < size && more > 0 && cntvct() < end) {
            more = request(base, bytes + have, size - have, end);
            have += more;
        }
    }
    if (base != 0) {
        mmio_write32(base + STATUS, 0);
        while (mmio_read32(base + STATUS) != 0 && cntvct() < end) {
        }
    }
    if (have < size) {
        for (uint32_t i = 0; i < size; i++) {
            bytes[i] = 0;
        }
        return false;
    }
    return true;
}
