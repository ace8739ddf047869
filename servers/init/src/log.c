/*
 * init's log lines: through devmgr, and past it while there is none.
 *
 * A line that devmgr does not take in time may have been taken all the same: it is sent again
 * under its number until that is known, so devmgr can tell that it has it. Lines wait here in a
 * queue meanwhile; init waits for nobody unless the queue is full.
 */
#include <string.h>

#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/start.h>
#include <l4/system.h>

#include "init.h"

#define LINES 16u
#define TRY_US 20000u

struct line {
    uint32_t number;
    uint32_t length;
    char text[L4_LOG_LINE];
};

static struct line line[LINES]; /* line[first] is the oldest */
static uint32_t first;
static uint32_t count;
static uint32_t number;
static bool through_devmgr;

/* True: devmgr has the line. */
static bool send(const struct line *one, uint32_t timeout_us)
{
    memcpy(l4_msgbuf()->word, one->text, one->length);
    struct l4_msg msg = l4_msg(DEVMGR_LOG, one->length, one->number, 0, 0);
    msg.tag |= (one->length + 3u) / 4u;
    return l4_call(init.devmgr.process.endpoint, &msg, timeout_us) == L4_OK;
}

static void drop_first(void)
{
    first = (first + 1u) % LINES;
    count--;
}

static void flush(uint32_t timeout_us)
{
    while (count != 0 && send(&line[first], timeout_us)) {
        drop_first();
    }
}

bool log_flush(void)
{
    if (init.devmgr.runs) {
        flush(TRY_US);
    }
    return count != 0;
}

void log_end(void)
{
    if (init.devmgr.runs) {
        flush(REQUEST_US);
    }
}

static void devmgr_sink(void *context, const char *text, size_t length)
{
    (void)context;
    if (count == LINES) {
        flush(REQUEST_US);
    }
    if (count == LINES) { /* devmgr hangs: who looks after it sees at least this */
        l4_log_kernel_line(L4_ROOT_SYSTEM, "init", line[first].text, line[first].length);
        drop_first();
    }
    struct line *const last = &line[(first + count) % LINES];
    number = number + 1u != 0 ? number + 1u : 1u;
    last->number = number;
    last->length = length < sizeof last->text ? (uint32_t)length : sizeof last->text;
    memcpy(last->text, text, last->length);
    count++;
    (void)log_flush();
}

void log_to_devmgr(void)
{
    through_devmgr = true;
    l4_log_set_sink(devmgr_sink, NULL);
}

/* devmgr may have died in the middle of a line, or of a guest's control sequence, for whose rest a
 * terminal would take ours. */
static void end_cut_line(void)
{
    const uint32_t can_cr_lf = 0x000a0d18u; /* CAN: gives the sequence up (ECMA-48, 8.3.6) */
    if (through_devmgr) {
        const l4_status_t status = l4_system_write(L4_ROOT_SYSTEM, 3, can_cr_lf, 0, 0);
        (void)status; /* our own capability */
    }
    through_devmgr = false;
}

void log_to_uart(void)
{
    end_cut_line();
    l4_log_to_kernel(L4_ROOT_SYSTEM, "init");
    for (; count != 0; drop_first()) {
        l4_log_kernel_line(L4_ROOT_SYSTEM, "init", line[first].text, line[first].length);
    }
}
