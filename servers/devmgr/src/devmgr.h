/*
 * devmgr: private interfaces. One thread, one struct devmgr.
 */
#ifndef DEVMGR_H
#define DEVMGR_H

#include <stdbool.h>
#include <stdint.h>

#include <devmgr/mux.h>
#include <devmgr/pl011.h>
#include <l4/base/window.h>
#include <l4/ipc.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>
#include <l4/proto/session.h>
#include <l4/slots.h>

/* A log line whose caller waits for room in the queue. */
struct waiting_line {
    l4_cap_t reply; /* 0: none waits */
    uint32_t length;
    char text[DEVMGR_LOG_MAX];
};

struct session {
    uint32_t badge;
    const char *name;
    char prefix[L4_START_NAME + 8]; /* of its log lines */
    l4_cap_t page;                  /* original region; the client has a share */
    struct l4_console_page *address;
    l4_cap_t doorbell; /* 0: no session */
    uint32_t bits;
    struct waiting_line line;
};

struct devmgr {
    const struct l4_start_devmgr *start;
    struct l4_slots slots;
    struct l4_window window;
    struct pl011 uart;
    l4_cap_t uart_irq;
    bool input_held; /* a byte that mux_input() had no room for */
    uint8_t held;
    volatile uint32_t *rtc; /* PL031; NULL: none */
    struct mux mux;
    uint32_t session_count;
    struct session session[MUX_CLIENTS];
    struct waiting_line init_line;
    uint32_t line_turn;   /* session whose waiting line is next */
    bool poll;            /* look for output again soon, without a doorbell */
    l4_cap_t flush_reply; /* init waits until all is written; 0: not */
    l4_cap_t offer;       /* free slot offered for a received capability */
};

extern struct devmgr devmgr;

/* A failure at the start: said on the kernel's UART, then devmgr ends; init reports it. */
_Noreturn void devmgr_fail(const char *what, l4_status_t status);
l4_cap_t devmgr_slot(void);

/* --- board.c: the devices of the board's device tree --------------------------------------------
 */

void board_find(const struct l4_start_devmgr *start);

/* --- console.c: moving bytes and lines ----------------------------------------------------------
 */

/* Signal bits of devmgr's endpoint. */
#define SIGNAL_UART 1u
#define SIGNAL_CLIENTS 2u

/* Moves everything that can be moved, in both directions, and arms the interrupts for the rest, and
 * the doorbells or devmgr.poll for what is still to come. */
void console_run(void);

/* Queues a log line of the present caller. False: it must wait; its reply has been kept. */
bool console_log(struct waiting_line *waiting, const char *prefix, const char *text,
                 uint32_t length);

/* Takes what a client has written so far out of its ring, waiting for the UART if need be. */
void console_flush(void);

/* --- session.c ----------------------------------------------------------------------------------
 */

void session_init(const struct l4_start_devmgr *start);

/* NULL: no such client. */
struct session *session_of(uint32_t badge);

/* L4_SESSION_OPEN; fills the reply. */
void session_open(struct session *session, struct l4_msg *msg);
void session_close(struct session *session);

#endif
