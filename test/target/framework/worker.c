/*
 * Threads of a case: see worker.h.
 */
#include "worker.h"

#include <l4/cap.h>
#include <l4/memory.h>
#include <l4/start.h>
#include <l4/thread.h>

#include "memory.h"
#include "test.h"

#define WORKERS 96u
#define AREA 0x20000000u /* one span of addresses a worker: guard, stack, gap, buffer */
#define AREA_SIZE 0x10000u
#define STACK_OFFSET 0x1000u
#define STACK_SIZE 0x2000u
#define BUFFER_OFFSET 0x8000u
#define PEEK 0x30000000u
#define POLL_US 50u

static struct worker workers[WORKERS];
static uint32_t worker_count, round_count;

void worker_begin(void)
{
    worker_count = 0;
}

void worker_round_begin(void)
{
    round_count = worker_count;
}

void worker_round_end(void)
{
    worker_count = round_count;
}

/* All workers begin here; what the root thread needs to know is in *self, which is shared. */
static _Noreturn void worker_main(struct worker *self, uint32_t argument)
{
    self->function(self, argument);
    self->ended = true;
    l4_exit(0);
}

static bool give_memory(struct worker *w, uint32_t index)
{
    const uint32_t area = AREA + index * AREA_SIZE;
    const uint32_t rw = L4_MAP_READ | L4_MAP_WRITE;
    const l4_cap_t ram = memory_ram(STACK_SIZE + L4_PAGE_SIZE);

    w->stack_bottom = area + STACK_OFFSET;
    w->stack_top = w->stack_bottom + STACK_SIZE;
    w->buffer = (struct l4_msgbuf *)(area + BUFFER_OFFSET);
    w->peek = (struct l4_msgbuf *)(PEEK + index * L4_PAGE_SIZE);
    if (ram == L4_CAP_NULL ||
        space_map(w->space, ram, 0, STACK_SIZE, w->stack_bottom, rw) == L4_CAP_NULL ||
        space_map(&space_root, ram, STACK_SIZE, L4_PAGE_SIZE, (uint32_t)w->peek, rw) ==
            L4_CAP_NULL) {
        return false;
    }
    w->buffer_region = memory_share(ram, STACK_SIZE, L4_PAGE_SIZE, L4_RIGHT_ALL);
    return CHECK_OK(l4_aspace_map(w->space->cap, w->buffer_region, (uint32_t)w->buffer, rw)) &&
           CHECK_OK(l4_thread_set_buffer(w->thread, w->buffer_region));
}

struct worker *worker_create(struct space *space, uint32_t priority, uint32_t flags)
{
    const uint32_t index = worker_count;
    struct worker *const w = &workers[index];

    if (!CHECK(index < WORKERS) || !CHECK(space != NULL)) {
        return NULL;
    }
    *w = (struct worker){.thread = memory_slot(), .space = space};
    if (!CHECK_OK(l4_create(space->cap, L4_TYPE_THREAD, w->thread, flags)) ||
        !CHECK_OK(l4_thread_set_sched(w->thread, priority, priority, 0, 0)) ||
        !give_memory(w, index)) {
        return NULL;
    }
    worker_count++;
    return w;
}

bool worker_start(struct worker *w, worker_function_t *function, uint32_t argument)
{
    if (w == NULL) {
        return false;
    }
    w->function = function;
    w->argument = argument;
    w->ended = false;
    return CHECK_OK(
        l4_thread_start(w->thread, (uint32_t)worker_main, w->stack_top, (uint32_t)w, argument));
}

struct worker *worker_run(struct space *space, uint32_t priority, worker_function_t *function,
                          uint32_t argument)
{
    struct worker *const w = worker_create(space, priority, L4_THREAD_NATIVE);

    return worker_start(w, function, argument) ? w : NULL;
}

bool worker_wait(struct worker *w, uint32_t us)
{
    const uint32_t start = test_us();

    if (!CHECK(w != NULL)) {
        return false;
    }
    while (!w->ended && test_us() - start < us) {
        test_sleep(POLL_US);
    }
    return CHECK(w->ended);
}

enum l4_thread_state worker_state(const struct worker *w)
{
    struct l4_thread_info info = {0};

    CHECK_OK(l4_thread_get_info(w->thread, &info));
    return info.state;
}

bool worker_wait_state(const struct worker *w, enum l4_thread_state state, uint32_t us)
{
    const uint32_t start = test_us();

    if (!CHECK(w != NULL)) {
        return false;
    }
    while (worker_state(w) != state && test_us() - start < us) {
        test_sleep(POLL_US);
    }
    return CHECK_EQ(worker_state(w), state);
}
