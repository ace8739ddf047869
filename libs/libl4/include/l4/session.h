/*
 * A session with a server, seen from its client (l4/proto/session.h): shared memory and two
 * doorbells. What lies in the memory, and how it is used, is the business of the kind's own header.
 */
#ifndef L4_SESSION_H
#define L4_SESSION_H

#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/abi/types.h>
#include <l4/proto/session.h>

struct l4_session {
    l4_cap_t server; /* what the session was opened with */
    l4_cap_t memory; /* the share that the server has passed */
    uint32_t bits;   /* the server's doorbell */
    void *address;   /* of the memory */
    uint32_t size;   /* of the memory, in bytes; at most the window */
    uint32_t extra;  /* w3 of the server's reply: the kind says what it means */
};

/* What the client gives for a session. It may be kept, to open the session again with. */
struct l4_session_offer {
    l4_cap_t server;   /* SEND, SIGNAL, GRANT */
    l4_cap_t doorbell; /* endpoint of one's own: SIGNAL, INFO, COPY */
    uint32_t bits;     /* signalled there */
    enum l4_session_kind kind;
    uint32_t number;     /* the n-th of its kind */
    l4_cap_t slot;       /* for the memory; whatever it holds is deleted first */
    uint32_t address;    /* free address range (but for that slot's mapping), page aligned ... */
    uint32_t window;     /* ... of so many bytes: at least the kind's memory */
    uint32_t timeout_us; /* l4_call_within(); 0: for ever */
};

/* Opens a session, or opens it again: after the server's restart, or to begin anew. Deletes what
 * `offer->slot` holds, so an earlier session's memory is unmapped even when opening then fails.
 * Uses the caller's message buffer. Errors: those of the call and of L4_SESSION_OPEN; TRANSFER also
 * when the reply brings no memory, or more than the window. *session is written on success only. */
L4_MUST_CHECK l4_status_t l4_session_open(struct l4_session *session,
                                          const struct l4_session_offer *offer);

/* Rings the server's doorbell. A server that is gone hears nothing: init tells its clients. */
void l4_session_kick(const struct l4_session *session);

#endif
