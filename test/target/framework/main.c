/*
 * The root program of a suite: runs the cases in order and reports them as TAP.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/start.h>
#include <l4/system.h>
#include <l4/thread.h>

#include "memory.h"
#include "space.h"
#include "test.h"
#include "worker.h"

#define LINE 160u
#define WRITE_BYTES 12u
#define EXIT_FAILED 1u
#define PRIORITY_GUARD 255u

const struct l4_rootinfo *test_root;

static const struct test_case *running;
static l4_cap_t sleep_endpoint; /* nobody sends there */

static void write_line(const char *text, uint32_t length)
{
    while (length > 0) {
        const uint32_t part = length < WRITE_BYTES ? length : WRITE_BYTES;
        uint32_t word[3] = {0, 0, 0};

        memcpy(word, text, part);
        if (l4_system_write(L4_ROOT_SYSTEM, part, word[0], word[1], word[2]) != L4_OK) {
            return;
        }
        text += part;
        length -= part;
    }
}

void test_print(const char *format, ...)
{
    char line[LINE + 1];
    va_list arguments;

    va_start(arguments, format);
    const int wanted = vsnprintf(line, LINE, format, arguments);
    va_end(arguments);
    uint32_t length = wanted < 0 ? 0 : (uint32_t)wanted;

    length = length < LINE ? length : LINE - 1;
    line[length++] = '\n';
    write_line(line, length);
}

uint64_t test_ns(void)
{
    return l4_system_clock().ns;
}

uint32_t test_us(void)
{
    return (uint32_t)(test_ns() / 1000u);
}

void test_sleep(uint32_t us)
{
    struct l4_msg msg;
    const l4_status_t status = l4_recv(sleep_endpoint, &msg, us);

    CHECK_EQ(status, L4_ERR_TIMEOUT);
}

/* Above everyone: the root thread must not fault. */
static void guard(struct worker *self, uint32_t endpoint)
{
    struct l4_msg msg;

    (void)self;
    CHECK_OK(l4_recv(endpoint, &msg, L4_TIMEOUT_NEVER));
    (void)check_report();
    test_print("Bail out! %s: the root thread faulted: kind %lu, address 0x%lx, pc 0x%lx",
               running->name, (unsigned long)msg.w[1], (unsigned long)msg.w[0],
               (unsigned long)msg.w[2]);
    (void)l4_system_exit(L4_ROOT_SYSTEM, EXIT_FAILED);
}

static void start_guard(void)
{
    const l4_cap_t endpoint = memory_endpoint();

    CHECK_OK(l4_thread_set_fault(L4_ROOT_THREAD, endpoint));
    (void)worker_run(&space_root, PRIORITY_GUARD, guard, endpoint);
}

static bool run_case(const struct test_case *test)
{
    memory_begin();
    space_begin();
    worker_begin();
    running = test;
    sleep_endpoint = memory_endpoint();
    start_guard();
    test->run();
    memory_end();
    return check_report();
}

int l4_main(const void *argument)
{
    uint32_t failed = 0;

    test_root = argument;
    test_print("# suite %s", test_suite.name);
    if (!memory_start()) {
        (void)check_report();
        test_print("Bail out! no memory for the suite");
        (void)l4_system_exit(L4_ROOT_SYSTEM, EXIT_FAILED);
    }
    test_print("1..%lu", (unsigned long)test_suite.count);
    for (uint32_t i = 0; i < test_suite.count; i++) {
        const bool ok = run_case(&test_suite.cases[i]);

        failed += !ok;
        test_print("%sok %lu - %s", ok ? "" : "not ", (unsigned long)(i + 1),
                   test_suite.cases[i].name);
    }
    (void)l4_system_exit(L4_ROOT_SYSTEM, failed != 0 ? EXIT_FAILED : 0);
    return 0;
}
