/*
 * The radio's work, which its real-time tasks do: a block of samples filtered in each frame, the
 * signal's strength measured from the blocks of a multiframe. There is no antenna: the samples are
 * a carrier and noise that the block makes itself. Pure; the work is the same in each call.
 */
#ifndef RADIO_BASEBAND_H
#define RADIO_BASEBAND_H

#include <stdint.h>

#define BASEBAND_TAPS 16u
#define BASEBAND_BLOCK 156u /* samples: a burst of GSM, a symbol each */

struct baseband {
    uint32_t noise; /* state of the noise generator, never 0 */
    uint32_t phase;
    int32_t history[BASEBAND_TAPS];
    uint32_t at;
    uint64_t energy; /* of what the filter let through since the last measurement */
    uint32_t blocks;
};

void baseband_start(struct baseband *baseband);
/* Filters the next block. */
void baseband_block(struct baseband *baseband);
/* Strength of the signal since the last call, 0..31 as +CSQ counts (TS 27.007, 8.5: 2 dB a step);
 * 99 when there were no blocks. */
uint32_t baseband_measure(struct baseband *baseband);

#endif
