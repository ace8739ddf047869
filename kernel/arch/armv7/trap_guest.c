/*
 * Traps from guest mode: handled here (WFI, VFP, the physical timer and counter, set/way cache
 * maintenance) or made an exit to the VMM. Hot: vm.mmio, vm.hvc, vm.vtimer.wfi, vm.exit.world.
 */
#include <arch/guest.h>
#include <kernel/ipc_parts.h>
#include <kernel/vcpu.h>

/* Exception classes, ARM ARM B3.13.6 */
#define EC_WFX 0x01u
#define EC_VFP 0x07u
#define EC_HVC 0x12u
#define EC_SMC 0x13u
#define EC_FETCH 0x20u
#define EC_DATA 0x24u

#define HSR_ISV 0x01000000u
#define HSR_WFE 1u

/* The top byte of a data access that the hardware has decoded: EC, either IL, ISV. */
#define HSR_DECODED(hsr) (((hsr) >> 24 | 2u) == 0x93u)

/* A translation fault that is not of the guest's table walk. */
#define HSR_MMIO_MASK 0xbcu
#define HSR_MMIO 0x04u

/* Of an emulated access: r0-r7, 32-bit instruction, no sign extension. */
#define HSR_PLAIN_MASK 0x02280000u
#define HSR_PLAIN 0x02000000u

/* HVC #0 */
#define HSR_CALL_MASK 0xfc00ffffu
#define HSR_HVC_0 0x48000000u

/* WFI, A32, unconditional */
#define HSR_WFI_MASK 0x03f00001u
#define HSR_WFI 0x03e00000u

/* Fault status without its level: 1 translation, 2 access flag, 3 permission */
#define FAULT_KIND(hsr) (((hsr)&0x3fu) >> 2)
#define FAULT_PERMISSION 3u

#define PAR_F 1u

struct thread *guest_leave(struct thread *self, uint32_t label, uint32_t w0, uint32_t hsr,
                           uint32_t w2)
{
    struct vcpu *v = self->vcpu;

    v->exit = label;
    v->syndrome = hsr;
    self->w[0] = w0;
    self->w[1] = hsr;
    self->w[2] = w2;
    self->w[3] = self->frame.pc;
    return ipc_kernel_call(self, label, self->w);
}

/* What a big-endian guest (CPSR.E) has in a register is in the other order on the bus, where
 * devices are little-endian. */
static uint32_t bus_order(const struct thread *t, uint32_t value, uint32_t size)
{
    if (likely((t->frame.cpsr & PSR_E) == 0) || size == 0) {
        return value;
    }
    return size == 1 ? __builtin_bswap16((uint16_t)value) : __builtin_bswap32(value);
}

/* What a store writes; 0 for a load. */
static inline uint32_t access_value(const struct thread *t, uint32_t hsr)
{
    uint32_t value;

    if (L4_SYN_WRITE(hsr) == 0) {
        return 0;
    }
    value = bus_order(t, vcpu_reg_get(t, L4_SYN_RT(hsr)), L4_SYN_SIZE(hsr));
    switch (L4_SYN_SIZE(hsr)) {
    case 0:
        return value & 0xffu;
    case 1:
        return value & 0xffffu;
    default:
        return value;
    }
}

/* Intermediate physical address of a stage-2 fault; false: the walk is not to be had any more. */
static bool fault_ipa(uint32_t hsr, uint32_t va, uint64_t *ipa)
{
    if (unlikely(FAULT_KIND(hsr) == FAULT_PERMISSION && L4_SYN_S1PTW(hsr) == 0)) {
        /* HPFAR is unknown then (ARM ARM B3.13.8): walk the guest's table again. */
        uint64_t guest_par = CP15_READ64(PAR);
        uint64_t par;

        CP15_WRITE(ATS1CPR, va);
        arch_isb();
        par = CP15_READ64(PAR);
        CP15_WRITE64(PAR, guest_par);
        *ipa = (par & 0xfffffff000ull) | (va & 0xfffu);
        return (par & PAR_F) == 0;
    }
    *ipa = ((uint64_t)(CP15_READ(HPFAR) & 0xfffffff0u) << 8) | (va & 0xfffu);
    return true;
}

