/* Emulated loads and stores, from the instruction in guest RAM to registers and device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/emulate.h>

#define RAM_BASE 0x40000000u
#define RAM_SIZE 0x4000u
#define DEVICE_BASE 0x09000000u
#define VA_DEVICE 0xf0000000u /* translates to the device */
#define VA_RAM 0xc0000000u    /* translates to RAM */
#define VA_PC (VA_RAM + 0x100u)

static uint8_t ram[RAM_SIZE];
static uint32_t device[1024];
static uint32_t refuse_at = 0xffffffff;
static struct bus bus;
static struct guest_regs regs;
static struct emulation e;

static l4_status_t device_read(void *state, struct mmio *access)
{
    (void)state;
    if (access->offset == refuse_at) {
        return L4_ERR_IO;
    }
    access->value = (device[access->offset / 4] & mmio_mask(access)) >> mmio_shift(access);
    return L4_OK;
}

static l4_status_t device_write(void *state, struct mmio *access)
{
    (void)state;
    if (access->offset == refuse_at) {
        return L4_ERR_IO;
    }
    uint32_t mask = mmio_mask(access);
    uint32_t *word = &device[access->offset / 4];
    *word = (*word & ~mask) | ((access->value << mmio_shift(access)) & mask);
    return L4_OK;
}

static const struct device_ops device_ops = {device_read, device_write};

static l4_status_t translate(void *context, uint32_t cpu, uint32_t address, bool write,
                             uint32_t *ipa)
{
    (void)context;
    (void)cpu;
    (void)write;
    if (address >= VA_DEVICE && address < VA_DEVICE + 0x1000) {
        *ipa = address - VA_DEVICE + DEVICE_BASE;
    } else if (address >= VA_RAM && address < VA_RAM + RAM_SIZE) {
        *ipa = address - VA_RAM + RAM_BASE;
    } else {
        return L4_ERR_NOT_FOUND;
    }
    return L4_OK;
}

static struct l4_regs_vfp vfp;

static l4_status_t regs_read(void *context, uint32_t cpu, enum l4_reg_group group, void *to)
{
    (void)context;
    (void)cpu;
    assert_int_equal(group, L4_REGS_VFP);
    memcpy(to, &vfp, sizeof(vfp));
    return L4_OK;
}

static l4_status_t regs_write(void *context, uint32_t cpu, enum l4_reg_group group,
                              const void *from)
{
    (void)context;
    (void)cpu;
    assert_int_equal(group, L4_REGS_VFP);
    memcpy(&vfp, from, sizeof(vfp));
    return L4_OK;
}

static const struct vcpu_port port = {NULL, regs_read, regs_write, translate};

static int setup(void **state)
{
    (void)state;
    const struct guest_memory memory = {ram, RAM_BASE, RAM_SIZE, NULL, 0};
    memset(ram, 0, sizeof(ram));
    for (uint32_t i = 0; i < 1024; i++) {
        device[i] = 0x11000000u * (i % 8) + i * 4;
    }
    refuse_at = 0xffffffff;
    bus_init(&bus, &memory);
    assert_int_equal(bus_attach(&bus, DEVICE_BASE, 0x1000, &device_ops, NULL), L4_OK);
    memset(&regs, 0, sizeof(regs));
    for (uint32_t i = 0; i < 13; i++) {
        regs.gp.r[i] = 0xa0 + i;
    }
    regs.gp.pc = VA_PC;
    regs.gp.cpsr = MODE_SVC;
    e = (struct emulation){.address = VA_DEVICE, .ipa = DEVICE_BASE};
    return 0;
}

static void put_arm(uint32_t instruction)
{
    memcpy(&ram[VA_PC - VA_RAM], &instruction, 4);
}

static void put_wide(uint32_t instruction)
{
    put_arm(instruction >> 16 | instruction << 16);
    regs.gp.cpsr |= CPSR_T;
}

static l4_status_t run(void)
{
    return emulate(&regs, &bus, &port, &e);
}

static void load_with_writeback(void **state)
{
    (void)state;
    put_arm(0xe5b21004); /* ldr r1, [r2, #4]! */
    regs.gp.r[2] = VA_DEVICE;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.r[1], device[1]);
    assert_int_equal(regs.gp.r[2], VA_DEVICE + 4);
    assert_int_equal(regs.gp.pc, VA_PC + 4);
}

static void signed_load(void **state)
{
    (void)state;
    put_arm(0xe0f210f2); /* ldrsh r1, [r2], #2 */
    regs.gp.r[2] = VA_DEVICE + 4;
    device[1] = 0x12348765;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.r[1], 0xffff8765);
    assert_int_equal(regs.gp.r[2], VA_DEVICE + 6);
}

