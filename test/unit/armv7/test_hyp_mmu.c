/*
 * The kernel's own translation (hyp_mmu.c), walked as the processor does: what of the image may be
 * written or executed, what is not mapped at all, and the control registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <kernel/boot.h>
#include <record.h>

#include "arch_private.h"

#define RAM_BASE 0x40000000u
#define RAM_SIZE 0x10180000u /* ends within 2 MiB */
#define HIGH_BASE 0x80000000u
#define HIGH_SIZE 0x40000000u

/* Descriptor fields of HYP mode, ARM ARM B3.6.1 */
#define D_TYPE(d) ((d)&3u)
#define D_ADDRESS(d) ((d)&0xfffffff000u)
#define D_INDEX(d) (((d) >> 2) & 7u)
#define D_READ_ONLY(d) (((d) >> 7) & 1u)
#define D_XN(d) (((d) >> 54) & 1u)
#define NORMAL 0
#define DEVICE 1
#define WXN (1u << 19)
#define CACHE_LINE_64 0x00040000u /* CTR.DminLine */
#define MMU_ON 5u                 /* M and C */

struct l4_bootinfo boot_info;

void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}

static uint64_t walk(uint32_t va)
{
    const uint64_t *table = (const uint64_t *)(uintptr_t)record_read("HTTBR");
    uint64_t desc = table[va >> 30];

    for (uint32_t shift = 21; shift >= 12 && D_TYPE(desc) == 3; shift -= 9) {
        desc = ((const uint64_t *)(uintptr_t)D_ADDRESS(desc))[(va >> shift) % 512u];
        if (shift == 12) {
            return D_TYPE(desc) == 3 ? desc : 0;
        }
    }
    return D_TYPE(desc) == 1 ? desc : 0;
}

static void expect(const uint8_t *from, const uint8_t *to, bool read_only, bool xn)
{
    assert_true(from < to);
    for (const uint8_t *p = from; p < to; p += 4096) {
        uint64_t desc = walk((uint32_t)(uintptr_t)p);

        assert_int_not_equal(desc, 0);
        assert_int_equal(D_READ_ONLY(desc), read_only);
        assert_int_equal(D_XN(desc), xn);
        assert_int_equal(D_INDEX(desc), NORMAL);
    }
}

static int setup(void **state)
{
    (void)state;
    record_reset();
    record_write("CTR", CACHE_LINE_64);
    boot_info = (struct l4_bootinfo){
        .all_ram = {{RAM_BASE, RAM_SIZE}, {HIGH_BASE, HIGH_SIZE}},
        .all_ram_count = 2,
        .gicd = 0x08000000,
        .gicc = 0x08010000,
        .gich = 0x08030000,
        .gicv = 0x08040000,
        .uart = 0x09000000,
    };
    hyp_mmu_start();
    return 0;
}

static void the_image_is_writable_or_executable_never_both(void **state)
{
    (void)state;
    expect(__image_start, __rodata_start, true, false);
    expect(__rodata_start, __data_start, true, true);
    expect(__data_start, __stack_guard, false, true);
    expect(__stack_start, __image_end, false, true);
    assert_int_equal(record_read("HSCTLR") & WXN, WXN);
}

static void the_page_below_the_stack_is_not_mapped(void **state)
{
    (void)state;
    for (const uint8_t *p = __stack_guard; p < __stack_start; p += 4096) {
        assert_int_equal(walk((uint32_t)(uintptr_t)p), 0);
    }
}

static void ram_is_never_executable(void **state)
{
    static const uint32_t at[] = {RAM_BASE, (uint32_t)RAM_BASE + RAM_SIZE - 4096u, HIGH_BASE,
                                  HIGH_BASE + HIGH_SIZE - 4096u};

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(at); i++) {
        assert_int_not_equal(walk(at[i]), 0);
        assert_int_equal(D_XN(walk(at[i])), 1);
        assert_int_equal(D_READ_ONLY(walk(at[i])), 0);
    }
    expect((const uint8_t *)0x40100000, __image_start, false, true);
    expect(__image_end, __image_end + 0x100000, false, true);
}

static void devices_are_device_memory_and_nothing_else_is_mapped(void **state)
{
    static const uint32_t device[] = {0x08000000, 0x08010000, 0x08011000, 0x08030000, 0x09000000};
    static const uint32_t nothing[] = {0,          0x08001000, 0x08040000, 0x09001000,
                                       0x3ffff000, 0x50180000, 0x7ffff000, 0xc0000000};

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(device); i++) {
        assert_int_not_equal(walk(device[i]), 0);
        assert_int_equal(D_INDEX(walk(device[i])), DEVICE);
        assert_int_equal(D_XN(walk(device[i])), 1);
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(nothing); i++) {
        assert_int_equal(walk(nothing[i]), 0);
    }
}

/* The table is in memory, and nothing stale is cached, before the MMU goes on. */
static void maintenance_comes_before_the_mmu(void **state)
{
    uint32_t table = record_find(0, "HTTBR");
    uint32_t tlbi = record_find(0, "TLBIALLH");
    uint32_t on = record_find(0, "HSCTLR");

    (void)state;
    assert_true(table < tlbi);
    assert_true(record_find_dsb(table) < tlbi);
    assert_true(record_find_dsb(tlbi) < on);
    assert_true(record_find(tlbi, "isb") < on);
    assert_true(on < record.count);
    assert_int_equal(record_read("HSCTLR") & MMU_ON, MMU_ON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_image_is_writable_or_executable_never_both),
        cmocka_unit_test(the_page_below_the_stack_is_not_mapped),
        cmocka_unit_test(ram_is_never_executable),
        cmocka_unit_test(devices_are_device_memory_and_nothing_else_is_mapped),
        cmocka_unit_test(maintenance_comes_before_the_mmu),
    };
    return cmocka_run_group_tests(tests, setup, NULL); /* the table is built once, as at boot */
}
