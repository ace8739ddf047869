/* Host: recorded. */
#ifndef ARCH_SWITCH_INLINE_H
#define ARCH_SWITCH_INLINE_H

struct thread;

struct thread *arch_switch(struct thread *next);

#endif
