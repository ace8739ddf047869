/*
 * The contract between the bus and a device model.
 *
 * The bus hands over an access of 1, 2 or 4 bytes, naturally aligned, inside the device's window.
 * A model answers OK (a register that does not exist: RAZ/WI); BUSY: not now, the guest repeats the
 * instruction; or any other error when the hardware would refuse the access: the guest then takes
 * an external abort.
 */
#ifndef VMM_MMIO_H
#define VMM_MMIO_H

#include <stdint.h>

#include <l4/abi/status.h>

struct mmio {
    uint32_t offset; /* inside the device's window */
    uint32_t size;   /* bytes */
    uint32_t cpu;    /* vCPU that does it */
    uint32_t value;  /* write: zero-extended; read: the model fills it, upper bits zero */
};

struct device_ops {
    l4_status_t (*read)(void *state, struct mmio *access);
    l4_status_t (*write)(void *state, struct mmio *access);
};

/* The bits of a word that an access touches, and how far left its value goes. */
static inline uint32_t mmio_shift(const struct mmio *access)
{
    return (access->offset & 3u) * 8u;
}

static inline uint32_t mmio_mask(const struct mmio *access)
{
    return (0xffffffffu >> (32u - access->size * 8u)) << mmio_shift(access);
}

/* A read's answer out of the whole word. Hot path: vm.mmio.gicd; words are nearly all there is. */
static inline void mmio_answer(struct mmio *access, uint32_t word)
{
    if (__builtin_expect(access->size == 4u, 1)) {
        access->value = word;
        return;
    }
    access->value = (word >> mmio_shift(access)) & (0xffffffffu >> (32u - access->size * 8u));
}

#endif
