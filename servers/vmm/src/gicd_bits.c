/*
 * The distributor's registers with one bit an interrupt: group, enable, pending, active
 * (IHI 0048B 4.3.4 to 4.3.10). Interrupts that do not exist read as zero and ignore writes.
 */
#include "gic_internal.h"

typedef void (*irq_action_t)(struct gic_word *word, uint32_t bit);

static uint32_t word_index(uint32_t offset)
{
    return (offset & 0x7fu) / 4u;
}

/* Calls `action` between withdraw and update for each interrupt of `bits`. */
static void irq_each(struct gic *gic, uint32_t cpu, uint32_t index, uint32_t bits,
                     irq_action_t action)
{
    while (bits != 0) {
        uint32_t irq = index * 32u + (uint32_t)__builtin_ctz(bits);
        bits &= bits - 1u;
        irq_withdraw(gic, cpu, irq);
        action(gic_word(gic, cpu, index), irq_bit(irq));
        irq_update(gic, cpu, irq);
    }
}

/* IGROUPR */

static uint32_t group_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    uint32_t index = word_index(offset);
    return index < GIC_WORDS ? gic_word(gic, cpu, index)->group : 0;
}

static void group_flip(struct gic_word *word, uint32_t bit)
{
    word->group ^= bit;
}

static void group_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                        uint32_t mask)
{
    uint32_t index = word_index(offset);
    if (index < GIC_WORDS) {
        uint32_t changed = (gic_word(gic, cpu, index)->group ^ value) & mask;
        irq_each(gic, cpu, index, changed, group_flip);
    }
}

/* ISENABLER, ICENABLER */

static uint32_t enable_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    uint32_t index = word_index(offset);
    return index < GIC_WORDS ? gic_word(gic, cpu, index)->enabled : 0;
}

static void enable_set(struct gic_word *word, uint32_t bit)
{
    word->enabled |= bit;
}

static void enable_clear(struct gic_word *word, uint32_t bit)
{
    word->enabled &= ~bit;
}

static void enable_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                         uint32_t mask)
{
    (void)mask;
    uint32_t index = word_index(offset);
    if (index < GIC_WORDS) {
        uint32_t changed = value & ~gic_word(gic, cpu, index)->enabled;
        irq_each(gic, cpu, index, changed, enable_set);
    }
}

static void disable_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                          uint32_t mask)
{
    (void)mask;
    uint32_t index = word_index(offset);
    if (index < GIC_WORDS) {
        uint32_t changed = value & gic_word(gic, cpu, index)->enabled;
        if (index == 0) {
            changed &= ~0xffffu; /* SGIs stay enabled */
        }
        irq_each(gic, cpu, index, changed, enable_clear);
    }
}

/* ISPENDR, ICPENDR */

static uint32_t pending_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    uint32_t index = word_index(offset);
    if (index >= GIC_WORDS) {
        return 0;
    }
    const struct gic_word *word = gic_word(gic, cpu, index);
    uint32_t held = word->latch | (word->line & ~word->edge);
    return held | gic_live_word(gic, cpu, index).pending;
}

static void pending_set(struct gic_word *word, uint32_t bit)
{
    word->latch |= bit;
}

static void pending_clear(struct gic_word *word, uint32_t bit)
{
    word->latch &= ~bit;
}

/* The state of SGIs cannot be changed here (4.3.7): only through SPENDSGIR and CPENDSGIR. */
static uint32_t pending_bits(uint32_t index, uint32_t value)
{
    return index == 0 ? value & ~0xffffu : value;
}

static void pending_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                          uint32_t mask)
{
    (void)mask;
    uint32_t index = word_index(offset);
    if (index < GIC_WORDS) {
        irq_each(gic, cpu, index, pending_bits(index, value), pending_set);
    }
}

static void unpend_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                         uint32_t mask)
{
    (void)mask;
    uint32_t index = word_index(offset);
    if (index < GIC_WORDS) {
        irq_each(gic, cpu, index, pending_bits(index, value), pending_clear);
    }
}

/* ISACTIVER, ICACTIVER */

static uint32_t active_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    uint32_t index = word_index(offset);
    return index < GIC_WORDS
               ? gic_word(gic, cpu, index)->active | gic_live_word(gic, cpu, index).active
               : 0;
}

static void active_set(struct gic_word *word, uint32_t bit)
{
    word->active |= bit;
}

static void active_clear(struct gic_word *word, uint32_t bit)
{
    word->active &= ~bit;
}

static void activate_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                           uint32_t mask)
{
    (void)mask;
    uint32_t index = word_index(offset);
    if (index < GIC_WORDS) {
        irq_each(gic, cpu, index, value, active_set);
    }
}

static void deactivate_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                             uint32_t mask)
{
    (void)mask;
    uint32_t index = word_index(offset);
    if (index < GIC_WORDS) {
        irq_each(gic, cpu, index, value, active_clear);
    }
}

const struct gicd_bank gicd_group = {group_read, group_write};
const struct gicd_bank gicd_set_enable = {enable_read, enable_write};
const struct gicd_bank gicd_clear_enable = {enable_read, disable_write};
const struct gicd_bank gicd_set_pending = {pending_read, pending_write};
const struct gicd_bank gicd_clear_pending = {pending_read, unpend_write};
const struct gicd_bank gicd_set_active = {active_read, activate_write};
const struct gicd_bank gicd_clear_active = {active_read, deactivate_write};

/* GICC_DIR (4.4.15): ends an interrupt whose priority was dropped before. */

static l4_status_t dir_read(void *state, struct mmio *access)
{
    (void)state;
    access->value = 0;
    return L4_OK;
}

static l4_status_t dir_write(void *state, struct mmio *access)
{
    uint32_t irq = access->value & 0x3ffu;
    if (access->offset == 0 && access->size == 4 && irq < GIC_IRQS) {
        irq_each(state, access->cpu, irq / 32u, irq_bit(irq), active_clear);
    }
    return L4_OK;
}

const struct device_ops gicc_dir_ops = {dir_read, dir_write};
