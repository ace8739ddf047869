/*
 * The console multiplexer: several clients' consoles and the system's log lines on one serial line.
 *
 * The foreground console is passed through as it is; lines of the others appear whole, as
 * "name| line"; log lines as "[name] text". Such a line never continues a line of another: when the
 * foreground is in mid-line, it waits a moment for the end of that, if the foreground goes on, or a
 * line end is put first. Output that does not fit waits where it is:
 * in its ring (the client sleeps until there is room) or with the caller of mux_line(). Clients
 * take turns, and who waits for room gets the next that there is; after a log line that waited the
 * consoles get theirs before the next: none can keep the line for itself.
 *
 * A console can have a mirror, a line of its own with an owner elsewhere: it gets all output as it
 * comes and takes the line's input. The serial line waits for it as long as the owner does not call
 * it stalled.
 *
 * Ctrl-B is the escape key: then 1..9 selects a console, n the next, b sends a Ctrl-B, h helps.
 *
 * Pure: no system call. The owner moves mux_output() to the UART, calls mux_pump() when something
 * may have changed, and rings the doorbells that mux_doorbell() tells of.
 */
#ifndef DEVMGR_MUX_H
#define DEVMGR_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/base/ring.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>

#define MUX_CLIENTS (2u * L4_START_CLIENTS) /* a virtio console beside each serial port */
#define MUX_QUEUE 2048u /* power of two; holds the longest line with its prefix */
#define MUX_LINE 160u   /* longer lines of a background console are broken */
#define MUX_INPUT 256u
#define MUX_ESCAPE 0x02u /* Ctrl-B */
/* An unfinished line of the foreground is cut when it has not gone on for so long, or when somebody
 * has waited for its end for so long. */
#define MUX_IDLE_NS 100000000ull
#define MUX_WAIT_NS 300000000ull

struct mux_client {
    const char *name;
    bool open;
    bool closing;      /* its last line need not be finished */
    bool mirrored;     /* its output goes somewhere else, too, and there first */
    bool stalled;      /* ... where nothing moves: it goes on without */
    uint32_t left;     /* bytes of an unfinished background line in the ring */
    uint32_t ahead;    /* bytes at the ring's front that the mirror has had */
    uint32_t dropped;  /* bytes that the mirror has missed */
    struct l4_ring tx; /* consumer */
    struct l4_ring rx; /* producer */
};

struct mux {
    struct mux_client client[MUX_CLIENTS];
    uint32_t count;
    uint32_t foreground;
    uint32_t turn;      /* the client that is looked at first */
    uint32_t line_room; /* bytes that a refused mux_line() waits for */
    bool owed;          /* a line that waited was queued: consoles come before the next */
    bool mid_line;
    bool waits, waited;  /* somebody waits for the end of the foreground's line; did last time */
    uint64_t now_ns;     /* what mux_time() said last */
    uint64_t written_ns; /* when the foreground wrote last */
    uint64_t waits_ns;   /* since when somebody waits */
    bool escaped;
    uint32_t queue_head, queue_tail; /* free-running */
    uint8_t queue[MUX_QUEUE];
    uint32_t input_count;
    uint8_t input[MUX_INPUT]; /* typed, not yet in the foreground's ring */
};

void mux_init(struct mux *mux);

/* A client, in the order of the consoles' numbers; at most MUX_CLIENTS. `name` stays valid. */
void mux_add(struct mux *mux, const char *name);

/* A session begins on a fresh page; resets its rings. */
void mux_open(struct mux *mux, uint32_t client, struct l4_console_page *page);

/* The session ends; what is still in its ring is lost. */
void mux_close(struct mux *mux, uint32_t client);

/* The time, before lines are queued or moved. */
void mux_time(struct mux *mux, uint64_t now_ns);

/* True: a line of another would cut the foreground's too soon; try again later. */
bool mux_must_wait(struct mux *mux);

/* Moves output from the rings to the queue, as far as there is room; `flush` does not wait for line
 * ends. True when anything moved, or when a line that was refused may go now. */
bool mux_pump(struct mux *mux, bool flush);

/* True when no client has output that mux_pump(flush) could still move. */
bool mux_drained(const struct mux *mux);

/* The session is about to end: what is in its ring is moved without waiting for a line end. True:
 * all of it has been moved, or the ring is broken, or there is no session. */
bool mux_finish(struct mux *mux, uint32_t client);

/* --- Mirrors: mux_mirror.c ---------------------------------------------------------------------
 */

/* There is, or is no longer, somebody at the mirror's other end. */
void mux_mirror(struct mux *mux, uint32_t client, bool present);

/* Looks at up to `count` bytes that the mirror has not had; returns how many. */
uint32_t mux_mirror_peek(const struct mux *mux, uint32_t client, void *bytes, uint32_t count);

/* The mirror has had so many. */
void mux_mirror_done(struct mux *mux, uint32_t client, uint32_t count);

/* Nothing moves at the mirror (or something does again): output goes on without it, and what it
 * misses is counted. */
void mux_mirror_stalled(struct mux *mux, uint32_t client, bool stalled);

/* Bytes that the mirror has missed since this was last asked, once it goes on or is gone; 0: none.
 */
uint32_t mux_mirror_missed(struct mux *mux, uint32_t client);

/* Input from the mirror; returns how many bytes were taken. */
uint32_t mux_mirror_input(struct mux *mux, uint32_t client, const void *bytes, uint32_t count);

/* For mux.c: `count` bytes leave the ring; and how many may. */
void mux_mirror_skip(struct mux_client *client, uint32_t count);
uint32_t mux_mirror_limit(const struct mux_client *client);

/* Before sleeping: asks the open clients to ring when there is more. False: there is more now. */
bool mux_sleep(struct mux *mux);

/* Queues "prefix" and `length` bytes of text as one line. False: not now; if tried again before
 * each mux_pump(), it goes before all clients, each other time. */
bool mux_line(struct mux *mux, const char *prefix, const char *text, size_t length);

/* The next byte for the UART; false when there is none. mux_output_done() takes it. */
bool mux_output(const struct mux *mux, uint8_t *byte);
void mux_output_done(struct mux *mux);

/* A byte from the UART. False: no room, offer it again later. */
bool mux_input(struct mux *mux, uint8_t byte);

/* The foreground takes none of it: what was typed is dropped, so that the escape key comes through
 * again, and a line says so. */
void mux_input_drop(struct mux *mux);

/* Moves typed input to the foreground's ring, as far as there is room. */
void mux_deliver(struct mux *mux);

/* True when the client waits for what has been done meanwhile: ring its doorbell. */
bool mux_doorbell(struct mux *mux, uint32_t client);

#endif
