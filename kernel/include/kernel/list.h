/* Circular doubly linked list with a head node; the head belongs to the owner of the list. */
#ifndef KERNEL_LIST_H
#define KERNEL_LIST_H

#include <kernel/types.h>

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l;
    l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Insert n directly behind `at`. */
static inline void list_insert(struct list *at, struct list *n)
{
    struct list *next = at->next;

    n->next = next;
    n->prev = at;
    next->prev = n;
    at->next = n;
}

static inline void list_append(struct list *head, struct list *n)
{
    struct list *last = head->prev;

    n->next = head;
    n->prev = last;
    last->next = n;
    head->prev = n;
}

/* Takes the first out of a list that is not empty; its own links are stale. */
static inline struct list *list_take_first(struct list *head)
{
    struct list *n = head->next;
    struct list *next = n->next;

    head->next = next;
    next->prev = head;
    return n;
}

/* Afterwards n is an empty list of its own, so removing twice is harmless. */
static inline void list_remove(struct list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}

#endif
