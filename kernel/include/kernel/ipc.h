/*
 * Synchronous IPC: the transfer of a message between two threads, replies, and what the kernel
 * itself sends (faults, guest exits, signals).
 */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include <kernel/thread.h>

/* What a user may set in a tag. */
#define IPC_TAG_USER_MASK (~(L4_TAG_KERNEL | 0x7c00u))
/* Longest chain of calls. */
#define IPC_CALL_DEPTH 16u

/* The general path of call and reply_wait; each returns the thread to run. */
struct thread *ipc_call(struct thread *self);
struct thread *ipc_reply_wait(struct thread *self);

/* A kernel message (fault or exit) from the current thread t, words w, to its fault endpoint; t
 * waits for the reply. Without a fault endpoint, or at the end of the longest chain of calls, t
 * is stopped for good. Returns the thread to run. */
struct thread *ipc_kernel_call(struct thread *t, uint32_t label, const uint32_t *w);
/* The general path of the same. */
struct thread *ipc_kernel_message(struct thread *t, uint32_t label, const uint32_t *w);

/* The priority of t, which waits to send, has changed. */
void ipc_requeue(struct thread *t);

/* `t` no longer waits for a message it sends or receives, nor for a reply. */
void ipc_abort(struct thread *t);
/* Everyone who waits for a reply of `t` gets `status`. */
void ipc_drop_caller(struct thread *t, l4_status_t status);
/* A reply capability in `slot` goes without having been used: its caller gets PEER_DIED. */
void ipc_drop_reply(struct cap *slot);
/* Moves the reply to the present caller of `server` into the free slot. */
l4_status_t ipc_save_reply(struct thread *server, struct cap *slot) L4_MUST_CHECK;

#endif
