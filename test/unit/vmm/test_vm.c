/* Exits of a whole virtual machine: the words that come in, what goes back, what the guest sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/vm.h>

#include "fake_gic.h"

#define RAM_BASE 0x40000000u
#define CODE (RAM_BASE + 0x100u)
#define UARTDR 0x09000000u
#define UARTFR 0x09000018u
#define DONE (L4_RESUME_WRITE | L4_RESUME_NEXT)

static uint8_t ram[0x2000];
static uint8_t rom[0x1000];
static struct fake_kernel kernel;
static struct guest_cpu cpu;
static struct vm vm;
static uint32_t w[4];
static char out[16];
static uint32_t out_count;
static const char *in;

static void *regs_of(enum l4_reg_group group, size_t *size)
{
    *size = group == L4_REGS_GP ? sizeof(cpu.gp) : sizeof(cpu.banked);
    if (group == L4_REGS_GP || group == L4_REGS_BANKED) {
        return group == L4_REGS_GP ? (void *)&cpu.gp : &cpu.banked;
    }
    *size = sizeof(cpu.cp15); /* also stands for VFP */
    return &cpu.cp15;
}

static l4_status_t regs_read(void *context, uint32_t n, enum l4_reg_group group, void *to)
{
    (void)context;
    size_t size;
    assert_int_equal(n, 0);
    const void *from = regs_of(group, &size);
    memcpy(to, from, size);
    return L4_OK;
}

static l4_status_t regs_write(void *context, uint32_t n, enum l4_reg_group group, const void *from)
{
    (void)context;
    size_t size;
    assert_int_equal(n, 0);
    void *to = regs_of(group, &size);
    memcpy(to, from, size);
    return L4_OK;
}

/* The guest's tables map it one to one. */
static l4_status_t translate(void *context, uint32_t n, uint32_t address, bool write, uint32_t *ipa)
{
    (void)context;
    (void)n;
    (void)write;
    *ipa = address;
    return L4_OK;
}

static uint32_t transmit(void *context, const uint8_t *bytes, uint32_t count)
{
    (void)context;
    for (uint32_t i = 0; i < count && out_count < sizeof(out); i++) {
        out[out_count++] = (char)bytes[i];
    }
    return count;
}

static uint32_t receive(void *context, uint8_t *bytes, uint32_t count)
{
    (void)context;
    if (count == 0 || *in == 0) {
        return 0;
    }
    bytes[0] = (uint8_t)*in++;
    return 1;
}

static uint32_t seconds(void *context)
{
    (void)context;
    return 1000;
}

static int setup(void **state)
{
    (void)state;
    memset(ram, 0, sizeof(ram));
    memset(rom, 0x66, sizeof(rom));
    memset(&cpu, 0, sizeof(cpu));
    memset(&kernel, 0, sizeof(kernel));
    out_count = 0;
    in = "";
    cpu.gp.pc = CODE;
    cpu.gp.cpsr = MODE_SVC;
    cpu.cp15.vbar = RAM_BASE;
    const struct vm_config config = {
        .memory = {ram, RAM_BASE, sizeof(ram), rom, sizeof(rom)},
        .cpus = 1,
        .gic = fake_port(&kernel),
        .vcpu = {NULL, regs_read, regs_write, translate},
        .console = {.transmit = transmit, .receive = receive},
        .clock = {.seconds = seconds},
    };
    vm_init(&vm, &config);
    return 0;
}

static void put(uint32_t instruction)
{
    memcpy(&ram[CODE - RAM_BASE], &instruction, 4);
}

static uint32_t exit_with(uint32_t label, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    w[0] = a;
    w[1] = b;
    w[2] = c;
    w[3] = d;
    return vm_exit(&vm, 0, label, w);
}

static uint32_t syndrome(uint32_t size, bool write, uint32_t rt)
{
    return 0x24u << 26 | 1u << 25 | 1u << 24 | size << 22 | rt << 16 | (write ? 1u << 6 : 0) | 6u;
}

static uint32_t mmio_read(uint32_t ipa, uint32_t size)
{
    return exit_with(L4_EXIT_MMIO, ipa, syndrome(size, false, 1), 0, CODE);
}

static uint32_t mmio_write(uint32_t ipa, uint32_t size, uint32_t value)
{
    return exit_with(L4_EXIT_MMIO, ipa, syndrome(size, true, 1), value, CODE);
}

