/*
 * The virtual and the physical timer behind one interface, so that every check
 * runs on both (ARM DDI 0406C, B8.1.5: they differ in their counter alone).
 */
#ifndef VMTEST_TIMERS_H
#define VMTEST_TIMERS_H

#include <stdint.h>

#include "guest/timer.h"

struct timer_ops {
    uint32_t intid;
    uint64_t (*count)(void);
    uint64_t (*cval)(void);
    void (*set_cval)(uint64_t value);
    uint32_t (*tval)(void);
    void (*set_tval)(uint32_t value);
    uint32_t (*ctl)(void);
    void (*set_ctl)(uint32_t value);
};

extern const struct timer_ops virtual_timer;
extern const struct timer_ops physical_timer;

/* Defines NAME_v and NAME_p, test functions that run check NAME on each timer. */
#define ON_BOTH_TIMERS(name)                                                                       \
    static void name##_v(void)                                                                     \
    {                                                                                              \
        name(&virtual_timer);                                                                      \
    }                                                                                              \
    static void name##_p(void)                                                                     \
    {                                                                                              \
        name(&physical_timer);                                                                     \
    }

#endif
