/*
 * The management port: commands from the host, one at a time, and events to it.
 *
 * The host may be away, slow or hostile. Output waits in a buffer of fixed size; while that has no
 * room for an answer, no command is taken; and no more than a few are taken in one go.
 */
#include <string.h>

#include <l4/base/status.h>
#include <l4/console.h>
#include <l4/log.h>

#include "control.h"

#define OUTPUT (3u * CONTROL_PART)
#define EVENTS 16u
#define EVENT_TEXT 192u
#define LINES_A_RUN 4u
#define BYTES_A_RUN (2u * CONTROL_LINE)

static struct {
    struct l4_console console;
    l4_cap_t slot; /* of the session's memory */
    bool open;
    struct line_reader reader;
    char output[OUTPUT];
    uint32_t used; /* of output */
    bool busy;     /* `request` is being answered */
    struct control_request request;
    uint32_t report_waits; /* one bit a domain: its counters are on their way, for `top` */
    uint32_t part;         /* of `top`, next */
    uint32_t event_count;
    uint32_t events_lost;
    char event[EVENTS][EVENT_TEXT];
} port;

void control_open(void)
{
    if (port.slot == L4_CAP_NULL) {
        port.slot = init_slot();
    }
    const struct l4_session_offer offer = {.server = init.devmgr.process.endpoint,
                                           .doorbell = init.endpoint,
                                           .bits = L4_INIT_SIGNAL_CONTROL,
                                           .kind = L4_SESSION_CONTROL,
                                           .slot = port.slot,
                                           .address = MEMORY_CONTROL_SESSION,
                                           .window = L4_CONSOLE_WINDOW,
                                           .timeout_us = REQUEST_US};
    port.open = l4_console_open(&port.console, &offer) == L4_OK;
}

void control_close(void)
{
    port.open = false;
    port.used = 0;
    port.busy = false;
    port.event_count = 0;
    memset(&port.reader, 0, sizeof port.reader);
}

static void send(void)
{
    const uint32_t sent = l4_console_write(&port.console, port.output, port.used);
    port.used -= sent;
    memmove(port.output, port.output + sent, port.used);
}

/* A writer at the buffer's end; control_append() makes what it wrote part of the output. */
static struct json writer(void)
{
    return (struct json){.text = port.output + port.used, .size = OUTPUT - port.used};
}

static void append(const struct json *json)
{
    port.used += (uint32_t)json->length;
}

static bool has_room(void)
{
    return OUTPUT - port.used >= CONTROL_PART;
}

static void answer(const char *error, const char *remedy)
{
    struct json json = writer();
    control_begin(&json, &port.request, error == NULL);
    if (error != NULL) {
        json_print(&json, ",\"error\":");
        json_string(&json, error, CONTROL_LINE);
        if (remedy != NULL) {
            json_print(&json, ",\"remedy\":");
            json_string(&json, remedy, CONTROL_LINE);
        }
    }
    json_print(&json, "}\n");
    append(&json);
    port.busy = false;
}

void control_event(const char *event, const struct domain *domain, const char *reason)
{
    if (port.event_count == EVENTS) {
        port.events_lost++;
        return;
    }
    struct json json = {.text = port.event[port.event_count++], .size = EVENT_TEXT};
    json_print(&json, "{\"event\":\"%s\",\"vm\":", event);
    json_string(&json, domain->config->name, L4_START_NAME);
    json_print(&json, ",\"reason\":");
    json_string(&json, reason, 64);
    json_print(&json, "}\n");
}

static void send_events(void)
{
    struct json json = writer();
    for (uint32_t i = 0; i < port.event_count; i++) {
        json_print(&json, "%s", port.event[i]);
    }
    if (port.events_lost != 0) {
        json_print(&json, "{\"event\":\"lost\",\"count\":%u}\n", (unsigned int)port.events_lost);
    }
    append(&json);
    port.event_count = port.events_lost = 0;
}

static struct domain *find(const char *name)
{
    for (uint32_t i = 0; i < init.config.count; i++) {
        if (strcmp(init.domain[i].config->name, name) == 0) {
            return &init.domain[i];
        }
    }
    return NULL;
}

static void start(struct domain *domain)
{
    if (domain_lives(domain) || domain->wanted) {
        answer("it runs already", "stop or restart it");
        return;
    }
    const l4_status_t status = domain_start(domain);
    if (status == L4_ERR_BUSY) {
        answer("a server is being restarted", "try again in a moment");
    } else {
        answer(status == L4_OK ? NULL : l4_status_text(status), "see the log");
    }
}

static void stop(struct domain *domain)
{
    if (!domain_lives(domain)) {
        if (!domain->wanted) {
            answer("it does not run", "start it");
            return;
        }
        domain->wanted = false;
        domain->state = DOMAIN_STOPPED;
    } else {
        domain_end(domain, DOMAIN_STOPPED);
    }
    l4_log("%s stopped by the manager", domain->config->name);
    control_event("off", domain, "stopped");
    answer(NULL, NULL);
}

