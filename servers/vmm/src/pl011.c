/*
 * The PL011's registers (DDI 0183 chapter 3). pl011_read() of UARTFR is what vm.mmio measures.
 */
#include <string.h>

#include "pl011_internal.h"

enum pl011_register {
    UARTDR = 0x00,
    UARTRSR = 0x04, /* write: UARTECR */
    UARTFR = 0x18,
    UARTILPR = 0x20,
    UARTIBRD = 0x24,
    UARTFBRD = 0x28,
    UARTLCR_H = 0x2c,
    UARTCR = 0x30,
    UARTIFLS = 0x34,
    UARTIMSC = 0x38,
    UARTRIS = 0x3c,
    UARTMIS = 0x40,
    UARTICR = 0x44,
    UARTDMACR = 0x48,
    UARTID = 0xfe0,
};

#define CR_MASK 0xff87u
#define CR_RESET (CR_TXE | CR_RXE)
#define IFLS_RESET 0x12u

/* PeriphID0..3 (revision 1: 16 deep FIFOs), PCellID0..3. */
static const uint8_t pl011_id[8] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint16_t flags_of(const struct pl011_state *s)
{
    uint32_t value = s->modem;
    value |= s->rx_count == 0 ? FR_RXFE : 0;
    value |= s->rx_count >= fifo_depth(s) ? FR_RXFF : 0;
    value |= s->tx_count == 0 ? FR_TXFE : FR_BUSY;
    value |= s->tx_count >= fifo_depth(s) ? FR_TXFF : 0;
    return (uint16_t)value;
}

/* What follows from the rest of the state: flags and the interrupt line. */
static void state_update(struct pl011 *uart)
{
    struct pl011_state *s = &uart->state;
    uint8_t line = (s->ris & s->imsc) != 0;
    s->flags = flags_of(s);
    if (line != s->line) {
        s->line = line;
        uart->port.irq(uart->port.context, line != 0);
    }
}

static __attribute__((noinline)) uint32_t register_read(struct pl011 *uart, uint32_t offset)
{
    struct pl011_state *s = &uart->state;
    uint32_t value = 0;
    switch (offset) {
    case UARTDR:
        value = rx_pop(uart);
        state_update(uart);
        return value;
    case UARTRSR:
        return s->rsr;
    case UARTILPR:
        return s->ilpr;
    case UARTIBRD:
        return s->ibrd;
    case UARTFBRD:
        return s->fbrd;
    case UARTLCR_H:
        return s->lcrh;
    case UARTCR:
        return s->cr;
    case UARTIFLS:
        return s->ifls;
    case UARTIMSC:
        return s->imsc;
    case UARTRIS:
        return s->ris;
    case UARTMIS:
        return s->ris & s->imsc;
    case UARTDMACR:
        return s->dmacr;
    default:
        return offset >= UARTID ? pl011_id[(offset - UARTID) / 4u] : 0;
    }
}

/* Modem inputs: a terminal that is always there, or the outputs looped back (3.3.8). */
static void modem_update(struct pl011_state *s)
{
    uint16_t now = FR_CTS | FR_DSR | FR_DCD;
    if ((s->cr & CR_LBE) != 0) {
        now =
            (uint16_t)(((s->cr & CR_RTS) != 0 ? FR_CTS : 0) | ((s->cr & CR_DTR) != 0 ? FR_DSR : 0) |
                       ((s->cr & CR_OUT1) != 0 ? FR_DCD : 0) |
                       ((s->cr & CR_OUT2) != 0 ? FR_RI : 0));
    }
    uint16_t changed = s->modem ^ now;
    s->ris |=
        (uint16_t)(((changed & FR_CTS) != 0 ? INT_CTS : 0) |
                   ((changed & FR_DSR) != 0 ? INT_DSR : 0) |
                   ((changed & FR_DCD) != 0 ? INT_DCD : 0) | ((changed & FR_RI) != 0 ? INT_RI : 0));
    s->modem = now;
}

