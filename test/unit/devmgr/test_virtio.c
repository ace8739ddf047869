/* The transport and the split queue, against a model of a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_virtio.h"

#define SIZE 8u

static struct fake_virtio fake;
static struct virtio dev;
static struct virtqueue queue;
static struct vq_slot slots[SIZE];
static uint8_t memory[4096] __attribute__((aligned(4096)));
static uint8_t data[64];

static struct dma area(void)
{
    return (struct dma){memory, (uintptr_t)memory, sizeof memory};
}

static void start(uint64_t features)
{
    struct dma left = area();
    struct dma ring;
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 256, features, &dev);
    assert_int_equal(virtio_negotiate(&dev, 0, 0), L4_OK);
    assert_true(dma_take(&left, VQ_BYTES(SIZE), VQ_ALIGN, &ring));
    vq_init(&queue, SIZE, slots, &ring, (dev.features & VIRTIO_F_EVENT_INDEX) != 0);
    assert_int_equal(virtio_queue_start(&dev, 0, &queue), L4_OK);
    virtio_run(&dev);
}

static bool add(uint32_t out, uint32_t in, uint32_t token)
{
    struct vq_buffer buffer[SIZE];
    for (uint32_t i = 0; i < SIZE; i++) {
        buffer[i] = (struct vq_buffer){(uintptr_t)data + i, i + 1};
    }
    return vq_add(&queue, buffer, out, in, token);
}

static void test_probe(void **state)
{
    (void)state;
    uint32_t type = 0;
    fake_init(&fake, VIRTIO_TYPE_ENTROPY, 8, 0, &dev);
    assert_int_equal(virtio_probe(&dev, &type), L4_OK);
    assert_int_equal(type, VIRTIO_TYPE_ENTROPY);
    fake.version = 1;
    assert_int_equal(virtio_probe(&dev, &type), L4_ERR_VERSION);
    fake.version = 3;
    assert_int_equal(virtio_probe(&dev, &type), L4_ERR_NOT_FOUND);
    fake.version = 2;
    fake.id = 0;
    assert_int_equal(virtio_probe(&dev, &type), L4_ERR_NOT_FOUND);
}

static void test_negotiation(void **state)
{
    (void)state;
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 8, VIRTIO_F_EVENT_INDEX | 0xff, &dev);
    assert_int_equal(virtio_negotiate(&dev, 0x10, 0x102), L4_OK);
    assert_true(fake.accepted == (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_INDEX | 0x12));
    assert_int_equal(fake.status, 1 | 2 | 8);
    assert_int_equal(virtio_negotiate(&dev, 0x100, 0), L4_ERR_NOT_SUPPORTED);
    assert_true(dev.failed);
    assert_int_equal(fake.status, 0);
    fake.refuses = true;
    assert_int_equal(virtio_negotiate(&dev, 0, 0), L4_ERR_NOT_SUPPORTED);
    fake.refuses = false;
    fake.offered &= ~VIRTIO_F_VERSION_1;
    assert_int_equal(virtio_negotiate(&dev, 0, 0), L4_ERR_NOT_SUPPORTED);
}

static void test_reset_ends(void **state)
{
    (void)state;
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 8, 0, &dev);
    assert_int_equal(virtio_reset(&dev), L4_OK);
    fake.stuck = true;
    assert_int_equal(virtio_reset(&dev), L4_ERR_IO);
    assert_true(dev.loose);
    fake.stuck = false;
    assert_int_equal(virtio_reset(&dev), L4_OK);
    assert_false(dev.loose);
    fake.stuck = true;
    assert_int_equal(virtio_reset(&dev), L4_ERR_IO);
    assert_true(dev.failed);
}

static void test_queue_rules(void **state)
{
    (void)state;
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 16, 0, &dev);
    assert_int_equal(virtio_queue_size(&dev, 0, 256), 16);
    assert_int_equal(virtio_queue_size(&dev, 0, 8), 8);
    fake.queue[1].max = 0;
    assert_int_equal(virtio_queue_size(&dev, 1, 8), 0);
    start(0);
    assert_int_equal(virtio_queue_start(&dev, 0, &queue), L4_ERR_IO); /* it is in use */
    assert_true(dev.failed);
}

static void test_needs_reset(void **state)
{
    (void)state;
    start(0);
    fake.interrupt = 3;
    virtio_interrupt(&dev);
    assert_false(dev.failed);
    assert_int_equal(fake.interrupt, 0);
    fake.status |= 0x40;
    virtio_interrupt(&dev);
    assert_true(dev.failed);
    assert_int_equal(fake.status, 0);
}

static void test_config(void **state)
{
    (void)state;
    uint64_t value = 0;
    fake_init(&fake, VIRTIO_TYPE_BLOCK, 8, 0, &dev);
    fake.config[8] = 0x21;
    fake.config[12] = 0x43;
    assert_true(virtio_config64(&dev, 8, &value));
    assert_true(value == 0x4300000021);
    fake.wobbles = true;
    assert_false(virtio_config64(&dev, 8, &value));
}

