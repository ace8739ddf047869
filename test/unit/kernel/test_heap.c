/* The leftist heap against a reference. */
#include "check.h"

#define NODES 200u

static struct heap heap;
static struct heap_node node[NODES];
static uint32_t seed;

static uint32_t rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static uint32_t least(void)
{
    uint32_t best = NODES;

    for (uint32_t i = 0; i < NODES; i++) {
        if (heap_contains(&node[i]) && (best == NODES || node[i].key < node[best].key)) {
            best = i;
        }
    }
    return best;
}

static uint32_t members(void)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < NODES; i++) {
        n += heap_contains(&node[i]);
    }
    return n;
}

static void random_inserts_and_removals(void **state)
{
    (void)state;
    for (seed = 1; seed < 20; seed++) {
        uint32_t start = seed;

        heap.root = NULL;
        memset(node, 0, sizeof(node));
        for (uint32_t round = 0; round < 2000; round++) {
            struct heap_node *n = &node[rnd() % NODES];

            if (heap_contains(n)) {
                heap_remove(&heap, n);
                assert_false(heap_contains(n));
            } else {
                n->key = rnd() % 50;
                heap_insert(&heap, n);
                assert_true(heap_has(&heap, n));
            }
            assert_int_equal(check_heap(&heap, "test"), members());
            if (heap.root != NULL) {
                assert_int_equal(heap.root->key, node[least()].key);
            }
        }
        seed = start;
    }
}

static void pops_in_order(void **state)
{
    uint64_t last = 0;

    (void)state;
    heap.root = NULL;
    memset(node, 0, sizeof(node));
    for (uint32_t i = 0; i < NODES; i++) {
        node[i].key = ((uint64_t)rnd() << 32) | rnd();
        heap_insert(&heap, &node[i]);
    }
    for (uint32_t i = 0; i < NODES; i++) {
        assert_non_null(heap.root);
        assert_true(heap.root->key >= last);
        last = heap.root->key;
        heap_remove(&heap, heap.root);
    }
    assert_null(heap.root);
}

/* Ascending and descending keys, the worst shapes: the right spine stays logarithmic. */
static void the_right_spine_is_short(void **state)
{
    (void)state;
    for (uint32_t order = 0; order < 2; order++) {
        heap.root = NULL;
        memset(node, 0, sizeof(node));
        for (uint32_t i = 0; i < NODES; i++) {
            node[i].key = order == 0 ? i : NODES - i;
            heap_insert(&heap, &node[i]);
            assert_true(heap.root->rank <= 8);
        }
        while (heap.root != NULL) {
            heap_remove(&heap, heap.root);
            (void)check_heap(&heap, "shrinking");
        }
    }
}

static void list_removal_is_idempotent(void **state)
{
    struct list head;
    struct list a;
    struct list b;

    (void)state;
    list_init(&head);
    list_append(&head, &a);
    list_append(&head, &b);
    assert_ptr_equal(head.next, &a);
    assert_int_equal(check_list(&head, "test"), 2);
    list_remove(&a);
    list_remove(&a);
    assert_true(list_empty(&a));
    assert_ptr_equal(head.next, &b);
    list_insert(&b, &a);
    assert_ptr_equal(head.prev, &a);
    list_remove(&b);
    list_remove(&a);
    assert_true(list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_inserts_and_removals),
        cmocka_unit_test(pops_in_order),
        cmocka_unit_test(the_right_spine_is_short),
        cmocka_unit_test(list_removal_is_idempotent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
