/*
 * The kernel's own translation: one LPAE table for HYP mode, built once, identity mapped. RAM is
 * writable and never executable; of the image only text is executable and nothing of it writable;
 * devices that the kernel drives are Device memory. Nothing else is mapped (ARM ARM B3.6).
 */
#include <arch/cp15.h>
#include <kernel/boot.h>

#include "arch_private.h"

#define TABLES 10u /* up to 4 of level 2; level 3 for the image, devices and ragged RAM ends */
#define ENTRIES 512u
#define SIZE_1G 0x40000000ull
#define SIZE_2M 0x200000ull
#define SIZE_4K 0x1000ull

#define DESC_BLOCK 1ull
#define DESC_PAGE 3ull
#define DESC_TABLE 3ull
#define DESC_ADDRESS 0xfffffff000ull
#define ATTR_AF (1ull << 10)
#define ATTR_SH_INNER (3ull << 8)
#define ATTR_RO (1ull << 7)
#define ATTR_AP1 (1ull << 6) /* RES1 in HYP tables */
#define ATTR_INDEX(n) ((uint64_t)(n) << 2)
#define ATTR_XN (1ull << 54)

#define ATTR_NORMAL (ATTR_AF | ATTR_SH_INNER | ATTR_AP1 | ATTR_INDEX(0))
#define ATTR_TEXT (ATTR_NORMAL | ATTR_RO)
#define ATTR_RODATA (ATTR_NORMAL | ATTR_RO | ATTR_XN)
#define ATTR_DATA (ATTR_NORMAL | ATTR_XN)
#define ATTR_DEVICE (ATTR_AF | ATTR_SH_INNER | ATTR_AP1 | ATTR_INDEX(1) | ATTR_XN)

#define HMAIR0_VALUE 0x000004ffu /* 0: Normal write-back, allocating; 1: Device */
#define HTCR_VALUE 0x80803500u   /* 32-bit input, walks inner shareable write-back */
#define HSCTLR_VALUE 0x30cd187du /* RES1, WXN, I, CP15BEN, C, M */

static uint64_t level1[4] __attribute__((aligned(32)));
static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static uint32_t tables_used;

static uint64_t *descend(uint64_t *entry)
{
    if (*entry == 0) {
        if (tables_used == TABLES) {
            panic("HYP table: RAM ranges too ragged");
        }
        *entry = (uintptr_t)tables[tables_used++] | DESC_TABLE;
    }
    return (uint64_t *)(uintptr_t)(*entry & DESC_ADDRESS);
}

static void map(uint64_t base, uint64_t end, uint64_t attr)
{
    while (base < end) {
        uint64_t *entry = &level1[base >> 30];
        uint64_t step = SIZE_1G;

        if (((base & (SIZE_1G - 1)) != 0) || end - base < SIZE_1G) {
            entry = &descend(entry)[(base >> 21) % ENTRIES];
            step = SIZE_2M;
            if (((base & (SIZE_2M - 1)) != 0) || end - base < SIZE_2M) {
                entry = &descend(entry)[(base >> 12) % ENTRIES];
                step = SIZE_4K;
            }
        }
        *entry = base | attr | (step == SIZE_4K ? DESC_PAGE : DESC_BLOCK);
        base += step;
    }
}

static void map_device(uint64_t base, uint32_t pages)
{
    if (base != 0) {
        map(base, base + pages * SIZE_4K, ATTR_DEVICE);
    }
}

static void map_ram(uint64_t base, uint64_t end)
{
    uint64_t image = (uintptr_t)__image_start;
    uint64_t image_end = (uintptr_t)__image_end;

    if (base <= image && image_end <= end) {
        map(base, image, ATTR_DATA);
        base = image_end;
    }
    map(base, end, ATTR_DATA);
}

static void map_image(void)
{
    map((uintptr_t)__image_start, (uintptr_t)__rodata_start, ATTR_TEXT);
    map((uintptr_t)__rodata_start, (uintptr_t)__data_start, ATTR_RODATA);
    map((uintptr_t)__data_start, (uintptr_t)__stack_guard, ATTR_DATA);
    map((uintptr_t)__stack_start, (uintptr_t)__image_end, ATTR_DATA);
}

/* What was written with the caches off is in memory; stale lines over it must go. */
static void invalidate_image(void)
{
    uint32_t line = 4u << ((CP15_READ(CTR) >> 16) & 15u);

    for (uintptr_t p = (uintptr_t)__image_start; p < (uintptr_t)__image_end; p += line) {
        CP15_WRITE(DCIMVAC, p);
    }
}

void hyp_mmu_start(void)
{
    for (uint32_t i = 0; i < boot_info.all_ram_count; i++) {
        map_ram(boot_info.all_ram[i].base, boot_info.all_ram[i].base + boot_info.all_ram[i].size);
    }
    map_image();
    map_device(boot_info.gicd, 1);
    map_device(boot_info.gicc, 2); /* GICC_DIR lies in the second page */
    map_device(boot_info.gich, 1);
    map_device(boot_info.uart, 1);

    CP15_WRITE(HMAIR0, HMAIR0_VALUE);
    CP15_WRITE(HMAIR1, 0u);
    CP15_WRITE(HTCR, HTCR_VALUE);
    CP15_WRITE64(HTTBR, (uintptr_t)level1);
    invalidate_image();
    arch_dsb();
    CP15_WRITE(TLBIALLH, 0u);
    CP15_WRITE(ICIALLUIS, 0u);
    CP15_WRITE(BPIALLIS, 0u);
    arch_dsb();
    arch_isb();
    CP15_WRITE(HSCTLR, HSCTLR_VALUE);
    arch_isb();
}
