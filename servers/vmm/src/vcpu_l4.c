/*
 * See vcpu_l4.h. One inject during an exit of the same vCPU travels with the reply, but only when
 * it certainly finds a slot: all interrupts that may be in flight, each in one slot at most, are
 * not more than there are slots. Linked interrupts take slots by themselves: with them, none
 * travels. Hot path: metric vm.sgi.
 */
#include <assert.h>
#include <string.h>

#include <l4/base/status.h>
#include <l4/irq.h>
#include <l4/log.h>
#include <l4/start.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "vcpu_l4.h"

static_assert(GIC_SLOTS == L4_VCPU_VIRQ_WORDS, "one query tells all slots");

#define VMCR_EOIMODE 0x200u /* GICH_VMCR.VEM */

static struct vcpu_l4 *vcpu_at(void *context, uint32_t cpu)
{
    struct vcpus_l4 *vcpus = context;
    return &vcpus->cpu[cpu];
}

/* Will this interrupt find a slot? If so, it counts from now on as one that may be in it. */
static inline bool slot_sure(struct vcpu_l4 *vcpu, uint32_t irq)
{
    for (uint32_t i = 0; i < vcpu->held; i++) {
        if (vcpu->id[i] == irq) {
            return true;
        }
    }
    if (vcpu->held >= vcpu->slots) {
        return false;
    }
    vcpu->id[vcpu->held++] = (uint16_t)irq;
    return true;
}

static void slot_left(struct vcpu_l4 *vcpu, uint32_t irq)
{
    for (uint32_t i = 0; i < vcpu->held; i++) {
        if (vcpu->id[i] == irq) {
            vcpu->id[i] = vcpu->id[--vcpu->held];
            return;
        }
    }
}

static void slots_unknown(struct vcpu_l4 *vcpu)
{
    vcpu->slots = 0;
    vcpu->held = 0;
}

static l4_status_t inject_now(struct vcpu_l4 *vcpu, uint32_t word)
{
    l4_status_t status = l4_vcpu_inject(vcpu->cap, word);
    if (status == L4_OK && !slot_sure(vcpu, L4_VIRQ_ID(word))) {
        slots_unknown(vcpu);
    }
    return status;
}

/* Before anything that looks at the slots or takes one. A slot was free, so this cannot fail; if it
 * does, the word stays deferred. */
static void deferred_flush(struct vcpu_l4 *vcpu)
{
    if (vcpu->deferred != 0 && l4_vcpu_inject(vcpu->cap, vcpu->deferred) == L4_OK) {
        vcpu->deferred = 0;
    }
}

/* Looks at the slots. Those above virqs.slots are the timers' while these are enabled: whatever is
 * there takes no room. */
static __attribute__((noinline)) l4_status_t slots_look(struct vcpu_l4 *vcpu,
                                                        struct l4_vcpu_virqs *virqs)
{
    l4_status_t status = l4_vcpu_virqs(vcpu->cap, virqs);
    slots_unknown(vcpu);
    if (status != L4_OK) {
        return status; /* every inject by itself */
    }
    vcpu->slots = virqs->slots < GIC_SLOTS ? virqs->slots : GIC_SLOTS;
    for (uint32_t i = 0; i < vcpu->slots; i++) {
        if (virqs->word[i] != 0) {
            vcpu->id[vcpu->held++] = (uint16_t)L4_VIRQ_ID(virqs->word[i]);
        }
    }
    return L4_OK;
}

/* Interrupts that end silently stay among those that may be in flight until somebody looks. */
static __attribute__((noinline)) bool slot_after_look(struct vcpu_l4 *vcpu, uint32_t irq)
{
    struct l4_vcpu_virqs virqs;
    return slots_look(vcpu, &virqs) == L4_OK && slot_sure(vcpu, irq);
}

static l4_status_t inject(void *context, uint32_t cpu, uint32_t word)
{
    struct vcpus_l4 *vcpus = context;
    struct vcpu_l4 *vcpu = &vcpus->cpu[cpu];
    uint32_t irq = L4_VIRQ_ID(word);
    vcpus->injected++;
    if (vcpus->exiting == cpu && vcpu->deferred == 0 && vcpus->links == 0 &&
        (__builtin_expect(slot_sure(vcpu, irq), 1) || slot_after_look(vcpu, irq))) {
        vcpu->deferred = word;
        return L4_OK;
    }
    deferred_flush(vcpu);
    return inject_now(vcpu, word);
}

static l4_status_t retract(void *context, uint32_t cpu, uint32_t irq, uint32_t *word)
{
    struct vcpu_l4 *vcpu = vcpu_at(context, cpu);
    deferred_flush(vcpu);
    if (vcpu->deferred != 0 && L4_VIRQ_ID(vcpu->deferred) == irq) {
        *word = vcpu->deferred;
        vcpu->deferred = 0;
        return L4_OK;
    }
    l4_status_t status = l4_vcpu_retract(vcpu->cap, irq, word);
    if (status == L4_OK) {
        slot_left(vcpu, irq);
    }
    return status;
}

