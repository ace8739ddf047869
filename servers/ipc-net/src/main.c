/*
 * ipc-net: Ethernet switches and message channels between guests.
 */
#include <l4/base/range.h>
#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/log.h>
#include <l4/server.h>
#include <l4/start.h>
#include <l4/system.h>

#include "net.h"

#define NS_PER_US 1000u
#define WAIT_MAX_NS UINT64_C(1000000000)

struct net net;

_Noreturn void net_fail(const char *what, l4_status_t status)
{
    l4_log("ERROR: %s (%s); report this", what, l4_status_text(status));
    l4_exit(status);
}

l4_cap_t net_slot(void)
{
    l4_cap_t slot = L4_CAP_NULL;
    if (l4_slots_take(&net.slots, &slot) != L4_OK) {
        net_fail("the capability table is full", L4_ERR_NO_MEMORY);
    }
    return slot;
}

uint32_t net_window(uint32_t bytes)
{
    const uint32_t address = net.window;
    if (bytes > net.window_end - net.window) {
        net_fail("there are no addresses left", L4_ERR_NO_MEMORY);
    }
    net.window += (uint32_t)l4_align_up(bytes, L4_PAGE_SIZE);
    return address;
}

static void ring_port(uint32_t i)
{
    if (net.port[i].badge == L4_BADGE_NET) {
        l4_session_kick(&net.uplink[i]);
    } else {
        session_ring(&net.port[i]);
    }
}

/* Not while a reply lies in the message buffer. */
static void complain(void)
{
    for (uint32_t left = net.broken; left != 0; left &= left - 1u) {
        const uint32_t i = (uint32_t)__builtin_ctz(left);
        if (!net.port[i].complained) {
            net.port[i].complained = true;
            l4_log("port %u broke its rings; it is down until it is opened again", (unsigned int)i);
        }
    }
    net.broken = 0;
}

/* Moves frames, rings doorbells. `rung`: ports whose doorbells rang. */
static void run(uint32_t rung)
{
    struct vswitch_outcome outcome;
    net.now = l4_system_clock().ns;
    vswitch_run(&net.vswitch, rung, net.now, &outcome);
    net.again = outcome.again;
    net.broken |= outcome.broken;
    for (uint32_t left = outcome.ring; left != 0; left &= left - 1u) {
        ring_port((uint32_t)__builtin_ctz(left));
    }
}

static void run_channels(uint32_t bits)
{
    for (uint32_t i = 0; i < 2u * net.start->channel_count; i++) {
        if ((bits & session_end_bit(i)) != 0 && net.end[i].doorbell != L4_CAP_NULL &&
            channel_rung(&net.channel[i / 2u], i % 2u)) {
            session_ring(&net.end[i ^ 1u]);
        }
    }
}

/* Where the next request's capability goes. A client may send one with any request: it is dropped
 * unless the request took it. */
static void make_offer(uint32_t items)
{
    struct l4_msgbuf *const buffer = l4_msgbuf();
    if (items != 0) {
        const l4_status_t status = l4_cap_delete(net.offer);
        (void)status; /* empty: nothing came, or the request took it */
    }
    buffer->slot[0] = net.offer;
    buffer->slot[1] = buffer->slot[2] = buffer->slot[3] = 0;
    buffer->window_size = 0;
}

/* init holds ipc-net's original endpoint capability: badge 0. */
static void dispatch(struct l4_msg *msg)
{
    const bool from_init = msg->badge == 0 || msg->badge == L4_BADGE_INIT;
    const uint32_t label = l4_tag_label(msg->tag);
    if (label == L4_SESSION_OPEN && !from_init) {
        session_open(msg);
    } else if (label == NET_CLIENT_GONE && from_init) {
        session_client_gone(msg->w[0]);
        *msg = l4_msg(0, L4_OK, 0, 0, 0);
    } else if (label == NET_REOPEN && from_init) {
        uplink_open_all();
        *msg = l4_msg(0, L4_OK, 0, 0, 0);
    } else {
        *msg = l4_msg(0, (uint32_t)L4_ERR_NOT_SUPPORTED, 0, 0, 0);
    }
}

static bool handle_message(void *context, struct l4_msg *msg)
{
    (void)context;
    const uint32_t items = l4_tag_items(msg->tag);
    if (l4_tag_is_kernel(msg->tag)) {
        return false;
    }
    dispatch(msg);
    make_offer(items);
    run(0); /* who came or went may be what others waited for */
    return true;
}

static void handle_signal(void *context, uint32_t bits)
{
    (void)context;
    run_channels(bits);
    run(bits & ((1u << net.start->port_count) - 1u));
    complain();
}

static void handle_timeout(void *context, l4_status_t status)
{
    (void)context;
    (void)status;
    run(0);
    complain();
}

static uint32_t wait_us(void *context)
{
    (void)context;
    if (net.again <= net.now || net.broken != 0) {
        return L4_TIMEOUT_POLL;
    }
    if (net.again == VSWITCH_NEVER) {
        return L4_TIMEOUT_NEVER;
    }
    const uint64_t ns = net.again - net.now;
    return (uint32_t)(ns < WAIT_MAX_NS ? ns : WAIT_MAX_NS) / NS_PER_US + 1u;
}

static const struct l4_server server = {
    .message = handle_message,
    .signal = handle_signal,
    .timeout = handle_timeout,
    .wait_us = wait_us,
};

int l4_main(const void *arg)
{
    const struct l4_start *const start = arg;
    if (start->magic != L4_START_MAGIC || start->version != L4_START_VERSION ||
        start->kind != L4_START_KIND_NET || start->net.port_count > L4_START_PORTS ||
        start->net.channel_count > L4_START_CHANNELS) {
        return L4_ERR_VERSION;
    }
    net.start = &start->net;
    net.again = VSWITCH_NEVER;
    net.window = start->window_base;
    net.window_end = start->window_base + start->window_size;
    l4_slots_init(&net.slots, start->slot_first, start->slot_count);
    l4_log_to_devmgr(L4_START_DEVMGR);
    net.offer = net_slot();
    session_init();
    uplink_open_all();
    make_offer(0);
    l4_log("%u ports, %u channels", (unsigned int)start->net.port_count,
           (unsigned int)start->net.channel_count);
    run(0);
    l4_server_run(L4_START_ENDPOINT, &server, NULL);
}
