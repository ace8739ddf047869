/*
 * A text protocol served over a channel: lines come in, each is answered by a reply, in order. The
 * peer cannot make it wait or grow: while a reply is not taken, no further line is read.
 */
#ifndef GUEST_SERVICE_H
#define GUEST_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/channel.h"
#include "guest/line.h"

struct service {
    struct channel channel;
    struct line line;
    char input[64];
    uint32_t input_at;
    uint32_t input_count;
    struct reply reply;
    uint32_t sent; /* of the reply */
};

struct service_calls {
    /* Answers a line of the peer of services[n]; a line that was too long arrives empty. */
    void (*answer)(uint32_t n, const char *line, struct reply *reply);
    /* The peer has gone, or begun anew; may be NULL. */
    void (*gone)(uint32_t n);
};

/* Finds this guest's channels, opens them and enables their interrupts; returns how many, at most
 * `max`. */
uint32_t services_start(struct service *services, uint32_t max);

/* Serves each channel once, in bounded time. True: there is more to do now; false: an interrupt
 * will follow when there is. */
bool services_run(struct service *services, uint32_t count, const struct service_calls *calls);

/* One channel of the above: services[n]. */
bool service_run(struct service *service, uint32_t n, const struct service_calls *calls);

#endif
