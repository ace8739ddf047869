/*
 * The socket device (5.10.6): connections to the channel that the configuration gives (port
 * ECHO_PORT, at whose other end the ticker echoes), and what breaks their rules.
 */
#include "guest/cpu.h"
#include "guest/timer.h"
#include "target.h"
#include "test.h"
#include "vsock.h"

#define ECHO_PORT 7u
#define QUIET_US 50000u

static struct device vsock;
static struct vsock_header got;

/* Sends `header` and expects RST from the port it went to. */
static void refused(const struct vsock_header *header)
{
    CHECK(vsock_send(&vsock, header, data, header->len < 64 ? header->len : 0));
    CHECK(vsock_receive(&vsock, &got, WAIT_US));
    CHECK_EQ(got.op, OP_RST);
    CHECK_EQ(got.src_port, header->dst_port);
    CHECK_EQ(got.dst_port, header->src_port);
    CHECK_EQ(got.type, STREAM);
    CHECK_EQ(got.src_cid, HOST_CID);
    CHECK_EQ(got.dst_cid, config64(&vsock, 0));
}

static void own_cid(void)
{
    NEED(vsock_up(&vsock), "socket device");
    CHECK(config64(&vsock, 0) >= 3);
    CHECK(config64(&vsock, 0) < 0xffffffff);
}

static void unknown_port(void)
{
    NEED(vsock_up(&vsock), "socket device");
    const uint32_t ports[] = {0, 8, 65535, 0xffffffff};
    for (unsigned int i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        struct vsock_header header = vsock_header(&vsock, ports[i], OP_REQUEST);
        refused(&header);
    }
}

/* Packets of a connection that there is not (5.10.6.6.1). */
static void no_connection(void)
{
    static const uint16_t ops[] = {OP_RW, OP_RESPONSE, OP_CREDIT_UPDATE, OP_CREDIT_REQUEST,
                                   OP_SHUTDOWN};

    NEED(vsock_up(&vsock), "socket device");
    for (unsigned int i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct vsock_header header = vsock_header(&vsock, ECHO_PORT, ops[i]);
        header.len = ops[i] == OP_RW ? 16 : 0;
        refused(&header);
    }
}

/* A packet that is answered or not, but never with anything but RST, and hurts nothing. */
static void odd(const struct vsock_header *header, uint32_t payload)
{
    CHECK(vsock_send(&vsock, header, data, payload));
    while (vsock_receive(&vsock, &got, QUIET_US)) {
        CHECK_EQ(got.op, OP_RST);
    }
    CHECK(vsock_works(&vsock));
}

static void rst_without_connection(void)
{
    NEED(vsock_up(&vsock), "socket device");
    struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_RST);
    CHECK(vsock_send(&vsock, &header, 0, 0));
    CHECK(!vsock_receive(&vsock, &got, QUIET_US)); /* no answer to an RST: it would never end */
}

static void wrong_cids(void)
{
    NEED(vsock_up(&vsock), "socket device");
    const uint64_t cids[] = {0, 1, 3, UINT64_C(0x100000002), UINT64_MAX};
    for (unsigned int i = 0; i < sizeof(cids) / sizeof(cids[0]); i++) {
        struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_REQUEST);
        if (cids[i] != header.src_cid) {
            header.dst_cid = cids[i];
            odd(&header, 0);
        }
        header = vsock_header(&vsock, ECHO_PORT, OP_REQUEST);
        if (cids[i] != header.src_cid) {
            header.src_cid = cids[i];
            odd(&header, 0);
        }
    }
}

static void bad_operations(void)
{
    static const uint16_t ops[] = {OP_INVALID, 8, 99, 0xffff};

    NEED(vsock_up(&vsock), "socket device");
    for (unsigned int i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct vsock_header header = vsock_header(&vsock, ECHO_PORT, ops[i]);
        odd(&header, 0);
    }
}

static void bad_types(void)
{
    static const uint16_t types[] = {0, 2, 0xffff};

    NEED(vsock_up(&vsock), "socket device");
    for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_REQUEST);
        header.type = types[i];
        CHECK(vsock_send(&vsock, &header, 0, 0));
        while (vsock_receive(&vsock, &got, QUIET_US)) {
            CHECK_EQ(got.op, OP_RST);
        }
    }
    CHECK(vsock_works(&vsock));
}

