/*
 * Invariants of the kernel, part 1: finding everything that lives, lists and heaps.
 */
#include "check.h"

#include <stdio.h>

static struct world world;

void check_failed(const char *file, int line, const char *what, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print_error("%s [%s] after %u kernel entries, seed %u\n", text, what, m.entries, m.seed);
    _fail(file, line);
    __builtin_unreachable();
}

uint32_t check_list(const struct list *head, const char *name)
{
    uint32_t n = 0;

    for (const struct list *l = head;; l = l->next) {
        CHECK(l->next != NULL && l->next->prev == l, "broken list: %s", name);
        if (l->next == head) {
            return n;
        }
        CHECK(n++ < 100000, "endless list: %s", name);
    }
}

bool list_has(const struct list *head, const struct list *link)
{
    for (const struct list *l = head->next; l != head; l = l->next) {
        if (l == link) {
            return true;
        }
    }
    return false;
}

static uint32_t check_node(const struct heap_node *n, const struct heap_node *parent,
                           const char *name)
{
    uint32_t left;
    uint32_t right;

    if (n == NULL) {
        return 0;
    }
    left = n->left != NULL ? n->left->rank : 0;
    right = n->right != NULL ? n->right->rank : 0;
    CHECK(n->parent == parent, "heap parent: %s", name);
    CHECK(parent == NULL || parent->key <= n->key, "heap order: %s", name);
    CHECK(left >= right && n->rank == right + 1, "heap shape: %s", name);
    return 1 + check_node(n->left, n, name) + check_node(n->right, n, name);
}

uint32_t check_heap(const struct heap *h, const char *name)
{
    return check_node(h->root, NULL, name);
}

bool heap_has(const struct heap *h, const struct heap_node *n)
{
    if (n->rank == 0) {
        return false;
    }
    while (n->parent != NULL) {
        n = n->parent;
    }
    return h->root == n;
}

static void add_object(struct object *o)
{
    for (uint32_t i = 0; i < world.objects; i++) {
        if (world.object[i] == o) {
            return;
        }
    }
    CHECK(world.objects < WORLD_MAX, "more objects than the checker knows");
    world.object[world.objects++] = o;
}

static void add_home_object(struct aspace *as, struct object *o)
{
    CHECK(o->home == as, "an object in another's list");
    add_object(o);
    if (o->type == L4_TYPE_THREAD) {
        world.thread[world.threads++] = thread_of_object(o);
    } else if (o->type == L4_TYPE_ENDPOINT) {
        world.endpoint[world.endpoints++] = container_of(o, struct endpoint, object);
    } else {
        CHECK(o->type == L4_TYPE_IRQ, "object of type %u in an address space", o->type);
        world.irq[world.irqs++] = container_of(o, struct irq, object);
    }
}

static void add_space(struct aspace *as)
{
    for (uint32_t i = 0; i < world.spaces; i++) {
        if (world.space[i] == as) {
            return;
        }
    }
    world.space[world.spaces++] = as;
    CHECK(as->object.type == L4_TYPE_ASPACE, "a donation to something else");
    add_object(&as->object);
    (void)check_list(&as->objects, "objects of an address space");
    for (struct list *l = as->objects.next; l != &as->objects; l = l->next) {
        add_home_object(as, container_of(l, struct object, home_link));
    }
}

/* Address spaces are found through the donations in the lists of the root ranges. */
static void add_spaces_of(const struct object *root)
{
    (void)check_list(&root->caps, "capabilities of a root range");
    for (struct list *l = root->caps.next; l != &root->caps; l = l->next) {
        struct cap *c = container_of(l, struct cap, link);

        if ((c->flags & CAP_DONATED) != 0) {
            add_space(c->space);
        }
    }
}

struct thread *check_thread(uint32_t n)
{
    return world.threads != 0 ? world.thread[n % world.threads] : NULL;
}

void check_all(bool settled)
{
    world.objects = world.spaces = world.threads = world.endpoints = world.irqs = 0;
    world.settled = settled;
    for (uint32_t i = 0; i < m.root_count; i++) {
        add_object(m.root[i]);
    }
    for (uint32_t i = 0; i < m.root_count; i++) {
        if (m.root[i]->type == L4_TYPE_REGION) {
            add_spaces_of(m.root[i]);
        }
    }
    check_caps(&world);
    check_memory(&world);
    check_threads(&world);
    if (m.entries % 16 == 0) {
        check_pools(&world);
    }
}