/* What is not an emulated device: everything but a decoded access to an unmapped page. */
static struct thread *__attribute__((noinline))
trap_abort(struct thread *self, uint32_t hsr, uint32_t va, bool fetch)
{
    uint64_t ipa;

    if (FAULT_KIND(hsr) == 0 || FAULT_KIND(hsr) > FAULT_PERMISSION) {
        return guest_leave(self, L4_EXIT_TRAP, 0, hsr, va); /* external, or a breakpoint */
    }
    if (!fault_ipa(hsr, va, &ipa)) {
        return self;
    }
    if ((ipa >> 32) != 0) {
        return guest_leave(self, L4_EXIT_TRAP, 0, hsr, va); /* nothing is ever up there */
    }
    if (fetch) {
        return guest_leave(self, L4_EXIT_FETCH, (uint32_t)ipa, hsr, va);
    }
    if ((hsr & HSR_ISV) == 0 || L4_SYN_S1PTW(hsr) != 0) {
        return guest_leave(self, L4_EXIT_ABORT, (uint32_t)ipa, hsr, va);
    }
    return guest_leave(self, L4_EXIT_MMIO, (uint32_t)ipa, hsr, access_value(self, hsr));
}

/* A function of its own, so that no other trap saves registers for it. */
static struct thread *__attribute__((noinline)) trap_access(struct thread *self, uint32_t hsr)
{
    uint32_t va = CP15_READ(HDFAR);
    uint32_t page = CP15_READ(HPFAR);
    uint32_t ipa = page >> 4 << L4_PAGE_SHIFT | (va & (L4_PAGE_SIZE - 1));

    if (unlikely((hsr & HSR_MMIO_MASK) != HSR_MMIO || (page >> 24) != 0)) {
        return trap_abort(self, hsr, va, false);
    }
    return guest_leave(self, L4_EXIT_MMIO, ipa, hsr, access_value(self, hsr));
}

/* A call without an immediate: the words are r0-r3 as they are. */
static inline struct thread *trap_call(struct thread *self, uint32_t hsr, uint32_t label)
{
    struct vcpu *v = self->vcpu;

    v->exit = label;
    v->syndrome = hsr;
    return ipc_kernel_call(self, label, self->frame.r);
}

static struct thread *__attribute__((noinline)) trap_wfx_rare(struct thread *self, uint32_t hsr)
{
    bool wait = (hsr & HSR_WFE) == 0 && guest_condition_holds(self, hsr);

    guest_skip_trapped(self, hsr);
    return !wait || arch_vcpu_wakes(self) ? self : vcpu_wait(self);
}

static struct thread *__attribute__((noinline)) trap_wfx(struct thread *self, uint32_t hsr)
{
    if (unlikely((hsr & HSR_WFI_MASK) != HSR_WFI)) {
        return trap_wfx_rare(self, hsr);
    }
    self->frame.pc += 4u;
    return arch_vcpu_wakes(self) ? self : vcpu_wait(self);
}

static struct thread *__attribute__((noinline)) trap_vfp(struct thread *self, uint32_t hsr)
{
    if (unlikely(this_cpu()->loaded_vfp == self)) {
        return guest_leave(self, L4_EXIT_TRAP, 0, hsr, 0); /* another coprocessor */
    }
    vcpu_vfp_take(self);
    return self;
}

static struct thread *__attribute__((noinline)) trap_rare(struct thread *self, uint32_t hsr)
{
    switch (L4_SYN_EC(hsr)) {
    case EC_DATA:
        return trap_abort(self, hsr, CP15_READ(HDFAR), false);
    case EC_FETCH:
        return trap_abort(self, hsr, CP15_READ(HIFAR), true);
    case EC_HVC:
        return guest_leave(self, L4_EXIT_CALL_IMM, self->frame.r[0], hsr, 0);
    case EC_SMC:
        return trap_call(self, hsr, L4_EXIT_SMC);
    case L4_EC_CP15_32:
    case L4_EC_CP15_64:
    case L4_EC_CP14_32:
    case L4_EC_CP14_LDC:
    case L4_EC_CP14_64:
        return guest_sysreg(self, hsr);
    default:
        return guest_leave(self, L4_EXIT_TRAP, 0, hsr, 0);
    }
}

struct thread *trap_guest(struct thread *self, uint32_t hsr)
{
    if (likely(HSR_DECODED(hsr))) {
        return trap_access(self, hsr);
    }
    if ((hsr & HSR_CALL_MASK) == HSR_HVC_0) {
        return trap_call(self, hsr, L4_EXIT_HVC);
    }
    switch (L4_SYN_EC(hsr)) {
    case EC_WFX:
        return trap_wfx(self, hsr);
    case EC_VFP:
        return trap_vfp(self, hsr);
    default:
        return trap_rare(self, hsr);
    }
}

