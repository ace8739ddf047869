/*
 * Text building, and the sentences of status codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <l4/base/status.h>
#include <l4/base/text.h>

static void builds_and_cuts(void **state)
{
    (void)state;
    char buffer[12];
    struct l4_text text;
    l4_text_init(&text, buffer, sizeof buffer);
    l4_text_string(&text, "abc ");
    l4_text_decimal(&text, 1234);
    assert_string_equal(buffer, "abc 1234");
    l4_text_hex(&text, 0xbeef, 1);
    assert_string_equal(buffer, "abc 12340xb"); /* cut, terminated */
}

static void numbers(void **state)
{
    (void)state;
    char buffer[64];
    struct l4_text text;
    l4_text_init(&text, buffer, sizeof buffer);
    l4_text_decimal(&text, 0);
    l4_text_char(&text, ' ');
    l4_text_decimal(&text, UINT64_MAX);
    l4_text_char(&text, ' ');
    l4_text_hex(&text, 0, 1);
    l4_text_char(&text, ' ');
    l4_text_hex(&text, 0x12, 8);
    assert_string_equal(buffer, "0 18446744073709551615 0x0 0x00000012");
    l4_text_init(&text, buffer, sizeof buffer);
    l4_text_size(&text, 96 << 20);
    l4_text_char(&text, ',');
    l4_text_size(&text, 1536);
    l4_text_char(&text, ',');
    l4_text_size(&text, 3 << 10);
    l4_text_char(&text, ',');
    l4_text_size(&text, 0);
    assert_string_equal(buffer, "96 MiB,1536 B,3 KiB,0 B");
}

static void every_status_has_its_sentence(void **state)
{
    (void)state;
    assert_string_equal(l4_status_text(L4_OK), "success");
    assert_string_equal(l4_status_text(L4_ERR_HASH), "data does not match its hash");
    assert_string_equal(l4_status_text(-9999), "unknown status code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_and_cuts),
        cmocka_unit_test(numbers),
        cmocka_unit_test(every_status_has_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
