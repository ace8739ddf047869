/*
 * Identity-mapped stage 1 tables of a guest, in both descriptor formats
 * (ARM DDI 0406C, B3.5 and B3.6). mmu.c owns the tables; every mapping gives full
 * access to PL1 and PL0. RAM and channels are Normal write-back, the rest Device.
 */
#ifndef GUEST_MMU_H
#define GUEST_MMU_H

#include <stdint.h>

/* Builds the short-descriptor identity map and turns the MMU and caches on. */
void mmu_on_short(void);
/* The same through long descriptors (TTBCR.EAE = 1). */
void mmu_on_long(void);
/* Back to MMU, caches and TTBCR off, as at the start. */
void mmu_off(void);

/* Short-descriptor aliases; the MMU may be on. Addresses are multiples of the size. */
void mmu_alias_section(uint32_t va, uint32_t pa);
void mmu_alias_pages(uint32_t va, uint32_t pa);
/* Marks the section at va as not mapped. */
void mmu_unmap_section(uint32_t va);
/* TTBCR.N = 1: addresses from 2 GiB up through TTBR1, which gets the same table. */
void mmu_split_ttbr1(void);

/* Long-descriptor alias of 2 MiB. */
void mmu_alias_block(uint32_t va, uint32_t pa);

/* Clean and invalidate every data cache level by set/way (B4.2.1, example B2.2.4). */
void cache_flush_set_way(void);

#endif
