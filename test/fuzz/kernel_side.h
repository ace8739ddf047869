/*
 * The kernel's side of the virtual machine, for fuzz_machine.c: four slots a vCPU with the rules of
 * list registers, the timers' interrupts, registers, a translation that can fail; and the guest's
 * CPU interface, which acknowledges and ends what is in the slots.
 */
#ifndef FUZZ_KERNEL_SIDE_H
#define FUZZ_KERNEL_SIDE_H

#include <vmm/vm.h>

#include "fuzz.h"

#define CPUS_MAX 4u
#define RAM_BASE 0x40000000u
#define RAM_SIZE 0x3000u
#define ROM_SIZE 0x100u
#define INJECTS_MAX 20000u /* in one step: a model that never settles */

struct kernel_cpu {
    uint32_t slot[GIC_SLOTS];
    uint32_t timer[L4_TIMER_COUNT]; /* word to inject; 0: not wanted */
    uint32_t lines;
    bool wanted; /* an inject was refused: say when a slot is free */
    bool split;
    struct guest_cpu regs;
    struct l4_regs_vfp vfp;
};

struct world {
    struct vm vm;
    struct kernel_cpu cpu[CPUS_MAX];
    struct fuzz_input *in;
    uint32_t cpus;
    uint32_t injects; /* in this step */
    uint32_t seconds;
    uint8_t translate; /* how addresses translate in this step */
    uint8_t *ram, *rom;
};

/* A machine of 1 to CPUS_MAX vCPUs; world_end() frees it. */
void world_begin(struct world *w, uint32_t cpus, bool rom, struct fuzz_input *in);
void world_end(struct world *w);

/* The guest reads GICC_IAR; writes GICC_EOIR for one of its slots. */
void cpu_acknowledge(struct world *w, uint32_t cpu);
void cpu_end(struct world *w, uint32_t cpu, uint32_t slot);

/* A timer's condition changes; what the kernel injects by itself then. */
void cpu_timer(struct world *w, uint32_t cpu, uint32_t lines);

/* The vCPU is reset: slots and timers are empty. */
void cpu_reset(struct world *w, uint32_t cpu);

/* Slot of an interrupt; GIC_SLOTS: in none. */
uint32_t cpu_slot(const struct world *w, uint32_t cpu, uint32_t irq);

static inline bool is_timer(uint32_t irq)
{
    return irq == GIC_PPI_VTIMER || irq == GIC_PPI_PTIMER;
}

#endif
