/* ARM (A32) loads and stores: ARM ARM A5.2.8, A5.2.10, A5.3 and A5.5. */
#include "decode_internal.h"

uint32_t transfer_reg(const struct transfer *t, uint32_t i)
{
    if (t->bank == BANK_VFP) {
        return t->first + i;
    }
    if (t->list == 0) {
        return i == 0 ? t->first : t->second;
    }
    uint32_t list = t->list;
    while (i-- != 0) {
        list &= list - 1u;
    }
    return (uint32_t)__builtin_ctz(list);
}

l4_status_t transfer_address(const struct guest_regs *regs, const struct addressing *a,
                             struct transfer *t)
{
    uint32_t base = guest_reg_value(regs, a->base);
    if (a->base == 15) {
        if (a->writeback || !a->index) {
            return L4_ERR_NOT_SUPPORTED;
        }
        base &= ~3u;
    }
    uint32_t moved = a->add ? base + a->offset : base - a->offset;
    t->address = a->index ? moved : base;
    t->base = a->writeback ? (uint8_t)a->base : TRANSFER_NO_WRITEBACK;
    t->base_value = moved;
    return L4_OK;
}

l4_status_t transfer_multiple(const struct guest_regs *regs, uint32_t base, uint32_t list,
                              bool before, bool up, bool writeback, struct transfer *t)
{
    uint32_t count = (uint32_t)__builtin_popcount(list);
    if (count == 0 || base == 15) {
        return L4_ERR_NOT_SUPPORTED;
    }
    uint32_t start = guest_reg_value(regs, base);
    uint32_t end = up ? start + 4u * count : start - 4u * count;
    t->address = (up ? start : end) + (before == up ? 4u : 0u);
    t->list = (uint16_t)list;
    t->count = (uint8_t)count;
    t->size = 4;
    t->base = writeback ? (uint8_t)base : TRANSFER_NO_WRITEBACK;
    t->base_value = end;
    return L4_OK;
}

/* LSL, LSR, ASR, ROR or RRX of a register by an immediate (A8.4.3). */
static uint32_t shifted(const struct guest_regs *regs, uint32_t instruction)
{
    uint32_t value = guest_reg_value(regs, bits(instruction, 3, 0));
    uint32_t amount = bits(instruction, 11, 7);
    switch (bits(instruction, 6, 5)) {
    case 0:
        return value << amount;
    case 1:
        return amount == 0 ? 0 : value >> amount;
    case 2:
        return (uint32_t)((int32_t)value >> (amount == 0 ? 31u : amount));
    default:
        if (amount == 0) {
            return (value >> 1) | (regs->gp.cpsr & 0x20000000u) << 2;
        }
        return value >> amount | value << (32u - amount);
    }
}

/* P, U, W and Rn, which every form has at the same place. Post-indexed forms always write back. */
static struct addressing arm_addressing(uint32_t i, uint32_t offset)
{
    return (struct addressing){
        .base = bits(i, 19, 16),
        .offset = offset,
        .add = bit(i, 23),
        .index = bit(i, 24),
        .writeback = !bit(i, 24) || bit(i, 21),
    };
}

/* LDR, STR, LDRB, STRB and their unprivileged forms. */
static l4_status_t word_or_byte(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    if (bit(i, 25) && bit(i, 4)) {
        return L4_ERR_NOT_SUPPORTED; /* media instructions */
    }
    struct addressing a = arm_addressing(i, bit(i, 25) ? shifted(regs, i) : bits(i, 11, 0));
    t->count = 1;
    t->size = bit(i, 22) ? 1 : 4;
    t->load = bit(i, 20);
    t->store = !t->load;
    t->first = (uint8_t)bits(i, 15, 12);
    return transfer_address(regs, &a, t);
}

/* SWP, SWPB: Rt := [Rn], [Rn] := Rt2. */
static l4_status_t swap(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    if ((i & 0x0fb00ff0u) != 0x01000090u) {
        return L4_ERR_NOT_SUPPORTED; /* multiplication or exclusive access */
    }
    t->count = 1;
    t->size = bit(i, 22) ? 1 : 4;
    t->load = true;
    t->store = true;
    t->first = (uint8_t)bits(i, 15, 12);
    t->second = (uint8_t)bits(i, 3, 0);
    t->base = TRANSFER_NO_WRITEBACK;
    t->address = guest_reg_value(regs, bits(i, 19, 16));
    return L4_OK;
}

/* Halfword, signed byte, dual: bits 7 and 4 set, op2 in [6:5]. */
static l4_status_t extra(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    uint32_t op2 = bits(i, 6, 5);
    if (op2 == 0) {
        return swap(regs, i, t);
    }
    bool dual = op2 != 1 && !bit(i, 20);
    uint32_t offset =
        bit(i, 22) ? bits(i, 11, 8) << 4 | bits(i, 3, 0) : guest_reg_value(regs, bits(i, 3, 0));
    struct addressing a = arm_addressing(i, offset);
    t->first = (uint8_t)bits(i, 15, 12);
    t->second = (uint8_t)(t->first + 1u);
    t->count = dual ? 2 : 1;
    t->size = dual ? 4 : op2 == 2 ? 1 : 2;
    t->load = dual ? op2 == 2 : bit(i, 20);
    t->store = !t->load;
    t->sign = !dual && op2 != 1;
    if (dual && ((t->first & 1u) != 0 || t->first == 14)) {
        return L4_ERR_NOT_SUPPORTED;
    }
    return transfer_address(regs, &a, t);
}

static l4_status_t multiple(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    bool user = bit(i, 22);
    if (user && (bit(i, 21) || (bit(i, 20) && bit(i, 15)))) {
        return L4_ERR_NOT_SUPPORTED; /* exception return */
    }
    t->bank = user ? BANK_USER : BANK_CORE;
    t->load = bit(i, 20);
    t->store = !t->load;
    return transfer_multiple(regs, bits(i, 19, 16), bits(i, 15, 0), bit(i, 24), bit(i, 23),
                             bit(i, 21), t);
}

l4_status_t decode_arm(const struct guest_regs *regs, uint32_t instruction, struct transfer *t)
{
    *t = (struct transfer){.length = 4};
    if (bits(instruction, 31, 28) == 15) {
        return L4_ERR_NOT_SUPPORTED;
    }
    switch (bits(instruction, 27, 25)) {
    case 0:
        if (bit(instruction, 7) && bit(instruction, 4)) {
            return extra(regs, instruction, t);
        }
        return L4_ERR_NOT_SUPPORTED;
    case 2:
    case 3:
        return word_or_byte(regs, instruction, t);
    case 4:
        return multiple(regs, instruction, t);
    case 6:
        return decode_vfp(regs, instruction, t);
    default:
        return L4_ERR_NOT_SUPPORTED;
    }
}
