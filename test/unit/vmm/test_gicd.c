/* The distributor's registers against IHI 0048B chapter 4.3. */
#include "fake_gic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct fake_kernel k;

#define R(offset) fake_read(&k, 0, (offset), 4)
#define W(offset, value) fake_write(&k, 0, (offset), 4, (value))

static int setup(void **state)
{
    (void)state;
    fake_init(&k, 1);
    return 0;
}

static int setup_four(void **state)
{
    (void)state;
    fake_init(&k, 4);
    return 0;
}

static void identification(void **state)
{
    static const uint8_t id[12] = {4, 0, 0, 0, 0x90, 0xb4, 0x2b, 0, 0x0d, 0xf0, 0x05, 0xb1};
    (void)state;
    assert_int_equal(R(0x004), 8); /* 288 interrupts, one CPU, no Security Extensions */
    assert_int_equal(R(0x008) & 0xfffu, 0x43b);
    for (uint32_t i = 0; i < 12; i++) {
        assert_int_equal(R(0xfd0 + 4 * i), id[i]);
    }
    W(0x004, 0xffffffff);
    W(0xfe0, 0xffffffff);
    assert_int_equal(R(0x004), 8);
    assert_int_equal(R(0xfe0), 0x90);
}

static void reset_values(void **state)
{
    (void)state;
    assert_int_equal(R(0x000), 0);
    assert_int_equal(R(0x100), 0xffff); /* SGIs cannot be disabled */
    assert_int_equal(R(0x104), 0);
    assert_int_equal(R(0x080), 0);
    assert_int_equal(R(0x400), 0);
    assert_int_equal(R(0xc00), 0xaaaaaaaa);
    assert_int_equal(R(0xc04), 0);
    assert_int_equal(R(0xc08), 0);
}

static void control_has_two_groups(void **state)
{
    (void)state;
    W(0x000, 0xffffffff);
    assert_int_equal(R(0x000), 3);
    fake_write(&k, 0, 0x000, 1, 1);
    assert_int_equal(R(0x000), 1);
}

static void enable_set_and_clear(void **state)
{
    (void)state;
    for (uint32_t word = 1; word < GIC_WORDS; word++) {
        W(0x100 + 4 * word, 0x80000001);
        W(0x100 + 4 * word, 0x00000010);
        assert_int_equal(R(0x100 + 4 * word), 0x80000011);
        assert_int_equal(R(0x180 + 4 * word), 0x80000011);
        W(0x180 + 4 * word, 0x00000001);
        assert_int_equal(R(0x100 + 4 * word), 0x80000010);
    }
    W(0x180, 0xffffffff);
    assert_int_equal(R(0x100), 0xffff);
    W(0x100, 0x08000000);
    assert_int_equal(R(0x100), 0x0800ffff);
}

static void enable_by_bytes(void **state)
{
    (void)state;
    fake_write(&k, 0, 0x106, 1, 0x81);
    assert_int_equal(R(0x104), 0x00810000);
    assert_int_equal(fake_read(&k, 0, 0x106, 1), 0x81);
    assert_int_equal(fake_read(&k, 0, 0x106, 2), 0x0081);
    fake_write(&k, 0, 0x186, 2, 0x0001);
    assert_int_equal(R(0x104), 0x00800000);
}

static void beyond_the_last_interrupt(void **state)
{
    (void)state;
    static const uint32_t offsets[] = {0x0a4, 0x124, 0x1a4, 0x224, 0x2a4, 0x324, 0x3a4,
                                       0x520, 0x7fc, 0x920, 0xbfc, 0xc48, 0xcfc, 0xd00,
                                       0xe00, 0xefc, 0xf30, 0xf7c, 0xf80, 0x00c, 0x07c};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        W(offsets[i], 0xffffffff);
        assert_int_equal(R(offsets[i]), 0);
    }
}

static void every_offset_is_safe(void **state)
{
    (void)state;
    srand(1);
    for (uint32_t round = 0; round < 200000; round++) {
        uint32_t size = 1u << (rand() % 3);
        uint32_t offset = (uint32_t)rand() & 0xfffu & ~(size - 1u);
        if (rand() % 2 != 0) {
            fake_write(&k, 0, offset, size, (uint32_t)rand() ^ (uint32_t)rand() << 9);
        } else {
            (void)fake_read(&k, 0, offset, size);
        }
        if (rand() % 4 == 0) {
            uint32_t irq = fake_acknowledge(&k, 0);
            if (irq != FAKE_SPURIOUS) {
                fake_end(&k, 0, irq);
            }
        }
    }
}

