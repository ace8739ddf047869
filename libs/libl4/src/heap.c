/*
 * The C library's heap: a fixed span that the link reserves (HEAP of pecan_add_server()).
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

extern char __heap_start[];
extern char __heap_end[];

void *sbrk(ptrdiff_t increment);

static char *heap_top = __heap_start;

void *sbrk(ptrdiff_t increment)
{
    if (increment > __heap_end - heap_top || increment < __heap_start - heap_top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    char *const previous = heap_top;
    heap_top += increment;
    return previous;
}
