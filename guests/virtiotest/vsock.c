#include "vsock.h"

#include "guest/cpu.h"
#include "guest/timer.h"
#include "target.h"

#define BUFFERS 8u

static volatile uint8_t buffer[BUFFERS][sizeof(struct vsock_header) + PACKET]
    __attribute__((aligned(8)));
static volatile uint8_t out[sizeof(struct vsock_header)] __attribute__((aligned(8)));
static uint32_t last; /* buffer of the packet received last */

static void offer_buffer(struct device *device, uint16_t n)
{
    describe(&device->queue[VSOCK_RX].desc[n], buffer[n], sizeof(buffer[n]), WRITE, 0);
    offer(&device->queue[VSOCK_RX], n);
}

bool vsock_up(struct device *device)
{
    if (!device_find(device, ID_VSOCK, 0, 3) || !device_up(device, 0)) {
        return false;
    }
    last = BUFFERS;
    for (uint16_t n = 0; n < BUFFERS; n++) {
        offer_buffer(device, n);
    }
    kick(device, VSOCK_RX);
    return true;
}

struct vsock_header vsock_header(const struct device *device, uint32_t port, uint16_t op)
{
    const struct vsock_header header = {.src_cid = config64(device, 0),
                                        .dst_cid = HOST_CID,
                                        .src_port = OUR_PORT,
                                        .dst_port = port,
                                        .type = STREAM,
                                        .op = op,
                                        .buf_alloc = OUR_BUFFER};
    return header;
}

static void copy(volatile uint8_t *to, const volatile uint8_t *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

bool vsock_send(struct device *device, const struct vsock_header *header, const void *payload,
                uint32_t size)
{
    struct queue *queue = &device->queue[VSOCK_TX];

    copy(out, (const volatile uint8_t *)header, sizeof(out));
    describe(&queue->desc[0], out, sizeof(out), size != 0 ? NEXT : 0, 1);
    describe(&queue->desc[1], payload, size, 0, 0);
    offer(queue, 0);
    kick(device, VSOCK_TX);
    return used(device, VSOCK_TX, 1);
}

bool vsock_receive(struct device *device, struct vsock_header *header, uint32_t us)
{
    struct queue *queue = &device->queue[VSOCK_RX];
    uint64_t end = cntvct() + ticks_us(us);

    if (last != BUFFERS) {
        offer_buffer(device, (uint16_t)last);
        kick(device, VSOCK_RX);
        last = BUFFERS;
    }
    while (queue->used->index == queue->returned) {
        if (cntvct() >= end) {
            return false;
        }
    }
    (void)used(device, VSOCK_RX, 1);
    last = used_id(queue, 0) % BUFFERS;
    copy((volatile uint8_t *)header, buffer[last], sizeof(*header));
    return true;
}

const volatile uint8_t *vsock_payload(void)
{
    return buffer[last] + sizeof(struct vsock_header);
}

/* A request to a port that nobody has is refused. */
bool vsock_works(struct device *device)
{
    struct vsock_header header;

    if (!vsock_up(device)) {
        return false;
    }
    header = vsock_header(device, 99999, OP_REQUEST);
    return vsock_send(device, &header, 0, 0) && vsock_receive(device, &header, WAIT_US) &&
           header.op == OP_RST && header.src_port == 99999 && header.dst_port == OUR_PORT;
}
