/*
 * Log sink: one message to devmgr a line. A devmgr that has no room, or hangs, holds its client up
 * for a second, then hardly until it answers again: lines may be lost meanwhile.
 */
#include <string.h>

#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/proto/devmgr.h>
#include <l4/start.h>
#include <l4/system.h>

#define LINE_US 1000000u
#define LATE_US 1000u

static l4_cap_t log_devmgr;
static uint32_t line_us = LINE_US;

static void devmgr_sink(void *context, const char *line, size_t length)
{
    (void)context;
    if (length > DEVMGR_LOG_MAX) {
        length = DEVMGR_LOG_MAX;
    }
    memcpy(l4_msgbuf()->word, line, length);
    /* The same line sent again is not printed twice; no two have the same time. */
    const uint32_t number = (uint32_t)l4_system_clock().ns | 1u;
    struct l4_msg msg = l4_msg(DEVMGR_LOG, length, number, 0, 0);
    msg.tag |= (length + 3u) / 4u;
    const l4_status_t status = l4_call_within(log_devmgr, &msg, line_us);
    line_us = status == L4_ERR_TIMEOUT ? LATE_US : LINE_US; /* otherwise nobody left to tell */
}

void l4_log_to_devmgr(l4_cap_t devmgr)
{
    log_devmgr = devmgr;
    l4_log_set_sink(devmgr_sink, NULL);
}
