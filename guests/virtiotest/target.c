#include "target.h"

uint8_t data[DATA_SIZE] __attribute__((aligned(4096)));

const struct target targets[TARGETS] = {
    {"blk", ID_BLOCK, 0, 1, 0, true, blk_works},
    {"net", ID_NET, 0, 2, 1, false, net_works},
    {"console", ID_CONSOLE, 0, 2, 1, false, console_works},
    {"rng", ID_RNG, 0, 1, 0, true, rng_works},
    {"vsock", ID_VSOCK, 0, 3, 1, false, vsock_works},
};

void fill(volatile uint8_t *bytes, uint32_t count, uint8_t seed)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(seed + i * 7u + (i >> 8));
    }
}

bool filled(const volatile uint8_t *bytes, uint32_t count, uint8_t seed)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != (uint8_t)(seed + i * 7u + (i >> 8))) {
            return false;
        }
    }
    return true;
}

bool target_find(const struct target *target, struct device *device)
{
    return device_find(device, target->id, target->n, target->queues);
}

bool target_recovers(const struct target *target, struct device *device)
{
    return device_up(device, 0) && target->works(device);
}
