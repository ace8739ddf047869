/* virtio-vsock: connections' lives and refusals, data, credit and back-pressure. */
#include "fake_vsock.h"

static void talk(void **state)
{
    (void)state;
    struct vsock_header h;
    uint8_t bytes[RX_BUFFER];
    buffers(16);
    connect();
    guest_sends_data("AT", 2);
    settle();
    peer_expects("AT");
    peer_sends("OK\r\n", 4);
    settle();
    assert_true(guest_gets(&h, bytes));
    assert_int_equal(h.op, VSOCK_OP_RW);
    assert_int_equal(h.size, 4);
    assert_int_equal(h.fwd_cnt, 2);
    assert_memory_equal(bytes, "OK\r\n", 4);
    guest_sends_op(VSOCK_OP_CREDIT_REQUEST);
    h = guest_expects(VSOCK_OP_CREDIT_UPDATE);
    assert_int_equal(h.buf_alloc, RING);
    assert_int_equal(driver.counters.bytes_from, 2);
    assert_int_equal(driver.counters.bytes_to, 4);
    assert_int_equal(driver.counters.errors, 0);
}

static void refusals(void **state)
{
    (void)state;
    buffers(16);
    struct vsock_header h = header(VSOCK_OP_REQUEST);
    h.dst_port = 42; /* no such channel */
    guest_sends(&h, "");
    h = guest_expects(VSOCK_OP_RST);
    assert_int_equal(h.src_port, 42);
    assert_int_equal(h.dst_port, SOCKET);
    h = header(VSOCK_OP_REQUEST);
    h.type = 2; /* seqpacket */
    guest_sends(&h, "");
    h = guest_expects(VSOCK_OP_RST);
    assert_int_equal(h.type, 2);
    guest_sends_data("x", 1); /* no connection */
    guest_expects(VSOCK_OP_RST);
    guest_sends_op(VSOCK_OP_CREDIT_UPDATE);
    guest_expects(VSOCK_OP_RST);
    guest_sends_op(VSOCK_OP_RST); /* never answered */
    guest_expects_nothing();
    connect();
    h = header(VSOCK_OP_REQUEST);
    h.src_port = 77; /* a second one */
    guest_sends(&h, "");
    h = guest_expects(VSOCK_OP_RST);
    assert_int_equal(h.dst_port, 77);
    h = header(VSOCK_OP_RW);
    h.src_port = 77;
    h.size = 2;
    guest_sends(&h, "no"); /* of a socket that has no connection here */
    h = guest_expects(VSOCK_OP_RST);
    assert_int_equal(h.dst_port, 77);
    guest_sends_data("on", 2); /* the first goes on */
    peer_expects("on");
    assert_int_equal(vsock.state.connection[0].phase, VSOCK_OPEN);
}

static void malformed(void **state)
{
    (void)state;
    buffers(16);
    connect();
    struct vsock_header h = header(VSOCK_OP_RW);
    driver_send(&driver, VIRTIO_VSOCK_TX, &h, 43); /* half a header */
    h.size = 5;                                    /* longer than the packet */
    driver_send(&driver, VIRTIO_VSOCK_TX, &h, 44);
    h.size = 0xffffffff;
    driver_send(&driver, VIRTIO_VSOCK_TX, &h, 44);
    h.size = 0;
    h.src_cid = 4; /* somebody else */
    driver_send(&driver, VIRTIO_VSOCK_TX, &h, 44);
    h = header(VSOCK_OP_RW);
    h.dst_cid = UINT64_C(0x100000002);
    driver_send(&driver, VIRTIO_VSOCK_TX, &h, 44);
    driver_give(&driver, VIRTIO_VSOCK_TX, 100); /* nothing to read */
    driver_kick(&driver, VIRTIO_VSOCK_TX);
    assert_int_equal(driver_used_count(&driver, VIRTIO_VSOCK_TX), 7);
    assert_int_equal(driver.counters.errors, 6);
    guest_expects_nothing();
    assert_int_equal(vsock.state.connection[0].phase, VSOCK_OPEN);
    guest_sends_op((enum vsock_op)99); /* ends this connection alone */
    guest_expects(VSOCK_OP_RST);
    settle();
    assert_int_equal(L4_CHANNEL_NUMBER(page[0]->open[0]), 0);
    assert_false(peer.connected);
    assert_true(virtio_live(&vsock.virtio));
}

