/* Exceptions that the VMM takes into the guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/exception.h>

static struct guest_cpu cpu;

static int setup_cpu(void **state)
{
    (void)state;
    memset(&cpu, 0, sizeof(cpu));
    cpu.gp.pc = 0x8000;
    cpu.gp.cpsr = MODE_USR | 0xf0000000 | CPSR_T | CPSR_E | 0x0400;
    cpu.cp15.vbar = 0x40001000;
    return 0;
}

static void data_abort(void **state)
{
    (void)state;
    uint32_t cpsr = cpu.gp.cpsr;
    exception_data_abort(&cpu, 0x1234, true, FAULT_EXTERNAL);
    assert_int_equal(cpu.banked.lr_abt, 0x8008);
    assert_int_equal(cpu.banked.spsr_abt, cpsr);
    assert_int_equal(cpu.cp15.dfar, 0x1234);
    assert_int_equal(cpu.cp15.dfsr, 0x808);
    assert_int_equal(cpu.gp.pc, 0x40001010);
    assert_int_equal(cpu.gp.cpsr, MODE_ABT | CPSR_I | CPSR_A | 0xf0000000);
}

static void data_abort_long_format(void **state)
{
    (void)state;
    cpu.cp15.ttbcr = 0x80000000;
    cpu.cp15.sctlr = 0x42002000; /* TE, EE, V */
    cpu.gp.cpsr |= CPSR_F;
    exception_data_abort(&cpu, 4, false, FAULT_EXTERNAL);
    assert_int_equal(cpu.cp15.dfsr, 0x210);
    assert_int_equal(cpu.gp.pc, 0xffff0010);
    assert_int_equal(cpu.gp.cpsr,
                     MODE_ABT | CPSR_I | CPSR_A | CPSR_F | CPSR_T | CPSR_E | 0xf0000000);
}

static void prefetch_abort(void **state)
{
    (void)state;
    exception_prefetch_abort(&cpu, 0x8000, FAULT_EXTERNAL);
    assert_int_equal(cpu.banked.lr_abt, 0x8004);
    assert_int_equal(cpu.cp15.ifar, 0x8000);
    assert_int_equal(cpu.cp15.ifsr, 0x008);
    assert_int_equal(cpu.gp.pc, 0x4000100c);
    assert_int_equal(cpu.gp.cpsr & CPSR_MODE, MODE_ABT);
}

static void undefined_instruction(void **state)
{
    (void)state;
    exception_undefined(&cpu);
    assert_int_equal(cpu.banked.lr_und, 0x8002);
    assert_int_equal(cpu.gp.pc, 0x40001004);
    assert_int_equal(cpu.gp.cpsr, MODE_UND | CPSR_I | 0xf0000000); /* A unchanged */
    setup_cpu(NULL);
    cpu.gp.cpsr = MODE_SVC;
    exception_undefined(&cpu);
    assert_int_equal(cpu.banked.lr_und, 0x8004);
    assert_int_equal(cpu.banked.spsr_und, MODE_SVC);
}

static void table_walks(void **state)
{
    (void)state;
    cpu.cp15.ttbr0[0] = 0x20004059;
    cpu.cp15.ttbr1[0] = 0x30000000;
    assert_int_equal(exception_walk_fault(&cpu, 0x20007ffc), FAULT_EXTERNAL_WALK_1);
    assert_int_equal(exception_walk_fault(&cpu, 0x30000004), FAULT_EXTERNAL_WALK_1);
    assert_int_equal(exception_walk_fault(&cpu, 0x20008000), FAULT_EXTERNAL_WALK_2);
    exception_data_abort(&cpu, 0, false, FAULT_EXTERNAL_WALK_1);
    assert_int_equal(cpu.cp15.dfsr, 0x00c);
    exception_data_abort(&cpu, 0, false, FAULT_EXTERNAL_WALK_2);
    assert_int_equal(cpu.cp15.dfsr, 0x00e);
    cpu.cp15.ttbcr = 0x80000000;
    exception_data_abort(&cpu, 0, false, FAULT_EXTERNAL_WALK_1);
    assert_int_equal(cpu.cp15.dfsr, 0x215);
}

int test_exception(void);

#define T(name) cmocka_unit_test_setup(name, setup_cpu)

int test_exception(void)
{
    const struct CMUnitTest tests[] = {
        T(data_abort),  T(data_abort_long_format), T(prefetch_abort), T(undefined_instruction),
        T(table_walks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
