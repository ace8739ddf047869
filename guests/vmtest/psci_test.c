/*
 * PSCI 1.x (ARM DEN 0022D) and SMCCC (ARM DEN 0028) through both conduits. QEMU's
 * own virt machine offers HVC alone to an SVC-started guest; Pecan offers both.
 */
#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/psci.h"
#include "guest/timer.h"
#include "guest/trap.h"
#include "irq.h"
#include "registers.h"
#include "suites.h"

typedef uint32_t call_t(uint32_t function, uint32_t a1, uint32_t a2, uint32_t a3);

/* Functions below run once per conduit. */
#define ON_BOTH_CONDUITS(name)                                                                     \
    static void name##_hvc(void)                                                                   \
    {                                                                                              \
        name(hvc_call);                                                                            \
    }                                                                                              \
    static void name##_smc(void)                                                                   \
    {                                                                                              \
        SKIP_NATIVE("SMC is undefined without EL3");                                               \
        name(smc_call);                                                                            \
    }

static void version(call_t *call)
{
    CHECK_EQ(call(PSCI_VERSION, 0, 0, 0) >> 16, 1);
}
ON_BOTH_CONDUITS(version)

static void features(call_t *call)
{
    /* Mandatory in 1.0, table 5: these answer with flags, not negative. */
    static const uint32_t mandatory[] = {PSCI_VERSION,      PSCI_CPU_SUSPEND,   PSCI_CPU_OFF,
                                         PSCI_CPU_ON,       PSCI_AFFINITY_INFO, PSCI_SYSTEM_OFF,
                                         PSCI_SYSTEM_RESET, PSCI_FEATURES};

    for (uint32_t i = 0; i < sizeof(mandatory) / 4; i++) {
        CHECK_EQ(call(PSCI_FEATURES, mandatory[i], 0, 0) >> 31, 0);
    }
    CHECK_EQ(call(PSCI_FEATURES, 0x8400001f, 0, 0), PSCI_NOT_SUPPORTED);
    CHECK_EQ(call(PSCI_FEATURES, 0x12345678, 0, 0), PSCI_NOT_SUPPORTED);
    CHECK_EQ(call(PSCI_FEATURES, 0, 0, 0), PSCI_NOT_SUPPORTED);
}
ON_BOTH_CONDUITS(features)

static void affinity_info(call_t *call)
{
    uint32_t self = READ_MPIDR() & 0x00ffffff;

    CHECK_EQ(call(PSCI_AFFINITY_INFO, self, 0, 0), 0); /* ON */
    CHECK_EQ(call(PSCI_AFFINITY_INFO, 0x00fffff0, 0, 0), PSCI_INVALID_PARAMETERS);
}
ON_BOTH_CONDUITS(affinity_info)

static void cpu_on(call_t *call)
{
    uint32_t self = READ_MPIDR() & 0x00ffffff;

    CHECK_EQ(call(PSCI_CPU_ON, self, RAM_BASE, 0), PSCI_ALREADY_ON);
    CHECK_EQ(call(PSCI_CPU_ON, 0x00fffff0, RAM_BASE, 0), PSCI_INVALID_PARAMETERS);
}
ON_BOTH_CONDUITS(cpu_on)

static void migrate_info(call_t *call)
{
    uint32_t type = call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0);

    CHECK(type == 2 || type == PSCI_NOT_SUPPORTED); /* no trusted OS, 5.9 */
}
ON_BOTH_CONDUITS(migrate_info)

static void unknown(call_t *call)
{
    /* PSCI holes, other owners' ranges, SMC64 numbers from AArch32 (DEN 0028, 2.5,
     * 5.2), yielding calls and plain nonsense. */
    static const uint32_t functions[] = {0x8400001e, 0x840000ff, 0xc4000003, 0xc6000000,
                                         0x81001234, 0x8300ffff, 0x85001111, 0x8600fffe,
                                         0xb2000000, 0x04000003, 0x00000000, 0x00000001,
                                         0x12345678, 0xffffffff, 0x7fffffff, 0xdeadbeef};

    for (uint32_t i = 0; i < sizeof(functions) / 4; i++) {
        CHECK_EQ(call(functions[i], 0x11111111, 0x22222222, 0x33333333), PSCI_NOT_SUPPORTED);
    }
}
ON_BOTH_CONDUITS(unknown)

