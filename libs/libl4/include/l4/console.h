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
#include <l4/session.h>

struct l4_console {
    struct l4_session session;
    struct l4_ring tx;
    struct l4_ring rx;
};

#define L4_CONSOLE_WINDOW L4_PAGE_SIZE

/* Opens, or opens again (l4/session.h), a session whose memory is a struct l4_console_page:
 * L4_SESSION_CONSOLE, _CONTROL or _ENTROPY; with a window of L4_CONSOLE_WINDOW. The doorbell rings
 * on input and on room for output. Errors: those of l4_session_open(). */
L4_MUST_CHECK l4_status_t l4_console_open(struct l4_console *console,
                                          const struct l4_session_offer *offer);

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
