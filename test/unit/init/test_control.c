/*
 * The management protocol's text: lines from a hostile host, flat objects, escaping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <init/control_text.h>
#include <init/limit.h>

static struct control_request request;

static void reads_requests(void **state)
{
    (void)state;
    assert_null(control_parse("{\"id\":7,\"verb\":\"stop\",\"vm\":\"phone0\"}", &request));
    assert_true(request.has_id);
    assert_int_equal(request.id, 7);
    assert_int_equal(request.verb, VERB_STOP);
    assert_string_equal(request.vm, "phone0");
    assert_null(control_parse(" { \"verb\" : \"list\" , \"x\":true,\"y\":null,\"z\":\"\\\"}\" } ",
                              &request));
    assert_false(request.has_id);
    assert_int_equal(request.verb, VERB_LIST);
    assert_string_equal(request.vm, "");
    assert_null(control_parse("{\"id\":-3,\"verb\":\"top\"}", &request));
    assert_int_equal(request.id, -3);
    assert_null(control_parse("{\"verb\":\"pause\",\"vm\":\"a\\/b\\\\c\"}", &request));
    assert_string_equal(request.vm, "a/b\\c");
}

static void refuses_everything_else(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "{",
        "}",
        "{}",
        "[]",
        "nonsense",
        "{\"verb\":\"list\"",
        "{\"verb\":\"list\"}}",
        "{\"verb\":\"list\"} x",
        "{\"verb\":\"list\",}",
        "{\"verb\":\"list}",
        "{\"verb\":\"li\\st\"}",
        "{\"verb\":\"list\\",
        "{\"verb\":[\"list\"]}",
        "{\"verb\":{\"verb\":\"list\"}}",
        "{\"verb\":\"list\",\"id\":99999999999999999999}",
        "{\"verb\":\"list\",\"id\":\"1\"}",
        "{\"verb\":\"list\",\"id\":1.5}",
        "{\"verb\":\"list\t\"}",
        "{verb:\"list\"}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_non_null(control_parse(lines[i], &request));
    }
    assert_string_equal(control_parse("{\"id\":4,\"verb\":\"dance\"}", &request), "unknown verb");
    assert_true(request.has_id);
    assert_int_equal(request.id, 4);
    assert_string_equal(control_parse("{\"verb\":\"stop\"}", &request), "vm is missing");
    assert_string_equal(control_parse("{\"id\":1}", &request), "verb is missing");
}

/* A name that is too long names nothing, rather than what its beginning names. */
static void does_not_cut_names(void **state)
{
    (void)state;
    assert_null(control_parse(
        "{\"verb\":\"stop\",\"vm\":\"phone0phone0phone0phone0phone0phone0phone0\"}", &request));
    assert_int_equal(request.vm[0], '?');
    assert_int_equal(strlen(request.vm), CONTROL_NAME - 1);
    assert_non_null(control_parse("{\"verbverbverbverb\":\"list\"}", &request));
}

static enum line_event feed(struct line_reader *reader, const char *text)
{
    enum line_event event = LINE_NONE;
    for (; *text != '\0'; text++) {
        event = line_take(reader, *text);
    }
    return event;
}

static void assembles_lines(void **state)
{
    (void)state;
    struct line_reader reader = {0};
    assert_int_equal(feed(&reader, "\r\n\n"), LINE_NONE);
    assert_int_equal(feed(&reader, "abc"), LINE_NONE);
    assert_int_equal(feed(&reader, "def\r\n"), LINE_DONE);
    assert_string_equal(reader.text, "abcdef");
    for (uint32_t i = 0; i < CONTROL_LINE; i++) {
        assert_int_equal(line_take(&reader, 'x'), LINE_NONE);
    }
    assert_int_equal(line_take(&reader, '\n'), LINE_DONE);
    assert_int_equal(strlen(reader.text), CONTROL_LINE);
    for (uint32_t i = 0; i < 100000; i++) {
        assert_int_equal(line_take(&reader, 'x'), LINE_NONE);
    }
    assert_int_equal(line_take(&reader, '\n'), LINE_TOO_LONG);
    (void)line_take(&reader, '\0');
    assert_int_equal(feed(&reader, "z\n"), LINE_DONE);
    assert_string_equal(reader.text, "?z");
}

static void writes_json(void **state)
{
    (void)state;
    char text[128];
    struct json json = {.text = text, .size = sizeof text};
    json_string(&json, "a\"b\\c\n\x7f\xe4", 100);
    json_print(&json, ":");
    json_number(&json, 0);
    json_print(&json, ",");
    json_number(&json, UINT64_MAX);
    json_string(&json, "cut here", 3);
    assert_string_equal(text, "\"a\\\"b\\\\c\\u000a\\u007f\\u00e4\":0,18446744073709551615\"cut\"");
    assert_false(json.cut);
    struct json small = {.text = text, .size = 8};
    json_print(&small, "1234");
    json_print(&small, "5678");
    assert_true(small.cut);
    assert_string_equal(text, "1234");
}

/* Any bytes: no access beyond, no hang, and every line is answered. */
static void survives_noise(void **state)
{
    (void)state;
    static const char alphabet[] = "{}\":,\\ \t01-listverbvmidtrue[]\n\r";
    struct line_reader reader = {0};
    uint32_t seed = 1;
    for (uint32_t i = 0; i < 200000; i++) {
        seed = seed * 1664525u + 1013904223u;
        if (line_take(&reader, alphabet[(seed >> 16) % (sizeof alphabet - 1)]) == LINE_DONE) {
            char *const exact = malloc(strlen(reader.text) + 1);
            strcpy(exact, reader.text);
            (void)control_parse(exact, &request);
            assert_true(memchr(request.vm, '\0', sizeof request.vm) != NULL);
            free(exact);
        }
    }
}

static void limits_restarts(void **state)
{
    (void)state;
    struct limit limit = {0};
    const uint64_t second = 1000000000u;
    for (uint64_t i = 1; i <= LIMIT_COUNT; i++) {
        assert_true(limit_allows(&limit, i * second));
    }
    assert_false(limit_allows(&limit, 10 * second));
    assert_false(limit_allows(&limit, 60 * second));
    assert_true(limit_allows(&limit, 61 * second));
    assert_false(limit_allows(&limit, 61 * second));
    assert_true(limit_allows(&limit, 62 * second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_requests),     cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(does_not_cut_names), cmocka_unit_test(assembles_lines),
        cmocka_unit_test(writes_json),        cmocka_unit_test(survives_noise),
        cmocka_unit_test(limits_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
