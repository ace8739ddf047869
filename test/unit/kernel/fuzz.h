/* Random numbers and system calls of the kernel's fuzz test. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include "machine.h"

extern uint32_t fuzz_seed; /* the state of the random numbers */

uint32_t rnd(uint32_t limit);
bool chance(uint32_t percent);
/* A number as it is found at the edges of ranges. */
uint32_t edge(void);

/* Registers of a call that t may make; returns its number. */
uint32_t make_call(const struct thread *t, uint32_t r[8]);
/* The same among calls between threads of one space, with little else: budgets run out in the
 * middle of chains. */
uint32_t make_chat(const struct thread *t, uint32_t r[8]);

#endif
