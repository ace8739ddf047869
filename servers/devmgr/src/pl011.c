#include <devmgr/pl011.h>

/* Word indices of the registers. */
enum {
    DR = 0x00 / 4,
    FR = 0x18 / 4,
    LCRH = 0x2c / 4,
    CR = 0x30 / 4,
    IFLS = 0x34 / 4,
    IMSC = 0x38 / 4,
    ICR = 0x44 / 4,
};

#define FR_BUSY 0x08u
#define FR_RXFE 0x10u
#define FR_TXFF 0x20u
#define FR_TXFE 0x80u
#define FIFO_BYTES 16u /* 32 from r1p5 on */
#define LCRH_FEN 0x10u
#define CR_ENABLE 0x301u /* UART, transmit, receive */
#define IFLS_TX_1_4_RX_1_8 0x01u
#define INT_RX 0x10u
#define INT_TX 0x20u
#define INT_RX_TIMEOUT 0x40u
#define INT_ALL 0x7ffu

void pl011_init(struct pl011 *uart, volatile uint32_t *base)
{
    uart->base = base;
    uart->mask = INT_RX | INT_RX_TIMEOUT;
    uart->room = 0;
    base[IMSC] = 0;
    base[ICR] = INT_ALL;
    base[LCRH] |= LCRH_FEN;
    base[IFLS] = IFLS_TX_1_4_RX_1_8;
    base[CR] |= CR_ENABLE;
    base[IMSC] = uart->mask;
}

bool pl011_put(struct pl011 *uart, uint8_t byte)
{
    if (uart->room == 0) {
        const uint32_t flags = uart->base[FR];
        uart->room = (flags & FR_TXFE) != 0 ? FIFO_BYTES : (flags & FR_TXFF) != 0 ? 0 : 1;
    }
    if (uart->room == 0) {
        return false;
    }
    uart->room--;
    uart->base[DR] = byte;
    return true;
}

bool pl011_get(struct pl011 *uart, uint8_t *byte)
{
    if ((uart->base[FR] & FR_RXFE) != 0) {
        return false;
    }
    *byte = (uint8_t)uart->base[DR];
    return true;
}

void pl011_want(struct pl011 *uart, bool transmit, bool receive)
{
    const uint32_t mask = (transmit ? INT_TX : 0) | (receive ? INT_RX | INT_RX_TIMEOUT : 0);
    if (mask != uart->mask) {
        uart->mask = mask;
        uart->base[IMSC] = mask;
    }
}

void pl011_acknowledge(struct pl011 *uart)
{
    uart->base[ICR] = INT_ALL & ~(INT_RX | INT_TX);
}

bool pl011_busy(const struct pl011 *uart)
{
    return (uart->base[FR] & FR_BUSY) != 0;
}
