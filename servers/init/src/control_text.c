/*
 * Lines and flat JSON objects from the host; JSON to it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <init/control_text.h>

enum line_event line_take(struct line_reader *reader, char byte)
{
    if (byte == '\n') {
        const bool too_long = reader->too_long;
        const uint32_t length = reader->length;
        reader->too_long = false;
        reader->length = 0;
        reader->text[length] = '\0';
        return too_long ? LINE_TOO_LONG : length != 0 ? LINE_DONE : LINE_NONE;
    }
    if (byte == '\r') {
        return LINE_NONE;
    }
    if (reader->length == CONTROL_LINE) {
        reader->too_long = true;
    } else {
        reader->text[reader->length++] = byte != '\0' ? byte : '?';
    }
    return LINE_NONE;
}

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    return at;
}

/* What an escape stands for; '\0': not one that a name or verb could need. */
static char unescape(char letter)
{
    return letter == '"' || letter == '\\' || letter == '/' ? letter : '\0';
}

/* A string with its quotes into `to`, cut at `size`; returns what follows, NULL: malformed. */
static const char *take_string(const char *at, char *to, size_t size)
{
    size_t length = 0;
    if (*at++ != '"') {
        return NULL;
    }
    for (; *at != '"'; at++) {
        char letter = *at;
        if (letter == '\\') {
            letter = unescape(*++at);
        }
        if (letter == '\0' || (unsigned char)letter < 0x20) {
            return NULL; /* the line's end, or a control character */
        }
        if (length + 1 < size) {
            to[length++] = letter;
        } else {
            to[0] = '?'; /* no verb, no VM and no key is that long */
        }
    }
    to[length] = '\0';
    return at + 1;
}

static const char *take_number(const char *at, int64_t *value)
{
    const bool negative = *at == '-';
    int64_t number = 0;
    at += negative;
    if (*at < '0' || *at > '9') {
        return NULL;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        if (number > (INT64_MAX - 9) / 10) {
            return NULL;
        }
        number = number * 10 + (*at - '0');
    }
    *value = negative ? -number : number;
    return at;
}

/* A value that nobody asked for. */
static const char *skip_value(const char *at)
{
    static const char *const words[] = {"true", "false", "null"};
    char text[4];
    int64_t number = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(at, words[i], strlen(words[i])) == 0) {
            return at + strlen(words[i]);
        }
    }
    return *at == '"' ? take_string(at, text, sizeof text) : take_number(at, &number);
}

struct fields {
    struct control_request *request;
    char verb[CONTROL_NAME];
};

static const char *take_value(struct fields *fields, const char *key, const char *at)
{
    if (strcmp(key, "id") == 0) {
        at = take_number(at, &fields->request->id);
        fields->request->has_id = at != NULL;
        return at;
    }
    if (strcmp(key, "verb") == 0) {
        return take_string(at, fields->verb, sizeof fields->verb);
    }
    if (strcmp(key, "vm") == 0) {
        return take_string(at, fields->request->vm, sizeof fields->request->vm);
    }
    return skip_value(at);
}

/* "key": value; returns what follows, NULL: malformed. */
static const char *take_member(struct fields *fields, const char *at)
{
    char key[8];
    at = take_string(at, key, sizeof key);
    if (at == NULL) {
        return NULL;
    }
    at = skip_space(at);
    return *at == ':' ? take_value(fields, key, skip_space(at + 1)) : NULL;
}

static bool take_object(struct fields *fields, const char *at)
{
    at = skip_space(at);
    if (*at != '{') {
        return false;
    }
    do {
        at = take_member(fields, skip_space(at + 1));
        if (at == NULL) {
            return false;
        }
        at = skip_space(at);
    } while (*at == ',');
    return *at == '}' && *skip_space(at + 1) == '\0';
}

const char *control_parse(const char *line, struct control_request *request)
{
    static const char *const verbs[VERB_COUNT] = {
        [VERB_LIST] = "list",      [VERB_TOP] = "top",     [VERB_START] = "start",
        [VERB_STOP] = "stop",      [VERB_PAUSE] = "pause", [VERB_RESUME] = "resume",
        [VERB_RESTART] = "restart"};
    struct fields fields = {request, ""};
    memset(request, 0, sizeof *request);
    if (!take_object(&fields, line)) {
        return "not a flat JSON object";
    }
    if (fields.verb[0] == '\0') {
        return "verb is missing";
    }
    for (uint32_t verb = 0; verb < VERB_COUNT; verb++) {
        if (strcmp(fields.verb, verbs[verb]) == 0) {
            request->verb = (enum control_verb)verb;
            return verb > VERB_TOP && request->vm[0] == '\0' ? "vm is missing" : NULL;
        }
    }
    return "unknown verb";
}

void json_print(struct json *json, const char *format, ...)
{
    va_list arguments;
    const size_t room = json->size - json->length;
    va_start(arguments, format);
    const int length = vsnprintf(json->text + json->length, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room) {
        json->cut = true;
        json->text[json->length] = '\0';
        return;
    }
    json->length += (size_t)length;
}

void json_string(struct json *json, const char *text, size_t max)
{
    json_print(json, "\"");
    for (size_t i = 0; i < max && text[i] != '\0'; i++) {
        const unsigned char letter = (unsigned char)text[i];
        if (letter == '"' || letter == '\\') {
            json_print(json, "\\%c", letter);
        } else if (letter < 0x20 || letter >= 0x7f) {
            json_print(json, "\\u%04x", letter);
        } else {
            json_print(json, "%c", letter);
        }
    }
    json_print(json, "\"");
}

void json_number(struct json *json, uint64_t value)
{
    char digits[21];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    json_print(json, "%s", &digits[at]);
}
