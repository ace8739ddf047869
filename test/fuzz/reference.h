/*
 * A second, independent reading of the ARM ARM's load and store encodings, as the pseudocode of
 * chapter A8 has them: the decoder's answers are compared with it.
 */
#ifndef FUZZ_REFERENCE_H
#define FUZZ_REFERENCE_H

#include <vmm/regs.h>

struct reference {
    uint32_t address; /* of the lowest element */
    uint32_t registers;
    uint32_t size;
    bool load, sign;
    bool writeback;
    uint32_t base, base_value;
};

/* False: not one of the forms known here, or UNPREDICTABLE. `halfword`: a 16-bit instruction. */
bool reference_arm(const struct guest_regs *regs, uint32_t instruction, struct reference *r);
bool reference_thumb(const struct guest_regs *regs, uint32_t halfword, struct reference *r);

#endif
