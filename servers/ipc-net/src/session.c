/*
 * Sessions: which client has which port and which end of a channel, their memory and doorbells.
 *
 * The memory is cut up once, mapped here and shared with the clients, readable and writable and no
 * more. Each end of a channel has a share of its own to be given, so that taking one end's away
 * does not touch the other's.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "net.h"

#define SIGNAL_BITS 32u
#define MEMORY_RIGHTS (L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_INFO | L4_RIGHT_COPY)

/* What one L4_SESSION_OPEN gives. */
struct grant {
    struct net_session *session;
    uint32_t bytes;
    uint32_t bits;
    uint32_t end; /* of a channel */
};

uint32_t session_end_bit(uint32_t end)
{
    return 1u << (net.start->port_count + end) % SIGNAL_BITS;
}

void session_ring(const struct net_session *session)
{
    if (session->doorbell != L4_CAP_NULL) {
        const l4_status_t status = l4_signal(session->doorbell, session->bits);
        (void)status; /* the client is gone: init will say so */
    }
}

static void *take_memory(uint32_t bytes, l4_cap_t *region)
{
    const uint32_t address = net_window(bytes);
    *region = net_slot();
    l4_status_t status =
        l4_region_share(net.start->pages, net.pages_used, bytes, *region, MEMORY_RIGHTS);
    net.pages_used += bytes;
    if (status == L4_OK) {
        status = l4_aspace_map(L4_START_ASPACE, *region, address, L4_MAP_READ | L4_MAP_WRITE);
    }
    if (status != L4_OK) {
        net_fail("cannot set up a session's memory", status);
    }
    return (void *)(uintptr_t)address;
}

static void init_channel(uint32_t n, struct l4_net_counters *counters)
{
    const struct l4_start_channel *const config = &net.start->channel[n];
    const uint32_t bytes = L4_CHANNEL_BYTES(config->size);
    l4_cap_t region = L4_CAP_NULL;
    void *const address = take_memory(bytes, &region);
    channel_init(&net.channel[n], address, config->size, counters);
    for (uint32_t e = 0; e < 2; e++) {
        struct net_session *const end = &net.end[2u * n + e];
        end->badge = config->badge[e];
        end->memory = net_slot();
        const l4_status_t status = l4_region_share(region, 0, bytes, end->memory, MEMORY_RIGHTS);
        if (status != L4_OK) {
            net_fail("cannot share a channel's memory", status);
        }
    }
}

static struct l4_net_counters *map_counters(void)
{
    const uint32_t count = net.start->port_count + 2u * net.start->channel_count;
    const uint32_t address = net_window(net.start->counters_size);
    l4_status_t status = L4_ERR_RANGE;
    if (net.start->counters_size >= count * sizeof(struct l4_net_counters)) {
        status = l4_aspace_map(L4_START_ASPACE, net.start->counters, address,
                               L4_MAP_READ | L4_MAP_WRITE);
    }
    if (status != L4_OK) {
        net_fail("cannot map the counters", status);
    }
    return (struct l4_net_counters *)(uintptr_t)address;
}

void session_init(void)
{
    const struct l4_start_net *const start = net.start;
    struct l4_net_counters *const counters = map_counters();
    vswitch_init(&net.vswitch, start->port, start->port_count, counters);
    for (uint32_t i = 0; i < start->port_count; i++) {
        net.port[i].badge = start->port[i].badge;
        if (net.port[i].badge != L4_BADGE_NET) {
            net.port_page[i] = take_memory(L4_NET_BYTES, &net.port[i].memory);
        }
    }
    for (uint32_t n = 0; n < start->channel_count; n++) {
        init_channel(n, &counters[start->port_count + 2u * n]);
    }
}

/* The n-th session with this badge; NULL: there are fewer. */
static struct net_session *find(struct net_session *session, uint32_t count, uint32_t badge,
                                uint32_t number)
{
    for (uint32_t i = 0; i < count; i++) {
        if (session[i].badge == badge && number-- == 0) {
            return &session[i];
        }
    }
    return NULL;
}

