/*
 * See sysreg.h. Values of identification registers are the Cortex-A15's (DDI 0438 chapter 4), less
 * the Security and Virtualization Extensions, which the guest does not have.
 */
#include <stddef.h>

#include <l4/abi/vcpu.h>
#include <vmm/sysreg.h>

#define KEY(crn, opc1, crm, opc2) ((crn) << 12 | (opc1) << 8 | (crm) << 4 | (opc2))

#define KEY_MIDR KEY(0, 0, 0, 0)
#define KEY_ACTLR KEY(1, 0, 0, 1)
#define KEY_CCSIDR KEY(0, 1, 0, 0)
#define KEY_CSSELR KEY(0, 2, 0, 0)
#define KEY_L2CTLR KEY(9, 1, 0, 2)
#define KEY_L2ECTLR KEY(9, 1, 0, 3)
#define KEY_CBAR KEY(15, 4, 0, 0)

#define KEY_DBGDIDR KEY(0, 0, 0, 0)

#define DBGDIDR_V7_1 0x01050000u /* one watchpoint, two breakpoints, debug v7.1: the fewest */
#define PERIPHBASE 0x08000000u   /* the GIC, as QEMU's virt has it */
#define L2CTLR_CPUS_SHIFT 24u
#define L2CTLR_CPUS_MASK 0x03000000u

struct constant {
    uint16_t key;
    uint32_t value;
};

static const struct constant identification[] = {
    {KEY(0, 0, 0, 0), 0x412fc0f1}, /* MIDR */
    {KEY(0, 0, 0, 1), 0x8444c004}, /* CTR */
    {KEY(0, 0, 0, 2), 0x00000000}, /* TCMTR */
    {KEY(0, 0, 0, 3), 0x00000000}, /* TLBTR */
    {KEY(0, 0, 0, 6), 0x00000000}, /* REVIDR */
    {KEY(0, 0, 1, 0), 0x00001131}, /* ID_PFR0 */
    {KEY(0, 0, 1, 1), 0x00010001}, /* ID_PFR1 */
    {KEY(0, 0, 1, 2), 0x02000555}, /* ID_DFR0: no performance monitors */
    {KEY(0, 0, 1, 3), 0x00000000}, /* ID_AFR0 */
    {KEY(0, 0, 1, 4), 0x10201105}, /* ID_MMFR0 */
    {KEY(0, 0, 1, 5), 0x20000000}, /* ID_MMFR1 */
    {KEY(0, 0, 1, 6), 0x01240000}, /* ID_MMFR2 */
    {KEY(0, 0, 1, 7), 0x02102211}, /* ID_MMFR3 */
    {KEY(0, 0, 2, 0), 0x02101110}, /* ID_ISAR0 */
    {KEY(0, 0, 2, 1), 0x13112111}, /* ID_ISAR1 */
    {KEY(0, 0, 2, 2), 0x21232041}, /* ID_ISAR2 */
    {KEY(0, 0, 2, 3), 0x11112131}, /* ID_ISAR3 */
    {KEY(0, 0, 2, 4), 0x10011142}, /* ID_ISAR4 */
    {KEY(0, 1, 0, 1), 0x0a200023}, /* CLIDR */
    {KEY(0, 1, 0, 7), 0x00000000}, /* AIDR */
};

static l4_status_t identification_read(uint32_t key, uint32_t *value)
{
    for (size_t i = 0; i < sizeof(identification) / sizeof(identification[0]); i++) {
        if (identification[i].key == key) {
            *value = identification[i].value;
            return L4_OK;
        }
    }
    if (key > KEY(0, 0, 2, 4) && key <= KEY(0, 0, 7, 7)) {
        *value = 0; /* reserved identification space reads as zero (B3.17.1) */
        return L4_OK;
    }
    return L4_ERR_NOT_SUPPORTED;
}

/* Level 1 data, level 1 instruction, level 2 unified; others are UNKNOWN. */
static uint32_t cache_size(uint32_t csselr)
{
    static const uint32_t ccsidr[] = {0x701fe00a, 0x201fe00a, 0x711fe07a};
    return csselr < sizeof(ccsidr) / sizeof(ccsidr[0]) ? ccsidr[csselr] : 0;
}

