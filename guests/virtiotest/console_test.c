/*
 * The console device (5.3), one port: what is written goes to the host, nobody types.
 */
#include "guest/cpu.h"
#include "guest/timer.h"
#include "target.h"
#include "test.h"

#define RX 0u
#define TX 1u

static struct device console;

static bool writes(struct device *device, const volatile void *bytes, uint32_t size)
{
    describe(&device->queue[TX].desc[0], bytes, size, 0, 0);
    offer(&device->queue[TX], 0);
    kick(device, TX);
    return used(device, TX, 1);
}

bool console_works(struct device *device)
{
    static const char text[] = "virtiotest\r\n";

    return writes(device, text, sizeof(text) - 1);
}

static bool up(void)
{
    return device_find(&console, ID_CONSOLE, 0, 2) && device_up(&console, 0);
}

static void text_into(volatile uint8_t *to, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        to[i] = i % 64 == 63 ? '\n' : (uint8_t)('a' + i % 26);
    }
}

static void big_write(void)
{
    NEED(up(), "console");
    text_into(data, 65536);
    CHECK(writes(&console, data, 65536));
}

static void many_parts(void)
{
    struct part parts[QUEUE_SIZE];

    NEED(up(), "console");
    text_into(data, 4096);
    for (unsigned int i = 0; i < QUEUE_SIZE; i++) {
        parts[i] = (struct part){data + 64 * i, i == 0 ? 1 : 63};
    }
    chain(console.queue[TX].desc, parts, QUEUE_SIZE, 0);
    offer(&console.queue[TX], 0);
    kick(&console, TX);
    CHECK(used(&console, TX, 1));
}

static void many_writes(void)
{
    NEED(up(), "console");
    for (unsigned int round = 0; round < 8; round++) {
        for (uint16_t n = 0; n < QUEUE_SIZE; n++) {
            describe(&console.queue[TX].desc[n], "0123456789abcdef\n", 17, 0, 0);
            offer(&console.queue[TX], n);
        }
        kick(&console, TX);
        CHECK(used(&console, TX, QUEUE_SIZE));
    }
    for (unsigned int n = 0; n < QUEUE_SIZE; n++) {
        CHECK_EQ(used_id(&console.queue[TX], QUEUE_SIZE - 1 - n), n);
    }
}

static void one_byte(void)
{
    NEED(up(), "console");
    for (unsigned int i = 0; i < 100; i++) {
        CHECK(writes(&console, i % 50 == 49 ? "\n" : ".", 1));
    }
}

static void writable_output(void)
{
    bool answered = false;

    NEED(up(), "console");
    fill(data, 64, 4);
    describe(&console.queue[TX].desc[0], data, 64, WRITE, 0);
    offer(&console.queue[TX], 0);
    kick(&console, TX);
    (void)settles(&console, TX, &answered);
    CHECK(filled(data, 64, 4));
    CHECK(up());
    CHECK(console_works(&console));
}

static void readable_input(void)
{
    NEED(up(), "console");
    describe(&console.queue[RX].desc[0], data, 64, 0, 0);
    offer(&console.queue[RX], 0);
    kick(&console, RX);
    sleep_us(1000);
    CHECK(up());
    CHECK(console_works(&console));
}

/* Nobody types: the buffers stay with the device. */
static void input_waits(void)
{
    NEED(up(), "console");
    for (uint16_t n = 0; n < QUEUE_SIZE; n++) {
        describe(&console.queue[RX].desc[n], data + 64 * n, 64, WRITE, 0);
        offer(&console.queue[RX], n);
    }
    kick(&console, RX);
    CHECK(console_works(&console));
    CHECK_EQ(console.queue[RX].used->index, 0);
}

static void reset_while_writing(void)
{
    NEED(up(), "console");
    text_into(data, 32768);
    for (unsigned int i = 0; i < 20; i++) {
        describe(&console.queue[TX].desc[0], data, 32768, 0, 0);
        offer(&console.queue[TX], 0);
        kick(&console, TX);
        CHECK(up());
        CHECK_EQ(console.queue[TX].used->index, 0);
    }
    CHECK(console_works(&console));
}

static const struct test_case cases[] = {
    {"console.one-byte", one_byte},
    {"console.big-write", big_write},
    {"console.many-parts", many_parts},
    {"console.many-writes", many_writes},
    {"console.writable-output", writable_output},
    {"console.readable-input", readable_input},
    {"console.input-waits", input_waits},
    {"console.reset-while-writing", reset_while_writing},
};
SUITE(suite_console, cases);
