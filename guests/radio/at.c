/*
 * AT commands (see at.h). The table below is the list of what the modem knows.
 */
#include "at.h"

#include <stddef.h>

struct request {
    struct at_modem *modem;
    const struct at_radio *radio;
    uint32_t caller;
    const char *argument; /* what follows the command's name */
    struct reply *reply;
};

/* A result code. */
typedef const char *at_command_t(const struct request *request);

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* As text_after(), without regard to the case of `text`. */
static const char *command_after(const char *text, const char *name)
{
    for (; *name != '\0'; text++, name++) {
        if (upper(*text) != *name) {
            return NULL;
        }
    }
    return text;
}

static void info(const struct request *request, const char *name, uint32_t number)
{
    reply_text(request->reply, name);
    reply_number(request->reply, number);
}

static const char *attention(const struct request *request)
{
    (void)request;
    return "OK";
}

static const char *identify(const struct request *request)
{
    reply_text(request->reply, "Pecan radio\r\n");
    return "OK";
}

static const char *signal_quality(const struct request *request)
{
    info(request, "+CSQ: ", request->radio->signal);
    info(request, ",", AT_SIGNAL_UNKNOWN); /* the bit error rate */
    reply_text(request->reply, "\r\n");
    return "OK";
}

/* 1: registered in the home network, 2: searching. */
static const char *registration(const struct request *request)
{
    info(request, "+CREG: 0,", request->radio->registered ? 1 : 2);
    reply_text(request->reply, "\r\n");
    return "OK";
}

static const char *operator_name(const struct request *request)
{
    reply_text(request->reply,
               request->radio->registered ? "+COPS: 0,0,\"Pecan\"\r\n" : "+COPS: 0\r\n");
    return "OK";
}

/* The identity that test equipment uses (TS 51.010-1). */
static const char *serial_number(const struct request *request)
{
    reply_text(request->reply, "004999010640000\r\n");
    return "OK";
}

/* TS 27.007, 7.18: one outgoing voice call, active. */
static const char *list_calls(const struct request *request)
{
    if (request->modem->in_call == request->caller) {
        reply_text(request->reply, "+CLCC: 1,0,0,0,0,\"");
        reply_text(request->reply, request->modem->number);
        reply_text(request->reply, "\",129\r\n");
    }
    return "OK";
}

static const char *latency(const struct request *request)
{
    info(request, "+LATENCY: ", request->radio->worst_latency_us);
    info(request, ",", request->radio->deadlines_met);
    info(request, ",", request->radio->deadlines_missed);
    reply_text(request->reply, "\r\n");
    return "OK";
}

static bool is_dial_digit(char c)
{
    return (c >= '0' && c <= '9') || c == '*' || c == '#' || c == '+';
}

static const char *dial(const struct request *request)
{
    struct at_modem *modem = request->modem;
    char number[AT_NUMBER_MAX + 1] = {0};
    const char *at = request->argument;
    uint32_t length = 0;

    for (; is_dial_digit(*at) && length < AT_NUMBER_MAX; at++) {
        number[length++] = *at;
    }
    at += *at == ';';
    if (length == 0 || *at != '\0') {
        return "ERROR";
    }
    if (!request->radio->registered) {
        return "NO CARRIER";
    }
    if (modem->in_call != AT_NO_CALLER) {
        return "BUSY";
    }
    modem->in_call = request->caller;
    for (uint32_t i = 0; i <= AT_NUMBER_MAX; i++) {
        modem->number[i] = number[i];
    }
    return "OK";
}

static const char *hang_up(const struct request *request)
{
    at_hang_up(request->modem, request->caller);
    return "OK";
}

static const struct {
    const char *name;
    at_command_t *command;
    bool has_argument;
} commands[] = {
    {"", attention, false},
    {"I", identify, false},
    {"+CSQ", signal_quality, false},
    {"+CREG?", registration, false},
    {"+COPS?", operator_name, false},
    {"+CGSN", serial_number, false},
    {"+CLCC", list_calls, false},
    {"+LATENCY?", latency, false},
    {"H", hang_up, false},
    {"H0", hang_up, false},
    {"+CHUP", hang_up, false},
    {"D", dial, true},
};

void at_start(struct at_modem *modem)
{
    *modem = (struct at_modem){.in_call = AT_NO_CALLER};
}

void at_answer(struct at_modem *modem, const struct at_radio *radio, uint32_t caller,
               const char *line, struct reply *reply)
{
    const char *text = command_after(line, "AT");
    struct request request = {modem, radio, caller, NULL, reply};
    const char *result = "ERROR";

    for (uint32_t i = 0; text != NULL && i < sizeof(commands) / sizeof(commands[0]); i++) {
        request.argument = command_after(text, commands[i].name);
        if (request.argument != NULL && (commands[i].has_argument || *request.argument == '\0')) {
            result = commands[i].command(&request);
            break;
        }
    }
    reply_text(reply, result);
    reply_text(reply, "\r\n");
}

void at_hang_up(struct at_modem *modem, uint32_t caller)
{
    if (modem->in_call == caller) {
        at_start(modem);
    }
}
