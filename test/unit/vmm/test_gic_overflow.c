/* More interrupts pending or active than there are slots: eviction, nesting, split ends. */
#include "fake_gic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct fake_kernel k;

#define R(offset) fake_read(&k, 0, (offset), 4)
#define W(offset, value) fake_write(&k, 0, (offset), 4, (value))
#define ACK() fake_acknowledge(&k, 0)
#define END(irq) fake_end(&k, 0, (irq))
#define FLIGHT(irq) fake_flight(&k, 0, (irq))
#define LINE(irq, level) gic_set_line(&k.gic, 0, (irq), (level))

static int setup(void **state)
{
    (void)state;
    fake_init_enabled(&k, 1);
    return 0;
}

static void overflow_comes_back(void **state)
{
    (void)state;
    for (uint32_t i = 64; i < 74; i++) {
        LINE(i, true);
    }
    assert_int_equal(R(0x208), 0x3ff);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t irq = ACK();
        assert_in_range(irq, 64, 73);
        seen |= 1u << (irq - 64);
        END(irq);
    }
    assert_int_equal(seen, 0x3ff);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    assert_int_equal(R(0x208), 0);
}

static void overflow_of_levels(void **state)
{
    (void)state;
    for (uint32_t i = 32; i < 42; i++) {
        LINE(i, true);
    }
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t irq = ACK();
        assert_in_range(irq, 32, 41);
        seen |= 1u << (irq - 32);
        LINE(irq, false);
        END(irq);
    }
    assert_int_equal(seen, 0x3ff);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void urgent_evicts(void **state)
{
    (void)state;
    for (uint32_t i = 64; i < 68; i++) {
        LINE(i, true);
    }
    fake_write(&k, 0, 0x446, 1, 0xf0); /* 70: less urgent than all */
    LINE(70, true);
    assert_int_equal(FLIGHT(70), 0);
    fake_write(&k, 0, 0x448, 1, 0x10); /* 72: more urgent */
    LINE(72, true);
    assert_int_equal(ACK(), 72);
    LINE(72, false);
    END(72);
    uint32_t order[5];
    for (uint32_t i = 0; i < 5; i++) {
        order[i] = ACK();
        END(order[i]);
    }
    assert_int_equal(order[4], 70);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void set_priority(uint32_t irq, uint32_t priority)
{
    fake_write(&k, 0, 0x400 + irq, 1, priority);
}

static void next_to_end_is_never_evicted(void **state)
{
    (void)state;
    set_priority(64, 0x40);
    LINE(64, true);
    assert_int_equal(ACK(), 64);
    for (uint32_t i = 65; i < 75; i++) { /* all more urgent, and the guest has them masked */
        set_priority(i, 0x10);
        LINE(i, true);
    }
    assert_true((FLIGHT(64) & L4_VIRQ_ACTIVE) != 0);
    END(64);
    for (uint32_t i = 65; i < 75; i++) {
        uint32_t irq = ACK();
        assert_in_range(irq, 65, 74);
        END(irq);
    }
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void nested_deeper_than_slots(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 12; i++) {
        set_priority(64 + i, 0xf0 - 0x10 * i);
        LINE(64 + i, true);
        assert_int_equal(ACK(), 64 + i);
        assert_int_equal(R(0x308), (2u << i) - 1u);
    }
    for (uint32_t i = 12; i-- != 0;) {
        assert_int_equal(R(0x308), (2u << i) - 1u);
        END(64 + i); /* in flight each time, or the fake would complain */
    }
    assert_int_equal(R(0x308), 0);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

static void less_urgent_waits_for_active(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        set_priority(64 + i, 0x80 - 0x10 * i);
        LINE(64 + i, true);
        assert_int_equal(ACK(), 64 + i);
    }
    LINE(72, true); /* 0x80: cannot be taken before the last of them has ended */
    for (uint32_t i = 0; i < 4; i++) {
        assert_true((FLIGHT(64 + i) & L4_VIRQ_ACTIVE) != 0);
    }
    END(67);
    assert_true((FLIGHT(72) & L4_VIRQ_PENDING) != 0);
}

static void evicted_active_returns_to_a_freed_slot(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        set_priority(64 + i, 0x80 - 0x10 * i);
        LINE(64 + i, true);
        assert_int_equal(ACK(), 64 + i);
    }
    set_priority(72, 0x10);
    LINE(72, true); /* in the place of 64 */
    assert_int_equal(FLIGHT(64), 0);
    W(0x188, 0x100); /* disabled again: its slot is free, and the kernel does not tell */
    assert_int_equal(FLIGHT(72), 0);
    assert_int_equal(FLIGHT(64) & L4_VIRQ_ACTIVE, L4_VIRQ_ACTIVE);
}

