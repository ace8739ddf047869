/* See virtio_rng.h. */
#include <vmm/virtio_rng.h>

/* The bytes go straight into guest RAM. */
static uint32_t fill(struct virtio_rng *rng, const struct virtio_chain *chain)
{
    const struct virtio_segment *to = &chain->segment[chain->read_count];
    uint32_t done = 0;
    for (uint32_t i = 0; i < chain->write_count; i++) {
        uint32_t count = rng->port.read(rng->port.context, to[i].data, to[i].size);
        done += count;
        if (count < to[i].size) {
            break;
        }
    }
    return done;
}

void virtio_rng_more(struct virtio_rng *rng)
{
    struct virtio *virtio = &rng->virtio;
    while (virtio_take(virtio, 0, virtio->chain) == L4_OK) {
        uint32_t done = fill(rng, virtio->chain);
        if (done == 0 && virtio->chain->write_bytes != 0) {
            virtio_put_back(virtio, 0);
            break;
        }
        virtio->counters->bytes_to += done;
        virtio_return(virtio, 0, virtio->chain->head, done);
    }
    virtio_signal(virtio, 0);
}

static void rng_notify(struct virtio *virtio, uint32_t queue)
{
    (void)queue;
    virtio_rng_more(virtio->device);
}

static void rng_ready(struct virtio *virtio)
{
    virtio_rng_more(virtio->device);
}

static void rng_reset(struct virtio *virtio)
{
    (void)virtio; /* it has no state of its own */
}

static const struct virtio_ops rng_ops = {
    .id = VIRTIO_ID_RNG,
    .queues = 1,
    .reset = rng_reset,
    .ready = rng_ready,
    .notify = rng_notify,
};

void virtio_rng_init(struct virtio_rng *rng, const struct virtio_rng_port *port)
{
    rng->port = *port;
    rng->virtio.ops = &rng_ops;
    rng->virtio.device = rng;
}
