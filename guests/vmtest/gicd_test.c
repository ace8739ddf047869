/*
 * Distributor registers one by one (IHI 0048B, 4.3): read-back, write-1
 * semantics, access sizes, read-only fields and what is not implemented. Nothing
 * is delivered here: the CPU masks interrupts and the distributor is off.
 */
#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/trap.h"
#include "irq.h"
#include "suites.h"

#define FULL_SPI_WORD (32u / 8u) /* byte offset of the bank word of INTIDs 32..63 */

static void ctlr(void)
{
    /* 4.3.1, without Security Extensions: EnableGrp0 and EnableGrp1, the rest reserved. */
    for (uint32_t v = 0; v < 4; v++) {
        gicd_write(GICD_CTLR, v);
        CHECK_EQ(gicd_read(GICD_CTLR), v);
    }
    gicd_write(GICD_CTLR, ~0u);
    CHECK_EQ(gicd_read(GICD_CTLR), 3);
}

static void typer(void)
{
    uint32_t value = gicd_read(GICD_TYPER);

    CHECK_EQ(value & 0xffff0300u, 0);  /* reserved */
    CHECK_EQ(value & (1u << 10), 0);   /* SecurityExtn: the guest is alone */
    CHECK_EQ((value >> 11) & 0x1f, 0); /* LSPI needs the Security Extensions */
    CHECK((value & 0x1f) >= 1);        /* some SPIs: PL011, PL031 */
    gicd_write(GICD_TYPER, ~value);
    CHECK_EQ(gicd_read(GICD_TYPER), value);
}

static void iidr(void)
{
    uint32_t value = gicd_read(GICD_IIDR);

    SKIP_NATIVE("GICD_IIDR reads zero");
    CHECK((value & 0xf7f) != 0); /* JEP106 implementer, 4.3.3 */
    CHECK_EQ(value & 0x80, 0);
    gicd_write(GICD_IIDR, ~value);
    CHECK_EQ(gicd_read(GICD_IIDR), value);
}

static void id_registers(void)
{
    static const uint8_t cidr[4] = {0x0d, 0xf0, 0x05, 0xb1};

    CHECK_EQ((gicd_read(GICD_PIDR2) >> 4) & 0xf, 2); /* ArchRev: GICv2, 4.3.18 */
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(gicd_read(GICD_CIDR0 + 4 * i), cidr[i]);
    }
    gicd_write(GICD_PIDR2, 0);
    gicd_write(GICD_CIDR0, 0);
    CHECK_EQ((gicd_read(GICD_PIDR2) >> 4) & 0xf, 2);
    CHECK_EQ(gicd_read(GICD_CIDR0), 0x0d);
}

static void igroupr(void)
{
    static const uint32_t patterns[] = {0xffffffff, 0xa5a55a5a, 0x00000001, 0x80000000, 0};

    for (uint32_t i = 0; i < sizeof(patterns) / 4; i++) {
        gicd_write(GICD_IGROUPR + FULL_SPI_WORD, patterns[i]);
        CHECK_EQ(gicd_read(GICD_IGROUPR + FULL_SPI_WORD), patterns[i]);
        gicd_write(GICD_IGROUPR, patterns[i]);
        CHECK_EQ(gicd_read(GICD_IGROUPR) & 0xffff, patterns[i] & 0xffff);
    }
}

/* One word of a set/clear pair: each bit alone, zeros do nothing, both read alike. */
static void check_set_clear(uint32_t set, uint32_t clear, uint32_t bits)
{
    gicd_write(clear, bits);
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        if ((bit & bits) == 0) {
            continue;
        }
        gicd_write(set, bit);
        CHECK_EQ(gicd_read(set) & bits, bit);
        CHECK_EQ(gicd_read(clear) & bits, bit);
        gicd_write(set, 0);
        gicd_write(clear, 0);
        gicd_write(clear, ~bit);
        CHECK_EQ(gicd_read(set) & bits, bit);
        gicd_write(clear, bit);
        CHECK_EQ(gicd_read(set) & bits, 0);
    }
    gicd_write(set, bits);
    CHECK_EQ(gicd_read(clear) & bits, bits);
    gicd_write(clear, 0x5a5a5a5a & bits);
    CHECK_EQ(gicd_read(set) & bits, bits & ~0x5a5a5a5au);
    gicd_write(clear, bits);
    CHECK_EQ(gicd_read(clear) & bits, 0);
}

