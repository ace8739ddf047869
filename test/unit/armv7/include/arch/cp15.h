/*
 * arch/armv7's CP15 registers on the host: each is a variable, found by its name, and every write
 * and barrier goes, in order, into the log of record.h. The kernel's own header has the same
 * names; this one is found first.
 */
#ifndef ARCH_CP15_H
#define ARCH_CP15_H

#include <record.h>

#define CP15_READ(name) ((uint32_t)record_read(#name))
#define CP15_WRITE(name, value) record_write(#name, (uint32_t)(value))
#define CP15_READ64(name) record_read(#name)
#define CP15_WRITE64(name, value) record_write(#name, (uint64_t)(value))

static inline void arch_isb(void)
{
    record_write("isb", 0);
}

static inline void arch_load6(const uint32_t *from, uint32_t to[6])
{
    for (uint32_t i = 0; i < 6; i++) {
        to[i] = from[i];
    }
}

static inline void arch_clrex(void)
{
    record_write("clrex", 0);
}

static inline void arch_dsb(void)
{
    record_write("dsb", 0);
}

static inline void arch_dsb_ish(void)
{
    record_write("dsb ish", 0);
}

static inline void arch_dsb_ishst(void)
{
    record_write("dsb ishst", 0);
}

#endif
