/* See fake_driver.h. */
#include "fake_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SLOT 1u
#define QUEUE_AT(n) ((n)*0x1000u)
#define AVAIL_AT 0x400u
#define USED_AT 0x800u

struct driver driver;
uint8_t driver_ram[DRIVER_RAM_SIZE] __attribute__((aligned(4096)));

static void irq(void *context, uint32_t number, bool level)
{
    (void)context;
    assert_int_equal(number, VIRTIO_IRQ + SLOT);
    driver.edges += level && !driver.level;
    driver.level = level;
}

void driver_init(struct virtio *virtio)
{
    memset(&driver, 0, sizeof(driver));
    memset(driver_ram, 0, sizeof(driver_ram));
    driver.memory = (struct guest_memory){driver_ram, DRIVER_RAM, DRIVER_RAM_SIZE, NULL, 0};
    driver.virtio = virtio;
    driver.page.slot[SLOT] = virtio;
    virtio->memory = &driver.memory;
    virtio->chain = &driver.chain;
    virtio->counters = &driver.counters;
    virtio->irq = irq;
    virtio->irq_number = VIRTIO_IRQ + SLOT;
    virtio_init(virtio);
}

l4_status_t driver_access(uint32_t offset, uint32_t size, bool write, uint32_t *value)
{
    struct mmio access = {SLOT * VIRTIO_STRIDE + offset, size, 0, *value};
    l4_status_t status = write ? virtio_page_ops.write(&driver.page, &access)
                               : virtio_page_ops.read(&driver.page, &access);
    *value = access.value;
    return status;
}

uint32_t driver_read(uint32_t offset)
{
    uint32_t value = 0;
    assert_int_equal(driver_access(offset, 4, false, &value), L4_OK);
    return value;
}

void driver_write(uint32_t offset, uint32_t value)
{
    assert_int_equal(driver_access(offset, 4, true, &value), L4_OK);
}

void driver_queue(uint32_t queue)
{
    memset(driver_ram + QUEUE_AT(queue) + AVAIL_AT, 0, 0x1000 - AVAIL_AT); /* both rings */
    driver_write(REG_QUEUE_SEL, queue);
    driver_write(REG_QUEUE_NUM, DRIVER_QUEUE_SIZE);
    driver_write(REG_QUEUE_DESC, DRIVER_RAM + QUEUE_AT(queue));
    driver_write(REG_QUEUE_DRIVER, DRIVER_RAM + QUEUE_AT(queue) + AVAIL_AT);
    driver_write(REG_QUEUE_DEVICE, DRIVER_RAM + QUEUE_AT(queue) + USED_AT);
    driver_write(REG_QUEUE_READY, 1);
    driver.available[queue] = driver.used[queue] = 0;
}

void driver_start(uint64_t features)
{
    driver.features = features | VIRTIO_F_VERSION_1;
    driver_write(REG_STATUS, 0);
    driver_write(REG_STATUS, ST_ACK);
    driver_write(REG_STATUS, ST_ACK | ST_DRIVER);
    for (uint32_t i = 0; i < 2; i++) {
        driver_write(REG_DRIVER_FEATURES_SEL, i);
        driver_write(REG_DRIVER_FEATURES, (uint32_t)(driver.features >> (32 * i)));
    }
    driver_write(REG_STATUS, ST_ACK | ST_DRIVER | ST_FEATURES_OK);
    assert_int_equal(driver_read(REG_STATUS), ST_ACK | ST_DRIVER | ST_FEATURES_OK);
    for (uint32_t i = 0; i < driver.virtio->ops->queues; i++) {
        driver_queue(i);
    }
    driver_write(REG_STATUS, ST_ACK | ST_DRIVER | ST_FEATURES_OK | ST_DRIVER_OK);
}

uint16_t *driver_avail(uint32_t queue)
{
    return (uint16_t *)(void *)(driver_ram + QUEUE_AT(queue) + AVAIL_AT);
}

uint16_t *driver_used_ring(uint32_t queue)
{
    return (uint16_t *)(void *)(driver_ram + QUEUE_AT(queue) + USED_AT);
}

static void desc_at(uint32_t at, uint64_t address, uint32_t size, uint16_t flags, uint16_t next)
{
    memcpy(driver_ram + at, &address, 8);
    memcpy(driver_ram + at + 8, &size, 4);
    memcpy(driver_ram + at + 12, &flags, 2);
    memcpy(driver_ram + at + 14, &next, 2);
}

void driver_desc(uint32_t queue, uint16_t n, uint64_t address, uint32_t size, uint16_t flags,
                 uint16_t next)
{
    desc_at(QUEUE_AT(queue) + n * 16u, address, size, flags, next);
}

void driver_offer(uint32_t queue, uint16_t head)
{
    uint16_t *avail = driver_avail(queue);
    avail[2 + driver.available[queue] % DRIVER_QUEUE_SIZE] = head;
    avail[1] = ++driver.available[queue];
}

uint16_t driver_put(uint32_t queue, const struct part *part, uint32_t count)
{
    uint16_t head = driver.next_desc % DRIVER_QUEUE_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t n = driver.next_desc++ % DRIVER_QUEUE_SIZE;
        driver_desc(queue, n, DRIVER_RAM + part[i].at, part[i].size,
                    (uint16_t)((part[i].write ? DESC_WRITE : 0) | (i + 1 < count ? DESC_NEXT : 0)),
                    driver.next_desc % DRIVER_QUEUE_SIZE);
    }
    driver_offer(queue, head);
    return head;
}

uint16_t driver_put_indirect(uint32_t queue, uint32_t table_at, const struct part *part,
                             uint32_t count)
{
    uint16_t head = driver.next_desc++ % DRIVER_QUEUE_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        desc_at(table_at + i * 16u, DRIVER_RAM + part[i].at, part[i].size,
                (uint16_t)((part[i].write ? DESC_WRITE : 0) | (i + 1 < count ? DESC_NEXT : 0)),
                (uint16_t)(i + 1));
    }
    driver_desc(queue, head, DRIVER_RAM + table_at, count * 16u, DESC_INDIRECT, 0);
    driver_offer(queue, head);
    return head;
}

void driver_kick(uint32_t queue)
{
    driver_write(REG_QUEUE_NOTIFY, queue);
}

uint32_t driver_take(uint32_t queue, uint32_t *size)
{
    const uint16_t *used = driver_used_ring(queue);
    uint32_t entry[2];
    if (used[1] == driver.used[queue]) {
        return DRIVER_NONE;
    }
    memcpy(entry, used + 2 + 4 * (driver.used[queue]++ % DRIVER_QUEUE_SIZE), 8);
    *size = entry[1];
    return entry[0];
}
