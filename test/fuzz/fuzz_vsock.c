/*
 * The vsock device between two hostile guests: one writes packets, descriptors and ring indices of
 * its own, the other scribbles over the channels' memory.
 *
 * Nothing outside of the guest's RAM and the channels is touched, every call ends, and the device's
 * own books stay in order.
 */
#include <stdlib.h>
#include <string.h>

#include <vmm/virtio_vsock.h>

#include "fuzz.h"

#define RAM 0x10000u
#define BASE 0x40000000u
#define QUEUE 16u
#define QUEUE_ROOM 0x400u
#define AVAIL 0x200u
#define USED 0x300u
#define BUFFERS 0x2000u
#define BUFFER 0x200u
#define CHANNELS 2u
#define RING 4096u
#define STEPS_MAX 600u
#define DRIVER_OK_ALL 0xfu

struct world {
    struct virtio_vsock vsock;
    struct virtio_chain chain;
    struct guest_memory memory;
    struct l4_vm_device counters;
    struct l4_channel_page *page[CHANNELS];
};

static void irq(void *context, uint32_t number, bool level)
{
    (void)context;
    (void)number;
    (void)level;
}

static void bell(void *context)
{
    (void)context;
}

static void put_16(struct world *w, uint32_t at, uint16_t value)
{
    memcpy(w->memory.ram + at, &value, sizeof value);
}

static uint16_t get_16(const struct world *w, uint32_t at)
{
    uint16_t value;
    memcpy(&value, w->memory.ram + at, sizeof value);
    return value;
}

/* Buffer n is descriptor n of each queue. */
static void descriptor(struct world *w, uint32_t queue, uint32_t n, uint32_t size, uint32_t flags)
{
    const uint64_t address = BASE + BUFFERS + (queue * QUEUE + n) * BUFFER;
    uint8_t *const at = w->memory.ram + queue * QUEUE_ROOM + 16 * n;
    memcpy(at, &address, sizeof address);
    memcpy(at + 8, &size, sizeof size);
    put_16(w, queue * QUEUE_ROOM + 16 * n + 12, (uint16_t)flags);
    put_16(w, queue * QUEUE_ROOM + 16 * n + 14, (uint16_t)((n + 1) % QUEUE));
}

static void start(struct world *w)
{
    struct virtio *const v = &w->vsock.virtio;
    virtio_reset(v);
    v->state.features = VIRTIO_F_VERSION_1;
    v->state.status = DRIVER_OK_ALL;
    for (uint32_t i = 0; i < v->ops->queues; i++) {
        const uint32_t at = i * QUEUE_ROOM;
        memset(w->memory.ram + at, 0, QUEUE_ROOM);
        v->state.queue[i] = (struct virtio_queue_state){.desc = BASE + at,
                                                        .driver = BASE + at + AVAIL,
                                                        .device = BASE + at + USED,
                                                        .size = QUEUE};
        virtio_queue_start(v, i);
    }
    for (uint32_t n = 0; n < QUEUE; n++) {
        descriptor(w, VIRTIO_VSOCK_RX, n, BUFFER, 2);
    }
}

static void available(struct world *w, uint32_t queue, uint32_t descriptor_index)
{
    const uint32_t at = queue * QUEUE_ROOM + AVAIL;
    const uint16_t index = get_16(w, at + 2);
    put_16(w, at + 4 + 2 * (index % QUEUE), (uint16_t)descriptor_index);
    put_16(w, at + 2, (uint16_t)(index + 1));
}

static void kick(struct world *w, uint32_t queue)
{
    if (virtio_live(&w->vsock.virtio)) {
        w->vsock.virtio.ops->notify(&w->vsock.virtio, queue);
    }
}

/* A packet that is nearly right. */
static void packet(struct world *w, struct fuzz_input *in)
{
    const uint32_t n = fuzz_8(in) % QUEUE;
    const uint8_t odd = fuzz_8(in);
    struct vsock_header h = {.src_cid = odd == 1 ? fuzz_8(in) : VSOCK_CID_GUEST,
                             .dst_cid = odd == 2 ? fuzz_8(in) : VSOCK_CID_HOST,
                             .src_port = fuzz_8(in) % 3,
                             .dst_port = fuzz_8(in) % (CHANNELS + 1),
                             .type = odd == 3 ? (uint16_t)fuzz_16(in) : VSOCK_TYPE_STREAM,
                             .op = fuzz_8(in) % 9,
                             .size = odd == 4 ? fuzz_32(in) : fuzz_8(in),
                             .flags = fuzz_8(in),
                             .buf_alloc = odd < 16 ? fuzz_32(in) : 0x10000,
                             .fwd_cnt = odd < 32 ? fuzz_32(in) : 0};
    descriptor(w, VIRTIO_VSOCK_TX, n, odd == 5 ? fuzz_16(in) : BUFFER, odd == 6 ? fuzz_8(in) : 0);
    memcpy(w->memory.ram + BUFFERS + (QUEUE + n) * BUFFER, &h, sizeof h);
    available(w, VIRTIO_VSOCK_TX, n);
    kick(w, VIRTIO_VSOCK_TX);
}

