/*
 * Random system calls for the kernel's fuzz test: mostly plausible, the right kind of capability,
 * arguments at the edges.
 */
#include "fuzz.h"

uint32_t fuzz_seed;

uint32_t rnd(uint32_t limit)
{
    fuzz_seed = fuzz_seed * 1664525u + 1013904223u;
    return (fuzz_seed >> 9) % limit;
}

bool chance(uint32_t percent)
{
    return rnd(100) < percent;
}

uint32_t edge(void)
{
    static const uint32_t values[] = {0,          1,          2,          3,
                                      0xfff,      0x1000,     0x2000,     0x10000,
                                      0x200000,   0x02000000, 0x10000000, 0x10001000,
                                      0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff};

    return chance(80) ? values[rnd(ARRAY_SIZE(values))] : rnd(1u << 23) << 9 | rnd(512);
}

/* A slot of t's table: of a type if there is one, else any. */
static uint32_t slot_of_type(const struct thread *t, uint32_t type)
{
    uint32_t slots = t->aspace->slot_count < 192 ? t->aspace->slot_count : 192;
    uint32_t at = rnd(slots);

    if (chance(6)) {
        return chance(50) ? rnd(slots) : edge();
    }
    for (uint32_t i = 0; i < slots; i++) {
        const struct cap *c = aspace_slot(t->aspace, (at + i) % slots);

        if (c->type == type) {
            return (at + i) % slots;
        }
    }
    return at;
}

static uint32_t free_slot(const struct thread *t)
{
    return slot_of_type(t, L4_TYPE_NULL);
}

static uint32_t timeout(void)
{
    return chance(30) ? L4_TIMEOUT_POLL : chance(50) ? rnd(2000) : L4_TIMEOUT_NEVER;
}

static uint32_t any_type(void)
{
    return 1 + rnd(7);
}

static void fill_buffer(const struct thread *t)
{
    struct l4_msgbuf *b = t->buffer;

    for (uint32_t i = 0; b != NULL && i < L4_MSG_ITEMS; i++) {
        b->item[i].cap = slot_of_type(t, any_type());
        b->item[i].kind = (uint8_t)rnd(5);
        b->item[i].rights = (uint8_t)rnd(256);
        b->item[i].offset = chance(70) ? 0 : edge();
        b->item[i].size = chance(70) ? rnd(40) << 12 : edge();
        b->slot[i] = free_slot(t);
        b->window_base = 0x30000000 + (rnd(64) << 12);
        b->window_size = chance(80) ? 0x100000 : edge();
    }
}

static uint32_t tag(void)
{
    return chance(50) ? rnd(64) << 16 : l4_tag(rnd(16), rnd(128), chance(60) ? rnd(5) : 0);
}

static void ipc_call_args(const struct thread *t, uint32_t number, uint32_t r[8])
{
    r[0] = slot_of_type(t, number == L4_SYS_SEND && chance(30) ? L4_TYPE_REPLY : L4_TYPE_ENDPOINT);
    r[1] = tag();
    r[2] = chance(80) ? 0 : slot_of_type(t, L4_TYPE_REPLY);
    r[3] = timeout();
    fill_buffer(t);
}

static void cap_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, any_type());
    r[1] = rnd(L4_CAP_OP_COUNT);
    if (r[1] == L4_CAP_SAVE_REPLY) {
        r[0] = free_slot(t);
    } else if ((r[1] == L4_CAP_DELETE || r[1] == L4_CAP_REVOKE) && chance(60)) {
        r[1] = L4_CAP_COPY;
    }
    if (r[1] == L4_CAP_DELETE && r[0] < 20 && !chance(2)) {
        r[1] = L4_CAP_INFO; /* the root capabilities last longer */
    }
    if (r[1] == L4_CAP_REVOKE && r[0] < 20 && !chance(10)) {
        r[1] = L4_CAP_INFO;
    }
    r[2] = chance(80) ? free_slot(t) : 4 + rnd(60);
    r[3] = chance(60) ? 0 : slot_of_type(t, L4_TYPE_ASPACE);
    r[4] = chance(70) ? 0xff : rnd(256);
    r[5] = rnd(10);
}

