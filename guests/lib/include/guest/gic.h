/*
 * GICv2 register map and one-line accessors (ARM IHI 0048B, tables 4-1 and 4-2).
 * The same map serves the physical CPU interface (GICC) of a native run and the
 * virtual one (GICV) that Pecan maps in its place.
 */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

#include <stdint.h>

#include "guest/board.h"
#include "guest/mmio.h"

#define GICD_CTLR 0x000u
#define GICD_TYPER 0x004u
#define GICD_IIDR 0x008u
#define GICD_IGROUPR 0x080u
#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ISPENDR 0x200u
#define GICD_ICPENDR 0x280u
#define GICD_ISACTIVER 0x300u
#define GICD_ICACTIVER 0x380u
#define GICD_IPRIORITYR 0x400u
#define GICD_ITARGETSR 0x800u
#define GICD_ICFGR 0xc00u
#define GICD_NSACR 0xe00u
#define GICD_SGIR 0xf00u
#define GICD_CPENDSGIR 0xf10u
#define GICD_SPENDSGIR 0xf20u
#define GICD_PIDR2 0xfe8u
#define GICD_CIDR0 0xff0u

#define GICC_CTLR 0x00u
#define GICC_PMR 0x04u
#define GICC_BPR 0x08u
#define GICC_IAR 0x0cu
#define GICC_EOIR 0x10u
#define GICC_RPR 0x14u
#define GICC_HPPIR 0x18u
#define GICC_ABPR 0x1cu
#define GICC_AIAR 0x20u
#define GICC_AEOIR 0x24u
#define GICC_AHPPIR 0x28u
#define GICC_APR0 0xd0u
#define GICC_IIDR 0xfcu
#define GICC_DIR 0x1000u

#define GICC_CTLR_GRP0 (1u << 0)
#define GICC_CTLR_GRP1 (1u << 1)
#define GICC_CTLR_ACKCTL (1u << 2)
#define GICC_CTLR_FIQEN (1u << 3)
#define GICC_CTLR_CBPR (1u << 4)
#define GICC_CTLR_EOIMODE (1u << 9)

#define SGIR_LIST(mask, id) (((uint32_t)(mask) << 16) | (id))
#define SGIR_OTHERS(id) ((1u << 24) | (id))
#define SGIR_SELF(id) ((2u << 24) | (id))

#define IAR_ID(iar) ((iar)&0x3ffu)
#define INTID_SPURIOUS 1023u
#define INTID_GROUP1 1022u

static inline uint32_t gicd_read(uint32_t reg)
{
    return mmio_read32(GICD_BASE + reg);
}

static inline void gicd_write(uint32_t reg, uint32_t value)
{
    mmio_write32(GICD_BASE + reg, value);
}

static inline uint32_t gicc_read(uint32_t reg)
{
    return mmio_read32(GICC_BASE + reg);
}

static inline void gicc_write(uint32_t reg, uint32_t value)
{
    mmio_write32(GICC_BASE + reg, value);
}

/* One bit of a bit-per-interrupt register bank, e.g. gicd_bit(GICD_ISPENDR, 40). */
static inline uint32_t gicd_bit(uint32_t bank, unsigned int intid)
{
    return (gicd_read(bank + 4u * (intid / 32u)) >> (intid % 32u)) & 1u;
}

/* Writes 1 to that bit only; the set/clear banks ignore the zeros. */
static inline void gicd_hit(uint32_t bank, unsigned int intid)
{
    gicd_write(bank + 4u * (intid / 32u), 1u << (intid % 32u));
}

static inline void gicd_set_priority(unsigned int intid, uint8_t priority)
{
    mmio_write8(GICD_BASE + GICD_IPRIORITYR + intid, priority);
}

static inline uint8_t gicd_priority(unsigned int intid)
{
    return mmio_read8(GICD_BASE + GICD_IPRIORITYR + intid);
}

#endif
