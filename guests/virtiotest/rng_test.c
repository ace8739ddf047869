/*
 * The entropy device (5.4).
 */
#include "guest/cpu.h"
#include "target.h"
#include "test.h"

static struct device rng;

/* Asks for `size` bytes; how many came, 0 for none. */
static uint32_t ask(struct device *device, volatile uint8_t *to, uint32_t size)
{
    describe(&device->queue[0].desc[0], to, size, WRITE, 0);
    offer(&device->queue[0], 0);
    kick(device, 0);
    return used(device, 0, 1) ? used_size(&device->queue[0], 0) : 0;
}

bool rng_works(struct device *device)
{
    uint32_t count;

    fill(data, 64, 3);
    count = ask(device, data, 64);
    return count > 0 && count <= 64 && !filled(data, count < 8 ? 8 : count, 3);
}

static bool up(void)
{
    return device_find(&rng, ID_RNG, 0, 1) && device_up(&rng, 0);
}

static void differs(void)
{
    uint32_t same = 0;

    NEED(up(), "entropy device");
    for (unsigned int i = 0; i < 2; i++) {
        for (uint32_t got = 0; got < 64;) {
            uint32_t count = ask(&rng, data + 64 * i + got, 64 - got);
            CHECK(count > 0 && count <= 64 - got);
            got += count;
        }
    }
    for (unsigned int i = 0; i < 64; i++) {
        same += data[i] == data[64 + i] ? 1 : 0;
    }
    CHECK(same < 16);
}

static void one_byte(void)
{
    NEED(up(), "entropy device");
    data[1] = 0x5a;
    CHECK_EQ(ask(&rng, data, 1), 1);
    CHECK_EQ(data[1], 0x5a);
}

static void large(void)
{
    NEED(up(), "entropy device");
    uint32_t count = ask(&rng, data, 65536);
    CHECK(count > 0 && count <= 65536);
}

static void in_parts(void)
{
    NEED(up(), "entropy device");
    const struct part parts[] = {{data, 3}, {data + 100, 1}, {data + 201, 12}};
    chain(rng.queue[0].desc, parts, 3, 3);
    data[3] = data[101] = data[213] = 0x5a;
    offer(&rng.queue[0], 0);
    kick(&rng, 0);
    CHECK(used(&rng, 0, 1));
    CHECK(used_size(&rng.queue[0], 0) <= 16);
    CHECK_EQ(data[3], 0x5a);
    CHECK_EQ(data[101], 0x5a);
    CHECK_EQ(data[213], 0x5a);
}

static void many_at_once(void)
{
    NEED(up(), "entropy device");
    for (uint16_t n = 0; n < QUEUE_SIZE; n++) {
        describe(&rng.queue[0].desc[n], data + 64 * n, 32, WRITE, 0);
        offer(&rng.queue[0], n);
    }
    kick(&rng, 0);
    CHECK(used(&rng, 0, QUEUE_SIZE));
    CHECK(rng_works(&rng));
}

/* Nothing to write to. */
static void only_readable(void)
{
    bool answered = false;

    NEED(up(), "entropy device");
    describe(&rng.queue[0].desc[0], data, 16, 0, 0);
    fill(data, 16, 9);
    offer(&rng.queue[0], 0);
    kick(&rng, 0);
    (void)settles(&rng, 0, &answered);
    CHECK(filled(data, 16, 9));
    CHECK(device_up(&rng, 0));
    CHECK(rng_works(&rng));
}

static void reset_while_waiting(void)
{
    NEED(up(), "entropy device");
    for (unsigned int i = 0; i < 50; i++) {
        describe(&rng.queue[0].desc[0], data, 4096, WRITE, 0);
        offer(&rng.queue[0], 0);
        kick(&rng, 0);
        CHECK(device_up(&rng, 0));
    }
    CHECK(rng_works(&rng));
}

static const struct test_case cases[] = {
    {"rng.differs", differs},
    {"rng.one-byte", one_byte},
    {"rng.large", large},
    {"rng.in-parts", in_parts},
    {"rng.many-at-once", many_at_once},
    {"rng.only-readable", only_readable},
    {"rng.reset-while-waiting", reset_while_waiting},
};
SUITE(suite_rng, cases);
