/*
 * See reference.h. Written from the encoding tables, one pattern a line, not from the decoder.
 */
#include <string.h>

#include "reference.h"

/* R[n] as A2.3 and B1.3.2 have it. */
static uint32_t reg(const struct guest_regs *g, uint32_t n)
{
    const bool thumb = (g->gp.cpsr & CPSR_T) != 0;
    const uint32_t mode = g->gp.cpsr & 31u;
    const struct l4_regs_banked *const b = &g->banked;
    if (n == 15) {
        return g->gp.pc + (thumb ? 4u : 8u);
    }
    if (mode == MODE_FIQ && n >= 8) {
        const uint32_t fiq[] = {b->r8_fiq,  b->r9_fiq, b->r10_fiq, b->r11_fiq,
                                b->r12_fiq, b->sp_fiq, b->lr_fiq};
        return fiq[n - 8];
    }
    if (n < 13) {
        return g->gp.r[n];
    }
    switch (mode) {
    case MODE_IRQ:
        return n == 13 ? b->sp_irq : b->lr_irq;
    case MODE_SVC:
        return n == 13 ? b->sp_svc : b->lr_svc;
    case MODE_ABT:
        return n == 13 ? b->sp_abt : b->lr_abt;
    case MODE_UND:
        return n == 13 ? b->sp_und : b->lr_und;
    default:
        return n == 13 ? g->gp.sp_usr : g->gp.lr_usr;
    }
}

/* Shift_C with an immediate amount (A8.4.3). */
static uint32_t shift(const struct guest_regs *g, uint32_t value, uint32_t type, uint32_t imm5)
{
    switch (type) {
    case 0:
        return value << imm5;
    case 1:
        return imm5 == 0 ? 0 : value >> imm5;
    case 2: {
        const uint32_t amount = imm5 == 0 ? 31 : imm5;
        const uint32_t sign = (value >> 31) != 0 ? ~(0xffffffffu >> amount) : 0;
        return value >> amount | sign;
    }
    default:
        if (imm5 == 0) {
            return value >> 1 | (g->gp.cpsr >> 29 & 1u) << 31;
        }
        return value >> imm5 | value << (32 - imm5);
    }
}

/* offset_addr, address and write-back with P, U and W (A8.8.63 and its like). */
static bool indexed(const struct guest_regs *g, uint32_t i, uint32_t offset, uint32_t t,
                    struct reference *r)
{
    const uint32_t n = i >> 16 & 15u;
    const bool index = (i >> 24 & 1u) != 0;
    const bool wback = !index || (i >> 21 & 1u) != 0;
    const uint32_t start = n == 15 ? reg(g, 15) & ~3u : reg(g, n);
    const uint32_t moved = (i >> 23 & 1u) != 0 ? start + offset : start - offset;
    if (wback && (n == 15 || n == t)) {
        return false; /* UNPREDICTABLE */
    }
    *r = (struct reference){.address = index ? moved : start,
                            .registers = 1u << t,
                            .load = (i >> 20 & 1u) != 0,
                            .writeback = wback,
                            .base = n,
                            .base_value = moved};
    return true;
}

static bool arm_word_byte(const struct guest_regs *g, uint32_t i, struct reference *r)
{
    const bool by_register = (i >> 25 & 1u) != 0;
    const uint32_t m = i & 15u;
    if (by_register && ((i >> 4 & 1u) != 0 || m == 15)) {
        return false;
    }
    const uint32_t offset =
        by_register ? shift(g, reg(g, m), i >> 5 & 3u, i >> 7 & 31u) : i & 0xfffu;
    if (!indexed(g, i, offset, i >> 12 & 15u, r)) {
        return false;
    }
    r->size = (i >> 22 & 1u) != 0 ? 1 : 4;
    return true;
}

/* cond 000 P U I W L Rn Rt imm4H 1 S H 1 imm4L/Rm */
static bool arm_extra(const struct guest_regs *g, uint32_t i, struct reference *r)
{
    const uint32_t kind = i >> 5 & 3u;
    const bool load = (i >> 20 & 1u) != 0;
    const bool immediate = (i >> 22 & 1u) != 0;
    const uint32_t t = i >> 12 & 15u;
    if (kind == 0 || (!immediate && ((i >> 8 & 15u) != 0 || (i & 15u) == 15))) {
        return false;
    }
    const bool dual = kind != 1 && !load;
    const uint32_t offset = immediate ? (i >> 4 & 0xf0u) | (i & 15u) : reg(g, i & 15u);
    if (!indexed(g, i, offset, t, r) || (dual && ((t & 1u) != 0 || t == 14))) {
        return false;
    }
    if (dual && ((i >> 24 & 1u) == 0 && (i >> 21 & 1u) != 0)) {
        return false; /* P == 0, W == 1 */
    }
    if (dual && r->writeback && r->base == t + 1) {
        return false;
    }
    r->registers = dual ? 3u << t : 1u << t;
    r->load = dual ? kind == 2 : load;
    r->sign = !dual && kind != 1;
    r->size = dual ? 4 : kind == 2 ? 1 : 2;
    return true;
}

