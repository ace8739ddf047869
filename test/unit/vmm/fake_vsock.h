/*
 * A guest with two vsock ports, and on the other side of the first a guest that keeps the rules or
 * scribbles over the shared page as the test says. Included by one file a program: it holds the
 * objects.
 */
#ifndef FAKE_VSOCK_H
#define FAKE_VSOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/virtio_vsock.h>

#include "fake_queues.h"

#define PORT 40u
#define PORT_OTHER 41u
#define SOCKET 1234u /* the guest's port */
#define RING 4096u
#define GUEST_BUFFER 65536u
#define RX_BUFFER (44u + 1024u)

static struct virtio_vsock vsock;
static struct driver driver;
static struct l4_channel_page *page[2];
static struct channel_end peer; /* end 1 of the first channel */
static bool peer_rung, vsock_rung, peer_takes_when_rung;

/* The guest's side of its connection. */
static uint32_t guest_received, guest_taken_by_peer, guest_may_send;

static void bell_to_peer(void *context)
{
    static uint8_t bytes[RING];
    peer_rung = peer_rung || context == page[0];
    if (peer_takes_when_rung) {
        (void)l4_ring_take(&peer.rx, bytes, sizeof(bytes));
    }
}

static void bell_to_vsock(void *context)
{
    (void)context;
    vsock_rung = true;
}

static void page_new(uint32_t n)
{
    memset(page[n], 0, L4_CHANNEL_BYTES(RING));
    page[n]->magic = L4_CHANNEL_MAGIC;
    page[n]->size = RING;
}

static void session_new(uint32_t n)
{
    const struct doorbell bell = {bell_to_peer, page[n]};
    page_new(n);
    assert_int_equal(virtio_vsock_attach(&vsock, n, page[n], L4_CHANNEL_BYTES(RING), 0, &bell),
                     L4_OK);
}

static void buffers(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        driver_give(&driver, VIRTIO_VSOCK_RX, RX_BUFFER);
    }
    driver_kick(&driver, VIRTIO_VSOCK_RX);
}

static int setup(void **state)
{
    const struct doorbell bell = {bell_to_vsock, NULL};
    uint32_t index;
    (void)state;
    peer_rung = vsock_rung = peer_takes_when_rung = false;
    guest_received = guest_taken_by_peer = guest_may_send = 0;
    virtio_vsock_init(&vsock);
    assert_int_equal(virtio_vsock_add(&vsock, PORT, &index), L4_OK);
    assert_int_equal(virtio_vsock_add(&vsock, PORT, &index), L4_ERR_EXISTS);
    assert_int_equal(virtio_vsock_add(&vsock, PORT_OTHER, &index), L4_OK);
    driver_init(&driver, &vsock.virtio);
    for (uint32_t n = 0; n < 2; n++) {
        page[n] = malloc(L4_CHANNEL_BYTES(RING));
        session_new(n);
    }
    assert_int_equal(channel_attach(&peer, page[0], L4_CHANNEL_BYTES(RING), 1, &bell), L4_OK);
    driver_start(&driver, 64, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    driver_free(&driver);
    free(page[0]);
    free(page[1]);
    return 0;
}

/* All doorbells, until there are no more. */
static void settle(void)
{
    for (uint32_t i = 0; peer_rung || vsock_rung; i++) {
        assert_true(i < 100);
        if (peer_rung) {
            peer_rung = false;
            (void)channel_poll(&peer);
        }
        if (vsock_rung) {
            vsock_rung = false;
            virtio_vsock_ready(&vsock, 0);
        }
    }
}

static struct vsock_header header(enum vsock_op op)
{
    return (struct vsock_header){.src_cid = 3,
                                 .dst_cid = 2,
                                 .src_port = SOCKET,
                                 .dst_port = PORT,
                                 .type = VSOCK_TYPE_STREAM,
                                 .op = (uint16_t)op,
                                 .buf_alloc = GUEST_BUFFER,
                                 .fwd_cnt = guest_received};
}

static void guest_sends(const struct vsock_header *h, const void *bytes)
{
    struct driver_part parts[2] = {{driver_alloc(&driver, sizeof(*h)), sizeof(*h), false},
                                   {driver_alloc(&driver, h->size + 1u), h->size, false}};
    memcpy(driver_ram(&driver, parts[0].ipa), h, sizeof(*h));
    memcpy(driver_ram(&driver, parts[1].ipa), bytes, h->size);
    driver_add(&driver, VIRTIO_VSOCK_TX, parts, h->size != 0 ? 2 : 1);
    driver_kick(&driver, VIRTIO_VSOCK_TX);
}

static void guest_sends_op(enum vsock_op op)
{
    const struct vsock_header h = header(op);
    guest_sends(&h, "");
}

static void guest_sends_data(const void *bytes, uint32_t size)
{
    struct vsock_header h = header(VSOCK_OP_RW);
    h.size = size;
    guest_sends(&h, bytes);
}

/* The next packet to the guest; false: none. */
static bool guest_gets(struct vsock_header *h, uint8_t *bytes)
{
    uint16_t head;
    uint32_t written;
    if (!driver_used(&driver, VIRTIO_VSOCK_RX, &head, &written)) {
        return false;
    }
    const uint8_t *from = driver_ram(&driver, driver_buffer(&driver, VIRTIO_VSOCK_RX, head));
    memcpy(h, from, sizeof(*h));
    assert_int_equal(written, sizeof(*h) + h->size);
    assert_int_equal(h->src_cid, 2);
    assert_int_equal(h->dst_cid, 3);
    if (bytes != NULL) {
        memcpy(bytes, from + sizeof(*h), h->size);
    }
    if (h->op == VSOCK_OP_RW) {
        guest_received += h->size;
    }
    return true;
}

static struct vsock_header guest_expects(enum vsock_op op)
{
    struct vsock_header h;
    assert_true(guest_gets(&h, NULL));
    assert_int_equal(h.op, op);
    return h;
}

static void guest_expects_nothing(void)
{
    struct vsock_header h;
    assert_false(guest_gets(&h, NULL));
}

static void connect(void)
{
    channel_open(&peer);
    guest_sends_op(VSOCK_OP_REQUEST);
    struct vsock_header h = guest_expects(VSOCK_OP_RESPONSE);
    assert_int_equal(h.src_port, PORT);
    assert_int_equal(h.dst_port, SOCKET);
    assert_int_equal(h.type, VSOCK_TYPE_STREAM);
    settle();
    h = guest_expects(VSOCK_OP_CREDIT_UPDATE);
    assert_int_equal(h.buf_alloc, RING);
    assert_true(peer.connected);
}

static void peer_expects(const char *text)
{
    char bytes[256];
    assert_int_equal(l4_ring_take(&peer.rx, bytes, sizeof(bytes)), strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
    if (l4_ring_must_wake_producer(&peer.rx)) {
        vsock_rung = true;
    }
}

static void peer_sends(const void *bytes, uint32_t size)
{
    assert_int_equal(l4_ring_put(&peer.tx, bytes, size), size);
    if (l4_ring_must_wake_consumer(&peer.tx)) {
        vsock_rung = true;
    }
}

#endif
