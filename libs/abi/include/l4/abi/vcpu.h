/*
 * vCPUs: what a VMM gets on a guest exit, what it may answer, and virtual interrupts.
 *
 * A vCPU is a thread made with L4_THREAD_GUEST. Every exit is a kernel message from that thread to
 * its fault endpoint (L4_THREAD_SET_FAULT); the vCPU waits until the VMM replies. WFI, the virtual
 * timer and the physical timer are handled in the kernel and cause no exit.
 */
#ifndef L4_ABI_VCPU_H
#define L4_ABI_VCPU_H

#include <assert.h>
#include <stdint.h>

#include <l4/abi/msg.h>

/*
 * Exit labels and words. "Syndrome" is the HSR value (ARM ARM B3.13.6); L4_SYN_* name its fields.
 * While the vCPU waits, L4_THREAD_READ_REGS and _WRITE_REGS reach all of its registers.
 */
enum l4_exit {
    /* Data access to an address with no mapping that allows it, decoded by hardware.
     * w0 = guest physical address, w1 = syndrome, w2 = value (write; zero-extended from the
     * access size), w3 = pc. */
    L4_EXIT_MMIO = L4_EXIT_FIRST,
    /* The same without a decoded syndrome: the VMM reads the instruction at pc.
     * w0 = guest physical address (page only, if the fault was in the guest's own walk),
     * w1 = syndrome, w2 = guest virtual address, w3 = pc. */
    L4_EXIT_ABORT,
    /* Instruction fetch with no executable mapping: w0 = guest physical, w1 = syndrome,
     * w2 = guest virtual, w3 = pc. */
    L4_EXIT_FETCH,
    /* HVC #0: w0..w3 = r0..r3; the pc is past it. */
    L4_EXIT_HVC,
    /* SMC #0: w0..w3 = r0..r3; the pc is at it (reply with NEXT). */
    L4_EXIT_SMC,
    /* HVC or SMC with another immediate: w0 = r0, w1 = syndrome (immediate in [15:0]), w3 = pc;
     * pc as above. */
    L4_EXIT_CALL_IMM,
    /* Trapped system register access (CP15 or CP14): w0 = value of Rt, w1 = syndrome,
     * w2 = value of Rt2 (64-bit forms), w3 = pc. */
    L4_EXIT_SYSREG,
    /* Virtual interrupts ended or slots became free: w0 = free slots, w1 = ended with NOTIFY, two
     * numbers of 16 bits (0xffff: none), w2 = two more, w3 = the word of the last reply's INJECT
     * if it was refused, else 0. */
    L4_EXIT_VIRQ,
    /* Anything else trapped (an undefined instruction in HYP's eyes, ThumbEE, Jazelle, ...):
     * w1 = syndrome, w3 = pc. */
    L4_EXIT_TRAP,
};

/* Fields of the syndrome. */
#define L4_SYN_EC(s) ((s) >> 26)
#define L4_SYN_IL(s) (((s) >> 25) & 1u) /* 1: 32-bit instruction */
/* L4_EXIT_MMIO (data abort, EC 0x24) */
#define L4_SYN_SIZE(s) (((s) >> 22) & 3u) /* log2 of the bytes */
#define L4_SYN_SIGN(s) (((s) >> 21) & 1u)
#define L4_SYN_RT(s) (((s) >> 16) & 15u)
#define L4_SYN_WRITE(s) (((s) >> 6) & 1u)
#define L4_SYN_CM(s) (((s) >> 8) & 1u)    /* cache maintenance operation */
#define L4_SYN_S1PTW(s) (((s) >> 7) & 1u) /* during the guest's own table walk */
#define L4_SYN_DFSC(s) ((s)&0x3fu)
/* L4_EXIT_SYSREG: EC tells the form */
#define L4_EC_CP15_32 0x03u
#define L4_EC_CP15_64 0x04u
#define L4_EC_CP14_32 0x05u
#define L4_EC_CP14_LDC 0x06u
#define L4_EC_CP14_64 0x0cu
#define L4_SYN_COND_VALID(s) (((s) >> 24) & 1u)
#define L4_SYN_COND(s) (((s) >> 20) & 15u)
#define L4_SYN_OPC2(s) (((s) >> 17) & 7u)
#define L4_SYN_OPC1(s) (((s) >> 14) & 7u) /* 64-bit form: [19:16] */
#define L4_SYN_OPC1_64(s) (((s) >> 16) & 15u)
#define L4_SYN_CRN(s) (((s) >> 10) & 15u)
#define L4_SYN_RT2_64(s) (((s) >> 10) & 15u)
#define L4_SYN_SYS_RT(s) (((s) >> 5) & 15u)
#define L4_SYN_CRM(s) (((s) >> 1) & 15u)
#define L4_SYN_READ(s) ((s)&1u)

