/*
 * The distributor's register map: finds the bank of 32 words that an access hits and lets its
 * handler answer. Sub-word accesses are taken by every register (IHI 0048B 4.1.4 demands bytes for
 * IPRIORITYR, ITARGETSR and the SGI pending registers and leaves the rest open).
 *
 * gicd_read() is on the path that vm.mmio.gicd measures, gicd_write() on that of vm.sgi.
 */
#include "gic_internal.h"

#define GICD_CTLR 0x000u
#define GICD_TYPER 0x004u
#define GICD_IIDR 0x008u
#define GICD_SGIR 0xf00u
#define GICD_SIZE 0x1000u
#define GICD_ID 0xfd0u

#define GICD_IIDR_GIC400 0x0200143bu
#define CTLR_GROUPS 3u

/* PIDR4..7, PIDR0..3, CIDR0..3 of a GIC-400: architecture version 2, JEP106 of Arm. */
static const uint8_t gicd_id[12] = {0x04, 0x00, 0x00, 0x00, 0x90, 0xb4,
                                    0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint32_t zero_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    (void)gic;
    (void)cpu;
    (void)offset;
    return 0;
}

static void ignore_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                         uint32_t mask)
{
    (void)gic;
    (void)cpu;
    (void)offset;
    (void)value;
    (void)mask;
}

static uint32_t control_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    (void)cpu;
    switch (offset) {
    case GICD_CTLR:
        return gic->state.ctlr;
    case GICD_TYPER:
        return (GIC_WORDS - 1u) | (gic->state.cpus - 1u) << 5;
    case GICD_IIDR:
        return GICD_IIDR_GIC400;
    default:
        return 0;
    }
}

static void control_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                          uint32_t mask)
{
    (void)cpu;
    if (offset != GICD_CTLR) {
        return;
    }
    uint32_t ctlr = ((gic->state.ctlr & ~mask) | value) & CTLR_GROUPS;
    if (ctlr == gic->state.ctlr) {
        return;
    }
    gic_withdraw_all(gic);
    gic->state.ctlr = ctlr;
    for (uint32_t i = 0; i < gic->state.cpus; i++) {
        gic_configure_timers(gic, i);
    }
    gic_update_all(gic);
}

static uint32_t id_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    (void)gic;
    (void)cpu;
    return offset < GICD_ID ? 0 : gicd_id[(offset - GICD_ID) / 4u];
}

static const struct gicd_bank bank_control = {control_read, control_write};
static const struct gicd_bank bank_id = {id_read, ignore_write};
static const struct gicd_bank bank_none = {zero_read, ignore_write};

#define TWICE(bank) &(bank), &(bank)
#define EIGHT_TIMES(bank) TWICE(bank), TWICE(bank), TWICE(bank), TWICE(bank)

static const struct gicd_bank *const gicd_banks[GICD_SIZE / 0x80u] = {
    &bank_control,              /* 0x000 */
    &gicd_group,                /* 0x080 IGROUPR */
    &gicd_set_enable,           /* 0x100 ISENABLER */
    &gicd_clear_enable,         /* 0x180 ICENABLER */
    &gicd_set_pending,          /* 0x200 ISPENDR */
    &gicd_clear_pending,        /* 0x280 ICPENDR */
    &gicd_set_active,           /* 0x300 ISACTIVER */
    &gicd_clear_active,         /* 0x380 ICACTIVER */
    EIGHT_TIMES(gicd_priority), /* 0x400 IPRIORITYR */
    EIGHT_TIMES(gicd_target),   /* 0x800 ITARGETSR */
    TWICE(gicd_config),         /* 0xc00 ICFGR */
    TWICE(bank_none),           /* 0xd00 implementation defined */
    TWICE(bank_none),           /* 0xe00 NSACR: RAZ/WI without Security Extensions */
    &gicd_sgi,                  /* 0xf00 SGIR, CPENDSGIR, SPENDSGIR */
    &bank_id,                   /* 0xf80 */
};

static l4_status_t gicd_read(void *state, struct mmio *access)
{
    uint32_t offset = access->offset & (GICD_SIZE - 4u);
    uint32_t word = gicd_banks[offset / 0x80u]->read(state, access->cpu, offset);
    mmio_answer(access, word);
    return L4_OK;
}

static __attribute__((noinline)) void bank_write(struct gic *gic, const struct mmio *access)
{
    uint32_t offset = access->offset & (GICD_SIZE - 4u);
    uint32_t mask = mmio_mask(access);
    uint32_t value = (access->value << mmio_shift(access)) & mask;
    gicd_banks[offset / 0x80u]->write(gic, access->cpu, offset, value, mask);
}

static l4_status_t gicd_write(void *state, struct mmio *access)
{
    if (access->offset == GICD_SGIR && access->size == 4u) {
        gicd_sgir(state, access->cpu, access->value);
    } else {
        bank_write(state, access);
    }
    return L4_OK;
}

const struct device_ops gicd_ops = {gicd_read, gicd_write};
