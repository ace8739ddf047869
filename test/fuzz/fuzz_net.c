/*
 * An Ethernet switch with clients that write what they like into the pages they share, one of them
 * allowed to use any address; two clients of the same switch keep to the protocol, and a third is
 * on another switch.
 *
 * However the others behave, every run ends, no honest client's frame is changed or given out by
 * another, frames come out in order, nothing crosses to the other switch, and in the end the honest
 * ones still reach each other.
 */
#include <stdlib.h>
#include <string.h>

#include <ipc_net/vswitch.h>
#include <l4/proto/devmgr.h>

#include "fuzz.h"

enum { SENDER, RECEIVER, HOSTILE, BRIDGE, APART, PORTS };
#define STEPS_MAX 300u
#define RUNS_MAX 1000u
#define SIZE 100u

struct world {
    struct vswitch vswitch;
    struct l4_net_counters counters[PORTS];
    struct l4_net_page *page[PORTS];
    struct l4_ring tx[PORTS], rx[PORTS]; /* of the honest clients */
    uint64_t now;
    uint32_t rung;
    uint32_t sent, seen; /* numbers of the honest frames */
};

static uint64_t mac(uint32_t port)
{
    return UINT64_C(0x02) | (uint64_t)(port + 1u) << 40;
}

static uint64_t load_address(const uint8_t *from)
{
    uint64_t address = 0;
    memcpy(&address, from, 6);
    return address;
}

static void put_frame(struct l4_net_slot *slot, uint64_t to, uint64_t from, uint32_t number)
{
    slot->size = SIZE;
    memcpy(slot->frame, &to, 6);
    memcpy(slot->frame + 6, &from, 6);
    memcpy(slot->frame + 12, &number, 4);
    for (uint32_t i = 16; i < SIZE; i++) {
        slot->frame[i] = (uint8_t)(number * 31u + i);
    }
}

static void open_port(struct world *w, uint32_t port)
{
    struct l4_net_page *const page = w->page[port];
    memset(page, 0, sizeof *page);
    vswitch_port_up(&w->vswitch, port, VSWITCH_SERVER, page);
    l4_ring_init(&w->tx[port], &page->tx, NULL, L4_NET_SLOTS);
    l4_ring_init(&w->rx[port], &page->rx, NULL, L4_NET_SLOTS);
}

static void honest_send(struct world *w)
{
    struct l4_ring *const tx = &w->tx[SENDER];
    if (l4_ring_space(tx) != 0) {
        put_frame(&w->page[SENDER]->tx_slot[l4_ring_slot(tx)], mac(RECEIVER), mac(SENDER),
                  ++w->sent);
        l4_ring_publish(tx, 1);
        w->rung |= 1u << SENDER;
    }
}

static void check_frame(struct world *w, const struct l4_net_slot *slot)
{
    static const uint8_t no_header[L4_NET_HEADER];
    const uint64_t from = load_address(slot->frame + 6);
    const uint64_t to = load_address(slot->frame);
    FUZZ_CHECK(slot->size >= L4_NET_FRAME_MIN && slot->size <= L4_NET_FRAME_MAX);
    FUZZ_CHECK(memcmp(slot->header, no_header, sizeof no_header) == 0);
    FUZZ_CHECK(to == mac(RECEIVER) || (to & 1u) != 0);
    FUZZ_CHECK(from != mac(RECEIVER) && (from & 1u) == 0);
    if (from == mac(SENDER)) {
        struct l4_net_slot as_sent;
        uint32_t number = 0;
        memcpy(&number, slot->frame + 12, 4);
        FUZZ_CHECK(slot->size == SIZE && number > w->seen && number <= w->sent);
        put_frame(&as_sent, mac(RECEIVER), mac(SENDER), number);
        FUZZ_CHECK(memcmp(as_sent.frame, slot->frame, SIZE) == 0);
        w->seen = number;
    }
}

static void honest_receive(struct world *w, uint32_t count)
{
    struct l4_ring *const rx = &w->rx[RECEIVER];
    for (; count != 0 && l4_ring_used(rx) != 0; count--) {
        check_frame(w, &w->page[RECEIVER]->rx_slot[l4_ring_slot(rx)]);
        l4_ring_skip(rx, 1);
        w->rung |= 1u << RECEIVER;
    }
    FUZZ_CHECK(!l4_ring_consumer_broken(rx));
}

static void hostile_words(struct l4_net_page *page, struct fuzz_input *in)
{
    uint32_t *const words[] = {
        &page->tx.head, &page->tx.tail, &page->tx.consumer_waits, &page->tx.producer_waits,
        &page->rx.head, &page->rx.tail, &page->rx.consumer_waits, &page->rx.producer_waits};
    const uint8_t how = fuzz_8(in);
    if (how < 32) {
        *words[how % 8] = fuzz_32(in);
    } else if (how < 128) {
        *words[how % 8] += fuzz_8(in) % (L4_NET_SLOTS + 2u);
    } else {
        page->tx.head = page->tx.tail + fuzz_8(in) % (L4_NET_SLOTS + 1u);
        page->rx.tail = page->rx.head;
    }
}

