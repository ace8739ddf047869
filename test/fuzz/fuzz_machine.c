/*
 * A whole virtual machine under a guest that does anything: accesses of every size at every device,
 * hypercalls, system registers, undecoded instructions, interrupts taken and ended in any order.
 *
 * After each step the distributor and what is in flight must agree, no interrupt may be lost, and
 * the devices' lines must be what their registers say.
 */
#include <string.h>

#include "kernel_side.h"

#define STEPS_MAX 300u

static uint32_t any_register(struct fuzz_input *in)
{
    static const uint32_t bases[] = {GICD_BASE,  GICD_BASE,  GICD_BASE, GICC_DIR_BASE, PL011_BASE,
                                     PL031_BASE, 0x0a000000, RAM_BASE,  0x00000000,    0x0a004000};
    static const uint16_t banks[] = {0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380,
                                     0x400, 0x420, 0x800, 0x820, 0xc00, 0xc08, 0xf00, 0xf10};
    const uint32_t which = fuzz_8(in);
    if (which >= 250) {
        return fuzz_32(in);
    }
    if (which >= 100) { /* the distributor, where something is */
        return GICD_BASE + banks[which % 16u] + fuzz_8(in) % 0x30u;
    }
    return bases[which % 10u] + fuzz_16(in) % 0x1004u;
}

static void step_mmio(struct world *w, uint32_t cpu)
{
    const uint8_t how = fuzz_8(w->in);
    uint32_t ipa = any_register(w->in);
    const uint32_t size = (how & 0x30u) == 0 ? how & 3u : 2u;
    if ((how & 0xc0u) != 0) {
        ipa &= ~((1u << size) - 1u);
    }
    const uint32_t write = how >> 2 & 1u;
    uint32_t words[4] = {ipa, 0x24u << 26 | 1u << 24 | size << 22 | write << 6, fuzz_32(w->in), 0};
    if (size < 2) {
        words[2] &= size == 0 ? 0xffu : 0xffffu;
    }
    const uint32_t actions = vm_exit(&w->vm, cpu, L4_EXIT_MMIO, words);
    if (write == 0 && (actions & L4_RESUME_WRITE) != 0 && size < 2) {
        FUZZ_CHECK(words[0] >> (8u << size) == 0);
    }
}

static void reset_all(struct world *w)
{
    for (uint32_t i = 0; i < w->cpus; i++) {
        cpu_reset(w, i);
    }
    vm_reset(&w->vm);
}

/* What the VMM's process does with a wish. */
static void carry_out(struct world *w)
{
    switch (w->vm.wish) {
    case POWER_CPU_ON:
        FUZZ_CHECK(w->vm.call.cpu < w->cpus);
        gic_cpu_off(&w->vm.gic, w->vm.call.cpu);
        cpu_reset(w, w->vm.call.cpu);
        gic_cpu_on(&w->vm.gic, w->vm.call.cpu);
        break;
    case POWER_SYSTEM_RESET:
    case POWER_SYSTEM_OFF:
        reset_all(w);
        break;
    default:
        break;
    }
}

static void step_call(struct world *w, uint32_t cpu, uint32_t label)
{
    const uint8_t how = fuzz_8(w->in);
    uint32_t words[4];
    words[0] = how < 200 ? 0x84000000u + how % 0x16u : fuzz_32(w->in);
    if (how < 20) {
        words[0] = 0x8600ff00u + how % 8u;
    }
    for (uint32_t i = 1; i < 4; i++) {
        words[i] = (how & 1u) != 0 ? fuzz_32(w->in) : fuzz_8(w->in) % 5u;
    }
    if ((how & 3u) == 3) {
        words[1] %= CPUS_MAX;
        words[2] = RAM_BASE;
    }
    (void)vm_exit(&w->vm, cpu, label, words);
    carry_out(w);
}

