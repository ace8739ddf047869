/*
 * The modem's command interpreter: AT commands (ITU-T V.250, 3GPP TS 27.007) of several callers
 * that share one radio, at most one of them in a call. Pure: it knows of the radio what it is told.
 *
 * A command line is one command. Replies are lines that end with CR LF, the last one a result code:
 * OK, ERROR, BUSY (somebody else is in a call), NO CARRIER (no network).
 */
#ifndef RADIO_AT_H
#define RADIO_AT_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/line.h"

#define AT_NUMBER_MAX 20u
#define AT_NO_CALLER UINT32_MAX
#define AT_SIGNAL_UNKNOWN 99u /* TS 27.007, 8.5 */

struct at_radio {
    uint32_t signal; /* 0..31, or AT_SIGNAL_UNKNOWN */
    bool registered;
    uint32_t deadlines_met;
    uint32_t deadlines_missed;
    uint32_t worst_latency_us;
};

struct at_modem {
    uint32_t in_call; /* caller, or AT_NO_CALLER */
    char number[AT_NUMBER_MAX + 1];
};

void at_start(struct at_modem *modem);

/* Answers one command line of a caller (any number but AT_NO_CALLER). */
void at_answer(struct at_modem *modem, const struct at_radio *radio, uint32_t caller,
               const char *line, struct reply *reply);

/* The caller has gone: its call ends. */
void at_hang_up(struct at_modem *modem, uint32_t caller);

#endif
