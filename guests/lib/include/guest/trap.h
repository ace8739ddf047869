/*
 * Exceptions of a guest. trap.c owns one record of the last fault and a stack of
 * recovery points; vectors.S fills both. IRQ and FIQ call the hooks below in SVC
 * mode on the SVC stack, so a hook may unmask and be nested.
 */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include <stdbool.h>
#include <stdint.h>

enum trap_kind {
    TRAP_NONE = 0,
    TRAP_UNDEFINED = 1,
    TRAP_PREFETCH_ABORT = 3,
    TRAP_DATA_ABORT = 4,
};

struct trap_fault {
    uint32_t r[13]; /* r0..r12 of the interrupted mode (FIQ's own when it was FIQ) */
    uint32_t kind;  /* enum trap_kind */
    uint32_t pc;    /* address of the instruction that faulted */
    uint32_t spsr;
    uint32_t fsr; /* DFSR or IFSR */
    uint32_t far; /* DFAR or IFAR */
};

extern struct trap_fault trap_last;

/* Called by the IRQ and FIQ vectors; NULL: nothing is called. */
extern void (*trap_irq)(void);
extern void (*trap_fiq)(void);

/* Runs fn(arg). Returns false when it came back by itself, true when an undefined
 * instruction or an abort cut it short (trap_last tells). Mode, masks and stack
 * are as before the call. May be nested. */
bool trap_try(void (*fn)(void *), void *arg);

/* Runs fn(arg) in `mode` (any but HYP and MON) on that mode's own stack, with the
 * caller's interrupt masks, and returns its result. Comes back by SVC. */
uint32_t call_in_mode(uint32_t mode, uint32_t (*fn)(uint32_t), uint32_t arg);

/* Loads from / stores to a possibly absent address; true when it aborted. */
bool trap_load32(uint32_t addr, uint32_t *value);
bool trap_store32(uint32_t addr, uint32_t value);

#endif
