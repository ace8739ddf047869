/*
 * The multiplexer's input side: the escape key and the foreground's input.
 */
#include <stdio.h>
#include <string.h>

#include <devmgr/mux.h>

#define TEXT 200

static void say(struct mux *mux, const char *text)
{
    (void)mux_line(mux, "[devmgr] ", text, strlen(text));
}

static void select_console(struct mux *mux, uint32_t client)
{
    char text[TEXT];
    if (client >= mux->count) {
        (void)snprintf(text, sizeof text, "there is no console %u", (unsigned int)client + 1);
    } else {
        mux->foreground = client;
        mux->input_count = 0; /* it was meant for the other */
        (void)snprintf(text, sizeof text, "console %u: %s", (unsigned int)client + 1,
                       mux->client[client].name);
    }
    say(mux, text);
}

static void help(struct mux *mux)
{
    char text[TEXT];
    say(mux, "Ctrl-B, then 1..9: select a console; n: the next; b: send a Ctrl-B; h: this help");
    for (uint32_t i = 0; i < mux->count; i++) {
        (void)snprintf(text, sizeof text, "console %u: %s%s", (unsigned int)i + 1,
                       mux->client[i].name, i == mux->foreground ? " (selected)" : "");
        say(mux, text);
    }
}

static void command(struct mux *mux, uint8_t key)
{
    if (key >= '1' && key <= '9') {
        select_console(mux, (uint32_t)(key - '1'));
    } else if (key == 'n' && mux->count != 0) {
        select_console(mux, (mux->foreground + 1) % mux->count);
    } else {
        help(mux);
    }
}

bool mux_input(struct mux *mux, uint8_t byte)
{
    const bool literal = mux->escaped && (byte == 'b' || byte == MUX_ESCAPE);
    if (!mux->escaped && byte == MUX_ESCAPE) {
        mux->escaped = true;
        return true;
    }
    if (mux->escaped && !literal) {
        mux->escaped = false;
        command(mux, byte);
        return true;
    }
    if (mux->input_count == MUX_INPUT) {
        mux_deliver(mux);
    }
    if (mux->input_count == MUX_INPUT) {
        return false;
    }
    mux->escaped = false;
    mux->input[mux->input_count++] = literal ? MUX_ESCAPE : byte;
    return true;
}

void mux_input_drop(struct mux *mux)
{
    char text[TEXT];
    mux->input_count = 0;
    (void)snprintf(text, sizeof text, "console %u takes no input: what was typed is dropped",
                   (unsigned int)mux->foreground + 1);
    say(mux, text);
}

void mux_deliver(struct mux *mux)
{
    struct mux_client *const client = &mux->client[mux->foreground];
    if (mux->count == 0 || !client->open) {
        return;
    }
    uint32_t done = 0;
    do {
        done += l4_ring_put(&client->rx, mux->input + done, mux->input_count - done);
    } while (done < mux->input_count && !l4_ring_wait_space(&client->rx));
    memmove(mux->input, mux->input + done, mux->input_count - done);
    mux->input_count -= done;
}
