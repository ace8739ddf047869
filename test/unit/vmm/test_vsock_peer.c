/* The other end of a vsock port: it comes late, closes, begins anew, is hostile, is reset. */
#include "fake_vsock.h"

static void peer_comes_late(void **state)
{
    (void)state;
    buffers(8);
    guest_sends_op(VSOCK_OP_REQUEST);
    struct vsock_header h = guest_expects(VSOCK_OP_RESPONSE);
    assert_int_equal(h.buf_alloc, 0); /* the guest keeps its data until somebody is there */
    settle();
    guest_expects_nothing();
    channel_open(&peer);
    settle();
    h = guest_expects(VSOCK_OP_CREDIT_UPDATE);
    assert_int_equal(h.buf_alloc, RING);
    guest_sends_data("now", 3);
    peer_expects("now");
}

static void peer_closes(void **state)
{
    (void)state;
    buffers(8);
    connect();
    channel_close(&peer);
    settle();
    struct vsock_header h = guest_expects(VSOCK_OP_SHUTDOWN);
    assert_int_equal(h.flags, VSOCK_SHUTDOWN_BOTH);
    assert_int_equal(L4_CHANNEL_NUMBER(page[0]->open[0]), 0);
    guest_sends_op(VSOCK_OP_RST); /* as Linux answers */
    guest_expects_nothing();
    connect(); /* and again */
    guest_sends_data("again", 5);
    peer_expects("again");
}

/* What was written for an earlier connection reaches nobody of the new one. */
static void peer_begins_anew(void **state)
{
    (void)state;
    buffers(8);
    connect();
    guest_sends_data("old", 3);
    peer_rung = false; /* it does not look */
    peer_sends("stale", 5);
    vsock_rung = false; /* nor do we */
    channel_open(&peer);
    settle();
    guest_expects(VSOCK_OP_SHUTDOWN);
    guest_sends_op(VSOCK_OP_REQUEST);
    guest_expects(VSOCK_OP_RESPONSE);
    settle();
    guest_expects(VSOCK_OP_CREDIT_UPDATE);
    guest_expects_nothing();
    assert_int_equal(channel_used(&peer), 0);
    guest_sends_data("new", 3);
    peer_expects("new");
}

static void guest_closes_with_data_under_way(void **state)
{
    (void)state;
    buffers(8);
    connect();
    guest_sends_data("last words", 10);
    struct vsock_header h = header(VSOCK_OP_SHUTDOWN);
    h.flags = VSOCK_SHUTDOWN_SEND;
    guest_sends(&h, "");
    peer_sends("reply", 5);
    settle();
    guest_expects(VSOCK_OP_RW); /* half closed */
    h.flags = VSOCK_SHUTDOWN_RCV;
    guest_sends(&h, "");
    guest_expects_nothing();
    struct vsock_header second = header(VSOCK_OP_REQUEST);
    second.src_port = 99; /* not before the other end has taken it all */
    guest_sends(&second, "");
    guest_expects(VSOCK_OP_RST);
    assert_true(peer.connected);
    peer_expects("last words");
    settle();
    assert_int_equal(guest_expects(VSOCK_OP_RST).dst_port, SOCKET);
    assert_false(peer.connected);
    connect();
}

/* The other end takes everything before anybody has asked it to ring: a guest that is more urgent
 * than the VMM does. */
static void peer_is_faster(void **state)
{
    (void)state;
    static uint8_t bytes[RING];
    buffers(8);
    connect();
    for (uint32_t i = 0; i < 3; i++) {
        (void)l4_ring_wait_data(&peer.rx);
        peer_takes_when_rung = true;
        guest_sends_data(bytes, RING);
        assert_int_equal(guest_expects(VSOCK_OP_CREDIT_UPDATE).fwd_cnt, (i + 1u) * RING);
    }
    peer_takes_when_rung = false;
    guest_sends_data("last words", 10);
    struct vsock_header h = header(VSOCK_OP_SHUTDOWN);
    h.flags = VSOCK_SHUTDOWN_BOTH;
    guest_sends(&h, "");
    guest_expects_nothing();
    (void)l4_ring_take(&peer.rx, bytes, sizeof(bytes));
    buffers(1);
    guest_expects(VSOCK_OP_RST);
}

static void guest_closes(void **state)
{
    (void)state;
    buffers(8);
    connect();
    struct vsock_header h = header(VSOCK_OP_SHUTDOWN);
    h.flags = VSOCK_SHUTDOWN_BOTH;
    guest_sends(&h, "");
    guest_expects(VSOCK_OP_RST);
    settle();
    assert_false(peer.connected);
    guest_sends_op(VSOCK_OP_REQUEST); /* nobody connected yet: closing ends at once */
    channel_close(&peer);
    guest_expects(VSOCK_OP_RESPONSE);
    guest_sends(&h, "");
    guest_expects(VSOCK_OP_RST);
    assert_int_equal(page[0]->open[0], 0);
}

static void guest_gives_up(void **state)
{
    (void)state;
    buffers(8);
    connect();
    guest_sends_data("never read", 10);
    struct vsock_header h = header(VSOCK_OP_SHUTDOWN);
    h.flags = VSOCK_SHUTDOWN_BOTH;
    guest_sends(&h, "");
    guest_expects_nothing();
    guest_sends_op(VSOCK_OP_RST);
    assert_int_equal(vsock.state.connection[0].phase, VSOCK_CLOSED);
    settle();
    connect();
    peer_expects("");
}

