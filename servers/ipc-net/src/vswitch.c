/*
 * The switch's ports and turns; what happens to a frame is in forward.c.
 */
#include <string.h>

#include "forward.h"

#define BYTES_PER_KBIT 125u

static uint64_t mac_of(const uint8_t mac[6])
{
    uint64_t address = 0;
    memcpy(&address, mac, 6);
    return address != 0 ? address : VSWITCH_NO_MAC;
}

void vswitch_init(struct vswitch *vswitch, const struct l4_start_port *port, uint32_t count,
                  struct l4_net_counters *counters)
{
    memset(vswitch, 0, sizeof *vswitch);
    vswitch->count = count < VSWITCH_PORTS ? count : VSWITCH_PORTS;
    for (uint32_t i = 0; i < vswitch->count; i++) {
        struct vswitch_port *const to = &vswitch->port[i];
        to->mac = mac_of(port[i].mac);
        to->any_mac = (port[i].flags & L4_PORT_ANY_MAC) != 0;
        to->counters = &counters[i];
        for (uint32_t other = 0; other < vswitch->count; other++) {
            if (other != i && port[other].network == port[i].network) {
                to->network |= 1u << other;
            }
        }
        to->peers = port[i].peers & to->network;
        limit_init(&to->rate, (uint64_t)port[i].rate_kbps * BYTES_PER_KBIT, VSWITCH_RATE_BURST_NS,
                   VSWITCH_RATE_BURST_BYTES);
        limit_init(&to->broadcast, port[i].broadcast_pps, VSWITCH_BROADCAST_BURST_NS,
                   VSWITCH_BROADCAST_BURST);
    }
}

void vswitch_port_up(struct vswitch *vswitch, uint32_t i, enum vswitch_side side,
                     struct l4_net_page *page)
{
    struct vswitch_port *const port = &vswitch->port[i];
    const bool server = side == VSWITCH_SERVER;
    l4_ring_init(&port->in, server ? &page->tx : &page->rx, NULL, L4_NET_SLOTS);
    l4_ring_init(&port->out, server ? &page->rx : &page->tx, NULL, L4_NET_SLOTS);
    port->in_slot = server ? page->tx_slot : page->rx_slot;
    port->out_slot = server ? page->rx_slot : page->tx_slot;
    port->stalled = false;
    port->full_until = 0;
    learn_clear(&port->learn);
    vswitch->up |= 1u << i;
    vswitch->ready |= 1u << i; /* so that the next run asks for its doorbell */
}

void vswitch_port_down(struct vswitch *vswitch, uint32_t i)
{
    vswitch->up &= ~(1u << i);
    vswitch->ready &= ~(1u << i);
    learn_clear(&vswitch->port[i].learn);
}

/* Some frames of port i; returns how many. */
static uint32_t serve(struct vswitch *vswitch, uint32_t i)
{
    struct vswitch_port *const port = &vswitch->port[i];
    const uint32_t used = l4_ring_used(&port->in);
    const uint32_t most = used < VSWITCH_BATCH ? used : VSWITCH_BATCH;
    uint32_t taken = 0;
    vswitch->held &= ~(1u << i);
    while (taken < most) {
        const uint32_t slot = (port->in.index + taken) % L4_NET_SLOTS;
        if (!forward(vswitch, i, &port->in_slot[slot])) {
            vswitch->held |= 1u << i;
            break;
        }
        taken++;
    }
    if (taken != 0) {
        l4_ring_skip(&port->in, taken);
        vswitch->taken |= 1u << i;
    }
    return taken;
}

static bool serve_all(struct vswitch *vswitch)
{
    bool moved = false;
    for (uint32_t n = 0; n < vswitch->count; n++) {
        const uint32_t next = vswitch->turn + n;
        const uint32_t i = next < vswitch->count ? next : next - vswitch->count;
        if ((vswitch->ready >> i & 1u) != 0) {
            moved |= serve(vswitch, i) != 0;
        }
    }
    vswitch->turn = vswitch->turn + 1u < vswitch->count ? vswitch->turn + 1u : 0;
    return moved;
}

/* Who has nothing more is not looked at again before its doorbell rings. */
static void sleep_all(struct vswitch *vswitch)
{
    for (uint32_t left = vswitch->ready & ~vswitch->held; left != 0; left &= left - 1u) {
        const uint32_t i = (uint32_t)__builtin_ctz(left);
        if (l4_ring_consumer_broken(&vswitch->port[i].in)) {
            vswitch->broken |= 1u << i;
        } else if (l4_ring_wait_data(&vswitch->port[i].in)) {
            vswitch->ready &= ~(1u << i);
        } else {
            vswitch->again = 0;
        }
    }
}

static void drop_broken(struct vswitch *vswitch)
{
    for (uint32_t left = vswitch->broken; left != 0; left &= left - 1u) {
        const uint32_t i = (uint32_t)__builtin_ctz(left);
        vswitch->port[i].counters->errors++;
        vswitch_port_down(vswitch, i);
    }
}

static uint32_t doorbells(struct vswitch *vswitch)
{
    uint32_t ring = 0;
    for (uint32_t left = (vswitch->taken | vswitch->delivered) & vswitch->up; left != 0;
         left &= left - 1u) {
        const uint32_t i = (uint32_t)__builtin_ctz(left);
        struct vswitch_port *const port = &vswitch->port[i];
        bool wake = (vswitch->delivered >> i & 1u) != 0 && l4_ring_must_wake_consumer(&port->out);
        if ((vswitch->taken >> i & 1u) != 0) {
            wake |= l4_ring_must_wake_producer(&port->in);
        }
        ring |= wake ? 1u << i : 0;
    }
    return ring;
}

void vswitch_run(struct vswitch *vswitch, uint32_t rung, uint64_t now,
                 struct vswitch_outcome *outcome)
{
    vswitch->ready |= rung & vswitch->up;
    vswitch->now = now;
    vswitch->tick = (uint32_t)(now >> LEARN_TICK_SHIFT);
    vswitch->again = VSWITCH_NEVER;
    vswitch->held = vswitch->taken = vswitch->delivered = vswitch->broken = 0;
    for (uint32_t round = 0; round < VSWITCH_ROUNDS && serve_all(vswitch); round++) {
    }
    sleep_all(vswitch);
    drop_broken(vswitch);
    outcome->ring = doorbells(vswitch);
    outcome->broken = vswitch->broken;
    outcome->again = vswitch->again;
}
