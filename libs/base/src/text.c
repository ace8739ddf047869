#include <l4/base/text.h>

void l4_text_init(struct l4_text *text, char *buffer, size_t size)
{
    text->buffer = buffer;
    text->size = size;
    text->length = 0;
    buffer[0] = '\0';
}

void l4_text_char(struct l4_text *text, char c)
{
    if (text->length + 1 < text->size) {
        text->buffer[text->length++] = c;
        text->buffer[text->length] = '\0';
    }
}

void l4_text_string(struct l4_text *text, const char *string)
{
    while (*string != '\0') {
        l4_text_char(text, *string++);
    }
}

/* Long division by 10: needs no 64-bit division helper of the compiler. */
static uint64_t divide_by_ten(uint64_t value, unsigned int *remainder)
{
    uint64_t quotient = 0;
    uint64_t rest = 0;
    for (int bit = 63; bit >= 0; bit--) {
        rest = rest << 1 | ((value >> bit) & 1u);
        if (rest >= 10u) {
            rest -= 10u;
            quotient |= UINT64_C(1) << bit;
        }
    }
    *remainder = (unsigned int)rest;
    return quotient;
}

void l4_text_decimal(struct l4_text *text, uint64_t value)
{
    char digits[20];
    unsigned int count = 0;
    do {
        unsigned int digit = 0;
        value = divide_by_ten(value, &digit);
        digits[count++] = (char)('0' + digit);
    } while (value != 0);
    while (count > 0) {
        l4_text_char(text, digits[--count]);
    }
}

void l4_text_hex(struct l4_text *text, uint64_t value, unsigned int digits)
{
    l4_text_string(text, "0x");
    unsigned int count = 16;
    while (count > 1 && count > digits && (value >> (4u * (count - 1))) == 0) {
        count--;
    }
    while (count > 0) {
        count--;
        l4_text_char(text, "0123456789abcdef"[(value >> (4u * count)) & 15u]);
    }
}

void l4_text_size(struct l4_text *text, uint64_t bytes)
{
    static const char *const unit[] = {" B", " KiB", " MiB", " GiB"};
    unsigned int i = 0;
    while (i < 3 && bytes != 0 && (bytes & 1023u) == 0) {
        bytes >>= 10;
        i++;
    }
    l4_text_decimal(text, bytes);
    l4_text_string(text, unit[i]);
}
