/*
 * Load and store instructions that the hardware's syndrome does not describe: write-back forms,
 * LDRD/STRD, LDM/STM, PUSH/POP, unprivileged forms, SWP, VLDR/VSTR and VLDM/VSTM. Pure: instruction
 * and registers in, a description of the transfer out.
 */
#ifndef VMM_DECODE_H
#define VMM_DECODE_H

#include <vmm/regs.h>

#define TRANSFER_NO_WRITEBACK 0xffu
#define TRANSFER_MAX 32u /* elements */

enum transfer_bank {
    BANK_CORE, /* registers of the present mode */
    BANK_USER, /* registers of User mode: LDM and STM with a caret */
    BANK_VFP,  /* words of struct l4_regs_vfp.d, from `first` on */
};

struct transfer {
    uint32_t address; /* of the first element; ascending */
    enum transfer_bank bank;
    uint16_t list; /* registers, lowest first; 0: `first` and, when count is 2, `second` */
    uint8_t count; /* elements */
    uint8_t size;  /* bytes of an element: 1, 2 or 4 */
    uint8_t first;
    uint8_t second;
    uint8_t length; /* of the instruction, in bytes */
    uint8_t base;   /* register to write back, or TRANSFER_NO_WRITEBACK */
    uint32_t base_value;
    bool load;
    bool store; /* SWP does both: loads `first`, stores `second` */
    bool sign;
};

/* True when the halfword is the first of a 32-bit Thumb instruction. */
static inline bool thumb_is_wide(uint32_t halfword)
{
    return (halfword >> 11) >= 0x1du;
}

/* The register of the i-th element. */
uint32_t transfer_reg(const struct transfer *t, uint32_t i);

/* NOT_SUPPORTED: no load or store, an exclusive one, an exception return, one of Advanced SIMD
 * structures, or one whose operands are UNPREDICTABLE. */
L4_MUST_CHECK l4_status_t decode_arm(const struct guest_regs *regs, uint32_t instruction,
                                     struct transfer *t);
L4_MUST_CHECK l4_status_t decode_thumb(const struct guest_regs *regs, uint32_t halfword,
                                       struct transfer *t);
/* `instruction`: first halfword in the upper 16 bits. */
L4_MUST_CHECK l4_status_t decode_thumb_wide(const struct guest_regs *regs, uint32_t instruction,
                                            struct transfer *t);

#endif
