/*
 * The saved frame: start values, restarted calls, and register values from user level made safe.
 */
#include <kernel/thread.h>
#include <l4/abi/vcpu.h>

#include "asm_defs.h"

static_assert(offsetof(struct thread, frame) == 0, "SP_hyp points at the thread");
static_assert(offsetof(struct arch_frame, sp) == 0, "vectors.S");
static_assert(offsetof(struct arch_frame, pc) == 4, "vectors.S");
static_assert(offsetof(struct arch_frame, r) == FRAME_R_OFFSET, "vectors.S");
static_assert(sizeof(struct arch_frame) == FRAME_SIZE, "vectors.S");
static_assert(offsetof(struct thread, vcpu) == FRAME_SIZE, "vectors.S");
static_assert(L4_SYS_COUNT == ASM_SYS_COUNT, "vectors.S");

#define PSR_MODE 0x1fu
#define PSR_T 0x20u
#define PSR_AIF 0x1c0u
#define PSR_USR 0x10u
#define PSR_SVC 0x13u
#define PSR_USER_BITS 0xfe0ffe20u /* N Z C V Q, IT, GE, E, T */

/* Bit n: mode 0x10 + n is one that a guest has: usr fiq irq svc abt und sys. */
#define GUEST_MODES 0x888fu

void arch_frame_start(struct thread *t, uint32_t pc, uint32_t sp, uint32_t r0, uint32_t r1)
{
    struct arch_frame *f = &t->frame;

    for (uint32_t i = 2; i < 13; i++) {
        f->r[i] = 0;
    }
    f->r[0] = r0;
    f->r[1] = r1;
    f->lr = 0;
    f->sp = sp;
    f->pc = pc & ~1u;
    f->cpsr = PSR_AIF | (t->vcpu != NULL ? PSR_SVC : PSR_USR) | ((pc & 1u) != 0 ? PSR_T : 0);
}

void arch_frame_read(const struct thread *t, uint32_t *words)
{
    struct l4_regs_gp *regs = (struct l4_regs_gp *)words;

    for (uint32_t i = 0; i < 13; i++) {
        regs->r[i] = t->frame.r[i];
    }
    regs->sp_usr = t->frame.sp;
    regs->lr_usr = t->frame.lr;
    regs->pc = t->frame.pc;
    regs->cpsr = t->frame.cpsr;
}

static uint32_t safe_cpsr(const struct thread *t, uint32_t cpsr)
{
    uint32_t mode = cpsr & PSR_MODE;

    if (t->vcpu == NULL) {
        return (cpsr & PSR_USER_BITS) | PSR_AIF | PSR_USR;
    }
    if (mode < PSR_USR || ((GUEST_MODES >> (mode - PSR_USR)) & 1u) == 0) {
        mode = PSR_SVC;
    }
    return (cpsr & (PSR_USER_BITS | PSR_AIF)) | mode;
}

void arch_frame_set_pc(struct thread *t, uint32_t pc)
{
    t->frame.pc = pc & ((t->frame.cpsr & PSR_T) != 0 ? ~1u : ~3u);
}

void arch_frame_write(struct thread *t, const uint32_t *words)
{
    const struct l4_regs_gp *regs = (const struct l4_regs_gp *)words;

    for (uint32_t i = 0; i < 13; i++) {
        t->frame.r[i] = regs->r[i];
    }
    t->frame.sp = regs->sp_usr;
    t->frame.lr = regs->lr_usr;
    t->frame.cpsr = safe_cpsr(t, regs->cpsr);
    arch_frame_set_pc(t, regs->pc);
}

void arch_frame_restart(struct thread *t)
{
    t->frame.pc -= (t->frame.cpsr & PSR_T) != 0 ? 2u : 4u;
}