static void dual_and_multiple(void **state)
{
    (void)state;
    put_arm(0xe1c420d8); /* ldrd r2, r3, [r4, #8] */
    regs.gp.r[4] = VA_DEVICE;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.r[2], device[2]);
    assert_int_equal(regs.gp.r[3], device[3]);
    setup(NULL);
    put_arm(0xe92d4070); /* push {r4-r6, lr} */
    regs.banked.sp_svc = VA_DEVICE + 0x20;
    regs.banked.lr_svc = 0x1234;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(device[4], 0xa4);
    assert_int_equal(device[7], 0x1234);
    assert_int_equal(regs.banked.sp_svc, VA_DEVICE + 0x10);
}

static void load_of_base_wins(void **state)
{
    (void)state;
    put_arm(0xe8b10006); /* ldmia r1!, {r1, r2} */
    regs.gp.r[1] = VA_DEVICE;
    device[0] = 0x77;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.r[1], 0x77);
}

static void store_of_base_is_the_old_value(void **state)
{
    (void)state;
    put_arm(0xe8a10006); /* stmia r1!, {r1, r2} */
    regs.gp.r[1] = VA_DEVICE;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(device[0], VA_DEVICE);
    assert_int_equal(regs.gp.r[1], VA_DEVICE + 8);
}

static void multiple_across_pages(void **state)
{
    (void)state;
    put_arm(0xe8900006); /* ldm r0, {r1, r2}: last word of RAM's mapping is not mapped on */
    regs.gp.r[0] = VA_DEVICE + 0xffc;
    e.address = VA_DEVICE + 0xffc;
    e.ipa = DEVICE_BASE + 0xffc;
    assert_int_equal(run(), L4_ERR_NOT_FOUND);
    assert_int_equal(e.address, VA_DEVICE + 0x1000);
    assert_int_equal(regs.gp.r[1], 0xa1); /* nothing has changed */
    assert_int_equal(regs.gp.pc, VA_PC);
}

static void branch_by_load(void **state)
{
    (void)state;
    put_arm(0xe492f004); /* ldr pc, [r2], #4 */
    regs.gp.r[2] = VA_DEVICE;
    device[0] = 0xc0001235;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.pc, 0xc0001234);
    assert_true((regs.gp.cpsr & CPSR_T) != 0);
    assert_int_equal(regs.gp.r[2], VA_DEVICE + 4);
}

static void swap(void **state)
{
    (void)state;
    put_arm(0xe1021093); /* swp r1, r3, [r2] */
    regs.gp.r[2] = VA_DEVICE;
    device[0] = 0x55;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.r[1], 0x55);
    assert_int_equal(device[0], 0xa3);
}

static void vfp_registers(void **state)
{
    (void)state;
    put_arm(0xecb22a04); /* vldmia r2!, {s4-s7} */
    regs.gp.r[2] = VA_DEVICE;
    assert_int_equal(run(), L4_OK);
    assert_memory_equal(&vfp.d[4], device, 16);
    assert_int_equal(regs.gp.r[2], VA_DEVICE + 16);
    setup(NULL);
    put_arm(0xedc2fb02); /* vstr d31, [r2, #8] */
    regs.gp.r[2] = VA_DEVICE;
    vfp.d[62] = 0x12345678;
    vfp.d[63] = 0x9abcdef0;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(device[2], 0x12345678);
    assert_int_equal(device[3], 0x9abcdef0);
}

static void user_registers(void **state)
{
    (void)state;
    put_arm(0xe8d06000); /* ldmia r0, {sp, lr}^ */
    regs.gp.r[0] = VA_DEVICE;
    regs.gp.cpsr = MODE_FIQ;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.sp_usr, device[0]);
    assert_int_equal(regs.gp.lr_usr, device[1]);
    setup(NULL);
    put_arm(0xe8c0e100); /* stmia r0, {r8, sp, lr, pc}^ */
    regs.gp.r[0] = VA_DEVICE;
    regs.gp.cpsr = MODE_FIQ;
    regs.banked.r8_fiq = 0x666;
    regs.gp.sp_usr = 0x777;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(device[0], 0xa8);
    assert_int_equal(device[1], 0x777);
    assert_int_equal(device[3], VA_PC + 8);
}

static void big_endian_data(void **state)
{
    (void)state;
    put_arm(0xe5b21004); /* ldr r1, [r2, #4]! */
    regs.gp.r[2] = VA_DEVICE;
    regs.gp.cpsr |= CPSR_E;
    device[1] = 0x01020304;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.r[1], 0x04030201);
    setup(NULL);
    put_arm(0xe0c210b2); /* strh r1, [r2], #2 */
    regs.gp.r[1] = 0xabcd;
    regs.gp.r[2] = VA_DEVICE;
    regs.gp.cpsr |= CPSR_E;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(device[0] & 0xffff, 0xcdab);
}

