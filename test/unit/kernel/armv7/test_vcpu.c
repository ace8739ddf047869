/* Virtual interrupts and lazily held state of arch/armv7, on the host. */
#include "vcpu_machine.h"

#define VCPU_TEST(f) cmocka_unit_test_setup(f, vcpu_setup)
#define NONE 0xffffffffu

static void inject(uint32_t id, uint32_t priority, uint32_t flags, int32_t expected)
{
    assert_int_equal(arch_vcpu_inject(&thread_a, l4_virq(id, priority, flags)), expected);
}

/* --- what is where --- */

static void the_first_entry_loads_everything(void **state)
{
    (void)state;
    run_guest(&thread_a);
    assert_int_equal(seen("bank load", 1), 1);
    assert_int_equal(record_find(0, "bank save"), record.count);
    assert_int_equal(record_read("HCR"), GUEST_HCR);
    assert_int_equal(record_read("HCPTR"), GUEST_HCPTR_TRAP);
    assert_int_equal(GICH(GICH_HCR), GICH_HCR_EN);
    assert_int_equal(record_read("HSTR"), GUEST_HSTR | GUEST_HSTR_C9);
}

static void servers_run_beside_a_loaded_guest(void **state)
{
    (void)state;
    run_guest(&thread_a);
    record_write("SCTLR", 0x1234);
    record_write("CNTKCTL", 3);
    record_clear();
    run_native();
    assert_int_equal(record_find(0, "bank save"), record.count);
    assert_int_equal(thread_a.vcpu->world.sctlr, 0x1234);
    assert_int_equal(record_read("SCTLR"), WORLD_NATIVE_SCTLR);
    assert_int_equal(record_read("CNTKCTL"), 0);
    assert_int_equal(record_read("HCR"), WORLD_NATIVE_HCR);
    run_guest(&thread_a);
    assert_int_equal(record_find(0, "bank load"), record.count);
    assert_int_equal(record_read("SCTLR"), 0x1234);
    assert_int_equal(record_read("CNTKCTL"), 3);
}

static void another_guest_takes_the_processor_whole(void **state)
{
    uint32_t save;

    (void)state;
    run_guest(&thread_a);
    inject(40, 0, 0, L4_OK);
    GICH(GICH_APR) = 0x10;
    run_native();
    record_clear();
    run_guest(&thread_b);
    save = record_find(0, "bank save");
    assert_true(save < record_find(0, "bank load"));
    assert_int_equal(record.event[save].value, 1);
    assert_int_equal(*lr(0), 0);
    assert_int_equal(thread_a.vcpu->apr, 0x10);
    assert_int_equal(thread_a.vcpu->loaded, 0);
    run_guest(&thread_a);
    assert_int_equal(*lr(0), l4_virq(40, 0, 0));
    assert_int_equal(GICH(GICH_APR), 0x10);
    assert_int_equal(GICH(GICH_HCR), GICH_HCR_EN);
}

/* The interface must be off before the list registers belong to nobody. */
static void a_flush_makes_the_state_complete(void **state)
{
    (void)state;
    run_guest(&thread_a);
    inject(40, 0, 0, L4_OK);
    record_write("SCTLR", 0x777);
    arch_vcpu_flush(thread_a.vcpu);
    assert_int_equal(seen("bank save", 1), 1);
    assert_int_equal(thread_a.vcpu->lr[0], l4_virq(40, 0, 0));
    assert_int_equal(thread_a.vcpu->cp15.sctlr, 0x777);
    assert_int_equal(GICH(GICH_HCR), 0);
    assert_null(cpu_boot.loaded_vcpu);
    record_clear();
    arch_vcpu_flush(thread_a.vcpu);
    assert_int_equal(record_find(0, "bank save"), record.count);
}

