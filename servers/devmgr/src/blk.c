#include <devmgr/blk.h>

#define F_SEG_MAX (1ull << 2)
#define F_READ_ONLY (1ull << 5)
#define F_FLUSH (1ull << 9)

#define CONFIG_CAPACITY 0u
#define CONFIG_SEG_MAX 12u

/* Request types and status (5.2.6). */
#define TYPE_IN 0u
#define TYPE_OUT 1u
#define TYPE_FLUSH 4u
#define STATUS_OK 0u
#define STATUS_NONE 0xffu

struct blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

#define HEADERS (BLK_REQUESTS * (uint32_t)sizeof(struct blk_header))
#define STATUS_BYTES BLK_REQUESTS

static l4_status_t read_config(struct blk *blk)
{
    blk->read_only = (blk->dev.features & F_READ_ONLY) != 0;
    blk->flush = (blk->dev.features & F_FLUSH) != 0;
    if (!virtio_config64(&blk->dev, CONFIG_CAPACITY, &blk->sectors)) {
        return L4_ERR_IO;
    }
    return (blk->dev.features & F_SEG_MAX) != 0 &&
                   virtio_read(&blk->dev, VIRTIO_CONFIG + CONFIG_SEG_MAX) < L4_DISK_SEGMENTS
               ? L4_ERR_NOT_SUPPORTED
               : L4_OK;
}

static l4_status_t start_queue(struct blk *blk)
{
    struct dma area = blk->area;
    struct dma ring;
    const uint32_t size = virtio_queue_size(&blk->dev, 0, BLK_QUEUE);
    if (size < BLK_QUEUE_MIN) {
        return L4_ERR_NOT_SUPPORTED;
    }
    if (!dma_take(&area, VQ_BYTES(size), VQ_ALIGN, &ring) ||
        !dma_take(&area, HEADERS + STATUS_BYTES, VQ_ALIGN, &blk->headers)) {
        return L4_ERR_NO_MEMORY;
    }
    vq_init(&blk->queue, size, blk->slot, &ring, (blk->dev.features & VIRTIO_F_EVENT_INDEX) != 0);
    return virtio_queue_start(&blk->dev, 0, &blk->queue);
}

/* From reset to running, with an empty queue. */
static l4_status_t bring_up(struct blk *blk)
{
    l4_status_t status = virtio_negotiate(&blk->dev, 0, F_SEG_MAX | F_READ_ONLY | F_FLUSH);
    if (status == L4_OK) {
        status = read_config(blk);
    }
    if (status == L4_OK) {
        status = start_queue(blk);
    }
    if (status == L4_OK) {
        virtio_run(&blk->dev);
    } else {
        virtio_fail(&blk->dev);
    }
    return status;
}

l4_status_t blk_start(struct blk *blk, const struct dma *area)
{
    blk->area = *area;
    blk->in_flight = 0;
    for (uint32_t i = 0; i < BLK_REQUESTS; i++) {
        blk->request[i].op = 0;
    }
    return bring_up(blk);
}

bool blk_room(const struct blk *blk)
{
    return blk->in_flight < BLK_REQUESTS &&
           (blk->dev.failed || blk->queue.free_count >= L4_DISK_SEGMENTS + 2);
}

/* Gives request `index` to the device. */
static void queue_request(struct blk *blk, uint32_t index)
{
    static const uint32_t types[] = {
        [L4_DISK_READ] = TYPE_IN, [L4_DISK_WRITE] = TYPE_OUT, [L4_DISK_FLUSH] = TYPE_FLUSH};
    const struct blk_request *const request = &blk->request[index];
    struct blk_header *const headers = (struct blk_header *)(void *)blk->headers.va;
    struct vq_buffer buffer[L4_DISK_SEGMENTS + 2];
    headers[index] = (struct blk_header){.type = types[request->op], .sector = request->sector};
    blk->headers.va[HEADERS + index] = STATUS_NONE;
    buffer[0] = (struct vq_buffer){blk->headers.pa + index * sizeof *headers, sizeof *headers};
    for (uint32_t i = 0; i < request->count; i++) {
        buffer[1 + i] = request->segment[i];
    }
    buffer[1 + request->count] = (struct vq_buffer){blk->headers.pa + HEADERS + index, 1};
    const uint32_t in = 1 + (request->op == L4_DISK_READ ? request->count : 0);
    if (!vq_add(&blk->queue, buffer, 2 + request->count - in, in, index)) {
        virtio_fail(&blk->dev); /* blk_room() has promised it */
    }
}

/* Without the segments that are not used. Hot path: metric blk.read4k. */
static void copy_request(struct blk_request *to, const struct blk_request *from)
{
    to->owner = from->owner;
    to->session = from->session;
    to->id = from->id;
    to->weight = from->weight;
    to->op = from->op;
    to->sector = from->sector;
    to->count = from->count;
    for (uint32_t i = 0; i < from->count; i++) {
        to->segment[i] = from->segment[i];
    }
}

void blk_submit(struct blk *blk, const struct blk_request *request)
{
    uint32_t index = 0;
    while (blk->request[index].op != 0) {
        index++;
    }
    copy_request(&blk->request[index], request);
    blk->in_flight++;
    if (!blk->dev.failed && (request->op != L4_DISK_FLUSH || blk->flush)) {
        queue_request(blk, index);
    }
}

void blk_publish(struct blk *blk)
{
    if (!blk->dev.failed) {
        virtio_publish(&blk->dev, 0, &blk->queue);
    }
}

static void finish(struct blk *blk, uint32_t index, struct blk_request *request)
{
    copy_request(request, &blk->request[index]);
    blk->request[index].op = 0;
    blk->in_flight--;
}

/* Requests that the device never saw: all of a failed one, or flushes without a cache. */
static bool take_unqueued(struct blk *blk, struct blk_request *request, l4_status_t *status)
{
    for (uint32_t i = 0; i < BLK_REQUESTS; i++) {
        const uint32_t op = blk->request[i].op;
        if (op != 0 && (blk->dev.failed || (op == L4_DISK_FLUSH && !blk->flush))) {
            *status = blk->dev.failed ? L4_ERR_IO : L4_OK;
            finish(blk, i, request);
            return true;
        }
    }
    return false;
}

bool blk_take(struct blk *blk, struct blk_request *request, l4_status_t *status)
{
    uint32_t index = 0;
    uint32_t written = 0;
    do {
        const enum vq_taken taken =
            blk->dev.failed ? VQ_NONE : vq_take(&blk->queue, &index, &written);
        if (taken == VQ_TAKEN) {
            *status = blk->headers.va[HEADERS + index] == STATUS_OK ? L4_OK : L4_ERR_IO;
            finish(blk, index, request);
            return true;
        }
        if (taken == VQ_BROKEN) {
            virtio_fail(&blk->dev);
        }
    } while (!blk->dev.failed && !vq_arm(&blk->queue));
    return blk->in_flight != 0 && (blk->dev.failed || !blk->flush) &&
           take_unqueued(blk, request, status);
}

l4_status_t blk_forget(struct blk *blk, uint32_t owners)
{
    l4_status_t status = bring_up(blk);
    for (uint32_t i = 0; i < BLK_REQUESTS; i++) {
        struct blk_request *const request = &blk->request[i];
        if (request->op != 0 && (owners >> request->owner & 1u) != 0) {
            request->op = 0;
            blk->in_flight--;
        } else if (request->op != 0 && status == L4_OK &&
                   (request->op != L4_DISK_FLUSH || blk->flush)) {
            queue_request(blk, i);
        }
    }
    blk_publish(blk);
    return status;
}
