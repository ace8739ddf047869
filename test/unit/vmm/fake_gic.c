/* See fake_gic.h. Slot words are L4_VIRQ words; 0 is a free slot. */
#include "fake_gic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define INJECTS_MAX 1000000u /* of one test: a model that never settles */

static uint32_t *find(struct fake_cpu *cpu, uint32_t irq)
{
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        if (cpu->slot[i] != 0 && L4_VIRQ_ID(cpu->slot[i]) == irq) {
            return &cpu->slot[i];
        }
    }
    return NULL;
}

static l4_status_t inject(void *context, uint32_t n, uint32_t word)
{
    struct fake_kernel *kernel = context;
    struct fake_cpu *cpu = &kernel->cpu[n];
    uint32_t state = L4_VIRQ_PENDING | L4_VIRQ_ACTIVE;
    assert_true(L4_VIRQ_ID(word) < GIC_IRQS);
    assert_true((word & state) != 0);
    assert_true(++cpu->injects < INJECTS_MAX);
    uint32_t *slot = find(cpu, L4_VIRQ_ID(word));
    if (slot != NULL) {
        *slot = word | (*slot & state);
        return L4_OK;
    }
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        if (cpu->slot[i] == 0) {
            cpu->slot[i] = word;
            return L4_OK;
        }
    }
    cpu->wanted = true;
    return L4_ERR_BUSY;
}

static l4_status_t retract(void *context, uint32_t n, uint32_t irq, uint32_t *word)
{
    struct fake_kernel *kernel = context;
    kernel->cpu[n].retracts++;
    uint32_t *slot = find(&kernel->cpu[n], irq);
    if (slot == NULL) {
        return L4_ERR_NOT_FOUND;
    }
    *word = *slot;
    *slot = 0;
    return L4_OK;
}

static l4_status_t query(void *context, uint32_t n, struct gic_flight *flight)
{
    struct fake_kernel *kernel = context;
    kernel->cpu[n].queries++;
    memcpy(flight->word, kernel->cpu[n].slot, sizeof(flight->word));
    flight->lines = kernel->cpu[n].lines;
    return L4_OK;
}

static l4_status_t timer(void *context, uint32_t n, enum l4_timer which, uint32_t word)
{
    struct fake_kernel *kernel = context;
    kernel->cpu[n].timer[which] = word;
    return L4_OK;
}

static bool split_end(void *context, uint32_t n)
{
    struct fake_kernel *kernel = context;
    return kernel->cpu[n].split_end;
}

static void link_word(void *context, uint32_t n, uint32_t irq, uint32_t word)
{
    struct fake_kernel *kernel = context;
    assert_true(word == 0 || n < FAKE_CPUS);
    assert_null(find(&kernel->cpu[word != 0 ? n : 0], irq)); /* it is withdrawn first */
    kernel->link_cpu[irq] = (uint8_t)n;
    kernel->link[irq] = word;
    kernel->relinks++;
}

void fake_fire(struct fake_kernel *kernel, uint32_t irq)
{
    if (kernel->link[irq] != 0) {
        assert_int_equal(inject(kernel, kernel->link_cpu[irq], kernel->link[irq]), L4_OK);
    }
}

struct gic_port fake_port(struct fake_kernel *kernel)
{
    return (struct gic_port){kernel, inject, retract, query, timer, split_end, link_word};
}

void fake_init(struct fake_kernel *kernel, uint32_t cpus)
{
    memset(kernel, 0, sizeof(*kernel));
    const struct gic_port port = fake_port(kernel);
    gic_init(&kernel->gic, cpus, &port);
}

static uint32_t priority(uint32_t word)
{
    return (word >> L4_VIRQ_PRIORITY_SHIFT) & 31u;
}

uint32_t fake_acknowledge(struct fake_kernel *kernel, uint32_t cpu)
{
    uint32_t *best = NULL;
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        uint32_t *slot = &kernel->cpu[cpu].slot[i];
        if ((*slot & L4_VIRQ_PENDING) != 0 && (*slot & L4_VIRQ_ACTIVE) == 0 &&
            (best == NULL || priority(*slot) < priority(*best))) {
            best = slot;
        }
    }
    if (best == NULL) {
        return FAKE_SPURIOUS;
    }
    *best = (*best & ~L4_VIRQ_PENDING) | L4_VIRQ_ACTIVE;
    return *best & 0x1fffu;
}

void fake_end(struct fake_kernel *kernel, uint32_t cpu, uint32_t irq)
{
    uint32_t *slot = find(&kernel->cpu[cpu], irq & 0x3ffu);
    assert_non_null(slot);
    assert_true((*slot & L4_VIRQ_ACTIVE) != 0);
    uint16_t ended[2] = {L4_VIRQ_NONE, L4_VIRQ_NONE};
    bool tell = kernel->cpu[cpu].wanted;
    *slot &= ~L4_VIRQ_ACTIVE;
    if ((*slot & L4_VIRQ_PENDING) == 0) {
        if ((*slot & L4_VIRQ_NOTIFY) != 0) {
            ended[1] = (uint16_t)(irq & 0x3ffu);
            tell = true;
        }
        *slot = 0;
    }
    if (tell) {
        kernel->cpu[cpu].wanted = false;
        gic_ended(&kernel->gic, cpu, ended, 2);
    }
}

uint32_t fake_flight(struct fake_kernel *kernel, uint32_t cpu, uint32_t irq)
{
    const uint32_t *slot = find(&kernel->cpu[cpu], irq);
    return slot == NULL ? 0 : *slot;
}

uint32_t fake_read(struct fake_kernel *kernel, uint32_t cpu, uint32_t offset, uint32_t size)
{
    struct mmio access = {.offset = offset, .size = size, .cpu = cpu, .value = 0xdeadbeefu};
    assert_int_equal(gicd_ops.read(&kernel->gic, &access), L4_OK);
    return access.value;
}

void fake_write(struct fake_kernel *kernel, uint32_t cpu, uint32_t offset, uint32_t size,
                uint32_t value)
{
    struct mmio access = {.offset = offset, .size = size, .cpu = cpu, .value = value};
    assert_int_equal(gicd_ops.write(&kernel->gic, &access), L4_OK);
}

void fake_init_enabled(struct fake_kernel *kernel, uint32_t cpus)
{
    static const uint32_t enabled[][2] = {
        {0x000, 3},          {0x104, 0xffffffff}, {0x108, 0xffffffff},
        {0xc10, 0xaaaaaaaa}, {0xc14, 0xaaaaaaaa},
    };

    fake_init(kernel, cpus);
    for (uint32_t i = 0; i < sizeof(enabled) / sizeof(enabled[0]); i++) {
        fake_write(kernel, 0, enabled[i][0], 4, enabled[i][1]);
    }
    for (uint32_t i = 0; i < GIC_IRQS; i += 4) {
        fake_write(kernel, 0, 0x400 + i, 4, 0x80808080);
        fake_write(kernel, 0, 0x800 + i, 4, 0x01010101);
    }
}
