/*
 * Network devices (5.1): two of them, on one switch, so that what one sends the other gets.
 */
#include "guest/cpu.h"
#include "guest/timer.h"
#include "target.h"
#include "test.h"

#define RX 0u
#define TX 1u
#define HEADER 12u
#define BUFFER 1526u /* 5.1.6.3.1: header and the largest frame */
#define F_NET_MAC (UINT64_C(1) << 5)

static struct device a, b;

/* --- A driver ------------------------------------------------------------------------------ */

static void address_of(const struct device *device, volatile uint8_t *to)
{
    uint64_t mac = config64(device, 0);

    for (unsigned int i = 0; i < 6; i++) {
        to[i] = (uint8_t)(mac >> 8 * i);
    }
}

/* Header and frame of `size` bytes at `to`; broadcast unless there is a receiver. */
static void compose(volatile uint8_t *to, const struct device *from, const struct device *receiver,
                    uint32_t size, uint8_t seed)
{
    fill(to, HEADER + size, seed);
    for (unsigned int i = 0; i < HEADER; i++) {
        to[i] = 0;
    }
    for (unsigned int i = 0; i < 6; i++) {
        to[HEADER + i] = 0xff;
    }
    if (receiver != 0) {
        address_of(receiver, to + HEADER);
    }
    address_of(from, to + HEADER + 6);
    to[HEADER + 12] = 0x88; /* an experimental type */
    to[HEADER + 13] = 0xb5;
}

/* One transmit buffer: how it is answered is the caller's. */
static void put(struct device *device, volatile uint8_t *bytes, uint32_t size)
{
    describe(&device->queue[TX].desc[0], bytes, size, 0, 0);
    offer(&device->queue[TX], 0);
    kick(device, TX);
}

static bool sends(struct device *device, volatile uint8_t *bytes, uint32_t size)
{
    put(device, bytes, size);
    return used(device, TX, 1);
}

/* Offers receive buffer n, of `size` bytes at data + 64 KiB + 2 KiB n. */
static volatile uint8_t *offer_buffer(struct device *device, uint16_t n, uint32_t size)
{
    volatile uint8_t *to = data + 0x10000 + 0x800u * n;

    describe(&device->queue[RX].desc[n], to, size, WRITE, 0);
    offer(&device->queue[RX], n);
    kick(device, RX);
    return to;
}

bool net_works(struct device *device)
{
    compose(data, device, 0, 60, 1);
    return sends(device, data, HEADER + 60);
}

static bool both_up(void)
{
    return device_find(&a, ID_NET, 0, 2) && device_find(&b, ID_NET, 1, 2) &&
           device_up(&a, F_NET_MAC) && device_up(&b, F_NET_MAC);
}

static bool same_frame(const volatile uint8_t *to, uint32_t size)
{
    for (uint32_t i = HEADER; i < HEADER + size; i++) {
        if (to[i] != data[i]) {
            return false;
        }
    }
    return used_size(&b.queue[RX], 0) == HEADER + size &&
           (!in_pecan() || (to[10] | to[11] << 8) == 1); /* num_buffers (5.1.6.4.1) */
}

/* A frame from a to b arrives as it was sent, maybe after older ones and other ports'. */
static bool delivered(uint32_t size, uint8_t seed)
{
    volatile uint8_t *to = offer_buffer(&b, 0, BUFFER);

    compose(data, &a, &b, size, seed);
    if (!sends(&a, data, HEADER + size)) {
        return false;
    }
    for (unsigned int i = 0; i < 1000 && used(&b, RX, 1); i++) {
        if (same_frame(to, size)) {
            return true;
        }
        (void)offer_buffer(&b, 0, BUFFER);
    }
    return false;
}

/* --- Cases --------------------------------------------------------------------------------- */

static void sizes(void)
{
    static const uint32_t good[] = {60, 61, 64, 1000, 1513, 1514};

    NEED(both_up(), "pair of network devices");
    for (unsigned int i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CHECK(delivered(good[i], (uint8_t)i));
    }
}