/* Exits with a syndrome that says anything about a matching class. */
static void step_trap(struct world *w, uint32_t cpu)
{
    static const uint8_t classes[] = {0x03, 0x04, 0x05, 0x06, 0x0c, 0x20, 0x24, 0x13, 0x12, 0x00};
    static const uint8_t labels[] = {L4_EXIT_SYSREG,   L4_EXIT_SYSREG, L4_EXIT_SYSREG,
                                     L4_EXIT_CALL_IMM, L4_EXIT_FETCH,  L4_EXIT_TRAP};
    const uint32_t class = classes[fuzz_8(w->in) % sizeof classes];
    const uint32_t label = labels[fuzz_8(w->in) % sizeof labels];
    uint32_t words[4] = {fuzz_32(w->in), class << 26 | (fuzz_32(w->in) & 0x03ffffffu),
                         fuzz_32(w->in), 0};
    (void)vm_exit(&w->vm, cpu, label, words);
}

/* An instruction in guest memory that the hardware did not decode. */
static void step_abort(struct world *w, uint32_t cpu)
{
    struct guest_cpu *const g = &w->cpu[cpu].regs;
    const uint8_t how = fuzz_8(w->in);
    const uint32_t instruction = fuzz_32(w->in);
    const uint32_t address = any_register(w->in);
    g->gp.cpsr = (g->gp.cpsr & ~0x1fu) | 0x10u | (how & 0xfu);
    g->gp.cpsr = (how & 0x20u) != 0 ? g->gp.cpsr ^ CPSR_T : g->gp.cpsr;
    g->gp.pc = (how & 0x80u) != 0 ? fuzz_32(w->in) & ~3u : RAM_BASE + (how & 0x40u) * 0x3fu;
    if (g->gp.pc - RAM_BASE <= RAM_SIZE - 4) {
        memcpy(w->ram + (g->gp.pc - RAM_BASE), &instruction, 4);
    }
    for (uint32_t i = 0; i < 13; i++) { /* any base register is likely to hit */
        g->gp.r[i] = i % 4u != 0 ? address + i : fuzz_8(w->in);
    }
    const uint32_t ipa = (how & 0x10u) != 0 ? address : fuzz_32(w->in);
    uint32_t words[4] = {ipa, 0x24u << 26 | (fuzz_16(w->in) & 0x1ffu), address, g->gp.pc};
    (void)vm_exit(&w->vm, cpu, L4_EXIT_ABORT, words);
}

static void step_interrupt(struct world *w, uint32_t cpu)
{
    const uint8_t how = fuzz_8(w->in);
    uint32_t words[4] = {0, fuzz_32(w->in) | 0xfc00fc00u, 0xffffffffu, 0};
    switch (how % 8u) {
    case 0:
    case 1:
        cpu_acknowledge(w, cpu);
        break;
    case 2:
    case 3:
        cpu_end(w, cpu, how / 8u % GIC_SLOTS);
        break;
    case 4:
        gic_set_line(&w->vm.gic, 0, 35u + fuzz_8(w->in) % 200u, how >= 128);
        break;
    case 5:
        cpu_timer(w, cpu, how / 8u);
        break;
    case 6:
        w->cpu[cpu].split = how >= 128;
        break;
    default: /* a notice of what never was, or a free slot */
        (void)vm_exit(&w->vm, cpu, L4_EXIT_VIRQ, words);
        break;
    }
}

static void step_world(struct world *w)
{
    const uint8_t how = fuzz_8(w->in);
    switch (how % 4u) {
    case 0:
        pl011_console_ready(&w->vm.uart);
        break;
    case 1:
        pl011_timeout(&w->vm.uart);
        break;
    case 2:
        w->seconds += how >= 0xf0 ? 0x7fffffffu : how;
        pl031_tick(&w->vm.rtc);
        break;
    default:
        if (how >= 0xf0) {
            reset_all(w);
        }
        break;
    }
}

static void step(struct world *w)
{
    const uint8_t what = fuzz_8(w->in);
    const uint32_t cpu = what / 16u % w->cpus;
    w->injects = 0;
    w->translate = what / 32u;
    switch (what % 16u) {
    case 8:
        step_call(w, cpu, (what & 0x80u) != 0 ? L4_EXIT_HVC : L4_EXIT_SMC);
        break;
    case 9:
        step_trap(w, cpu);
        break;
    case 10:
    case 11:
        step_abort(w, cpu);
        break;
    case 12:
    case 13:
    case 14:
        step_interrupt(w, cpu);
        break;
    case 15:
        step_world(w);
        break;
    default:
        step_mmio(w, cpu);
        break;
    }
}

