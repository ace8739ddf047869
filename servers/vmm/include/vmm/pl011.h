/*
 * The guest's serial port: a PL011 (ARM DDI 0183), FIFOs 16 deep, without DMA.
 *
 * Bytes leave as soon as the console takes them; what it does not take stays in the transmit FIFO
 * (UARTFR.TXFF and BUSY tell the guest) until pl011_console_ready(). Input is taken from the
 * console only as the receive FIFO has room, so none is lost. UARTCR.TXE and RXE count; UARTEN does
 * not, as in QEMU.
 */
#ifndef VMM_PL011_H
#define VMM_PL011_H

#include <stdbool.h>
#include <stdint.h>

#include <vmm/mmio.h>

#define PL011_BASE 0x09000000u
#define PL011_IRQ 33u
#define PL011_FIFO 16u

struct pl011_port {
    void *context;
    void (*irq)(void *context, bool level);
    /* Returns how many of the bytes the console took; after fewer, pl011_console_ready() follows.
     */
    uint32_t (*transmit)(void *context, const uint8_t *bytes, uint32_t count);
    /* Returns how many bytes it gave; after fewer than asked, pl011_console_ready() follows. */
    uint32_t (*receive)(void *context, uint8_t *bytes, uint32_t count);
};

struct pl011_state {
    uint16_t rx[PL011_FIFO]; /* data with the error bits of UARTDR */
    uint8_t tx[PL011_FIFO];
    uint8_t rx_first, rx_count;
    uint8_t tx_first, tx_count;
    uint8_t line;          /* the interrupt line */
    uint8_t overrun;       /* the next character received is marked */
    uint8_t timeout_waits; /* data is left, but the timeout interrupt was cleared */
    uint16_t modem;        /* modem inputs, as in UARTFR */
    uint16_t flags;        /* UARTFR whole, kept up to date */
    uint16_t rsr, ilpr, ibrd, fbrd, lcrh, cr, ifls, imsc, ris, dmacr;
};

struct pl011 {
    struct pl011_state state;
    struct pl011_port port;
};

extern const struct device_ops pl011_ops; /* state: struct pl011 */

void pl011_init(struct pl011 *uart, const struct pl011_port *port);

/* Back to the state after reset; the interrupt line goes low. */
void pl011_reset(struct pl011 *uart);

/* The console may have input, or room for output. */
void pl011_console_ready(struct pl011 *uart);

/* True when the console has taken all that the guest sent and that can be sent. */
bool pl011_output_done(const struct pl011 *uart);

/* The receive timeout: true while one is running; pl011_timeout() says that it has passed (any
 * time: on the wire it is 32 bits). */
static inline bool pl011_timeout_runs(const struct pl011 *uart)
{
    return uart->state.timeout_waits != 0;
}
void pl011_timeout(struct pl011 *uart);

#endif
