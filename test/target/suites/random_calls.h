/*
 * A thread that makes random system calls for ever, with the values that hurt most.
 */
#ifndef SUITE_RANDOM_CALLS_H
#define SUITE_RANDOM_CALLS_H

#include "worker.h"

/* `seed` makes the sequence. No call waits longer than a millisecond. */
void random_calls(struct worker *self, uint32_t seed);

#endif
