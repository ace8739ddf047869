/*
 * Reading properties of any node: their encoding, their ranges, and how a problem is composed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <l4/format/dt.h>

#include "config_reader.h"

#define TEXT_MAX 160

static void report_problem(struct config_report *report, const char *node, const char *property,
                           const char *remedy, const char *what, va_list arguments)
{
    char text[TEXT_MAX];
    (void)vsnprintf(text, sizeof text, what, arguments);
    report->count++;
    report->problem(report->context, node, property, text, remedy);
}

void config_problem(struct config_report *report, const char *node, const char *property,
                    const char *remedy, const char *what, ...)
{
    va_list arguments;
    va_start(arguments, what);
    report_problem(report, node, property, remedy, what, arguments);
    va_end(arguments);
}

void reader_problem(const struct reader *reader, const char *property, const char *remedy,
                    const char *what, ...)
{
    char path[TEXT_MAX];
    va_list arguments;
    va_start(arguments, what);
    if (fdt_get_path(reader->tree, reader->node, path, sizeof path) != 0 || path[0] != '/') {
        (void)snprintf(path, sizeof path, "/.../%.100s", node_name(reader->tree, reader->node));
    }
    report_problem(reader->report, path, property, remedy, what, arguments);
    va_end(arguments);
}

const char *node_name(const void *tree, int node)
{
    const char *const name = fdt_get_name(tree, node, NULL);
    return name != NULL ? name : "?";
}

static const char *encoding_problem(enum encoding encoding, const char *value, int length)
{
    switch (encoding) {
    case ENCODING_ANY:
        return NULL;
    case ENCODING_FLAG:
        return length == 0 ? NULL : "is a flag and takes no value";
    case ENCODING_STRING:
        return length > 1 && value[length - 1] == '\0' && strlen(value) == (size_t)length - 1
                   ? NULL
                   : "must be one string";
    case ENCODING_STRINGS:
        return length > 1 && value[length - 1] == '\0' ? NULL : "must be strings";
    case ENCODING_CELLS:
        return length > 0 && length % 4 == 0 ? NULL : "must be 32-bit cells";
    case ENCODING_CELL:
        return length == 4 ? NULL : "must be 1 cell";
    case ENCODING_CELLS_2:
        return length == 8 ? NULL : "must be 2 cells: <hi lo>";
    case ENCODING_CELLS_4:
        return length == 16 ? NULL : "must be one range: <address-hi address-lo size-hi size-lo>";
    case ENCODING_MAC:
        return length == 6 ? NULL : "must be 6 bytes: [02 00 00 00 00 01]";
    }
    return NULL;
}

void reader_check_properties(const struct reader *reader, const struct property *table,
                             const char *only)
{
    int offset = 0;
    fdt_for_each_property_offset(offset, reader->tree, reader->node)
    {
        const char *name = NULL;
        int length = 0;
        const char *const value = fdt_getprop_by_offset(reader->tree, offset, &name, &length);
        const struct property *entry = table;
        if (strncmp(name, only, strlen(only)) != 0) {
            continue;
        }
        while (entry->name != NULL && strcmp(name, entry->name) != 0) {
            entry++;
        }
        const char *const what = entry->name != NULL
                                     ? encoding_problem(entry->encoding, value, length)
                                     : "unknown property";
        if (what != NULL) {
            reader_problem(reader, name,
                           entry->name != NULL ? SEE_BINDINGS
                                               : "remove it, or check its spelling against "
                                                 "configs/bindings",
                           "%s", what);
        }
    }
}

void reader_expect_cell(const struct reader *reader, const char *name, uint32_t value)
{
    int length = 0;
    const fdt32_t *const cell = fdt_getprop(reader->tree, reader->node, name, &length);
    if (cell == NULL || length != 4 || fdt32_ld(cell) != value) {
        char remedy[48];
        (void)snprintf(remedy, sizeof remedy, "write %s = <%u>;", name, (unsigned int)value);
        reader_problem(reader, name, remedy, "must be <%u>", (unsigned int)value);
    }
}

void reader_no_children(const struct reader *reader, const char *remedy)
{
    int child = 0;
    fdt_for_each_subnode(child, reader->tree, reader->node)
    {
        reader_problem(reader, "", remedy, "unknown node '%s'", node_name(reader->tree, child));
    }
}

bool reader_has(const struct reader *reader, const char *name)
{
    return fdt_getprop(reader->tree, reader->node, name, NULL) != NULL;
}

bool reader_enabled(const struct reader *reader)
{
    const bool enabled = dt_enabled(reader->tree, reader->node);
    if (!enabled) {
        const char *const status = reader_string(reader, "status", "");
        if (strcmp(status, "disabled") != 0) {
            reader_problem(reader, "status", "give okay or disabled", "unknown status '%s'",
                           status);
        }
    }
    return enabled;
}

const char *reader_string(const struct reader *reader, const char *name, const char *absent)
{
    const char *const text = dt_string(reader->tree, reader->node, name);
    return text != NULL ? text : absent;
}

uint32_t reader_cell(const struct reader *reader, const char *name, uint32_t low, uint32_t high,
                     uint32_t absent)
{
    int length = 0;
    const fdt32_t *const value = fdt_getprop(reader->tree, reader->node, name, &length);
    if (value == NULL || length != 4) {
        return absent;
    }
    const uint32_t number = fdt32_ld(value);
    if (number < low || number > high) {
        char remedy[48];
        (void)snprintf(remedy, sizeof remedy, low == high ? "give %u" : "give %u to %u",
                       (unsigned int)low, (unsigned int)high);
        reader_problem(reader, name, remedy, "%u is out of range", (unsigned int)number);
    }
    return number;
}

bool reader_range(const struct reader *reader, const char *name, uint64_t *base, uint64_t *size)
{
    int length = 0;
    const fdt32_t *const cells = fdt_getprop(reader->tree, reader->node, name, &length);
    if (cells == NULL || length != 16) {
        return false;
    }
    *base = (uint64_t)fdt32_ld(&cells[0]) << 32 | fdt32_ld(&cells[1]);
    *size = (uint64_t)fdt32_ld(&cells[2]) << 32 | fdt32_ld(&cells[3]);
    return true;
}