/* The other guest: any word of the page, or a connection that looks right. */
static void scribble(struct world *w, struct fuzz_input *in)
{
    struct l4_channel_page *const page = w->page[fuzz_8(in) % CHANNELS];
    const uint8_t how = fuzz_8(in);
    if (how < 64) {
        ((uint32_t *)(void *)page)[how % 16] = fuzz_32(in);
    } else if (how < 128) {
        page->open[1] = L4_CHANNEL_OPEN(how % 4u, L4_CHANNEL_NUMBER(page->open[0]));
    } else if (how < 192) {
        page->ring[1].head += fuzz_16(in) % (RING / 2);
    } else {
        page->ring[0].tail += fuzz_16(in) % (RING / 2);
    }
}

static void attach(struct world *w, uint32_t n)
{
    const struct doorbell doorbell = {bell, NULL};
    memset(w->page[n], 0, L4_CHANNEL_BYTES(RING));
    w->page[n]->magic = L4_CHANNEL_MAGIC;
    w->page[n]->size = RING;
    FUZZ_CHECK(virtio_vsock_attach(&w->vsock, n, w->page[n], L4_CHANNEL_BYTES(RING), 0,
                                   &doorbell) == L4_OK);
}

static void step(struct world *w, struct fuzz_input *in)
{
    const uint8_t what = fuzz_8(in);
    switch (what % 8) {
    case 0:
    case 1:
        packet(w, in);
        break;
    case 2:
    case 3:
        scribble(w, in);
        break;
    case 4:
        available(w, VIRTIO_VSOCK_RX, fuzz_8(in) % QUEUE);
        kick(w, VIRTIO_VSOCK_RX);
        break;
    case 5:
        virtio_vsock_ready(&w->vsock, what / 8 % CHANNELS);
        break;
    case 6: /* any byte of the queues */
        w->memory.ram[fuzz_16(in) % (3 * QUEUE_ROOM)] = fuzz_8(in);
        kick(w, what / 8 % 3);
        break;
    default:
        if (what < 32) {
            start(w);
        } else if (what < 64) {
            attach(w, what % CHANNELS);
        }
        break;
    }
}

static void check(const struct world *w)
{
    FUZZ_CHECK(w->vsock.state.answers <= VSOCK_ANSWERS);
    FUZZ_CHECK(w->vsock.state.answer_first < VSOCK_ANSWERS);
    for (uint32_t i = 0; i < CHANNELS; i++) {
        const struct vsock_connection *const c = &w->vsock.state.connection[i];
        FUZZ_CHECK(c->phase <= VSOCK_CLOSING);
        FUZZ_CHECK(c->from - c->taken <= RING);
        FUZZ_CHECK(c->told_alloc == 0 || c->told_alloc == RING);
        FUZZ_CHECK((c->phase == VSOCK_CLOSED) == (w->vsock.channel[i].mine == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct fuzz_input in = {data, size};
    memset(&w, 0, sizeof w);
    w.memory = (struct guest_memory){.ram = calloc(1, RAM), .ram_base = BASE, .ram_size = RAM};
    virtio_vsock_init(&w.vsock);
    w.vsock.virtio.memory = &w.memory;
    w.vsock.virtio.chain = &w.chain;
    w.vsock.virtio.counters = &w.counters;
    w.vsock.virtio.irq = irq;
    virtio_init(&w.vsock.virtio);
    for (uint32_t i = 0; i < CHANNELS; i++) {
        uint32_t index;
        FUZZ_CHECK(virtio_vsock_add(&w.vsock, i, &index) == L4_OK);
        w.page[i] = malloc(L4_CHANNEL_BYTES(RING));
        attach(&w, i);
    }
    start(&w);
    for (unsigned int i = 0; i < STEPS_MAX && in.left != 0; i++) {
        step(&w, &in);
        check(&w);
    }
    for (uint32_t i = 0; i < CHANNELS; i++) {
        free(w.page[i]);
    }
    free(w.memory.ram);
    return 0;
}

/* A connection on channel 0 with data both ways, and three mixtures. */
size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const uint8_t connection[] = {4, 0, 4,   1,   4, 2, 4,   3, /* buffers */
                                         0, 0, 99,  1,   0, 1, 0,   0, /* REQUEST */
                                         2, 0, 65,  5,                 /* the other end answers */
                                         0, 1, 99,  1,   0, 5, 200, 0, /* RW */
                                         2, 0, 200, 100, 0, 5,         /* it takes some */
                                         2, 0, 130, 50,  0, 5, 4,   4, 4, 5, /* and sends some */
                                         0, 2, 99,  1,   0, 4, 0,   3, 4, 6, 5}; /* SHUTDOWN */
    if (n >= 4) {
        return 0;
    }
    if (n == 0) {
        memcpy(data, connection, sizeof connection);
        return sizeof connection;
    }
    for (size_t i = 0; i < 800; i++) {
        data[i] = (uint8_t)((i * (4 * n + 5)) ^ (i >> 2));
    }
    return 800;
}
