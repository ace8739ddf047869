/*
 * Text building without libc: for the loader and other code that has no stdio. Text that does not
 * fit is cut; the result is always terminated.
 */
#ifndef L4_BASE_TEXT_H
#define L4_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct l4_text {
    char *buffer;
    size_t size; /* > 0 */
    size_t length;
};

/* An empty text over `buffer` of `size` > 0 bytes. */
void l4_text_init(struct l4_text *text, char *buffer, size_t size);

void l4_text_char(struct l4_text *text, char c);
void l4_text_string(struct l4_text *text, const char *string);
void l4_text_decimal(struct l4_text *text, uint64_t value);

/* "0x" and at least `digits` hexadecimal digits. */
void l4_text_hex(struct l4_text *text, uint64_t value, unsigned int digits);

/* 512 B, 64 KiB, 256 MiB: the largest unit that divides `bytes`. */
void l4_text_size(struct l4_text *text, uint64_t bytes);

#endif
