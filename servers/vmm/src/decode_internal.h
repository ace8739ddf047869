/* Shared between the two decoders; nobody else includes it. */
#ifndef VMM_DECODE_INTERNAL_H
#define VMM_DECODE_INTERNAL_H

#include <vmm/decode.h>

static inline uint32_t bits(uint32_t value, uint32_t high, uint32_t low)
{
    return (value >> low) & ((2u << (high - low)) - 1u);
}

static inline bool bit(uint32_t value, uint32_t n)
{
    return (value >> n & 1u) != 0;
}

/* A base register and an offset, as all single and dual transfers have them. */
struct addressing {
    uint32_t base;
    uint32_t offset;
    bool add, index, writeback;
};

/* Fills address and write-back; Rn = 15 is the literal form, without write-back. */
L4_MUST_CHECK l4_status_t transfer_address(const struct guest_regs *regs,
                                           const struct addressing *a, struct transfer *t);

/* Load or store multiple: P and U as in the ARM encoding. */
L4_MUST_CHECK l4_status_t transfer_multiple(const struct guest_regs *regs, uint32_t base,
                                            uint32_t list, bool before, bool up, bool writeback,
                                            struct transfer *t);

/* VLDR, VSTR, VLDM, VSTM: bits 27..0 are the same in both instruction sets (A7.6). */
L4_MUST_CHECK l4_status_t decode_vfp(const struct guest_regs *regs, uint32_t instruction,
                                     struct transfer *t);

#endif
