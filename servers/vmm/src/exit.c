/*
 * What happens on each exit. The frequent ones, device accesses and hypercalls, usually do not come
 * this way (main.c answers them); the others may call the kernel for registers.
 */
#include <stddef.h>

#include <vmm/emulate.h>
#include <vmm/vm.h>

#define EC_SMC 0x13u
#define EC_FETCH 0x20u
#define EC_DATA 0x24u
#define DFSC_DEBUG 0x22u
#define SYSTEM_INSTRUCTION 4u /* bytes of MCR, MRC and the like in both instruction sets */

static bool regs_read(struct vm *vm, uint32_t cpu, struct guest_cpu *g)
{
    const struct vcpu_port *p = &vm->vcpu;
    return p->read(p->context, cpu, L4_REGS_GP, &g->gp) == L4_OK &&
           p->read(p->context, cpu, L4_REGS_BANKED, &g->banked) == L4_OK &&
           p->read(p->context, cpu, L4_REGS_CP15, &g->cp15) == L4_OK;
}

/* A vCPU that is gone between exit and reply needs no registers: failures end with it. */
static void regs_write(struct vm *vm, uint32_t cpu, const struct guest_cpu *g)
{
    const struct vcpu_port *p = &vm->vcpu;
    (void)!p->write(p->context, cpu, L4_REGS_GP, &g->gp);
    (void)!p->write(p->context, cpu, L4_REGS_BANKED, &g->banked);
    (void)!p->write(p->context, cpu, L4_REGS_CP15, &g->cp15);
}

static uint32_t undefined(struct vm *vm, uint32_t cpu)
{
    struct guest_cpu g;
    if (regs_read(vm, cpu, &g)) {
        exception_undefined(&g);
        regs_write(vm, cpu, &g);
    }
    return 0;
}

/* The exit did not tell the virtual address: the instruction does. */
static uint32_t access_address(struct vm *vm, uint32_t cpu, const struct guest_cpu *g,
                               uint32_t fallback)
{
    struct guest_regs regs = {g->gp, g->banked};
    uint32_t address;
    return emulate_address(&regs, &vm->bus, &vm->vcpu, cpu, &address) == L4_OK ? address : fallback;
}

static enum guest_fault fault_of(l4_status_t status)
{
    return status == L4_ERR_ALIGN ? FAULT_ALIGNMENT : FAULT_EXTERNAL;
}

uint32_t vm_mmio_refused(struct vm *vm, uint32_t cpu, uint32_t ipa, bool write, l4_status_t status)
{
    struct guest_cpu g;
    if (status != L4_ERR_BUSY && regs_read(vm, cpu, &g)) {
        exception_data_abort(&g, access_address(vm, cpu, &g, ipa), write, fault_of(status));
        regs_write(vm, cpu, &g);
    }
    return 0;
}

static uint32_t exit_mmio(struct vm *vm, uint32_t cpu, uint32_t w[4])
{
    uint32_t ipa = w[0];
    uint32_t syndrome = w[1];
    uint32_t size = 1u << L4_SYN_SIZE(syndrome);
    bool write = L4_SYN_WRITE(syndrome) != 0;
    const struct bus_device *device = bus_find(&vm->bus, ipa);
    if (vm_mmio_plain(device, ipa, syndrome)) {
        w[0] = w[2];
        return vm_mmio(vm, cpu, device, ipa, syndrome, &w[0]);
    }
    /* No device there, or an access that is not aligned: RAM, ROM, or a refusal. */
    l4_status_t status = size > 4 ? L4_ERR_INVALID
                         : write  ? bus_write(&vm->bus, cpu, ipa, size, w[2])
                                  : bus_read(&vm->bus, cpu, ipa, size, &w[0]);
    if (status != L4_OK) {
        return vm_mmio_refused(vm, cpu, ipa, write, status);
    }
    return write ? L4_RESUME_NEXT : L4_RESUME_WRITE | L4_RESUME_NEXT;
}

/* The guest's own table walk touched an address where nothing is, or lies in a device. */
static void walk_refused(struct guest_cpu *g, const uint32_t w[4], bool fetch)
{
    enum guest_fault fault = exception_walk_fault(g, w[0]);
    if (fetch) {
        exception_prefetch_abort(g, w[2], fault);
    } else {
        exception_data_abort(g, w[2], L4_SYN_WRITE(w[1]) != 0, fault);
    }
}

static void access_emulate(struct vm *vm, uint32_t cpu, const uint32_t w[4], struct guest_cpu *g)
{
    struct guest_regs regs = {g->gp, g->banked};
    struct emulation e = {cpu, w[2], w[0], L4_SYN_WRITE(w[1]) != 0};
    l4_status_t status = emulate(&regs, &vm->bus, &vm->vcpu, &e);
    if (status == L4_OK) {
        g->gp = regs.gp;
        g->banked = regs.banked;
    } else if (status != L4_ERR_BUSY) {
        exception_data_abort(g, e.address, e.write, fault_of(status));
    }
}