static void control_write(struct pl011 *uart, uint32_t value)
{
    struct pl011_state *s = &uart->state;
    s->cr = (uint16_t)(value & CR_MASK);
    modem_update(s);
    tx_pump(uart);
    rx_pull(uart);
}

static void line_control_write(struct pl011 *uart, uint32_t value)
{
    struct pl011_state *s = &uart->state;
    uint32_t changed = s->lcrh ^ value;
    if ((changed & LCRH_FEN) != 0) {
        fifo_reset(s);
    }
    s->lcrh = (uint16_t)(value & 0xffu);
    if ((changed & value & LCRH_BRK) != 0) {
        tx_break(s);
    }
    rx_pull(uart);
}

static void interrupt_clear(struct pl011_state *s, uint32_t value)
{
    if ((value & s->ris & INT_RT) != 0 && s->rx_count != 0) {
        s->timeout_waits = 1;
    }
    s->ris &= (uint16_t) ~(value & INT_ALL);
}

static void register_write(struct pl011 *uart, uint32_t offset, uint32_t value)
{
    struct pl011_state *s = &uart->state;
    switch (offset) {
    case UARTDR:
        tx_push(uart, (uint8_t)value);
        break;
    case UARTRSR:
        s->rsr = 0;
        break;
    case UARTILPR:
        s->ilpr = (uint16_t)(value & 0xffu);
        break;
    case UARTIBRD:
        s->ibrd = (uint16_t)value;
        break;
    case UARTFBRD:
        s->fbrd = (uint16_t)(value & 0x3fu);
        break;
    case UARTLCR_H:
        line_control_write(uart, value);
        break;
    case UARTCR:
        control_write(uart, value);
        break;
    case UARTIFLS:
        s->ifls = (uint16_t)(value & 0x3fu);
        break;
    case UARTIMSC:
        s->imsc = (uint16_t)(value & INT_ALL);
        break;
    case UARTICR:
        interrupt_clear(s, value);
        break;
    case UARTDMACR:
        s->dmacr = (uint16_t)(value & 7u);
        break;
    default: /* read-only or reserved */
        break;
    }
    state_update(uart);
}

/* All registers are at most 16 bits wide at word offsets; a byte access to the upper half reads 0
 * and one to the second byte is taken as that byte of the register. */
static l4_status_t pl011_read(void *state, struct mmio *access)
{
    const struct pl011 *uart = state;
    uint32_t offset = access->offset & 0xffcu;
    uint32_t word = offset == UARTFR ? uart->state.flags : register_read(state, offset);
    mmio_answer(access, word);
    return L4_OK;
}

static l4_status_t pl011_write(void *state, struct mmio *access)
{
    if ((access->offset & 3u) == 0) {
        register_write(state, access->offset & 0xffcu, access->value);
    }
    return L4_OK;
}

const struct device_ops pl011_ops = {pl011_read, pl011_write};

void pl011_init(struct pl011 *uart, const struct pl011_port *port)
{
    memset(uart, 0, sizeof(*uart));
    uart->port = *port;
    pl011_reset(uart);
}

void pl011_reset(struct pl011 *uart)
{
    uint8_t line = uart->state.line;
    memset(&uart->state, 0, sizeof(uart->state));
    uart->state.cr = CR_RESET;
    uart->state.ifls = IFLS_RESET;
    uart->state.modem = FR_CTS | FR_DSR | FR_DCD;
    uart->state.line = line;
    state_update(uart);
}

void pl011_console_ready(struct pl011 *uart)
{
    tx_pump(uart);
    rx_pull(uart);
    state_update(uart);
}

void pl011_timeout(struct pl011 *uart)
{
    if (uart->state.timeout_waits != 0) {
        uart->state.timeout_waits = 0;
        uart->state.ris |= INT_RT;
        state_update(uart);
    }
}
