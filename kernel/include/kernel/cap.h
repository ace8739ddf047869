/*
 * Capabilities, their tables and their derivation.
 *
 * Every reference to an object is a struct cap: the slots of an address space's table, and the few
 * that a thread holds inside (fault endpoint, message buffer). All capabilities to one object (for
 * regions: all that come from one root range) form a list in derivation order: the descendants of a
 * capability are the members behind it with greater depth. So deriving, deleting and finding the
 * next descendant take constant time, and revocation can stop anywhere. Deleting a capability
 * deletes its descendants first; the original takes the object along.
 */
#ifndef KERNEL_CAP_H
#define KERNEL_CAP_H

#include <kernel/list.h>
#include <kernel/types.h>

#define CAP_SLOT_SHIFT (sizeof(void *) == 4 ? 6u : 7u) /* the host's pointers are wider */
#define CAP_SLOTS_PER_PAGE_SHIFT (L4_PAGE_SHIFT - CAP_SLOT_SHIFT)
#define CAP_SLOTS_PER_PAGE (1u << CAP_SLOTS_PER_PAGE_SHIFT)
#define CAP_TABLE_PAGES 32u /* 2,048 slots on a 32-bit machine */
#define CAP_MAX_DEPTH 250u

struct aspace;
struct thread;

/* Common head of every kernel object. */
struct object {
    uint8_t type;  /* enum l4_cap_type */
    uint8_t dying; /* destruction has begun: no new capability, mapping or waiter */
    uint16_t size_class;
    struct list caps;      /* struct cap.link, in derivation order */
    struct aspace *home;   /* whose pool it lives in; NULL: static */
    struct list home_link; /* in home->objects */
};

enum cap_flags {
    CAP_ORIGINAL = 1, /* region: may be split and donated */
    CAP_DEVICE = 2,   /* region: Device memory, never split by watermark, never wiped */
    CAP_MAPPED = 4,   /* region: mapped in ->space at ->va */
    CAP_DONATED = 8,  /* region: internal slot of ->space, whose pool is made of it */
    CAP_BUFFER = 16,  /* region: a thread's message buffer, inside struct thread */
    CAP_FAULT = 32,   /* endpoint: a thread's fault endpoint, inside struct thread */
    CAP_GUEST = 64,   /* region: mapped into guests only, being the state of whichever ran last */
};

struct cap {
    uint8_t type; /* L4_TYPE_NULL: free slot */
    uint8_t rights;
    uint8_t flags;
    uint8_t depth;
    struct object *object;
    uint32_t badge; /* endpoint */
    /* region */
    frame_t frame;
    uint32_t frames;
    uint32_t watermark; /* frames handed out by SPLIT */
    uint32_t va;        /* CAP_MAPPED: frames va .. va + progress are mapped. Not mapped: `progress`
                           frames from frame `va` on are cleared for the next SPLIT */
    uint32_t progress;
    uint32_t attr;
    struct list link;       /* object->caps */
    struct list space_link; /* ->space->mapped or ->space->donated */
    struct aspace *space;
} __attribute__((aligned(64)));

/* Free slots for good: stands for every page of a table that has not been made. */
extern struct cap cap_no_page[CAP_SLOTS_PER_PAGE];

/* True if c has descendants. */
bool cap_has_children(const struct cap *c);

/* A free slot; the table's page is made on first use (NO_MEMORY). */
l4_status_t cap_free_slot(struct aspace *as, l4_cap_t index, struct cap **out) L4_MUST_CHECK;

/* First capability to a new object. */
void cap_init_original(struct cap *slot, struct object *o, uint8_t rights);

/* dst (free) := a child of src with rights masked and, if src has none, the badge. */
l4_status_t cap_derive(struct cap *dst, struct cap *src, uint8_t rights,
                       uint32_t badge) L4_MUST_CHECK;
/* The same for a user's copy. BUSY: the region's memory was handed out, by split or donation. */
l4_status_t cap_copy(struct cap *dst, struct cap *src, uint8_t rights,
                     uint32_t badge) L4_MUST_CHECK;
/* dst (free) := src, which becomes free; its descendants stay. */
l4_status_t cap_move(struct cap *dst, struct cap *src) L4_MUST_CHECK;

/*
 * Deletes c with its descendants, or the descendants alone. Bounded steps: OK, or
 * KERNEL_PREEMPTED, which also means that address spaces were put on the dying stack and c may be
 * gone after aspace_reap(): start again from the lookup.
 */
int cap_delete(struct cap *c);
int cap_revoke(struct cap *c);

/* Takes c out of its list and frees the slot, without any consequence for the object. */
void cap_clear(struct cap *c);

void object_init(struct object *o, uint8_t type, struct aspace *home, uint32_t size_class);
/* Bounded steps until nothing waits on the object any more: OK or KERNEL_PREEMPTED. */
int object_quiesce(struct object *o);
/* Gives the memory of a quiet object without capabilities back to its pool. */
void object_free(struct object *o);

#endif