static void split_end_in_any_order(void **state)
{
    (void)state;
    k.cpu[0].split_end = true;
    for (uint32_t i = 64; i < 74; i++) {
        LINE(i, true);
        assert_int_equal(ACK(), i); /* and its priority is dropped */
    }
    assert_int_equal(R(0x308), 0x3ff);
    for (uint32_t i = 64; i < 74; i++) {
        LINE(i, false);
        LINE(i, true); /* again, while active */
    }
    assert_int_equal(ACK(), FAKE_SPURIOUS);
    static const uint8_t order[10] = {3, 9, 0, 1, 8, 2, 7, 4, 6, 5};
    for (uint32_t i = 0; i < 10; i++) {
        struct mmio dir = {.offset = 0, .size = 4, .value = 64u + order[i]};
        assert_int_equal(gicc_dir_ops.write(&k.gic, &dir), L4_OK);
        assert_int_equal(R(0x308) >> order[i] & 1u, 0);
        assert_int_equal(ACK(), 64 + order[i]);
    }
    assert_int_equal(R(0x208), 0);
}

static void deactivate_hostile(void **state)
{
    (void)state;
    struct mmio dir = {.offset = 0, .size = 4, .value = 0xffffffff};
    assert_int_equal(gicc_dir_ops.write(&k.gic, &dir), L4_OK);
    dir.value = 1000;
    assert_int_equal(gicc_dir_ops.write(&k.gic, &dir), L4_OK);
    dir.value = 64; /* not active */
    assert_int_equal(gicc_dir_ops.write(&k.gic, &dir), L4_OK);
    dir = (struct mmio){.offset = 0xffc, .size = 4};
    assert_int_equal(gicc_dir_ops.read(&k.gic, &dir), L4_OK);
    assert_int_equal(dir.value, 0);
}

static void active_and_pending_is_never_evicted(void **state)
{
    (void)state;
    static const uint8_t priorities[4] = {0x80, 0x70, 0x60, 0x10};
    for (uint32_t i = 0; i < 4; i++) {
        set_priority(64 + i, priorities[i]);
        LINE(64 + i, true);
        assert_int_equal(ACK(), 64 + i);
        LINE(64 + i, false);
        LINE(64 + i, true);
    }
    set_priority(72, 0x40); /* more urgent than some, but 67 is active */
    LINE(72, true);
    for (uint32_t i = 64; i < 68; i++) {
        assert_int_equal(FLIGHT(i) & (L4_VIRQ_ACTIVE | L4_VIRQ_PENDING),
                         L4_VIRQ_ACTIVE | L4_VIRQ_PENDING);
    }
    END(67); /* now 72 could be taken: 64, which will be ended last, makes room */
    assert_int_equal(FLIGHT(72) & L4_VIRQ_PENDING, L4_VIRQ_PENDING);
    assert_int_equal(R(0x308), 0x7);
    assert_int_equal(R(0x208), 0x10f);
}

static void returned_word_is_pending_again(void **state)
{
    (void)state;
    LINE(64, true);
    uint32_t word = k.cpu[0].slot[0];
    k.cpu[0].slot[0] = 0; /* the reply's inject found no slot */
    gic_returned(&k.gic, 0, word);
    assert_int_equal(R(0x208), 1);
    uint16_t none[1] = {L4_VIRQ_NONE};
    gic_ended(&k.gic, 0, none, 1);
    assert_int_equal(ACK(), 64);
}

static void hostile_notifications(void **state)
{
    (void)state;
    uint16_t ended[4] = {0x3ff, 300, 64, 5};
    gic_ended(&k.gic, 0, ended, 4);
    gic_returned(&k.gic, 0, 0xffffffff);
    assert_int_equal(ACK(), FAKE_SPURIOUS);
}

int test_gic_overflow(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(overflow_comes_back, setup),
        cmocka_unit_test_setup(overflow_of_levels, setup),
        cmocka_unit_test_setup(urgent_evicts, setup),
        cmocka_unit_test_setup(next_to_end_is_never_evicted, setup),
        cmocka_unit_test_setup(nested_deeper_than_slots, setup),
        cmocka_unit_test_setup(less_urgent_waits_for_active, setup),
        cmocka_unit_test_setup(evicted_active_returns_to_a_freed_slot, setup),
        cmocka_unit_test_setup(split_end_in_any_order, setup),
        cmocka_unit_test_setup(deactivate_hostile, setup),
        cmocka_unit_test_setup(active_and_pending_is_never_evicted, setup),
        cmocka_unit_test_setup(returned_word_is_pending_again, setup),
        cmocka_unit_test_setup(hostile_notifications, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
