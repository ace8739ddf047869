/*
 * The modem's AT commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "at.h"

static struct at_modem modem;
static struct at_radio radio;

static int setup(void **state)
{
    (void)state;
    at_start(&modem);
    radio = (struct at_radio){.signal = 21,
                              .registered = true,
                              .deadlines_met = 1100,
                              .deadlines_missed = 2,
                              .worst_latency_us = 37};
    return 0;
}

static void expect(uint32_t caller, const char *line, const char *answer)
{
    struct reply reply = {0};

    at_answer(&modem, &radio, caller, line, &reply);
    assert_int_equal(reply.length, strlen(answer));
    assert_memory_equal(reply.text, answer, reply.length);
}

static void test_information(void **state)
{
    (void)state;
    expect(0, "AT", "OK\r\n");
    expect(0, "at", "OK\r\n");
    expect(0, "ATI", "Pecan radio\r\nOK\r\n");
    expect(0, "AT+CSQ", "+CSQ: 21,99\r\nOK\r\n");
    expect(0, "at+csq", "+CSQ: 21,99\r\nOK\r\n");
    expect(1, "AT+CREG?", "+CREG: 0,1\r\nOK\r\n");
    expect(1, "AT+COPS?", "+COPS: 0,0,\"Pecan\"\r\nOK\r\n");
    expect(1, "AT+CGSN", "004999010640000\r\nOK\r\n");
    expect(1, "AT+LATENCY?", "+LATENCY: 37,1100,2\r\nOK\r\n");
}

static void test_unknown(void **state)
{
    (void)state;
    expect(0, "", "ERROR\r\n");
    expect(0, "A", "ERROR\r\n");
    expect(0, "BT", "ERROR\r\n");
    expect(0, "AT+", "ERROR\r\n");
    expect(0, "AT+CSQ=1", "ERROR\r\n");
    expect(0, "ATIX", "ERROR\r\n");
    expect(0, "AT H", "ERROR\r\n");
    expect(0, "\xff\xfe", "ERROR\r\n");
}

static void test_no_network(void **state)
{
    (void)state;
    radio.registered = false;
    radio.signal = AT_SIGNAL_UNKNOWN;
    expect(0, "AT+CSQ", "+CSQ: 99,99\r\nOK\r\n");
    expect(0, "AT+CREG?", "+CREG: 0,2\r\nOK\r\n");
    expect(0, "AT+COPS?", "+COPS: 0\r\nOK\r\n");
    expect(0, "ATD123;", "NO CARRIER\r\n");
}

static void test_calls(void **state)
{
    (void)state;
    expect(0, "AT+CLCC", "OK\r\n");
    expect(0, "ATD+49301234;", "OK\r\n");
    expect(0, "AT+CLCC", "+CLCC: 1,0,0,0,0,\"+49301234\",129\r\nOK\r\n");
    /* The other phone neither sees nor ends it. */
    expect(1, "AT+CLCC", "OK\r\n");
    expect(1, "ATH", "OK\r\n");
    expect(1, "ATD5;", "BUSY\r\n");
    expect(0, "ATD5;", "BUSY\r\n");
    expect(0, "ATH", "OK\r\n");
    expect(1, "ATD5", "OK\r\n");
    at_hang_up(&modem, 0);
    expect(0, "ATD5;", "BUSY\r\n");
    at_hang_up(&modem, 1);
    expect(0, "ATD5;", "OK\r\n");
}

static void test_numbers(void **state)
{
    (void)state;
    expect(0, "ATD", "ERROR\r\n");
    expect(0, "ATD;", "ERROR\r\n");
    expect(0, "ATD12a", "ERROR\r\n");
    expect(0, "ATD12;3", "ERROR\r\n");
    expect(0, "ATD123456789012345678901;", "ERROR\r\n");
    expect(0, "ATD12345678901234567890;", "OK\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_information, setup),
        cmocka_unit_test_setup(test_unknown, setup),
        cmocka_unit_test_setup(test_no_network, setup),
        cmocka_unit_test_setup(test_calls, setup),
        cmocka_unit_test_setup(test_numbers, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