/* INTIDs 40..55 of the word that starts at 32: no device can interfere. */
#define FREE_SPIS 0x00ffff00u

static void enable_spi(void)
{
    gicd_write(GICD_CTLR, 0);
    check_set_clear(GICD_ISENABLER + FULL_SPI_WORD, GICD_ICENABLER + FULL_SPI_WORD, 0xffffffff);
}

static void enable_private(void)
{
    uint32_t value;

    gicd_write(GICD_CTLR, 0);
    /* SGIs: programmable or always enabled is IMPLEMENTATION DEFINED, 4.3.5. */
    gicd_write(GICD_ICENABLER, 0xffff);
    value = gicd_read(GICD_ISENABLER) & 0xffff;
    CHECK_EQ(gicd_read(GICD_ICENABLER) & 0xffff, value);
    gicd_write(GICD_ISENABLER, 0xffff);
    CHECK_EQ(gicd_read(GICD_ISENABLER) & 0xffff, 0xffff);
    check_set_clear(GICD_ISENABLER, GICD_ICENABLER, 1u << INTID_VTIMER | 1u << INTID_PTIMER);
}

static void pending_spi(void)
{
    gicd_write(GICD_CTLR, 0);
    check_set_clear(GICD_ISPENDR + FULL_SPI_WORD, GICD_ICPENDR + FULL_SPI_WORD, FREE_SPIS);
    /* The same for edge-triggered ones. */
    gicd_write(GICD_ICFGR + 8, 0xaaaa0000);
    gicd_write(GICD_ICFGR + 12, 0x0000aaaa);
    check_set_clear(GICD_ISPENDR + FULL_SPI_WORD, GICD_ICPENDR + FULL_SPI_WORD, FREE_SPIS);
}

static void pending_ppi(void)
{
    gicd_write(GICD_CTLR, 0);
    check_set_clear(GICD_ISPENDR, GICD_ICPENDR, 1u << INTID_VTIMER | 1u << INTID_PTIMER);
}

static void pending_sgi_read_only(void)
{
    /* SGI bits of ISPENDR/ICPENDR are read-only, 4.3.7 and 4.3.8. The distributor is on:
     * whether SGIR works while it is off is IMPLEMENTATION DEFINED, 4.3.15. */
    gicc_write(GICC_CTLR, 0);
    gicd_write(GICD_ISPENDR, 0xffff);
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0);
    gicd_write(GICD_SGIR, SGIR_SELF(5));
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 1u << 5);
    gicd_write(GICD_ICPENDR, 0xffff);
    CHECK_EQ(gicd_read(GICD_ICPENDR) & 0xffff, 1u << 5);
}

static void active(void)
{
    gicd_write(GICD_CTLR, 0);
    check_set_clear(GICD_ISACTIVER + FULL_SPI_WORD, GICD_ICACTIVER + FULL_SPI_WORD, FREE_SPIS);
    check_set_clear(GICD_ISACTIVER, GICD_ICACTIVER, 1u << INTID_PTIMER | 1u << 3);
}

static void priority_bits(void)
{
    uint8_t spi;
    uint8_t inverse;

    gicd_set_priority(SPI_A, 0xff);
    spi = gicd_priority(SPI_A);
    inverse = (uint8_t)~spi;
    CHECK((spi & 0xf0) == 0xf0);                              /* at least 16 levels, 3.3 */
    CHECK_EQ((uint8_t)(inverse & (uint8_t)(inverse + 1)), 0); /* contiguous from the top */
    CHECK_EQ(spi, priority_mask());                           /* 4.4.2: PMR has the same bits */
    gicd_set_priority(2, 0xff);
    CHECK_EQ(gicd_priority(2), spi);
    gicd_set_priority(INTID_VTIMER, 0xff);
    CHECK_EQ(gicd_priority(INTID_VTIMER), spi);
    gicd_set_priority(SPI_A, 0);
    CHECK_EQ(gicd_priority(SPI_A), 0);
}