static void test_chains(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint32_t token = 0;
    uint32_t written = 0;
    start(0);
    assert_false(add(0, 0, 1));
    assert_true(add(2, 3, 11));
    assert_true(add(1, 0, 12));
    assert_false(add(3, 0, 13)); /* two are left */
    assert_false(fake_pop(&fake, 0, &chain));
    virtio_publish(&dev, 0, &queue);
    assert_int_equal(fake.queue[0].notified, 1);
    assert_true(fake_pop(&fake, 0, &chain));
    assert_int_equal(chain.out, 2);
    assert_int_equal(chain.in, 3);
    for (uint32_t i = 0; i < 5; i++) {
        assert_ptr_equal(chain.buffer[i].bytes, data + i);
        assert_int_equal(chain.buffer[i].size, i + 1);
    }
    struct fake_chain other;
    assert_true(fake_pop(&fake, 0, &other));
    (void)fake_push(&fake, 0, other.head, 0); /* out of order */
    (void)fake_push(&fake, 0, chain.head, 12);
    assert_int_equal(vq_take(&queue, &token, &written), VQ_TAKEN);
    assert_int_equal(token, 12);
    assert_int_equal(vq_take(&queue, &token, &written), VQ_TAKEN);
    assert_int_equal(token, 11);
    assert_int_equal(written, 12);
    assert_int_equal(vq_take(&queue, &token, &written), VQ_NONE);
    assert_int_equal(queue.free_count, SIZE);
    assert_true(add(4, 4, 14));
}

/* Far beyond the wrap of the 16-bit indices, with chains of all lengths. */
static void test_wraps(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint32_t token = 0;
    uint32_t written = 0;
    start(VIRTIO_F_EVENT_INDEX);
    for (uint32_t i = 0; i < 70000; i++) {
        assert_true(add(i % 4 + 1, i % 3, i));
        virtio_publish(&dev, 0, &queue);
        assert_int_equal(fake.queue[0].notified, i + 1);
        assert_true(vq_arm(&queue));
        assert_true(fake_pop(&fake, 0, &chain));
        assert_true(fake_push(&fake, 0, chain.head, i));
        assert_false(vq_arm(&queue));
        assert_int_equal(vq_take(&queue, &token, &written), VQ_TAKEN);
        assert_int_equal(token, i);
        assert_int_equal(written, i);
    }
}

static void test_event_index(void **state)
{
    (void)state;
    struct fake_chain chain;
    start(VIRTIO_F_EVENT_INDEX);
    assert_true(add(1, 0, 1));
    virtio_publish(&dev, 0, &queue);
    assert_true(add(1, 0, 2)); /* the device has not come to the first */
    virtio_publish(&dev, 0, &queue);
    assert_int_equal(fake.queue[0].notified, 1);
    assert_true(fake_pop(&fake, 0, &chain));
    assert_true(fake_pop(&fake, 0, &chain));
    assert_true(add(1, 0, 3));
    virtio_publish(&dev, 0, &queue);
    assert_int_equal(fake.queue[0].notified, 2);
}

static void test_broken_device(void **state)
{
    (void)state;
    struct fake_chain chain;
    uint32_t token = 0;
    uint32_t written = 0;
    const uint32_t bad[] = {1, SIZE, 0xffffffff};
    for (uint32_t i = 0; i < 3; i++) {
        start(0);
        assert_true(add(2, 0, 1)); /* head 0 */
        virtio_publish(&dev, 0, &queue);
        assert_true(fake_pop(&fake, 0, &chain));
        (void)fake_push(&fake, 0, bad[i], 0);
        assert_int_equal(vq_take(&queue, &token, &written), VQ_BROKEN);
    }
    start(0);
    assert_true(add(1, 0, 1));
    (void)fake_push(&fake, 0, 0, 0);
    fake_set_used(&fake, 0, 2); /* more than there are */
    assert_int_equal(vq_take(&queue, &token, &written), VQ_BROKEN);
}

static void test_dma_take(void **state)
{
    (void)state;
    struct dma left = {memory + 1, (uintptr_t)memory + 1, 100};
    struct dma part;
    assert_true(dma_take(&left, 10, 16, &part));
    assert_ptr_equal(part.va, memory + 16);
    assert_int_equal(left.size, 100 - 15 - 10);
    assert_false(dma_take(&left, 76, 1, &part));
    assert_false(dma_take(&left, 0xffffffff, 1, &part));
    assert_true(dma_take(&left, 75, 1, &part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe),       cmocka_unit_test(test_negotiation),
        cmocka_unit_test(test_reset_ends),  cmocka_unit_test(test_queue_rules),
        cmocka_unit_test(test_needs_reset), cmocka_unit_test(test_config),
        cmocka_unit_test(test_chains),      cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_event_index), cmocka_unit_test(test_broken_device),
        cmocka_unit_test(test_dma_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