static const struct gic_word *word_of(const struct world *w, uint32_t cpu, uint32_t irq)
{
    const struct gic_state *const s = &w->vm.gic.state;
    return irq < GIC_BANKED ? &s->bank[cpu].word : &s->spi[irq / 32u - 1u];
}

static uint32_t priority(const struct world *w, uint32_t cpu, uint32_t irq)
{
    const struct gic_state *const s = &w->vm.gic.state;
    return irq < GIC_BANKED ? s->bank[cpu].priority[irq] : s->spi_priority[irq - GIC_BANKED];
}

/* Enabled, and its group let through by the distributor. */
static bool enabled(const struct world *w, uint32_t cpu, uint32_t irq)
{
    const struct gic_word *const word = word_of(w, cpu, irq);
    const uint32_t bit = 1u << (irq % 32u);
    const uint32_t group = (word->group & bit) != 0 ? 2u : 1u;
    return (word->enabled & bit) != 0 && (w->vm.gic.state.ctlr & group) != 0;
}

/* Every slot holds what the distributor has sent, as it is configured now. */
static void check_slot(const struct world *w, uint32_t cpu, uint32_t slot)
{
    const uint32_t word = w->cpu[cpu].slot[slot];
    const uint32_t irq = L4_VIRQ_ID(word);
    const uint32_t bit = 1u << (irq % 32u);
    if (word == 0) {
        return;
    }
    FUZZ_CHECK(cpu_slot(w, cpu, irq) == slot);
    for (uint32_t i = 0; irq >= GIC_BANKED && i < w->cpus; i++) {
        FUZZ_CHECK(i == cpu || cpu_slot(w, i, irq) == GIC_SLOTS);
    }
    if (is_timer(irq)) {
        return;
    }
    FUZZ_CHECK((word_of(w, cpu, irq)->flight & bit) != 0);
    FUZZ_CHECK((word_of(w, cpu, irq)->active & bit) == 0);
    FUZZ_CHECK((word >> L4_VIRQ_PRIORITY_SHIFT & 31u) == priority(w, cpu, irq) >> 3);
    FUZZ_CHECK(((word & L4_VIRQ_GROUP1) != 0) == ((word_of(w, cpu, irq)->group & bit) != 0));
    if ((word & L4_VIRQ_PENDING) != 0) {
        FUZZ_CHECK(enabled(w, cpu, irq));
        FUZZ_CHECK(irq < GIC_BANKED || w->cpus == 1 || (word & L4_VIRQ_ACTIVE) != 0 ||
                   (w->vm.gic.state.spi_targets[irq - GIC_BANKED] >> cpu & 1u) != 0);
    }
}

static uint32_t home_of(const struct world *w, uint32_t irq)
{
    const struct gic_state *const s = &w->vm.gic.state;
    const struct gic_word *const word = word_of(w, 0, irq);
    const uint32_t bit = 1u << (irq % 32u);
    if (w->cpus == 1) {
        return 0;
    }
    if (((word->flight | word->active) & bit) != 0) {
        return s->spi_flight_cpu[irq - GIC_BANKED];
    }
    const uint32_t targets = s->spi_targets[irq - GIC_BANKED];
    return targets != 0 ? (uint32_t)__builtin_ctz(targets) : CPUS_MAX;
}

/* A level in flight is in a slot; what is pending or active, and out of flight, waits only for a
 * slot, which the kernel has been asked for. */
static void check_irq(const struct world *w, uint32_t cpu, uint32_t irq)
{
    const struct gic_word *const word = word_of(w, cpu, irq);
    const uint32_t bit = 1u << (irq % 32u);
    const bool level = irq >= GIC_SGIS && (word->edge & bit) == 0;
    const bool here = cpu_slot(w, cpu, irq) != GIC_SLOTS;
    const bool out = (word->flight & bit) != 0;
    if (is_timer(irq)) {
        return;
    }
    FUZZ_CHECK(!level || !out || here);
    FUZZ_CHECK((word->soft & ~word->flight & bit) == 0);
    const bool pending = ((word->latch | (level ? word->line : 0)) & bit) != 0;
    if (((pending && enabled(w, cpu, irq)) || (word->active & bit) != 0) && !out) {
        FUZZ_CHECK(w->cpu[cpu].wanted);
        for (uint32_t i = 0; i < GIC_SLOTS; i++) {
            FUZZ_CHECK(w->cpu[cpu].slot[i] != 0);
        }
    }
}

