/*
 * Lines over channels (see service.h). Each pass does a bounded part of what a peer may have asked.
 */
#include "guest/service.h"

#include <stddef.h>

#define EVENTS_A_PASS 4u
#define LINES_A_PASS 8u
#define CHUNKS_A_PASS 64u

/* Follows the connection; false when the peer keeps changing it. */
static bool follow(struct service *s, uint32_t n, const struct service_calls *calls)
{
    for (uint32_t i = 0; i < EVENTS_A_PASS; i++) {
        if (channel_poll(&s->channel) == CHANNEL_SAME) {
            return true;
        }
        s->line = (struct line){0};
        s->input_at = s->input_count = 0;
        s->reply.length = s->sent = 0;
        if (calls->gone != NULL) {
            calls->gone(n);
        }
    }
    return false;
}

/* True when all of the reply is on its way. */
static bool send(struct service *s)
{
    if (s->sent < s->reply.length) {
        s->sent += channel_write(&s->channel, s->reply.text + s->sent, s->reply.length - s->sent);
    }
    if (s->sent < s->reply.length) {
        return false;
    }
    s->reply.length = s->sent = 0;
    return true;
}

/* Takes input up to a line's end; LINE_NONE when there is no more for now. */
static enum line_event next_line(struct service *s, bool *more)
{
    for (uint32_t i = 0; i < CHUNKS_A_PASS; i++) {
        while (s->input_at < s->input_count) {
            enum line_event event = line_add(&s->line, s->input[s->input_at++]);

            if (event != LINE_NONE) {
                return event;
            }
        }
        s->input_at = 0;
        s->input_count = channel_read(&s->channel, s->input, sizeof(s->input));
        if (s->input_count == 0) {
            return LINE_NONE;
        }
    }
    *more = true;
    return LINE_NONE;
}

bool service_run(struct service *service, uint32_t n, const struct service_calls *calls)
{
    bool more = false;

    if (!follow(service, n, calls)) {
        return true;
    }
    for (uint32_t i = 0; i < LINES_A_PASS; i++) {
        enum line_event event;

        if (!send(service)) {
            return false;
        }
        event = next_line(service, &more);
        if (event == LINE_NONE) {
            return more;
        }
        calls->answer(n, event == LINE_READY ? service->line.text : "", &service->reply);
    }
    return true;
}

bool services_run(struct service *services, uint32_t count, const struct service_calls *calls)
{
    bool more = false;

    for (uint32_t n = 0; n < count; n++) {
        more |= service_run(&services[n], n, calls);
    }
    return more;
}
