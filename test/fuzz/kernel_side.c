/* See kernel_side.h. */
#include <stdlib.h>
#include <string.h>

#include "kernel_side.h"

#define STATE (L4_VIRQ_PENDING | L4_VIRQ_ACTIVE)
#define SGI_SOURCE (7u << L4_VIRQ_SOURCE_SHIFT)
#define KNOWN                                                                                      \
    (0x3ffu | SGI_SOURCE | L4_VIRQ_NOTIFY | (31u << L4_VIRQ_PRIORITY_SHIFT) | STATE |              \
     L4_VIRQ_GROUP1)

uint32_t cpu_slot(const struct world *w, uint32_t cpu, uint32_t irq)
{
    uint32_t i = 0;
    while (i < GIC_SLOTS && (w->cpu[cpu].slot[i] == 0 || L4_VIRQ_ID(w->cpu[cpu].slot[i]) != irq)) {
        i++;
    }
    return i;
}

static l4_status_t place(struct kernel_cpu *cpu, uint32_t word)
{
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        if (cpu->slot[i] == 0) {
            cpu->slot[i] = word;
            return L4_OK;
        }
    }
    cpu->wanted = true;
    return L4_ERR_BUSY;
}

static l4_status_t inject(void *context, uint32_t cpu, uint32_t word)
{
    struct world *const w = context;
    FUZZ_CHECK(cpu < w->cpus);
    FUZZ_CHECK(L4_VIRQ_ID(word) < GIC_IRQS && (word & STATE) != 0 && (word & ~KNOWN) == 0);
    FUZZ_CHECK((word & SGI_SOURCE) == 0 || L4_VIRQ_ID(word) < GIC_SGIS);
    FUZZ_CHECK(((word & SGI_SOURCE) >> L4_VIRQ_SOURCE_SHIFT) < w->cpus);
    FUZZ_CHECK(++w->injects < INJECTS_MAX);
    const uint32_t slot = cpu_slot(w, cpu, L4_VIRQ_ID(word));
    if (slot != GIC_SLOTS) {
        w->cpu[cpu].slot[slot] = word | (w->cpu[cpu].slot[slot] & STATE);
        return L4_OK;
    }
    return place(&w->cpu[cpu], word);
}

static l4_status_t retract(void *context, uint32_t cpu, uint32_t irq, uint32_t *word)
{
    struct world *const w = context;
    FUZZ_CHECK(cpu < w->cpus && irq < GIC_IRQS);
    const uint32_t slot = cpu_slot(w, cpu, irq);
    if (slot == GIC_SLOTS) {
        return L4_ERR_NOT_FOUND;
    }
    *word = w->cpu[cpu].slot[slot];
    w->cpu[cpu].slot[slot] = 0;
    return L4_OK;
}

static l4_status_t query(void *context, uint32_t cpu, struct gic_flight *flight)
{
    struct world *const w = context;
    FUZZ_CHECK(cpu < w->cpus);
    memcpy(flight->word, w->cpu[cpu].slot, sizeof flight->word);
    flight->lines = w->cpu[cpu].lines;
    return L4_OK;
}

static void timers_fire(struct world *w, uint32_t cpu)
{
    for (uint32_t i = 0; i < L4_TIMER_COUNT; i++) {
        const uint32_t word = w->cpu[cpu].timer[i];
        if (word != 0 && (w->cpu[cpu].lines >> i & 1u) != 0 &&
            cpu_slot(w, cpu, L4_VIRQ_ID(word)) == GIC_SLOTS) {
            (void)place(&w->cpu[cpu], word);
        }
    }
}

static l4_status_t timer(void *context, uint32_t cpu, enum l4_timer which, uint32_t word)
{
    struct world *const w = context;
    FUZZ_CHECK(cpu < w->cpus && which < L4_TIMER_COUNT);
    FUZZ_CHECK(word == 0 || (is_timer(L4_VIRQ_ID(word)) && (word & ~KNOWN) == 0));
    w->cpu[cpu].timer[which] = word;
    timers_fire(w, cpu);
    return L4_OK;
}

static bool split_end(void *context, uint32_t cpu)
{
    const struct world *const w = context;
    return w->cpu[cpu].split;
}

static void *group_of(struct kernel_cpu *cpu, enum l4_reg_group group, size_t *size)
{
    switch (group) {
    case L4_REGS_GP:
        *size = sizeof cpu->regs.gp;
        return &cpu->regs.gp;
    case L4_REGS_BANKED:
        *size = sizeof cpu->regs.banked;
        return &cpu->regs.banked;
    case L4_REGS_CP15:
        *size = sizeof cpu->regs.cp15;
        return &cpu->regs.cp15;
    case L4_REGS_VFP:
        *size = sizeof cpu->vfp;
        return &cpu->vfp;
    default:
        fuzz_broken(__FILE__, __LINE__, "the group of registers exists");
    }
}

static l4_status_t regs_read(void *context, uint32_t cpu, enum l4_reg_group group, void *regs)
{
    struct world *const w = context;
    size_t size = 0;
    const void *const from = group_of(&w->cpu[cpu], group, &size);
    memcpy(regs, from, size);
    return L4_OK;
}

static l4_status_t regs_write(void *context, uint32_t cpu, enum l4_reg_group group,
                              const void *regs)
{
    struct world *const w = context;
    size_t size = 0;
    void *const to = group_of(&w->cpu[cpu], group, &size);
    memcpy(to, regs, size);
    return L4_OK;
}

