/* PSCI 1.1 and the SMC Calling Convention 1.1, with good, boundary and hostile arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <vmm/hypercall.h>

static struct power_state power;
static const struct power_limits limits = {0x40000000, 0x01000000, 0x1000, 0x82};
static struct power_call call;
static uint32_t r[4];

static int setup(void **state)
{
    (void)state;
    power_reset(&power, 2);
    return 0;
}

static enum power_wish hvc(uint32_t function, uint32_t a, uint32_t b, uint32_t c)
{
    r[0] = function;
    r[1] = a;
    r[2] = b;
    r[3] = c;
    return hypercall(&power, &limits, 0, r, &call);
}

static uint32_t answer(uint32_t function, uint32_t a, uint32_t b, uint32_t c)
{
    assert_int_equal(hvc(function, a, b, c), POWER_NONE);
    return r[0];
}

static void versions(void **state)
{
    (void)state;
    assert_int_equal(answer(PSCI_VERSION, 0, 0, 0), 0x00010001);
    assert_int_equal(answer(SMCCC_VERSION, 0, 0, 0), 0x00010001);
    assert_int_equal(answer(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
    assert_int_equal(answer(PSCI_CPU_SUSPEND, 0, 0x40000000, 0), PSCI_SUCCESS);
}

static void features(void **state)
{
    (void)state;
    static const uint32_t present[] = {
        PSCI_VERSION,    PSCI_CPU_SUSPEND,   PSCI_CPU_OFF,           PSCI_CPU_ON,
        PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET,  PSCI_FEATURES,          PSCI_AFFINITY_INFO,
        SMCCC_VERSION,   PSCI_SYSTEM_RESET2, PSCI_MIGRATE_INFO_TYPE,
    };
    static const uint32_t absent[] = {0x84000005, 0x84000007, 0x8400000b, 0x8400000e,
                                      0xc4000003, 0x80000001, 0,          0xffffffff};
    for (size_t i = 0; i < sizeof(present) / sizeof(present[0]); i++) {
        assert_int_equal(answer(PSCI_FEATURES, present[i], 0, 0), PSCI_SUCCESS);
    }
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_int_equal(answer(PSCI_FEATURES, absent[i], 0, 0), PSCI_NOT_SUPPORTED);
    }
    assert_int_equal(answer(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
    assert_int_equal(answer(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0), 0);
    assert_int_equal(answer(SMCCC_ARCH_FEATURES, 0x80008000, 0, 0), PSCI_NOT_SUPPORTED);
}

static void cpu_on(void **state)
{
    (void)state;
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 1, 0, 0), 1);
    assert_int_equal(answer(PSCI_CPU_ON, 0, 0x40000000, 0), PSCI_ALREADY_ON);
    assert_int_equal(answer(PSCI_CPU_ON, 2, 0x40000000, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PSCI_CPU_ON, 0x101, 0x40000000, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PSCI_CPU_ON, 0x80000001, 0x40000000, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PSCI_CPU_ON, 1, 0x41000000, 0), PSCI_INVALID_ADDRESS);
    assert_int_equal(answer(PSCI_CPU_ON, 1, 0x3ffffffc, 0), PSCI_INVALID_ADDRESS);
    assert_int_equal(answer(PSCI_CPU_ON, 1, 0x1000, 0), PSCI_INVALID_ADDRESS);
    assert_int_equal(hvc(PSCI_CPU_ON, 1, 0x40100001, 0x77), POWER_CPU_ON);
    assert_int_equal(r[0], PSCI_SUCCESS);
    assert_int_equal(call.cpu, 1);
    assert_int_equal(call.entry, 0x40100001);
    assert_int_equal(call.context, 0x77);
    assert_int_equal(answer(PSCI_CPU_ON, 1, 0x40100001, 0), PSCI_ALREADY_ON);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 1, 0, 0), 0);
    r[0] = PSCI_CPU_OFF;
    assert_int_equal(hypercall(&power, &limits, 1, r, &call), POWER_CPU_OFF);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 1, 0, 0), 1);
    assert_int_equal(hvc(PSCI_CPU_ON, 1, 0x0ffc, 0), POWER_CPU_ON); /* in ROM */
}

