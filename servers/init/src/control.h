/*
 * Between control.c, which talks to the host, and control_report.c, which says how things are.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <init/control_text.h>

#include "init.h"

/* Room that one part of a report needs at most. */
#define CONTROL_PART 4096u

/* {"id":N,"ok":true */
void control_begin(struct json *json, const struct control_request *request, bool ok);

/* The whole of `list`. */
void control_list(struct json *json, const struct control_request *request);

/* Part `part` of `top`: 0 the head, then one a VM. False: that was the last. */
bool control_top(struct json *json, const struct control_request *request, uint32_t part);

#endif
