/*
 * Log: formatting, and the sink that writes to the kernel's debug UART.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <l4/log.h>
#include <l4/system.h>

#define WRITE_BYTES 12u

static l4_log_sink_t *log_sink;
static void *log_context;

static struct {
    l4_cap_t system;
    const char *name;
} log_kernel;

void l4_log_set_sink(l4_log_sink_t *sink, void *context)
{
    log_sink = sink;
    log_context = context;
}

static void write_bytes(l4_cap_t system, const char *bytes, size_t count)
{
    while (count > 0) {
        const size_t part = count < WRITE_BYTES ? count : WRITE_BYTES;
        uint32_t words[3] = {0, 0, 0};
        memcpy(words, bytes, part);
        if (l4_system_write(system, part, words[0], words[1], words[2]) != L4_OK) {
            return;
        }
        bytes += part;
        count -= part;
    }
}

void l4_log_kernel_line(l4_cap_t system, const char *name, const char *line, size_t length)
{
    write_bytes(system, "[", 1);
    write_bytes(system, name, strlen(name));
    write_bytes(system, "] ", 2);
    write_bytes(system, line, length);
    write_bytes(system, "\r\n", 2);
}

static void kernel_sink(void *context, const char *line, size_t length)
{
    (void)context;
    l4_log_kernel_line(log_kernel.system, log_kernel.name, line, length);
}

void l4_log_to_kernel(l4_cap_t system, const char *name)
{
    log_kernel.system = system;
    log_kernel.name = name;
    l4_log_set_sink(kernel_sink, NULL);
}

void l4_log(const char *format, ...)
{
    if (log_sink == NULL) {
        return;
    }
    char line[L4_LOG_LINE];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length > 0) {
        log_sink(log_context, line,
                 (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    }
}
