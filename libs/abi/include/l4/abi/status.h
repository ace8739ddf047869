/*
 * Status codes: the result of every system call and of every server protocol.
 *
 * 0 is success; failures are negative and grouped by cause. Each line of the table carries the
 * sentence that a log prints. The table is the only definition: the enum and l4_status_text()
 * (libs/base) derive from it.
 */
#ifndef L4_ABI_STATUS_H
#define L4_ABI_STATUS_H

#include <stdint.h>

/* X(name, value, sentence) */
#define L4_STATUS_TABLE(X)                                                                         \
    X(OK, 0, "success")                                                                            \
    /* The call's own words are wrong. */                                                          \
    X(ERR_INVALID, -1, "an argument is outside its range")                                         \
    X(ERR_NOT_SUPPORTED, -2, "this operation does not exist or does not fit this object")          \
    X(ERR_ALIGN, -3, "an address or size is not aligned as the operation needs")                   \
    X(ERR_RANGE, -4, "an offset and size lie outside the object")                                  \
    X(ERR_VERSION, -5, "the caller was built for another ABI version")                             \
    /* Capabilities. */                                                                            \
    X(ERR_CAP, -16, "no capability at that index, or one of another type")                         \
    X(ERR_RIGHTS, -17, "the capability does not carry the right that the operation needs")         \
    X(ERR_SLOT, -18, "the destination slot is in use or outside the table")                        \
    X(ERR_DEPTH, -19, "the capability derivation is too deep")                                     \
    X(ERR_AUTHORITY, -20, "more priority or budget asked for than the caller holds")               \
    /* Memory and state. */                                                                        \
    X(ERR_NO_MEMORY, -32, "the donated memory is used up")                                         \
    X(ERR_EXISTS, -33, "something is mapped or bound there already")                               \
    X(ERR_NOT_FOUND, -34, "nothing is mapped or bound there")                                      \
    X(ERR_BUSY, -35, "the object is in use")                                                       \
    X(ERR_STATE, -36, "the object is not in a state that allows the operation")                    \
    /* IPC. */                                                                                     \
    X(ERR_TIMEOUT, -48, "the timeout passed before a partner was ready")                           \
    X(ERR_CANCELED, -49, "the IPC was cancelled")                                                  \
    X(ERR_PEER_DIED, -50, "the partner died before it answered")                                   \
    X(ERR_NO_CALLER, -51, "there is no caller to reply to")                                        \
    X(ERR_TRANSFER, -52, "a capability or memory item could not be transferred")                   \
    /* Servers and files. */                                                                       \
    X(ERR_IO, -64, "a device or back-end failed")                                                  \
    X(ERR_FORMAT, -65, "data is malformed")                                                        \
    X(ERR_HASH, -66, "data does not match its hash")                                               \
    X(ERR_CONFIG, -67, "the configuration does not allow or define this")

enum l4_status_code {
#define L4_STATUS_ENUM(name, value, text) L4_##name = (value),
    L4_STATUS_TABLE(L4_STATUS_ENUM)
#undef L4_STATUS_ENUM
};

/* A member of enum l4_status_code. A function that returns it is declared with L4_MUST_CHECK. */
typedef int32_t l4_status_t;

#define L4_MUST_CHECK __attribute__((warn_unused_result))

#endif
