/*
 * A text protocol over a channel, with the peer's end of it in the test's hands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/service.h"

static union {
    struct l4_channel_page page;
    uint8_t bytes[L4_CHANNEL_BYTES(L4_CHANNEL_SIZE_MIN)];
} memory;
static struct service service;
static struct channel peer;
static uint32_t answers;
static uint32_t gone;

static void no_bell(const struct channel *channel)
{
    (void)channel;
}

static void answer(uint32_t n, const char *line, struct reply *reply)
{
    assert_int_equal(n, 3);
    answers++;
    reply_text(reply, "<");
    reply_text(reply, line);
    reply_text(reply, ">\n");
}

static void count_gone(uint32_t n)
{
    assert_int_equal(n, 3);
    gone++;
}

static const struct service_calls calls = {answer, count_gone};

static void run(void)
{
    for (uint32_t i = 0; i < 1000 && service_run(&service, 3, &calls); i++) {
    }
    assert_false(service_run(&service, 3, &calls));
}

static void connect_peer(void)
{
    channel_open(&peer);
    for (uint32_t i = 0; i < 8; i++) {
        service_run(&service, 3, &calls);
        channel_poll(&peer);
    }
    assert_true(peer.connected);
    assert_true(service.channel.connected);
}

static int setup(void **state)
{
    (void)state;
    memset(&memory, 0, sizeof(memory));
    memset(&service, 0, sizeof(service));
    memory.page.magic = L4_CHANNEL_MAGIC;
    memory.page.size = L4_CHANNEL_SIZE_MIN;
    assert_true(channel_init(&service.channel, &memory.page, 0, no_bell));
    assert_true(channel_init(&peer, &memory.page, 1, no_bell));
    channel_open(&service.channel);
    connect_peer();
    answers = gone = 0;
    return 0;
}

static void say(const char *text)
{
    assert_int_equal(channel_write(&peer, text, (uint32_t)strlen(text)), strlen(text));
}

static void expect(const char *text)
{
    char got[GUEST_REPLY_MAX] = {0};

    assert_int_equal(channel_read(&peer, got, sizeof(got) - 1), strlen(text));
    assert_string_equal(got, text);
}

static void test_answers(void **state)
{
    (void)state;
    say("A");
    run();
    expect("");
    say("T\r\nATI\nrest");
    run();
    expect("<AT>\n<ATI>\n");
    say("\n");
    run();
    expect("<rest>\n");
}

static void test_too_long(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < GUEST_LINE_MAX + 1; i++) {
        say("x");
        run();
    }
    say("\nAT\n");
    run();
    expect("<>\n<AT>\n");
}

/* A peer that asks and does not read: no more is taken than the ring and one reply hold. */
static void test_peer_does_not_read(void **state)
{
    char line[] = "0123456789012345678901234567890123456789012345678901234567890\n";
    uint32_t lines = 0;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        if (channel_space(&peer) >= sizeof(line)) {
            say(line);
            lines++;
        }
        run();
    }
    assert_true(answers <= L4_CHANNEL_SIZE_MIN / sizeof(line) + 1);
    for (uint32_t got = 0; got < lines; got++) {
        char reply[sizeof(line) + 2];

        run();
        assert_int_equal(channel_read(&peer, reply, sizeof(reply) - 1), sizeof(reply) - 1);
        assert_int_equal(reply[0], '<');
    }
    run();
    assert_int_equal(answers, lines);
}

/* What a peer had begun to say is not continued by its next connection. */
static void test_reconnect(void **state)
{
    (void)state;
    say("half a li");
    run();
    channel_close(&peer);
    run();
    assert_true(gone > 0);
    connect_peer();
    say("AT\n");
    run();
    expect("<AT>\n");
}

/* Indices from nowhere end in silence, not in a loop. */
static void test_garbage(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        memory.page.ring[1].head = i * 0x01234567u;
        memory.page.ring[0].tail = i * 0x89abcdefu;
        memory.page.open[1] = i * 0x00010003u;
        service_run(&service, 3, &calls);
    }
    memory.page.open[1] = 0;
    run();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_answers, setup),
        cmocka_unit_test_setup(test_too_long, setup),
        cmocka_unit_test_setup(test_peer_does_not_read, setup),
        cmocka_unit_test_setup(test_reconnect, setup),
        cmocka_unit_test_setup(test_garbage, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
