/*
 * Moving bytes between UART and clients, and log lines into the stream.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/irq.h>

#include "devmgr.h"

static bool drain_queue(void)
{
    bool moved = false;
    uint8_t byte = 0;
    while (mux_output(&devmgr.mux, &byte) && pl011_put(&devmgr.uart, byte)) {
        mux_output_done(&devmgr.mux);
        moved = true;
    }
    return moved;
}

static bool read_input(void)
{
    bool moved = false;
    while (devmgr.input_held || pl011_get(&devmgr.uart, &devmgr.held)) {
        devmgr.input_held = !mux_input(&devmgr.mux, devmgr.held);
        if (devmgr.input_held) {
            break;
        }
        moved = true;
    }
    mux_deliver(&devmgr.mux);
    return moved;
}

static void answer(l4_cap_t *reply)
{
    const struct l4_msg msg = l4_msg(0, L4_OK, 0, 0, 0);
    const l4_status_t status = l4_send(*reply, &msg, L4_TIMEOUT_POLL);
    (void)status; /* a caller that died needs no answer; the slot is free either way */
    l4_slots_give(&devmgr.slots, *reply);
    *reply = L4_CAP_NULL;
}

static bool retry_line(struct waiting_line *waiting, const char *prefix)
{
    if (waiting->reply == L4_CAP_NULL ||
        !mux_line(&devmgr.mux, prefix, waiting->text, waiting->length)) {
        return false;
    }
    answer(&waiting->reply);
    return true;
}

static bool lines_wait(void)
{
    bool wait = devmgr.init_line.reply != L4_CAP_NULL;
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        wait = wait || devmgr.session[i].line.reply != L4_CAP_NULL;
    }
    return wait;
}

/* In turns: nobody takes the room that an earlier line waits for. */
static bool retry_lines(void)
{
    bool moved = retry_line(&devmgr.init_line, "[init] ");
    const uint32_t first = devmgr.line_turn;
    for (uint32_t n = 0; devmgr.init_line.reply == L4_CAP_NULL && n < devmgr.session_count; n++) {
        const uint32_t i = (first + n) % devmgr.session_count;
        struct session *const session = &devmgr.session[i];
        moved |= retry_line(&session->line, session->prefix);
        if (session->line.reply != L4_CAP_NULL) {
            devmgr.line_turn = i;
            break;
        }
    }
    return moved;
}

bool console_log(struct waiting_line *waiting, const char *prefix, const char *text,
                 uint32_t length)
{
    l4_cap_t slot = L4_CAP_NULL;
    if (!lines_wait() && mux_line(&devmgr.mux, prefix, text, length)) {
        return true;
    }
    if (waiting->reply != L4_CAP_NULL || l4_slots_take(&devmgr.slots, &slot) != L4_OK) {
        return true; /* a second line from the same client at once: it has broken the protocol */
    }
    if (l4_cap_save_reply(slot) != L4_OK) {
        l4_slots_give(&devmgr.slots, slot);
        return true;
    }
    memcpy(waiting->text, text, length);
    waiting->length = length;
    waiting->reply = slot;
    return false;
}

static void ring_doorbells(void)
{
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        const struct session *const session = &devmgr.session[i];
        if (session->doorbell != L4_CAP_NULL && mux_doorbell(&devmgr.mux, i)) {
            const l4_status_t status = l4_signal(session->doorbell, session->bits);
            (void)status; /* the client is gone: init will say so */
        }
    }
}

static bool move_all(bool flush)
{
    bool moved = drain_queue();
    moved |= read_input();
    moved |= retry_lines();
    moved |= mux_pump(&devmgr.mux, flush);
    return moved;
}

static bool queue_empty(void)
{
    uint8_t byte = 0;
    return !mux_output(&devmgr.mux, &byte);
}

void console_run(void)
{
    const bool flush = devmgr.flush_reply != L4_CAP_NULL;
    bool moved = false;
    while (move_all(flush)) {
        moved = true;
    }
    /* A client that writes now will probably go on: rather than have it ring for every byte, look
     * again a little later, and ask for the doorbell only when nothing came. With output waiting
     * for the UART, its interrupt brings us back. */
    devmgr.poll = moved || (queue_empty() && !mux_sleep(&devmgr.mux));
    ring_doorbells();
    pl011_want(&devmgr.uart, !queue_empty(), !devmgr.input_held);
    if (flush && queue_empty() && mux_drained(&devmgr.mux)) {
        while (pl011_busy(&devmgr.uart)) {
            /* at most one FIFO: no interrupt tells when it has run empty */
        }
        answer(&devmgr.flush_reply);
    }
}

void console_flush(void)
{
    do {
        while (move_all(true)) {
        }
    } while (!queue_empty());
    ring_doorbells();
}