/* A length that is not the payload's. */
static void bad_lengths(void)
{
    static const uint32_t lengths[] = {1, 17, 0x10000, 0x80000000, 0xffffffff};

    NEED(vsock_up(&vsock), "socket device");
    for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_RW);
        bool answered = false;
        header.len = lengths[i];
        describe(&vsock.queue[VSOCK_TX].desc[0], &header, sizeof(header), NEXT, 1);
        describe(&vsock.queue[VSOCK_TX].desc[1], data, 16, 0, 0);
        offer(&vsock.queue[VSOCK_TX], 0);
        kick(&vsock, VSOCK_TX);
        CHECK(settles(&vsock, VSOCK_TX, &answered));
        CHECK(vsock_works(&vsock));
    }
}

static void short_header(void)
{
    static const uint32_t sizes[] = {1, 20, 43};

    NEED(vsock_up(&vsock), "socket device");
    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bool answered = false;
        describe(&vsock.queue[VSOCK_TX].desc[0], data, sizes[i], 0, 0);
        offer(&vsock.queue[VSOCK_TX], 0);
        kick(&vsock, VSOCK_TX);
        CHECK(settles(&vsock, VSOCK_TX, &answered));
        CHECK(vsock_works(&vsock));
    }
}

static void small_receive_buffer(void)
{
    NEED(device_find(&vsock, ID_VSOCK, 0, 3) && device_up(&vsock, 0), "socket device");
    data[20] = 0x5a;
    describe(&vsock.queue[VSOCK_RX].desc[0], data, 20, WRITE, 0);
    offer(&vsock.queue[VSOCK_RX], 0);
    kick(&vsock, VSOCK_RX);
    struct vsock_header header = vsock_header(&vsock, 99999, OP_REQUEST);
    (void)vsock_send(&vsock, &header, 0, 0);
    sleep_us(QUIET_US);
    CHECK_EQ(data[20], 0x5a);
    CHECK(vsock_works(&vsock));
}

/* Replies wait for buffers; a guest that gives none stops its own packets alone. */
static void no_receive_buffers(void)
{
    NEED(device_find(&vsock, ID_VSOCK, 0, 3) && device_up(&vsock, 0), "socket device");
    struct queue *queue = &vsock.queue[VSOCK_TX];
    static struct vsock_header header;
    header = vsock_header(&vsock, 99999, OP_REQUEST);
    for (uint16_t n = 0; n < QUEUE_SIZE; n++) {
        describe(&queue->desc[n], &header, sizeof(header), 0, 0);
        offer(queue, n);
    }
    kick(&vsock, VSOCK_TX);
    sleep_us(QUIET_US);
    CHECK_EQ(reg_read(&vsock, STATUS) & NEEDS_RESET, 0);
    CHECK(vsock_works(&vsock));
}

/* --- With the ticker at the other end ------------------------------------------------------ */

/* A packet of the kind that is wanted; credit updates are passed over. */
static bool receive_op(uint16_t op)
{
    while (vsock_receive(&vsock, &got, WAIT_US)) {
        if (got.op == op) {
            return true;
        }
        if (got.op != OP_CREDIT_UPDATE && got.op != OP_CREDIT_REQUEST) {
            return false;
        }
    }
    return false;
}

/* Connected, and there is room for data: until the ticker has answered there is none. */
static bool connect_to_ticker(void)
{
    struct vsock_header header;

    if (!vsock_up(&vsock)) {
        return false;
    }
    header = vsock_header(&vsock, ECHO_PORT, OP_REQUEST);
    if (!vsock_send(&vsock, &header, 0, 0) || !receive_op(OP_RESPONSE)) {
        return false;
    }
    while (got.buf_alloc == 0) {
        if (!receive_op(OP_CREDIT_UPDATE)) {
            return false;
        }
    }
    return true;
}

static void echo(void)
{
    uint32_t received = 0;

    NEED(vsock_up(&vsock), "socket device");
    CHECK(connect_to_ticker());
    fill(data, 1000, 12);
    struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_RW);
    header.len = 1000;
    CHECK(vsock_send(&vsock, &header, data, 1000));
    while (received < 1000) {
        CHECK(receive_op(OP_RW));
        CHECK(got.len > 0 && got.len <= 1000 - received);
        for (uint32_t i = 0; i < got.len; i++) {
            CHECK_EQ(vsock_payload()[i], data[received + i]);
        }
        received += got.len;
    }
}