static void device_registers(void **state)
{
    (void)state;
    assert_int_equal(mmio_read(UARTFR, 2), DONE);
    assert_int_equal(w[0], 0x97);
    assert_int_equal(mmio_read(UARTFR, 0), DONE);
    assert_int_equal(w[0], 0x97);
    assert_int_equal(mmio_write(UARTDR, 0, 'x'), L4_RESUME_NEXT);
    assert_int_equal(out[0], 'x');
    assert_int_equal(mmio_read(0x09010000, 2), DONE); /* RTCDR */
    assert_int_equal(w[0], 1000);
    assert_int_equal(mmio_read(0x08000100, 2), DONE);
    assert_int_equal(w[0], 0xffff);
    assert_int_equal(mmio_write(0x08000104, 2, 2), L4_RESUME_NEXT);
    assert_int_equal(mmio_read(0x08000104, 2), DONE);
    assert_int_equal(w[0], 2);
    assert_int_equal(vm.exits[0], 7);
    assert_int_equal(vm.wish, POWER_NONE);
}

static void empty_virtio_slots(void **state)
{
    (void)state;
    for (uint32_t slot = 0; slot < 32; slot++) {
        assert_int_equal(mmio_read(0x0a000000 + slot * 0x200, 2), DONE);
        assert_int_equal(w[0], 0x74726976);
        assert_int_equal(mmio_read(0x0a000004 + slot * 0x200, 2), DONE);
        assert_int_equal(w[0], 2);
        assert_int_equal(mmio_read(0x0a000008 + slot * 0x200, 2), DONE);
        assert_int_equal(w[0], 0);
        assert_int_equal(mmio_write(0x0a000070 + slot * 0x200, 2, 1), L4_RESUME_NEXT);
    }
}

static void console_interrupt(void **state)
{
    (void)state;
    mmio_write(0x08000000, 2, 1);
    mmio_write(0x08000104, 2, 2);
    mmio_write(UARTDR + 0x2c, 2, 0x70);
    mmio_write(UARTDR + 0x38, 2, 0x50);
    in = "k";
    pl011_console_ready(&vm.uart);
    assert_int_equal(fake_acknowledge(&kernel, 0), 33);
    assert_int_equal(mmio_read(UARTDR, 2), DONE);
    assert_int_equal(w[0], 'k');
    assert_int_equal(fake_flight(&kernel, 0, 33) & L4_VIRQ_ACTIVE, L4_VIRQ_ACTIVE);
    kernel.cpu[0].slot[0] = 0; /* EOI */
    assert_int_equal(exit_with(L4_EXIT_VIRQ, 4, 0xffff0021, 0xffffffff, 0), 0);
    assert_int_equal(fake_acknowledge(&kernel, 0), FAKE_SPURIOUS);
}

static void hole_aborts(void **state)
{
    (void)state;
    put(0xe5921004); /* ldr r1, [r2, #4] */
    cpu.gp.r[2] = 0x0b000000;
    assert_int_equal(mmio_read(0x0b000004, 2), 0);
    assert_int_equal(cpu.gp.pc, RAM_BASE + 0x10);
    assert_int_equal(cpu.cp15.dfar, 0x0b000004);
    assert_int_equal(cpu.cp15.dfsr, 0x008);
    assert_int_equal(cpu.banked.lr_abt, CODE + 8);
    setup(NULL);
    put(0xe5821004); /* str r1, [r2, #4] */
    cpu.gp.r[2] = 0x09002000 - 4;
    assert_int_equal(mmio_write(0x09002000, 2, 0), 0);
    assert_int_equal(cpu.cp15.dfar, 0x09002000);
    assert_int_equal(cpu.cp15.dfsr, 0x808);
}

static void unaligned_device_access(void **state)
{
    (void)state;
    put(0xe5921000); /* ldr r1, [r2] */
    cpu.gp.r[2] = UARTFR + 1;
    assert_int_equal(mmio_read(UARTFR + 1, 2), 0);
    assert_int_equal(cpu.cp15.dfsr, 0x001);
    assert_int_equal(cpu.cp15.dfar, UARTFR + 1);
    assert_int_equal(mmio_read(UARTFR, 3), 0); /* no such size */
}

