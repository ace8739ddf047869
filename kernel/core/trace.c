/*
 * Static ring-buffer trace: see trace.h.
 */
#include <arch/cpu.h>
#include <kernel/trace.h>

#define TRACE_RECORDS 128u

struct trace_record {
    uint32_t time; /* counter, low word */
    uint32_t event;
    uint32_t a, b;
};

static struct trace_record ring[TRACE_RECORDS];
static uint32_t written, unread;

void trace(enum trace_event event, uint32_t a, uint32_t b)
{
    ring[written % TRACE_RECORDS] = (struct trace_record){
        .time = (uint32_t)arch_counter(),
        .event = event,
        .a = a,
        .b = b,
    };
    written++;
    if (written - unread > TRACE_RECORDS) {
        unread = written - TRACE_RECORDS;
    }
}

uint32_t trace_read(uint32_t *words, uint32_t max_words)
{
    uint32_t n = 0;

    while (unread != written && n + 4 <= max_words) {
        arch_copy_words(words + n, (const uint32_t *)&ring[unread % TRACE_RECORDS], 4);
        unread++;
        n += 4;
    }
    return n;
}
