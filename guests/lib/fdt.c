/*
 * Reads a flattened device tree (Devicetree Specification 0.3, chapter 5) with
 * nothing but a token walk; every offset is checked against the header's size.
 */
#include "guest/fdt.h"

#include <stddef.h>

#include "guest/board.h"
#include "guest/start.h"

#define FDT_BEGIN_NODE 1u
#define FDT_END_NODE 2u
#define FDT_PROP 3u
#define FDT_NOP 4u
#define DEPTH_MAX 16u

static uint32_t be32(const void *from)
{
    const uint8_t *b = from;

    return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
}

static uint32_t header(const void *fdt, unsigned int word)
{
    return be32((const uint8_t *)fdt + 4 * word);
}

bool fdt_valid(const void *fdt)
{
    return fdt != NULL && header(fdt, 0) == FDT_MAGIC && header(fdt, 5) >= 16 &&
           header(fdt, 1) < 0x200000 && header(fdt, 2) < header(fdt, 1) &&
           header(fdt, 3) < header(fdt, 1);
}

uint32_t fdt_total_size(const void *fdt)
{
    return header(fdt, 1);
}

static bool same(const char *a, const char *b)
{
    for (; *a == *b; a++, b++) {
        if (*a == '\0') {
            return true;
        }
    }
    return false;
}

/* Matches one node name against the head of a path; returns what follows it. */
static const char *step(const char *path, const char *name)
{
    if (*path != '/') {
        return NULL;
    }
    for (path++; *path != '\0' && *path != '/'; path++, name++) {
        if (*path != *name) {
            return NULL;
        }
    }
    return *name == '\0' || *name == '@' ? path : NULL;
}

static uint32_t string_length(const char *s)
{
    uint32_t n = 0;

    while (s[n] != '\0') {
        n++;
    }
    return n;
}

const void *fdt_property(const void *fdt, const char *path, const char *property, uint32_t *length)
{
    const uint8_t *base = fdt;
    const uint8_t *at = base + header(fdt, 2);
    const uint8_t *end = base + header(fdt, 1);
    const char *strings = (const char *)base + header(fdt, 3);
    const char *rest[DEPTH_MAX]; /* what of `path` is left inside each open node */
    unsigned int depth = 0;

    while (at + 4 <= end) {
        uint32_t token = be32(at);

        at += 4;
        if (token == FDT_BEGIN_NODE) {
            const char *name = (const char *)at;

            if (depth == DEPTH_MAX) {
                return NULL;
            }
            if (depth == 0) {
                rest[0] = same(path, "/") ? "" : path;
            } else {
                rest[depth] = rest[depth - 1] != NULL ? step(rest[depth - 1], name) : NULL;
            }
            depth++;
            at += (string_length(name) + 4) & ~3u;
        } else if (token == FDT_PROP && at + 8 <= end) {
            *length = be32(at);
            if (depth > 0 && rest[depth - 1] != NULL && *rest[depth - 1] == '\0' &&
                same(strings + be32(at + 4), property)) {
                return at + 8;
            }
            at += 8 + ((*length + 3) & ~3u);
        } else if (token == FDT_END_NODE && depth > 0) {
            depth--;
        } else if (token != FDT_NOP) {
            return NULL;
        }
    }
    return NULL;
}

bool fdt_memory(const void *fdt, uint32_t *base, uint32_t *size)
{
    uint32_t length;
    const uint8_t *reg = fdt_property(fdt, "/memory", "reg", &length);

    if (reg == NULL || (length != 8 && length != 16)) {
        return false;
    }
    *base = be32(reg + (length == 16 ? 4 : 0));
    *size = be32(reg + (length == 16 ? 12 : 4));
    return length == 8 || (be32(reg) == 0 && be32(reg + 8) == 0);
}

const void *boot_fdt(void)
{
    const void *given = (const void *)(uintptr_t)boot_state.r[2];
    const void *at_start = (const void *)(uintptr_t)RAM_BASE;

    if (boot_state.r[2] >= RAM_BASE && (boot_state.r[2] & 3) == 0 && fdt_valid(given)) {
        return given;
    }
    return fdt_valid(at_start) ? at_start : NULL;
}

const char *boot_args(void)
{
    const void *fdt = boot_fdt();
    uint32_t length = 0;
    const char *args = fdt != NULL ? fdt_property(fdt, "/chosen", "bootargs", &length) : NULL;

    return args != NULL && length > 0 && args[length - 1] == '\0' ? args : "";
}
