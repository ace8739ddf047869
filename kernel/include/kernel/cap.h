/*
 * Capabilities, their tables and their derivation.
 *
 * Every reference to an object is a struct cap: the slots of an address space's table, and the few
 * that a thread holds inside (fault endpoint, message buffer). All capabilities to one object (for
 * regions: all that come from one root range) form a list in derivation order: the descendants of a
 * capability are the members behind it with greater depth. So deriving, deleting and finding the
 * next descendant take constant time, and revocation can stop anywhere.
 *
 * The last capability to an object takes the object along.
 */
#ifndef KERNEL_CAP_H
#define KERNEL_CAP_H

#include <kernel/list.h>
#include <kernel/types.h>

#define CAP_SLOT_SHIFT 6u
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
    CAP_DONATED = 8,  /* region: ->space's pool is made of it */
    CAP_BUFFER = 16,  /* region: a thread's message buffer, inside struct thread */
    CAP_FAULT = 32,   /* endpoint: a thread's fault endpoint, inside struct thread */
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
    uint32_t va;
    uint32_t attr;
    struct list link;       /* object->caps */
    struct list space_link; /* ->space->mapped or ->space->donated */
    struct aspace *space;
};

/* The slot at `index` of the caller's table; NULL if outside. */
struct cap *cap_slot(const struct aspace *as, l4_cap_t index);

/* The capability at `index` if it has `type` and all of `rights`; otherwise *status says why. */
l4_status_t cap_lookup(const struct aspace *as, l4_cap_t index, uint8_t type, uint8_t rights,
                       struct cap **out) L4_MUST_CHECK;
/* A free slot. */
l4_status_t cap_free_slot(const struct aspace *as, l4_cap_t index, struct cap **out) L4_MUST_CHECK;

/* First capability to a new object. */
void cap_init_original(struct cap *slot, struct object *o, uint8_t rights);

/* dst (free) := a child of src with rights masked and, if src has none, the badge. */
l4_status_t cap_derive(struct cap *dst, struct cap *src, uint8_t rights,
                       uint32_t badge) L4_MUST_CHECK;
/* dst (free) := src, which becomes free. BUSY for donated regions and internal slots. */
l4_status_t cap_move(struct cap *dst, struct cap *src) L4_MUST_CHECK;

/* Empties a slot: unmaps, ends what hangs on it, destroys the object if it was the last. OK or
 * KERNEL_PREEMPTED. A donated region destroys the address space it was donated to. */
int cap_delete(struct cap *c);
/* Deletes every descendant; a region's split memory comes back. OK or KERNEL_PREEMPTED. */
int cap_revoke(struct cap *c);

/* True if c has descendants. */
bool cap_has_children(const struct cap *c);

/* Initialises an object head. */
void object_init(struct object *o, uint8_t type, struct aspace *home, uint32_t size_class);

/* Ends the object: the per-type destructor (bounded steps), then its memory goes to the pool. OK or
 * KERNEL_PREEMPTED. All capabilities to it are gone already. */
int object_destroy(struct object *o);

#endif
