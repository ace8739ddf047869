/*
 * Instructions that a native thread must not be able to execute, each with the fault it causes.
 */
#ifndef SUITE_FAULTS_H
#define SUITE_FAULTS_H

#include "worker.h"

/* Names, in order, up to NULL. */
extern const char *const fault_name[];
uint32_t fault_kind(uint32_t index);
/* Address of the first; each is one word. */
uint32_t fault_first(void);
/* Executes them all, then sets value[0] to 77. */
void fault_instructions(struct worker *self);

#endif