static void arch_calls(call_t *call)
{
    uint32_t smccc_version;

    /* SMCCC_VERSION is found through PSCI_FEATURES, DEN 0028, 7.2 and appendix B. */
    if (call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) == PSCI_NOT_SUPPORTED) {
        CHECK_EQ(call(SMCCC_VERSION, 0, 0, 0), PSCI_NOT_SUPPORTED);
        CHECK(!in_pecan());
        return;
    }
    smccc_version = call(SMCCC_VERSION, 0, 0, 0);
    CHECK_EQ(smccc_version >> 16, 1);
    CHECK((smccc_version & 0xffff) >= 1);
    CHECK_EQ(call(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
    CHECK_EQ(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0), 0);
    CHECK_EQ(call(SMCCC_ARCH_FEATURES, 0x12345678, 0, 0), PSCI_NOT_SUPPORTED);
}
ON_BOTH_CONDUITS(arch_calls)

static void suspend(call_t *call)
{
    /* Standby: comes back with SUCCESS once a wake-up event is pending, 5.4. */
    spi_setup(SPI_A, 0x80);
    gicd_hit(GICD_ISPENDR, SPI_A);
    CHECK_EQ(call(PSCI_CPU_SUSPEND, 0, 0, 0), 0);
    CHECK(irq_wait(1));
    gicd_hit(GICD_ISENABLER, INTID_VTIMER);
    CP_WRITE64(p15, 3, c14, cntvct() + ticks_us(2000));
    CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
    CHECK_EQ(call(PSCI_CPU_SUSPEND, 0, 0, 0), 0);
    CP_WRITE(p15, 0, c14, c3, 1, 0);
}
ON_BOTH_CONDUITS(suspend)

static void vendor_uid(void)
{
    struct smccc_regs regs = {{VENDOR_HYP_UID, 0, 0, 0}};

    SKIP_NATIVE("there is no hypervisor");
    smccc_hvc(&regs);
    CHECK(regs.r[0] != PSCI_NOT_SUPPORTED);
    CHECK((regs.r[0] | regs.r[1] | regs.r[2] | regs.r[3]) != 0);
    CHECK(hvc_call(VENDOR_HYP_CALL_COUNT, 0, 0, 0) != PSCI_NOT_SUPPORTED);
}

static void hvc_immediates(void)
{
    /* Only #0 is a call; whatever another number is, it must not be one that works. */
    SKIP_NATIVE("the immediate is ignored");
    CHECK_EQ(hvc_number_1(PSCI_VERSION), PSCI_NOT_SUPPORTED);
    CHECK_EQ(hvc_number_ffff(PSCI_VERSION), PSCI_NOT_SUPPORTED);
    CHECK_EQ(hvc_thumb(PSCI_VERSION) >> 16, 1); /* #0 from Thumb state is */
}

static void registers_preserved(void)
{
    uint32_t in[16];
    uint32_t out[16];

    for (uint32_t i = 0; i < 16; i++) {
        in[i] = 0xc0de0000u + i * 0x1111u;
        out[i] = 0;
    }
    keep_hvc(out, in);
    CHECK_EQ(out[0] >> 16, 1);
    for (uint32_t i = 4; i <= 12; i++) {
        CHECK_EQ(out[i], in[i]); /* DEN 0028, 2.6 */
    }
    CHECK_EQ(out[14], in[14]);
}

static uint32_t usr_hvc(uint32_t function)
{
    return hvc_call(function, 0, 0, 0);
}

static void do_usr_hvc(void *arg)
{
    (void)arg;
    call_in_mode(MODE_USR, usr_hvc, PSCI_VERSION);
}

static void hvc_from_usr(void)
{
    /* HVC and SMC are undefined at PL0, A8.8.63 and B9.3.14. */
    CHECK(trap_try(do_usr_hvc, 0));
    CHECK_EQ(trap_last.kind, TRAP_UNDEFINED);
    CHECK_EQ(trap_last.spsr & MODE_MASK, MODE_USR);
}

#define BOTH(text, name)                                                                           \
    {"psci.hvc." text, name##_hvc},                                                                \
    {                                                                                              \
        "psci.smc." text, name##_smc                                                               \
    }

static const struct test_case cases[] = {
    BOTH("version", version),
    BOTH("features", features),
    BOTH("affinity-info", affinity_info),
    BOTH("cpu-on", cpu_on),
    BOTH("migrate-info-type", migrate_info),
    BOTH("unknown-functions", unknown),
    BOTH("smccc", arch_calls),
    BOTH("cpu-suspend", suspend),
    {"psci.vendor-uid", vendor_uid},
    {"psci.hvc-immediates", hvc_immediates},
    {"psci.registers-preserved", registers_preserved},
    {"psci.hvc-from-usr", hvc_from_usr},
};
SUITE(suite_psci, cases);
