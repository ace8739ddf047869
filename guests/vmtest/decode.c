/*
 * Runs the snippets of decode_*.c (see decode.h) and compares every register and
 * every word of the window with what the instruction's pseudocode says.
 */
#include "decode.h"

#include <stdbool.h>
#include <stddef.h>

#include "guest/trap.h"
#include "test.h"

#define WORDS 8u

struct frame {
    uint32_t in[13];
    uint32_t in_lr;
    uint32_t code;
    uint32_t flags;
    uint32_t out[13];
    uint32_t out_lr;
    uint32_t out_cpsr;
};

uint32_t decode_enter(uint32_t frame);

struct run {
    const struct decode_context *context;
    struct frame frame;
};

static void enter(void *arg)
{
    struct run *run = arg;

    call_in_mode(run->context->mode, decode_enter, (uint32_t)(uintptr_t)&run->frame);
}

static void window_fill(void)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        mmio_write32(W(i), V(i));
    }
    uart_write(UARTIBRD, IBRD_VALUE);
}

static void complain(const struct decode_family *family, const struct decode_case *test,
                     const char *what, uint32_t which, uint32_t got, uint32_t expected)
{
    print("# decode %s.%s: %s%u: expected %08x, got %08x\n", family->name, test->name, what, which,
          expected, got);
    test_fail(test->name, 0, what, got, expected);
}

/* The value register `reg` must have afterwards. */
static uint32_t expected_register(const struct decode_case *test, const struct run *run,
                                  uint32_t reg)
{
    for (uint32_t i = 0; i < test->outs; i++) {
        if (test->out[i].reg == reg) {
            return test->out[i].value +
                   (i == 0 && test->base_out ? run->context->device_offset : 0);
        }
    }
    return reg == DECODE_LR ? run->frame.in_lr : run->frame.in[reg];
}

static void check_registers(const struct decode_family *family, const struct decode_case *test,
                            const struct run *run)
{
    for (uint32_t reg = 0; reg <= DECODE_LR; reg++) {
        uint32_t expected;
        uint32_t got;

        if (reg == 13) {
            continue;
        }
        expected = expected_register(test, run, reg);
        got = reg == DECODE_LR ? run->frame.out_lr : run->frame.out[reg];
        if (got != expected) {
            complain(family, test, "r", reg, got, expected);
        }
    }
    if ((run->frame.out_cpsr & MODE_MASK) != run->context->mode) {
        complain(family, test, "mode", 0, run->frame.out_cpsr & MODE_MASK, run->context->mode);
    }
    if ((run->frame.out_cpsr >> 28) != (test->flags >> 28)) {
        complain(family, test, "flags", 0, run->frame.out_cpsr >> 28, test->flags >> 28);
    }
}

static void check_window(const struct decode_family *family, const struct decode_case *test)
{
    for (uint32_t word = 0; word <= WORDS; word++) {
        uint32_t expected = word == WORDS ? IBRD_VALUE : V(word);
        uint32_t got = word == WORDS ? uart_read(UARTIBRD) : mmio_read32(W(word));

        for (uint32_t i = 0; i < test->mems; i++) {
            if (test->mem[i].reg == word) {
                expected = test->mem[i].value;
            }
        }
        if (got != expected) {
            complain(family, test, "word", word, got, expected);
        }
    }
}

static void run_case(const struct decode_family *family, const struct decode_case *test,
                     const struct decode_context *context)
{
    uint32_t base = test->base == 0 ? 1 : test->base;
    struct run run = {.context = context};

    for (uint32_t i = 0; i < 13; i++) {
        run.frame.in[i] = R(i);
    }
    run.frame.in_lr = R(14);
    if (test->r2 != 0) {
        run.frame.in[2] = test->r2;
    }
    if (base == DECODE_LR) {
        run.frame.in_lr = test->base_value + context->device_offset;
    } else {
        run.frame.in[base] = test->base_value + context->device_offset;
    }
    run.frame.code = (uint32_t)(uintptr_t)test->code + context->code_offset;
    run.frame.flags = test->flags;
    window_fill();
    if (trap_try(enter, &run)) {
        complain(family, test, "exception", trap_last.kind, trap_last.fsr, 0);
        print("# pc %08x far %08x\n", trap_last.pc, trap_last.far);
        return;
    }
    check_registers(family, test, &run);
    check_window(family, test);
}

void decode_run_family(const struct decode_family *family, const struct decode_context *context)
{
    for (uint32_t i = 0; i < family->count; i++) {
        run_case(family, &family->cases[i], context);
    }
    console_init();
}