static void affinity_levels(void **state)
{
    (void)state;
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 0, 0, 0), 0);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 5, 0, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 0xff, 1, 0), 0);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 0x100, 1, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 0xffff, 2, 0), 0);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 0, 3, 0), 0);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 0, 4, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PSCI_AFFINITY_INFO, 0x01000000, 0, 0), PSCI_INVALID_PARAMETERS);
}

static void system_ends(void **state)
{
    (void)state;
    assert_int_equal(hvc(PSCI_SYSTEM_OFF, 0, 0, 0), POWER_SYSTEM_OFF);
    assert_int_equal(hvc(PSCI_SYSTEM_RESET, 0, 0, 0), POWER_SYSTEM_RESET);
    assert_int_equal(hvc(PSCI_SYSTEM_RESET2, 0, 0, 0), POWER_SYSTEM_RESET);
    assert_int_equal(answer(PSCI_SYSTEM_RESET2, 1, 0, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PSCI_SYSTEM_RESET2, 0x80000000, 0, 0), PSCI_INVALID_PARAMETERS);
}

static void vendor_range(void **state)
{
    (void)state;
    assert_int_equal(answer(PECAN_CALL_UID, 0, 0, 0), PECAN_UID_0);
    assert_int_equal(r[1], PECAN_UID_1);
    assert_int_equal(r[2], PECAN_UID_2);
    assert_int_equal(r[3], PECAN_UID_3);
    assert_int_not_equal(PECAN_UID_0, PSCI_NOT_SUPPORTED);
    assert_int_equal(answer(PECAN_CALL_REVISION, 0, 0, 0), 1);
    assert_int_equal(r[1], 0);
    assert_int_equal(answer(PECAN_FEATURES, 0, 0, 0), PECAN_FEATURE_CHANNELS);
    assert_int_equal(answer(PECAN_CALL_COUNT, 0, 0, 0), 5);
    assert_int_equal(answer(0x86000001, 0, 0, 0), PSCI_NOT_SUPPORTED);
}

static void channel_notify(void **state)
{
    (void)state;
    assert_int_equal(hvc(PECAN_CHANNEL_NOTIFY, 7, 0, 0), POWER_NOTIFY);
    assert_int_equal(call.channel, 7);
    assert_int_equal(r[0], PSCI_SUCCESS);
    assert_int_equal(hvc(PECAN_CHANNEL_NOTIFY, 1, 0, 0), POWER_NOTIFY);
    assert_int_equal(answer(PECAN_CHANNEL_NOTIFY, 0, 0, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PECAN_CHANNEL_NOTIFY, 8, 0, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PECAN_CHANNEL_NOTIFY, 33, 0, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(answer(PECAN_CHANNEL_NOTIFY, 0xffffffff, 0, 0), PSCI_INVALID_PARAMETERS);
}

static void unknown_functions(void **state)
{
    (void)state;
    srand(5);
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t function = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        if ((function & 0xff000000) == 0x84000000 || (function & 0xff000000) == 0x80000000 ||
            (function & 0xff000000) == 0x86000000) {
            continue;
        }
        assert_int_equal(answer(function, 1, 2, 3), PSCI_NOT_SUPPORTED);
        assert_int_equal(r[1] << 16 | r[2] << 8 | r[3], 0x010203); /* preserved */
    }
    assert_int_equal(answer(0, 0, 0, 0), PSCI_NOT_SUPPORTED);
    assert_int_equal(answer(0xc4000003, 1, 0x40000000, 0), PSCI_NOT_SUPPORTED); /* SMC64 */
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(versions),    T(features),     T(cpu_on),         T(affinity_levels),
        T(system_ends), T(vendor_range), T(channel_notify), T(unknown_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