static l4_status_t query(void *context, uint32_t cpu, struct gic_flight *flight)
{
    struct vcpu_l4 *vcpu = vcpu_at(context, cpu);
    struct l4_vcpu_virqs virqs;
    deferred_flush(vcpu);
    l4_status_t status = slots_look(vcpu, &virqs);
    if (status == L4_OK) {
        memcpy(flight->word, virqs.word, sizeof(flight->word));
        flight->lines = virqs.timer_lines;
    }
    return status;
}

/* A timer takes a slot for itself as long as it is enabled. */
static l4_status_t timer(void *context, uint32_t cpu, enum l4_timer which, uint32_t word)
{
    struct vcpu_l4 *vcpu = vcpu_at(context, cpu);
    struct l4_vcpu_virqs virqs;
    deferred_flush(vcpu);
    l4_status_t status = l4_vcpu_timer(vcpu->cap, which, word);
    return status != L4_OK ? status : slots_look(vcpu, &virqs);
}

static bool split_end(void *context, uint32_t cpu)
{
    if (l4_thread_read_regs(vcpu_at(context, cpu)->cap, L4_REGS_VGIC) != L4_OK) {
        return false;
    }
    const struct l4_regs_vgic *regs = (const struct l4_regs_vgic *)l4_msgbuf()->word;
    return (regs->vmcr & VMCR_EOIMODE) != 0;
}

static void link_set(void *context, uint32_t cpu, uint32_t irq, uint32_t word)
{
    const struct vcpus_l4 *vcpus = context;
    for (uint32_t i = 0; i < vcpus->links; i++) {
        if (vcpus->link[i].number != irq) {
            continue;
        }
        l4_status_t status = l4_irq_unbind(vcpus->link[i].cap);
        if (status == L4_OK && word != 0) {
            status = l4_irq_assign(vcpus->link[i].cap, vcpus->cpu[cpu].cap, word);
        }
        if (status != L4_OK) {
            l4_log("linking interrupt %u: %s", (unsigned int)irq, l4_status_text(status));
        }
    }
}

l4_status_t vcpus_link_add(struct vcpus_l4 *vcpus, uint32_t number, l4_cap_t cap)
{
    if (vcpus->links == GIC_LINKS) {
        return L4_ERR_NO_MEMORY;
    }
    vcpus->link[vcpus->links].number = number;
    vcpus->link[vcpus->links++].cap = cap;
    return L4_OK;
}

struct gic_port vcpus_gic_port(struct vcpus_l4 *vcpus)
{
    return (struct gic_port){vcpus, inject, retract, query, timer, split_end, link_set};
}

/* An SGI may be on its way again already; what is told too seldom costs a look. */
void vcpu_l4_ended(struct vcpu_l4 *vcpu, const uint16_t *ended, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ended[i] >= GIC_SGIS) {
            slot_left(vcpu, ended[i]);
        }
    }
}

void vcpu_l4_reset(struct vcpu_l4 *vcpu)
{
    struct l4_vcpu_virqs virqs;
    vcpu->deferred = 0;
    (void)!slots_look(vcpu, &virqs);
}

static uint32_t group_size(enum l4_reg_group group)
{
    switch (group) {
    case L4_REGS_GP:
        return sizeof(struct l4_regs_gp);
    case L4_REGS_BANKED:
        return sizeof(struct l4_regs_banked);
    case L4_REGS_CP15:
        return sizeof(struct l4_regs_cp15);
    case L4_REGS_VFP:
        return sizeof(struct l4_regs_vfp);
    default:
        return 0;
    }
}

static l4_status_t regs_read(void *context, uint32_t cpu, enum l4_reg_group group, void *regs)
{
    l4_status_t status = l4_thread_read_regs(vcpu_at(context, cpu)->cap, group);
    if (status == L4_OK) {
        memcpy(regs, l4_msgbuf()->word, group_size(group));
    }
    return status;
}

static l4_status_t regs_write(void *context, uint32_t cpu, enum l4_reg_group group,
                              const void *regs)
{
    memcpy(l4_msgbuf()->word, regs, group_size(group));
    return l4_thread_write_regs(vcpu_at(context, cpu)->cap, group);
}

static l4_status_t translate(void *context, uint32_t cpu, uint32_t address, bool write,
                             uint32_t *ipa)
{
    return l4_vcpu_translate(vcpu_at(context, cpu)->cap, address, write, false, ipa);
}

struct vcpu_port vcpus_regs_port(struct vcpus_l4 *vcpus)
{
    return (struct vcpu_port){vcpus, regs_read, regs_write, translate};
}