static uint32_t *stored(struct sysreg_state *s, uint32_t key)
{
    switch (key) {
    case KEY_ACTLR:
        return &s->actlr;
    case KEY_L2CTLR:
        return &s->l2ctlr;
    case KEY_L2ECTLR:
        return &s->l2ectlr;
    case KEY_CSSELR:
        return &s->csselr;
    default:
        return NULL;
    }
}

/* Registers that read as zero and ignore writes: cache and TLB operations that need nothing done,
 * performance monitors (c9, c12-c14), the implementation's own (c15). */
static bool raz_wi(uint32_t syndrome)
{
    uint32_t crm = L4_SYN_CRM(syndrome);
    switch (L4_SYN_CRN(syndrome)) {
    case 7:
        return !L4_SYN_READ(syndrome);
    case 9:
        return L4_SYN_OPC1(syndrome) == 0 && crm >= 12 && crm <= 14;
    case 15:
        return true;
    default:
        return false;
    }
}

static l4_status_t cp15_access(struct sysreg_state *s, uint32_t syndrome, uint32_t *value)
{
    uint32_t key = KEY(L4_SYN_CRN(syndrome), L4_SYN_OPC1(syndrome), L4_SYN_CRM(syndrome),
                       L4_SYN_OPC2(syndrome));
    bool read = L4_SYN_READ(syndrome) != 0;
    uint32_t *reg = stored(s, key);
    if (reg != NULL && read) {
        *value = *reg;
    } else if (key == KEY_L2CTLR) {
        s->l2ctlr = (s->l2ctlr & L2CTLR_CPUS_MASK) | (*value & ~L2CTLR_CPUS_MASK);
    } else if (reg != NULL) {
        *reg = *value;
    } else if (read && key == KEY_CCSIDR) {
        *value = cache_size(s->csselr);
    } else if (read && key == KEY_CBAR) {
        *value = PERIPHBASE;
    } else if (raz_wi(syndrome)) {
        *value = 0;
    } else if (read && L4_SYN_CRN(syndrome) == 0) {
        return identification_read(key, value);
    } else {
        return L4_ERR_NOT_SUPPORTED;
    }
    return L4_OK;
}

/* 64-bit CP15: only the implementation's error syndromes (c15) are left. */
static l4_status_t cp15_access_64(uint32_t syndrome, uint32_t value[2])
{
    if (L4_SYN_CRM(syndrome) != 15) {
        return L4_ERR_NOT_SUPPORTED;
    }
    value[0] = value[1] = 0;
    return L4_OK;
}

/* Debug and Jazelle registers: nothing is there, and saying so is architectural. */
static l4_status_t cp14_access(uint32_t syndrome, uint32_t *value)
{
    uint32_t key = KEY(L4_SYN_CRN(syndrome), L4_SYN_OPC1(syndrome), L4_SYN_CRM(syndrome),
                       L4_SYN_OPC2(syndrome));
    if (L4_SYN_OPC1(syndrome) == 1) {
        return L4_ERR_NOT_SUPPORTED; /* trace registers */
    }
    *value = key == KEY_DBGDIDR ? DBGDIDR_V7_1 : 0;
    return L4_OK;
}

void sysreg_reset(struct sysreg_state *s, uint32_t cpus)
{
    *s = (struct sysreg_state){.cpus = cpus, .l2ctlr = (cpus - 1u) << L2CTLR_CPUS_SHIFT};
}

l4_status_t sysreg_access(struct sysreg_state *s, uint32_t syndrome, uint32_t value[2])
{
    switch (L4_SYN_EC(syndrome)) {
    case L4_EC_CP15_32:
        return cp15_access(s, syndrome, &value[0]);
    case L4_EC_CP15_64:
        return cp15_access_64(syndrome, value);
    case L4_EC_CP14_32:
        return cp14_access(syndrome, &value[0]);
    case L4_EC_CP14_64:
        value[0] = value[1] = 0; /* DBGDRAR, DBGDSAR: no memory-mapped debug registers */
        return L4_OK;
    default:
        return L4_ERR_NOT_SUPPORTED; /* LDC, STC to debug registers */
    }
}
