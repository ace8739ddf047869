/*
 * The two functions that the compiler may call behind our back.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memset(void *to, int value, size_t length);

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *
memcpy(void *restrict to, const void *restrict from, size_t length)
{
    char *t = to;
    const char *f = from;

    while (length-- > 0) {
        *t++ = *f++;
    }
    return to;
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memset(void *to, int value,
                                                                           size_t length)
{
    char *t = to;

    while (length-- > 0) {
        *t++ = (char)value;
    }
    return to;
}
