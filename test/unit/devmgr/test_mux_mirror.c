/* Mirrors of consoles: all output once, in time; a slow one delays, a stalled one does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/mux.h>

static struct mux mux;
static struct l4_console_page page[2];
static struct l4_ring tx[2], rx[2]; /* the clients' sides */
static char text[MUX_QUEUE];

static int set_up(void **state)
{
    (void)state;
    mux_init(&mux);
    mux_add(&mux, "phone0");
    mux_add(&mux, "phone1");
    for (uint32_t i = 0; i < 2; i++) {
        mux_open(&mux, i, &page[i]);
        l4_ring_init(&tx[i], &page[i].tx, page[i].tx_data, L4_CONSOLE_TX_SIZE);
        l4_ring_init(&rx[i], &page[i].rx, page[i].rx_data, L4_CONSOLE_RX_SIZE);
    }
    return 0;
}

static void writes(uint32_t client, const char *bytes)
{
    assert_int_equal(l4_ring_put(&tx[client], bytes, (uint32_t)strlen(bytes)), strlen(bytes));
}

static const char *output(void)
{
    uint32_t length = 0;
    do {
        uint8_t byte = 0;
        while (mux_output(&mux, &byte)) {
            text[length++] = (char)byte;
            mux_output_done(&mux);
        }
    } while (mux_pump(&mux, false));
    text[length] = '\0';
    return text;
}

/* The mirror takes up to `count` bytes. */
static void mirror_gets(uint32_t client, uint32_t count, const char *wanted)
{
    char bytes[64];
    const uint32_t got = mux_mirror_peek(&mux, client, bytes, count);
    assert_int_equal(got, strlen(wanted));
    assert_memory_equal(bytes, wanted, got);
    mux_mirror_done(&mux, client, got);
}

static void test_without_mirror(void **state)
{
    (void)state;
    writes(0, "a\n");
    mirror_gets(0, 10, "");
    assert_string_equal(output(), "a\n");
    assert_int_equal(mux.client[0].dropped, 0);
}

/* The mirror of a background console has the prompt that the serial line does not show yet. */
static void test_background(void **state)
{
    (void)state;
    mux_mirror(&mux, 1, true);
    writes(1, "login: ");
    assert_string_equal(output(), "");
    mirror_gets(1, 60, "login: ");
    assert_string_equal(output(), "");
    writes(1, "root\n");
    assert_string_equal(output(), ""); /* not before the mirror has had it */
    mirror_gets(1, 60, "root\n");
    assert_string_equal(output(), "phone1| login: root\r\n");
    mirror_gets(1, 60, "");
}

static void test_slow(void **state)
{
    (void)state;
    mux_mirror(&mux, 0, true);
    writes(0, "0123456789");
    mirror_gets(0, 4, "0123");
    assert_string_equal(output(), "0123");
    mirror_gets(0, 4, "4567");
    assert_string_equal(output(), "4567");
    assert_int_equal(mux.client[0].dropped, 0);
}

static void test_stalled(void **state)
{
    (void)state;
    mux_mirror(&mux, 0, true);
    writes(0, "0123456789");
    mirror_gets(0, 4, "0123");
    mux_mirror_stalled(&mux, 0, true);
    assert_string_equal(output(), "0123456789");
    assert_int_equal(mux.client[0].dropped, 6);
    assert_int_equal(mux_mirror_missed(&mux, 0), 0); /* not yet: there may be more */
    mux_mirror_stalled(&mux, 0, false);
    assert_int_equal(mux_mirror_missed(&mux, 0), 6);
    assert_int_equal(mux_mirror_missed(&mux, 0), 0);
    writes(0, "more");
    assert_string_equal(output(), "");
    mirror_gets(0, 60, "more");
    assert_string_equal(output(), "more");
}

static void test_nobody_there_any_more(void **state)
{
    (void)state;
    mux_mirror(&mux, 0, true);
    writes(0, "abc");
    mirror_gets(0, 1, "a");
    mux_mirror(&mux, 0, false);
    assert_string_equal(output(), "abc");
    writes(0, "def");
    mux_mirror(&mux, 0, true);
    mirror_gets(0, 60, "def");
    assert_string_equal(output(), "def");
}

static void test_input(void **state)
{
    (void)state;
    static uint8_t flood[L4_CONSOLE_RX_SIZE + 10];
    char bytes[8];
    assert_int_equal(mux_mirror_input(&mux, 1, "hi", 2), 2); /* whatever is selected */
    assert_int_equal(l4_ring_take(&rx[1], bytes, 8), 2);
    assert_memory_equal(bytes, "hi", 2);
    assert_int_equal(mux_mirror_input(&mux, 1, flood, sizeof flood), L4_CONSOLE_RX_SIZE);
    assert_int_equal(l4_ring_take(&rx[1], bytes, 8), 8);
    assert_true(l4_ring_must_wake_producer(&rx[1]));
    mux_close(&mux, 1);
    assert_int_equal(mux_mirror_input(&mux, 1, "hi", 2), 0);
}

static void test_lies(void **state)
{
    (void)state;
    char bytes[8];
    mux_mirror(&mux, 0, true);
    writes(0, "abcdef");
    mirror_gets(0, 6, "abcdef");
    page[0].tx.head = 2; /* it takes back what it wrote */
    assert_int_equal(mux_mirror_peek(&mux, 0, bytes, 8), 0);
    assert_true(strlen(output()) <= 2);
    page[0].tx.head = 0x80000000;
    assert_string_equal(output(), "");
    assert_true(mux_finish(&mux, 0));
}

static void test_finish(void **state)
{
    (void)state;
    writes(1, "no line end");
    assert_false(mux_finish(&mux, 1));
    assert_string_equal(output(), "phone1| no line end\r\n");
    assert_true(mux_finish(&mux, 1));
    mux_close(&mux, 1);
    assert_true(mux_finish(&mux, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_without_mirror, set_up),
        cmocka_unit_test_setup(test_background, set_up),
        cmocka_unit_test_setup(test_slow, set_up),
        cmocka_unit_test_setup(test_stalled, set_up),
        cmocka_unit_test_setup(test_nobody_there_any_more, set_up),
        cmocka_unit_test_setup(test_input, set_up),
        cmocka_unit_test_setup(test_lies, set_up),
        cmocka_unit_test_setup(test_finish, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
