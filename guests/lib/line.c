/*
 * Lines and replies of text protocols (see line.h).
 */
#include "guest/line.h"

#include <stddef.h>

enum line_event line_add(struct line *line, char c)
{
    if (line->ended) {
        *line = (struct line){0};
    }
    if (c == '\r' || c == '\n') {
        line->ended = true;
        line->text[line->length] = '\0';
        if (line->too_long) {
            return LINE_TOO_LONG;
        }
        return line->length > 0 ? LINE_READY : LINE_NONE;
    }
    if (line->length == GUEST_LINE_MAX) {
        line->too_long = true;
    } else {
        line->text[line->length++] = c == '\0' ? '?' : c;
    }
    return LINE_NONE;
}

static void reply_char(struct reply *reply, char c)
{
    if (reply->length < GUEST_REPLY_MAX) {
        reply->text[reply->length++] = c;
    }
}

void reply_text(struct reply *reply, const char *text)
{
    for (; *text != '\0'; text++) {
        reply_char(reply, *text);
    }
}

void reply_number(struct reply *reply, uint32_t number)
{
    char digits[10];
    uint32_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0) {
        reply_char(reply, digits[--count]);
    }
}

void reply_hex(struct reply *reply, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        reply_char(reply, "0123456789abcdef"[bytes[i] >> 4]);
        reply_char(reply, "0123456789abcdef"[bytes[i] & 15]);
    }
}

bool text_same(const char *a, const char *b)
{
    const char *rest = text_after(a, b);

    return rest != NULL && *rest == '\0';
}

const char *text_after(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; text++, prefix++) {
        if (*text != *prefix) {
            return NULL;
        }
    }
    return text;
}

const char *text_option(const char *args, const char *name)
{
    while (*args != '\0') {
        const char *value = text_after(args, name);

        if (value != NULL) {
            return value;
        }
        while (*args != '\0' && *args != ' ') {
            args++;
        }
        while (*args == ' ') {
            args++;
        }
    }
    return NULL;
}

uint32_t text_number(const char *text, uint32_t max, uint32_t otherwise)
{
    uint64_t number = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9' && number <= max; at++) {
        number = number * 10 + (uint32_t)(*at - '0');
    }
    return at == text || number > max ? otherwise : (uint32_t)number;
}

bool text_lists(const char *list, const char *word)
{
    while (*word != '\0') {
        const char *rest = text_after(list, word);

        if (rest != NULL && (*rest == '\0' || *rest == ' ' || *rest == ',')) {
            return true;
        }
        while (*list != '\0' && *list != ' ' && *list != ',') {
            list++;
        }
        if (*list != ',') {
            return false;
        }
        list++;
    }
    return false;
}
