/*
 * The sentence of a status code, for logs.
 */
#ifndef L4_BASE_STATUS_H
#define L4_BASE_STATUS_H

#include <l4/abi/status.h>

/* Never NULL: an unknown code gets a sentence that says so. */
const char *l4_status_text(l4_status_t status);

#endif