static void address(void)
{
    NEED(both_up(), "pair of network devices");
    uint64_t mac = config64(&a, 0) & UINT64_C(0xffffffffffff);
    CHECK((a.features & F_NET_MAC) != 0);
    CHECK(mac != 0 && (mac & 1) == 0);
    CHECK(mac != (config64(&b, 0) & UINT64_C(0xffffffffffff)));
}

static void in_pieces(void)
{
    NEED(both_up(), "pair of network devices");
    volatile uint8_t *to = data + 0x10000;
    compose(data, &a, &b, 200, 5);
    const struct part out[] = {{data, 5}, {data + 5, 8}, {data + 13, 1}, {data + 14, 198}};
    const struct part in[] = {{to, 12}, {to + 12, 14}, {to + 26, 1500}};
    chain(b.queue[RX].desc, in, 3, 3);
    offer(&b.queue[RX], 0);
    kick(&b, RX);
    chain(a.queue[TX].desc, out, 4, 0);
    offer(&a.queue[TX], 0);
    kick(&a, TX);
    CHECK(used(&a, TX, 1));
    CHECK(used(&b, RX, 1));
    CHECK_EQ(used_size(&b.queue[RX], 0), 212);
    for (unsigned int i = HEADER; i < 212; i++) {
        CHECK_EQ(to[i], data[i]);
    }
}

/* A burst arrives whole and in order while there are buffers for it. */
static void burst(void)
{
    NEED(both_up(), "pair of network devices");
    for (unsigned int round = 0; round < 20; round++) {
        for (uint16_t n = 0; n < 8; n++) {
            (void)offer_buffer(&b, n, BUFFER);
        }
        for (uint16_t n = 0; n < 8; n++) {
            compose(data + 0x800u * n, &a, &b, 100, (uint8_t)(round + n));
            describe(&a.queue[TX].desc[n], data + 0x800u * n, HEADER + 100, 0, 0);
            offer(&a.queue[TX], n);
        }
        kick(&a, TX);
        CHECK(used(&a, TX, 8));
        CHECK(used(&b, RX, 8));
        for (unsigned int n = 0; n < 8; n++) {
            CHECK_EQ(used_id(&b.queue[RX], 7 - n), n);
            CHECK_EQ(data[0x10000 + 0x800u * n + HEADER + 99], data[0x800u * n + HEADER + 99]);
        }
    }
}

/* Far more than anybody takes: the sender goes on, and the receiver afterwards. */
static void no_receive_buffers(void)
{
    NEED(both_up(), "pair of network devices");
    compose(data, &a, &b, 60, 1);
    for (unsigned int i = 0; i < 200; i++) {
        CHECK(sends(&a, data, HEADER + 60));
    }
    CHECK(delivered(100, 9));
}

static void receive_buffer_too_small(void)
{
    static const uint32_t small[] = {1, 11, 12, 13, 50};

    SKIP_NATIVE("ends itself by an assertion");
    for (unsigned int i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        NEED(both_up(), "pair of network devices");
        volatile uint8_t *to = offer_buffer(&b, 0, small[i]);
        to[small[i]] = 0x5a;
        compose(data, &a, &b, 100, 2);
        CHECK(sends(&a, data, HEADER + 100));
        sleep_us(2000);
        CHECK_EQ(to[small[i]], 0x5a); /* not a byte beyond it */
        CHECK(both_up());
        CHECK(delivered(100, 3));
    }
}

/* A buffer that is no frame is answered or breaks the device; it never gets to anybody. */
static void odd_frame(uint32_t size)
{
    bool answered = false;

    NEED(both_up(), "pair of network devices");
    volatile uint8_t *to = offer_buffer(&b, 0, BUFFER);
    compose(data, &a, &b, 2000, 4);
    to[0] = to[HEADER] = 0x5a;
    put(&a, data, size);
    CHECK(settles(&a, TX, &answered));
    sleep_us(2000);
    if (in_pecan()) {
        CHECK_EQ(b.queue[RX].used->index, 0);
    }
    CHECK(both_up());
    CHECK(delivered(100, 3));
}

static void part_of_a_header(void)
{
    SKIP_NATIVE("ends itself by an assertion");
    odd_frame(1);
    odd_frame(HEADER - 1);
}

static void header_alone(void)
{
    odd_frame(HEADER);
}

