/*
 * devmgr: owns the board's devices and hands them out, as the configuration says.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/irq.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/server.h>
#include <l4/start.h>
#include <l4/system.h>

#include "devmgr.h"

/* How soon to look again for what a client that is gone leaves behind, or whether init listens. */
#define WAIT_US 5000u
#define NS_PER_SECOND 1000000000u

struct devmgr devmgr;

_Noreturn void devmgr_fail(const char *what, l4_status_t status)
{
    l4_log_to_kernel(devmgr.start->system, "devmgr");
    l4_log("ERROR: %s (%d); correct the board's device tree", what, (int)status);
    l4_exit(status);
}

static void log_line(void *context, const char *line, size_t length)
{
    (void)context;
    (void)mux_line(&devmgr.mux, "[devmgr] ", line, length);
}

/* Where the next request's capability goes. A client may send one with any request: it is dropped
 * unless the request took it. */
static void make_offer(const struct l4_msg *msg)
{
    struct l4_msgbuf *const buffer = l4_msgbuf();
    if (l4_tag_items(msg->tag) != 0 && buffer->slot[0] == devmgr.offer) {
        const l4_status_t status = l4_cap_delete(devmgr.offer);
        (void)status; /* empty: nothing came */
    }
    buffer->slot[0] = devmgr.offer;
}

static bool log_request(struct client *client, struct l4_msg *msg)
{
    char text[DEVMGR_LOG_MAX];
    const uint32_t length = msg->w[0] < sizeof text ? msg->w[0] : sizeof text;
    if (length > l4_tag_words(msg->tag) * 4u) {
        *msg = l4_msg(0, (uint32_t)L4_ERR_INVALID, 0, 0, 0);
        return true;
    }
    const uint32_t number = msg->w[1];
    memcpy(text, l4_msgbuf()->word, length);
    *msg = l4_msg(0, L4_OK, 0, 0, 0);
    return client != NULL ? console_log(&client->line, client->prefix, text, length, number)
                          : console_log(&devmgr.init_line, "[init] ", text, length, number);
}

static void wall_clock(struct l4_msg *msg)
{
    const uint64_t now = devmgr.clock_epoch + l4_system_clock().ns / NS_PER_SECOND;
    *msg = devmgr.has_clock ? l4_msg(0, L4_OK, (uint32_t)now, (uint32_t)(now >> 32), 0)
                            : l4_msg(0, (uint32_t)L4_ERR_IO, 0, 0, 0);
}

/* Returns false when the reply comes later. */
static bool flush_request(struct l4_msg *msg)
{
    *msg = l4_msg(0, L4_OK, 0, 0, 0);
    if (devmgr.flush_reply != L4_CAP_NULL) {
        return true;
    }
    devmgr.flush_reply = devmgr_keep_reply();
    return devmgr.flush_reply == L4_CAP_NULL;
}

/* What init alone may ask. True: *msg is the reply. */
static bool dispatch_init(struct l4_msg *msg)
{
    switch (l4_tag_label(msg->tag)) {
    case DEVMGR_CLIENT_GONE:
        return client_gone(msg);
    case DEVMGR_CLIENT_RAM:
        client_ram(msg);
        return true;
    case DEVMGR_FLUSH:
        return flush_request(msg);
    default:
        *msg = l4_msg(0, (uint32_t)L4_ERR_NOT_SUPPORTED, 0, 0, 0);
        return true;
    }
}

/* init holds devmgr's original endpoint capability: badge 0. */
static bool dispatch(struct client *client, struct l4_msg *msg)
{
    switch (l4_tag_label(msg->tag)) {
    case DEVMGR_LOG:
        return log_request(client, msg);
    case DEVMGR_WALL_CLOCK:
        wall_clock(msg);
        return true;
    case L4_SESSION_OPEN:
        session_open(msg->badge, msg);
        return true;
    case DEVMGR_DEVICE:
        grant_request(msg->badge, msg);
        return true;
    default:
        break;
    }
    if (client == NULL) {
        return dispatch_init(msg);
    }
    *msg = l4_msg(0, (uint32_t)L4_ERR_NOT_SUPPORTED, 0, 0, 0);
    return true;
}

static bool handle_message(void *context, struct l4_msg *msg)
{
    (void)context;
    const struct l4_msg request = *msg;
    struct client *const client = client_of(msg->badge);
    bool reply = false;
    if (client != NULL || msg->badge == 0 || msg->badge == L4_BADGE_INIT) {
        reply = dispatch(client, msg);
    }
    make_offer(&request);
    console_run();
    return reply;
}

static void handle_signal(void *context, uint32_t bits)
{
    (void)context;
    if ((bits & ~(SIGNAL_UART | SIGNAL_CONSOLES)) != 0) {
        devices_signal(bits);
    }
    if ((bits & SIGNAL_UART) != 0) {
        pl011_acknowledge(&devmgr.uart);
    }
    if ((bits & devmgr.console_signals) != 0 || console_due()) {
        console_run();
    }
    if ((bits & SIGNAL_UART) != 0) {
        const l4_status_t status = l4_irq_ack(devmgr.uart_irq);
        (void)status; /* it is ours */
    }
}

static void handle_timeout(void *context, l4_status_t status)
{
    (void)context;
    (void)status;
    console_run();
}

/* init does not listen while it calls devmgr, so devmgr does not wait for it. */
static void tell_init(void)
{
    const struct l4_msg msg = l4_msg(INIT_DEVICES_QUIET, 0, 0, 0, 0);
    devmgr.quiet_due = l4_send(L4_START_INIT, &msg, L4_TIMEOUT_POLL) == L4_ERR_TIMEOUT;
}

static uint32_t wait_us(void *context)
{
    (void)context;
    if (devmgr.quiet_due) {
        tell_init();
    }
    const bool wait = client_poll() || devmgr.quiet_due;
    const uint32_t console_us = console_wait_us();
    return wait && WAIT_US < console_us ? WAIT_US : console_us;
}

static const struct l4_server server = {
    .message = handle_message,
    .signal = handle_signal,
    .timeout = handle_timeout,
    .wait_us = wait_us,
};

int l4_main(const void *arg)
{
    const struct l4_start *const start = arg;
    if (start->magic != L4_START_MAGIC || start->version != L4_START_VERSION ||
        start->kind != L4_START_KIND_DEVMGR) {
        return L4_ERR_VERSION;
    }
    devmgr.start = &start->devmgr;
    l4_slots_init(&devmgr.slots, start->slot_first, start->slot_count);
    l4_window_init(&devmgr.window, start->window_base, start->window_size);
    devmgr.offer = devmgr_slot();
    memory_init(&start->devmgr);
    client_init(&start->devmgr);
    session_add_consoles();
    board_find(&start->devmgr);
    l4_log_set_sink(log_line, NULL);
    l4_log("console on arm,pl011%s; escape key Ctrl-B (Ctrl-B h: help)",
           devmgr.has_clock ? ", wall clock on arm,pl031" : "");
    grant_init();
    devices_find();
    session_add_others();
    make_offer(&(struct l4_msg){0});
    console_run();
    l4_server_run(L4_START_ENDPOINT, &server, NULL);
}
