/* Register access by number and mode, and program counter arithmetic. */
#include <vmm/regs.h>

static uint32_t *banked_reg(struct guest_regs *regs, uint32_t n)
{
    struct l4_regs_banked *b = &regs->banked;
    switch (regs->gp.cpsr & CPSR_MODE) {
    case MODE_FIQ:
        return n == 13 ? &b->sp_fiq : &b->lr_fiq;
    case MODE_IRQ:
        return n == 13 ? &b->sp_irq : &b->lr_irq;
    case MODE_SVC:
        return n == 13 ? &b->sp_svc : &b->lr_svc;
    case MODE_ABT:
        return n == 13 ? &b->sp_abt : &b->lr_abt;
    case MODE_UND:
        return n == 13 ? &b->sp_und : &b->lr_und;
    default:
        return n == 13 ? &regs->gp.sp_usr : &regs->gp.lr_usr;
    }
}

uint32_t *guest_reg(struct guest_regs *regs, uint32_t n)
{
    if (n >= 13) {
        return banked_reg(regs, n);
    }
    if (n >= 8 && (regs->gp.cpsr & CPSR_MODE) == MODE_FIQ) {
        uint32_t *const fiq[] = {&regs->banked.r8_fiq, &regs->banked.r9_fiq, &regs->banked.r10_fiq,
                                 &regs->banked.r11_fiq, &regs->banked.r12_fiq};
        return fiq[n - 8];
    }
    return &regs->gp.r[n];
}

uint32_t guest_reg_value(const struct guest_regs *regs, uint32_t n)
{
    if (n == 15) {
        return regs->gp.pc + ((regs->gp.cpsr & CPSR_T) != 0 ? 4u : 8u);
    }
    return *guest_reg((struct guest_regs *)(uintptr_t)regs, n);
}

static uint32_t it_get(uint32_t cpsr)
{
    return ((cpsr >> 25) & 3u) | ((cpsr >> 8) & 0xfcu);
}

static uint32_t it_put(uint32_t cpsr, uint32_t it)
{
    return (cpsr & ~CPSR_IT) | (it & 3u) << 25 | (it & 0xfcu) << 8;
}

void guest_skip(struct l4_regs_gp *gp, uint32_t length)
{
    gp->pc += length;
    if ((gp->cpsr & CPSR_T) != 0) {
        uint32_t it = it_get(gp->cpsr);
        it = (it & 7u) == 0 ? 0 : (it & 0xe0u) | ((it << 1) & 0x1fu);
        gp->cpsr = it_put(gp->cpsr, it);
    }
}

void guest_branch(struct l4_regs_gp *gp, uint32_t target)
{
    gp->cpsr &= ~(CPSR_IT | CPSR_T);
    if ((target & 1u) != 0) {
        gp->cpsr |= CPSR_T;
        gp->pc = target & ~1u;
    } else {
        gp->pc = target & ~3u;
    }
}
