/*
 * Split virtqueues (virtio 1.2, 2.7), the device's side.
 *
 * Everything in guest RAM may change at any time: each word is loaded once and judged by that
 * copy. The rings' places were checked when the queue was made ready; they are resolved anew for
 * each use, so that a restored state needs no trust either.
 */
#include <assert.h>
#include <string.h>

#include <vmm/virtio.h>

#define DESC_SIZE 16u
#define DESC_F_NEXT 1u
#define DESC_F_WRITE 2u
#define DESC_F_INDIRECT 4u
#define AVAIL_F_NO_INTERRUPT 1u

struct descriptor {
    uint64_t address;
    uint32_t size;
    uint16_t flags;
    uint16_t next;
};
static_assert(sizeof(struct descriptor) == DESC_SIZE, "virtio 2.7.5");

/* The available ring: flags, index, entries, used_event. */
struct avail_ring {
    uint16_t flags, index;
    uint16_t entry[];
};

struct used_entry {
    uint32_t id, size;
};

/* The used ring: flags, index, entries, avail_event. */
struct used_ring {
    uint16_t flags, index;
    struct used_entry entry[];
};

static uint16_t load(const uint16_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint16_t *word, uint16_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* The parts of a queue; NULL when they are not all RAM. */
static inline const uint8_t *desc_find(const struct virtio *virtio,
                                       const struct virtio_queue_state *q)
{
    return memory_ram(virtio->memory, q->desc, (uint32_t)q->size * DESC_SIZE);
}

static inline struct avail_ring *avail_find(const struct virtio *virtio,
                                            const struct virtio_queue_state *q)
{
    return (struct avail_ring *)(void *)memory_ram(virtio->memory, q->driver, 6u + 2u * q->size);
}

static inline struct used_ring *used_find(const struct virtio *virtio,
                                          const struct virtio_queue_state *q)
{
    return (struct used_ring *)(void *)memory_ram(virtio->memory, q->device, 6u + 8u * q->size);
}

static uint16_t *used_event(const struct virtio_queue_state *q, struct avail_ring *avail)
{
    return &avail->entry[q->size];
}

static uint16_t *avail_event(const struct virtio_queue_state *q, struct used_ring *used)
{
    return (uint16_t *)(void *)&used->entry[q->size];
}

bool virtio_queue_usable(const struct virtio *virtio, uint32_t queue)
{
    const struct virtio_queue_state *q = &virtio->state.queue[queue];
    return q->size != 0 && q->size <= VIRTIO_QUEUE_MAX && (q->size & (q->size - 1u)) == 0 &&
           ((q->desc & 15u) | (q->driver & 1u) | (q->device & 3u)) == 0 &&
           desc_find(virtio, q) != NULL && avail_find(virtio, q) != NULL &&
           used_find(virtio, q) != NULL;
}

void virtio_queue_start(struct virtio *virtio, uint32_t queue)
{
    struct virtio_queue_state *q = &virtio->state.queue[queue];
    q->available = q->used = q->signalled = 0;
    q->ready = 1;
}

/* --- Chains -------------------------------------------------------------------------------- */

static bool segment_add(const struct virtio *virtio, struct virtio_chain *chain,
                        const struct descriptor *d)
{
    bool write = (d->flags & DESC_F_WRITE) != 0;
    uint32_t count = (uint32_t)chain->read_count + chain->write_count;
    uint32_t *bytes = write ? &chain->write_bytes : &chain->read_bytes;
    uint8_t *data = memory_ram(virtio->memory, d->address, d->size);
    if (data == NULL || d->size == 0 || count == VIRTIO_SEGMENTS ||
        (!write && chain->write_count != 0) ||
        __builtin_add_overflow(*bytes, d->size, bytes)) { /* 2.7.4.2, 2.7.5.2 */
        return false;
    }
    uint32_t offset = (uint32_t)(d->address - virtio->memory->ram_base);
    chain->segment[count] = (struct virtio_segment){data, offset, d->size};
    chain->read_count = (uint16_t)(chain->read_count + !write);
    chain->write_count = (uint16_t)(chain->write_count + write);
    return true;
}

static struct descriptor descriptor_load(const uint8_t *table, uint32_t index)
{
    struct descriptor d;
    memcpy(&d, table + index * DESC_SIZE, sizeof(d));
    __atomic_signal_fence(__ATOMIC_ACQ_REL); /* this copy, and no second look */
    return d;
}

/* The table that an indirect descriptor names, and its entries; NULL: malformed (2.7.5.3). */
static const uint8_t *indirect_table(const struct virtio *virtio, const struct descriptor *d,
                                     uint32_t *entries)
{
    if ((virtio->state.features & VIRTIO_F_INDIRECT_DESC) == 0 || (d->flags & DESC_F_NEXT) != 0 ||
        d->size == 0 || d->size % DESC_SIZE != 0) {
        return NULL;
    }
    *entries = d->size / DESC_SIZE;
    return memory_ram(virtio->memory, d->address, d->size);
}

/* The last descriptor may name a second table, which names no third. So each step adds a segment,
 * or is the only one that does not: a loop ends when there is no room for more. */
static bool chain_collect(const struct virtio *virtio, const struct virtio_queue_state *q,
                          const uint8_t *table, struct virtio_chain *chain)
{
    uint32_t entries = q->size;
    uint32_t index = chain->head;
    bool indirect = false;
    while (index < entries) {
        struct descriptor d = descriptor_load(table, index);
        index = d.next;
        if ((d.flags & DESC_F_INDIRECT) != 0) {
            table = indirect ? NULL : indirect_table(virtio, &d, &entries);
            if (table == NULL) {
                return false;
            }
            indirect = true;
            index = 0;
            continue;
        }
        if (!segment_add(virtio, chain, &d)) {
            return false;
        }
        if ((d.flags & DESC_F_NEXT) == 0) {
            return true;
        }
    }
    return false;
}

/* Chains that wait, at most q->size when the guest keeps the rules. When there is none the guest is
 * asked to notify of the next one; it may have put one there before it could see that. */
static uint32_t chains_waiting(const struct virtio *virtio, const struct virtio_queue_state *q,
                               const struct avail_ring *avail)
{
    uint16_t index = load(&avail->index);
    if (index == q->available && (virtio->state.features & VIRTIO_F_EVENT_IDX) != 0) {
        struct used_ring *used = used_find(virtio, q);
        if (used == NULL) {
            return UINT32_MAX;
        }
        store(avail_event(q, used), q->available);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        index = load(&avail->index);
    }
    return (uint16_t)(index - q->available);
}

/* The next chain, as far as it makes sense. Errors: NOT_FOUND, FORMAT. */
static l4_status_t chain_next(const struct virtio *virtio, const struct virtio_queue_state *q,
                              struct virtio_chain *chain)
{
    const struct avail_ring *avail = avail_find(virtio, q);
    if (avail == NULL) {
        return L4_ERR_FORMAT;
    }
    uint32_t waiting = chains_waiting(virtio, q, avail);
    if (waiting == 0) {
        return L4_ERR_NOT_FOUND;
    }
    const uint8_t *desc = desc_find(virtio, q);
    chain->head = load(&avail->entry[q->available & (q->size - 1u)]);
    chain->read_count = chain->write_count = 0;
    chain->read_bytes = chain->write_bytes = 0;
    return waiting <= q->size && desc != NULL && chain_collect(virtio, q, desc, chain)
               ? L4_OK
               : L4_ERR_FORMAT;
}

l4_status_t virtio_take(struct virtio *virtio, uint32_t queue, struct virtio_chain *chain)
{
    struct virtio_queue_state *q = &virtio->state.queue[queue];
    if (!virtio_live(virtio) || q->ready == 0) {
        return L4_ERR_STATE;
    }
    l4_status_t status = chain_next(virtio, q, chain);
    if (status == L4_OK) {
        q->available++;
    } else if (status == L4_ERR_FORMAT) {
        virtio_broken(virtio);
    }
    return status;
}

void virtio_put_back(struct virtio *virtio, uint32_t queue)
{
    virtio->state.queue[queue].available--;
}

void virtio_return(struct virtio *virtio, uint32_t queue, uint16_t head, uint32_t written)
{
    struct virtio_queue_state *q = &virtio->state.queue[queue];
    struct used_ring *used = used_find(virtio, q);
    if (!virtio_live(virtio) || q->ready == 0 || used == NULL) {
        return;
    }
    used->entry[q->used & (q->size - 1u)] = (struct used_entry){head, written};
    q->used++;
    store(&used->index, q->used);
    virtio->counters->requests++;
}

void virtio_signal(struct virtio *virtio, uint32_t queue)
{
    struct virtio_queue_state *q = &virtio->state.queue[queue];
    if (q->used == q->signalled || !virtio_live(virtio) || q->ready == 0) {
        return;
    }
    struct avail_ring *avail = avail_find(virtio, q);
    if (avail == NULL) {
        return;
    }
    uint16_t returned = (uint16_t)(q->used - q->signalled);
    q->signalled = q->used;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the index is out before we look who waits for it */
    bool wanted;
    if ((virtio->state.features & VIRTIO_F_EVENT_IDX) != 0) { /* 2.7.7.2 */
        wanted = (uint16_t)(q->used - load(used_event(q, avail)) - 1u) < returned;
    } else {
        wanted = (load(&avail->flags) & AVAIL_F_NO_INTERRUPT) == 0;
    }
    if (wanted) {
        virtio_interrupt(virtio, VIRTIO_INTERRUPT_USED);
    }
}

/* --- Copies -------------------------------------------------------------------------------- */

/* Moves up to `size` bytes from byte `at` of the segments on. */
static uint32_t copy(const struct virtio_segment *segment, uint32_t count, uint32_t at, void *bytes,
                     uint32_t size, bool write)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < count && done < size; i++) {
        if (at >= segment[i].size) {
            at -= segment[i].size;
            continue;
        }
        uint32_t part = segment[i].size - at;
        part = part < size - done ? part : size - done;
        if (write) {
            memcpy(segment[i].data + at, (const uint8_t *)bytes + done, part);
        } else {
            memcpy((uint8_t *)bytes + done, segment[i].data + at, part);
        }
        done += part;
        at = 0;
    }
    return done;
}

uint32_t virtio_read(const struct virtio_chain *chain, uint32_t at, void *to, uint32_t size)
{
    return copy(chain->segment, chain->read_count, at, to, size, false);
}

uint32_t virtio_write(const struct virtio_chain *chain, uint32_t at, const void *from,
                      uint32_t size)
{
    return copy(chain->segment + chain->read_count, chain->write_count, at, (void *)(uintptr_t)from,
                size, true);
}