static void thumb_in_an_it_block(void **state)
{
    (void)state;
    put_wide(0xf8521f04);              /* ldr.w r1, [r2, #4]! */
    regs.gp.cpsr |= 0x0c00 | 2u << 25; /* ITSTATE 0b00001110: one of three is next */
    regs.gp.r[2] = VA_DEVICE;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.pc, VA_PC + 4);
    assert_int_equal(regs.gp.cpsr & CPSR_IT, 0x1c00 & CPSR_IT);
    regs.gp.pc = VA_PC;
    regs.gp.cpsr = MODE_SVC | CPSR_T | 0x0800; /* the last of a block */
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.cpsr & CPSR_IT, 0);
}

static void thumb_narrow(void **state)
{
    (void)state;
    uint16_t ldmia = 0xc906; /* ldmia r1!, {r1, r2} without write-back */
    memcpy(&ram[VA_PC - VA_RAM], &ldmia, 2);
    regs.gp.cpsr |= CPSR_T;
    regs.gp.r[1] = VA_DEVICE;
    assert_int_equal(run(), L4_OK);
    assert_int_equal(regs.gp.r[1], device[0]);
    assert_int_equal(regs.gp.r[2], device[1]);
    assert_int_equal(regs.gp.pc, VA_PC + 2);
}

static void wide_at_the_end_of_what_is_mapped(void **state)
{
    (void)state;
    regs.gp.pc = VA_RAM + RAM_SIZE - 2;
    regs.gp.cpsr |= CPSR_T;
    uint16_t half = 0xf852;
    memcpy(&ram[RAM_SIZE - 2], &half, 2);
    assert_int_equal(run(), L4_ERR_NOT_FOUND);
    regs.gp.pc = VA_DEVICE; /* code in a device */
    assert_int_equal(run(), L4_ERR_NOT_SUPPORTED);
    regs.gp.pc = 0;
    assert_int_equal(run(), L4_ERR_NOT_FOUND);
}

static void refused_by_the_device(void **state)
{
    (void)state;
    put_arm(0xe92d4070); /* push {r4-r6, lr} */
    regs.banked.sp_svc = VA_DEVICE + 0x20;
    refuse_at = 0x18;
    assert_int_equal(run(), L4_ERR_IO);
    assert_int_equal(e.address, VA_DEVICE + 0x18);
    assert_true(e.write);
    assert_int_equal(regs.banked.sp_svc, VA_DEVICE + 0x20);
    put_arm(0xe1920f9f); /* ldrex r0, [r2] */
    assert_int_equal(run(), L4_ERR_NOT_SUPPORTED);
}

static void unaligned_device_access(void **state)
{
    (void)state;
    put_arm(0xe5b21001); /* ldr r1, [r2, #1]! */
    regs.gp.r[2] = VA_DEVICE;
    assert_int_equal(run(), L4_ERR_ALIGN);
}

static void registers_by_mode(void **state)
{
    (void)state;
    static const struct {
        uint32_t mode;
        size_t sp;
    } modes[] = {
        {MODE_FIQ, offsetof(struct guest_regs, banked.sp_fiq)},
        {MODE_IRQ, offsetof(struct guest_regs, banked.sp_irq)},
        {MODE_SVC, offsetof(struct guest_regs, banked.sp_svc)},
        {MODE_ABT, offsetof(struct guest_regs, banked.sp_abt)},
        {MODE_UND, offsetof(struct guest_regs, banked.sp_und)},
        {MODE_USR, offsetof(struct guest_regs, gp.sp_usr)},
        {MODE_SYS, offsetof(struct guest_regs, gp.sp_usr)},
    };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        regs.gp.cpsr = modes[i].mode;
        uint32_t *sp = (uint32_t *)((uint8_t *)&regs + modes[i].sp);
        assert_ptr_equal(guest_reg(&regs, 13), sp);
        assert_ptr_equal(guest_reg(&regs, 14), sp + 1);
        assert_ptr_equal(guest_reg(&regs, 8),
                         modes[i].mode == MODE_FIQ ? &regs.banked.r8_fiq : &regs.gp.r[8]);
        assert_ptr_equal(guest_reg(&regs, 7), &regs.gp.r[7]);
    }
}

int test_exception(void);

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(load_with_writeback),
        T(signed_load),
        T(dual_and_multiple),
        T(load_of_base_wins),
        T(store_of_base_is_the_old_value),
        T(multiple_across_pages),
        T(branch_by_load),
        T(swap),
        T(vfp_registers),
        T(user_registers),
        T(big_endian_data),
        T(thumb_in_an_it_block),
        T(thumb_narrow),
        T(wide_at_the_end_of_what_is_mapped),
        T(refused_by_the_device),
        T(unaligned_device_access),
        T(registers_by_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_exception();
}
