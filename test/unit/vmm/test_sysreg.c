/* System registers that trap: each class, and every encoding without a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <l4/abi/vcpu.h>
#include <vmm/sysreg.h>

static struct sysreg_state regs;
static uint32_t value[2];

static int setup(void **state)
{
    (void)state;
    sysreg_reset(&regs, 2);
    return 0;
}

static uint32_t encode(uint32_t ec, uint32_t opc1, uint32_t crn, uint32_t crm, uint32_t opc2)
{
    return ec << 26 | 1u << 25 | opc2 << 17 | opc1 << 14 | crn << 10 | crm << 1;
}

/* MRC p15 */
static l4_status_t rd(uint32_t opc1, uint32_t crn, uint32_t crm, uint32_t opc2)
{
    value[0] = 0xdeadbeef;
    return sysreg_access(&regs, encode(L4_EC_CP15_32, opc1, crn, crm, opc2) | 1u, value);
}

static l4_status_t wr(uint32_t opc1, uint32_t crn, uint32_t crm, uint32_t opc2, uint32_t v)
{
    value[0] = v;
    return sysreg_access(&regs, encode(L4_EC_CP15_32, opc1, crn, crm, opc2), value);
}

static void stored_registers(void **state)
{
    (void)state;
    assert_int_equal(rd(0, 1, 0, 1), L4_OK); /* ACTLR */
    assert_int_equal(value[0], 0);
    assert_int_equal(wr(0, 1, 0, 1, 0x40), L4_OK);
    assert_int_equal(rd(0, 1, 0, 1), L4_OK);
    assert_int_equal(value[0], 0x40);
    assert_int_equal(rd(1, 9, 0, 2), L4_OK); /* L2CTLR: two processors */
    assert_int_equal(value[0], 0x01000000);
    assert_int_equal(wr(1, 9, 0, 2, 0x03000003), L4_OK);
    assert_int_equal(rd(1, 9, 0, 2), L4_OK);
    assert_int_equal(value[0], 0x01000003);
    assert_int_equal(wr(1, 9, 0, 3, 0x20000000), L4_OK); /* L2ECTLR */
    assert_int_equal(rd(1, 9, 0, 3), L4_OK);
    assert_int_equal(value[0], 0x20000000);
    sysreg_reset(&regs, 1);
    assert_int_equal(rd(0, 1, 0, 1), L4_OK);
    assert_int_equal(value[0], 0);
}

static void performance_monitors(void **state)
{
    (void)state;
    for (uint32_t crm = 12; crm <= 14; crm++) {
        for (uint32_t opc2 = 0; opc2 < 8; opc2++) {
            assert_int_equal(wr(0, 9, crm, opc2, 0xffffffff), L4_OK);
            assert_int_equal(rd(0, 9, crm, opc2), L4_OK);
            assert_int_equal(value[0], 0);
        }
    }
    assert_int_equal(rd(0, 9, 0, 0), L4_ERR_NOT_SUPPORTED); /* lock-down: not on this processor */
}

static void implementation_defined(void **state)
{
    (void)state;
    assert_int_equal(wr(0, 15, 0, 4, 1), L4_OK);
    assert_int_equal(rd(0, 15, 0, 4), L4_OK);
    assert_int_equal(value[0], 0);
    assert_int_equal(rd(4, 15, 0, 0), L4_OK); /* CBAR */
    assert_int_equal(value[0], 0x08000000);
}

