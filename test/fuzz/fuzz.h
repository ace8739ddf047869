/*
 * What every fuzz target is made of: one input in, no crash, no finding of a sanitizer, and the
 * target's own invariants by FUZZ_CHECK.
 *
 * libFuzzer calls LLVMFuzzerTestOneInput() by itself; driver.c makes a plain program of the same
 * target, which replays files and runs a fixed number of mutations of the target's seeds.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_INPUT_MAX 8192u

/* The input in exactly `size` bytes of heap: reading beyond is a finding. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Seed number n of the target to `data` (FUZZ_INPUT_MAX bytes, zero); 0: there are no more. */
size_t fuzz_seed(unsigned int n, uint8_t *data);

/* Says which invariant broke and aborts. */
_Noreturn void fuzz_broken(const char *file, int line, const char *what);

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fuzz_broken(__FILE__, __LINE__, #condition);                                           \
        }                                                                                          \
    } while (0)

/* An input as a stream of choices; at its end everything reads as zero. */
struct fuzz_input {
    const uint8_t *data;
    size_t left;
};

static inline uint8_t fuzz_8(struct fuzz_input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->data++;
}

static inline uint32_t fuzz_16(struct fuzz_input *in)
{
    const uint32_t low = fuzz_8(in);
    return low | (uint32_t)fuzz_8(in) << 8;
}

static inline uint32_t fuzz_32(struct fuzz_input *in)
{
    const uint32_t low = fuzz_16(in);
    return low | fuzz_16(in) << 16;
}

/* `size` bytes in a heap block of exactly that size, which the caller frees; zero beyond the end
 * of the input. */
uint8_t *fuzz_bytes(struct fuzz_input *in, size_t size);

#endif
