#include <l4/base/ring.h>

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Orders "publish, then read the flag" against "raise the flag, then look again". */
static void full_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void l4_ring_reset(struct l4_ring_shared *shared)
{
    store(&shared->head, 0);
    store(&shared->tail, 0);
    store(&shared->consumer_waits, 0);
    store(&shared->producer_waits, 0);
}

void l4_ring_init(struct l4_ring *ring, struct l4_ring_shared *shared, void *data, uint32_t size)
{
    ring->shared = shared;
    ring->data = data;
    ring->size = size;
    ring->index = 0;
}

bool l4_ring_producer_broken(const struct l4_ring *ring)
{
    return ring->index - load(&ring->shared->tail) > ring->size;
}

bool l4_ring_consumer_broken(const struct l4_ring *ring)
{
    return load(&ring->shared->head) - ring->index > ring->size;
}

uint32_t l4_ring_space(const struct l4_ring *ring)
{
    const uint32_t used = ring->index - load(&ring->shared->tail);
    return used > ring->size ? 0 : ring->size - used;
}

uint32_t l4_ring_used(const struct l4_ring *ring)
{
    const uint32_t used = load(&ring->shared->head) - ring->index;
    return used > ring->size ? 0 : used;
}

void l4_ring_publish(struct l4_ring *ring, uint32_t count)
{
    ring->index += count;
    store(&ring->shared->head, ring->index);
}

uint32_t l4_ring_put(struct l4_ring *ring, const void *bytes, uint32_t count)
{
    const uint32_t space = l4_ring_space(ring);
    if (count > space) {
        count = space;
    }
    if (count == 0) {
        return 0;
    }
    const uint32_t at = ring->index & (ring->size - 1);
    const uint32_t first = count < ring->size - at ? count : ring->size - at;
    __builtin_memcpy(ring->data + at, bytes, first);
    __builtin_memcpy(ring->data, (const uint8_t *)bytes + first, count - first);
    l4_ring_publish(ring, count);
    return count;
}

uint32_t l4_ring_peek(const struct l4_ring *ring, void *bytes, uint32_t count)
{
    const uint32_t used = l4_ring_used(ring);
    if (count > used) {
        count = used;
    }
    if (count == 0) {
        return 0;
    }
    const uint32_t at = ring->index & (ring->size - 1);
    const uint32_t first = count < ring->size - at ? count : ring->size - at;
    __builtin_memcpy(bytes, ring->data + at, first);
    __builtin_memcpy((uint8_t *)bytes + first, ring->data, count - first);
    return count;
}

void l4_ring_skip(struct l4_ring *ring, uint32_t count)
{
    ring->index += count;
    store(&ring->shared->tail, ring->index);
}

uint32_t l4_ring_take(struct l4_ring *ring, void *bytes, uint32_t count)
{
    count = l4_ring_peek(ring, bytes, count);
    if (count != 0) {
        l4_ring_skip(ring, count);
    }
    return count;
}

bool l4_ring_wait_more(struct l4_ring *ring, uint32_t seen)
{
    store(&ring->shared->consumer_waits, 1);
    full_barrier();
    if (l4_ring_used(ring) <= seen) {
        return true;
    }
    store(&ring->shared->consumer_waits, 0);
    return false;
}

bool l4_ring_wait_data(struct l4_ring *ring)
{
    return l4_ring_wait_more(ring, 0);
}

void l4_ring_wait_not(struct l4_ring *ring)
{
    store(&ring->shared->consumer_waits, 0);
}

bool l4_ring_wait_room(struct l4_ring *ring, uint32_t seen)
{
    store(&ring->shared->producer_waits, 1);
    full_barrier();
    if (l4_ring_space(ring) <= seen) {
        return true;
    }
    store(&ring->shared->producer_waits, 0);
    return false;
}

bool l4_ring_wait_space(struct l4_ring *ring)
{
    return l4_ring_wait_room(ring, 0);
}

bool l4_ring_must_wake_consumer(struct l4_ring *ring)
{
    full_barrier();
    if (load(&ring->shared->consumer_waits) == 0) {
        return false;
    }
    store(&ring->shared->consumer_waits, 0);
    return true;
}

bool l4_ring_must_wake_producer(struct l4_ring *ring)
{
    full_barrier();
    if (load(&ring->shared->producer_waits) == 0) {
        return false;
    }
    store(&ring->shared->producer_waits, 0);
    return true;
}