static void credit_request(void)
{
    NEED(vsock_up(&vsock), "socket device");
    CHECK(connect_to_ticker());
    struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_CREDIT_REQUEST);
    CHECK(vsock_send(&vsock, &header, 0, 0));
    CHECK(vsock_receive(&vsock, &got, WAIT_US));
    CHECK_EQ(got.op, OP_CREDIT_UPDATE);
    CHECK(got.buf_alloc > 0);
}

/* We say that we have room for nothing: nothing comes (5.10.6.3.1), and then it does. */
static void our_credit_is_kept(void)
{
    NEED(vsock_up(&vsock), "socket device");
    CHECK(connect_to_ticker());
    struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_RW);
    header.buf_alloc = 0;
    header.len = 16;
    CHECK(vsock_send(&vsock, &header, data, 16));
    while (vsock_receive(&vsock, &got, QUIET_US)) {
        CHECK(got.op != OP_RW);
    }
    header = vsock_header(&vsock, ECHO_PORT, OP_CREDIT_UPDATE);
    header.buf_alloc = 10;
    CHECK(vsock_send(&vsock, &header, 0, 0));
    CHECK(receive_op(OP_RW));
    CHECK(got.len <= 10);
}

/* More than the host said it has room for. */
static void credit_violation(void)
{
    NEED(vsock_up(&vsock), "socket device");
    CHECK(connect_to_ticker());
    uint32_t room = got.buf_alloc;
    struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_RW);
    header.buf_alloc = 0; /* so that the echo cannot make room */
    header.len = 32768;
    CHECK(room < 10 * 32768u);
    for (unsigned int i = 0; i < 10; i++) {
        CHECK(vsock_send(&vsock, &header, data, header.len));
    }
    CHECK(receive_op(OP_RST));
    CHECK(vsock_works(&vsock));
    CHECK(connect_to_ticker()); /* and anew */
}

static void shutdown(void)
{
    NEED(vsock_up(&vsock), "socket device");
    CHECK(connect_to_ticker());
    struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_SHUTDOWN);
    header.flags = SHUTDOWN_BOTH;
    CHECK(vsock_send(&vsock, &header, 0, 0));
    CHECK(receive_op(OP_RST));
    header = vsock_header(&vsock, ECHO_PORT, OP_RW);
    header.len = 16;
    refused(&header);
}

static void second_connection(void)
{
    NEED(vsock_up(&vsock), "socket device");
    CHECK(connect_to_ticker());
    struct vsock_header header = vsock_header(&vsock, ECHO_PORT, OP_REQUEST);
    header.src_port = OUR_PORT + 1; /* the channel is taken */
    CHECK(vsock_send(&vsock, &header, 0, 0));
    CHECK(receive_op(OP_RST));
    CHECK_EQ(got.dst_port, OUR_PORT + 1);
    header = vsock_header(&vsock, ECHO_PORT, OP_CREDIT_REQUEST);
    CHECK(vsock_send(&vsock, &header, 0, 0));
    CHECK(receive_op(OP_CREDIT_UPDATE)); /* the first one goes on */
}

static void reset_of_the_device(void)
{
    for (unsigned int i = 0; i < 5; i++) {
        NEED(vsock_up(&vsock), "socket device");
        CHECK(connect_to_ticker()); /* each time anew, over the last one's remains */
    }
    echo();
}

static const struct test_case cases[] = {
    {"vsock.own-cid", own_cid},
    {"vsock.unknown-port", unknown_port},
    {"vsock.no-connection", no_connection},
    {"vsock.rst-without-connection", rst_without_connection},
    {"vsock.wrong-cids", wrong_cids},
    {"vsock.bad-operations", bad_operations},
    {"vsock.bad-types", bad_types},
    {"vsock.bad-lengths", bad_lengths},
    {"vsock.short-header", short_header},
    {"vsock.small-receive-buffer", small_receive_buffer},
    {"vsock.no-receive-buffers", no_receive_buffers},
    {"vsock.echo", echo},
    {"vsock.credit-request", credit_request},
    {"vsock.our-credit", our_credit_is_kept},
    {"vsock.credit-violation", credit_violation},
    {"vsock.shutdown", shutdown},
    {"vsock.second-connection", second_connection},
    {"vsock.reset-of-the-device", reset_of_the_device},
};
SUITE(suite_vsock, cases);
