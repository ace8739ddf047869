/* The pool: classes, exhaustion, reuse, clearing and accounting. */
#include "machine.h"

#include <kernel/pool.h>

#define BASE (RAM_FRAME + 0x1000u)

static const uint32_t bytes[POOL_CLASSES] = {256, 1024, 2048, 4096};

static struct pool pool;

static int setup(void **state)
{
    (void)state;
    if (machine_setup(state) != 0) {
        return -1;
    }
    pool_init(&pool);
    return 0;
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

static bool clear(const uint8_t *p, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void an_empty_pool_gives_nothing(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < POOL_CLASSES; c++) {
        assert_null(pool_alloc(&pool, c));
    }
    assert_int_equal(pool.free_bytes, 0);
}

static void every_class_is_used_up_exactly(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < POOL_CLASSES; c++) {
        uint32_t n = 0;
        uint8_t *p;

        pool_init(&pool);
        frames_fill(BASE, 4, 0xa5);
        pool_add(&pool, BASE, 4);
        while ((p = pool_alloc(&pool, c)) != NULL) {
            assert_int_equal((uintptr_t)p % bytes[c], 0);
            assert_true(clear(p, bytes[c]));
            memset(p, 0x5a, bytes[c]);
            n++;
        }
        assert_int_equal(n, 4 * 4096 / bytes[c]);
        assert_int_equal(pool.free_bytes, 0);
        assert_int_equal(pool.total_bytes, 4 * 4096);
    }
}

static void freed_memory_is_used_again_and_clear(void **state)
{
    (void)state;
    pool_add(&pool, BASE, 1);
    for (uint32_t round = 0; round < 100; round++) {
        uint8_t *p = pool_alloc(&pool, POOL_512);

        assert_non_null(p);
        assert_true(clear(p, bytes[POOL_512]));
        memset(p, 0xff, bytes[POOL_512]);
        pool_free(&pool, p, POOL_512);
        assert_int_equal(pool.free_bytes, 4096);
    }
}

/* A page that comes back clear is handed out as it is, and may still be cut. */
static void clean_pages_are_not_cleared_again(void **state)
{
    uint8_t *p;

    (void)state;
    pool_add(&pool, BASE, 1);
    p = pool_alloc(&pool, POOL_PAGE);
    pool_free_clean(&pool, p);
    assert_int_equal(pool.free_bytes, 4096);
    fake_log_clear();
    assert_ptr_equal(pool_alloc(&pool, POOL_PAGE), p);
    assert_true(clear(p, 4096));
    assert_int_equal(pool.free_bytes, 0);
    pool_free_clean(&pool, p);
    for (uint32_t i = 0; i < 2; i++) {
        p = pool_alloc(&pool, POOL_1024);
        assert_non_null(p);
        assert_true(clear(p, bytes[POOL_1024]));
    }
    assert_null(pool_alloc(&pool, POOL_128));
}

static void ranges_wait_behind_the_first(void **state)
{
    uint32_t seen[3] = {0};

    (void)state;
    pool_add(&pool, BASE, 1);
    pool_add(&pool, BASE + 10, 2);
    pool_add(&pool, BASE + 20, 3);
    assert_int_equal(pool.free_bytes, 6 * 4096);
    for (uint32_t i = 0; i < 6; i++) {
        uint8_t *p = pool_alloc(&pool, POOL_PAGE);

        assert_non_null(p);
        assert_true(clear(p, 4096));
        seen[(arch_ptr_frame(p) - BASE) / 10]++;
    }
    assert_null(pool_alloc(&pool, POOL_PAGE));
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[1], 2);
    assert_int_equal(seen[2], 3);
}

static void random_use_never_overlaps(void **state)
{
    static struct {
        uint8_t *p;
        uint32_t c;
    } live[400];
    uint32_t seed = 7;
    uint32_t used = 0;

    (void)state;
    memset(live, 0, sizeof(live));
    pool_add(&pool, BASE, 40);
    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t i;

        seed = seed * 1664525u + 1013904223u;
        i = (seed >> 8) % 400;
        if (live[i].p == NULL) {
            live[i].c = (seed >> 20) % POOL_CLASSES;
            live[i].p = pool_alloc(&pool, live[i].c);
            if (live[i].p != NULL) {
                assert_true(clear(live[i].p, bytes[live[i].c]));
                memset(live[i].p, (int)(i | 1), bytes[live[i].c]);
                used += bytes[live[i].c];
            }
        } else {
            for (uint32_t b = 0; b < bytes[live[i].c]; b++) {
                assert_int_equal(live[i].p[b], (uint8_t)(i | 1));
            }
            used -= bytes[live[i].c];
            pool_free(&pool, live[i].p, live[i].c);
            live[i].p = NULL;
        }
        assert_int_equal(pool.free_bytes + used, 40 * 4096);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_empty_pool_gives_nothing),
        POOL_TEST(every_class_is_used_up_exactly),
        POOL_TEST(freed_memory_is_used_again_and_clear),
        POOL_TEST(clean_pages_are_not_cleared_again),
        POOL_TEST(ranges_wait_behind_the_first),
        POOL_TEST(random_use_never_overlaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