static void every_offset_is_safe_smp(void **state)
{
    (void)state;
    srand(2);
    for (uint32_t round = 0; round < 200000; round++) {
        uint32_t size = 1u << (rand() % 3);
        uint32_t offset = (uint32_t)rand() & 0xfffu & ~(size - 1u);
        uint32_t cpu = (uint32_t)rand() % 4;
        fake_write(&k, cpu, offset, size, (uint32_t)rand() ^ (uint32_t)rand() << 9);
        gic_set_line(&k.gic, 0, 32u + (uint32_t)rand() % 8u, rand() % 2 != 0);
        uint32_t irq = fake_acknowledge(&k, cpu);
        if (irq != FAKE_SPURIOUS) {
            fake_end(&k, cpu, irq);
        }
    }
}

static void priority_has_five_bits(void **state)
{
    (void)state;
    W(0x400 + 64, 0xffffffff);
    assert_int_equal(R(0x400 + 64), 0xf8f8f8f8);
    fake_write(&k, 0, 0x400 + 65, 1, 0xa7);
    assert_int_equal(R(0x400 + 64), 0xf8f8a0f8);
    assert_int_equal(fake_read(&k, 0, 0x400 + 65, 1), 0xa0);
    fake_write(&k, 0, 0x400 + 66, 2, 0x1020);
    assert_int_equal(R(0x400 + 64), 0x1020a0f8);
    W(0x400, 0x10203040);
    assert_int_equal(R(0x400), 0x10203040);
    W(0x400 + 284, 0x11223344);
    assert_int_equal(R(0x400 + 284), 0x10203040);
}

static void targets_of_a_uniprocessor(void **state)
{
    (void)state;
    W(0x820, 0xffffffff);
    assert_int_equal(R(0x820), 0);
    assert_int_equal(R(0x800), 0);
}

static void targets_of_four(void **state)
{
    (void)state;
    assert_int_equal(fake_read(&k, 2, 0x800, 4), 0x04040404);
    assert_int_equal(fake_read(&k, 3, 0x81f, 1), 0x08);
    fake_write(&k, 2, 0x800, 4, 0xffffffff);
    assert_int_equal(fake_read(&k, 2, 0x800, 4), 0x04040404);
    fake_write(&k, 1, 0x820, 4, 0xff010204);
    assert_int_equal(fake_read(&k, 0, 0x820, 4), 0x0f010204);
    fake_write(&k, 1, 0x821, 1, 0x08);
    assert_int_equal(fake_read(&k, 0, 0x820, 4), 0x0f010804);
    assert_int_equal(fake_read(&k, 0, 0x821, 1), 0x08);
    assert_int_equal(fake_read(&k, 0, 0x004, 4), 8 | 3 << 5);
}

static void banked_registers(void **state)
{
    (void)state;
    fake_write(&k, 1, 0x100, 4, 0x10000000);
    fake_write(&k, 1, 0x41c, 4, 0x80808080);
    fake_write(&k, 1, 0x080, 4, 0x00010001);
    assert_int_equal(fake_read(&k, 0, 0x100, 4), 0x0000ffff);
    assert_int_equal(fake_read(&k, 1, 0x100, 4), 0x1000ffff);
    assert_int_equal(fake_read(&k, 0, 0x41c, 4), 0);
    assert_int_equal(fake_read(&k, 1, 0x41c, 4), 0x80808080);
    assert_int_equal(fake_read(&k, 0, 0x080, 4), 0);
    assert_int_equal(fake_read(&k, 1, 0x080, 4), 0x00010001);
}

static void configuration(void **state)
{
    (void)state;
    W(0xc08, 0xffffffff);
    assert_int_equal(R(0xc08), 0xaaaaaaaa);
    W(0xc08, 0x00000008);
    assert_int_equal(R(0xc08), 0x00000008);
    fake_write(&k, 0, 0xc0b, 1, 0x80);
    assert_int_equal(R(0xc08), 0x80000008);
    W(0xc00, 0); /* SGIs and PPIs are fixed */
    W(0xc04, 0xffffffff);
    assert_int_equal(R(0xc00), 0xaaaaaaaa);
    assert_int_equal(R(0xc04), 0);
}

static void groups(void **state)
{
    (void)state;
    W(0x080, 0xffffffff);
    W(0x084, 0x00000002);
    assert_int_equal(R(0x080), 0xffffffff);
    assert_int_equal(R(0x084), 0x00000002);
    fake_write(&k, 0, 0x084, 1, 0x40);
    assert_int_equal(R(0x084), 0x00000040);
}