static void rom_ignores_writes(void **state)
{
    (void)state;
    assert_int_equal(mmio_write(0x10, 2, 0x12345678), L4_RESUME_NEXT);
    assert_int_equal(rom[0x10], 0x66);
    assert_int_equal(mmio_read(0x10, 2), DONE);
    assert_int_equal(w[0], 0x66666666);
    assert_int_equal(mmio_write(0xaa, 1, 0x98), L4_RESUME_NEXT); /* a query for CFI */
    assert_int_equal(mmio_read(0x04000020, 1), DONE);
    assert_int_equal(w[0], 0);
    assert_int_equal(mmio_read(0xffe, 2), DONE); /* across the image's end */
    assert_int_equal(w[0], 0);
}

static void undecoded_access(void **state)
{
    (void)state;
    put(0xe5b21018); /* ldr r1, [r2, #0x18]! */
    cpu.gp.r[2] = UARTDR;
    assert_int_equal(exit_with(L4_EXIT_ABORT, UARTFR, 0x24u << 26, UARTFR, CODE), 0);
    assert_int_equal(cpu.gp.r[1], 0x97);
    assert_int_equal(cpu.gp.r[2], UARTFR);
    assert_int_equal(cpu.gp.pc, CODE + 4);
    put(0xe1921f9f); /* ldrex r1, [r2] */
    cpu.gp.pc = CODE;
    assert_int_equal(exit_with(L4_EXIT_ABORT, UARTFR, 0x24u << 26, UARTFR, CODE), 0);
    assert_int_equal(cpu.cp15.dfsr, 0x008);
    assert_int_equal(cpu.cp15.dfar, UARTFR);
}

static void cache_maintenance_on_a_device(void **state)
{
    (void)state;
    uint32_t s = 0x24u << 26 | 1u << 8 | 1u << 6;
    assert_int_equal(exit_with(L4_EXIT_ABORT, UARTFR, s, UARTFR, CODE), 0);
    assert_int_equal(cpu.gp.pc, CODE + 4);
}

static void table_walk_into_nothing(void **state)
{
    (void)state;
    cpu.cp15.ttbr0[0] = 0x20000000;
    assert_int_equal(exit_with(L4_EXIT_ABORT, 0x20000100, 0x24u << 26 | 1u << 7, 0xc0001000, CODE),
                     0);
    assert_int_equal(cpu.cp15.dfsr, 0x00c);
    assert_int_equal(cpu.cp15.dfar, 0xc0001000);
    assert_int_equal(exit_with(L4_EXIT_FETCH, 0x30000100, 0x20u << 26 | 1u << 7, 0xc0002000, CODE),
                     0);
    assert_int_equal(cpu.cp15.ifsr, 0x00e);
    assert_int_equal(cpu.cp15.ifar, 0xc0002000);
}

static void fetch_from_nowhere(void **state)
{
    (void)state;
    cpu.gp.pc = 0x20000000;
    assert_int_equal(exit_with(L4_EXIT_FETCH, 0x20000000, 0x20u << 26, 0x20000000, 0x20000000), 0);
    assert_int_equal(cpu.gp.pc, RAM_BASE + 0x0c);
    assert_int_equal(cpu.cp15.ifsr, 0x008);
    assert_int_equal(cpu.banked.lr_abt, 0x20000004);
}

static void other_traps(void **state)
{
    (void)state;
    exit_with(L4_EXIT_TRAP, 0, 0, 0, CODE);
    assert_int_equal(cpu.gp.pc, RAM_BASE + 4);
    assert_int_equal(cpu.banked.lr_und, CODE + 4);
    setup(NULL);
    exit_with(L4_EXIT_TRAP, 0, 0x24u << 26 | 1u << 6 | 6u, 0xc0000000, CODE); /* above 4 GiB */
    assert_int_equal(cpu.cp15.dfsr, 0x808);
    assert_int_equal(cpu.cp15.dfar, 0xc0000000);
    setup(NULL);
    exit_with(L4_EXIT_TRAP, 0, 0x20u << 26 | 0x22u, 0, CODE); /* BKPT */
    assert_int_equal(cpu.cp15.ifsr, 0x002);
    setup(NULL);
    exit_with(99, 1, 2, 3, 4); /* an exit of a kernel to come */
    assert_int_equal(cpu.gp.cpsr & CPSR_MODE, MODE_UND);
}