/*
 * Reply to an exit: the label is a set of actions, done in this order.
 *   WRITE   Rt := w0 (MMIO reads are sign-extended by the syndrome; SYSREG 64-bit: Rt2 := w1;
 *           HVC and SMC: r0..r3 := w0..w3)
 *   NEXT    pc moves past the instruction, ITSTATE advanced
 *   INJECT  w2 is a virq word (not together with WRITE after HVC or SMC); when no slot is free,
 *           linked device interrupts having taken them, an L4_EXIT_VIRQ with the same word in its
 *           w3 follows at once: it is not in flight
 */
#define L4_RESUME_WRITE 1u
#define L4_RESUME_NEXT 2u
#define L4_RESUME_INJECT 4u

/*
 * A virtual interrupt in flight, as a word: what the guest's CPU interface will see.
 *   [9:0] number   [12:10] source CPU (SGI only)   [19] NOTIFY: tell the VMM of its end (EOI)
 *   [27:23] priority (top 5 bits of the 8)   [28] pending   [29] active   [30] group 1
 */
#define L4_VIRQ_ID(w) ((w)&0x3ffu)
#define L4_VIRQ_SOURCE_SHIFT 10u
#define L4_VIRQ_NOTIFY 0x00080000u
#define L4_VIRQ_PRIORITY_SHIFT 23u
#define L4_VIRQ_PENDING 0x10000000u
#define L4_VIRQ_ACTIVE 0x20000000u
#define L4_VIRQ_GROUP1 0x40000000u
#define L4_VIRQ_NONE 0xffffu

static inline uint32_t l4_virq(uint32_t number, uint32_t priority, uint32_t flags)
{
    return number | ((priority >> 3) << L4_VIRQ_PRIORITY_SHIFT) | L4_VIRQ_PENDING | flags;
}

enum l4_timer {
    L4_TIMER_VIRTUAL,  /* CNTV: PPI 27 */
    L4_TIMER_PHYSICAL, /* CNTP: PPI 30 */
    L4_TIMER_COUNT
};
#define L4_TIMER_LINE_VIRTUAL 1u /* its condition is met and not masked: the line is high */
#define L4_TIMER_LINE_PHYSICAL 2u

/* Register groups of L4_THREAD_READ_REGS and _WRITE_REGS; each is a struct below, copied to or
 * from the words of the caller's message buffer. Native threads have only GP. */
enum l4_reg_group {
    L4_REGS_GP,
    L4_REGS_BANKED,
    L4_REGS_CP15,
    L4_REGS_VFP,
    L4_REGS_TIMER,
    L4_REGS_VGIC,
    L4_REGS_COUNT
};

/* The registers of the present mode; sp and lr are those of User and System mode. */
struct l4_regs_gp {
    uint32_t r[13];
    uint32_t sp_usr;
    uint32_t lr_usr;
    uint32_t pc;
    uint32_t cpsr;
};

struct l4_regs_banked {
    uint32_t sp_svc, lr_svc, spsr_svc;
    uint32_t sp_abt, lr_abt, spsr_abt;
    uint32_t sp_und, lr_und, spsr_und;
    uint32_t sp_irq, lr_irq, spsr_irq;
    uint32_t r8_fiq, r9_fiq, r10_fiq, r11_fiq, r12_fiq, sp_fiq, lr_fiq, spsr_fiq;
};

struct l4_regs_cp15 {
    uint32_t teecr, teehbr; /* CP14: ThumbEE */
    uint32_t sctlr, cpacr, csselr, dacr, ttbcr, prrr, nmrr, contextidr;
    uint32_t tpidrurw, tpidruro, tpidrprw, vbar;
    uint32_t dfsr, ifsr, adfsr, aifsr, dfar, ifar;
    uint32_t ttbr0[2], ttbr1[2], par[2];
    uint32_t cntkctl;
    uint32_t vmpidr; /* MPIDR as the guest reads it */
    uint32_t vpidr;  /* MIDR as the guest reads it */
    uint32_t amair0, amair1;
};

struct l4_regs_vfp {
    uint32_t d[64];
    uint32_t fpscr;
    uint32_t fpexc;
};

struct l4_regs_timer {
    uint32_t cntv_ctl, cntp_ctl;
    uint32_t cntv_cval[2], cntp_cval[2];
    uint32_t cntvoff[2];
};

struct l4_regs_vgic {
    uint32_t virq[16]; /* in flight */
    uint32_t vmcr;     /* CPU interface: as GICH_VMCR */
    uint32_t apr;      /* active priorities */
};

static_assert(sizeof(struct l4_regs_gp) == 17 * 4, "ABI");
static_assert(sizeof(struct l4_regs_banked) == 20 * 4, "ABI");
static_assert(sizeof(struct l4_regs_cp15) <= L4_MSG_WORDS * 4, "ABI");
static_assert(sizeof(struct l4_regs_vfp) == 66 * 4, "ABI");

#endif
