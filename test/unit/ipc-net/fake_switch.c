#include <stdlib.h>
#include <string.h>

#include "fake_switch.h"

struct vswitch sw;
struct l4_start_port config[PORTS];
struct l4_net_counters counters[PORTS];
struct client client[PORTS];
struct vswitch_outcome outcome;
uint64_t now;

uint64_t mac(uint32_t i)
{
    return UINT64_C(0x000000563402) | (uint64_t)i << 40; /* 02:34:56:00:00:0i */
}

void fake_config(void)
{
    memset(config, 0, sizeof config);
    for (uint32_t i = 0; i < PORTS; i++) {
        config[i].badge = 16u + i;
        config[i].network = i < 6 ? 1 : 2;
        config[i].peers = 0xffffffffu;
        const uint64_t address = i == UPLINK ? 0 : mac(i);
        memcpy(config[i].mac, &address, 6);
    }
    config[UPLINK].flags = config[BRIDGE].flags = L4_PORT_ANY_MAC;
}

void port_open(uint32_t i)
{
    struct client *const c = &client[i];
    free(c->page);
    c->page = calloc(1, sizeof *c->page);
    assert_non_null(c->page);
    const bool uplink = i == UPLINK;
    vswitch_port_up(&sw, i, uplink ? VSWITCH_CLIENT : VSWITCH_SERVER, c->page);
    l4_ring_init(&c->tx, uplink ? &c->page->rx : &c->page->tx, NULL, L4_NET_SLOTS);
    l4_ring_init(&c->rx, uplink ? &c->page->tx : &c->page->rx, NULL, L4_NET_SLOTS);
    c->tx_slot = uplink ? c->page->rx_slot : c->page->tx_slot;
    c->rx_slot = uplink ? c->page->tx_slot : c->page->rx_slot;
}

void fake_start(void)
{
    memset(counters, 0, sizeof counters);
    now = 1000;
    vswitch_init(&sw, config, PORTS, counters);
    for (uint32_t i = 0; i < PORTS; i++) {
        port_open(i);
    }
    run(0);
}

int fake_set_up(void **state)
{
    (void)state;
    fake_config();
    fake_start();
    return 0;
}

bool sends(uint32_t i, uint64_t to, uint64_t from, uint32_t size, uint8_t mark)
{
    struct client *const c = &client[i];
    if (l4_ring_space(&c->tx) == 0) {
        return false;
    }
    struct l4_net_slot *const slot = &c->tx_slot[l4_ring_slot(&c->tx)];
    slot->size = size;
    memset(slot->header, 0xaa, sizeof slot->header);
    memset(slot->frame, 0, sizeof slot->frame);
    memcpy(slot->frame, &to, 6);
    memcpy(slot->frame + 6, &from, 6);
    slot->frame[12] = 0x08;
    if (size > L4_NET_FRAME_MIN && size <= sizeof slot->frame) {
        slot->frame[size - 1] = mark;
    }
    l4_ring_publish(&c->tx, 1);
    return true;
}

void run(uint32_t rung)
{
    vswitch_run(&sw, rung, now, &outcome);
    uint32_t ring = outcome.ring;
    uint32_t broken = outcome.broken;
    for (uint32_t n = 0; outcome.again == 0; n++) {
        assert_true(n < 100);
        vswitch_run(&sw, 0, now, &outcome);
        ring |= outcome.ring;
        broken |= outcome.broken;
    }
    outcome.ring = ring;
    outcome.broken = broken;
}

uint32_t gets(uint32_t i, uint8_t *mark)
{
    struct client *const c = &client[i];
    if (l4_ring_used(&c->rx) == 0) {
        return 0;
    }
    const struct l4_net_slot *const slot = &c->rx_slot[l4_ring_slot(&c->rx)];
    const uint32_t size = slot->size;
    assert_in_range(size, L4_NET_FRAME_MIN, L4_NET_FRAME_MAX);
    for (uint32_t n = 0; n < L4_NET_HEADER; n++) {
        assert_int_equal(slot->header[n], 0);
    }
    *mark = slot->frame[size - 1];
    l4_ring_skip(&c->rx, 1);
    return size;
}

uint32_t gets_all(uint32_t i)
{
    uint32_t count = 0;
    uint8_t mark = 0;
    while (gets(i, &mark) != 0) {
        count++;
    }
    return count;
}

void sends_now(uint32_t i, uint64_t to, uint64_t from, uint8_t mark)
{
    assert_true(sends(i, to, from, 64, mark));
    run(1u << i);
}

void expect(uint32_t i, uint8_t mark)
{
    uint8_t got = 0;
    assert_int_equal(gets(i, &got), 64);
    assert_int_equal(got, mark);
    expect_none(i);
}

void expect_none(uint32_t i)
{
    uint8_t mark = 0;
    assert_int_equal(gets(i, &mark), 0);
}
