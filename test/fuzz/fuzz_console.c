/*
 * The device manager's console multiplexer with clients that write what they like into the page
 * they share, indices and flags included; one client keeps to the protocol.
 *
 * However the others behave, every step ends, the multiplexer's own state stays in bounds, and the
 * lines of the honest client come out whole and in order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <devmgr/mux.h>

#include "fuzz.h"

#define CLIENTS 4u
#define HONEST 0u
#define STEPS_MAX 400u
#define LINE_MAX 24u
#define ROUNDS_MAX 10000u

struct world {
    struct mux mux;
    struct l4_console_page *page[CLIENTS];
    struct l4_ring tx;          /* the honest client's */
    unsigned int written, seen; /* its lines */
    bool shown_raw;             /* it was in the foreground */
    uint32_t shown_length;
    char shown[256]; /* the present line of output */
};

static const char *const names[CLIENTS] = {"honest", "b", "a-rather-long-name-of-31-letters", "d"};

/* The honest client's n-th line. */
static uint32_t honest_line(unsigned int n, char *line)
{
    return (uint32_t)snprintf(line, LINE_MAX, "line %u of %.*s\n", n, (int)(n % 8), "abcdefgh");
}

static void check_bounds(struct world *w)
{
    w->shown_raw = w->shown_raw || w->mux.foreground == HONEST;
    FUZZ_CHECK(w->mux.queue_head - w->mux.queue_tail <= MUX_QUEUE);
    FUZZ_CHECK(w->mux.input_count <= MUX_INPUT);
    FUZZ_CHECK(w->mux.foreground < CLIENTS && w->mux.count == CLIENTS);
}

static uint8_t not_a_bar(uint8_t byte)
{
    return byte == '|' ? '!' : byte;
}

/* A finished line of output: if it is the honest client's, is it whole and the next one? No other
 * client writes the bar of its prefix. */
static void check_line(struct world *w)
{
    static const char prefix[] = "honest| ";
    char line[LINE_MAX];
    w->shown[w->shown_length] = '\0';
    if (!w->shown_raw && strncmp(w->shown, prefix, sizeof prefix - 1) == 0) {
        const uint32_t length = honest_line(w->seen, line);
        FUZZ_CHECK(w->shown_length == sizeof prefix - 1 + length - 1);
        FUZZ_CHECK(memcmp(w->shown + sizeof prefix - 1, line, length - 1) == 0);
        w->seen++;
    }
    w->shown_length = 0;
}

static void output(struct world *w, uint32_t count)
{
    uint8_t byte = 0;
    for (; count != 0 && mux_output(&w->mux, &byte); count--) {
        mux_output_done(&w->mux);
        if (byte == '\n') {
            check_line(w);
        } else if (byte != '\r' && w->shown_length + 1 < sizeof w->shown) {
            w->shown[w->shown_length++] = (char)byte;
        }
    }
}

/* All that can move, as devmgr's loop moves it. Pages do not change meanwhile, so it ends. */
static void settle(struct world *w, bool flush)
{
    unsigned int rounds = 0;
    bool moved;
    do {
        do {
            output(w, MUX_QUEUE);
            mux_deliver(&w->mux);
            moved = mux_pump(&w->mux, flush);
            check_bounds(w);
            FUZZ_CHECK(++rounds < ROUNDS_MAX);
        } while (moved);
        mux_time(&w->mux, w->mux.now_ns + MUX_IDLE_NS / 4u);
    } while (!mux_sleep(&w->mux));
    for (uint32_t i = 0; i < CLIENTS; i++) {
        (void)mux_doorbell(&w->mux, i);
    }
}

static void open_client(struct world *w, uint32_t client)
{
    mux_open(&w->mux, client, w->page[client]);
    if (client == HONEST) {
        l4_ring_init(&w->tx, &w->page[client]->tx, w->page[client]->tx_data, L4_CONSOLE_TX_SIZE);
        w->written = w->seen = 0;
    }
}

