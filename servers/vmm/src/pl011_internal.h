/* Shared between the files of the PL011 model; nobody else includes it. */
#ifndef VMM_PL011_INTERNAL_H
#define VMM_PL011_INTERNAL_H

#include <vmm/pl011.h>

#define FR_CTS 0x001u
#define FR_DSR 0x002u
#define FR_DCD 0x004u
#define FR_BUSY 0x008u
#define FR_RXFE 0x010u
#define FR_TXFF 0x020u
#define FR_RXFF 0x040u
#define FR_TXFE 0x080u
#define FR_RI 0x100u

#define DR_FE 0x100u
#define DR_BE 0x400u
#define DR_OE 0x800u
#define RSR_OE 0x8u

#define LCRH_BRK 0x01u
#define LCRH_FEN 0x10u

#define CR_LBE 0x0080u
#define CR_TXE 0x0100u
#define CR_RXE 0x0200u
#define CR_DTR 0x0400u
#define CR_RTS 0x0800u
#define CR_OUT1 0x1000u
#define CR_OUT2 0x2000u

#define INT_RI 0x001u
#define INT_CTS 0x002u
#define INT_DCD 0x004u
#define INT_DSR 0x008u
#define INT_RX 0x010u
#define INT_TX 0x020u
#define INT_RT 0x040u
#define INT_FE 0x080u
#define INT_PE 0x100u
#define INT_BE 0x200u
#define INT_OE 0x400u
#define INT_ALL 0x7ffu

/* pl011_fifo.c */

uint32_t fifo_depth(const struct pl011_state *s);
void fifo_reset(struct pl011_state *s);

/* A character arrives on the wire. */
void rx_push(struct pl011_state *s, uint16_t character);

/* The guest reads UARTDR; 0 when the FIFO is empty. */
uint16_t rx_pop(struct pl011 *uart);

/* Takes input from the console as far as there is room. */
void rx_pull(struct pl011 *uart);

/* The guest writes UARTDR. */
void tx_push(struct pl011 *uart, uint8_t byte);

/* Sends what can be sent. */
void tx_pump(struct pl011 *uart);

/* The wire is held at break, which a looped-back receiver sees. */
void tx_break(struct pl011_state *s);

#endif
