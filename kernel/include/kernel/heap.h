/*
 * Leftist heap with parent links: O(log n) worst case insert, remove-any and pop, no allocation.
 * Used for timeouts (key = time) and for the senders of an endpoint (key = priority, then order),
 * so that no number of waiting threads makes a kernel path long.
 */
#ifndef KERNEL_HEAP_H
#define KERNEL_HEAP_H

#include <kernel/types.h>

struct heap_node {
    uint64_t key; /* smallest first; equal keys in no defined order */
    struct heap_node *left, *right, *parent;
    uint32_t rank; /* 0: not in a heap */
};

struct heap {
    struct heap_node *root; /* the smallest, or NULL */
};

void heap_insert(struct heap *h, struct heap_node *n);
/* n must be in h. */
void heap_remove(struct heap *h, struct heap_node *n);

static inline bool heap_contains(const struct heap_node *n)
{
    return n->rank != 0;
}

#endif
