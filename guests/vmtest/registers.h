/*
 * Assembler helpers that load known values into a whole register set, make the
 * guest exit, and store the set back (registers.S, vfp.S). Arrays are indexed by
 * register number.
 */
#ifndef VMTEST_REGISTERS_H
#define VMTEST_REGISTERS_H

#include <stdint.h>

/* r4..r12, lr loaded; r0 = PSCI_VERSION; HVC #0; r0..r12, lr stored. */
void keep_hvc(uint32_t out[16], const uint32_t in[16]);
/* r0..r12, lr loaded but r1 = addr; LDR r0, [r1]; all stored, CPSR in out[15]. */
void keep_mmio(uint32_t out[16], const uint32_t in[16], uint32_t addr);
/* The same with an MRC of CNTP_TVAL to r0, trapped under a hypervisor. */
void keep_mrc(uint32_t out[16], const uint32_t in[16], uint32_t unused);

uint32_t hvc_number_1(uint32_t function);
uint32_t hvc_number_ffff(uint32_t function);
uint32_t hvc_thumb(uint32_t function);

#define BANKED_COUNT 19u
/* r8..r12, sp, lr, spsr of FIQ; sp, lr, spsr of IRQ, ABT, UND; sp, lr of USR. */
void banked_write(const uint32_t values[BANKED_COUNT]);
void banked_read(uint32_t values[BANKED_COUNT]);

/* D0..D31 and FPSCR. */
void vfp_write(const uint64_t d[32], uint32_t fpscr);
uint32_t vfp_read(uint64_t d[32]);
/* FPEXC by VMSR/VMRS; MVFR0 by VMRS; one VADD.F32 s0, s0, s0. */
void vfp_set_fpexc(uint32_t value);
uint32_t vfp_fpexc(void);
uint32_t vfp_mvfr0(void);
void vfp_instruction(void *unused);

/* Adds 1 to *word with LDREX/STREX until it succeeds. */
void exclusive_increment(volatile uint32_t *word);

#endif
