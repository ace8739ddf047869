/*
 * The console multiplexer's output: prefixes, whole lines, back-pressure, hostile clients.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <devmgr/mux.h>

static struct mux mux;
static struct l4_console_page page[3];
static struct l4_ring tx[3]; /* the clients' sides */
static uint64_t now_ns;

static void open(uint32_t client)
{
    mux_open(&mux, client, &page[client]);
    l4_ring_init(&tx[client], &page[client].tx, page[client].tx_data, L4_CONSOLE_TX_SIZE);
}

static int set_up(void **state)
{
    (void)state;
    memset(page, 0xff, sizeof page);
    mux_init(&mux);
    mux_add(&mux, "phone0");
    mux_add(&mux, "phone1");
    mux_add(&mux, "radio");
    for (uint32_t i = 0; i < 3; i++) {
        open(i);
    }
    return 0;
}

static void client_writes(uint32_t client, const char *text)
{
    assert_int_equal(l4_ring_put(&tx[client], text, (uint32_t)strlen(text)), strlen(text));
}

/* Everything that would go to the UART so much later. */
static const char *output_after(uint64_t ns)
{
    static char text[3 * MUX_QUEUE];
    size_t length = 0;
    mux_time(&mux, now_ns += ns);
    do {
        uint8_t byte = 0;
        while (mux_output(&mux, &byte)) {
            assert_true(length + 1 < sizeof text);
            text[length++] = (char)byte;
            mux_output_done(&mux);
        }
    } while (mux_pump(&mux, false));
    text[length] = '\0';
    return text;
}

static const char *output(void)
{
    return output_after(MUX_IDLE_NS);
}

static void the_foreground_is_raw(void **state)
{
    (void)state;
    client_writes(0, "\x1b[2J~ # ");
    assert_string_equal(output(), "\x1b[2J~ # ");
    client_writes(0, "ls\r\n");
    assert_string_equal(output(), "ls\r\n");
}

static void a_background_shows_whole_lines(void **state)
{
    (void)state;
    client_writes(1, "boo");
    assert_string_equal(output(), "");
    assert_true(mux_sleep(&mux));
    client_writes(1, "ting\r\nnext");
    assert_false(mux_sleep(&mux));
    assert_string_equal(output(), "phone1| booting\r\n");
    assert_false(mux_drained(&mux));
    assert_true(mux_pump(&mux, true));
    assert_string_equal(output(), "phone1| next\r\n");
    assert_true(mux_drained(&mux));
}

static void a_line_of_another_starts_on_its_own(void **state)
{
    (void)state;
    client_writes(0, "~ # ");
    assert_string_equal(output(), "~ # ");
    client_writes(1, "hello\n");
    client_writes(0, "id\r\n");
    assert_string_equal(output(), "id\r\nphone1| hello\r\n");
    client_writes(0, "half");
    assert_string_equal(output(), "half");
    assert_true(mux_line(&mux, "[init] ", "text", 4));
    assert_string_equal(output(), "\r\n[init] text\r\n");
}

static void a_line_never_ends_a_control_sequence(void **state)
{
    static const char *const cut[] = {"\x1b", "\x1b[", "\x1b[6", "\x1b[1;3"};
    static const char *const whole[] = {"\x1b[6n", "\x1b[1;31m # ",
                                        "\x1b"
                                        "7",
                                        "x[12", "[1;3"};
    (void)state;
    for (uint32_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        client_writes(0, cut[i]);
        assert_string_equal(output(), cut[i]);
        assert_true(mux_line(&mux, "[init] ", "text", 4));
        assert_string_equal(output(), "\x18\r\n[init] text\r\n");
    }
    for (uint32_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        client_writes(0, whole[i]);
        assert_string_equal(output(), whole[i]);
        assert_true(mux_line(&mux, "[init] ", "text", 4));
        assert_string_equal(output(), "\r\n[init] text\r\n");
    }
}

static void a_line_that_is_whole_is_not_cut(void **state)
{
    (void)state;
    client_writes(0, "ha");
    assert_string_equal(output(), "ha");
    client_writes(0, "lf\r\n# ");
    assert_true(mux_line(&mux, "[init] ", "text", 4));
    assert_string_equal(output(), "lf\r\n[init] text\r\n# ");
}