static void vfp_state_follows_its_first_use(void **state)
{
    uint32_t save;

    (void)state;
    run_guest(&thread_a);
    record_clear();
    vcpu_vfp_take(&thread_a);
    assert_int_equal(record_find(0, "vfp save"), record.count);
    assert_true(record_find(0, "HCPTR") < record_find(0, "isb"));
    assert_true(record_find(0, "isb") < record_find(0, "vfp load"));
    run_guest(&thread_b);
    assert_int_equal(record_read("HCPTR"), GUEST_HCPTR_TRAP);
    record_clear();
    vcpu_vfp_take(&thread_b);
    save = record_find(0, "vfp save");
    assert_true(record_find(0, "isb") < save);
    assert_int_equal(record.event[save].value, 1);
    assert_int_equal(record.event[record_find(save, "vfp load")].value, 2);
    assert_ptr_equal(cpu_boot.loaded_vfp, &thread_b);
    record_clear();
    run_guest(&thread_a); /* it has used it before: no trap */
    assert_int_equal(seen("vfp save", 2), 1);
    assert_int_equal(seen("vfp load", 1), 1);
    assert_int_equal(record_read("HCPTR"), GUEST_HCPTR_OPEN);
    run_guest(&thread_b);
    assert_int_equal(record_read("HCPTR"), GUEST_HCPTR_OPEN);
    record_clear();
    arch_vcpu_flush(thread_b.vcpu);
    assert_int_equal(seen("vfp save", 2), 1);
    assert_null(cpu_boot.loaded_vfp);
}

static void thumbee_registers_follow_their_use(void **state)
{
    (void)state;
    run_guest(&thread_a);
    assert_int_equal(record_read("HSTR") & HSTR_TTEE, HSTR_TTEE);
    record_clear();
    vcpu_tee_take(&thread_a);
    assert_int_equal(record_find(0, "tee save"), record.count);
    assert_int_equal(seen("tee load", 1), 1);
    assert_int_equal(record_read("HSTR") & HSTR_TTEE, 0);
    run_native();
    assert_int_equal(record_read("HSTR") & HSTR_TTEE, HSTR_TTEE);
    run_guest(&thread_b);
    assert_int_equal(record_read("HSTR") & HSTR_TTEE, HSTR_TTEE);
    record_clear();
    run_guest(&thread_a); /* nobody has used them since */
    assert_int_equal(record_read("HSTR") & HSTR_TTEE, 0);
    run_guest(&thread_b);
    vcpu_tee_take(&thread_b);
    assert_true(record_find(0, "tee save") < record_find(0, "tee load"));
    assert_int_equal(seen("tee save", 1), 1);
    assert_int_equal(seen("tee load", 2), 1);
    run_guest(&thread_a);
    assert_int_equal(record_read("HSTR") & HSTR_TTEE, HSTR_TTEE);
    record_clear();
    arch_vcpu_flush(thread_b.vcpu);
    assert_int_equal(seen("tee save", 2), 1);
    assert_null(cpu_boot.arch.loaded_tee);
    run_guest(&thread_b);
    assert_int_equal(record_read("HSTR") & HSTR_TTEE, HSTR_TTEE);
}

/* --- interrupts in flight --- */

static void injection_reaches_loaded_and_unloaded_state(void **state)
{
    (void)state;
    inject(50, 0xa0, L4_VIRQ_GROUP1, L4_OK);
    assert_int_equal(thread_a.vcpu->lr[0], l4_virq(50, 0xa0, L4_VIRQ_GROUP1));
    run_guest(&thread_a);
    inject(51, 0, 0, L4_OK);
    assert_int_equal(*lr(1), l4_virq(51, 0, 0));
    inject(1020, 0, 0, L4_ERR_INVALID);
    assert_int_equal(arch_vcpu_inject(&thread_a, 50), L4_ERR_INVALID);
}

