/*
 * The instruction decoder with any opcode and any registers: what it describes stays within its
 * arrays, and agrees with a second reading of the ARM ARM, reference.c, for the forms known there.
 */
#include <string.h>

#include <vmm/decode.h>

#include "fuzz.h"
#include "reference.h"

static void check_transfer(const struct transfer *t, uint32_t length)
{
    FUZZ_CHECK(t->count >= 1 && t->count <= TRANSFER_MAX);
    FUZZ_CHECK(t->size == 1 || t->size == 2 || t->size == 4);
    FUZZ_CHECK(t->length == length);
    FUZZ_CHECK(t->load || t->store);
    FUZZ_CHECK(t->base < 15 || t->base == TRANSFER_NO_WRITEBACK);
    FUZZ_CHECK(t->list == 0 || t->count == (uint32_t)__builtin_popcount(t->list));
    for (uint32_t i = 0; i < t->count; i++) {
        FUZZ_CHECK(transfer_reg(t, i) < (t->bank == BANK_VFP ? 64u : 16u));
        FUZZ_CHECK(t->bank != BANK_USER || !t->load || transfer_reg(t, i) != 15);
    }
}

static void compare(const struct transfer *t, const struct reference *r)
{
    FUZZ_CHECK(t->address == r->address);
    FUZZ_CHECK(t->load == r->load && t->size == r->size && t->sign == r->sign);
    FUZZ_CHECK(t->count == (uint32_t)__builtin_popcount(r->registers));
    uint32_t registers = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        registers |= 1u << transfer_reg(t, i);
    }
    FUZZ_CHECK(registers == r->registers);
    FUZZ_CHECK((t->base != TRANSFER_NO_WRITEBACK) == r->writeback);
    if (r->writeback) {
        FUZZ_CHECK(t->base == r->base && t->base_value == r->base_value);
    }
}

static void any_registers(struct fuzz_input *in, struct guest_regs *regs)
{
    uint32_t *const words = (uint32_t *)regs;
    for (size_t i = 0; i < sizeof *regs / 4; i++) {
        words[i] = fuzz_32(in);
    }
    regs->gp.pc &= (regs->gp.cpsr & CPSR_T) != 0 ? ~1u : ~3u;
}

static void decode_one(const struct guest_regs *regs, uint32_t instruction)
{
    struct transfer t;
    struct reference r;
    const bool thumb = (regs->gp.cpsr & CPSR_T) != 0;
    const bool wide = thumb && thumb_is_wide(instruction >> 16);
    l4_status_t status;
    bool known = false;
    if (!thumb) {
        status = decode_arm(regs, instruction, &t);
        known = reference_arm(regs, instruction, &r);
    } else if (wide) {
        status = decode_thumb_wide(regs, instruction, &t);
    } else {
        status = decode_thumb(regs, instruction >> 16, &t);
        known = reference_thumb(regs, instruction >> 16, &r);
    }
    FUZZ_CHECK(status == L4_OK || status == L4_ERR_NOT_SUPPORTED);
    FUZZ_CHECK(status == L4_OK || !known);
    if (status == L4_OK) {
        check_transfer(&t, thumb && !wide ? 2 : 4);
        if (known) {
            compare(&t, &r);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct guest_regs regs;
    any_registers(&in, &regs);
    do {
        decode_one(&regs, fuzz_32(&in));
    } while (in.left != 0);
    return 0;
}

/* Registers, then one instruction of each kind; a seed for each instruction set. */
size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const uint32_t arm[] = {0xe5912004, 0xe7812103, 0xe1c120b4, 0xe1d120d1, 0xe8b1000c,
                                   0xe92d4010, 0xe1c120d8, 0xe1012093, 0xed910b02, 0xecb10b04,
                                   0xe4b12004, 0xe8d16000, 0x05912004, 0xe6812063};
    static const uint32_t thumb[] = {0x68080000, 0x50880000, 0xb4100000, 0xbd100000, 0xc9060000,
                                     0x48010000, 0x98010000, 0xf8512b04, 0xe8b1000c, 0xe9512302,
                                     0xed910b02, 0xf9912004, 0x5e880000};
    const uint32_t *const code = n == 0 ? arm : thumb;
    const size_t count = n == 0 ? sizeof arm / 4 : sizeof thumb / 4;
    const size_t registers = sizeof(struct guest_regs);
    if (n > 1) {
        return 0;
    }
    for (size_t i = 0; i < registers; i++) {
        data[i] = (uint8_t)(i * 29);
    }
    const uint32_t cpsr = MODE_SVC | (n == 0 ? 0 : CPSR_T);
    memcpy(data + offsetof(struct guest_regs, gp.cpsr), &cpsr, 4);
    memcpy(data + registers, code, count * 4);
    return registers + count * 4;
}
