/*
 * A switch with clients that tests play: ports 0..3 are guests of network 1, port 4 an uplink of
 * it, port 5 a second bridge of it, ports 6 and 7 guests of network 2.
 */
#ifndef FAKE_SWITCH_H
#define FAKE_SWITCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ipc_net/vswitch.h>

#define PORTS 8u
#define UPLINK 4u
#define BRIDGE 5u
#define BROADCAST UINT64_C(0xffffffffffff)

/* The client's side of a port. */
struct client {
    struct l4_net_page *page;
    struct l4_ring tx, rx;
    struct l4_net_slot *tx_slot, *rx_slot;
};

extern struct vswitch sw;
extern struct l4_start_port config[PORTS];
extern struct l4_net_counters counters[PORTS];
extern struct client client[PORTS];
extern struct vswitch_outcome outcome;
extern uint64_t now;

/* The address of guest port i. */
uint64_t mac(uint32_t i);

/* The configuration without any limits; to be changed before fake_start(). */
void fake_config(void);

/* All ports up. */
void fake_start(void);
int fake_set_up(void **state);

/* A new session of port i on a clean page. */
void port_open(uint32_t i);

/* A frame from port i: `size` bytes, the last one is `mark`. False: its ring is full. */
bool sends(uint32_t i, uint64_t to, uint64_t from, uint32_t size, uint8_t mark);

/* Runs the switch for as long as it asks to go on at once; `rung` = port i's doorbell. */
void run(uint32_t rung);

/* Takes a frame out of port i's ring: its size, 0 if there is none. */
uint32_t gets(uint32_t i, uint8_t *mark);

/* Counts and takes all frames that wait for port i. */
uint32_t gets_all(uint32_t i);

/* Sends from port i and runs. */
void sends_now(uint32_t i, uint64_t to, uint64_t from, uint8_t mark);

/* Port i gets exactly one frame, with this mark. */
void expect(uint32_t i, uint8_t mark);
void expect_none(uint32_t i);

#endif
