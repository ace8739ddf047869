/*
 * Stage-2 tables of arch/armv7: descriptors as the processor reads them (ARM ARM B3.6), and the
 * order of table writes, barriers and TLB maintenance (B3.10), which QEMU does not need.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <arch/world.h>
#include <kernel/aspace.h>
#include <record.h>

#include "arch_private.h"

#define ARENA_FRAME 0x40000u
#define ARENA_FRAMES 256u
#define VA 0x10000000u
#define FRAME 0x80000u
#define RW (L4_MAP_READ | L4_MAP_WRITE)
#define VMIDS 255u /* usable: 1 to 255 */

/* Descriptor fields, B3.6.1 and B3.6.2 */
#define D_TYPE(d) ((d)&3u)
#define D_ADDRESS(d) ((d)&0xfffffff000u)
#define D_MEMATTR(d) (((d) >> 2) & 15u)
#define D_HAP(d) (((d) >> 6) & 3u)
#define D_SH(d) (((d) >> 8) & 3u)
#define D_AF(d) (((d) >> 10) & 1u)
#define D_XN(d) (((d) >> 54) & 1u)

struct cpu cpu_boot;

static struct aspace *as;

void arch_zero(void *p, uint32_t size)
{
    memset(p, 0, size);
}

void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}

/* The processor's walk: the descriptor that ends it, 0 when nothing is mapped. */
static uint64_t walk(const struct aspace *of, uint32_t va, bool *block)
{
    uint64_t desc = of->arch.root[va >> 30];

    *block = false;
    if (D_TYPE(desc) != 3) {
        return 0;
    }
    desc = ((const uint64_t *)(uintptr_t)D_ADDRESS(desc))[(va >> 21) % 512u];
    if (D_TYPE(desc) == 1) {
        *block = true;
        return desc;
    }
    if (D_TYPE(desc) != 3) {
        return 0;
    }
    desc = ((const uint64_t *)(uintptr_t)D_ADDRESS(desc))[(va >> 12) % 512u];
    return D_TYPE(desc) == 3 ? desc : 0;
}

static uint64_t watch_va(void)
{
    bool block;

    return walk(as, VA, &block);
}

static int setup(void **state)
{
    void *arena = (void *)((uintptr_t)ARENA_FRAME << L4_PAGE_SHIFT);

    (void)state;
    if (mmap(arena, (size_t)ARENA_FRAMES << L4_PAGE_SHIFT, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != arena) {
        return -1;
    }
    memset(&cpu_boot, 0, sizeof(cpu_boot));
    record_reset();
    stage2_start();
    as = arena;
    pool_init(&as->pool);
    pool_add(&as->pool, ARENA_FRAME + 2, ARENA_FRAMES - 2);
    arch_aspace_init(as);
    arch_aspace_prepare(as);
    record_clear();
    return 0;
}

static void map(uint32_t va, frame_t frame, uint32_t frames, uint32_t attr, bool device)
{
    while (frames != 0) {
        uint32_t done = 0;

        assert_int_equal(arch_aspace_map(as, va, frame, frames, attr, device, &done), L4_OK);
        va += done << L4_PAGE_SHIFT;
        frame += done;
        frames -= done;
    }
}

static void unmap(uint32_t va, uint32_t frames)
{
    while (frames != 0) {
        uint32_t done = arch_aspace_unmap(as, va, frames);

        va += done << L4_PAGE_SHIFT;
        frames -= done;
    }
}

static void permissions_and_memory_types(void **state)
{
    static const struct {
        uint32_t attr;
        bool device;
        uint32_t hap, memattr, xn;
    } cases[] = {
        {L4_MAP_READ, false, 1, 15, 1},
        {RW, false, 3, 15, 1},
        {L4_MAP_READ | L4_MAP_EXEC, false, 1, 15, 0},
        {RW | L4_MAP_EXEC, false, 3, 15, 0},
        {RW | L4_MAP_UNCACHED, false, 3, 5, 1},
        {RW, true, 3, 1, 1},
    };
    bool block;

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint32_t va = VA + i * L4_PAGE_SIZE;
        uint64_t desc;

        map(va, FRAME + i, 1, cases[i].attr, cases[i].device);
        desc = walk(as, va, &block);
        assert_false(block);
        assert_int_equal(D_ADDRESS(desc) >> L4_PAGE_SHIFT, FRAME + i);
        assert_int_equal(D_HAP(desc), cases[i].hap);
        assert_int_equal(D_MEMATTR(desc), cases[i].memattr);
        assert_int_equal(D_XN(desc), cases[i].xn);
        assert_int_equal(D_SH(desc), 3);
        assert_int_equal(D_AF(desc), 1);
    }
}

