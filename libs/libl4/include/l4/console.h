/*
 * A console of devmgr's, seen from its client: two byte rings in a shared page, doorbells by
 * signal.
 *
 * The client keeps struct l4_console; its own doorbell rings on input and on room. A write
 * that finds no room takes less, and the doorbell rings when there is room again.
 */
#ifndef L4_CONSOLE_H
#define L4_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/abi/types.h>
#include <l4/base/ring.h>

struct l4_console {
    l4_cap_t devmgr;
    l4_cap_t page; /* the share that devmgr has passed */
    uint32_t bits; /* devmgr's doorbell */
    struct l4_ring tx;
    struct l4_ring rx;
};

/* What the client gives for a session. */
struct l4_console_offer {
    l4_cap_t devmgr;   /* SEND, SIGNAL, GRANT */
    l4_cap_t doorbell; /* endpoint of one's own: SIGNAL, INFO, COPY */
    uint32_t bits;     /* signalled there on input and on room for output */
    l4_cap_t slot;     /* free slot for the page */
    uint32_t address;  /* free page of one's address space */
};

/* Opens, or opens anew after devmgr's death (with the page's slot emptied). Uses the caller's
 * message buffer. Errors: those of the call and of DEVMGR_CONSOLE_OPEN. */
L4_MUST_CHECK l4_status_t l4_console_open(struct l4_console *console,
                                          const struct l4_console_offer *offer);

/* Puts up to `count` bytes; returns how many. Fewer: the doorbell will ring when there is room. */
uint32_t l4_console_write(struct l4_console *console, const void *bytes, uint32_t count);

/* The same in two steps, for clients that write byte by byte: put without ringing devmgr's
 * doorbell, and ring it (if devmgr waits) for all that was put before. A put that takes less than
 * it was given must be followed by a kick at once. */
uint32_t l4_console_put(struct l4_console *console, const void *bytes, uint32_t count);
void l4_console_kick(struct l4_console *console);

/* Takes up to `count` bytes; returns how many. Fewer: the doorbell will ring when there are more.
 */
uint32_t l4_console_read(struct l4_console *console, void *bytes, uint32_t count);

/* Bytes that a write would take now. */
static inline uint32_t l4_console_room(const struct l4_console *console)
{
    return l4_ring_space(&console->tx);
}

#endif
