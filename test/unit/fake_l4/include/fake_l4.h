/*
 * A kernel for unit tests of servers: one capability table with derivation and rights, regions that
 * can be mapped for real, interrupts, the calls that a server makes and the signals that it sends.
 *
 * It answers as docs/abi says, as far as servers use it; a test looks at the table afterwards.
 * Capabilities that a server's reply carries are taken by fake_receive(), as its client would.
 */
#ifndef FAKE_L4_H
#define FAKE_L4_H

#include <stdbool.h>
#include <stddef.h>

#include <l4/ipc.h>

#define FAKE_SLOTS 256u
#define FAKE_SIGNALS 64u
#define FAKE_PA 0x40000000u /* of the first region */

struct fake_cap {
    enum l4_cap_type type;
    uint32_t rights;
    uint32_t parent; /* the slot that it derives from; 0: none */
    bool original;
    uint64_t pa; /* regions */
    uint32_t size, used;
    uint32_t mapped;       /* address; 0: not */
    uint32_t intid, bound; /* interrupts: the endpoint's slot */
};

struct fake_l4 {
    struct fake_cap cap[FAKE_SLOTS];
    uint64_t now_ns;
    uint32_t signals; /* so many were sent */
    struct {
        uint32_t cap, bits;
    } signal[FAKE_SIGNALS];
    uint32_t answers; /* replies through kept capabilities, and the last one's word */
    l4_status_t answer;
    uint32_t lines;                                               /* logged */
    void (*sink)(void *context, const char *line, size_t length); /* what the server chose */
    /* A call that the server makes; the reply replaces *msg. NULL: nobody answers. */
    l4_status_t (*call)(uint32_t cap, struct l4_msg *msg, uint32_t timeout_us);
};

extern struct fake_l4 fake_l4;

/* An empty table, clock 0, an empty message buffer. */
void fake_l4_init(void);

/* A capability that the server has been given, in a slot that it does not take by itself. */
void fake_give(uint32_t slot, enum l4_cap_type type, uint32_t rights);

/* An original region of `size` bytes at `pa`. */
void fake_give_region(uint32_t slot, uint64_t pa, uint32_t size, uint32_t rights);

/* Item `index` of the reply in the message buffer goes to `slot`, as to its client. TRANSFER: it
 * cannot. */
L4_MUST_CHECK l4_status_t fake_receive(uint32_t index, uint32_t slot);

/* How many capabilities there are. */
uint32_t fake_count(void);

#endif