static void priority_bytes(void)
{
    gicd_write(GICD_IPRIORITYR + 40, 0x10203040);
    CHECK_EQ(gicd_read(GICD_IPRIORITYR + 40), 0x10203040);
    CHECK_EQ(gicd_priority(40), 0x40);
    CHECK_EQ(gicd_priority(41), 0x30);
    CHECK_EQ(gicd_priority(42), 0x20);
    CHECK_EQ(gicd_priority(43), 0x10);
    gicd_set_priority(42, 0xa0);
    CHECK_EQ(gicd_read(GICD_IPRIORITYR + 40), 0x10a03040);
    gicd_set_priority(43, 0xf0);
    gicd_set_priority(40, 0x00);
    CHECK_EQ(gicd_read(GICD_IPRIORITYR + 40), 0xf0a03000);
    CHECK_EQ(gicd_read(GICD_IPRIORITYR + 36), 0x80808080);
    CHECK_EQ(gicd_read(GICD_IPRIORITYR + 44), 0x80808080);
}

static void targets_private(void)
{
    uint32_t cpus = ((gicd_read(GICD_TYPER) >> 5) & 7) + 1;
    /* The reading processor's own bit, or RAZ on a uniprocessor, 4.3.12. */
    uint32_t expected = cpus == 1 ? 0 : 0x01010101u << (READ_MPIDR() & 7);

    for (uint32_t i = 0; i < 32; i += 4) {
        CHECK_EQ(gicd_read(GICD_ITARGETSR + i), expected);
        gicd_write(GICD_ITARGETSR + i, ~expected);
        CHECK_EQ(gicd_read(GICD_ITARGETSR + i), expected);
    }
    CHECK_EQ(mmio_read8(GICD_BASE + GICD_ITARGETSR + 9), expected & 0xff);
}

static void targets_spi(void)
{
    uint32_t cpus = ((gicd_read(GICD_TYPER) >> 5) & 7) + 1;
    uint32_t all = (1u << cpus) - 1;

    gicd_write(GICD_ITARGETSR + 40, 0xffffffff);
    if (cpus == 1) {
        CHECK_EQ(gicd_read(GICD_ITARGETSR + 40), 0); /* RAZ/WI, 4.3.12 */
        mmio_write8(GICD_BASE + GICD_ITARGETSR + 41, 1);
        CHECK_EQ(mmio_read8(GICD_BASE + GICD_ITARGETSR + 41), 0);
        return;
    }
    CHECK_EQ(gicd_read(GICD_ITARGETSR + 40), 0x01010101u * all);
    gicd_write(GICD_ITARGETSR + 40, 0x01000102);
    CHECK_EQ(gicd_read(GICD_ITARGETSR + 40), 0x01000102);
    mmio_write8(GICD_BASE + GICD_ITARGETSR + 42, 2);
    CHECK_EQ(gicd_read(GICD_ITARGETSR + 40), 0x01020102);
    CHECK_EQ(mmio_read8(GICD_BASE + GICD_ITARGETSR + 40), 2);
    CHECK_EQ(mmio_read8(GICD_BASE + GICD_ITARGETSR + 42), 2);
    CHECK_EQ(mmio_read8(GICD_BASE + GICD_ITARGETSR + 43), 1);
}

