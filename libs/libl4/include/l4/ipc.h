/*
 * Synchronous IPC and signals: typed wrappers over CALL, REPLY_WAIT, SEND, RECV and SIGNAL.
 *
 * struct l4_msg is what travels in registers. Keep it a local variable: everything here is inlined,
 * so its members then live in the very registers of the system call. Further words and items go
 * through the thread's message buffer (l4_msgbuf(), start.h).
 *
 * Hot path: metrics ipc.rpc, ipc.rpc.4w, vm.mmio, vm.hvc.
 */
#ifndef L4_IPC_H
#define L4_IPC_H

#include <l4/abi/msg.h>
#include <l4/syscall.h>

struct l4_msg {
    uint32_t tag;
    uint32_t badge; /* received messages only */
    uint32_t w[L4_MSG_REG_WORDS];
};

/* For the kernel, every IPC call has one register shape. */
#define L4_IPC_SHAPE(name)                                                                         \
    L4_INLINE l4_status_t l4_ipc_##name(uint32_t cap, uint32_t reply, uint32_t timeout_us,         \
                                        struct l4_msg *msg)                                        \
    {                                                                                              \
        struct l4_words words = {                                                                  \
            {cap, msg->tag, reply, timeout_us, msg->w[0], msg->w[1], msg->w[2], msg->w[3]}};       \
        const l4_status_t status = l4_sys_##name(&words);                                          \
        msg->tag = words.r[1];                                                                     \
        msg->badge = words.r[2];                                                                   \
        msg->w[0] = words.r[4];                                                                    \
        msg->w[1] = words.r[5];                                                                    \
        msg->w[2] = words.r[6];                                                                    \
        msg->w[3] = words.r[7];                                                                    \
        return status;                                                                             \
    }
L4_IPC_SHAPE(call)
L4_IPC_SHAPE(reply_wait)
L4_IPC_SHAPE(send)
L4_IPC_SHAPE(recv)
#undef L4_IPC_SHAPE

/* A message without buffer words or items. */
L4_INLINE struct l4_msg l4_msg(uint32_t label, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3)
{
    const struct l4_msg msg = {l4_tag(label, 0, 0), 0, {w0, w1, w2, w3}};
    return msg;
}

/* Sends *msg through the endpoint (SEND) and waits for the reply, which replaces *msg. The timeout
 * covers both halves. Errors: CAP, RIGHTS, TIMEOUT, CANCELED, PEER_DIED, TRANSFER. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_call(l4_cap_t endpoint, struct l4_msg *msg,
                                            uint32_t timeout_us)
{
    return l4_ipc_call(endpoint, 0, timeout_us, msg);
}

/* The same with a limit for the server alone: a TIMEOUT that comes late says that something more
 * urgent kept the caller from running, and the server too perhaps. Then it is asked again, five
 * times at most: only what may be repeated is called so. */
L4_MUST_CHECK l4_status_t l4_call_within(l4_cap_t endpoint, struct l4_msg *msg,
                                         uint32_t timeout_us);

/* Replies *msg to the present caller and waits on the endpoint (RECV) for the next message or
 * signal, which replaces *msg. A reply that nobody waits for any more is dropped. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_reply_wait(l4_cap_t endpoint, struct l4_msg *msg,
                                                  uint32_t timeout_us)
{
    return l4_ipc_reply_wait(endpoint, 0, timeout_us, msg);
}

/* The same for a caller whose reply was kept with l4_cap_save_reply(); `reply` is used up. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_reply_saved_wait(l4_cap_t endpoint, l4_cap_t reply,
                                                        struct l4_msg *msg, uint32_t timeout_us)
{
    return l4_ipc_reply_wait(endpoint, reply, timeout_us, msg);
}

/* Sends *msg without waiting for an answer. `to` is an endpoint (SEND) or a kept reply, which is
 * used up. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_send(l4_cap_t to, const struct l4_msg *msg,
                                            uint32_t timeout_us)
{
    struct l4_msg copy = *msg;
    return l4_ipc_send(to, 0, timeout_us, &copy);
}

/* Waits on the endpoint (RECV) for a message or signal. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_recv(l4_cap_t endpoint, struct l4_msg *msg,
                                            uint32_t timeout_us)
{
    msg->tag = 0;
    msg->w[0] = msg->w[1] = msg->w[2] = msg->w[3] = 0;
    return l4_ipc_recv(endpoint, 0, timeout_us, msg);
}

/* ORs bits into the endpoint's (SIGNAL) word; never blocks. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_signal(l4_cap_t endpoint, uint32_t bits)
{
    return l4_sys_signal_in(endpoint, bits, 0, 0);
}

/* True for the kernel message that carries signal bits (in w[0]). */
L4_INLINE int l4_msg_is_signal(const struct l4_msg *msg)
{
    return (msg->tag & ~L4_TAG_EXTRA_MASK) ==
           (L4_TAG_KERNEL | L4_KMSG_SIGNAL << L4_TAG_LABEL_SHIFT);
}

#endif
