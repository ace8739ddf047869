/* Loads and stores of VFP registers: ARM ARM A7.6. */
#include "decode_internal.h"

#define SINGLES 32u
#define WORDS 64u

/* The registers: `words` from the one that Vd and D name. */
static l4_status_t vfp_registers(uint32_t i, uint32_t words, struct transfer *t)
{
    bool is_double = bit(i, 8);
    uint32_t vd = bits(i, 15, 12);
    uint32_t d = bit(i, 22);
    uint32_t first = is_double ? (d << 4 | vd) * 2u : vd << 1 | d;
    if (words == 0 || words > TRANSFER_MAX || first + words > (is_double ? WORDS : SINGLES)) {
        return L4_ERR_NOT_SUPPORTED;
    }
    t->bank = BANK_VFP;
    t->first = (uint8_t)first;
    t->count = (uint8_t)words;
    t->size = 4;
    t->load = bit(i, 20);
    t->store = !t->load;
    return L4_OK;
}

l4_status_t decode_vfp(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    bool before = bit(i, 24);
    bool up = bit(i, 23);
    bool writeback = bit(i, 21);
    bool is_double = bit(i, 8);
    uint32_t imm8 = bits(i, 7, 0);
    struct addressing a = {.base = bits(i, 19, 16),
                           .offset = imm8 * 4u,
                           .add = up,
                           .index = before,
                           .writeback = writeback};
    if (bits(i, 27, 25) != 6 || bits(i, 11, 9) != 5) {
        return L4_ERR_NOT_SUPPORTED; /* other coprocessors */
    }
    if (before && !writeback) { /* VLDR, VSTR */
        l4_status_t status = vfp_registers(i, is_double ? 2 : 1, t);
        return status != L4_OK ? status : transfer_address(regs, &a, t);
    }
    if (before == up || a.base == 15) {
        return L4_ERR_NOT_SUPPORTED; /* core register transfers, undefined forms */
    }
    l4_status_t status = vfp_registers(i, is_double ? imm8 & ~1u : imm8, t);
    return status != L4_OK ? status : transfer_address(regs, &a, t);
}
