#include <string.h>

#include <devmgr/entropy.h>

#define EMPTY_MAX 16u /* answers without a byte before the device counts as broken */

l4_status_t entropy_start(struct entropy *entropy, const struct dma *area)
{
    struct dma left = *area;
    struct dma ring;
    l4_status_t status = virtio_negotiate(&entropy->dev, 0, 0);
    if (status != L4_OK) {
        return status;
    }
    const uint32_t size = virtio_queue_size(&entropy->dev, 0, ENTROPY_QUEUE);
    if (!dma_take(&left, VQ_BYTES(ENTROPY_QUEUE), VQ_ALIGN, &ring) ||
        !dma_take(&left, ENTROPY_CHUNK, VQ_ALIGN, &entropy->chunk)) {
        status = L4_ERR_NO_MEMORY;
    } else if (size == 0) {
        status = L4_ERR_IO;
    } else {
        vq_init(&entropy->queue, size, entropy->slot, &ring,
                (entropy->dev.features & VIRTIO_F_EVENT_INDEX) != 0);
        status = virtio_queue_start(&entropy->dev, 0, &entropy->queue);
    }
    if (status != L4_OK) {
        virtio_fail(&entropy->dev);
        return status;
    }
    virtio_run(&entropy->dev);
    return L4_OK;
}

void entropy_open(struct entropy *entropy, uint32_t client, struct l4_console_page *page)
{
    struct entropy_client *const c = &entropy->client[client];
    memset(page, 0, sizeof *page);
    page->rx.consumer_waits = 1; /* it has yet to look for the first time */
    l4_ring_init(&c->rx, &page->rx, page->rx_data, sizeof page->rx_data);
    c->open = true;
}

void entropy_close(struct entropy *entropy, uint32_t client)
{
    entropy->client[client].open = false;
}

/* The next client with room; ENTROPY_CLIENTS: nobody. Who has none is asked to ring. */
static uint32_t next_client(struct entropy *entropy)
{
    for (uint32_t n = 0; n < ENTROPY_CLIENTS; n++) {
        const uint32_t i = (entropy->turn + n) % ENTROPY_CLIENTS;
        struct entropy_client *const client = &entropy->client[i];
        if (client->open && !l4_ring_producer_broken(&client->rx) &&
            !l4_ring_wait_space(&client->rx)) {
            return i;
        }
    }
    return ENTROPY_CLIENTS;
}

static uint32_t give_out(struct entropy *entropy, uint32_t count)
{
    uint32_t bells = 0;
    const uint8_t *const bytes = entropy->chunk.va;
    uint32_t done = 0;
    while (done < count) {
        const uint32_t i = next_client(entropy);
        if (i == ENTROPY_CLIENTS) {
            break;
        }
        struct l4_ring *const rx = &entropy->client[i].rx;
        const uint32_t put = l4_ring_put(rx, bytes + done, count - done);
        bells |= l4_ring_must_wake_consumer(rx) ? 1u << i : 0;
        entropy->turn = (i + 1) % ENTROPY_CLIENTS;
        if (put == 0) {
            break; /* it has changed its mind */
        }
        done += put;
    }
    memset(entropy->chunk.va, 0, entropy->chunk.size);
    return bells;
}

static uint32_t take_chunk(struct entropy *entropy)
{
    uint32_t token = 0;
    uint32_t written = 0;
    const enum vq_taken taken = vq_take(&entropy->queue, &token, &written);
    if (taken == VQ_NONE) {
        return 0;
    }
    if (taken == VQ_TAKEN && written <= entropy->chunk.size) {
        entropy->empty = written == 0 ? entropy->empty + 1 : 0;
        if (entropy->empty < EMPTY_MAX) {
            return give_out(entropy, written);
        }
    }
    virtio_fail(&entropy->dev);
    return 0;
}

uint32_t entropy_run(struct entropy *entropy)
{
    uint32_t bells = 0;
    if (entropy->dev.failed || entropy->queue.size == 0) {
        return 0;
    }
    do {
        bells |= take_chunk(entropy);
    } while (!entropy->dev.failed && !vq_arm(&entropy->queue));
    if (!entropy->dev.failed && entropy->queue.in_flight == 0 &&
        next_client(entropy) != ENTROPY_CLIENTS) {
        const struct vq_buffer buffer = {entropy->chunk.pa, entropy->chunk.size};
        (void)vq_add(&entropy->queue, &buffer, 0, 1, 0); /* it is empty */
        virtio_publish(&entropy->dev, 0, &entropy->queue);
    }
    return bells;
}
