#include <string.h>

#include <devmgr/virtqueue.h>

#define DESC_NEXT 1u
#define DESC_WRITE 2u
#define USED_NO_NOTIFY 1u

/* Places in the avail and used rings. */
#define AVAIL_INDEX 1u
#define AVAIL_RING 2u
#define USED_RING 1u

bool dma_take(struct dma *area, uint32_t size, uint32_t align, struct dma *part)
{
    const uint32_t skip = (uint32_t)(0 - area->pa) & (align - 1);
    if (skip > area->size || size > area->size - skip) {
        return false;
    }
    *part = (struct dma){.va = area->va + skip, .pa = area->pa + skip, .size = size};
    area->va += skip + size;
    area->pa += skip + size;
    area->size -= skip + size;
    return true;
}

void vq_init(struct virtqueue *queue, uint32_t size, struct vq_slot *slot, const struct dma *memory,
             bool event_index)
{
    memset(memory->va, 0, VQ_BYTES(size));
    *queue = (struct virtqueue){.size = size,
                                .event_index = event_index,
                                .free_count = (uint16_t)size,
                                .slot = slot,
                                .desc = (struct vq_desc *)(void *)memory->va,
                                .avail = (uint16_t *)(void *)(memory->va + VQ_AVAIL(size)),
                                .used = (uint32_t *)(void *)(memory->va + VQ_USED(size)),
                                .pa = memory->pa};
    for (uint32_t i = 0; i < size; i++) {
        slot[i] = (struct vq_slot){.next = (uint16_t)(i + 1)};
    }
}

bool vq_add(struct virtqueue *queue, const struct vq_buffer *buffer, uint32_t out, uint32_t in,
            uint32_t token)
{
    const uint32_t count = out + in;
    if (count == 0 || count > queue->free_count) {
        return false;
    }
    const uint16_t head = queue->free;
    uint16_t at = head;
    for (uint32_t i = 0; i < count; i++) {
        const bool last = i + 1 == count;
        queue->desc[at] = (struct vq_desc){
            .pa = buffer[i].pa,
            .size = buffer[i].size,
            .flags = (uint16_t)((i >= out ? DESC_WRITE : 0) | (last ? 0 : DESC_NEXT)),
            .next = last ? 0 : queue->slot[at].next};
        queue->free = queue->slot[at].next;
        at = queue->free;
    }
    queue->slot[head].count = (uint16_t)count;
    queue->slot[head].token = token;
    queue->free_count = (uint16_t)(queue->free_count - count);
    queue->in_flight++;
    queue->avail[AVAIL_RING + (queue->avail_next & (queue->size - 1))] = head;
    queue->avail_next++;
    return true;
}

bool vq_publish(struct virtqueue *queue)
{
    const uint16_t old = queue->avail_told;
    const uint16_t now = queue->avail_next;
    if (old == now) {
        return false;
    }
    __atomic_store_n(&queue->avail[AVAIL_INDEX], now, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* publish before looking at what the device wants */
    queue->avail_told = now;
    if (!queue->event_index) {
        return (__atomic_load_n(queue->used, __ATOMIC_RELAXED) & USED_NO_NOTIFY) == 0;
    }
    const uint16_t event = __atomic_load_n(
        (const uint16_t *)&queue->used[USED_RING + 2 * queue->size], __ATOMIC_RELAXED);
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

static uint16_t used_index(const struct virtqueue *queue)
{
    return (uint16_t)(__atomic_load_n(queue->used, __ATOMIC_ACQUIRE) >> 16);
}

/* The chain goes back to the free ones, ahead of the others. */
static void free_chain(struct virtqueue *queue, uint16_t head)
{
    const uint16_t count = queue->slot[head].count;
    uint16_t last = head;
    for (uint32_t i = 1; i < count; i++) {
        last = queue->slot[last].next;
    }
    queue->slot[last].next = queue->free;
    queue->slot[head].count = 0;
    queue->free = head;
    queue->free_count = (uint16_t)(queue->free_count + count);
    queue->in_flight--;
}

enum vq_taken vq_take(struct virtqueue *queue, uint32_t *token, uint32_t *written)
{
    const uint16_t ready = (uint16_t)(used_index(queue) - queue->used_next);
    if (ready == 0) {
        return VQ_NONE;
    }
    const uint32_t at = USED_RING + 2 * (queue->used_next & (queue->size - 1));
    const uint32_t head = __atomic_load_n(&queue->used[at], __ATOMIC_RELAXED);
    *written = __atomic_load_n(&queue->used[at + 1], __ATOMIC_RELAXED);
    if (ready > queue->in_flight || head >= queue->size || queue->slot[head].count == 0) {
        return VQ_BROKEN;
    }
    *token = queue->slot[head].token;
    queue->used_next++;
    free_chain(queue, (uint16_t)head);
    return VQ_TAKEN;
}

bool vq_arm(struct virtqueue *queue)
{
    if (queue->event_index) {
        __atomic_store_n(&queue->avail[AVAIL_RING + queue->size], queue->used_next,
                         __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* ask before looking once more */
    }
    return used_index(queue) == queue->used_next;
}