static void restart(struct domain *domain)
{
    if (domain_lives(domain)) {
        domain_end(domain, DOMAIN_STOPPED);
    }
    const l4_status_t status = domain_start(domain);
    domain->wanted = status == L4_ERR_BUSY;
    if (status == L4_OK || domain->wanted) {
        control_event("restarted", domain, "by the manager");
        answer(NULL, NULL);
    } else {
        answer(l4_status_text(status), "see the log");
    }
}

static void pause_or_resume(struct domain *domain, uint32_t command)
{
    const enum domain_state needed = command == L4_VM_PAUSE ? DOMAIN_RUNNING : DOMAIN_PAUSED;
    if (domain->state != needed) {
        answer(command == L4_VM_PAUSE ? "it does not run" : "it is not paused", "see `list`");
        return;
    }
    mailbox_ask(domain, command); /* answered by control_answer() */
}

/* Counters of all guests first. */
static void begin_top(void)
{
    port.part = 0;
    port.report_waits = 0;
    for (uint32_t i = 0; i < init.config.count; i++) {
        if (domain_lives(&init.domain[i])) {
            port.report_waits |= 1u << i;
            mailbox_ask(&init.domain[i], L4_VM_REPORT);
        }
    }
}

static void execute(void)
{
    struct domain *const domain = find(port.request.vm);
    port.busy = true;
    if (port.request.verb == VERB_LIST) {
        struct json json = writer();
        control_list(&json, &port.request);
        append(&json);
        port.busy = false;
    } else if (port.request.verb == VERB_TOP) {
        begin_top();
    } else if (domain == NULL) {
        answer("no such VM", "see `list`");
    } else if (port.request.verb == VERB_START) {
        start(domain);
    } else if (port.request.verb == VERB_STOP) {
        stop(domain);
    } else if (port.request.verb == VERB_RESTART) {
        restart(domain);
    } else {
        pause_or_resume(domain, port.request.verb == VERB_PAUSE ? L4_VM_PAUSE : L4_VM_RESUME);
    }
}

static bool is_for(const struct domain *domain, enum control_verb verb)
{
    return port.busy && port.request.verb == verb &&
           strcmp(port.request.vm, domain->config->name) == 0;
}

void control_answer(struct domain *domain, uint32_t command, l4_status_t status)
{
    if (command == L4_VM_REPORT) {
        port.report_waits &= ~(1u << domain_index(domain));
        return;
    }
    const bool pause = command == L4_VM_PAUSE;
    if (status == L4_OK) {
        domain->state = pause ? DOMAIN_PAUSED : DOMAIN_RUNNING;
        control_event(pause ? "paused" : "resumed", domain, "");
    }
    if (is_for(domain, pause ? VERB_PAUSE : VERB_RESUME)) {
        answer(status == L4_OK            ? NULL
               : status == L4_ERR_TIMEOUT ? "its VMM does not answer"
                                          : l4_status_text(status),
               "restart it");
    }
}

/* The domain ended while something was asked of its VMM: nobody will answer. */
static void drop_dead(void)
{
    for (uint32_t i = 0; i < init.config.count; i++) {
        struct domain *const domain = &init.domain[i];
        if (domain_lives(domain)) {
            continue;
        }
        port.report_waits &= ~(1u << i);
        if (is_for(domain, VERB_PAUSE) || is_for(domain, VERB_RESUME)) {
            answer("it has ended", "start it");
        }
    }
}

/* Goes on with `top`. */
static void report(void)
{
    while (port.busy && port.request.verb == VERB_TOP && port.report_waits == 0 && has_room()) {
        struct json json = writer();
        port.busy = control_top(&json, &port.request, port.part++);
        append(&json);
    }
}

static void line_done(enum line_event event)
{
    memset(&port.request, 0, sizeof port.request);
    const char *const wrong = event == LINE_TOO_LONG
                                  ? "the line is longer than 512 bytes"
                                  : control_parse(port.reader.text, &port.request);
    if (wrong != NULL) {
        answer(wrong, "see docs/book/control.md");
    } else {
        execute();
    }
}

/* True: there may be more, left for the next time. */
static bool take_commands(void)
{
    uint32_t lines = 0;
    for (uint32_t bytes = 0; bytes < BYTES_A_RUN && lines < LINES_A_RUN; bytes++) {
        char byte = 0;
        if (port.busy || !port.open || !has_room() ||
            l4_console_read(&port.console, &byte, 1) == 0) {
            return false; /* nothing there, or nothing can be answered yet */
        }
        const enum line_event event = line_take(&port.reader, byte);
        if (event != LINE_NONE) {
            line_done(event);
            lines++;
            report();
        }
    }
    return true;
}

bool control_run(void)
{
    if (!port.open) {
        port.event_count = 0;
        return false;
    }
    drop_dead();
    send();
    report();
    if (!port.busy && has_room()) {
        send_events();
    }
    const bool more = take_commands();
    if (!port.open) {
        return false; /* devmgr did not answer when a VM was stopped: it is being restarted */
    }
    send();
    return more || port.event_count != 0;
}
