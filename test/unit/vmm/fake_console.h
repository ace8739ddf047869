/*
 * A PL011 between a console that takes and gives what a test says, and an interrupt line. Included
 * by one file a program: it holds the objects.
 */
#ifndef FAKE_CONSOLE_H
#define FAKE_CONSOLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/pl011.h>

enum {
    DR = 0,
    RSR = 4,
    FR = 0x18,
    ILPR = 0x20,
    IBRD = 0x24,
    FBRD = 0x28,
    LCRH = 0x2c,
    CR = 0x30,
    IFLS = 0x34,
    IMSC = 0x38,
    RIS = 0x3c,
    MIS = 0x40,
    ICR = 0x44,
    DMACR = 0x48
};

static struct pl011 uart;

static struct {
    char out[256];
    uint32_t out_count, out_room;
    const char *in;
    bool level;
    uint32_t edges;
} world;

static void irq(void *context, bool level)
{
    (void)context;
    world.level = level;
    world.edges++;
}

static uint32_t transmit(void *context, const uint8_t *bytes, uint32_t count)
{
    (void)context;
    uint32_t n = count < world.out_room ? count : world.out_room;
    memcpy(&world.out[world.out_count], bytes, n);
    world.out_count += n;
    world.out_room -= n;
    return n;
}

static uint32_t receive(void *context, uint8_t *bytes, uint32_t count)
{
    (void)context;
    uint32_t n = 0;
    while (n < count && *world.in != 0) {
        bytes[n++] = (uint8_t)*world.in++;
    }
    return n;
}

static uint32_t rd(uint32_t offset)
{
    struct mmio access = {.offset = offset, .size = 4, .value = 0xdeadbeef};
    assert_int_equal(pl011_ops.read(&uart, &access), L4_OK);
    return access.value;
}

static void wr(uint32_t offset, uint32_t value)
{
    struct mmio access = {.offset = offset, .size = 4, .value = value};
    assert_int_equal(pl011_ops.write(&uart, &access), L4_OK);
}

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    world.in = "";
    world.out_room = 200;
    const struct pl011_port port = {NULL, irq, transmit, receive};
    pl011_init(&uart, &port);
    return 0;
}

static inline void input(const char *text)
{
    world.in = text;
    pl011_console_ready(&uart);
}

/* The tests of test_pl011_loopback.c; returns how many failed. */
int test_pl011_loopback(void);

#endif
