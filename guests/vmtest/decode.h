/*
 * Loads and stores on device registers in every encoding, most of which reach a
 * hypervisor without a valid syndrome (ARM DDI 0406C, B3.13.6), so that somebody
 * has to decode the instruction. A case is one snippet with the registers it gets
 * and those that must have changed; every other register must not.
 *
 * The window: eight words of GICD_IPRIORITYR (INTIDs 32..63), byte-accessible and
 * holding 0x00, 0x08, 0x10 .. 0xf8; and PL011's UARTIBRD for halfwords.
 */
#ifndef VMTEST_DECODE_H
#define VMTEST_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/uart.h"

#define DECODE_LR 14u

struct decode_register {
    uint8_t reg; /* 0..12 or DECODE_LR */
    uint32_t value;
};

struct decode_case {
    const char *name;
    void (*code)(void);
    uint32_t base_value; /* device address, goes to register `base` (1 unless told) */
    uint32_t base;
    uint32_t r2;    /* index register, 0 keeps the pattern */
    uint32_t flags; /* CPSR bits 31:24 on entry */
    struct decode_register out[5];
    uint32_t outs;
    struct decode_register mem[4]; /* word of the window, its new value; 8 is UARTIBRD */
    uint32_t mems;
    bool base_out; /* out[0] is the base register and a device address */
};

struct decode_family {
    const char *name;
    const struct decode_case *cases;
    uint32_t count;
};

/* Where code is run from and devices are seen: offsets added to both. */
struct decode_context {
    uint32_t mode;
    uint32_t code_offset;
    uint32_t device_offset;
};

extern const struct decode_family decode_a32_single;
extern const struct decode_family decode_a32_extra;
extern const struct decode_family decode_a32_dual;
extern const struct decode_family decode_a32_multiple;
extern const struct decode_family decode_a32_other;
extern const struct decode_family decode_t16;
extern const struct decode_family decode_t32;
extern const struct decode_family decode_t32_it;
extern const struct decode_family decode_vfp;

/* Runs all of a family; failures go to the running test and, one line each, to the
 * console as comments. */
void decode_run_family(const struct decode_family *family, const struct decode_context *context);

/* Address of word n of the window; the pattern register n starts with. */
#define W(n) (GICD_BASE + GICD_IPRIORITYR + 32u + 4u * (n))
#define H (UART_BASE + UARTIBRD)
#define R(n) (0x80402010u ^ ((n)*0x08080808u))
/* What word n of the window holds at first. */
#define V(n) (0x18100800u + 0x20202020u * (n))
#define IBRD_VALUE 0x8765u

/* A snippet: one line of assembler, then back to decode.S by way of a literal, so
 * that it works from any alias of the code. */
#define SNIPPET(name, insn)                                                                        \
    __attribute__((naked, noinline, used)) static void name(void)                                  \
    {                                                                                              \
        __asm__ volatile(insn "\n\tldr pc, 9f\n\t.balign 4\n9:\t.word decode_return");             \
    }
#define A32(name, insn) __attribute__((target("arm"))) SNIPPET(name, insn)
#define T32(name, insn)                                                                            \
    __attribute__((target("thumb"))) SNIPPET(name, ".balign 4\n\t" insn "\n\t.balign 4")

#endif
