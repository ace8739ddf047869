/*
 * Random system calls: see random_calls.h.
 */
#include "random_calls.h"

#include <l4/syscall.h>

#include "test.h"

#define SLOTS 40u

/* xorshift32 (Marsaglia 2003) */
static uint32_t next(uint32_t *state)
{
    uint32_t x = *state;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x;
}

static uint32_t value(uint32_t *state)
{
    static const uint32_t nasty[] = {
        0,           1,           0xffffffffu, 0x80000000u, 0x7fffffffu, 4096, 8192, 0x50000000u,
        0x50001000u, 0xeffff000u, 0xfffff000u, 0x02000000u, 0x10000000u, 12,   31,   64,
    };
    const uint32_t r = next(state);

    switch (r >> 29) {
    case 0:
    case 1:
    case 2:
    case 3:
        return r % SLOTS;
    case 4:
        return r % 16u;
    case 5:
    case 6:
        return nasty[r % COUNT_OF(nasty)];
    default:
        return next(state);
    }
}

static l4_status_t ipc(uint32_t number, struct l4_words *w, uint32_t *state)
{
    w->r[3] = next(state) % 3u * 300u;
    w->r[1] &= 0xffff01ffu; /* many without items, so that some arrive */
    switch (number) {
    case L4_SYS_CALL:
        return l4_sys_call(w);
    case L4_SYS_REPLY_WAIT:
        return l4_sys_reply_wait(w);
    case L4_SYS_SEND:
        return l4_sys_send(w);
    default:
        return l4_sys_recv(w);
    }
}

static l4_status_t other(uint32_t number, struct l4_words *w)
{
    switch (number) {
    case L4_SYS_SIGNAL:
        return l4_sys_signal(w);
    case L4_SYS_CREATE:
        return l4_sys_create(w);
    case L4_SYS_CAP:
        return l4_sys_cap(w);
    case L4_SYS_REGION:
        return l4_sys_region(w);
    case L4_SYS_ASPACE:
        return l4_sys_aspace(w);
    case L4_SYS_THREAD:
        return l4_sys_thread(w);
    case L4_SYS_VCPU:
        return l4_sys_vcpu(w);
    case L4_SYS_IRQ:
        return l4_sys_irq(w);
    default:
        return l4_sys_system(w);
    }
}

void random_calls(struct worker *self, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 12345u;

    for (;;) {
        const uint32_t number = next(&state) % L4_SYS_COUNT;
        struct l4_words w;

        for (uint32_t i = 0; i < 8; i++) {
            w.r[i] = value(&state);
        }
        if (number > L4_SYS_CREATE && (next(&state) & 7u) != 0) {
            w.r[1] %= 9u;
        }
        for (uint32_t i = 0; i < L4_MSG_ITEMS; i++) {
            self->buffer->item[i] = (struct l4_item){.cap = value(&state),
                                                     .kind = (uint8_t)(next(&state) % 5u),
                                                     .rights = (uint8_t)next(&state),
                                                     .offset = value(&state),
                                                     .size = value(&state)};
            self->buffer->slot[i] = value(&state);
        }
        self->buffer->window_base = value(&state);
        self->buffer->window_size = value(&state);
        const l4_status_t status =
            number <= L4_SYS_RECV ? ipc(number, &w, &state) : other(number, &w);

        self->value[status == L4_OK ? 0 : 1]++;
    }
}
