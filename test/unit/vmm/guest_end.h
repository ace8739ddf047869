/*
 * The two implementations of a channel's end, the VMM's and that of our guests (guests/lib), behind
 * one face: a test can let them talk.
 */
#ifndef GUEST_END_H
#define GUEST_END_H

#include <stdint.h>

#include <l4/guest/channel.h>

enum end_event { END_SAME, END_CONNECTED, END_DISCONNECTED };

struct end_ops {
    void (*init)(struct l4_channel_page *page, uint32_t end);
    void (*open)(void);
    void (*close)(void);
    enum end_event (*poll)(void);
    uint32_t (*write)(const void *bytes, uint32_t count);
    uint32_t (*read)(void *bytes, uint32_t count);
};

/* Bells rung by end n; the test counts them down. */
extern uint32_t end_bells[2];

extern const struct end_ops end_of_guest; /* guest_end.c */

#endif