static void cache_registers(void **state)
{
    (void)state;
    assert_int_equal(rd(1, 0, 0, 1), L4_OK); /* CLIDR */
    assert_int_equal(value[0], 0x0a200023);
    for (uint32_t i = 0; i < 4; i++) {
        static const uint32_t ccsidr[4] = {0x701fe00a, 0x201fe00a, 0x711fe07a, 0};
        assert_int_equal(wr(2, 0, 0, 0, i), L4_OK);
        assert_int_equal(rd(2, 0, 0, 0), L4_OK);
        assert_int_equal(value[0], i);
        assert_int_equal(rd(1, 0, 0, 0), L4_OK);
        assert_int_equal(value[0], ccsidr[i]);
    }
    assert_int_equal(wr(2, 0, 0, 0, 0xffffffff), L4_OK);
    assert_int_equal(rd(1, 0, 0, 0), L4_OK);
    assert_int_equal(value[0], 0);
    assert_int_equal(wr(0, 7, 14, 2, 0x40000000), L4_OK); /* DCCISW */
    assert_int_equal(rd(0, 7, 14, 2), L4_ERR_NOT_SUPPORTED);
}

static void identification(void **state)
{
    (void)state;
    assert_int_equal(rd(0, 0, 0, 0), L4_OK);
    assert_int_equal(value[0], 0x412fc0f1);
    assert_int_equal(rd(0, 0, 1, 1), L4_OK); /* ID_PFR1: no Security, no Virtualization */
    assert_int_equal(value[0], 0x00010001);
    assert_int_equal(rd(0, 0, 7, 7), L4_OK); /* reserved: zero */
    assert_int_equal(value[0], 0);
    assert_int_equal(wr(0, 0, 0, 0, 1), L4_ERR_NOT_SUPPORTED);
    assert_int_equal(rd(4, 0, 0, 0), L4_ERR_NOT_SUPPORTED); /* VPIDR */
}

static void hyp_registers_are_undefined(void **state)
{
    (void)state;
    assert_int_equal(rd(4, 1, 1, 0), L4_ERR_NOT_SUPPORTED);     /* HCR */
    assert_int_equal(rd(0, 1, 1, 0), L4_ERR_NOT_SUPPORTED);     /* SCR */
    assert_int_equal(wr(4, 12, 0, 0, 0), L4_ERR_NOT_SUPPORTED); /* HVBAR */
    value[0] = value[1] = 7;
    assert_int_equal(sysreg_access(&regs, L4_EC_CP15_64 << 26 | 6u << 16 | 2u << 1 | 1u, value),
                     L4_ERR_NOT_SUPPORTED); /* VTTBR */
}

static void debug_registers(void **state)
{
    (void)state;
    assert_int_equal(sysreg_access(&regs, encode(L4_EC_CP14_32, 0, 0, 0, 0) | 1u, value), L4_OK);
    assert_int_equal(value[0] >> 16 & 0xf, 5); /* v7.1 */
    assert_int_equal(sysreg_access(&regs, encode(L4_EC_CP14_32, 0, 1, 0, 4), value), L4_OK);
    assert_int_equal(sysreg_access(&regs, encode(L4_EC_CP14_32, 0, 1, 1, 4) | 1u, value), L4_OK);
    assert_int_equal(value[0], 0); /* DBGOSLSR */
    assert_int_equal(sysreg_access(&regs, encode(L4_EC_CP14_32, 1, 0, 0, 0) | 1u, value),
                     L4_ERR_NOT_SUPPORTED); /* trace */
    value[0] = value[1] = 7;
    assert_int_equal(sysreg_access(&regs, L4_EC_CP14_64 << 26 | 1u << 1 | 1u, value), L4_OK);
    assert_int_equal(value[0] | value[1], 0); /* DBGDRAR */
    assert_int_equal(sysreg_access(&regs, L4_EC_CP14_LDC << 26, value), L4_ERR_NOT_SUPPORTED);
}

static void every_encoding(void **state)
{
    (void)state;
    for (uint32_t ec = 0; ec < 64; ec++) {
        for (uint32_t i = 0; i < 0x100000; i += 2) {
            value[0] = i;
            l4_status_t status = sysreg_access(&regs, ec << 26 | i | (i >> 5 & 1u), value);
            assert_true(status == L4_OK || status == L4_ERR_NOT_SUPPORTED);
        }
    }
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(stored_registers), T(performance_monitors), T(implementation_defined),
        T(cache_registers),  T(identification),       T(hyp_registers_are_undefined),
        T(debug_registers),  T(every_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
