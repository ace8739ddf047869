/*
 * Lines, replies and lists of the guests' text protocols.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/line.h"

/* Feeds text; returns the event of its last byte. */
static enum line_event feed(struct line *line, const char *text)
{
    enum line_event event = LINE_NONE;

    for (; *text != '\0'; text++) {
        event = line_add(line, *text);
    }
    return event;
}

static void test_lines(void **state)
{
    struct line line = {0};

    (void)state;
    assert_int_equal(feed(&line, "\r\n\nAT"), LINE_NONE);
    assert_int_equal(feed(&line, "\r"), LINE_READY);
    assert_string_equal(line.text, "AT");
    assert_int_equal(feed(&line, "\n"), LINE_NONE);
    assert_int_equal(feed(&line, "SIGN 1\n"), LINE_READY);
    assert_string_equal(line.text, "SIGN 1");
}

static void test_nul(void **state)
{
    struct line line = {0};

    (void)state;
    line_add(&line, 'a');
    line_add(&line, '\0');
    line_add(&line, 'b');
    assert_int_equal(line_add(&line, '\n'), LINE_READY);
    assert_string_equal(line.text, "a?b");
}

static void test_too_long(void **state)
{
    struct line line = {0};

    (void)state;
    for (uint32_t i = 0; i < GUEST_LINE_MAX; i++) {
        assert_int_equal(line_add(&line, 'x'), LINE_NONE);
    }
    assert_int_equal(line_add(&line, '\n'), LINE_READY);
    assert_int_equal(strlen(line.text), GUEST_LINE_MAX);
    for (uint32_t i = 0; i < 10 * GUEST_LINE_MAX; i++) {
        assert_int_equal(line_add(&line, 'y'), LINE_NONE);
    }
    assert_int_equal(line_add(&line, '\n'), LINE_TOO_LONG);
    assert_int_equal(feed(&line, "ok\n"), LINE_READY);
    assert_string_equal(line.text, "ok");
}

static void test_reply(void **state)
{
    struct reply reply = {0};
    const uint8_t bytes[] = {0x00, 0x9f, 0xff};

    (void)state;
    reply_text(&reply, "n ");
    reply_number(&reply, 0);
    reply_text(&reply, " ");
    reply_number(&reply, UINT32_MAX);
    reply_text(&reply, " ");
    reply_hex(&reply, bytes, sizeof(bytes));
    assert_int_equal(reply.length, strlen("n 0 4294967295 009fff"));
    assert_memory_equal(reply.text, "n 0 4294967295 009fff", reply.length);
    for (uint32_t i = 0; i < GUEST_REPLY_MAX; i++) {
        reply_text(&reply, "more");
    }
    assert_int_equal(reply.length, GUEST_REPLY_MAX);
}

static void test_lists(void **state)
{
    (void)state;
    assert_true(text_lists("phone0", "phone0"));
    assert_true(text_lists("a,phone0,b quiet", "phone0"));
    assert_true(text_lists("a,b quiet", "b"));
    assert_false(text_lists("phone01", "phone0"));
    assert_false(text_lists("phone", "phone0"));
    assert_false(text_lists("a phone0", "phone0"));
    assert_false(text_lists("", "phone0"));
    assert_false(text_lists("a,,b", ""));
}

static void test_options(void **state)
{
    (void)state;
    assert_string_equal(text_option("quiet report=5", "report="), "5");
    assert_string_equal(text_option("report=5 quiet", "report="), "5 quiet");
    assert_null(text_option("xreport=5", "report="));
    assert_null(text_option("", "report="));
    assert_int_equal(text_number("5 quiet", 10, 7), 5);
    assert_int_equal(text_number("10", 10, 7), 10);
    assert_int_equal(text_number("11", 10, 7), 7);
    assert_int_equal(text_number("4294967295", UINT32_MAX, 7), UINT32_MAX);
    assert_int_equal(text_number("99999999999999999999999999", UINT32_MAX, 7), 7);
    assert_int_equal(text_number("x", 10, 7), 7);
    assert_int_equal(text_number("", 10, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines), cmocka_unit_test(test_nul),   cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_reply), cmocka_unit_test(test_lists), cmocka_unit_test(test_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
