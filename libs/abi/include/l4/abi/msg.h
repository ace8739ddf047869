/*
 * Messages: the tag, the four register words, the message buffer and what the kernel itself sends.
 *
 * Registers of an IPC system call:
 *   in   r0 = capability (CALL, SEND: endpoint or reply; RECV, REPLY_WAIT: endpoint to wait on)
 *        r1 = tag   r2 = REPLY_WAIT: reply capability, 0 = the present caller
 *        r3 = timeout in us      r4-r7 = words w0..w3
 *   out  r0 = status   r1 = tag   r2 = badge   r4-r7 = words w0..w3   (r3 = 0)
 * The four words always travel, whatever the tag says: send 0 in those that mean nothing.
 *
 * Further words and items travel in the message buffer (struct l4_msgbuf), one page of the thread's
 * own memory, known to the kernel by L4_THREAD_SET_BUFFER. The kernel copies; sender and receiver
 * never share a buffer.
 */
#ifndef L4_ABI_MSG_H
#define L4_ABI_MSG_H

#include <assert.h>
#include <stdint.h>

#include <l4/abi/types.h>

/* Tag: [6:0] buffer words (0..120), [9:7] items (0..4), [14:10] zero, [15] sent by the kernel,
 * [31:16] label. A user's bit 15 is cleared on the way: kernel messages cannot be forged. */
#define L4_TAG_WORDS_MASK 0x7fu
#define L4_TAG_ITEMS_SHIFT 7u
#define L4_TAG_ITEMS_MASK 0x7u
#define L4_TAG_KERNEL 0x8000u
#define L4_TAG_LABEL_SHIFT 16u
#define L4_TAG_EXTRA_MASK 0x3ffu /* words and items: a message that needs the buffer */

#define L4_MSG_WORDS 120u
#define L4_MSG_ITEMS 4u
#define L4_MSG_MAP_SIZE 0x10000u
#define L4_MSG_REG_WORDS 4u

static inline uint32_t l4_tag(uint32_t label, uint32_t words, uint32_t items)
{
    return (label << L4_TAG_LABEL_SHIFT) | (items << L4_TAG_ITEMS_SHIFT) | words;
}

static inline uint32_t l4_tag_label(uint32_t tag)
{
    return tag >> L4_TAG_LABEL_SHIFT;
}

static inline uint32_t l4_tag_words(uint32_t tag)
{
    return tag & L4_TAG_WORDS_MASK;
}

static inline uint32_t l4_tag_items(uint32_t tag)
{
    return (tag >> L4_TAG_ITEMS_SHIFT) & L4_TAG_ITEMS_MASK;
}

static inline int l4_tag_is_kernel(uint32_t tag)
{
    return (tag & L4_TAG_KERNEL) != 0;
}

enum l4_item_kind {
    L4_ITEM_NONE = 0,
    L4_ITEM_COPY = 1, /* a copy of the capability, rights masked */
    L4_ITEM_MOVE = 2, /* the capability itself leaves the sender */
    L4_ITEM_MAP = 3,  /* a share of a region, mapped into the receiver's window as well: one a
                         message,  L4_MSG_MAP_SIZE at most */
};

/*
 * One capability or memory item. The sender fills cap, kind, rights, offset and size; the receiver
 * finds kind, rights, the slot used (cap), for L4_ITEM_MAP the address (offset) and size. An item
 * that cannot be transferred ends the IPC with ERR_TRANSFER on the sender's side, before the
 * receiver notices: all items of a message arrive, or none.
 */
struct l4_item {
    uint32_t cap;
    uint8_t kind;
    uint8_t rights; /* L4_RIGHT_* mask; for MAP the mapping's L4_MAP_* */
    uint16_t reserved;
    uint32_t offset;
    uint32_t size;
};

/* The message buffer. slot[] and window_* are the receiver's offer: where items may go. */
struct l4_msgbuf {
    uint32_t word[L4_MSG_WORDS];
    struct l4_item item[L4_MSG_ITEMS];
    uint32_t slot[L4_MSG_ITEMS]; /* free slots for received capabilities, 0 = none */
    uint32_t window_base;        /* page-aligned address for L4_ITEM_MAP */
    uint32_t window_size;
};

static_assert(sizeof(struct l4_item) == 16, "ABI");
static_assert(sizeof(struct l4_msgbuf) == 480 + 64 + 16 + 8, "ABI");

/*
 * Labels of kernel messages (tag bit 15 set). They arrive with the badge of the endpoint
 * capability given to L4_THREAD_SET_FAULT; signals with badge 0.
 */
enum l4_kernel_label {
    L4_KMSG_SIGNAL = 1, /* w0 = signal bits, now cleared. No reply */
    L4_KMSG_FAULT = 2,  /* a native thread faulted: w0 = address, w1 = enum l4_fault,
                           w2 = pc, w3 = syndrome (HSR). Reply: see L4_FAULT_REPLY_* */
    /* Guest exits 16..: see vcpu.h */
    L4_EXIT_FIRST = 16,
};

enum l4_fault {
    L4_FAULT_READ, /* nothing readable at the address */
    L4_FAULT_WRITE,
    L4_FAULT_EXEC,
    L4_FAULT_UNDEFINED, /* an instruction that PL0 may not execute */
    L4_FAULT_ALIGN,
    L4_FAULT_SYSCALL, /* malformed system call: address = number */
    L4_FAULT_BREAKPOINT,
    L4_FAULT_EXTERNAL, /* the bus refused */
};

/* Label of the reply to L4_KMSG_FAULT. Any other label, or none: the thread is retried at its pc.
 */
#define L4_FAULT_REPLY_RETRY 0u
#define L4_FAULT_REPLY_SET_PC 1u /* w0 = new pc */

#endif
