/*
 * One frame: policy, learning, who gets it, the copy.
 */
#include <string.h>

#include "forward.h"

#define ADDRESS_WORDS 3u
#define ADDRESS_BYTES 12u
#define GROUP_BIT 1u /* of an address's first byte: broadcast or multicast */

/* A frame that is being judged. The slot may change meanwhile, these copies cannot. */
struct frame {
    uint32_t size;
    uint32_t address[ADDRESS_WORDS]; /* destination and source, as on the wire */
    uint64_t destination, source;
    const uint8_t *bytes;
};

static bool frame_read(struct frame *frame, const struct l4_net_slot *slot)
{
    const uint32_t size = __atomic_load_n(&slot->size, __ATOMIC_RELAXED);
    if (size < L4_NET_FRAME_MIN || size > L4_NET_FRAME_MAX) {
        return false;
    }
    frame->size = size;
    const uint32_t *const words = (const uint32_t *)(const void *)slot->frame;
    for (uint32_t i = 0; i < ADDRESS_WORDS; i++) {
        frame->address[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
    }
    frame->destination = frame->address[0] | (uint64_t)(frame->address[1] & 0xffffu) << 32;
    frame->source = frame->address[1] >> 16 | (uint64_t)frame->address[2] << 16;
    frame->bytes = slot->frame;
    return true;
}

/* The other port of the switch that has this address, as a bit; 0: none has. */
static uint32_t owner_of(const struct vswitch *vswitch, const struct vswitch_port *port,
                         uint64_t address)
{
    for (uint32_t left = port->network; left != 0; left &= left - 1u) {
        const struct vswitch_port *const other = &vswitch->port[__builtin_ctz(left)];
        if (other->mac == address ||
            (other->any_mac && learn_has(&other->learn, address, vswitch->tick))) {
            return left & -left;
        }
    }
    return 0;
}

static void learn_source(struct vswitch *vswitch, struct vswitch_port *port, uint64_t source)
{
    if (!learn_add(&port->learn, source, vswitch->tick)) {
        return;
    }
    for (uint32_t left = port->network; left != 0; left &= left - 1u) {
        learn_forget(&vswitch->port[__builtin_ctz(left)].learn, source);
    }
}

static bool fixed_elsewhere(const struct vswitch *vswitch, const struct vswitch_port *port,
                            uint64_t address)
{
    for (uint32_t left = port->network; left != 0; left &= left - 1u) {
        if (vswitch->port[__builtin_ctz(left)].mac == address) {
            return true;
        }
    }
    return false;
}

/* May the port send under this address? A port's own address is nobody else's, ever. */
static bool source_allowed(const struct vswitch *vswitch, const struct vswitch_port *port,
                           uint64_t source)
{
    if (source == 0 || (source & GROUP_BIT) != 0) {
        return false;
    }
    return source == port->mac || (port->any_mac && !fixed_elsewhere(vswitch, port, source));
}

/* An address that nobody has been seen with can only be behind a port that may have several. */
static uint32_t flood(const struct vswitch *vswitch, const struct vswitch_port *port)
{
    uint32_t ports = 0;
    for (uint32_t left = port->peers; left != 0; left &= left - 1u) {
        if (vswitch->port[__builtin_ctz(left)].any_mac) {
            ports |= left & -left;
        }
    }
    return ports;
}

/* The clock that a full port started stops when it has taken a good part: one that takes a frame in
 * time for the next delay would set the pace of whoever has frames for it. */
static bool has_room(struct vswitch *vswitch, uint32_t i)
{
    struct vswitch_port *const port = &vswitch->port[i];
    const uint32_t space = l4_ring_space(&port->out);
    if (space >= L4_NET_SLOTS / 2u) {
        port->stalled = false;
        port->full_until = 0;
    }
    if (space != 0) {
        return true;
    }
    if (l4_ring_producer_broken(&port->out)) {
        vswitch->broken |= 1u << i;
    }
    return false;
}

/* Is it worth waiting for the one receiver of a frame? */
static bool must_wait(struct vswitch *vswitch, uint32_t to)
{
    const uint32_t i = (uint32_t)__builtin_ctz(to);
    struct vswitch_port *const port = &vswitch->port[i];
    if ((vswitch->up & to) == 0 || has_room(vswitch, i) || port->stalled ||
        (vswitch->broken & to) != 0) {
        return false;
    }
    if (port->full_until == 0) {
        port->full_until = vswitch->now + VSWITCH_HOLD_NS;
    }
    if (vswitch->now >= port->full_until) {
        port->stalled = true;
        return false;
    }
    if (!l4_ring_wait_space(&port->out)) {
        return false; /* there is room meanwhile */
    }
    if (port->full_until < vswitch->again) {
        vswitch->again = port->full_until;
    }
    return true;
}

static void deliver(struct vswitch *vswitch, uint32_t to, const struct frame *frame)
{
    struct vswitch_port *const port = &vswitch->port[to];
    if ((vswitch->up >> to & 1u) == 0 || !has_room(vswitch, to)) {
        port->counters->dropped_full++;
        return;
    }
    struct l4_net_slot *const slot = &port->out_slot[l4_ring_slot(&port->out)];
    slot->size = frame->size;
    memset(slot->header, 0, sizeof slot->header);
    memcpy(slot->frame, frame->address, ADDRESS_BYTES);
    memcpy(slot->frame + ADDRESS_BYTES, frame->bytes + ADDRESS_BYTES, frame->size - ADDRESS_BYTES);
    l4_ring_publish(&port->out, 1);
    port->counters->rx_frames++;
    port->counters->rx_bytes += frame->size;
    vswitch->delivered |= 1u << to;
}

/* Who gets the frame? False: policy says no. */
static bool find_receivers(const struct vswitch *vswitch, const struct vswitch_port *port,
                           uint64_t destination, uint32_t *to)
{
    if ((destination & GROUP_BIT) != 0) {
        *to = port->peers;
        return true;
    }
    const bool own = destination == port->mac ||
                     (port->any_mac && learn_has(&port->learn, destination, vswitch->tick));
    const uint32_t owner = own ? 0 : owner_of(vswitch, port, destination);
    *to = own || owner != 0 ? owner : flood(vswitch, port);
    return (owner & ~port->peers) == 0;
}

/* False: dropped. */
static bool broadcast_allowed(struct vswitch *vswitch, struct vswitch_port *port,
                              uint64_t destination)
{
    if ((destination & GROUP_BIT) == 0) {
        return true;
    }
    if (!limit_allows(&port->broadcast, vswitch->now)) {
        port->counters->dropped_rate++;
        return false;
    }
    limit_charge(&port->broadcast, 1, vswitch->now);
    return true;
}

static void send(struct vswitch *vswitch, struct vswitch_port *port, const struct frame *frame,
                 uint32_t to)
{
    if (!broadcast_allowed(vswitch, port, frame->destination)) {
        return;
    }
    port->counters->tx_frames++;
    port->counters->tx_bytes += frame->size;
    for (; to != 0; to &= to - 1u) {
        deliver(vswitch, (uint32_t)__builtin_ctz(to), frame);
    }
}

/* A frame that the rate lets through. False: it has to wait. */
static bool judge(struct vswitch *vswitch, struct vswitch_port *port, const struct frame *frame)
{
    uint32_t to = 0;
    if (!source_allowed(vswitch, port, frame->source)) {
        port->counters->dropped_policy++;
        return true;
    }
    if (frame->source != port->mac) {
        learn_source(vswitch, port, frame->source);
    }
    if (!find_receivers(vswitch, port, frame->destination, &to)) {
        port->counters->dropped_policy++;
        return true;
    }
    const bool one = to != 0 && (to & (to - 1u)) == 0 && (frame->destination & GROUP_BIT) == 0;
    if (one && must_wait(vswitch, to)) {
        return false;
    }
    send(vswitch, port, frame, to);
    return true;
}

bool forward(struct vswitch *vswitch, uint32_t i, const struct l4_net_slot *slot)
{
    struct vswitch_port *const port = &vswitch->port[i];
    struct frame frame = {.size = L4_NET_FRAME_MAX}; /* what a malformed one costs */
    if (!limit_allows(&port->rate, vswitch->now)) {
        const uint64_t ready = limit_ready(&port->rate);
        vswitch->again = ready < vswitch->again ? ready : vswitch->again;
        return false;
    }
    if (!frame_read(&frame, slot)) {
        port->counters->errors++;
    } else if (!judge(vswitch, port, &frame)) {
        return false;
    }
    limit_charge(&port->rate, frame.size, vswitch->now);
    return true;
}
