/*
 * Filter and measurement (see baseband.h): a 16-tap low-pass FIR over a carrier at 1/16 of the
 * sampling rate in noise.
 */
#include "baseband.h"

#define NOISE_MASK 0x3ffu
#define CSQ_UNKNOWN 99u
#define CSQ_MAX 31u

static const int16_t tap[BASEBAND_TAPS] = {-12, -28, -20, 60,  220, 440, 640, 748,
                                           748, 640, 440, 220, 60,  -20, -28, -12};
static const int16_t carrier[16] = {0, 784,  1448,  1892,  2048,  1892,  1448,  784,
                                    0, -784, -1448, -1892, -2048, -1892, -1448, -784};

void baseband_start(struct baseband *baseband)
{
    *baseband = (struct baseband){.noise = 0x2545f491u};
}

/* Xorshift, period 2^32 - 1. */
static int32_t noise(struct baseband *baseband)
{
    uint32_t x = baseband->noise;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    baseband->noise = x;
    return (int32_t)(x & NOISE_MASK) - (int32_t)(NOISE_MASK / 2);
}

void baseband_block(struct baseband *baseband)
{
    for (uint32_t i = 0; i < BASEBAND_BLOCK; i++) {
        int32_t sum = 0;

        baseband->at = (baseband->at + 1) % BASEBAND_TAPS;
        baseband->history[baseband->at] = carrier[baseband->phase] + noise(baseband);
        baseband->phase = (baseband->phase + 1) % 16u;
        for (uint32_t t = 0; t < BASEBAND_TAPS; t++) {
            sum += tap[t] * baseband->history[(baseband->at - t) % BASEBAND_TAPS];
        }
        sum >>= 12;
        baseband->energy += (uint64_t)((int64_t)sum * sum);
    }
    baseband->blocks++;
}

uint32_t baseband_measure(struct baseband *baseband)
{
    uint32_t samples = baseband->blocks * BASEBAND_BLOCK;
    uint64_t mean = samples == 0 ? 0 : baseband->energy / samples;
    uint32_t steps = 0;

    baseband->energy = 0;
    baseband->blocks = 0;
    if (samples == 0) {
        return CSQ_UNKNOWN;
    }
    /* Half as much energy is 3 dB less: 3 steps of 2 dB for each two halvings. */
    while (mean > 1 && steps < CSQ_MAX) {
        mean /= 4;
        steps += 3;
    }
    return steps < CSQ_MAX ? steps : CSQ_MAX;
}
