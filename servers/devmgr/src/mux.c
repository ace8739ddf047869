/*
 * The multiplexer's output side.
 */
#include <string.h>

#include <devmgr/mux.h>

#define ESC 0x1bu
#define MUX_SEQUENCE 32u /* a control sequence is never longer, but by a hostile guest */

void mux_init(struct mux *mux)
{
    memset(mux, 0, sizeof *mux);
}

void mux_add(struct mux *mux, const char *name)
{
    mux->client[mux->count++].name = name;
}

void mux_open(struct mux *mux, uint32_t client, struct l4_console_page *page)
{
    struct mux_client *const c = &mux->client[client];
    l4_ring_reset(&page->tx);
    l4_ring_reset(&page->rx);
    l4_ring_init(&c->tx, &page->tx, page->tx_data, sizeof page->tx_data);
    l4_ring_init(&c->rx, &page->rx, page->rx_data, sizeof page->rx_data);
    c->open = true;
    c->closing = false;
    c->left = 0;
    c->ahead = 0;
}

void mux_close(struct mux *mux, uint32_t client)
{
    mux->client[client].open = false;
}

static uint32_t room(const struct mux *mux)
{
    return MUX_QUEUE - (mux->queue_head - mux->queue_tail);
}

static void push(struct mux *mux, const void *bytes, uint32_t count)
{
    const uint8_t *const from = bytes;
    for (uint32_t i = 0; i < count; i++) {
        mux->queue[mux->queue_head++ % MUX_QUEUE] = from[i];
    }
    if (count != 0) {
        mux->mid_line = from[count - 1] != '\n';
    }
}

static void push_string(struct mux *mux, const char *string)
{
    push(mux, string, (uint32_t)strlen(string));
}

/* Text of others on our line: control characters could move the cursor or clear the screen. Those
 * beyond ASCII too: 0x80 to 0x9f are control characters, also when UTF-8 spells them. */
static void push_text(struct mux *mux, const void *text, uint32_t count)
{
    const uint8_t *const from = text;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t c = from[i];
        const uint8_t shown = (c < 0x20 && c != '\t') || c >= 0x7f ? '?' : c;
        push(mux, &shown, 1);
    }
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Bytes that a line takes at most, with what ends an unfinished one and a line end of its own. */
static uint32_t line_bytes(const char *prefix, uint32_t length)
{
    return 3 + (uint32_t)strlen(prefix) + 2 + length + 2;
}

/* The foreground's line goes to its end first, when that is there already. */
static void finish_foreground_line(struct mux *mux, uint32_t needed)
{
    uint8_t bytes[MUX_LINE];
    if (!mux->mid_line || mux->foreground >= mux->count || !mux->client[mux->foreground].open) {
        return;
    }
    struct mux_client *const client = &mux->client[mux->foreground];
    const uint32_t count =
        l4_ring_peek(&client->tx, bytes, smaller(sizeof bytes, mux_mirror_limit(client)));
    const uint8_t *const end = memchr(bytes, '\n', count);
    const uint32_t used = end != NULL ? (uint32_t)(end - bytes) + 1u : 0;
    if (used != 0 && room(mux) >= used + needed) {
        push(mux, bytes, used);
        mux_mirror_skip(client, used);
    }
}

/* What was queued last is the start of a control sequence (ECMA-48, 5.4): ESC [ and parameters. */
static bool is_mid_sequence(const struct mux *mux)
{
    uint8_t c = 0;
    for (uint32_t n = 1; n <= MUX_SEQUENCE; n++) {
        const uint8_t next = c;
        c = mux->queue[(mux->queue_head - n) % MUX_QUEUE];
        if (c == ESC) {
            return n == 1 || next == '[';
        }
        if (c != '[' && (c < 0x20 || c > 0x3f)) {
            return false;
        }
    }
    return false;
}

/* The terminal would take a line inside a control sequence for the rest of that. */
static void end_foreground_line(struct mux *mux)
{
    if (is_mid_sequence(mux)) {
        push(mux, "\x18", 1); /* CAN: gives the sequence up */
    }
    push(mux, "\r\n", 2);
}

static void push_line(struct mux *mux, const char *prefix, const char *separator, const void *text,
                      uint32_t length)
{
    finish_foreground_line(mux, line_bytes(prefix, length));
    if (mux->mid_line) {
        end_foreground_line(mux);
    }
    push_string(mux, prefix);
    push_string(mux, separator);
    push_text(mux, text, length);
    push(mux, "\r\n", 2);
}

void mux_time(struct mux *mux, uint64_t now_ns)
{
    mux->now_ns = now_ns;
}

bool mux_must_wait(struct mux *mux)
{
    if (!mux->mid_line || mux->now_ns - mux->written_ns >= MUX_IDLE_NS) {
        return false;
    }
    if (!mux->waits && !mux->waited) {
        mux->waits_ns = mux->now_ns;
    }
    mux->waits = true;
    return mux->now_ns - mux->waits_ns < MUX_WAIT_NS;
}

