/*
 * Program start, end, and the few functions that the C library wants from the system.
 */
#include <l4/log.h>
#include <l4/start.h>
#include <l4/system.h>

struct l4_msgbuf *l4_msgbuf_pointer;

_Noreturn void l4_start(const void *arg, struct l4_msgbuf *buffer);
_Noreturn void abort(void);
_Noreturn void __assert_func(const char *file, int line, const char *function, const char *text);

_Noreturn void l4_exit(int code)
{
    register int r0 __asm__("r0") = code;
    __asm__ volatile("udf %[mark]" : : [mark] "i"(L4_EXIT_UDF), "r"(r0) : "memory");
    for (;;) {
        l4_system_yield();
    }
}

_Noreturn void l4_start(const void *arg, struct l4_msgbuf *buffer)
{
    l4_msgbuf_pointer = buffer;
    if (l4_system_hello() != L4_OK) {
        l4_exit(L4_ERR_VERSION);
    }
    l4_exit(l4_main(arg));
}

_Noreturn void abort(void)
{
    l4_exit(L4_ERR_STATE);
}

_Noreturn void __assert_func(const char *file, int line, const char *function, const char *text)
{
    (void)function;
    l4_log("%s:%d: assertion failed: %s", file, line, text);
    abort();
}
