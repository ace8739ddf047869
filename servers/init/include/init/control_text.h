/*
 * The management protocol's text: lines from the host, and JSON to it (docs/book/control.md). Pure;
 * believes nothing that comes from the host.
 */
#ifndef INIT_CONTROL_TEXT_H
#define INIT_CONTROL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_LINE 512u
#define CONTROL_NAME 32u

/* --- Lines ---------------------------------------------------------------------------------- */

/* Assembles lines out of bytes; all zero at first. */
struct line_reader {
    uint32_t length;
    bool too_long; /* the rest of the line is skipped */
    char text[CONTROL_LINE + 1];
};

enum line_event {
    LINE_NONE, /* not complete yet */
    LINE_DONE, /* `text` is a line, terminated, without its end; empty lines are none */
    LINE_TOO_LONG,
};

/* Takes one byte. After LINE_DONE or LINE_TOO_LONG the next byte begins a new line. */
enum line_event line_take(struct line_reader *reader, char byte);

/* --- Requests ------------------------------------------------------------------------------- */

enum control_verb {
    VERB_LIST,
    VERB_TOP,
    VERB_START,
    VERB_STOP,
    VERB_PAUSE,
    VERB_RESUME,
    VERB_RESTART,
    VERB_COUNT
};

struct control_request {
    bool has_id;
    int64_t id;
    enum control_verb verb;
    char vm[CONTROL_NAME]; /* "": none */
};

/* Reads a line. NULL: *request is complete; else what is wrong with it (*request may have its id
 * all the same). */
const char *control_parse(const char *line, struct control_request *request);

/* --- JSON ----------------------------------------------------------------------------------- */

/* Text under construction; what does not fit is cut and `cut` set. */
struct json {
    char *text;
    size_t size;
    size_t length;
    bool cut;
};

__attribute__((format(printf, 2, 3))) void json_print(struct json *json, const char *format, ...);

/* A string with its quotes, escaped. `max`: bytes looked at at most, for text without an end. */
void json_string(struct json *json, const char *text, size_t max);

/* An unsigned number of 64 bits. */
void json_number(struct json *json, uint64_t value);

#endif
