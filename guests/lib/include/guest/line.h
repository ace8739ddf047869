/*
 * Lines in, replies out: what a guest that serves a text protocol needs of strings. Pure; bounded
 * by the sizes here whatever the peer sends.
 */
#ifndef GUEST_LINE_H
#define GUEST_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_LINE_MAX 160u
#define GUEST_REPLY_MAX 320u

enum line_event {
    LINE_NONE,     /* not yet at its end */
    LINE_READY,    /* `text` holds it, terminated, without its line end */
    LINE_TOO_LONG, /* over GUEST_LINE_MAX bytes: all of it is lost */
};

struct line {
    char text[GUEST_LINE_MAX + 1];
    uint32_t length;
    bool ended; /* the next byte begins a new line */
    bool too_long;
};

/* Takes one byte of input. CR and LF end a line, empty lines are none; a NUL is kept as '?', so
 * that the text is as long as it looks. All zero is an empty line's state. */
enum line_event line_add(struct line *line, char c);

struct reply {
    char text[GUEST_REPLY_MAX];
    uint32_t length; /* not terminated */
};

/* Appends; what does not fit is left out. */
void reply_text(struct reply *reply, const char *text);
void reply_number(struct reply *reply, uint32_t number);
void reply_hex(struct reply *reply, const uint8_t *bytes, uint32_t count);

bool text_same(const char *a, const char *b);
/* Where `text` goes on behind `prefix`, NULL when it begins with something else. */
const char *text_after(const char *text, const char *prefix);
/* What follows `name` (such as "allow=") in the first word of a command line that begins with it,
 * NULL when none does. */
const char *text_option(const char *args, const char *name);
/* The decimal number at the start of `text`; `otherwise` when there is none or it is over `max`. */
uint32_t text_number(const char *text, uint32_t max, uint32_t otherwise);
/* True when `word` is one of the words of a comma-separated list that ends at a space or the
 * text's end. */
bool text_lists(const char *list, const char *word);

#endif
