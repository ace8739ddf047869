/* What the targets share, under libFuzzer and under driver.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

_Noreturn void fuzz_broken(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, what);
    abort();
}

uint8_t *fuzz_bytes(struct fuzz_input *in, size_t size)
{
    uint8_t *const bytes = calloc(1, size != 0 ? size : 1);
    const size_t count = size < in->left ? size : in->left;
    FUZZ_CHECK(bytes != NULL);
    if (count != 0) {
        memcpy(bytes, in->data, count);
    }
    in->data += count;
    in->left -= count;
    return bytes;
}
