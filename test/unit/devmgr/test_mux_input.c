/*
 * The console multiplexer's input: the foreground gets it, the escape key does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/mux.h>

static struct mux mux;
static struct l4_console_page page[2];
static struct l4_ring rx[2]; /* the clients' sides */

static int set_up(void **state)
{
    (void)state;
    mux_init(&mux);
    mux_add(&mux, "phone0");
    mux_add(&mux, "phone1");
    for (uint32_t i = 0; i < 2; i++) {
        mux_open(&mux, i, &page[i]);
        l4_ring_init(&rx[i], &page[i].rx, page[i].rx_data, L4_CONSOLE_RX_SIZE);
    }
    return 0;
}

static void type(const char *keys)
{
    for (; *keys != '\0'; keys++) {
        assert_true(mux_input(&mux, (uint8_t)*keys));
    }
    mux_deliver(&mux);
}

static void client_reads(uint32_t client, const char *expected)
{
    char text[64] = "";
    const uint32_t count = l4_ring_take(&rx[client], text, sizeof text - 1);
    text[count] = '\0';
    assert_string_equal(text, expected);
}

static const char *output(void)
{
    static char text[MUX_QUEUE];
    size_t length = 0;
    uint8_t byte = 0;
    while (mux_output(&mux, &byte)) {
        text[length++] = (char)byte;
        mux_output_done(&mux);
    }
    text[length] = '\0';
    return text;
}

static void goes_to_the_foreground(void **state)
{
    (void)state;
    type("ls\r\x03");
    client_reads(0, "ls\r\x03");
    client_reads(1, "");
}

static void the_escape_key_selects(void **state)
{
    (void)state;
    type("\x02"
         "2");
    assert_string_equal(output(), "[devmgr] console 2: phone1\r\n");
    type("x");
    client_reads(0, "");
    client_reads(1, "x");
    type("\x02n");
    assert_string_equal(output(), "[devmgr] console 1: phone0\r\n");
    type("\x02"
         "9");
    assert_string_equal(output(), "[devmgr] there is no console 9\r\n");
    type("y");
    client_reads(0, "y");
}

static void the_escape_key_itself_can_be_sent(void **state)
{
    (void)state;
    type("a\x02"
         "b\x02\x02"
         "b");
    client_reads(0, "a\x02\x02"
                    "b");
}

static void help_names_the_consoles(void **state)
{
    (void)state;
    type("\x02h");
    const char *const text = output();
    assert_non_null(strstr(text, "console 1: phone0 (selected)\r\n"));
    assert_non_null(strstr(text, "console 2: phone1\r\n"));
}

static void switching_drops_what_was_meant_for_the_other(void **state)
{
    (void)state;
    mux_close(&mux, 0);
    type("waits");
    type("\x02"
         "2z");
    client_reads(1, "z");
}

static void a_full_console_holds_the_line_but_not_the_escape_key(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < L4_CONSOLE_RX_SIZE + MUX_INPUT; i++) {
        assert_true(mux_input(&mux, 'k'));
    }
    mux_deliver(&mux);
    assert_false(mux_input(&mux, 'k'));
    assert_true(mux_input(&mux, MUX_ESCAPE));
    assert_true(mux_input(&mux, '2'));
    assert_true(mux_input(&mux, 'm'));
    mux_deliver(&mux);
    client_reads(1, "m");
}

static void stuck_input_is_dropped_and_the_line_goes_on(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < L4_CONSOLE_RX_SIZE + MUX_INPUT; i++) {
        assert_true(mux_input(&mux, 'k'));
    }
    assert_false(mux_input(&mux, 'k'));
    mux_input_drop(&mux);
    assert_non_null(strstr(output(), "console 1 takes no input"));
    type("x\x02"
         "2m");
    client_reads(1, "m");
}

static void early_input_waits_for_the_client(void **state)
{
    (void)state;
    mux_close(&mux, 0);
    type("early");
    mux_open(&mux, 0, &page[0]);
    l4_ring_init(&rx[0], &page[0].rx, page[0].rx_data, L4_CONSOLE_RX_SIZE);
    mux_deliver(&mux);
    client_reads(0, "early");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(goes_to_the_foreground, set_up),
        cmocka_unit_test_setup(the_escape_key_selects, set_up),
        cmocka_unit_test_setup(the_escape_key_itself_can_be_sent, set_up),
        cmocka_unit_test_setup(help_names_the_consoles, set_up),
        cmocka_unit_test_setup(switching_drops_what_was_meant_for_the_other, set_up),
        cmocka_unit_test_setup(a_full_console_holds_the_line_but_not_the_escape_key, set_up),
        cmocka_unit_test_setup(stuck_input_is_dropped_and_the_line_goes_on, set_up),
        cmocka_unit_test_setup(early_input_waits_for_the_client, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