static void region_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, L4_TYPE_REGION);
    r[1] = rnd(L4_REGION_OP_COUNT);
    if (r[1] == L4_REGION_SPLIT) {
        r[2] = chance(90) ? (1 + rnd(24)) << 12 : edge();
        r[3] = chance(80) ? 12 : rnd(34);
        r[4] = free_slot(t);
    } else if (r[1] == L4_REGION_SHARE) {
        r[2] = chance(80) ? rnd(3) << 12 : edge();
        r[3] = chance(80) ? (1 + rnd(8)) << 12 : edge();
        r[4] = free_slot(t);
        r[5] = chance(70) ? 0xff : rnd(256);
    } else {
        r[2] = rnd(4);
        r[3] = chance(50) ? rnd(0x3000) : edge();
        r[4] = chance(50) ? rnd(0x3000) : edge();
    }
}

static void aspace_args(const struct thread *t, uint32_t r[8])
{
    r[1] = rnd(L4_ASPACE_OP_COUNT);
    r[0] = slot_of_type(t, r[1] == L4_ASPACE_CREATE ? L4_TYPE_REGION : L4_TYPE_ASPACE);
    r[2] = r[1] == L4_ASPACE_CREATE ? free_slot(t) : slot_of_type(t, L4_TYPE_REGION);
    r[3] = chance(80) ? 0x10000000 + (rnd(128) << 14) : edge();
    r[4] = chance(80) ? L4_MAP_READ | rnd(8) : edge();
    if (r[1] == L4_ASPACE_CREATE) {
        r[3] = chance(90) ? 64 : edge();
        r[4] = chance(90) ? rnd(2) : edge();
    }
}

static void thread_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, L4_TYPE_THREAD);
    r[1] = rnd(L4_THREAD_OP_COUNT);
    r[2] = edge();
    switch (r[1]) {
    case L4_THREAD_SET_BUFFER:
        r[2] = chance(90) ? slot_of_type(t, L4_TYPE_REGION) : 0;
        break;
    case L4_THREAD_SET_FAULT:
        r[2] = slot_of_type(t, L4_TYPE_ENDPOINT);
        break;
    case L4_THREAD_SET_SCHED:
        r[2] = 95 + rnd(20);
        r[3] = chance(50) ? 255 : rnd(256);
        r[4] = chance(40) ? 0 : 1 + rnd(1000);
        r[5] = r[4] == 0 ? 0 : chance(30) ? r[4] : 1 + rnd(5000);
        break;
    case L4_THREAD_START:
        r[2] = USER_PC;
        break;
    case L4_THREAD_READ_REGS:
    case L4_THREAD_WRITE_REGS:
        r[2] = rnd(L4_REGS_COUNT + 1);
        break;
    default:
        break;
    }
}

static void irq_args(const struct thread *t, uint32_t r[8])
{
    r[1] = rnd(L4_IRQ_OP_COUNT);
    r[0] = slot_of_type(t, r[1] == L4_IRQ_GET ? L4_TYPE_SYSTEM : L4_TYPE_IRQ);
    if (r[1] == L4_IRQ_GET) {
        r[2] = chance(80) ? 40 + rnd(8) : rnd(300);
        r[3] = free_slot(t);
        r[4] = rnd(2);
    } else {
        r[2] = slot_of_type(t, r[1] == L4_IRQ_ASSIGN ? L4_TYPE_THREAD : L4_TYPE_ENDPOINT);
        r[3] = 1u << rnd(32);
    }
}

static void system_args(const struct thread *t, uint32_t r[8])
{
    r[1] = rnd(L4_SYSTEM_EXIT);
    r[0] = slot_of_type(t, L4_TYPE_SYSTEM);
    r[2] = chance(50) ? L4_ABI_VERSION : rnd(14);
}