static void guest_resets(void **state)
{
    (void)state;
    buffers(8);
    connect();
    uint32_t number = L4_CHANNEL_NUMBER(page[0]->open[0]);
    driver_reset(&driver);
    assert_int_equal(page[0]->open[0], 0);
    settle();
    assert_false(peer.connected);
    driver_start(&driver, 32, 0);
    guest_received = 0;
    buffers(8);
    connect();
    assert_int_not_equal(L4_CHANNEL_NUMBER(page[0]->open[0]), number);
}

static void server_restarts(void **state)
{
    (void)state;
    buffers(8);
    connect();
    assert_int_equal(virtio_vsock_attach(&vsock, 0, NULL, 0, 0, NULL), L4_OK);
    guest_expects(VSOCK_OP_RST);
    guest_sends_op(VSOCK_OP_REQUEST);
    guest_expects(VSOCK_OP_RST);
    virtio_vsock_ready(&vsock, 0);
    session_new(0);
    const struct doorbell bell = {bell_to_vsock, NULL};
    assert_int_equal(channel_attach(&peer, page[0], L4_CHANNEL_BYTES(RING), 1, &bell), L4_OK);
    connect();
    page[1]->magic = 0;
    assert_int_equal(virtio_vsock_attach(&vsock, 1, page[1], 8192, 0, &bell), L4_ERR_FORMAT);
    page_new(1);
    page[1]->size = 4095;
    assert_int_equal(virtio_vsock_attach(&vsock, 1, page[1], 65536, 0, &bell), L4_ERR_FORMAT);
    page[1]->size = 8192;
    assert_int_equal(virtio_vsock_attach(&vsock, 1, page[1], 12288, 0, &bell), L4_ERR_FORMAT);
}

/* A tail that runs backwards, or beyond what was written, is no credit. */
static void hostile_tail(void **state)
{
    (void)state;
    uint8_t bytes[RING] = {0};
    buffers(8);
    connect();
    guest_sends_data(bytes, 3000);
    peer.page->ring[0].tail += 2500;
    virtio_vsock_ready(&vsock, 0);
    assert_int_equal(guest_expects(VSOCK_OP_CREDIT_UPDATE).fwd_cnt, 2500);
    peer.page->ring[0].tail -= 2000;
    virtio_vsock_ready(&vsock, 0);
    assert_int_equal(vsock.state.connection[0].taken, 2500);
    guest_sends_data(bytes, 3000); /* within its credit, but there is no room: the peer's fault */
    guest_expects(VSOCK_OP_RST);
    peer.page->ring[0].tail = 0x80000000;
    virtio_vsock_ready(&vsock, 0);
    guest_expects_nothing();
}

static void hostile_head(void **state)
{
    (void)state;
    buffers(8);
    connect();
    page[0]->ring[1].head += RING + 1u;
    virtio_vsock_ready(&vsock, 0);
    guest_expects_nothing();
    page[0]->ring[1].head = page[0]->first[1] + RING; /* all of it: what the ring holds is sent */
    virtio_vsock_ready(&vsock, 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(guest_expects(VSOCK_OP_RW).size, 1024);
    }
    guest_expects_nothing();
}

static void hostile_first(void **state)
{
    (void)state;
    buffers(8);
    channel_open(&peer);
    page[0]->first[1] = 0xdeadbeef;
    guest_sends_op(VSOCK_OP_REQUEST);
    guest_expects(VSOCK_OP_RESPONSE);
    page[0]->open[1] =
        L4_CHANNEL_OPEN(L4_CHANNEL_NUMBER(page[0]->open[1]), L4_CHANNEL_NUMBER(page[0]->open[0]));
    virtio_vsock_ready(&vsock, 0);
    guest_expects(VSOCK_OP_CREDIT_UPDATE);
    guest_expects_nothing(); /* no data in a ring whose indices make no sense */
}

/* A peer that flips its connection word at every turn gets answers, and nothing else happens. */
static void hostile_words(void **state)
{
    (void)state;
    srand(11);
    buffers(8);
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t *words = (uint32_t *)(void *)page[0];
        struct vsock_header h;
        words[(uint32_t)rand() % 16u] =
            rand() % 2 != 0 ? (uint32_t)rand() % 8u * 0x10001u : (uint32_t)rand() * 3u;
        if (rand() % 4 == 0) {
            driver.allocated = 0x40000;
            guest_sends_op((enum vsock_op)(1 + rand() % 7));
            (void)driver_used_count(&driver, VIRTIO_VSOCK_TX);
        }
        virtio_vsock_ready(&vsock, 0);
        while (guest_gets(&h, NULL)) {
            driver.allocated = 0x80000;
            buffers(1);
        }
        assert_true(vsock.state.answers <= VSOCK_ANSWERS);
        assert_true(vsock.state.connection[0].taken <= vsock.state.connection[0].from);
    }
    assert_true(virtio_live(&vsock.virtio));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(peer_comes_late),  T(peer_closes),
        T(peer_begins_anew), T(guest_closes_with_data_under_way),
        T(guest_closes),     T(guest_gives_up),
        T(peer_is_faster),   T(guest_resets),
        T(server_restarts),  T(hostile_tail),
        T(hostile_head),     T(hostile_first),
        T(hostile_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