static void a_line_that_goes_on_is_not_cut(void **state)
{
    (void)state;
    client_writes(0, "ha");
    client_writes(1, "hello\n");
    assert_string_equal(output_after(0), "ha");
    assert_true(mux_must_wait(&mux));
    client_writes(0, "l");
    assert_string_equal(output_after(MUX_IDLE_NS - 1), "l");
    client_writes(0, "f\r\nmore\r\n# ");
    assert_string_equal(output_after(MUX_IDLE_NS - 1), "f\r\nphone1| hello\r\nmore\r\n# ");
    client_writes(1, "there\n");
    assert_string_equal(output_after(MUX_IDLE_NS - 1), "");
    assert_string_equal(output_after(1), "\r\nphone1| there\r\n");
    assert_false(mux_must_wait(&mux));
}

static void a_line_without_an_end_is_cut_in_time(void **state)
{
    (void)state;
    client_writes(1, "hello\n");
    for (uint32_t i = 0; i < MUX_WAIT_NS / 1000000u; i++) {
        client_writes(0, ".");
        assert_string_equal(output_after(1000000), ".");
    }
    client_writes(0, ".");
    assert_string_equal(output_after(1000000), ".\r\nphone1| hello\r\n");
}

static void a_background_cannot_draw(void **state)
{
    (void)state;
    client_writes(2, "\x1b[2J\a\tx\x7f\n");
    assert_string_equal(output(), "radio| ?[2J?\tx?\r\n");
    assert_true(mux_line(&mux, "[vmm:radio] ", "a\nb\x1b", 4));
    assert_string_equal(output(), "[vmm:radio] a?b?\r\n");
    client_writes(2, "\x9b"
                     "2J\xc2\x9b"
                     "2J\n"); /* CSI, as one byte and in UTF-8 */
    assert_string_equal(output(), "radio| ?2J??2J\r\n");
}

static void endless_lines_are_broken(void **state)
{
    (void)state;
    char text[MUX_LINE + 11];
    memset(text, 'x', sizeof text);
    text[MUX_LINE + 10] = '\0';
    client_writes(1, text);
    const char *const shown = output();
    assert_int_equal(strlen(shown), 8 + MUX_LINE + 2);
    assert_int_equal(strncmp(shown, "phone1| xxx", 11), 0);
    assert_true(mux_sleep(&mux)); /* the other ten wait for their line end */
}

static void nothing_is_lost_when_the_uart_is_slow(void **state)
{
    (void)state;
    char line[64];
    uint32_t sent = 0;
    uint32_t seen = 0;
    char got[64];
    size_t length = 0;
    while (seen < 2000) {
        for (; sent < 2000; sent++) {
            (void)snprintf(line, sizeof line, "line %u\n", (unsigned int)sent);
            if (l4_ring_space(&tx[1]) < strlen(line)) {
                break;
            }
            client_writes(1, line);
        }
        (void)mux_pump(&mux, false);
        for (uint32_t i = 0; i < 16; i++) { /* one FIFO */
            uint8_t byte = 0;
            if (!mux_output(&mux, &byte)) {
                break;
            }
            mux_output_done(&mux);
            got[length++] = (char)byte;
            if (byte == '\n') {
                got[length] = '\0';
                (void)snprintf(line, sizeof line, "phone1| line %u\r\n", (unsigned int)seen++);
                assert_string_equal(got, line);
                length = 0;
            }
        }
    }
}

static void a_full_queue_refuses_lines(void **state)
{
    (void)state;
    char text[DEVMGR_LOG_MAX];
    memset(text, 'y', sizeof text);
    uint32_t count = 0;
    while (mux_line(&mux, "[init] ", text, sizeof text)) {
        count++;
    }
    assert_in_range(count, MUX_QUEUE / 300, MUX_QUEUE / DEVMGR_LOG_MAX);
    (void)output();
    assert_true(mux_line(&mux, "[init] ", text, sizeof text));
}

/* A client that logs and logs, each line anew once the last is queued, and a UART that is slow. */
static void a_flood_of_lines_leaves_room_for_consoles(void **state)
{
    (void)state;
    char line[DEVMGR_LOG_MAX];
    uint32_t shown = 0;
    uint32_t lines = 0;
    memset(line, 'y', sizeof line);
    for (uint32_t i = 0; i < 64; i++) {
        client_writes(1, "console\n");
    }
    for (uint32_t n = 0; n < 64 * 1024; n++) {
        uint8_t byte = 0;
        while (mux_line(&mux, "[vmm:radio] ", line, sizeof line) || mux_pump(&mux, false)) {
        }
        assert_true(mux_output(&mux, &byte));
        mux_output_done(&mux);
        shown += byte == '|';
        lines += byte == '[';
    }
    assert_int_equal(shown, 64);
    assert_true(lines > 64);
}