bool mux_line(struct mux *mux, const char *prefix, const char *text, size_t length)
{
    const uint32_t needed = line_bytes(prefix, (uint32_t)length);
    if (mux->owed || room(mux) < needed) {
        mux->line_room = mux->owed ? 0 : needed;
        return false;
    }
    mux->owed = mux->line_room != 0;
    mux->line_room = 0;
    push_line(mux, prefix, "", text, (uint32_t)length);
    return true;
}

enum pumped {
    PUMPED_NOTHING,
    PUMPED,
    PUMPED_FULL, /* there is something, but no room for it */
};

static enum pumped pump_foreground(struct mux *mux, struct mux_client *client)
{
    uint8_t bytes[MUX_LINE];
    uint32_t count = room(mux);
    if (count == 0) {
        return PUMPED_FULL;
    }
    count = smaller(count, smaller(sizeof bytes, mux_mirror_limit(client)));
    count = l4_ring_peek(&client->tx, bytes, count);
    const uint8_t *const end = mux->waited ? memchr(bytes, '\n', count) : NULL;
    count = end != NULL ? (uint32_t)(end - bytes) + 1u : count;
    if (count != 0) {
        mux_mirror_skip(client, count);
        mux->written_ns = mux->now_ns;
    }
    push(mux, bytes, count);
    client->left = 0;
    return count != 0 ? PUMPED : PUMPED_NOTHING;
}

/* One line, or a piece of an endless one. */
static enum pumped pump_background(struct mux *mux, struct mux_client *client, bool flush)
{
    uint8_t bytes[MUX_LINE];
    const uint32_t count =
        l4_ring_peek(&client->tx, bytes, smaller(sizeof bytes, mux_mirror_limit(client)));
    const uint8_t *const end = memchr(bytes, '\n', count);
    uint32_t used = count;
    uint32_t length = count;
    if (end != NULL) {
        length = (uint32_t)(end - bytes);
        used = length + 1;
    } else if (count < sizeof bytes && !flush && !client->closing) {
        client->left = count;
        return PUMPED_NOTHING;
    }
    client->left = 0;
    if (used == 0 || (!flush && !client->closing && mux_must_wait(mux))) {
        return PUMPED_NOTHING;
    }
    if (room(mux) < line_bytes(client->name, length)) {
        return PUMPED_FULL;
    }
    while (length > 0 && bytes[length - 1] == '\r') {
        length--;
    }
    push_line(mux, client->name, "| ", bytes, length);
    mux_mirror_skip(client, used);
    return PUMPED;
}

/* Each client's turn. False: nothing moved. *full: somebody waits for room. */
static bool pump_all(struct mux *mux, bool flush, bool *full)
{
    bool moved = false;
    const uint32_t first = mux->turn;
    for (uint32_t n = 0; n < mux->count; n++) {
        const uint32_t i = (first + n) % mux->count;
        struct mux_client *const client = &mux->client[i];
        enum pumped pumped = PUMPED_NOTHING;
        if (client->open) {
            pumped = i == mux->foreground ? pump_foreground(mux, client)
                                          : pump_background(mux, client, flush);
        }
        if (pumped == PUMPED_FULL) {
            mux->turn = i; /* nobody takes the room that it waits for */
            *full = true;
            return moved;
        }
        moved = moved || pumped == PUMPED;
    }
    return moved;
}

bool mux_pump(struct mux *mux, bool flush)
{
    bool full = false;
    const bool owed = mux->owed;
    if (room(mux) < mux->line_room) {
        return false;
    }
    mux->line_room = 0;
    mux->waited = mux->waits;
    mux->waits = false;
    const bool moved = pump_all(mux, flush, &full);
    mux->waits = mux->waits || (mux->waited && full); /* not everybody had a turn */
    mux->owed = owed && !moved && full;
    return moved || (owed && !mux->owed);
}

bool mux_drained(const struct mux *mux)
{
    for (uint32_t i = 0; i < mux->count; i++) {
        if (mux->client[i].open && l4_ring_used(&mux->client[i].tx) != 0) {
            return false;
        }
    }
    return true;
}

bool mux_finish(struct mux *mux, uint32_t client)
{
    struct mux_client *const c = &mux->client[client];
    c->closing = true;
    return !c->open || l4_ring_used(&c->tx) == 0;
}

bool mux_sleep(struct mux *mux)
{
    bool sleep = true;
    for (uint32_t i = 0; i < mux->count; i++) {
        struct mux_client *const client = &mux->client[i];
        if (client->open && !l4_ring_wait_more(&client->tx, client->left)) {
            sleep = false;
        }
    }
    return sleep;
}

bool mux_output(const struct mux *mux, uint8_t *byte)
{
    if (mux->queue_head == mux->queue_tail) {
        return false;
    }
    *byte = mux->queue[mux->queue_tail % MUX_QUEUE];
    return true;
}

void mux_output_done(struct mux *mux)
{
    mux->queue_tail++;
}

bool mux_doorbell(struct mux *mux, uint32_t client)
{
    struct mux_client *const c = &mux->client[client];
    if (!c->open) {
        return false;
    }
    const bool output = l4_ring_used(&c->tx) < c->tx.size && l4_ring_must_wake_producer(&c->tx);
    const bool input = l4_ring_space(&c->rx) < c->rx.size && l4_ring_must_wake_consumer(&c->rx);
    return output || input;
}