static void an_overflow_is_told_when_a_slot_is_free(void **state)
{
    (void)state;
    run_guest(&thread_a);
    inject(40, 0, 0, L4_OK);
    inject(41, 0, 0, L4_OK);
    inject(42, 0, 0, L4_OK); /* slot 2: no physical timer is configured */
    inject(43, 0, 0, L4_ERR_BUSY);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true((*lr(i) & L4_VIRQ_NOTIFY) != 0);
        assert_int_equal(gich_word(thread_a.vcpu, i), l4_virq(40 + i, 0, 0));
    }
    assert_false(lr_in_flight(*lr(3))); /* the virtual timer's alone */
    guest_take(1);
    guest_end(1);
    assert_int_equal(exit_seen.count, 1);
    assert_int_equal(exit_seen.label, L4_EXIT_VIRQ);
    assert_int_equal(exit_seen.w0, 1);
    assert_int_equal(exit_seen.w1, NONE);
    inject(43, 0, 0, L4_OK);
    guest_take(0);
    guest_end(0);
    assert_int_equal(exit_seen.count, 1); /* told once */
}

static void notified_ends_are_told_by_number(void **state)
{
    (void)state;
    run_guest(&thread_a);
    inject(40, 0, L4_VIRQ_NOTIFY, L4_OK);
    inject(41, 0, 0, L4_OK);
    guest_take(0);
    guest_end(0);
    assert_int_equal(exit_seen.count, 1);
    assert_int_equal(exit_seen.w1, 0xffff0000u | 40);
    assert_int_equal(exit_seen.w2, NONE);
    assert_int_equal(*lr(0), 0);
    guest_take(1);
    guest_end(1);
    assert_int_equal(exit_seen.count, 1);
}

static void a_second_interrupt_merges_with_the_first(void **state)
{
    (void)state;
    run_guest(&thread_a);
    inject(40, 0, 0, L4_OK);
    guest_take(0);
    inject(40, 0, 0, L4_OK);
    assert_int_equal(*lr(0) & LR_STATE, L4_VIRQ_ACTIVE | L4_VIRQ_PENDING);
    assert_int_equal(*lr(1), 0);
}

static void sgis_of_two_sources_do_not_merge(void **state)
{
    uint32_t from1 = l4_virq(3, 0, 0) | 1u << L4_VIRQ_SOURCE_SHIFT;
    uint32_t from2 = l4_virq(3, 0, 0) | 2u << L4_VIRQ_SOURCE_SHIFT;

    (void)state;
    run_guest(&thread_a);
    assert_int_equal(arch_vcpu_inject(&thread_a, from1), L4_OK);
    assert_int_equal(arch_vcpu_inject(&thread_a, from2), L4_ERR_BUSY);
    assert_int_equal(gich_word(thread_a.vcpu, 0), from1);
    guest_take(0);
    guest_end(0);
    assert_int_equal(exit_seen.count, 1);
    assert_int_equal(arch_vcpu_inject(&thread_a, from2), L4_OK);
    /* The source bits of anything else are the hardware's: never the VMM's. */
    assert_int_equal(arch_vcpu_inject(&thread_a, l4_virq(60, 0, 0) | 7u << 10), L4_OK);
    assert_int_equal(*lr(1) & (7u << 10), 0);
}

static void linked_interrupts_wait_their_turn(void **state)
{
    (void)state;
    run_guest(&thread_a);
    for (uint32_t i = 0; i < 3 + VCPU_WAITING; i++) {
        /* The later, the more urgent. */
        assert_int_equal(
            arch_vcpu_inject_linked(&thread_a, l4_virq(40 + i, 0xf0 - 8 * i, 0), 100 + i), L4_OK);
    }
    assert_int_equal(arch_vcpu_inject_linked(&thread_a, l4_virq(99, 0, 0), 99), L4_ERR_BUSY);
    guest_take(0);
    record_clear();
    guest_end(0);
    assert_int_equal(seen("deactivate", 100), 1);
    assert_int_equal(exit_seen.count, 0);                        /* the VMM has no part in it */
    assert_int_equal(L4_VIRQ_ID(*lr(0)), 40 + 2 + VCPU_WAITING); /* the most urgent */
    guest_take(0);
    guest_end(0);
    assert_int_equal(seen("deactivate", 100 + 2 + VCPU_WAITING), 1);
}

