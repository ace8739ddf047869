/*
 * Capability slots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <l4/slots.h>

static void gives_each_slot_once(void **state)
{
    (void)state;
    struct l4_slots slots;
    l4_cap_t slot = 0;
    l4_slots_init(&slots, 6, 10);
    for (l4_cap_t expected = 6; expected < 10; expected++) {
        assert_int_equal(l4_slots_take(&slots, &slot), L4_OK);
        assert_int_equal(slot, expected);
    }
    assert_int_equal(l4_slots_take(&slots, &slot), L4_ERR_NO_MEMORY);
    l4_slots_give(&slots, 0);  /* no slot */
    l4_slots_give(&slots, 5);  /* not ours */
    l4_slots_give(&slots, 10); /* not ours */
    assert_int_equal(l4_slots_take(&slots, &slot), L4_ERR_NO_MEMORY);
    l4_slots_give(&slots, 8);
    assert_int_equal(l4_slots_take(&slots, &slot), L4_OK);
    assert_int_equal(slot, 8);
}

static void is_bounded(void **state)
{
    (void)state;
    struct l4_slots slots;
    l4_slots_init(&slots, 10, 100000);
    assert_int_equal(slots.count, L4_SLOTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_slot_once),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
