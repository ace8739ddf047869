/* What the invariant checker's files share: everything alive, found anew for each check. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include "machine.h"

#define WORLD_MAX 2048u

struct world {
    struct object *object[WORLD_MAX]; /* every object that can have capabilities */
    struct aspace *space[WORLD_MAX];
    struct thread *thread[WORLD_MAX];
    struct endpoint *endpoint[WORLD_MAX];
    struct irq *irq[WORLD_MAX];
    uint32_t objects, spaces, threads, endpoints, irqs;
    bool settled;
};

/* Length of a circular list; every link is checked. */
uint32_t check_list(const struct list *head, const char *name);
/* Nodes of a heap; order, shape and parents are checked. */
uint32_t check_heap(const struct heap *h, const char *name);
bool list_has(const struct list *head, const struct list *link);
bool heap_has(const struct heap *h, const struct heap_node *n);

void check_caps(const struct world *w);
void check_memory(const struct world *w);
void check_pools(const struct world *w);
void check_threads(const struct world *w);
bool is_thread(const struct world *w, const struct thread *t);

#endif
