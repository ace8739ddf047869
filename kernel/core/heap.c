/*
 * Leftist heap: the right spine of every node is the shortest way down, so merging along right
 * spines takes O(log n). See heap.h.
 */
#include <kernel/heap.h>

static inline uint32_t rank_of(const struct heap_node *n)
{
    return n != NULL ? n->rank : 0;
}

/* The lower child to the right; returns the rank that n then has. */
static inline uint32_t lean(struct heap_node *n)
{
    if (rank_of(n->left) < rank_of(n->right)) {
        struct heap_node *left = n->left;

        n->left = n->right;
        n->right = left;
    }
    return rank_of(n->right) + 1;
}

/* Restores shape and rank from n upwards; stops where nothing changes. */
static void fix_up(struct heap_node *n)
{
    while (n != NULL) {
        uint32_t rank = lean(n);

        if (rank == n->rank) {
            return;
        }
        n->rank = rank;
        n = n->parent;
    }
}

static struct heap_node *merge(struct heap_node *a, struct heap_node *b)
{
    struct heap_node *root = NULL;
    struct heap_node *parent = NULL;
    struct heap_node **link = &root;
    struct heap_node *rest;

    while (a != NULL && b != NULL) {
        struct heap_node *top = a;

        if (b->key < a->key) {
            top = b;
            b = a;
        }
        *link = top;
        top->parent = parent;
        parent = top;
        link = &top->right;
        a = top->right;
    }
    rest = a != NULL ? a : b;
    *link = rest;
    if (rest != NULL) {
        rest->parent = parent;
    }
    for (; parent != NULL; parent = parent->parent) {
        parent->rank = lean(parent);
    }
    return root;
}

void heap_insert(struct heap *h, struct heap_node *n)
{
    struct heap_node *root = h->root;

    n->left = NULL;
    n->right = NULL;
    n->parent = NULL;
    n->rank = 1;
    if (root == NULL) {
        h->root = n;
        return;
    }
    if (n->key < root->key) { /* the new root */
        n->left = root;
        root->parent = n;
        h->root = n;
        return;
    }
    if (root->right == NULL) { /* a leaf below the root */
        n->parent = root;
        if (root->left == NULL) {
            root->left = n;
        } else {
            root->right = n;
            root->rank = 2;
        }
        return;
    }
    h->root = merge(h->root, n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    struct heap_node *parent = n->parent;
    struct heap_node *rest;

    if (n->left != NULL) {
        n->left->parent = NULL;
    }
    if (n->right != NULL) {
        n->right->parent = NULL;
    }
    rest = merge(n->left, n->right);
    if (rest != NULL) {
        rest->parent = parent;
    }
    if (parent == NULL) {
        h->root = rest;
    } else if (parent->left == n) {
        parent->left = rest;
    } else {
        parent->right = rest;
    }
    fix_up(parent);
    n->rank = 0;
}