/* Buffers of one descriptor that hold no data, none at all, and header and data in parts. */
static void receive_buffers(void **state)
{
    (void)state;
    struct vsock_header h;
    uint32_t at = driver_alloc(&driver, 4096);
    const struct driver_part parts[3] = {{at, 20, true}, {at + 100, 30, true}, {at + 200, 5, true}};
    const struct driver_part read_only = {at, 100, false};
    driver_add(&driver, VIRTIO_VSOCK_RX, &read_only, 1);
    driver_give(&driver, VIRTIO_VSOCK_RX, 44);
    uint16_t head;
    uint32_t written;
    channel_open(&peer);
    guest_sends_op(VSOCK_OP_REQUEST);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(driver_used(&driver, VIRTIO_VSOCK_RX, &head, &written));
        assert_int_equal(written, 0);
    }
    assert_int_equal(driver.counters.errors, 2);
    buffers(2);
    settle();
    guest_expects(VSOCK_OP_RESPONSE);
    guest_expects(VSOCK_OP_CREDIT_UPDATE);
    driver_add(&driver, VIRTIO_VSOCK_RX, parts, 3);
    driver_kick(&driver, VIRTIO_VSOCK_RX);
    peer_sends("0123456789abcdef", 16);
    settle();
    assert_true(driver_used(&driver, VIRTIO_VSOCK_RX, &head, &written));
    assert_int_equal(written, 55);
    assert_memory_equal(driver_ram(&driver, at + 100 + 24), "012345", 6);
    assert_memory_equal(driver_ram(&driver, at + 200), "6789a", 5);
    guest_received += 11;
    buffers(1);
    assert_true(guest_gets(&h, NULL));
    assert_int_equal(h.size, 5);
}

static uint8_t byte_at(uint32_t n)
{
    return (uint8_t)(n * 5u + (n >> 9));
}

/* 200 KiB from the guest, which never sends more than it knows there is room for. */
static void stream_from_the_guest(void **state)
{
    (void)state;
    uint32_t sent = 0;
    uint32_t seen = 0;
    uint32_t alloc = RING;
    uint32_t taken = 0;
    uint8_t bytes[RING];
    srand(7);
    buffers(32);
    connect();
    while (seen < 200000) {
        struct vsock_header h;
        uint32_t room = alloc - (sent - taken);
        uint32_t size = (uint32_t)rand() % 2000u;
        size = size < room ? size : room;
        driver.allocated = driver.allocated > 0xc0000 ? 0x80000 : driver.allocated;
        for (uint32_t i = 0; i < size; i++) {
            bytes[i] = byte_at(sent + i);
        }
        guest_sends_data(bytes, size);
        sent += size;
        settle();
        uint32_t got = l4_ring_take(&peer.rx, bytes, (uint32_t)rand() % 3000u);
        for (uint32_t i = 0; i < got; i++) {
            assert_int_equal(bytes[i], byte_at(seen + i));
        }
        seen += got;
        vsock_rung = got != 0 && l4_ring_must_wake_producer(&peer.rx);
        settle();
        while (guest_gets(&h, NULL)) {
            assert_int_equal(h.op, VSOCK_OP_CREDIT_UPDATE);
            taken = h.fwd_cnt;
            assert_true(sent - taken <= RING);
            driver.allocated = driver.allocated > 0xc0000 ? 0x80000 : driver.allocated;
            buffers(1);
        }
        assert_true(size != 0 || room != 0 || got == 0 || sent - taken < RING);
    }
}

