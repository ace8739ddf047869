/*
 * PL011 UART (ARM DDI 0183), interrupt driven. Pure but for the registers behind `base`.
 */
#ifndef DEVMGR_PL011_H
#define DEVMGR_PL011_H

#include <stdbool.h>
#include <stdint.h>

struct pl011 {
    volatile uint32_t *base;
    uint32_t mask; /* what IMSC was last set to */
    uint32_t room; /* bytes that the transmit FIFO takes for certain */
};

/* FIFOs on, receive interrupts on; line parameters stay as the firmware set them. */
void pl011_init(struct pl011 *uart, volatile uint32_t *base);

/* False: the transmit FIFO is full. */
bool pl011_put(struct pl011 *uart, uint8_t byte);

/* False: the receive FIFO is empty. Bytes with a receive error are passed on as they came. */
bool pl011_get(struct pl011 *uart, uint8_t *byte);

/* Interrupt wanted when there is room to transmit, and when something was received. */
void pl011_want(struct pl011 *uart, bool transmit, bool receive);

/* Clears the interrupts that are not conditions of a FIFO. */
void pl011_acknowledge(struct pl011 *uart);

/* True while bits are still being shifted out. */
bool pl011_busy(const struct pl011 *uart);

#endif