static uint32_t sign_extend(uint32_t value, uint32_t size)
{
    switch (size) {
    case 0:
        return (uint32_t)(int32_t)(int8_t)value;
    case 1:
        return (uint32_t)(int32_t)(int16_t)value;
    default:
        return value;
    }
}

static void answer_mmio(struct thread *t, uint32_t hsr, uint32_t value)
{
    if (L4_SYN_WRITE(hsr) == 0) {
        value = bus_order(t, value, L4_SYN_SIZE(hsr));
        vcpu_reg_set(t, L4_SYN_RT(hsr),
                     L4_SYN_SIGN(hsr) != 0 ? sign_extend(value, L4_SYN_SIZE(hsr)) : value);
    }
}

static void answer(struct thread *t, uint32_t exit, const uint32_t *w)
{
    switch (exit) {
    case L4_EXIT_MMIO:
        answer_mmio(t, t->vcpu->syndrome, w[0]);
        break;
    case L4_EXIT_SYSREG:
        guest_sysreg_answer(t, t->vcpu->syndrome, w);
        break;
    case L4_EXIT_HVC:
    case L4_EXIT_SMC:
        ipc_copy(t->frame.r, w);
        break;
    default:
        break;
    }
}

/* The length is in the syndrome, but for aborts without one: the VMM, which has read the
 * instruction, tells it. */
static void answer_next(struct thread *t, uint32_t exit, const uint32_t *w)
{
    switch (exit) {
    case L4_EXIT_ABORT:
    case L4_EXIT_FETCH:
    case L4_EXIT_TRAP:
        guest_skip(&t->frame, (t->frame.cpsr & PSR_T) != 0 && w[3] == 2u ? 2u : 4u);
        break;
    case L4_EXIT_MMIO:
    case L4_EXIT_SMC:
    case L4_EXIT_SYSREG:
        guest_skip_trapped(t, t->vcpu->syndrome);
        break;
    default:
        break; /* the pc is past it, or there is none */
    }
}

static void __attribute__((noinline)) resume_inject(struct thread *t, uint32_t virq)
{
    if (arch_vcpu_inject(t, virq) == L4_ERR_BUSY && t->vcpu->refused == 0) {
        t->vcpu->refused = virq;
        gich_control(t->vcpu, GICH_HCR_KICK, 0);
    }
}

static void __attribute__((noinline))
resume_rare(struct thread *t, uint32_t exit, uint32_t actions, const uint32_t *w)
{
    bool call = exit == L4_EXIT_HVC || exit == L4_EXIT_SMC;

    if ((actions & L4_RESUME_WRITE) != 0) {
        answer(t, exit, w);
    }
    if ((actions & L4_RESUME_NEXT) != 0) {
        answer_next(t, exit, w);
    }
    if ((actions & L4_RESUME_INJECT) != 0 && !(call && (actions & L4_RESUME_WRITE) != 0)) {
        resume_inject(t, w[2]);
    }
}

/* The everyday answers without a call: r0-r3 of a hypercall; a load of a low register, or a store,
 * stepped over (metrics vm.mmio, vm.sgi). */
void arch_vcpu_resume(struct thread *t, uint32_t actions, const uint32_t *w)
{
    struct vcpu *v = t->vcpu;
    uint32_t exit = v->exit;

    if (exit == L4_EXIT_MMIO && (v->syndrome & HSR_PLAIN_MASK) == HSR_PLAIN &&
        (t->frame.cpsr & (PSR_IT | PSR_E)) == 0) {
        if ((actions & L4_RESUME_WRITE) != 0 && L4_SYN_WRITE(v->syndrome) == 0) {
            t->frame.r[L4_SYN_RT(v->syndrome)] = w[0];
        }
        if ((actions & L4_RESUME_NEXT) != 0) {
            t->frame.pc += 4u;
        }
        if (unlikely((actions & L4_RESUME_INJECT) != 0)) {
            resume_inject(t, w[2]);
        }
    } else if (exit == L4_EXIT_HVC && actions == L4_RESUME_WRITE) {
        ipc_copy(t->frame.r, w);
    } else {
        resume_rare(t, exit, actions, w);
    }
}
