/*
 * Learned addresses: age, replacement of the oldest, forgetting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ipc_net/learn.h>

static struct learn learn;

static int set_up(void **state)
{
    (void)state;
    learn_clear(&learn);
    return 0;
}

static void test_new_and_known(void **state)
{
    (void)state;
    assert_false(learn_has(&learn, 0x1234, 1));
    assert_true(learn_add(&learn, 0x1234, 1));
    assert_false(learn_add(&learn, 0x1234, 2));
    assert_true(learn_has(&learn, 0x1234, 2));
    assert_false(learn_has(&learn, 0, 2));
}

static void test_age(void **state)
{
    (void)state;
    (void)learn_add(&learn, 7, 100);
    assert_true(learn_has(&learn, 7, 100 + LEARN_AGE));
    assert_false(learn_has(&learn, 7, 101 + LEARN_AGE));
    assert_true(learn_add(&learn, 7, 101 + LEARN_AGE)); /* new again: others must forget it */
    assert_true(learn_has(&learn, 7, 101 + LEARN_AGE));
    (void)learn_add(&learn, 7, 200 + LEARN_AGE); /* a frame keeps it alive */
    assert_true(learn_has(&learn, 7, 200 + 2 * LEARN_AGE));
}

static void test_forget(void **state)
{
    (void)state;
    (void)learn_add(&learn, 7, 1);
    (void)learn_add(&learn, 8, 1);
    learn_forget(&learn, 7);
    assert_false(learn_has(&learn, 7, 1));
    assert_true(learn_has(&learn, 8, 1));
}

/* However many come: the newest is known, and no more than the table holds. */
static void test_full(void **state)
{
    (void)state;
    for (uint64_t address = 1; address <= 100000; address++) {
        (void)learn_add(&learn, address << 8, 5);
        assert_true(learn_has(&learn, address << 8, 5));
    }
    uint32_t known = 0;
    for (uint64_t address = 1; address <= 100000; address++) {
        known += learn_has(&learn, address << 8, 5);
    }
    assert_in_range(known, 1, LEARN_SETS * LEARN_WAYS);
}

/* Usual addresses (one maker, consecutive numbers) spread over the whole table. */
static void test_spread(void **state)
{
    (void)state;
    const uint64_t base = UINT64_C(0x000000005254);
    for (uint64_t n = 0; n < 16; n++) {
        (void)learn_add(&learn, base | n << 40, 5);
    }
    for (uint64_t n = 0; n < 16; n++) {
        assert_true(learn_has(&learn, base | n << 40, 5));
    }
}

static uint32_t set_of(uint64_t address)
{
    learn_clear(&learn);
    (void)learn_add(&learn, address, 1);
    for (uint32_t set = 0; set < LEARN_SETS; set++) {
        if (learn.entry[set][0].address == address) {
            return set;
        }
    }
    fail();
    return 0;
}

static void test_oldest_goes(void **state)
{
    (void)state;
    uint64_t same[LEARN_WAYS + 1]; /* addresses of one set */
    uint32_t count = 0;
    for (uint64_t address = 1; count <= LEARN_WAYS; address++) {
        if (set_of(address) == set_of(1)) {
            same[count++] = address;
        }
    }
    learn_clear(&learn);
    for (uint32_t n = 0; n < LEARN_WAYS; n++) {
        (void)learn_add(&learn, same[n], 10 + n);
    }
    (void)learn_add(&learn, same[0], 20); /* seen again: not the oldest any more */
    (void)learn_add(&learn, same[LEARN_WAYS], 21);
    assert_true(learn_has(&learn, same[0], 21));
    assert_false(learn_has(&learn, same[1], 21));
    assert_true(learn_has(&learn, same[LEARN_WAYS], 21));
    (void)learn_add(&learn, same[1], 21 + LEARN_AGE); /* same[2], aged, gives its place */
    assert_true(learn_has(&learn, same[1], 21 + LEARN_AGE));
    assert_true(learn_has(&learn, same[LEARN_WAYS], 21 + LEARN_AGE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_new_and_known, set_up),
        cmocka_unit_test_setup(test_age, set_up),
        cmocka_unit_test_setup(test_forget, set_up),
        cmocka_unit_test_setup(test_full, set_up),
        cmocka_unit_test_setup(test_spread, set_up),
        cmocka_unit_test_setup(test_oldest_goes, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
