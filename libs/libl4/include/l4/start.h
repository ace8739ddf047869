/*
 * Program start and end: what crt0 sets up around l4_main().
 */
#ifndef L4_START_H
#define L4_START_H

#include <l4/abi/msg.h>

/* The program. `arg`: struct l4_rootinfo for init, struct l4_start (proto/init.h) for a server,
 * what l4_thread_start() was given for others. Its return ends the program as l4_exit() does. */
int l4_main(const void *arg);

extern struct l4_msgbuf *l4_msgbuf_pointer;

/* The main thread's message buffer. */
static inline struct l4_msgbuf *l4_msgbuf(void)
{
    return l4_msgbuf_pointer;
}

/* Ends the program by an undefined instruction, UDF #L4_EXIT_UDF with r0 = code: its fault handler
 * is told, and whoever supervises it reclaims its memory. */
#define L4_EXIT_UDF 0x1eu
_Noreturn void l4_exit(int code);

#endif
