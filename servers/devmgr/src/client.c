/*
 * Clients: who they are, their guest RAM, and what has to end before init may take it back.
 */
#include <stdio.h>

#include <l4/cap.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/system.h>

#include "devmgr.h"

/* How long a client that is gone keeps its last output waiting for the serial line, and a device
 * for its requests. */
#define OUTPUT_NS 1000000000ull
#define REQUESTS_NS 500000000ull

static void add(uint32_t badge, const char *name, const char *kind, const char *end)
{
    struct client *const client = &devmgr.client[devmgr.client_count++];
    client->badge = badge;
    client->name = name;
    (void)snprintf(client->prefix, sizeof client->prefix, "[%s%s%s ", kind, name, end);
    (void)snprintf(client->hvc_name, sizeof client->hvc_name, "%s.hvc0", name);
}

void client_init(const struct l4_start_devmgr *start)
{
    mux_init(&devmgr.mux);
    for (uint32_t i = 0; i < start->client_count && i < L4_START_CLIENTS; i++) {
        add(start->client[i].badge, start->client[i].name, "vmm:", "]");
        mux_add(&devmgr.mux, start->client[i].name);
    }
    for (uint32_t i = 0; i < start->client_count && i < L4_START_CLIENTS; i++) {
        if ((start->client[i].flags & L4_CLIENT_CONSOLE) != 0) {
            mux_add(&devmgr.mux, devmgr.client[i].hvc_name);
        }
    }
    add(L4_BADGE_NET, "ipc-net", "", "]");
}

struct client *client_of(uint32_t badge)
{
    for (uint32_t i = 0; i < devmgr.client_count; i++) {
        if (devmgr.client[i].badge == badge) {
            return &devmgr.client[i];
        }
    }
    return NULL;
}

/* --- Guest RAM ----------------------------------------------------------------------------------
 */

static uint32_t disks_of(uint32_t badge)
{
    uint32_t disks = 0;
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        disks |= devmgr.start->disk[i].badge == badge ? 1u << i : 0;
    }
    return disks;
}

static bool reached_by_devices(uint32_t badge)
{
    const uint32_t disks = disks_of(badge);
    bool reached = false;
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        reached = reached || ((disks >> i & 1u) != 0 && devmgr.disks.disk[i].on_device != 0);
    }
    return reached;
}

/* Of a device that failed and does not end, too, all requests have been answered: that says
 * nothing. */
static bool reached_for_ever(uint32_t badge)
{
    const uint32_t disks = disks_of(badge);
    bool reached = false;
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        const struct blk *const blk = devmgr.disks.disk[i].blk;
        reached = reached || ((disks >> i & 1u) != 0 && blk != NULL && blk->dev.loose);
    }
    return reached;
}

static void set_ram(struct client *client, uint64_t pa, uint64_t size)
{
    const uint32_t disks = disks_of(client->badge);
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        if ((disks >> i & 1u) != 0) {
            devmgr.disks.disk[i].ram_pa = pa;
            devmgr.disks.disk[i].ram_size = size;
        }
    }
}

static void drop_ram(struct client *client)
{
    set_ram(client, 0, 0);
    devmgr_drop(&client->ram);
}

static l4_status_t take_ram(const struct l4_msg *msg)
{
    struct client *const client = client_of(msg->w[0]);
    struct l4_cap_info info;
    struct l4_region_info region;
    uint64_t pa = 0;
    if (client == NULL) {
        return L4_ERR_NOT_FOUND;
    }
    if (reached_by_devices(client->badge)) {
        return L4_ERR_BUSY;
    }
    if (l4_tag_items(msg->tag) != 1 || l4_cap_info(devmgr.offer, &info) != L4_OK ||
        info.type != L4_TYPE_REGION || l4_region_phys(devmgr.offer, &pa) != L4_OK ||
        l4_region_info(devmgr.offer, &region) != L4_OK) {
        return L4_ERR_TRANSFER;
    }
    drop_ram(client);
    client->ram = devmgr.offer;
    devmgr.offer = devmgr_slot();
    set_ram(client, pa, region.size);
    return L4_OK;
}

void client_ram(struct l4_msg *msg)
{
    const l4_status_t status = take_ram(msg);
    *msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
}

/* --- The end ------------------------------------------------------------------------------------
 */

/* Ends the sessions, the consoles once their output has been taken. True: all have ended. */
static bool end_sessions(uint32_t badge, bool at_once)
{
    bool ended = true;
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        struct session *const session = &devmgr.session[i];
        if (session->badge != badge || session->doorbell == L4_CAP_NULL) {
            continue;
        }
        if (session->kind == L4_SESSION_CONSOLE && !mux_finish(&devmgr.mux, session->index) &&
            !at_once) {
            ended = false;
        } else {
            session_end(session);
        }
    }
    return ended;
}

/* False: not yet. */
static bool ended(struct client *client, uint64_t waited_ns)
{
    if (reached_by_devices(client->badge) && waited_ns >= REQUESTS_NS &&
        !devices_forget(disks_of(client->badge))) {
        l4_log("ERROR: a device may still use memory of %s", client->name);
        client->gone_status = L4_ERR_IO;
    }
    const bool done =
        end_sessions(client->badge, waited_ns >= OUTPUT_NS) && !reached_by_devices(client->badge);
    if (done && reached_for_ever(client->badge)) {
        client->gone_status = L4_ERR_IO;
    }
    if (done) {
        drop_ram(client);
    }
    return done;
}

/* True when init has its answer, in client->gone_status. */
static bool end_client(struct client *client)
{
    devmgr_drop(&client->line.reply);
    client->line.number = 0;          /* the next one counts anew */
    devmgr_drop(&client->gone_reply); /* init asks again: it has given up its first call */
    client->gone_status = grant_take_back(client->badge) ? L4_OK : L4_ERR_IO;
    bool done = ended(client, 0);
    if (!done) {
        while (mux_pump(&devmgr.mux, false)) {
        }
        done = ended(client, 0);
    }
    if (!done) {
        client->gone_ns = l4_system_clock().ns;
        client->gone_reply = devmgr_keep_reply();
        if (client->gone_reply == L4_CAP_NULL) {
            client->gone_status = L4_ERR_NO_MEMORY;
            done = true;
        }
    }
    return done;
}

bool client_gone(struct l4_msg *msg)
{
    struct client *const client = client_of(msg->w[0]);
    if (client == NULL) {
        *msg = l4_msg(0, (uint32_t)L4_ERR_NOT_FOUND, 0, 0, 0);
        return true;
    }
    const bool done = end_client(client);
    *msg = l4_msg(0, (uint32_t)client->gone_status, 0, 0, 0);
    return done;
}

bool client_poll(void)
{
    bool left = false;
    for (uint32_t i = 0; i < devmgr.client_count; i++) {
        struct client *const client = &devmgr.client[i];
        if (client->gone_reply == L4_CAP_NULL) {
            continue;
        }
        if (ended(client, l4_system_clock().ns - client->gone_ns)) {
            devmgr_answer(&client->gone_reply, client->gone_status);
        } else {
            left = true;
        }
    }
    return left;
}