static uint32_t exit_abort(struct vm *vm, uint32_t cpu, const uint32_t w[4])
{
    struct guest_cpu g;
    if (!regs_read(vm, cpu, &g)) {
        return 0;
    }
    if (L4_SYN_S1PTW(w[1])) {
        walk_refused(&g, w, false);
    } else if (L4_SYN_CM(w[1])) {
        guest_skip(&g.gp, SYSTEM_INSTRUCTION); /* cache maintenance of what is not cached */
    } else {
        access_emulate(vm, cpu, w, &g);
    }
    regs_write(vm, cpu, &g);
    return 0;
}

static uint32_t exit_fetch(struct vm *vm, uint32_t cpu, const uint32_t w[4])
{
    struct guest_cpu g;
    if (!regs_read(vm, cpu, &g)) {
        return 0;
    }
    if (L4_SYN_S1PTW(w[1])) {
        walk_refused(&g, w, true);
    } else {
        exception_prefetch_abort(&g, w[2], FAULT_EXTERNAL);
    }
    regs_write(vm, cpu, &g);
    return 0;
}

static uint32_t exit_call(struct vm *vm, uint32_t cpu, uint32_t w[4], uint32_t next)
{
    vm->wish = hypercall(&vm->power, &vm->limits, cpu, w, &vm->call);
    return L4_RESUME_WRITE | next;
}

/* HVC or SMC with an immediate that the convention reserves: a call that nobody answers. */
static uint32_t exit_call_immediate(struct vm *vm, uint32_t cpu, const uint32_t w[4])
{
    struct guest_cpu g;
    if (regs_read(vm, cpu, &g)) {
        g.gp.r[0] = PSCI_NOT_SUPPORTED;
        regs_write(vm, cpu, &g);
    }
    return L4_SYN_EC(w[1]) == EC_SMC ? L4_RESUME_NEXT : 0;
}

static uint32_t exit_sysreg(struct vm *vm, uint32_t cpu, uint32_t w[4])
{
    uint32_t syndrome = w[1];
    uint32_t value[2] = {w[0], w[2]};
    if (sysreg_access(&vm->sysreg[cpu], syndrome, value) != L4_OK) {
        return undefined(vm, cpu);
    }
    w[0] = value[0];
    w[1] = value[1];
    return L4_SYN_READ(syndrome) ? L4_RESUME_WRITE | L4_RESUME_NEXT : L4_RESUME_NEXT;
}

static uint32_t exit_virq(struct vm *vm, uint32_t cpu, const uint32_t w[4])
{
    const uint16_t ended[4] = {(uint16_t)w[1], (uint16_t)(w[1] >> 16), (uint16_t)w[2],
                               (uint16_t)(w[2] >> 16)};
    if (w[3] != 0) {
        gic_returned(&vm->gic, cpu, w[3]);
    }
    gic_ended(&vm->gic, cpu, ended, 4);
    return 0;
}

/* A guest physical address above 4 GiB, where nothing is; an error that the bus reported; or a
 * breakpoint instruction. */
static uint32_t exit_trap(struct vm *vm, uint32_t cpu, const uint32_t w[4])
{
    uint32_t class = L4_SYN_EC(w[1]);
    struct guest_cpu g;
    if (class != EC_DATA && class != EC_FETCH) {
        return undefined(vm, cpu);
    }
    if (regs_read(vm, cpu, &g)) {
        enum guest_fault fault = L4_SYN_DFSC(w[1]) == DFSC_DEBUG ? FAULT_DEBUG
                                 : L4_SYN_S1PTW(w[1])            ? FAULT_EXTERNAL_WALK_2
                                                                 : FAULT_EXTERNAL;
        if (class == EC_FETCH) {
            exception_prefetch_abort(&g, w[2], fault);
        } else {
            exception_data_abort(&g, w[2], L4_SYN_WRITE(w[1]) != 0, fault);
        }
        regs_write(vm, cpu, &g);
    }
    return 0;
}

uint32_t vm_exit(struct vm *vm, uint32_t cpu, uint32_t label, uint32_t w[4])
{
    vm->wish = POWER_NONE;
    vm->exits[(label - L4_EXIT_FIRST) % VM_EXITS]++;
    switch (label) {
    case L4_EXIT_MMIO:
        return exit_mmio(vm, cpu, w);
    case L4_EXIT_ABORT:
        return exit_abort(vm, cpu, w);
    case L4_EXIT_FETCH:
        return exit_fetch(vm, cpu, w);
    case L4_EXIT_HVC:
        return exit_call(vm, cpu, w, 0);
    case L4_EXIT_SMC:
        return exit_call(vm, cpu, w, L4_RESUME_NEXT);
    case L4_EXIT_CALL_IMM:
        return exit_call_immediate(vm, cpu, w);
    case L4_EXIT_SYSREG:
        return exit_sysreg(vm, cpu, w);
    case L4_EXIT_VIRQ:
        return exit_virq(vm, cpu, w);
    case L4_EXIT_TRAP:
        return exit_trap(vm, cpu, w);
    default:
        return undefined(vm, cpu);
    }
}