static void calls(void **state)
{
    (void)state;
    assert_int_equal(exit_with(L4_EXIT_HVC, PSCI_VERSION, 1, 2, 3), L4_RESUME_WRITE);
    assert_int_equal(w[0], 0x00010001);
    assert_int_equal(w[3], 3);
    assert_int_equal(exit_with(L4_EXIT_SMC, PSCI_VERSION, 0, 0, 0), DONE);
    assert_int_equal(w[0], 0x00010001);
    assert_int_equal(exit_with(L4_EXIT_CALL_IMM, 0, 0x13u << 26 | 5u, 0, CODE), L4_RESUME_NEXT);
    assert_int_equal(cpu.gp.r[0], PSCI_NOT_SUPPORTED);
    assert_int_equal(exit_with(L4_EXIT_CALL_IMM, 0, 0x12u << 26 | 5u, 0, CODE), 0);
    exit_with(L4_EXIT_HVC, PSCI_SYSTEM_RESET, 0, 0, 0);
    assert_int_equal(vm.wish, POWER_SYSTEM_RESET);
    mmio_read(UARTFR, 2);
    assert_int_equal(vm.wish, POWER_NONE);
}

static void system_registers(void **state)
{
    (void)state;
    uint32_t actlr = L4_EC_CP15_32 << 26 | 1u << 10 | 1u << 17;
    assert_int_equal(exit_with(L4_EXIT_SYSREG, 0x40, actlr, 0, CODE), L4_RESUME_NEXT);
    assert_int_equal(exit_with(L4_EXIT_SYSREG, 0, actlr | 1u, 0, CODE), DONE);
    assert_int_equal(w[0], 0x40);
    uint32_t hcr = L4_EC_CP15_32 << 26 | 1u << 10 | 4u << 14 | 1u << 1;
    assert_int_equal(exit_with(L4_EXIT_SYSREG, 0, hcr | 1u, 0, CODE), 0);
    assert_int_equal(cpu.gp.cpsr & CPSR_MODE, MODE_UND);
}

static void reset_and_start(void **state)
{
    (void)state;
    mmio_write(0x08000000, 2, 3);
    mmio_write(UARTDR + 0x30, 2, 0x301);
    vm_reset(&vm);
    mmio_read(0x08000000, 2);
    assert_int_equal(w[0], 0);
    mmio_read(UARTDR + 0x30, 2);
    assert_int_equal(w[0], 0x300);
    struct l4_regs_gp gp;
    const uint32_t r[3] = {0, 0xffffffff, 0x42000000};
    vm_start_regs(0x40010001, r, &gp);
    assert_int_equal(gp.pc, 0x40010000);
    assert_int_equal(gp.cpsr, 0x1f3);
    assert_int_equal(gp.r[2], 0x42000000);
    assert_int_equal(gp.r[12] | gp.sp_usr | gp.lr_usr, 0);
}

static uint32_t any(void)
{
    return (uint32_t)rand() << 16 ^ (uint32_t)rand();
}

/* Any exit, with any words, registers and instructions. */
static void hostile_guest(void **state)
{
    (void)state;
    static const uint32_t bases[] = {0x08000000, 0x08011000, 0x09000000, 0x09010000,
                                     0x0a000000, RAM_BASE,   0,          0xfffff000};
    srand(7);
    for (uint32_t round = 0; round < 300000; round++) {
        uint32_t *p = (uint32_t *)&cpu;
        for (size_t i = 0; i < sizeof(cpu) / 4; i++) {
            p[i] = rand() % 4 == 0 ? bases[rand() % 8] + (any() & 0xfff) : p[i];
        }
        cpu.gp.pc = CODE + (any() & 0x1ffe);
        put(rand() % 2 == 0 ? any() : (any() & 0x0fffffff) | 0xe0000000);
        uint32_t ipa = bases[rand() % 8] + (any() & 0xfff);
        uint32_t ec = rand() % 2 == 0 ? 0x24u << 26 : (any() & 0xfc000000);
        uint32_t label = L4_EXIT_MMIO + (uint32_t)rand() % 10u;
        uint32_t actions = exit_with(label, ipa, ec | (any() & 0x03ffffff), any(), CODE);
        assert_in_range(actions, 0, 3);
        out_count = 0;
    }
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(device_registers),   T(empty_virtio_slots),
        T(console_interrupt),  T(hole_aborts),
        T(rom_ignores_writes), T(unaligned_device_access),
        T(undecoded_access),   T(cache_maintenance_on_a_device),
        T(fetch_from_nowhere), T(table_walk_into_nothing),
        T(other_traps),        T(calls),
        T(system_registers),   T(reset_and_start),
        T(hostile_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