static void hostile_frame(struct l4_net_page *page, struct fuzz_input *in)
{
    const uint64_t addresses[] = {
        mac(SENDER), mac(RECEIVER),           mac(HOSTILE), mac(BRIDGE), mac(APART),
        0,           UINT64_C(0xffffffffffff)};
    const uint8_t which = fuzz_8(in);
    struct l4_net_slot *const slot = &page->tx_slot[fuzz_8(in) % L4_NET_SLOTS];
    put_frame(slot, addresses[which % 7u], addresses[which / 7u % 7u], fuzz_8(in));
    if (which > 200) {
        slot->size = fuzz_32(in);
    } else if (which > 150) {
        slot->frame[6 + which % 6u] = fuzz_8(in);
    } else if (which > 100) {
        slot->size = fuzz_16(in) % 2000u;
    }
}

static void run(struct world *w, uint32_t rung)
{
    struct vswitch_outcome outcome;
    unsigned int runs = 0;
    do {
        vswitch_run(&w->vswitch, rung, w->now, &outcome);
        rung = 0;
        FUZZ_CHECK((outcome.broken & (1u << SENDER | 1u << RECEIVER | 1u << APART)) == 0);
        FUZZ_CHECK(outcome.ring >> PORTS == 0);
        FUZZ_CHECK(++runs < RUNS_MAX);
    } while (outcome.again == 0);
    FUZZ_CHECK(outcome.again > w->now);
    FUZZ_CHECK(w->page[APART]->rx.head == 0);
}

static void step(struct world *w, struct fuzz_input *in)
{
    const uint8_t what = fuzz_8(in);
    struct l4_net_page *const page = w->page[what >= 128 ? HOSTILE : BRIDGE];
    switch (what % 8u) {
    case 0:
    case 1:
        honest_send(w);
        break;
    case 2:
        honest_receive(w, what / 8u);
        break;
    case 3:
        hostile_frame(page, in);
        break;
    case 4:
        hostile_words(page, in);
        break;
    case 5:
        w->now += fuzz_32(in);
        break;
    case 6:
        open_port(w, what >= 128 ? HOSTILE : BRIDGE);
        break;
    default:
        run(w, w->rung | fuzz_32(in));
        w->rung = 0;
        break;
    }
}

/* With the others gone a frame arrives. */
static void still_works(struct world *w)
{
    vswitch_port_down(&w->vswitch, HOSTILE);
    vswitch_port_down(&w->vswitch, BRIDGE);
    for (unsigned int i = 0; i < 4; i++) {
        honest_receive(w, L4_NET_SLOTS);
        run(w, 1u << SENDER | 1u << RECEIVER);
    }
    honest_receive(w, L4_NET_SLOTS);
    honest_send(w);
    run(w, 1u << SENDER);
    honest_receive(w, L4_NET_SLOTS);
    FUZZ_CHECK(w->seen == w->sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct fuzz_input in = {data, size};
    struct l4_start_port config[PORTS];
    memset(&w, 0, sizeof w);
    memset(config, 0, sizeof config);
    for (uint32_t i = 0; i < PORTS; i++) {
        const uint64_t address = mac(i);
        config[i].badge = L4_BADGE_CLIENT_FIRST + i;
        config[i].network = i == APART ? 1 : 0;
        config[i].peers = 0xffffffffu;
        memcpy(config[i].mac, &address, 6);
    }
    config[BRIDGE].flags = L4_PORT_ANY_MAC;
    const uint8_t how = fuzz_8(&in);
    config[HOSTILE].rate_kbps = (how & 1u) != 0 ? 1000 : 0;
    config[HOSTILE].broadcast_pps = (how & 2u) != 0 ? 100 : 0;
    vswitch_init(&w.vswitch, config, PORTS, w.counters);
    for (uint32_t i = 0; i < PORTS; i++) {
        w.page[i] = malloc(sizeof *w.page[i]);
        open_port(&w, i);
    }
    for (unsigned int i = 0; i < STEPS_MAX && in.left != 0; i++) {
        step(&w, &in);
    }
    still_works(&w);
    for (uint32_t i = 0; i < PORTS; i++) {
        free(w.page[i]);
    }
    return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    if (n >= 4) {
        return 0;
    }
    for (size_t i = 0; i < 900; i++) {
        data[i] = (uint8_t)((i * (2 * n + 13)) ^ (i >> 2));
    }
    data[0] = (uint8_t)n;
    return 900;
}