static void icfgr(void)
{
    uint32_t value = gicd_read(GICD_ICFGR);

    CHECK_EQ(value & 0xaaaaaaaau, 0xaaaaaaaau); /* SGIs are edge-triggered, read-only, 4.3.13 */
    gicd_write(GICD_ICFGR, ~value);
    CHECK_EQ(gicd_read(GICD_ICFGR), value);
    gicd_write(GICD_ICFGR, 0);
    CHECK_EQ(gicd_read(GICD_ICFGR), value);

    gicd_write(GICD_ICFGR + 8, 0xaaaaaaaa);
    CHECK_EQ(gicd_read(GICD_ICFGR + 8) & 0xaaaaaaaau, 0xaaaaaaaau);
    gicd_write(GICD_ICFGR + 8, 0x88888888);
    CHECK_EQ(gicd_read(GICD_ICFGR + 8) & 0xaaaaaaaau, 0x88888888u);
    value = gicd_read(GICD_ICFGR + 8) & 0x55555555u;
    gicd_write(GICD_ICFGR + 8, ~value & 0x55555555u);
    CHECK_EQ(gicd_read(GICD_ICFGR + 8), value); /* even bits are reserved */
}

static void icfgr_ppi(void)
{
    /* PPIs: read-only or writable is IMPLEMENTATION DEFINED; the even bits never are.
     * The timers' outputs are level-sensitive (DDI 0406C, B8.1.5). */
    uint32_t timer_bits = 3u << (2 * (INTID_VTIMER - 16)) | 3u << (2 * (INTID_PTIMER - 16));
    uint32_t value = gicd_read(GICD_ICFGR + 4);

    CHECK_EQ(value & timer_bits & 0xaaaaaaaau, 0);
    gicd_write(GICD_ICFGR + 4, value ^ 0x55555555u);
    CHECK_EQ(gicd_read(GICD_ICFGR + 4), value);
}

static void sgi_pending_words(void)
{
    SKIP_NATIVE("a zero byte written to SPENDSGIR still pends its SGI");
    gicd_write(GICD_CTLR, 0);
    gicd_write(GICD_SPENDSGIR + 4, 0x00010001); /* SGIs 4 and 6 from CPU 0 */
    CHECK_EQ(gicd_read(GICD_SPENDSGIR + 4), 0x00010001);
    CHECK_EQ(gicd_read(GICD_CPENDSGIR + 4), 0x00010001);
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0x50);
    gicd_write(GICD_CPENDSGIR + 4, 0x00000100);
    CHECK_EQ(gicd_read(GICD_SPENDSGIR + 4), 0x00010001);
    gicd_write(GICD_CPENDSGIR + 4, 0x00010000);
    CHECK_EQ(gicd_read(GICD_SPENDSGIR + 4), 0x00000001);
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0x10);
}

static void sgi_pending_bytes(void)
{
    gicd_write(GICD_CTLR, 0);
    mmio_write8(GICD_BASE + GICD_SPENDSGIR + 4, 1);
    mmio_write8(GICD_BASE + GICD_SPENDSGIR + 6, 1);
    CHECK_EQ(gicd_read(GICD_SPENDSGIR + 4), 0x00010001);
    CHECK_EQ(gicd_read(GICD_CPENDSGIR + 4), 0x00010001);
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0x50);
    mmio_write8(GICD_BASE + GICD_SPENDSGIR + 15, 1);
    CHECK_EQ(gicd_read(GICD_CPENDSGIR + 12), 0x01000000);
    CHECK_EQ(mmio_read8(GICD_BASE + GICD_CPENDSGIR + 15), 1);
    mmio_write8(GICD_BASE + GICD_CPENDSGIR + 4, 1);
    CHECK_EQ(gicd_read(GICD_SPENDSGIR + 4), 0x00010000);
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0x8040);
    gicd_write(GICD_CPENDSGIR + 4, ~0u);
    gicd_write(GICD_CPENDSGIR + 12, ~0u);
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0);
}