/* Interrupts about which there is something to say. */
static uint32_t touched(const struct gic_word *word)
{
    return word->latch | word->line | word->active | word->flight | word->soft;
}

static void check_gic(const struct world *w)
{
    for (uint32_t cpu = 0; cpu < w->cpus; cpu++) {
        for (uint32_t i = 0; i < GIC_SLOTS; i++) {
            check_slot(w, cpu, i);
        }
        for (uint32_t bits = touched(&w->vm.gic.state.bank[cpu].word); bits != 0;
             bits &= bits - 1) {
            check_irq(w, cpu, (uint32_t)__builtin_ctz(bits));
        }
        for (uint32_t i = 0; i < GIC_SGIS; i++) {
            FUZZ_CHECK(w->vm.gic.state.bank[cpu].sources[i] >> w->cpus == 0);
        }
    }
    for (uint32_t i = 0; i < GIC_WORDS - 1; i++) {
        for (uint32_t bits = touched(&w->vm.gic.state.spi[i]); bits != 0; bits &= bits - 1) {
            const uint32_t irq = GIC_BANKED + 32u * i + (uint32_t)__builtin_ctz(bits);
            const uint32_t home = home_of(w, irq);
            if (home < w->cpus) {
                check_irq(w, home, irq);
            }
        }
    }
}

static void check_devices(const struct world *w)
{
    const struct pl011_state *const u = &w->vm.uart.state;
    const struct pl031_state *const r = &w->vm.rtc.state;
    const uint32_t lines = w->vm.gic.state.spi[0].line;
    FUZZ_CHECK(u->rx_count <= PL011_FIFO && u->tx_count <= PL011_FIFO);
    FUZZ_CHECK(u->rx_first < PL011_FIFO && u->tx_first < PL011_FIFO);
    FUZZ_CHECK(u->line == ((u->ris & u->imsc) != 0));
    FUZZ_CHECK((lines >> (PL011_IRQ - 32u) & 1u) == u->line);
    FUZZ_CHECK(r->line == (r->ris & r->imsc) && r->ris <= 1 && r->imsc <= 1);
    FUZZ_CHECK((lines >> (PL031_IRQ - 32u) & 1u) == r->line);
    FUZZ_CHECK(w->vm.power.cpus == w->cpus);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct fuzz_input in = {data, size};
    const uint8_t how = fuzz_8(&in);
    world_begin(&w, how % 3u != 0 ? 1 : 1 + how / 3u % CPUS_MAX, (how & 0x80u) != 0, &in);
    for (unsigned int i = 0; i < STEPS_MAX && in.left != 0; i++) {
        step(&w);
        check_gic(&w);
        check_devices(&w);
    }
    world_end(&w);
    return 0;
}

/* A step_mmio() that writes a word. */
static size_t seed_write(uint8_t *data, uint32_t bank, uint8_t offset, uint32_t value)
{
    data[0] = 0;
    data[1] = 0xf4;
    data[2] = (uint8_t)(112 + bank); /* 112 is 0 modulo 16 */
    data[3] = offset;
    memcpy(data + 4, &value, 4);
    return 8;
}

/* Both groups on, interrupts enabled and pending, then anything. */
size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    size_t size = 1;
    if (n >= 6) {
        return 0;
    }
    data[0] = (uint8_t)(n * 3u + (n & 1u));
    size += seed_write(data + size, 0, 0, 3);
    for (uint8_t i = 0; i < 12; i += 4) {
        size += seed_write(data + size, 2, i, 0xffffffffu);
        size += seed_write(data + size, 11, (uint8_t)(i * 2u), 0x01020301u);
    }
    size += seed_write(data + size, 4, 4, 0x80402011u * (n + 1u));
    for (; size < 500; size++) {
        data[size] = (uint8_t)((size * (6 * n + 11)) ^ (size >> 2));
    }
    return size;
}
