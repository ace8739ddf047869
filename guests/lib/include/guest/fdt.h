/*
 * The few facts that a guest needs from the flattened device tree it was given:
 * read-only, no allocation, tolerant of any content. Deliberately not libfdt:
 * a conformance guest must not share a parser with what it tests.
 */
#ifndef GUEST_FDT_H
#define GUEST_FDT_H

#include <stdbool.h>
#include <stdint.h>

#define FDT_MAGIC 0xd00dfeedu

/* True when the header at `fdt` is that of a version 16 or later tree. */
bool fdt_valid(const void *fdt);
uint32_t fdt_total_size(const void *fdt);

/* Finds `property` in the node whose path equals `path`, a unit address left out
 * of `path` matches any ("/memory" finds "/memory@40000000"). NULL when absent. */
const void *fdt_property(const void *fdt, const char *path, const char *property, uint32_t *length);

/* Base and size out of /memory's `reg` under two address and two size cells or
 * one of each; false when it is not there. */
bool fdt_memory(const void *fdt, uint32_t *base, uint32_t *size);

#endif
