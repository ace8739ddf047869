/*
 * Moving bytes between UART and clients, and log lines into the stream.
 */
#include <string.h>

#include <l4/system.h>

#include "devmgr.h"

/* A client that writes now will probably go on: rather than have it ring for every byte, devmgr
 * looks again a little later, and asks for the doorbell only when nothing came. The first look
 * comes soon, for who types and waits for the answer; one that goes on and on is looked at less
 * often: its ring takes 512 KB/s so. */
#define POLL_FIRST_US 500u
#define POLL_MOST_US 4000u
#define NS_PER_US 1000u
/* How long typed input waits for a guest that takes none of it. */
#define STUCK_NS 5000000000ull
#define STUCK_LOOK_US 500000u

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

/* A guest that takes no input must not take the escape key away, which may come behind it. */
static bool drop_stuck_input(void)
{
    if (!devmgr.input_held) {
        devmgr.held_ns = 0;
        return false;
    }
    const uint64_t now = l4_system_clock().ns;
    if (devmgr.held_ns == 0) {
        devmgr.held_ns = now;
    }
    if (now - devmgr.held_ns < STUCK_NS) {
        return false;
    }
    mux_input_drop(&devmgr.mux);
    devmgr.input_held = false;
    devmgr.held_ns = 0;
    return true;
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
    return drop_stuck_input() || moved;
}

/* What is flushed waits no more. */
static bool must_wait(void)
{
    return devmgr.flush_reply == L4_CAP_NULL && mux_must_wait(&devmgr.mux);
}

static bool retry_line(struct waiting_line *waiting, const char *prefix)
{
    if (waiting->reply == L4_CAP_NULL || must_wait() ||
        !mux_line(&devmgr.mux, prefix, waiting->text, waiting->length)) {
        return false;
    }
    devmgr_answer(&waiting->reply, L4_OK);
    return true;
}

static bool lines_wait(void)
{
    bool wait = devmgr.init_line.reply != L4_CAP_NULL;
    for (uint32_t i = 0; i < devmgr.client_count; i++) {
        wait = wait || devmgr.client[i].line.reply != L4_CAP_NULL;
    }
    return wait;
}

/* In turns: nobody takes the room that an earlier line waits for. */
static bool retry_lines(void)
{
    bool moved = retry_line(&devmgr.init_line, "[init] ");
    const uint32_t first = devmgr.line_turn;
    for (uint32_t n = 0; devmgr.init_line.reply == L4_CAP_NULL && n < devmgr.client_count; n++) {
        const uint32_t i = (first + n) % devmgr.client_count;
        struct client *const client = &devmgr.client[i];
        moved |= retry_line(&client->line, client->prefix);
        if (client->line.reply != L4_CAP_NULL) {
            devmgr.line_turn = i;
            break;
        }
    }
    return moved;
}

/* The line is here already: printed, or waiting for room under a reply that nobody waits for. */
static bool log_again(struct waiting_line *waiting)
{
    const l4_cap_t reply =
        waiting->reply != L4_CAP_NULL ? devmgr_keep_reply() : (l4_cap_t)L4_CAP_NULL;
    if (reply == L4_CAP_NULL) {
        return true;
    }
    devmgr_answer(&waiting->reply, L4_ERR_CANCELED);
    waiting->reply = reply;
    return false;
}

bool console_log(struct waiting_line *waiting, const char *prefix, const char *text,
                 uint32_t length, uint32_t number)
{
    if (number != 0 && number == waiting->number) {
        return log_again(waiting);
    }
    waiting->number = number;
    mux_time(&devmgr.mux, l4_system_clock().ns);
    if (!lines_wait() && !must_wait() && mux_line(&devmgr.mux, prefix, text, length)) {
        return true;
    }
    if (waiting->reply != L4_CAP_NULL) {
        return true; /* a second line while the first waits: its client has given up. It is lost */
    }
    waiting->reply = devmgr_keep_reply();
    memcpy(waiting->text, text, length);
    waiting->length = length;
    return waiting->reply == L4_CAP_NULL;
}

static void ring_doorbells(void)
{
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        const struct session *const session = &devmgr.session[i];
        if ((session->kind == L4_SESSION_CONSOLE && mux_doorbell(&devmgr.mux, session->index)) ||
            (session->kind == L4_SESSION_CONTROL && ports_control_bell())) {
            session_ring(session);
        }
    }
}

static bool move_all(bool flush)
{
    bool moved = drain_queue();
    moved |= read_input();
    moved |= retry_lines();
    moved |= ports_move();
    moved |= mux_pump(&devmgr.mux, flush);
    return moved;
}

static bool queue_empty(void)
{
    uint8_t byte = 0;
    return !mux_output(&devmgr.mux, &byte);
}

static void poll_again(void)
{
    const uint32_t next = 2 * devmgr.poll_us;
    devmgr.poll_us = next == 0 ? POLL_FIRST_US : next < POLL_MOST_US ? next : POLL_MOST_US;
    devmgr.poll_ns = l4_system_clock().ns + (uint64_t)devmgr.poll_us * NS_PER_US;
}

bool console_due(void)
{
    return devmgr.poll_us != 0 && l4_system_clock().ns >= devmgr.poll_ns;
}

uint32_t console_wait_us(void)
{
    if (devmgr.poll_us == 0) {
        return devmgr.input_held ? STUCK_LOOK_US : L4_TIMEOUT_NEVER;
    }
    const uint64_t now = l4_system_clock().ns;
    return now >= devmgr.poll_ns ? L4_TIMEOUT_POLL
                                 : (uint32_t)(devmgr.poll_ns - now) / NS_PER_US + 1u;
}

/* The management port asks for its doorbell at once, consoles when nothing came up to the next
 * look, and no log line waits for the end of another. With output waiting for the UART, its
 * interrupt brings us back. */
static void sleep(bool moved)
{
    const bool more = !ports_sleep();
    if (!moved && devmgr.poll_us != 0 && !console_due()) {
        return;
    }
    if (moved || more || (queue_empty() && (!mux_sleep(&devmgr.mux) || lines_wait()))) {
        poll_again();
    } else {
        devmgr.poll_us = 0;
    }
}

void console_run(void)
{
    const bool flush = devmgr.flush_reply != L4_CAP_NULL;
    bool moved = false;
    mux_time(&devmgr.mux, l4_system_clock().ns);
    while (move_all(flush)) {
        moved = true;
    }
    sleep(moved);
    ring_doorbells();
    pl011_want(&devmgr.uart, !queue_empty(), !devmgr.input_held);
    if (flush && queue_empty() && mux_drained(&devmgr.mux)) {
        /* No interrupt tells when the FIFO has run empty. */
        if (pl011_busy(&devmgr.uart)) {
            devmgr.poll_us = 0;
            poll_again();
        } else {
            devmgr_answer(&devmgr.flush_reply, L4_OK);
        }
    }
}