static void reserved(void)
{
    static const uint16_t offsets[] = {0x00c, 0x01c, 0x040, 0x07c, 0xf04, 0xf0c, 0xf30, 0xfcc};

    for (uint32_t i = 0; i < sizeof(offsets) / 2; i++) {
        CHECK_EQ(gicd_read(offsets[i]), 0);
        gicd_write(offsets[i], ~0u);
        CHECK_EQ(gicd_read(offsets[i]), 0);
    }
    CHECK_EQ(gicd_read(GICD_NSACR + 8), 0); /* RAZ/WI without Security Extensions, 4.3.14 */
    gicd_write(GICD_NSACR + 8, ~0u);
    CHECK_EQ(gicd_read(GICD_NSACR + 8), 0);
}

static void unimplemented(void)
{
    static const uint16_t banks[] = {GICD_IGROUPR, GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
                                     GICD_ICPENDR, GICD_ISACTIVER, GICD_ICACTIVER};
    unsigned int first = intid_count();

    SKIP_UNLESS(first < 1020, "every INTID is implemented");
    for (uint32_t i = 0; i < sizeof(banks) / 2; i++) {
        gicd_write(banks[i] + first / 8, ~0u);
        CHECK_EQ(gicd_read(banks[i] + first / 8), 0);
        gicd_write(banks[i] + 0x7c, ~0u);
        CHECK_EQ(gicd_read(banks[i] + 0x7c), 0);
    }
    gicd_write(GICD_IPRIORITYR + first, ~0u);
    CHECK_EQ(gicd_read(GICD_IPRIORITYR + first), 0);
    gicd_set_priority(1016, 0xff);
    CHECK_EQ(gicd_priority(1016), 0);
    gicd_write(GICD_ITARGETSR + first, ~0u);
    CHECK_EQ(gicd_read(GICD_ITARGETSR + first), 0);
    gicd_write(GICD_ICFGR + first / 4, ~0u);
    CHECK_EQ(gicd_read(GICD_ICFGR + first / 4), 0);
}

static void narrow_access(void *arg)
{
    (void)arg;
    (void)mmio_read16(GICD_BASE + GICD_IPRIORITYR + 40);
    (void)mmio_read16(GICD_BASE + GICD_ISENABLER);
    (void)mmio_read8(GICD_BASE + GICD_CTLR);
    mmio_write8(GICD_BASE + GICD_ISENABLER + 6, 0);
    mmio_write16(GICD_BASE + GICD_ICENABLER + 6, 0);
}

static void access_sizes(void)
{
    /* 4.1.4: which registers take halfwords or bytes beyond the listed ones is
     * IMPLEMENTATION DEFINED; an abort or an answer, but the guest goes on. */
    (void)trap_try(narrow_access, 0);
    gicd_write(GICD_IPRIORITYR + 40, 0xc0b0a090);
    CHECK_EQ(gicd_read(GICD_IPRIORITYR + 40), 0xc0b0a090);
}

static const struct test_case cases[] = {
    {"gicd.ctlr", ctlr},
    {"gicd.typer", typer},
    {"gicd.iidr", iidr},
    {"gicd.id-registers", id_registers},
    {"gicd.igroupr", igroupr},
    {"gicd.enable.spi", enable_spi},
    {"gicd.enable.private", enable_private},
    {"gicd.pending.spi", pending_spi},
    {"gicd.pending.ppi", pending_ppi},
    {"gicd.pending.sgi-read-only", pending_sgi_read_only},
    {"gicd.active", active},
    {"gicd.priority.bits", priority_bits},
    {"gicd.priority.bytes", priority_bytes},
    {"gicd.targets.private", targets_private},
    {"gicd.targets.spi", targets_spi},
    {"gicd.icfgr.sgi-spi", icfgr},
    {"gicd.icfgr.ppi", icfgr_ppi},
    {"gicd.sgi-pending.bytes", sgi_pending_bytes},
    {"gicd.sgi-pending.words", sgi_pending_words},
    {"gicd.reserved", reserved},
    {"gicd.unimplemented", unimplemented},
    {"gicd.access-sizes", access_sizes},
};
SUITE(suite_gicd, cases);