static void a_lying_client_is_silent(void **state)
{
    (void)state;
    page[1].tx.head = 0x80000000u;
    client_writes(0, "fine\r\n");
    assert_string_equal(output(), "fine\r\n");
    assert_true(mux_sleep(&mux));
    assert_true(mux_drained(&mux));
    open(1);
    client_writes(1, "again\n");
    assert_string_equal(output(), "phone1| again\r\n");
}

static void doorbells_ring_when_waited_for(void **state)
{
    (void)state;
    char text[L4_CONSOLE_TX_SIZE];
    memset(text, 'z', sizeof text);
    assert_int_equal(l4_ring_put(&tx[0], text, sizeof text), sizeof text);
    assert_true(l4_ring_wait_space(&tx[0]));
    assert_false(mux_doorbell(&mux, 0)); /* no room yet */
    (void)output();
    assert_true(mux_doorbell(&mux, 0));
    assert_false(mux_doorbell(&mux, 0));
    mux_close(&mux, 0);
    assert_false(mux_doorbell(&mux, 0));
}

/* A slow UART takes 16 bytes; client 0 refills its ring each time. */
static void flood(char *text, size_t *length)
{
    mux_time(&mux, now_ns += 1000000);
    char dots[64];
    memset(dots, '.', sizeof dots);
    (void)l4_ring_put(&tx[0], dots, sizeof dots);
    while (mux_pump(&mux, false)) {
    }
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t byte = 0;
        if (mux_output(&mux, &byte)) {
            text[(*length)++] = (char)byte;
            mux_output_done(&mux);
        }
    }
    text[*length] = '\0';
}

static void a_flood_does_not_keep_the_line(void **state)
{
    (void)state;
    static char text[16 * 1000 + 1];
    size_t length = 0;
    bool queued = false;
    for (uint32_t i = 0; i < 200; i++) { /* fills queue and ring */
        flood(text, &length);
    }
    length = 0;
    client_writes(1, "a line of the background that needs room for itself\n");
    client_writes(2, "x\n");
    for (uint32_t i = 0; i < 1000; i++) {
        queued = queued || mux_line(&mux, "[init] ", "a line of the system with some words", 36);
        flood(text, &length);
    }
    assert_true(queued);
    assert_non_null(strstr(text, "[init] a line of the system with some words\r\n"));
    assert_non_null(
        strstr(text, "phone1| a line of the background that needs room for itself\r\n"));
    assert_non_null(strstr(text, "radio| x\r\n"));
}

/* Short lines do not overtake a long one for ever. */
static void short_lines_let_a_long_one_through(void **state)
{
    (void)state;
    static char text[16 * 1000 + 1];
    size_t length = 0;
    mux.foreground = 2;
    for (uint32_t i = 0; i < 1000; i++) {
        while (l4_ring_space(&tx[0]) >= 2) {
            client_writes(0, "a\n");
        }
        if (i == 300) {
            length = 0;
            client_writes(1, "a line of the background that needs room for itself\n");
        }
        while (mux_pump(&mux, false)) {
        }
        for (uint32_t n = 0; n < 4; n++) { /* less than the short line takes */
            uint8_t byte = 0;
            assert_true(mux_output(&mux, &byte));
            text[length++] = (char)byte;
            mux_output_done(&mux);
        }
        text[length] = '\0';
    }
    assert_non_null(
        strstr(text, "phone1| a line of the background that needs room for itself\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_foreground_is_raw, set_up),
        cmocka_unit_test_setup(a_background_shows_whole_lines, set_up),
        cmocka_unit_test_setup(a_line_of_another_starts_on_its_own, set_up),
        cmocka_unit_test_setup(a_line_never_ends_a_control_sequence, set_up),
        cmocka_unit_test_setup(a_line_that_is_whole_is_not_cut, set_up),
        cmocka_unit_test_setup(a_line_that_goes_on_is_not_cut, set_up),
        cmocka_unit_test_setup(a_line_without_an_end_is_cut_in_time, set_up),
        cmocka_unit_test_setup(a_background_cannot_draw, set_up),
        cmocka_unit_test_setup(endless_lines_are_broken, set_up),
        cmocka_unit_test_setup(nothing_is_lost_when_the_uart_is_slow, set_up),
        cmocka_unit_test_setup(a_full_queue_refuses_lines, set_up),
        cmocka_unit_test_setup(a_flood_does_not_keep_the_line, set_up),
        cmocka_unit_test_setup(short_lines_let_a_long_one_through, set_up),
        cmocka_unit_test_setup(a_flood_of_lines_leaves_room_for_consoles, set_up),
        cmocka_unit_test_setup(a_lying_client_is_silent, set_up),
        cmocka_unit_test_setup(doorbells_ring_when_waited_for, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
