/*
 * The PL011's FIFOs, and the interrupts that depend on how full they are (DDI 0183 2.8, 3.3.9 to
 * 3.3.13).
 */
#include <string.h>

#include "pl011_internal.h"

static const uint8_t trigger_levels[8] = {2, 4, 8, 12, 14, 14, 14, 14};

uint32_t fifo_depth(const struct pl011_state *s)
{
    return (s->lcrh & LCRH_FEN) != 0 ? PL011_FIFO : 1u;
}

static uint32_t rx_trigger(const struct pl011_state *s)
{
    return (s->lcrh & LCRH_FEN) != 0 ? trigger_levels[(s->ifls >> 3) & 7u] : 1u;
}

static uint32_t tx_trigger(const struct pl011_state *s)
{
    return (s->lcrh & LCRH_FEN) != 0 ? trigger_levels[s->ifls & 7u] : 0u;
}

void fifo_reset(struct pl011_state *s)
{
    s->rx_first = s->rx_count = 0;
    s->tx_first = s->tx_count = 0;
    s->timeout_waits = 0;
    s->ris &= (uint16_t) ~(INT_RX | INT_RT);
}

/* UARTEN is not looked at: early consoles write to a port that, elsewhere, firmware has switched
 * on, and go on after a driver has put back the reset value that it found. */
static bool enabled(const struct pl011_state *s, uint32_t direction)
{
    return (s->cr & direction) != 0;
}

void rx_push(struct pl011_state *s, uint16_t character)
{
    if (s->rx_count >= fifo_depth(s)) {
        s->overrun = 1;
        s->rsr |= RSR_OE;
        s->ris |= INT_OE;
        return;
    }
    if (s->overrun) {
        character |= DR_OE;
        s->overrun = 0;
    }
    s->rx[(s->rx_first + s->rx_count) % PL011_FIFO] = character;
    s->rx_count++;
    if ((character & DR_BE) != 0) {
        s->ris |= INT_BE;
    }
    if (s->rx_count >= rx_trigger(s)) {
        s->ris |= INT_RX;
    }
    s->ris |= INT_RT;
    s->timeout_waits = 0;
}

uint16_t rx_pop(struct pl011 *uart)
{
    struct pl011_state *s = &uart->state;
    if (s->rx_count == 0) {
        return 0;
    }
    uint16_t character = s->rx[s->rx_first];
    s->rx_first = (uint8_t)((s->rx_first + 1u) % PL011_FIFO);
    s->rx_count--;
    s->rsr = (uint16_t)((s->rsr & RSR_OE) | ((character >> 8) & 0xfu));
    if (s->rx_count < rx_trigger(s)) {
        s->ris &= (uint16_t)~INT_RX;
    }
    if (s->rx_count == 0) {
        s->ris &= (uint16_t)~INT_RT;
        s->timeout_waits = 0;
        rx_pull(uart);
    }
    return character;
}

void rx_pull(struct pl011 *uart)
{
    struct pl011_state *s = &uart->state;
    if (!enabled(s, CR_RXE) || (s->cr & CR_LBE) != 0) {
        return;
    }
    uint8_t bytes[PL011_FIFO];
    uint32_t room = fifo_depth(s) - s->rx_count;
    uint32_t got = room == 0 ? 0 : uart->port.receive(uart->port.context, bytes, room);
    for (uint32_t i = 0; i < got && i < room; i++) {
        rx_push(s, bytes[i]);
    }
}

void tx_push(struct pl011 *uart, uint8_t byte)
{
    struct pl011_state *s = &uart->state;
    if (s->tx_count >= fifo_depth(s)) {
        return; /* lost, as on the wire */
    }
    s->tx[(s->tx_first + s->tx_count) % PL011_FIFO] = byte;
    s->tx_count++;
    if (s->tx_count > tx_trigger(s)) {
        s->ris &= (uint16_t)~INT_TX;
    }
    tx_pump(uart);
}

/* Sends up to `count` bytes that lie together; returns how many went. */
static uint32_t tx_send(struct pl011 *uart, uint32_t count)
{
    struct pl011_state *s = &uart->state;
    const uint8_t *bytes = &s->tx[s->tx_first];
    if ((s->cr & CR_LBE) == 0) {
        uint32_t sent = uart->port.transmit(uart->port.context, bytes, count);
        return sent < count ? sent : count;
    }
    uint32_t width = 5u + ((s->lcrh >> 5) & 3u);
    for (uint32_t i = 0; i < count && enabled(s, CR_RXE); i++) {
        rx_push(s, (uint16_t)(bytes[i] & ((1u << width) - 1u)));
    }
    return count;
}

void tx_pump(struct pl011 *uart)
{
    struct pl011_state *s = &uart->state;
    bool sent = false;
    while (s->tx_count != 0 && enabled(s, CR_TXE)) {
        uint32_t together = PL011_FIFO - s->tx_first;
        uint32_t count = s->tx_count < together ? s->tx_count : together;
        uint32_t went = tx_send(uart, count);
        s->tx_first = (uint8_t)((s->tx_first + went) % PL011_FIFO);
        s->tx_count = (uint8_t)(s->tx_count - went);
        sent = sent || went != 0;
        if (went < count) {
            break;
        }
    }
    if (sent && s->tx_count <= tx_trigger(s)) {
        s->ris |= INT_TX;
    }
}

void tx_break(struct pl011_state *s)
{
    if ((s->cr & CR_LBE) != 0 && enabled(s, CR_RXE)) {
        rx_push(s, DR_BE | DR_FE);
    }
}

bool pl011_output_done(const struct pl011 *uart)
{
    return uart->state.tx_count == 0 || !enabled(&uart->state, CR_TXE);
}
