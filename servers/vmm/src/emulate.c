/* See emulate.h. */
#include <stddef.h>

#include <vmm/emulate.h>

#define PAGE_OFFSET 0xfffu

static l4_status_t fetch_half(struct bus *bus, const struct vcpu_port *port, uint32_t cpu,
                              uint32_t address, uint32_t *half)
{
    uint32_t ipa;
    l4_status_t status = port->translate(port->context, cpu, address, false, &ipa);
    if (status != L4_OK || bus_present(bus_find(bus, ipa))) {
        return status != L4_OK ? status : L4_ERR_NOT_SUPPORTED; /* code in a device */
    }
    return bus_read(bus, cpu, ipa, 2, half);
}

/* The instruction at the pc, decoded. A wide one may lie in two pages. */
static l4_status_t fetch(const struct guest_regs *regs, struct bus *bus,
                         const struct vcpu_port *port, uint32_t cpu, struct transfer *t)
{
    uint32_t first;
    uint32_t second;
    uint32_t pc = regs->gp.pc;
    bool thumb = (regs->gp.cpsr & CPSR_T) != 0;
    l4_status_t status = fetch_half(bus, port, cpu, pc, &first);
    if (status != L4_OK) {
        return status;
    }
    if (thumb && !thumb_is_wide(first)) {
        return decode_thumb(regs, first, t);
    }
    status = fetch_half(bus, port, cpu, pc + 2u, &second);
    if (status != L4_OK) {
        return status;
    }
    return thumb ? decode_thumb_wide(regs, first << 16 | second, t)
                 : decode_arm(regs, second << 16 | first, t);
}

static uint32_t swap_bytes(uint32_t value, uint32_t size)
{
    if (size == 1) {
        return value;
    }
    return size == 2 ? (uint32_t)__builtin_bswap16((uint16_t)value) : __builtin_bswap32(value);
}

uint32_t load_extend(uint32_t value, uint32_t size, bool sign)
{
    uint32_t unused = 32u - size * 8u;
    value <<= unused;
    return sign ? (uint32_t)((int32_t)value >> unused) : value >> unused;
}

/* One element. The exit told the physical page of the address that faulted; others are asked for.
 */
static l4_status_t access_one(const struct guest_regs *regs, struct bus *bus,
                              const struct vcpu_port *port, struct emulation *e, uint32_t address,
                              uint32_t size, uint32_t *value)
{
    uint32_t ipa = (e->ipa & ~PAGE_OFFSET) | (address & PAGE_OFFSET);
    if (((e->address ^ address) & ~PAGE_OFFSET) != 0) {
        l4_status_t status = port->translate(port->context, e->cpu, address, e->write, &ipa);
        if (status != L4_OK) {
            return status;
        }
    }
    bool big = (regs->gp.cpsr & CPSR_E) != 0;
    if (e->write) {
        return bus_write(bus, e->cpu, ipa, size, big ? swap_bytes(*value, size) : *value);
    }
    l4_status_t status = bus_read(bus, e->cpu, ipa, size, value);
    *value = big ? swap_bytes(*value, size) : *value;
    return status;
}

static l4_status_t access_all(const struct guest_regs *regs, struct bus *bus,
                              const struct vcpu_port *port, struct emulation *e,
                              const struct transfer *t, uint32_t *values)
{
    const struct emulation known = *e;
    for (uint32_t i = 0; i < t->count; i++) {
        struct emulation one = known;
        uint32_t address = t->address + i * t->size;
        one.write = !t->load;
        l4_status_t status = access_one(regs, bus, port, &one, address, t->size, &values[i]);
        if (status != L4_OK) {
            e->address = address;
            e->write = one.write;
            return status;
        }
    }
    return L4_OK;
}

/* The registers that a transfer moves; VFP ones are fetched from the kernel when it needs them. */
struct registers {
    struct guest_regs *core;
    struct l4_regs_vfp vfp;
};

static uint32_t *transfer_target(struct registers *r, const struct transfer *t, uint32_t i)
{
    uint32_t n = transfer_reg(t, i);
    switch (t->bank) {
    case BANK_VFP:
        return &r->vfp.d[n];
    case BANK_USER:
        return n == 13 ? &r->core->gp.sp_usr : n == 14 ? &r->core->gp.lr_usr : &r->core->gp.r[n];
    default:
        return guest_reg(r->core, n);
    }
}

static uint32_t stored_value(struct registers *r, const struct transfer *t, uint32_t i)
{
    if (t->bank != BANK_VFP && transfer_reg(t, i) == 15) {
        return guest_reg_value(r->core, 15);
    }
    return load_extend(*transfer_target(r, t, i), t->size, false);
}

static l4_status_t transfer_do(struct registers *r, struct bus *bus, const struct vcpu_port *port,
                               struct emulation *e, const struct transfer *t, uint32_t *values)
{
    const struct guest_regs *regs = r->core;
    if (t->load) {
        l4_status_t status = access_all(regs, bus, port, e, t, values);
        if (status != L4_OK || !t->store) {
            return status;
        }
        struct transfer put = *t; /* SWP: the store half */
        uint32_t stored = load_extend(guest_reg_value(regs, t->second), t->size, false);
        put.load = false;
        return access_all(regs, bus, port, e, &put, &stored);
    }
    for (uint32_t i = 0; i < t->count; i++) {
        values[i] = stored_value(r, t, i);
    }
    return access_all(regs, bus, port, e, t, values);
}

static void registers_update(struct registers *r, const struct transfer *t, const uint32_t *values)
{
    struct guest_regs *regs = r->core;
    if (t->base != TRANSFER_NO_WRITEBACK) {
        *guest_reg(regs, t->base) = t->base_value;
    }
    guest_skip(&regs->gp, t->length);
    for (uint32_t i = 0; t->load && i < t->count; i++) {
        uint32_t value = load_extend(values[i], t->size, t->sign);
        if (t->bank != BANK_VFP && transfer_reg(t, i) == 15) {
            guest_branch(&regs->gp, value);
        } else {
            *transfer_target(r, t, i) = value;
        }
    }
}

l4_status_t emulate(struct guest_regs *regs, struct bus *bus, const struct vcpu_port *port,
                    struct emulation *e)
{
    struct transfer t;
    struct registers r = {.core = regs};
    uint32_t values[TRANSFER_MAX];
    l4_status_t status = fetch(regs, bus, port, e->cpu, &t);
    if (status == L4_OK && t.bank == BANK_VFP) {
        status = port->read(port->context, e->cpu, L4_REGS_VFP, &r.vfp);
    }
    if (status == L4_OK) {
        status = transfer_do(&r, bus, port, e, &t, values);
    }
    if (status != L4_OK) {
        return status;
    }
    registers_update(&r, &t, values);
    return t.bank == BANK_VFP ? port->write(port->context, e->cpu, L4_REGS_VFP, &r.vfp) : L4_OK;
}

l4_status_t emulate_address(const struct guest_regs *regs, struct bus *bus,
                            const struct vcpu_port *port, uint32_t cpu, uint32_t *address)
{
    struct transfer t;
    l4_status_t status = fetch(regs, bus, port, cpu, &t);
    if (status == L4_OK) {
        *address = t.address;
    }
    return status;
}
