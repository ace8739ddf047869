/*
 * The C half of exception handling (see trap.h, vectors.S): records the syndrome
 * of a fault, and stops the guest with a message when nobody expected one.
 */
#include "guest/trap.h"

#include <stddef.h>

#include "guest/cpu.h"
#include "guest/mmio.h"
#include "guest/psci.h"
#include "guest/uart.h"

struct trap_fault trap_last;
void (*trap_irq)(void);
void (*trap_fiq)(void);

extern void *trap_context;
void trap_record(uint32_t kind, uint32_t lr, uint32_t spsr);

/* Preferred return addresses: ARM DDI 0406C, table B1-7. */
void trap_record(uint32_t kind, uint32_t lr, uint32_t spsr)
{
    struct trap_fault *fault = &trap_last;

    fault->kind = kind;
    fault->spsr = spsr;
    switch (kind) {
    case TRAP_UNDEFINED:
        fault->pc = lr - ((spsr & CPSR_T) != 0 ? 2u : 4u);
        fault->fsr = 0;
        fault->far = 0;
        break;
    case TRAP_PREFETCH_ABORT:
        fault->pc = lr - 4;
        fault->fsr = CP_READ(p15, 0, c5, c0, 1);
        fault->far = CP_READ(p15, 0, c6, c0, 2);
        break;
    default:
        fault->pc = lr - 8;
        fault->fsr = CP_READ(p15, 0, c5, c0, 0);
        fault->far = CP_READ(p15, 0, c6, c0, 0);
        break;
    }
    if (trap_context == NULL) {
        print("\nBail out! exception %u at pc %08x spsr %08x fsr %08x far %08x\n", kind, fault->pc,
              spsr, fault->fsr, fault->far);
        system_off();
    }
}

struct access {
    uint32_t addr;
    uint32_t value;
};

static void do_load(void *arg)
{
    struct access *access = arg;

    access->value = mmio_read32(access->addr);
}

static void do_store(void *arg)
{
    struct access *access = arg;

    mmio_write32(access->addr, access->value);
    dsb();
}

bool trap_load32(uint32_t addr, uint32_t *value)
{
    struct access access = {.addr = addr};
    bool aborted = trap_try(do_load, &access);

    *value = access.value;
    return aborted;
}

bool trap_store32(uint32_t addr, uint32_t value)
{
    struct access access = {.addr = addr, .value = value};

    return trap_try(do_store, &access);
}
