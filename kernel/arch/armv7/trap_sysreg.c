/*
 * Trapped system registers: the physical timer and counter and set/way cache maintenance are done
 * here, the others are exits.
 */
#include <arch/guest.h>

/* The register that a 32-bit access names: opc2, opc1, CRn, CRm in their places in the HSR. */
#define CP15_KEY(crn, opc1, crm, opc2)                                                             \
    (((uint32_t)(opc2) << 17) | ((opc1) << 14) | ((crn) << 10) | ((crm) << 1))
#define CP15_KEY_MASK CP15_KEY(15, 7, 15, 7)
#define CP15_KEY64(opc1, crm) (((uint32_t)(opc1) << 16) | ((crm) << 1))
#define CP15_KEY64_MASK CP15_KEY64(15, 15)

#define OPC1_THUMBEE 6u /* of CP14: TEECR, TEEHBR */

/* A trapped conditional instruction may still fail its condition (ARM ARM B1.14.3). */
bool guest_condition_holds(const struct thread *t, uint32_t hsr)
{
    /* Bit n: the condition holds with N Z C V = n. */
    static const uint16_t table[16] = {0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff,
                                       0xaaaa, 0x5555, 0x0c0c, 0xf3f3, 0xaa55, 0x55aa,
                                       0x0a05, 0xf5fa, 0xffff, 0xffff};
    uint32_t condition = L4_SYN_COND(hsr);

    if (L4_SYN_COND_VALID(hsr) == 0) {
        if ((t->frame.cpsr & PSR_IT) == 0) {
            return true;
        }
        condition = (t->frame.cpsr >> 12) & 15u;
    }
    return ((table[condition] >> (t->frame.cpsr >> PSR_FLAGS_SHIFT)) & 1u) != 0;
}

/* 32-bit CP15 accesses that the kernel does itself. PL0 comes here only if CNTKCTL lets it. */
static bool emulate32(struct thread *self, uint32_t hsr)
{
    uint32_t rt = L4_SYN_SYS_RT(hsr);
    uint32_t opc2 = L4_SYN_OPC2(hsr);

    switch (hsr & CP15_KEY_MASK) {
    case CP15_KEY(14, 0, 2, 0): /* CNTP_TVAL */
    case CP15_KEY(14, 0, 2, 1): /* CNTP_CTL */
        if (L4_SYN_READ(hsr) != 0) {
            vcpu_reg_set(self, rt, vtimer_physical_read(self->vcpu, opc2));
        } else {
            vtimer_physical_write(self->vcpu, opc2, vcpu_reg_get(self, rt));
        }
        return true;
    case CP15_KEY(7, 0, 6, 2):  /* DCISW */
    case CP15_KEY(7, 0, 10, 2): /* DCCSW */
    case CP15_KEY(7, 0, 14, 2): /* DCCISW: does for all three */
        __asm__ volatile("mcr p15, 0, %0, c7, c14, 2" : : "r"(vcpu_reg_get(self, rt)) : "memory");
        return true;
    default:
        return false;
    }
}

/* CNTPCT and CNTP_CVAL */
static bool emulate64(struct thread *self, uint32_t hsr)
{
    struct vcpu *v = self->vcpu;
    uint32_t rt = L4_SYN_SYS_RT(hsr);
    uint32_t rt2 = L4_SYN_RT2_64(hsr);
    bool counter = (hsr & CP15_KEY64_MASK) == CP15_KEY64(0, 14);

    if (!counter && (hsr & CP15_KEY64_MASK) != CP15_KEY64(2, 14)) {
        return false;
    }
    if (L4_SYN_READ(hsr) != 0) {
        uint64_t value = counter ? arch_counter() - v->cntvoff : v->cntp_cval;

        vcpu_reg_set(self, rt, (uint32_t)value);
        vcpu_reg_set(self, rt2, (uint32_t)(value >> 32));
        return true;
    }
    if (counter) {
        return false; /* read-only: undefined */
    }
    v->cntp_cval = vcpu_reg_get(self, rt) | (uint64_t)vcpu_reg_get(self, rt2) << 32;
    vtimer_physical_update(v);
    return true;
}

struct thread *guest_sysreg(struct thread *self, uint32_t hsr)
{
    uint32_t ec = L4_SYN_EC(hsr);
    bool pair = ec == L4_EC_CP15_64 || ec == L4_EC_CP14_64;

    if (ec == L4_EC_CP14_32 && L4_SYN_OPC1(hsr) == OPC1_THUMBEE &&
        (self->vcpu->world.hstr & HSTR_TTEE) != 0) {
        vcpu_tee_take(self);
        return self; /* tries again */
    }
    if (!guest_condition_holds(self, hsr) || (ec == L4_EC_CP15_32 && emulate32(self, hsr)) ||
        (ec == L4_EC_CP15_64 && emulate64(self, hsr))) {
        guest_skip_trapped(self, hsr);
        return self;
    }
    return guest_leave(self, L4_EXIT_SYSREG, vcpu_reg_get(self, L4_SYN_SYS_RT(hsr)), hsr,
                       pair ? vcpu_reg_get(self, L4_SYN_RT2_64(hsr)) : 0);
}

void guest_sysreg_answer(struct thread *t, uint32_t hsr, const uint32_t *w)
{
    uint32_t rt = L4_SYN_SYS_RT(hsr);
    uint32_t ec = L4_SYN_EC(hsr);

    if (L4_SYN_READ(hsr) == 0 || ec == L4_EC_CP14_LDC) {
        return;
    }
    if (rt == 15u && (ec == L4_EC_CP15_32 || ec == L4_EC_CP14_32)) { /* APSR_nzcv */
        t->frame.cpsr = (t->frame.cpsr & 0x0fffffffu) | (w[0] & 0xf0000000u);
        return;
    }
    vcpu_reg_set(t, rt, w[0]);
    if (ec == L4_EC_CP15_64 || ec == L4_EC_CP14_64) {
        vcpu_reg_set(t, L4_SYN_RT2_64(hsr), w[1]);
    }
}