static void retracting_deactivates_the_source(void **state)
{
    uint32_t word = 0;

    (void)state;
    run_guest(&thread_a);
    assert_int_equal(arch_vcpu_inject_linked(&thread_a, l4_virq(40, 0, 0), 100), L4_OK);
    inject(41, 0, 0, L4_OK);
    assert_int_equal(arch_vcpu_retract(&thread_a, 40, &word), L4_OK);
    assert_int_equal(word, l4_virq(40, 0, 0));
    assert_int_equal(seen("deactivate", 100), 1);
    assert_int_equal(arch_vcpu_retract(&thread_a, 40, &word), L4_ERR_NOT_FOUND);
    assert_int_equal(arch_vcpu_retract(&thread_a, 41, &word), L4_OK);
    assert_int_equal(*lr(0) | *lr(1), 0);
}

static void the_end_of_a_vcpu_leaves_nothing_active(void **state)
{
    (void)state;
    run_guest(&thread_a);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(arch_vcpu_inject_linked(&thread_a, l4_virq(40 + i, 0, 0), 100 + i), L4_OK);
    }
    guest_take(0);
    run_native();
    record_clear();
    arch_vcpu_destroy(thread_a.vcpu);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(seen("deactivate", 100 + i), 1);
    }
    assert_null(cpu_boot.loaded_vcpu);
    assert_null(cpu_boot.timeouts.root);
    assert_int_equal(GICH(GICH_HCR), 0);
}

static void wfi_looks_at_mask_group_and_priority(void **state)
{
    (void)state;
    run_guest(&thread_a);
    assert_false(arch_vcpu_wakes(&thread_a));
    inject(40, 0x80, 0, L4_OK);
    assert_true(arch_vcpu_wakes(&thread_a));
    GICH(GICH_VMCR) = 0x80000001u; /* mask at 0x80: 0x80 is not more urgent */
    assert_false(arch_vcpu_wakes(&thread_a));
    GICH(GICH_VMCR) = 0x88000001u;
    assert_true(arch_vcpu_wakes(&thread_a));
    GICH(GICH_VMCR) = 0x88000002u; /* its group is off */
    assert_false(arch_vcpu_wakes(&thread_a));
    GICH(GICH_VMCR) = 0xf8000003u;
    assert_true(arch_vcpu_wakes(&thread_a));
    guest_take(0);
    assert_false(arch_vcpu_wakes(&thread_a));
}

/* A maintenance interrupt while a server runs must not exit the guest behind its back. */
static void maintenance_beside_the_guest_parks_the_interface(void **state)
{
    (void)state;
    run_guest(&thread_a);
    inject(40, 0, L4_VIRQ_NOTIFY, L4_OK);
    guest_take(0);
    *lr(0) &= ~L4_VIRQ_ACTIVE;
    run_native();
    GICH(GICH_EISR) = 1;
    arch_vcpu_maintenance_irq();
    assert_int_equal(GICH(GICH_HCR), 0);
    assert_int_equal(exit_seen.count, 0);
    run_guest(&thread_a);
    assert_int_equal(GICH(GICH_HCR), GICH_HCR_EN);
    arch_vcpu_maintenance_irq();
    assert_int_equal(exit_seen.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VCPU_TEST(the_first_entry_loads_everything),
        VCPU_TEST(servers_run_beside_a_loaded_guest),
        VCPU_TEST(another_guest_takes_the_processor_whole),
        VCPU_TEST(a_flush_makes_the_state_complete),
        VCPU_TEST(vfp_state_follows_its_first_use),
        VCPU_TEST(thumbee_registers_follow_their_use),
        VCPU_TEST(injection_reaches_loaded_and_unloaded_state),
        VCPU_TEST(an_overflow_is_told_when_a_slot_is_free),
        VCPU_TEST(notified_ends_are_told_by_number),
        VCPU_TEST(a_second_interrupt_merges_with_the_first),
        VCPU_TEST(sgis_of_two_sources_do_not_merge),
        VCPU_TEST(linked_interrupts_wait_their_turn),
        VCPU_TEST(retracting_deactivates_the_source),
        VCPU_TEST(the_end_of_a_vcpu_leaves_nothing_active),
        VCPU_TEST(wfi_looks_at_mask_group_and_priority),
        VCPU_TEST(maintenance_beside_the_guest_parks_the_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