/* Flat, elsewhere, or not at all; the guest's tables may say anything. */
static l4_status_t translate(void *context, uint32_t cpu, uint32_t address, bool write,
                             uint32_t *ipa)
{
    const struct world *const w = context;
    FUZZ_CHECK(cpu < w->cpus);
    (void)write;
    switch (w->translate % 8u) {
    case 0:
        return L4_ERR_NOT_FOUND;
    case 1:
        *ipa = RAM_BASE | (address & 0xfffu);
        return L4_OK;
    case 2:
        *ipa = GICD_BASE | (address & 0xfffu);
        return L4_OK;
    default:
        *ipa = address;
        return L4_OK;
    }
}

static uint32_t transmit(void *context, const uint8_t *bytes, uint32_t count)
{
    struct world *const w = context;
    volatile uint8_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        last = bytes[i];
    }
    (void)last;
    return fuzz_8(w->in) % (count + 1);
}

static uint32_t receive(void *context, uint8_t *bytes, uint32_t count)
{
    struct world *const w = context;
    const uint32_t given = fuzz_8(w->in) % (count + 1);
    memset(bytes, 'x', given);
    return given;
}

static uint32_t seconds(void *context)
{
    const struct world *const w = context;
    return w->seconds;
}

void world_begin(struct world *w, uint32_t cpus, bool rom, struct fuzz_input *in)
{
    memset(w, 0, sizeof *w);
    w->in = in;
    w->cpus = cpus;
    w->ram = calloc(1, RAM_SIZE);
    w->rom = calloc(1, ROM_SIZE);
    const struct vm_config config = {
        .memory = {.ram = w->ram,
                   .ram_base = RAM_BASE,
                   .ram_size = RAM_SIZE,
                   .rom = rom ? w->rom : NULL,
                   .rom_size = rom ? ROM_SIZE : 0},
        .cpus = cpus,
        .gic = {w, inject, retract, query, timer, split_end, NULL},
        .vcpu = {w, regs_read, regs_write, translate},
        .console = {.context = w, .transmit = transmit, .receive = receive},
        .clock = {.context = w, .seconds = seconds},
    };
    vm_init(&w->vm, &config);
}

void world_end(struct world *w)
{
    free(w->ram);
    free(w->rom);
}

static uint32_t priority_of(uint32_t word)
{
    return word >> L4_VIRQ_PRIORITY_SHIFT & 31u;
}

void cpu_acknowledge(struct world *w, uint32_t cpu)
{
    uint32_t *best = NULL;
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        uint32_t *const slot = &w->cpu[cpu].slot[i];
        if ((*slot & STATE) == L4_VIRQ_PENDING &&
            (best == NULL || priority_of(*slot) < priority_of(*best))) {
            best = slot;
        }
    }
    if (best != NULL) {
        *best ^= STATE;
    }
}

static void notice(struct world *w, uint32_t cpu, const uint16_t ended[4])
{
    uint32_t words[4] = {1, ended[0] | (uint32_t)ended[1] << 16,
                         ended[2] | (uint32_t)ended[3] << 16, 0};
    w->cpu[cpu].wanted = false;
    (void)vm_exit(&w->vm, cpu, L4_EXIT_VIRQ, words);
}

void cpu_end(struct world *w, uint32_t cpu, uint32_t slot)
{
    struct kernel_cpu *const c = &w->cpu[cpu];
    uint16_t ended[4] = {L4_VIRQ_NONE, L4_VIRQ_NONE, L4_VIRQ_NONE, L4_VIRQ_NONE};
    const uint32_t word = c->slot[slot];
    if ((word & L4_VIRQ_ACTIVE) == 0) {
        return;
    }
    bool tell = c->wanted;
    c->slot[slot] &= ~L4_VIRQ_ACTIVE;
    if ((word & L4_VIRQ_PENDING) == 0) {
        c->slot[slot] = 0;
        if ((word & L4_VIRQ_NOTIFY) != 0) {
            ended[slot] = (uint16_t)L4_VIRQ_ID(word);
            tell = true;
        }
    }
    timers_fire(w, cpu);
    if (tell) {
        notice(w, cpu, ended);
    }
}

void cpu_timer(struct world *w, uint32_t cpu, uint32_t lines)
{
    static const uint16_t none[4] = {L4_VIRQ_NONE, L4_VIRQ_NONE, L4_VIRQ_NONE, L4_VIRQ_NONE};
    struct kernel_cpu *const c = &w->cpu[cpu];
    bool freed = false;
    c->lines = lines & 3u;
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        const uint32_t irq = L4_VIRQ_ID(c->slot[i]);
        const uint32_t line = irq == GIC_PPI_VTIMER ? 1u : 2u;
        if (c->slot[i] != 0 && is_timer(irq) && (c->lines & line) == 0) {
            c->slot[i] &= ~L4_VIRQ_PENDING;
            c->slot[i] = (c->slot[i] & L4_VIRQ_ACTIVE) != 0 ? c->slot[i] : 0;
            freed = freed || c->slot[i] == 0;
        }
    }
    timers_fire(w, cpu);
    if (freed && c->wanted) {
        notice(w, cpu, none);
    }
}

void cpu_reset(struct world *w, uint32_t cpu)
{
    struct kernel_cpu *const c = &w->cpu[cpu];
    memset(c->slot, 0, sizeof c->slot);
    c->lines = 0;
    c->wanted = false;
    c->split = false;
}