/* LDMDA, LDMIA, LDMDB, LDMIB and their stores, present mode. */
static bool block(const struct guest_regs *g, uint32_t n, uint32_t list, bool before, bool up,
                  struct reference *r)
{
    const uint32_t bytes = 4u * (uint32_t)__builtin_popcount(list);
    const uint32_t start = reg(g, n);
    if (n == 15 || list == 0) {
        return false;
    }
    r->registers = list;
    r->size = 4;
    r->base = n;
    r->base_value = up ? start + bytes : start - bytes;
    if (up) {
        r->address = before ? start + 4u : start;
    } else {
        r->address = before ? start - bytes : start - bytes + 4u;
    }
    return true;
}

bool reference_arm(const struct guest_regs *g, uint32_t i, struct reference *r)
{
    memset(r, 0, sizeof *r);
    if (i >> 28 == 15) {
        return false;
    }
    if ((i & 0x0c000000u) == 0x04000000u) {
        return arm_word_byte(g, i, r);
    }
    if ((i & 0x0e000090u) == 0x00000090u) {
        return arm_extra(g, i, r);
    }
    if ((i & 0x0e400000u) == 0x08000000u) {
        r->load = (i >> 20 & 1u) != 0;
        r->writeback = (i >> 21 & 1u) != 0;
        return block(g, i >> 16 & 15u, i & 0xffffu, (i >> 24 & 1u) != 0, (i >> 23 & 1u) != 0, r);
    }
    return false;
}

static bool plain(uint32_t address, uint32_t t, uint32_t size, bool load, struct reference *r)
{
    r->address = address;
    r->registers = 1u << t;
    r->size = size;
    r->load = load;
    return true;
}

static bool thumb_register(const struct guest_regs *g, uint32_t h, struct reference *r)
{
    static const uint8_t size[] = {4, 2, 1, 1, 4, 2, 1, 2};
    const uint32_t op = h >> 9 & 7u;
    r->sign = op == 3 || op == 7;
    return plain(reg(g, h >> 3 & 7u) + reg(g, h >> 6 & 7u), h & 7u, size[op], op >= 3, r);
}

bool reference_thumb(const struct guest_regs *g, uint32_t h, struct reference *r)
{
    const uint32_t n = h >> 3 & 7u;
    const uint32_t t = h & 7u;
    const uint32_t imm5 = h >> 6 & 31u;
    const bool load = (h >> 11 & 1u) != 0;
    memset(r, 0, sizeof *r);
    switch (h >> 11) {
    case 9: /* LDR (literal) */
        return plain((reg(g, 15) & ~3u) + 4u * (h & 255u), h >> 8 & 7u, 4, true, r);
    case 10:
    case 11:
        return thumb_register(g, h, r);
    case 12:
    case 13:
        return plain(reg(g, n) + 4u * imm5, t, 4, load, r);
    case 14:
    case 15:
        return plain(reg(g, n) + imm5, t, 1, load, r);
    case 16:
    case 17:
        return plain(reg(g, n) + 2u * imm5, t, 2, load, r);
    case 18:
    case 19:
        return plain(reg(g, 13) + 4u * (h & 255u), h >> 8 & 7u, 4, load, r);
    case 22: /* PUSH */
        r->writeback = true;
        return (h >> 9 & 3u) == 2 && block(g, 13, (h & 255u) | (h >> 8 & 1u) << 14, true, false, r);
    case 23: /* POP */
        r->load = r->writeback = true;
        return (h >> 9 & 3u) == 2 && block(g, 13, (h & 255u) | (h >> 8 & 1u) << 15, false, true, r);
    case 24:
    case 25:
        r->load = load;
        r->writeback = !load || (h >> (h >> 8 & 7u) & 1u) == 0;
        return block(g, h >> 8 & 7u, h & 255u, false, true, r);
    default:
        return false;
    }
}
