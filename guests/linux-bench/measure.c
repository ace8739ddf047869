#include "measure.h"
#include "sys.h"

#define TCSBRK 0x5409
#define MAX_ERRNO 4095

uint32_t sample[SAMPLES];

void put(const char *text)
{
    uint32_t length = 0;

    while (text[length] != '\0') {
        length++;
    }
    (void)sys3(SYS_write, 1, PTR(text), (long)length);
}

void drain(void)
{
    (void)sys3(SYS_ioctl, 1, TCSBRK, 1);
}

void put_number(uint32_t value)
{
    char text[11];
    char *at = text + sizeof text - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    put(at);
}

void put_hex(const uint8_t *bytes, uint32_t count)
{
    static const char digit[] = "0123456789abcdef";
    char text[3] = {0};

    for (uint32_t i = 0; i < count; i++) {
        text[0] = digit[bytes[i] >> 4];
        text[1] = digit[bytes[i] & 15u];
        put(text);
    }
}

static void sort(void)
{
    for (uint32_t i = 1; i < SAMPLES; i++) {
        uint32_t value = sample[i];
        uint32_t j = i;

        for (; j > 0 && sample[j - 1] > value; j--) {
            sample[j] = sample[j - 1];
        }
        sample[j] = value;
    }
}

static void put_row(const char *name, uint32_t least, uint32_t middle, uint32_t most)
{
    put("BENCH ");
    put(name);
    put(" min=");
    put_number(least);
    put(" med=");
    put_number(middle);
    put(" max=");
    put_number(most);
    put("\n");
    drain();
}

void report(const char *name)
{
    sort();
    put_row(name, sample[0], sample[SAMPLES / 2], sample[SAMPLES - 1]);
}

void report_one(const char *name, uint32_t value)
{
    put_row(name, value, value, value);
}

long check(const char *what, long result)
{
    if (result < 0 && result >= -MAX_ERRNO) {
        put("FAILED ");
        put(what);
        put(": errno ");
        put_number((uint32_t)-result);
        put("\n");
        drain();
        for (;;) {
            (void)sys3(SYS_exit, 1, 0, 0);
        }
    }
    return result;
}