static bool find_grant(uint32_t badge, uint32_t kind, uint32_t number, struct grant *grant)
{
    if (kind == L4_SESSION_PORT && badge != L4_BADGE_NET) {
        grant->session = find(net.port, net.start->port_count, badge, number);
        grant->bytes = L4_NET_BYTES;
        grant->bits = grant->session != NULL ? 1u << (grant->session - net.port) : 0;
    } else if (kind == L4_SESSION_CHANNEL) {
        grant->session = find(net.end, 2u * net.start->channel_count, badge, number);
        if (grant->session != NULL) {
            const uint32_t end = (uint32_t)(grant->session - net.end);
            grant->bytes = L4_CHANNEL_BYTES(net.channel[end / 2u].size);
            grant->bits = session_end_bit(end);
            grant->end = end % 2u;
        }
    }
    return grant->session != NULL;
}

static bool is_port(const struct net_session *session)
{
    return session >= net.port && session < net.port + L4_START_PORTS;
}

static void go_up(const struct net_session *session)
{
    if (is_port(session)) {
        const uint32_t i = (uint32_t)(session - net.port);
        struct l4_net_page *const page = net.port_page[i];
        memset(page, 0, sizeof *page);
        memcpy(page->mac, net.start->port[i].mac, sizeof page->mac);
        page->link = 1;
        vswitch_port_up(&net.vswitch, i, VSWITCH_SERVER, page);
        return;
    }
    const uint32_t end = (uint32_t)(session - net.end);
    if (channel_up(&net.channel[end / 2u], end % 2u)) {
        session_ring(&net.end[end ^ 1u]);
    }
}

static void go_down(const struct net_session *session)
{
    if (is_port(session)) {
        vswitch_port_down(&net.vswitch, (uint32_t)(session - net.port));
        return;
    }
    const uint32_t end = (uint32_t)(session - net.end);
    if (channel_down(&net.channel[end / 2u], end % 2u)) {
        session_ring(&net.end[end ^ 1u]);
    }
}

/* First the memory is taken away: the client cannot write what follows over. */
static void end_session(struct net_session *session)
{
    if (session->doorbell == L4_CAP_NULL) {
        return;
    }
    l4_status_t status = l4_cap_revoke(session->memory);
    if (status == L4_OK) {
        status = l4_cap_delete(session->doorbell);
    }
    (void)status; /* both are ours; a doorbell of a dead client is empty already */
    l4_slots_give(&net.slots, session->doorbell);
    session->doorbell = L4_CAP_NULL;
    go_down(session);
}

/* The doorbell that came with the request leaves the offered slot. */
static l4_status_t take_doorbell(struct net_session *session, const struct l4_msg *msg)
{
    struct l4_cap_info info;
    l4_cap_t next = L4_CAP_NULL;
    if (l4_tag_items(msg->tag) != 1 || l4_cap_info(net.offer, &info) != L4_OK ||
        info.type != L4_TYPE_ENDPOINT || (info.rights & L4_RIGHT_SIGNAL) == 0) {
        return L4_ERR_TRANSFER;
    }
    if (l4_slots_take(&net.slots, &next) != L4_OK) {
        return L4_ERR_NO_MEMORY;
    }
    session->doorbell = net.offer;
    session->bits = msg->w[0];
    net.offer = next;
    return L4_OK;
}

void session_open(struct l4_msg *msg)
{
    struct grant grant = {0};
    if (!find_grant(msg->badge, msg->w[1], msg->w[2], &grant)) {
        *msg = l4_msg(0, (uint32_t)L4_ERR_CONFIG, 0, 0, 0);
        return;
    }
    end_session(grant.session);
    const l4_status_t status = take_doorbell(grant.session, msg);
    if (status != L4_OK) {
        *msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
        return;
    }
    go_up(grant.session);
    l4_msgbuf()->item[0] = (struct l4_item){.cap = grant.session->memory,
                                            .kind = L4_ITEM_MAP,
                                            .rights = L4_MAP_READ | L4_MAP_WRITE,
                                            .size = grant.bytes};
    *msg = l4_msg(0, L4_OK, grant.bits, grant.bytes, grant.end);
    msg->tag = l4_tag(0, 0, 1);
}

void session_client_gone(uint32_t badge)
{
    for (uint32_t i = 0; i < net.start->port_count; i++) {
        if (net.port[i].badge == badge && badge != L4_BADGE_NET) {
            end_session(&net.port[i]);
        }
    }
    for (uint32_t i = 0; i < 2u * net.start->channel_count; i++) {
        if (net.end[i].badge == badge) {
            end_session(&net.end[i]);
        }
    }
}
