/*
 * A first-fit allocator of address ranges ("windows") inside one span: where to map things.
 *
 * The state is plain data of the owner. At most L4_WINDOW_RANGES ranges are taken at a time.
 */
#ifndef L4_BASE_WINDOW_H
#define L4_BASE_WINDOW_H

#include <stdint.h>

#include <l4/abi/status.h>

#define L4_WINDOW_RANGES 48u

struct l4_window_range {
    uint32_t base;
    uint32_t size;
};

struct l4_window {
    uint32_t base;
    uint32_t size;
    uint32_t count;
    struct l4_window_range taken[L4_WINDOW_RANGES]; /* ascending */
};

/* base + size does not overflow 32 bits. */
void l4_window_init(struct l4_window *window, uint32_t base, uint32_t size);

/* Takes `size` bytes aligned to `align` (a power of two). Errors: INVALID (size 0), NO_MEMORY. */
L4_MUST_CHECK l4_status_t l4_window_take(struct l4_window *window, uint32_t size, uint32_t align,
                                         uint32_t *base);

/* Takes exactly [base, base + size). Errors: INVALID, RANGE, EXISTS, NO_MEMORY. */
L4_MUST_CHECK l4_status_t l4_window_take_at(struct l4_window *window, uint32_t base, uint32_t size);

/* Gives back the range that begins at `base`. Errors: NOT_FOUND. */
L4_MUST_CHECK l4_status_t l4_window_give(struct l4_window *window, uint32_t base);

#endif
