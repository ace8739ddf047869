/*
 * Log lines: "[name] text". Where they go is a sink that the program chooses at its start; until
 * then they are dropped.
 */
#ifndef L4_LOG_H
#define L4_LOG_H

#include <stddef.h>

#include <l4/abi/types.h>

#define L4_LOG_LINE 200u /* longer lines are cut */

/* Writes one line of `length` bytes, without prefix or line end. */
typedef void l4_log_sink_t(void *context, const char *line, size_t length);

void l4_log_set_sink(l4_log_sink_t *sink, void *context);

/* Lines go to the kernel's debug UART with the prefix "[name] ". `name` stays valid. */
void l4_log_to_kernel(l4_cap_t system, const char *name);

/* Lines go to devmgr, which knows the caller's name by its badge and prefixes it. It is waited for,
 * a second at most: then lines may be lost until it answers. */
void l4_log_to_devmgr(l4_cap_t devmgr);

/* One such line to the kernel's debug UART now; for sinks of one's own. */
void l4_log_kernel_line(l4_cap_t system, const char *name, const char *line, size_t length);

__attribute__((format(printf, 1, 2))) void l4_log(const char *format, ...);

#endif