static void runt(void)
{
    odd_frame(HEADER + 1);
    odd_frame(HEADER + 13);
}

static void oversize(void)
{
    odd_frame(HEADER + 1519);
    odd_frame(HEADER + 2000);
}

static void writable_transmit_buffer(void)
{
    bool answered = false;

    NEED(both_up(), "pair of network devices");
    fill(data, 100, 6);
    describe(&a.queue[TX].desc[0], data, 100, WRITE, 0);
    offer(&a.queue[TX], 0);
    kick(&a, TX);
    CHECK(settles(&a, TX, &answered));
    CHECK(both_up());
    CHECK(delivered(100, 3));
}

static void readable_receive_buffer(void)
{
    NEED(both_up(), "pair of network devices");
    fill(data + 0x20000, 2000, 6);
    describe(&b.queue[RX].desc[0], data + 0x20000, 2000, 0, 0);
    offer(&b.queue[RX], 0);
    kick(&b, RX);
    compose(data, &a, &b, 100, 2);
    CHECK(sends(&a, data, HEADER + 100));
    sleep_us(2000);
    CHECK(filled(data + 0x20000, 2000, 6));
    CHECK(both_up());
    CHECK(delivered(100, 3));
}

/* Another's address: the switch drops it. */
static void spoofed(void)
{
    NEED(both_up(), "pair of network devices");
    SKIP_NATIVE("a hub knows no addresses");
    (void)offer_buffer(&b, 0, BUFFER);
    compose(data, &b, &b, 100, 2);
    CHECK(sends(&a, data, HEADER + 100));
    sleep_us(2000);
    CHECK_EQ(b.queue[RX].used->index, 0);
    compose(data, &a, &b, 100, 3);
    CHECK(sends(&a, data, HEADER + 100));
    CHECK(used(&b, RX, 1));
}

static void offload_fields_are_ignored(void)
{
    NEED(both_up(), "pair of network devices");
    SKIP_NATIVE("refuses them otherwise");
    volatile uint8_t *to = offer_buffer(&b, 0, BUFFER);
    compose(data, &a, &b, 100, 2);
    for (unsigned int i = 0; i < HEADER; i++) {
        data[i] = 0xff;
    }
    put(&a, data, HEADER + 100);
    bool answered = false;
    CHECK(settles(&a, TX, &answered));
    sleep_us(2000);
    if (b.queue[RX].used->index != 0) { /* then without what the sender claimed */
        CHECK_EQ(to[0], 0);
        CHECK_EQ(to[1], 0);
    }
    CHECK(both_up());
    CHECK(delivered(100, 3));
}

static void reset_of_the_receiver(void)
{
    NEED(both_up(), "pair of network devices");
    for (unsigned int i = 0; i < 20; i++) {
        for (uint16_t n = 0; n < 8; n++) {
            (void)offer_buffer(&b, n, BUFFER);
        }
        compose(data, &a, &b, 1000, 7);
        CHECK(sends(&a, data, HEADER + 1000));
        CHECK(device_reset(&b));
        fill(data + 0x10000, 0x4000, (uint8_t)i);
        CHECK(sends(&a, data, HEADER + 1000));
        CHECK(filled(data + 0x10000, 0x4000, (uint8_t)i));
        CHECK(device_up(&b, F_NET_MAC));
    }
    CHECK(both_up());
    CHECK(delivered(100, 3));
}

static const struct test_case cases[] = {
    {"net.sizes", sizes},
    {"net.address", address},
    {"net.in-pieces", in_pieces},
    {"net.burst", burst},
    {"net.no-receive-buffers", no_receive_buffers},
    {"net.receive-buffer-too-small", receive_buffer_too_small},
    {"net.part-of-a-header", part_of_a_header},
    {"net.header-alone", header_alone},
    {"net.runt", runt},
    {"net.oversize", oversize},
    {"net.writable-transmit-buffer", writable_transmit_buffer},
    {"net.readable-receive-buffer", readable_receive_buffer},
    {"net.spoofed", spoofed},
    {"net.offload-fields", offload_fields_are_ignored},
    {"net.reset-of-the-receiver", reset_of_the_receiver},
};
SUITE(suite_net, cases);