static void stream_to_the_guest(void **state)
{
    (void)state;
    uint32_t sent = 0;
    uint32_t given = 0;
    uint8_t bytes[RX_BUFFER];
    srand(8);
    buffers(2);
    connect();
    driver.allocated = 0x80000;
    for (uint32_t seen = 0; seen < 100000;) {
        struct vsock_header h;
        uint8_t more[3000];
        uint32_t size = (uint32_t)rand() % sizeof(more);
        for (uint32_t i = 0; i < size; i++) {
            more[i] = byte_at(sent + i);
        }
        sent += l4_ring_put(&peer.tx, more, size);
        vsock_rung = l4_ring_must_wake_consumer(&peer.tx);
        settle();
        driver.allocated = driver.allocated > 0xc0000 ? 0x80000 : driver.allocated;
        uint32_t count = given < 40 ? (uint32_t)rand() % 4u : 0;
        given += count;
        buffers(count);
        while (guest_gets(&h, bytes)) {
            given--;
            for (uint32_t i = 0; i < h.size; i++) {
                assert_int_equal(bytes[i], byte_at(seen + i));
            }
            seen += h.size;
        }
        assert_int_equal(seen, guest_received);
        guest_sends_op(VSOCK_OP_CREDIT_UPDATE);
        (void)driver_used_count(&driver, VIRTIO_VSOCK_TX);
        settle();
    }
}

/* A guest without room gets one CREDIT_REQUEST, and data when it has some. */
static void guest_without_room(void **state)
{
    (void)state;
    buffers(8);
    connect();
    struct vsock_header h = header(VSOCK_OP_CREDIT_UPDATE);
    h.buf_alloc = 3;
    guest_sends(&h, "");
    peer_sends("hello", 5);
    settle();
    h = guest_expects(VSOCK_OP_RW);
    assert_int_equal(h.size, 3);
    guest_expects(VSOCK_OP_CREDIT_REQUEST);
    guest_expects_nothing();
    h = header(VSOCK_OP_CREDIT_UPDATE);
    h.buf_alloc = 3;
    h.fwd_cnt = 0xfffffff0; /* nonsense gives no room */
    guest_sends(&h, "");
    guest_expects_nothing();
    guest_sends_op(VSOCK_OP_CREDIT_UPDATE);
    h = guest_expects(VSOCK_OP_RW);
    assert_int_equal(h.size, 2);
}

static void guest_beyond_its_credit(void **state)
{
    (void)state;
    uint8_t bytes[RING + 1] = {0};
    buffers(8);
    connect();
    guest_sends_data(bytes, RING);
    assert_int_equal(vsock.state.connection[0].phase, VSOCK_OPEN);
    guest_sends_data(bytes, 1);
    guest_expects(VSOCK_OP_RST);
    assert_int_equal(driver.counters.errors, 1);
    guest_sends_op(VSOCK_OP_REQUEST); /* before anybody has opened anew: no credit */
    guest_expects(VSOCK_OP_RESPONSE);
    guest_sends_data(bytes, 1);
    guest_expects(VSOCK_OP_RST);
}

/* No buffers: answers wait, then packets do, and nothing is lost or overtaken. */
static void many_refusals_without_buffers(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        struct vsock_header h = header(VSOCK_OP_REQUEST);
        h.dst_port = 1000 + i;
        guest_sends(&h, "");
    }
    assert_true(vsock.state.answers < VSOCK_ANSWERS);
    assert_true(driver_used_count(&driver, VIRTIO_VSOCK_TX) < 16);
    buffers(60);
    for (uint32_t i = 0; i < 40; i++) {
        assert_int_equal(guest_expects(VSOCK_OP_RST).src_port, 1000 + i);
    }
    guest_expects_nothing();
    assert_int_equal(driver_used_count(&driver, VIRTIO_VSOCK_TX) != 0, 1);
}

static void two_channels(void **state)
{
    (void)state;
    buffers(8);
    connect();
    struct vsock_header h = header(VSOCK_OP_REQUEST);
    h.dst_port = PORT_OTHER;
    guest_sends(&h, "");
    assert_int_equal(guest_expects(VSOCK_OP_RESPONSE).src_port, PORT_OTHER);
    assert_int_not_equal(L4_CHANNEL_NUMBER(page[1]->open[0]), 0);
    h.op = VSOCK_OP_RST;
    guest_sends(&h, "");
    assert_int_equal(page[1]->open[0], 0);
    guest_sends_data("still", 5);
    peer_expects("still");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(talk),
        T(refusals),
        T(malformed),
        T(receive_buffers),
        T(stream_from_the_guest),
        T(stream_to_the_guest),
        T(guest_without_room),
        T(guest_beyond_its_credit),
        T(many_refusals_without_buffers),
        T(two_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
