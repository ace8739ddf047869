/*
 * Reading a device tree: checking the blob, and properties whose meaning spans nodes (reg,
 * interrupts, stdout-path). Everything else is plain libfdt.
 *
 * Nothing here believes the blob: every function copes with any bytes that dt_check() has passed.
 */
#ifndef L4_FORMAT_DT_H
#define L4_FORMAT_DT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/status.h>

#define DT_DEPTH_MAX 16u

/* True when `blob` is an aligned, well-formed tree of at most `size` bytes. */
bool dt_check(const void *blob, size_t size);

/* Range `index` of the node's reg, translated through its parents' ranges. Errors: NOT_FOUND (no
 * such range), FORMAT. */
L4_MUST_CHECK l4_status_t dt_reg(const void *blob, int node, uint32_t index, uint64_t *base,
                                 uint64_t *size);

/* The n-th interrupt of a node whose parent is a GIC (three cells), as GIC INTID. Errors:
 * NOT_FOUND, FORMAT. */
L4_MUST_CHECK l4_status_t dt_interrupt(const void *blob, int node, uint32_t index, uint32_t *intid,
                                       bool *edge);

/* False for status = "disabled" and the like. */
bool dt_enabled(const void *blob, int node);

/* The next node after `start` (-1: from the first) that is compatible and enabled; negative: none.
 */
int dt_next_compatible(const void *blob, int start, const char *compatible);

/* A property of one or two cells. Errors: NOT_FOUND, FORMAT (another length). */
L4_MUST_CHECK l4_status_t dt_number(const void *blob, int node, const char *name, uint64_t *value);

/* A property that is one string; NULL when absent or not terminated. */
const char *dt_string(const void *blob, int node, const char *name);

/* The node of /chosen stdout-path, which may be a path or an alias; negative: none. */
int dt_stdout(const void *blob);

#endif
