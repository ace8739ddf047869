/*
 * What goes over the console device's ports: mirrors of the consoles, and the management session.
 */
#include <stdio.h>

#include <l4/log.h>
#include <l4/system.h>

#include "devmgr.h"

#define STALL_NS 1000000000ull /* the serial line waits so long for a port that takes nothing */
#define PIECE 256u

static struct {
    uint32_t control_line;
    bool control_open;
    struct l4_ring tx, rx; /* of the management session */
    uint32_t control_left; /* bytes of tx that the port has not taken */
    struct {
        uint32_t line;
        uint64_t stuck_ns; /* since when the port has taken nothing; 0: it takes */
    } console[MUX_CLIENTS];
} ports;

void ports_name(void)
{
    char name[VCON_NAME];
    ports.control_line = vcon_add(&devmgr.vcon, "org.pecan.control");
    for (uint32_t i = 0; i < devmgr.mux.count; i++) {
        (void)snprintf(name, sizeof name, "org.pecan.console.%s", devmgr.mux.client[i].name);
        ports.console[i].line = vcon_add(&devmgr.vcon, name);
    }
}

void ports_control_open(struct l4_console_page *page)
{
    l4_ring_reset(&page->tx);
    l4_ring_reset(&page->rx);
    l4_ring_init(&ports.tx, &page->tx, page->tx_data, sizeof page->tx_data);
    l4_ring_init(&ports.rx, &page->rx, page->rx_data, sizeof page->rx_data);
    ports.control_open = true;
}

void ports_control_close(void)
{
    ports.control_open = false;
}

/* --- Consoles -----------------------------------------------------------------------------------
 */

/* A port that takes nothing for a while is left behind, until it takes something again. */
static void watch(uint32_t i, bool moved, bool waiting)
{
    if (moved || !waiting) {
        ports.console[i].stuck_ns = 0;
        mux_mirror_stalled(&devmgr.mux, i, false);
        return;
    }
    const uint64_t now = l4_system_clock().ns;
    if (ports.console[i].stuck_ns == 0) {
        ports.console[i].stuck_ns = now;
    } else if (now - ports.console[i].stuck_ns >= STALL_NS) {
        mux_mirror_stalled(&devmgr.mux, i, true);
    }
}

static void tell_missed(uint32_t i)
{
    const uint32_t missed = mux_mirror_missed(&devmgr.mux, i);
    if (missed != 0) {
        l4_log("the port of console %s took nothing for a while: it missed %u bytes",
               devmgr.mux.client[i].name, (unsigned int)missed);
    }
}

static bool move_output(uint32_t i)
{
    uint8_t bytes[PIECE];
    bool moved = false;
    uint32_t count = 0;
    uint32_t sent = 0;
    mux_mirror(&devmgr.mux, i, vcon_is_open(&devmgr.vcon, ports.console[i].line));
    do {
        count = mux_mirror_peek(&devmgr.mux, i, bytes, sizeof bytes);
        sent = count == 0 ? 0 : vcon_send(&devmgr.vcon, ports.console[i].line, bytes, count);
        mux_mirror_done(&devmgr.mux, i, sent);
        moved = moved || sent != 0;
    } while (count != 0 && sent == count);
    watch(i, moved, count != 0);
    tell_missed(i);
    return moved;
}

static bool move_input(uint32_t i)
{
    const uint8_t *bytes = NULL;
    bool moved = false;
    uint32_t count = 0;
    while ((count = vcon_peek(&devmgr.vcon, ports.console[i].line, &bytes)) != 0) {
        const uint32_t taken = mux_mirror_input(&devmgr.mux, i, bytes, count);
        if (taken == 0) {
            break;
        }
        vcon_skip(&devmgr.vcon, ports.console[i].line, taken);
        moved = true;
    }
    return moved;
}

/* --- Management ---------------------------------------------------------------------------------
 */

static bool move_control(void)
{
    uint8_t bytes[PIECE];
    const uint8_t *input = NULL;
    bool moved = false;
    const uint32_t used = l4_ring_used(&ports.tx);
    uint32_t count = l4_ring_peek(&ports.tx, bytes, sizeof bytes);
    if (count != 0) {
        count = vcon_send(&devmgr.vcon, ports.control_line, bytes, count);
        l4_ring_skip(&ports.tx, count);
        moved = count != 0;
    }
    ports.control_left = used > count ? used - count : 0;
    count = vcon_peek(&devmgr.vcon, ports.control_line, &input);
    if (count != 0 && (count = l4_ring_put(&ports.rx, input, count)) != 0) {
        vcon_skip(&devmgr.vcon, ports.control_line, count);
        moved = true;
    }
    return moved;
}

bool ports_move(void)
{
    bool moved = false;
    if (devmgr.vcon.dev.base == 0) {
        return false;
    }
    for (uint32_t i = 0; i < devmgr.mux.count; i++) {
        moved |= move_output(i);
        moved |= move_input(i);
    }
    moved |= ports.control_open && move_control();
    return moved;
}

/* What the port has still to take needs no doorbell: the device tells when it has taken more. */
bool ports_sleep(void)
{
    if (!ports.control_open) {
        return true;
    }
    const bool input = vcon_is_open(&devmgr.vcon, ports.control_line);
    const uint8_t *bytes = NULL;
    const bool waits = vcon_peek(&devmgr.vcon, ports.control_line, &bytes) != 0;
    if (input && waits && !l4_ring_wait_space(&ports.rx)) {
        return false;
    }
    return l4_ring_wait_more(&ports.tx, ports.control_left);
}

bool ports_control_bell(void)
{
    if (!ports.control_open) {
        return false;
    }
    const bool output =
        l4_ring_used(&ports.tx) < ports.tx.size && l4_ring_must_wake_producer(&ports.tx);
    const bool input =
        l4_ring_space(&ports.rx) < ports.rx.size && l4_ring_must_wake_consumer(&ports.rx);
    return output || input;
}