static void honest_write(struct world *w)
{
    char line[LINE_MAX];
    const uint32_t length = honest_line(w->written, line);
    if (l4_ring_space(&w->tx) >= length) {
        FUZZ_CHECK(l4_ring_put(&w->tx, line, length) == length);
        w->written++;
    }
}

/* A hostile client writes into its page. */
static void hostile_write(struct world *w, struct fuzz_input *in)
{
    struct l4_console_page *const page = w->page[1 + fuzz_8(in) % (CLIENTS - 1)];
    uint32_t *const words[] = {
        &page->tx.head, &page->tx.tail, &page->tx.consumer_waits, &page->tx.producer_waits,
        &page->rx.head, &page->rx.tail, &page->rx.consumer_waits, &page->rx.producer_waits};
    const uint8_t how = fuzz_8(in);
    if (how < 64) {
        *words[how % 8] = fuzz_32(in);
    } else if (how < 128) {
        *words[how % 8] += fuzz_8(in);
    } else if (how < 192) {
        page->tx.head = page->tx.tail + fuzz_16(in) % (L4_CONSOLE_TX_SIZE + 2);
    } else {
        const uint32_t at = fuzz_16(in) % L4_CONSOLE_TX_SIZE;
        for (uint32_t i = 0; i < how - 192u; i++) {
            page->tx_data[(at + i) % L4_CONSOLE_TX_SIZE] = not_a_bar(fuzz_8(in));
        }
    }
}

static void log_something(struct world *w, struct fuzz_input *in)
{
    const size_t length = fuzz_8(in) % (DEVMGR_LOG_MAX + 1);
    uint8_t *const text = fuzz_bytes(in, length);
    (void)mux_line(&w->mux, "[init] ", (const char *)text, length);
    free(text);
}

static void step(struct world *w, struct fuzz_input *in)
{
    const uint8_t what = fuzz_8(in);
    switch (what % 12) {
    case 0:
    case 1:
        honest_write(w);
        break;
    case 2:
    case 3:
    case 4:
        hostile_write(w, in);
        break;
    case 5:
        (void)mux_pump(&w->mux, (what & 0x80) != 0);
        break;
    case 6:
        output(w, fuzz_8(in));
        break;
    case 7:
        (void)mux_input(&w->mux, fuzz_8(in));
        mux_deliver(&w->mux);
        break;
    case 8:
        log_something(w, in);
        break;
    case 9:
        (void)mux_sleep(&w->mux);
        (void)mux_doorbell(&w->mux, what / 16 % CLIENTS);
        break;
    case 10:
        if (what < 128) {
            const uint32_t client = 1 + what / 12 % (CLIENTS - 1);
            mux_close(&w->mux, client);
            open_client(w, client);
        }
        break;
    default:
        settle(w, (what & 0x80) != 0);
        break;
    }
    check_bounds(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct fuzz_input in = {data, size};
    memset(&w, 0, sizeof w);
    mux_init(&w.mux);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        w.page[i] = malloc(sizeof *w.page[i]);
        memset(w.page[i], 0xff, sizeof *w.page[i]);
        mux_add(&w.mux, names[i]);
        open_client(&w, i);
    }
    /* In the background the honest client's lines have their prefix. */
    const bool background = fuzz_8(&in) % 4 != 0;
    w.mux.foreground = background ? 1 : HONEST;
    w.shown_raw = !background;
    for (unsigned int i = 0; i < STEPS_MAX && in.left != 0; i++) {
        step(&w, &in);
    }
    settle(&w, true);
    FUZZ_CHECK(l4_ring_space(&w.tx) == L4_CONSOLE_TX_SIZE);
    FUZZ_CHECK(w.shown_raw || w.seen == w.written);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        free(w.page[i]);
    }
    return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    if (n >= 4) {
        return 0;
    }
    for (size_t i = 0; i < 600; i++) {
        data[i] = (uint8_t)((i * (2 * n + 7)) ^ (i >> 3));
    }
    data[0] = (uint8_t)n;
    return 600;
}
