/* Thumb (T32) loads and stores: ARM ARM A6.2.4, A6.2.5, A6.3.5 to A6.3.10. */
#include "decode_internal.h"

static l4_status_t single(const struct guest_regs *regs, struct transfer *t, uint32_t rt,
                          uint32_t base, uint32_t offset)
{
    struct addressing a = {.base = base, .offset = offset, .add = true, .index = true};
    t->count = 1;
    t->first = (uint8_t)rt;
    t->store = !t->load;
    return transfer_address(regs, &a, t);
}

/* 0101: register offset */
static l4_status_t register_offset(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    static const struct {
        uint8_t size, load, sign;
    } kinds[8] = {{4, 0, 0}, {2, 0, 0}, {1, 0, 0}, {1, 1, 1},
                  {4, 1, 0}, {2, 1, 0}, {1, 1, 0}, {2, 1, 1}};
    uint32_t kind = bits(i, 11, 9);
    t->size = kinds[kind].size;
    t->load = kinds[kind].load != 0;
    t->sign = kinds[kind].sign != 0;
    return single(regs, t, bits(i, 2, 0), bits(i, 5, 3), guest_reg_value(regs, bits(i, 8, 6)));
}

/* 011, 1000: five-bit offset in units of the size */
static l4_status_t immediate_offset(const struct guest_regs *regs, uint32_t i, uint32_t size,
                                    struct transfer *t)
{
    t->size = (uint8_t)size;
    t->load = bit(i, 11);
    return single(regs, t, bits(i, 2, 0), bits(i, 5, 3), bits(i, 10, 6) * size);
}

/* 1001: relative to SP; 01001: relative to PC */
static l4_status_t relative(const struct guest_regs *regs, uint32_t i, uint32_t base,
                            struct transfer *t)
{
    t->size = 4;
    t->load = base == 15 || bit(i, 11);
    return single(regs, t, bits(i, 10, 8), base, bits(i, 7, 0) * 4u);
}

/* 1011x10: PUSH, POP */
static l4_status_t stack(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    if (bits(i, 10, 9) != 2) {
        return L4_ERR_NOT_SUPPORTED;
    }
    t->load = bit(i, 11);
    t->store = !t->load;
    uint32_t list = bits(i, 7, 0) | (bit(i, 8) ? 1u << (t->load ? 15 : 14) : 0);
    return transfer_multiple(regs, 13, list, !t->load, t->load, true, t);
}

/* 1100: STMIA, LDMIA; a load of the base register does not write back */
static l4_status_t multiple(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    uint32_t base = bits(i, 10, 8);
    t->load = bit(i, 11);
    t->store = !t->load;
    bool writeback = t->store || !bit(i, base);
    return transfer_multiple(regs, base, bits(i, 7, 0), false, true, writeback, t);
}

l4_status_t decode_thumb(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    *t = (struct transfer){.length = 2};
    switch (bits(i, 15, 12)) {
    case 4:
        return bit(i, 11) ? relative(regs, i, 15, t) : L4_ERR_NOT_SUPPORTED;
    case 5:
        return register_offset(regs, i, t);
    case 6:
        return immediate_offset(regs, i, 4, t);
    case 7:
        return immediate_offset(regs, i, 1, t);
    case 8:
        return immediate_offset(regs, i, 2, t);
    case 9:
        return relative(regs, i, 13, t);
    case 11:
        return stack(regs, i, t);
    case 12:
        return multiple(regs, i, t);
    default:
        return L4_ERR_NOT_SUPPORTED;
    }
}

/* 1110100xx0: LDM, STM, increment after or decrement before */
static l4_status_t wide_multiple(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    uint32_t op = bits(i, 24, 23);
    if (op == 0 || op == 3) {
        return L4_ERR_NOT_SUPPORTED; /* SRS, RFE */
    }
    t->load = bit(i, 20);
    t->store = !t->load;
    return transfer_multiple(regs, bits(i, 19, 16), bits(i, 15, 0), op == 2, op == 1, bit(i, 21),
                             t);
}

/* 1110100xx1: LDRD, STRD */
static l4_status_t wide_dual(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    if (!bit(i, 24) && !bit(i, 21)) {
        return L4_ERR_NOT_SUPPORTED; /* exclusive access, table branch */
    }
    struct addressing a = {
        .base = bits(i, 19, 16),
        .offset = bits(i, 7, 0) * 4u,
        .add = bit(i, 23),
        .index = bit(i, 24),
        .writeback = bit(i, 21),
    };
    t->count = 2;
    t->size = 4;
    t->load = bit(i, 20);
    t->store = !t->load;
    t->first = (uint8_t)bits(i, 15, 12);
    t->second = (uint8_t)bits(i, 11, 8);
    return transfer_address(regs, &a, t);
}

/* The offset of a 1111100 instruction. */
static l4_status_t wide_addressing(const struct guest_regs *regs, uint32_t i, struct addressing *a)
{
    *a = (struct addressing){.base = bits(i, 19, 16), .add = true, .index = true};
    if (a->base == 15) {
        a->add = bit(i, 23);
        a->offset = bits(i, 11, 0);
    } else if (bit(i, 23)) {
        a->offset = bits(i, 11, 0);
    } else if (bit(i, 11)) {
        a->add = bit(i, 9);
        a->index = bit(i, 10);
        a->writeback = bit(i, 8);
        a->offset = bits(i, 7, 0);
        return a->index || a->writeback ? L4_OK : L4_ERR_NOT_SUPPORTED;
    } else if (bits(i, 11, 6) == 0) {
        a->offset = guest_reg_value(regs, bits(i, 3, 0)) << bits(i, 5, 4);
    } else {
        return L4_ERR_NOT_SUPPORTED;
    }
    return L4_OK;
}

/* 1111100: single transfers */
static l4_status_t wide_single(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    uint32_t size = bits(i, 22, 21);
    t->load = bit(i, 20);
    t->store = !t->load;
    t->sign = bit(i, 24);
    t->count = 1;
    t->size = (uint8_t)(1u << size);
    t->first = (uint8_t)bits(i, 15, 12);
    bool literal_store = t->store && bits(i, 19, 16) == 15;
    bool hint = t->first == 15 && size != 2;
    if (size == 3 || (t->sign && (t->store || size == 2)) || literal_store || hint) {
        return L4_ERR_NOT_SUPPORTED;
    }
    struct addressing a;
    l4_status_t status = wide_addressing(regs, i, &a);
    return status != L4_OK ? status : transfer_address(regs, &a, t);
}

l4_status_t decode_thumb_wide(const struct guest_regs *regs, uint32_t i, struct transfer *t)
{
    *t = (struct transfer){.length = 4};
    switch (bits(i, 31, 25)) {
    case 0x74:
        return bit(i, 22) ? wide_dual(regs, i, t) : wide_multiple(regs, i, t);
    case 0x76:
        return decode_vfp(regs, i, t);
    case 0x7c:
        return wide_single(regs, i, t);
    default:
        return L4_ERR_NOT_SUPPORTED;
    }
}
