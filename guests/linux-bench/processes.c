/*
 * What a guest pays for its own work: system calls, context switches, page tables, processes,
 * timers.
 */
#include "measure.h"
#include "sys.h"

#define CALLS 64u
#define WARM_UP 8u
#define PAGES 64u
#define PAGE 4096u
#define PROT_READ_WRITE 3
#define MAP_PRIVATE_ANONYMOUS 0x22
#define MS 1000000

static void each(const char *name, uint32_t (*once)(void))
{
    for (uint32_t i = 0; i < WARM_UP + SAMPLES; i++) {
        uint32_t value = once();

        sample[i < WARM_UP ? 0 : i - WARM_UP] = value;
    }
    report(name);
}

static uint32_t getpid_once(void)
{
    uint32_t from = instructions();

    for (uint32_t i = 0; i < CALLS; i++) {
        (void)sys3(SYS_getpid, 0, 0, 0);
    }
    return instructions() - from;
}

static int to_child[2];
static int to_parent[2];

static uint32_t pipe_once(void)
{
    char byte = 0;
    uint32_t from = instructions();

    (void)sys3(SYS_write, to_child[1], PTR(&byte), 1);
    (void)sys3(SYS_read, to_parent[0], PTR(&byte), 1);
    return instructions() - from;
}

static void bench_pipe(void)
{
    char byte;

    check("pipe", sys3(SYS_pipe, PTR(to_child), 0, 0));
    check("pipe", sys3(SYS_pipe, PTR(to_parent), 0, 0));
    if (check("fork", sys3(SYS_fork, 0, 0, 0)) == 0) {
        (void)sys3(SYS_close, to_child[1], 0, 0);
        while (sys3(SYS_read, to_child[0], PTR(&byte), 1) == 1) {
            (void)sys3(SYS_write, to_parent[1], PTR(&byte), 1);
        }
        (void)sys3(SYS_exit, 0, 0, 0);
    }
    each("linux.pipe", pipe_once);
    (void)sys3(SYS_close, to_child[1], 0, 0);
    (void)sys6(SYS_wait4, -1, 0, 0, 0, 0, 0);
}

/* The new process is this program again; main() sees its second argument and ends. */
static uint32_t fork_once(void)
{
    static const char *const arguments[] = {"/init", "exit", NULL};
    static const char *const environment[] = {NULL};
    uint32_t from = instructions();

    if (check("fork", sys3(SYS_fork, 0, 0, 0)) == 0) {
        (void)sys3(SYS_execve, PTR(arguments[0]), PTR(arguments), PTR(environment));
        (void)sys3(SYS_exit, 1, 0, 0);
    }
    (void)sys6(SYS_wait4, -1, 0, 0, 0, 0, 0);
    return instructions() - from;
}

static uint32_t fault_once(void)
{
    long address = check(
        "mmap", sys6(SYS_mmap2, 0, PAGES * PAGE, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0));
    volatile char *bytes = (volatile char *)(uintptr_t)address;
    uint32_t from = instructions();

    for (uint32_t i = 0; i < PAGES; i++) {
        bytes[i * PAGE] = 1;
    }
    from = instructions() - from;
    (void)sys3(SYS_munmap, address, PAGES * PAGE, 0);
    return from;
}

/* Virtual time: most of it is idle. */
static uint32_t sleep_once(void)
{
    static const int32_t one_ms[2] = {0, MS};
    uint32_t from = cycles();

    (void)sys3(SYS_nanosleep, PTR(one_ms), 0, 0);
    return cycles() - from;
}

void bench_processes(void)
{
    each("linux.getpid", getpid_once);
    bench_pipe();
    each("linux.fork", fork_once);
    each("linux.fault", fault_once);
    each("linux.sleep", sleep_once);
}
