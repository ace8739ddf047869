/*
 * Port contract: switching threads. Inline, being on the IPC path.
 * Context: kernel mode, interrupts masked.
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

/* struct thread *arch_switch(struct thread *next): prepares the processor for `next`, which it
 * returns: address space, world (native or guest), lazily held state. The return path then loads
 * next->frame. Called only when next differs from what ran before. */
#include <arch/switch_inline.h>

#endif