static void create_args(const struct thread *t, uint32_t r[8])
{
    r[0] = slot_of_type(t, L4_TYPE_ASPACE);
    r[1] = chance(95) ? (chance(50) ? L4_TYPE_ENDPOINT : L4_TYPE_THREAD) : edge();
    r[2] = free_slot(t);
    r[3] = chance(90) ? rnd(2) : edge();
}

uint32_t make_call(const struct thread *t, uint32_t r[8])
{
    static const uint8_t weight[] = {
        L4_SYS_CALL,   L4_SYS_CALL,   L4_SYS_REPLY_WAIT, L4_SYS_REPLY_WAIT, L4_SYS_SEND,
        L4_SYS_RECV,   L4_SYS_SIGNAL, L4_SYS_CREATE,     L4_SYS_CREATE,     L4_SYS_CAP,
        L4_SYS_CAP,    L4_SYS_CAP,    L4_SYS_REGION,     L4_SYS_REGION,     L4_SYS_ASPACE,
        L4_SYS_ASPACE, L4_SYS_THREAD, L4_SYS_THREAD,     L4_SYS_THREAD,     L4_SYS_VCPU,
        L4_SYS_IRQ,    L4_SYS_SYSTEM,
    };
    uint32_t number = weight[rnd(ARRAY_SIZE(weight))];

    for (uint32_t i = 0; i < 8; i++) {
        r[i] = edge();
    }
    switch (number) {
    case L4_SYS_CREATE:
        create_args(t, r);
        break;
    case L4_SYS_CAP:
        cap_args(t, r);
        break;
    case L4_SYS_REGION:
        region_args(t, r);
        break;
    case L4_SYS_ASPACE:
        aspace_args(t, r);
        break;
    case L4_SYS_THREAD:
        thread_args(t, r);
        break;
    case L4_SYS_VCPU:
        r[0] = slot_of_type(t, L4_TYPE_THREAD);
        r[1] = rnd(L4_VCPU_OP_COUNT);
        break;
    case L4_SYS_IRQ:
        irq_args(t, r);
        break;
    case L4_SYS_SYSTEM:
        system_args(t, r);
        break;
    default:
        ipc_call_args(t, number, r);
        break;
    }
    if (number != L4_SYS_SYSTEM && number >= L4_SYS_CAP && chance(1)) {
        r[1] = edge(); /* malformed */
    }
    return number;
}

uint32_t make_chat(const struct thread *t, uint32_t r[8])
{
    static const uint8_t weight[] = {L4_SYS_CALL, L4_SYS_CALL,       L4_SYS_CALL, L4_SYS_REPLY_WAIT,
                                     L4_SYS_RECV, L4_SYS_REPLY_WAIT, L4_SYS_SEND};
    uint32_t number = weight[rnd(ARRAY_SIZE(weight))];
    uint32_t other = rnd(100);

    memset(r, 0, 8 * sizeof(r[0]));
    r[0] = slot_of_type(t, L4_TYPE_ENDPOINT);
    r[3] = chance(20) ? rnd(3000) : L4_TIMEOUT_NEVER;
    r[1] = chance(10) ? l4_tag(1, 4, rnd(2)) : 0;
    if (other < 3) {
        number = L4_SYS_THREAD;
        thread_args(t, r);
        r[1] = chance(50) ? L4_THREAD_SET_SCHED : chance(50) ? L4_THREAD_STOP : L4_THREAD_RESUME;
    } else if (other < 5) {
        number = L4_SYS_CAP;
        r[0] = chance(90) ? free_slot(t) : slot_of_type(t, L4_TYPE_THREAD);
        r[1] = r[0] > 60 && chance(30) ? L4_CAP_DELETE : L4_CAP_SAVE_REPLY;
    }
    return number;
}
