/*
 * Stage 1 tables of a guest (see mmu.h). One short-descriptor table with a pool of
 * second-level tables, and one long-descriptor pair of levels; both identity.
 * Device and RAM attributes as B3.8.2 without TEX remap (TEX,C,B), AP = 0b011.
 */
#include "guest/mmu.h"

#include <stdbool.h>

#include "guest/board.h"
#include "guest/cpu.h"

#define L1_ENTRIES 4096u
#define L2_POOL 2u

#define SECTION 0x2u
#define SECTION_AP_ALL (3u << 10)
#define SECTION_WBWA ((1u << 12) | (1u << 3) | (1u << 2)) /* TEX=1 C=1 B=1 */
#define SECTION_DEVICE (1u << 2)                          /* TEX=0 C=0 B=1: shared Device */
#define SECTION_S (1u << 16)
#define PAGE_SMALL 0x2u
#define PAGE_AP_ALL (3u << 4)
#define PAGE_WBWA ((1u << 6) | (1u << 3) | (1u << 2))
#define PAGE_DEVICE (1u << 2)

#define LONG_BLOCK 0x1u
#define LONG_TABLE 0x3u
#define LONG_AF (1u << 10)
#define LONG_SH_INNER (3u << 8)
#define LONG_AP_ALL (1u << 6)
#define LONG_ATTR_DEVICE (1u << 2) /* MAIR attribute 1 */

static uint32_t l1[L1_ENTRIES] __attribute__((aligned(16384)));
static uint32_t l2[L2_POOL][256] __attribute__((aligned(1024)));
static unsigned int l2_used;
static uint64_t long_l1[4] __attribute__((aligned(32)));
static uint64_t long_l2[4][512] __attribute__((aligned(4096)));

/* Channels are memory too: the other end has them cached. */
static bool is_ram(uint32_t pa)
{
    return (pa >= RAM_BASE && pa < RAM_BASE + 0x40000000u) || pa >> 21 == CHANNEL_BASE >> 21;
}

static void tlb_flush(void)
{
    dsb();
    CP_WRITE(p15, 0, c8, c7, 0, 0); /* TLBIALL */
    CP_WRITE(p15, 0, c7, c5, 6, 0); /* BPIALL */
    dsb();
    isb();
}

/* Table writes reach memory before the walker reads them, whatever its attributes. */
static void clean_entry(const volatile void *entry)
{
    CP_WRITE(p15, 0, c7, c10, 1, (uintptr_t)entry); /* DCCMVAC */
}

static uint32_t section_entry(uint32_t pa)
{
    return (pa & 0xfff00000u) | SECTION | SECTION_AP_ALL |
           (is_ram(pa) ? SECTION_WBWA | SECTION_S : SECTION_DEVICE);
}

static void l1_set(uint32_t va, uint32_t entry)
{
    l1[va >> 20] = entry;
    clean_entry(&l1[va >> 20]);
    tlb_flush();
}

void mmu_alias_section(uint32_t va, uint32_t pa)
{
    l1_set(va, section_entry(pa));
}

void mmu_unmap_section(uint32_t va)
{
    l1_set(va, 0);
}

void mmu_alias_pages(uint32_t va, uint32_t pa)
{
    uint32_t *table = l2[l2_used++ % L2_POOL];

    for (uint32_t i = 0; i < 256; i++) {
        table[i] = ((pa & 0xfff00000u) + i * 0x1000u) | PAGE_SMALL | PAGE_AP_ALL |
                   (is_ram(pa) ? PAGE_WBWA : PAGE_DEVICE);
        clean_entry(&table[i]);
    }
    l1_set(va, (uint32_t)(uintptr_t)table | 0x1u);
}

void mmu_split_ttbr1(void)
{
    CP_WRITE(p15, 0, c2, c0, 1, (uintptr_t)l1); /* TTBR1 */
    WRITE_TTBCR(1);
    tlb_flush();
}

/* All levels of cache that CLIDR names, ARM DDI 0406C example B2-2. */
void cache_flush_set_way(void)
{
    uint32_t clidr = CP_READ(p15, 1, c0, c0, 1);

    for (uint32_t level = 0; level < 7 && ((clidr >> (3 * level)) & 7) != 0; level++) {
        uint32_t ccsidr;
        uint32_t way_shift;

        if (((clidr >> (3 * level)) & 7) < 2) {
            continue;
        }
        CP_WRITE(p15, 2, c0, c0, 0, level << 1); /* CSSELR */
        isb();
        ccsidr = CP_READ(p15, 1, c0, c0, 0);
        uint32_t ways = (ccsidr >> 3) & 0x3ff;
        uint32_t sets = (ccsidr >> 13) & 0x7fff;
        uint32_t line_shift = (ccsidr & 7) + 4;

        way_shift = ways == 0 ? 0 : (uint32_t)__builtin_clz(ways);
        for (uint32_t way = 0; way <= ways; way++) {
            for (uint32_t set = 0; set <= sets; set++) {
                CP_WRITE(p15, 0, c7, c14, 2, /* DCCISW */
                         (way << way_shift) | (set << line_shift) | (level << 1));
            }
        }
    }
    dsb();
}

static void enable(void)
{
    tlb_flush();
    CP_WRITE(p15, 0, c7, c5, 0, 0); /* ICIALLU */
    dsb();
    isb();
    WRITE_SCTLR(READ_SCTLR() | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_Z);
    isb();
}

void mmu_on_short(void)
{
    for (uint32_t i = 0; i < L1_ENTRIES; i++) {
        l1[i] = section_entry(i << 20);
    }
    l2_used = 0;
    WRITE_TTBCR(0);
    CP_WRITE(p15, 0, c2, c0, 0, (uintptr_t)l1); /* TTBR0 */
    CP_WRITE(p15, 0, c3, c0, 0, 1);             /* DACR: domain 0 is a client */
    enable();
}

static uint64_t long_block(uint32_t pa)
{
    return (pa & 0xffe00000u) | LONG_BLOCK | LONG_AF | LONG_AP_ALL |
           (is_ram(pa) ? LONG_SH_INNER : LONG_ATTR_DEVICE);
}

void mmu_on_long(void)
{
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t j = 0; j < 512; j++) {
            long_l2[i][j] = long_block((i << 30) | (j << 21));
        }
        long_l1[i] = (uintptr_t)long_l2[i] | LONG_TABLE;
    }
    CP_WRITE(p15, 0, c10, c2, 0, 0x000004ff); /* MAIR0: 0 = write-back, 1 = Device */
    CP_WRITE(p15, 0, c10, c2, 1, 0);
    WRITE_TTBCR(TTBCR_EAE);
    isb();
    CP_WRITE64(p15, 0, c2, (uintptr_t)long_l1); /* TTBR0 */
    CP_WRITE64(p15, 1, c2, 0);
    enable();
}

void mmu_alias_block(uint32_t va, uint32_t pa)
{
    volatile uint64_t *entry = &long_l2[va >> 30][(va >> 21) & 511];

    *entry = long_block(pa);
    clean_entry(entry);
    tlb_flush();
}

void mmu_off(void)
{
    cache_flush_set_way();
    WRITE_SCTLR(READ_SCTLR() & ~(SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_Z));
    isb();
    cache_flush_set_way();
    WRITE_TTBCR(0);
    tlb_flush();
}