static void pending_and_active_bits(void **state)
{
    (void)state;
    W(0x204, 0x11);
    assert_int_equal(R(0x204), 0x11);
    assert_int_equal(R(0x284), 0x11);
    W(0x284, 0x01);
    assert_int_equal(R(0x204), 0x10);
    W(0x304, 0x80000000);
    assert_int_equal(R(0x304), 0x80000000);
    assert_int_equal(R(0x384), 0x80000000);
    W(0x384, 0xffffffff);
    assert_int_equal(R(0x304), 0);
    W(0x200, 0xffff); /* SGIs: read-only here */
    assert_int_equal(R(0x200), 0);
    k.cpu[0].lines = L4_TIMER_LINE_VIRTUAL | L4_TIMER_LINE_PHYSICAL;
    assert_int_equal(R(0x200), 0x48000000);
}

static void sgi_pending_registers(void **state)
{
    (void)state;
    fake_write(&k, 1, 0xf20, 4, 0x0f000001);
    assert_int_equal(fake_read(&k, 1, 0xf20, 4), 0x0f000001);
    assert_int_equal(fake_read(&k, 1, 0xf10, 4), 0x0f000001);
    assert_int_equal(fake_read(&k, 0, 0xf20, 4), 0);
    assert_int_equal(fake_read(&k, 1, 0x200, 4), 0x9);
    fake_write(&k, 1, 0xf13, 1, 0x05);
    assert_int_equal(fake_read(&k, 1, 0xf23, 1), 0x0a);
    fake_write(&k, 1, 0xf13, 1, 0x0a);
    assert_int_equal(fake_read(&k, 1, 0x200, 4), 0x1);
    assert_int_equal(fake_read(&k, 1, 0xf00, 4), 0);
}

static void timers_follow_their_registers(void **state)
{
    (void)state;
    assert_int_equal(k.cpu[0].timer[L4_TIMER_VIRTUAL], 0);
    W(0x000, 1);
    W(0x100, 1u << 27 | 1u << 30);
    assert_int_equal(k.cpu[0].timer[L4_TIMER_VIRTUAL], l4_virq(27, 0, 0));
    assert_int_equal(k.cpu[0].timer[L4_TIMER_PHYSICAL], l4_virq(30, 0, 0));
    fake_write(&k, 0, 0x41b, 1, 0xa0);
    assert_int_equal(k.cpu[0].timer[L4_TIMER_VIRTUAL], l4_virq(27, 0xa0, 0));
    W(0x080, 1u << 27);
    assert_int_equal(k.cpu[0].timer[L4_TIMER_VIRTUAL], 0);
    W(0x000, 3);
    assert_int_equal(k.cpu[0].timer[L4_TIMER_VIRTUAL], l4_virq(27, 0xa0, L4_VIRQ_GROUP1));
    W(0x180, 1u << 27);
    assert_int_equal(k.cpu[0].timer[L4_TIMER_VIRTUAL], 0);
    assert_int_equal(k.cpu[0].timer[L4_TIMER_PHYSICAL], l4_virq(30, 0, 0));
    W(0x000, 0);
    assert_int_equal(k.cpu[0].timer[L4_TIMER_PHYSICAL], 0);
}

static void reset_forgets(void **state)
{
    (void)state;
    W(0x000, 3);
    W(0x104, 0xff);
    W(0x204, 0xff);
    W(0x420, 0x80808080);
    gic_reset(&k.gic);
    reset_values(NULL);
    assert_int_equal(R(0x420), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(identification, setup),
        cmocka_unit_test_setup(reset_values, setup),
        cmocka_unit_test_setup(control_has_two_groups, setup),
        cmocka_unit_test_setup(enable_set_and_clear, setup),
        cmocka_unit_test_setup(enable_by_bytes, setup),
        cmocka_unit_test_setup(beyond_the_last_interrupt, setup),
        cmocka_unit_test_setup(every_offset_is_safe, setup),
        cmocka_unit_test_setup(every_offset_is_safe_smp, setup_four),
        cmocka_unit_test_setup(priority_has_five_bits, setup),
        cmocka_unit_test_setup(targets_of_a_uniprocessor, setup),
        cmocka_unit_test_setup(targets_of_four, setup_four),
        cmocka_unit_test_setup(banked_registers, setup_four),
        cmocka_unit_test_setup(configuration, setup),
        cmocka_unit_test_setup(groups, setup),
        cmocka_unit_test_setup(pending_and_active_bits, setup),
        cmocka_unit_test_setup(sgi_pending_registers, setup_four),
        cmocka_unit_test_setup(timers_follow_their_registers, setup),
        cmocka_unit_test_setup(reset_forgets, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
