/* See virtio_ring.h. */
#include <vmm/virtio_ring.h>

/* One step of either direction: returns the bytes moved, fewer than `count` when the ring ends. */
typedef uint32_t (*move_fn)(struct l4_ring *ring, uint8_t *data, uint32_t count);

static uint32_t put(struct l4_ring *ring, uint8_t *data, uint32_t count)
{
    return l4_ring_put(ring, data, count);
}

static uint32_t take(struct l4_ring *ring, uint8_t *data, uint32_t count)
{
    return l4_ring_take(ring, data, count);
}

static inline uint32_t move(const struct virtio_segment *segment, uint32_t segments, uint32_t at,
                            uint32_t count, struct l4_ring *ring, move_fn step)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < segments && done < count; i++) {
        if (at >= segment[i].size) {
            at -= segment[i].size;
            continue;
        }
        uint32_t part = segment[i].size - at;
        part = part < count - done ? part : count - done;
        uint32_t moved = step(ring, segment[i].data + at, part);
        done += moved;
        if (moved < part) {
            break;
        }
        at = 0;
    }
    return done;
}

uint32_t virtio_to_ring(const struct virtio_chain *chain, uint32_t at, uint32_t count,
                        struct l4_ring *ring)
{
    return move(chain->segment, chain->read_count, at, count, ring, put);
}

uint32_t virtio_from_ring(const struct virtio_chain *chain, uint32_t at, uint32_t count,
                          struct l4_ring *ring)
{
    return move(chain->segment + chain->read_count, chain->write_count, at, count, ring, take);
}
