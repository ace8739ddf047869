/*
 * Why a reader refused its input, as three parts of a message: what, where, remedy. All static.
 */
#ifndef L4_FORMAT_ERROR_H
#define L4_FORMAT_ERROR_H

#include <l4/abi/status.h>

struct format_error {
    const char *what;
    const char *where; /* a node, property or field */
    const char *remedy;
};

/* Fills *error and returns `status`. */
static inline l4_status_t format_refuse(struct format_error *error, l4_status_t status,
                                        const char *what, const char *where, const char *remedy)
{
    error->what = what;
    error->where = where;
    error->remedy = remedy;
    return status;
}

#endif