static void blocks_where_they_fit(void **state)
{
    bool block;

    (void)state;
    map(VA, FRAME, 1024 + 3, RW, false);
    assert_int_equal(D_ADDRESS(walk(as, VA + L4_BLOCK_SIZE, &block)) >> L4_PAGE_SHIFT, FRAME + 512);
    assert_true(block);
    assert_int_equal(D_ADDRESS(walk(as, VA + 2 * L4_BLOCK_SIZE + 2 * L4_PAGE_SIZE, &block)) >>
                         L4_PAGE_SHIFT,
                     FRAME + 1026);
    assert_false(block);
    assert_int_equal(walk(as, VA + 2 * L4_BLOCK_SIZE + 3 * L4_PAGE_SIZE, &block), 0);
}

static void nothing_is_mapped_over(void **state)
{
    uint64_t before;
    uint32_t done = 1;
    bool block;

    (void)state;
    map(VA, FRAME, 2, RW, false);
    before = walk(as, VA, &block);
    assert_int_equal(arch_aspace_map(as, VA, FRAME + 7, 1, RW, false, &done), L4_ERR_EXISTS);
    assert_int_equal(done, 0);
    assert_int_equal(walk(as, VA, &block), before);
    /* A page among those of one step, and a block over pages. */
    (void)!arch_aspace_map(as, VA - L4_PAGE_SIZE, FRAME + 7, 3, RW, false, &done);
    assert_int_equal(done, 1);
    assert_int_equal(walk(as, VA, &block), before);
    assert_int_equal(arch_aspace_map(as, VA, FRAME, 512, RW, false, &done), L4_ERR_EXISTS);
    assert_int_equal(walk(as, VA, &block), before);
}

/* A walker may look at once: descriptors are complete in memory before the call returns. */
static void map_ends_with_a_barrier(void **state)
{
    (void)state;
    record.watch = watch_va;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t at = 0;
        bool complete = false;

        record_clear();
        map(VA, FRAME, i == 0 ? 1 : 512, RW, false);
        while ((at = record_find_dsb(at)) < record.count) {
            complete = complete || record.event[at].seen != 0;
            at++;
        }
        assert_true(complete);
        unmap(VA, i == 0 ? 1 : 512);
    }
}

/* A fresh table is zero in memory before the descriptor that leads to it: there is a barrier
 * between, thus one at which the table is not yet reachable. */
static void a_table_is_cleared_before_it_is_linked(void **state)
{
    (void)state;
    map(VA, FRAME, 1, RW, false);
    assert_true(record_find_dsb(0) < record.count);
    assert_true(record_find_dsb(record_find_dsb(0) + 1) < record.count);
}

static void unmap_invalidates_after_a_barrier(void **state)
{
    (void)state;
    for (uint32_t frames = 1; frames <= 512; frames += 511) {
        uint32_t tlbi;
        uint32_t before;

        map(VA, FRAME, frames, RW, false);
        record.watch = watch_va;
        record_clear();
        unmap(VA, frames);
        before = record_find_dsb(0);
        tlbi = record_find(0, "TLBIALLIS");
        assert_true(before < tlbi);
        assert_true(tlbi < record.count);
        assert_int_equal(record.event[before].seen, 0);
        assert_true(record_find_dsb(tlbi) < record.count);
        assert_true(record_find(tlbi, "isb") < record.count);
    }
}

/* ARMv7 invalidates by the tag in VTTBR: it has to be that of the address space, and afterwards the
 * running one's again. */
