/*
 * Static ring-buffer trace: always on, 16 bytes a record, read by L4_SYSTEM_TRACE. Recorded on slow
 * paths only (faults, object life, revocation, injection overflow), never on the IPC path.
 */
#ifndef KERNEL_TRACE_H
#define KERNEL_TRACE_H

#include <kernel/types.h>

/* X(NAME, text) */
#define TRACE_TABLE(X)                                                                             \
    X(BOOT, "boot")                                                                                \
    X(FAULT, "fault")                                                                              \
    X(CREATE, "create")                                                                            \
    X(DESTROY, "destroy")                                                                          \
    X(REVOKE, "revoke")                                                                            \
    X(BUDGET, "budget used up")                                                                    \
    X(LEND, "budget lent")                                                                         \
    X(STOP, "thread stopped")                                                                      \
    X(OVERFLOW, "no slot for a virtual interrupt")                                                 \
    X(SPURIOUS, "interrupt without an owner")

enum trace_event {
#define TRACE_ENUM(NAME, text) TRACE_##NAME,
    TRACE_TABLE(TRACE_ENUM)
#undef TRACE_ENUM
        TRACE_COUNT
};

void trace(enum trace_event event, uint32_t a, uint32_t b);
/* Copies the oldest unread records, whole ones, 4 words each; returns the words written. */
uint32_t trace_read(uint32_t *words, uint32_t max_words);

#endif