static void another_space_is_invalidated_by_its_own_tag(void **state)
{
    uint64_t running = UINT64_C(77) << 48 | 0x1000u;
    uint32_t set;
    uint32_t tlbi;

    (void)state;
    map(VA, FRAME, 1, RW, false);
    record_write("VTTBR", running);
    record_clear();
    unmap(VA, 1);
    set = record_find(0, "VTTBR");
    tlbi = record_find(0, "TLBIALLIS");
    assert_true(set < tlbi);
    assert_true(tlbi < record.count);
    assert_int_equal(record.event[set].value, as->arch.vttbr);
    assert_true(record_find(set, "isb") < tlbi);
    assert_int_equal(record_read("VTTBR"), running);
}

static void tables_come_back(void **state)
{
    uint32_t before = as->pool.free_bytes;

    (void)state;
    map(VA, FRAME, 700, RW, false);
    assert_true(as->pool.free_bytes < before);
    unmap(VA, 700);
    assert_int_equal(as->pool.free_bytes, before);
    assert_int_equal(as->arch.root[VA >> 30], 0);
}

static void each_space_has_a_tag_of_its_own(void **state)
{
    static struct aspace spaces[VMIDS - 1];
    bool used[256] = {false};

    (void)state;
    used[as->arch.vttbr >> 48] = true;
    for (uint32_t i = 0; i < ARRAY_SIZE(spaces); i++) {
        uint32_t vmid;

        memset(&spaces[i], 0, sizeof(spaces[i]));
        arch_aspace_prepare(&spaces[i]);
        vmid = (uint32_t)(spaces[i].arch.vttbr >> 48);
        assert_in_range(vmid, 1, 255);
        assert_false(used[vmid]);
        used[vmid] = true;
        assert_int_equal(record_find(0, "TLBIALLNSNHIS"), record.count);
    }
}

/* No tag is used a second time before everything that was cached under it is gone. */
static void used_up_tags_are_invalidated_together(void **state)
{
    static struct aspace spaces[VMIDS];
    uint32_t tlbi;
    uint32_t away;

    (void)state;
    for (uint32_t i = 0; i < VMIDS; i++) {
        memset(&spaces[i], 0, sizeof(spaces[i]));
        record_clear();
        arch_aspace_prepare(&spaces[i]);
    }
    assert_int_equal(spaces[VMIDS - 1].arch.vttbr >> 48, 1);
    tlbi = record_find(0, "TLBIALLNSNHIS");
    away = record_find(0, "VTTBR");
    assert_true(away < tlbi); /* nobody walks under an old tag meanwhile */
    assert_true(tlbi < record.count);
    assert_true(record_find_dsb(tlbi) < record.count);
    assert_true(record_find(tlbi, "isb") < record.count);
    assert_int_not_equal(as->arch.vmid_generation, vmid_generation(arch_this_cpu()));
    arch_aspace_prepare(as);
    assert_int_equal(as->arch.vttbr >> 48, 2);
}

static void the_end_of_a_space_invalidates_it(void **state)
{
    (void)state;
    map(VA, FRAME, 1, RW, false);
    record_write("VTTBR", as->arch.vttbr);
    record_clear();
    arch_aspace_destroy(as);
    assert_true(record_find(0, "TLBIALLIS") < record.count);
    assert_int_not_equal(record_read("VTTBR") & 0xffffffffffu,
                         (uintptr_t)as->arch.root & 0xffffffffffu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(permissions_and_memory_types, setup),
        cmocka_unit_test_setup(blocks_where_they_fit, setup),
        cmocka_unit_test_setup(nothing_is_mapped_over, setup),
        cmocka_unit_test_setup(map_ends_with_a_barrier, setup),
        cmocka_unit_test_setup(a_table_is_cleared_before_it_is_linked, setup),
        cmocka_unit_test_setup(unmap_invalidates_after_a_barrier, setup),
        cmocka_unit_test_setup(another_space_is_invalidated_by_its_own_tag, setup),
        cmocka_unit_test_setup(tables_come_back, setup),
        cmocka_unit_test_setup(each_space_has_a_tag_of_its_own, setup),
        cmocka_unit_test_setup(used_up_tags_are_invalidated_together, setup),
        cmocka_unit_test_setup(the_end_of_a_space_invalidates_it, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
