/*
 * Sessions: what each client can open, the shared memory and the doorbells.
 *
 * The memory is devmgr's own, shared with the clients: no client can take it away under it.
 */
#include <l4/cap.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "devmgr.h"

static uint32_t doorbell_of(uint32_t kind, uint32_t index)
{
    switch (kind) {
    case L4_SESSION_DISK:
        return SIGNAL_DISK(index);
    case L4_SESSION_ENTROPY:
        return SIGNAL_ENTROPY;
    case L4_SESSION_NIC:
        return SIGNAL_NICS;
    default:
        return SIGNAL_CONSOLES;
    }
}

static l4_status_t add(uint32_t badge, uint32_t kind, uint32_t index)
{
    struct session *const session = &devmgr.session[devmgr.session_count];
    uint32_t number = 0;
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        number += devmgr.session[i].badge == badge && devmgr.session[i].kind == kind;
    }
    *session = (struct session){.badge = badge,
                                .kind = kind,
                                .number = number,
                                .index = index,
                                .signal = doorbell_of(kind, index)};
    devmgr.session_count++;
    return memory_take(kind == L4_SESSION_NIC ? L4_NET_BYTES : L4_PAGE_SIZE, &session->page,
                       &session->memory);
}

static void add_or_say(uint32_t badge, uint32_t kind, uint32_t index, const char *what,
                       const char *name)
{
    if (add(badge, kind, index) != L4_OK) {
        l4_log("ERROR: not enough pages: %s %s is not served", what, name);
    }
}

void session_add_consoles(void)
{
    for (uint32_t i = 0; i < devmgr.client_count; i++) {
        if (devmgr.client[i].badge == L4_BADGE_NET) {
            continue;
        }
        const l4_status_t status = add(devmgr.client[i].badge, L4_SESSION_CONSOLE, i);
        if (status != L4_OK) {
            devmgr_fail("cannot set up a client's console", status);
        }
    }
}

void session_add_others(void)
{
    const struct l4_start_devmgr *const start = devmgr.start;
    uint32_t console = 0;
    for (uint32_t i = 0; i < start->client_count && i < L4_START_CLIENTS; i++) {
        console++;
    }
    for (uint32_t i = 0; i < start->client_count && i < L4_START_CLIENTS; i++) {
        const struct l4_start_client *const client = &start->client[i];
        if ((client->flags & L4_CLIENT_CONSOLE) != 0) {
            add_or_say(client->badge, L4_SESSION_CONSOLE, console++, "the console of",
                       client->name);
        }
        if ((client->flags & L4_CLIENT_ENTROPY) != 0) {
            add_or_say(client->badge, L4_SESSION_ENTROPY, i, "entropy for", client->name);
        }
    }
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        add_or_say(start->disk[i].badge, L4_SESSION_DISK, i, "disk", start->disk[i].label);
    }
    if (devmgr.vcon.dev.base != 0) {
        add_or_say(L4_BADGE_INIT, L4_SESSION_CONTROL, 0, "the management port", "of init");
    }
    for (uint32_t i = 0; i < start->nic_count && i < L4_START_NICS; i++) {
        add_or_say(start->nic[i].badge, L4_SESSION_NIC, i, "a network device", "of ipc-net");
    }
}

/* --- Begin and end ------------------------------------------------------------------------------
 */

static l4_status_t begin_disk(const struct session *session)
{
    struct disk *const disk = &devmgr.disks.disk[session->index];
    if (disk->blk == NULL || disk->blk->dev.failed) {
        return L4_ERR_IO;
    }
    disk_open(disk, (struct l4_disk_page *)(void *)session->page.va,
              devmgr.start->disk[session->index].label);
    return L4_OK;
}

static l4_status_t begin(const struct session *session)
{
    struct l4_console_page *const page = (struct l4_console_page *)(void *)session->page.va;
    struct nic *const nic = &devmgr.nic[session->index];
    switch (session->kind) {
    case L4_SESSION_CONSOLE:
        mux_open(&devmgr.mux, session->index, page);
        return L4_OK;
    case L4_SESSION_CONTROL:
        ports_control_open(page);
        return L4_OK;
    case L4_SESSION_DISK:
        return begin_disk(session);
    case L4_SESSION_ENTROPY:
        if (devmgr.entropy.dev.base == 0 || devmgr.entropy.dev.failed) {
            return L4_ERR_IO;
        }
        entropy_open(&devmgr.entropy, session->index, page);
        return L4_OK;
    case L4_SESSION_NIC:
        return nic->dev.base == 0 || nic->dev.failed ? L4_ERR_IO : nic_open(nic, &session->page);
    default:
        return L4_ERR_CONFIG;
    }
}

static void end_kind(const struct session *session)
{
    switch (session->kind) {
    case L4_SESSION_CONSOLE:
        mux_close(&devmgr.mux, session->index);
        break;
    case L4_SESSION_CONTROL:
        ports_control_close();
        break;
    case L4_SESSION_DISK:
        disk_close(&devmgr.disks.disk[session->index]);
        break;
    case L4_SESSION_ENTROPY:
        entropy_close(&devmgr.entropy, session->index);
        break;
    default:
        nic_close(&devmgr.nic[session->index]);
        break;
    }
}

void session_end(struct session *session)
{
    if (session->doorbell == L4_CAP_NULL) {
        return;
    }
    end_kind(session);
    const l4_status_t status = l4_cap_revoke(session->memory);
    (void)status; /* it is ours */
    devmgr_drop(&session->doorbell);
}

/* The doorbell that came with the request leaves the offered slot. */
static l4_status_t take_doorbell(struct session *session, const struct l4_msg *msg)
{
    struct l4_cap_info info;
    if (l4_tag_items(msg->tag) != 1 || l4_cap_info(devmgr.offer, &info) != L4_OK ||
        info.type != L4_TYPE_ENDPOINT || (info.rights & L4_RIGHT_SIGNAL) == 0) {
        return L4_ERR_TRANSFER;
    }
    session->doorbell = devmgr.offer;
    session->bits = msg->w[0];
    devmgr.offer = devmgr_slot();
    return L4_OK;
}

static struct session *find(uint32_t badge, uint32_t kind, uint32_t number)
{
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        struct session *const session = &devmgr.session[i];
        if (session->badge == badge && session->kind == kind && session->number == number) {
            return session;
        }
    }
    return NULL;
}

static l4_status_t open(struct session *session, const struct l4_msg *msg)
{
    if (session == NULL) {
        return L4_ERR_CONFIG;
    }
    if (session->memory == L4_CAP_NULL) {
        return L4_ERR_IO;
    }
    /* What is left of an earlier session goes as far as there is room: a client that opens again
     * and again must not have devmgr wait for the UART. */
    while (mux_pump(&devmgr.mux, false)) {
    }
    session_end(session);
    l4_status_t status = take_doorbell(session, msg);
    if (status == L4_OK) {
        status = begin(session);
    }
    if (status != L4_OK && session->doorbell != L4_CAP_NULL) {
        devmgr_drop(&session->doorbell);
    }
    return status;
}

void session_open(uint32_t badge, struct l4_msg *msg)
{
    struct session *const session = find(badge == 0 ? L4_BADGE_INIT : badge, msg->w[1], msg->w[2]);
    const l4_status_t status = open(session, msg);
    if (status != L4_OK) {
        *msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
        return;
    }
    l4_msgbuf()->item[0] = (struct l4_item){.cap = session->memory,
                                            .kind = L4_ITEM_MAP,
                                            .rights = L4_MAP_READ | L4_MAP_WRITE,
                                            .size = session->page.size};
    *msg = l4_msg(0, L4_OK, session->signal, session->page.size, 0);
    msg->tag = l4_tag(0, 0, 1);
    devices_signal(session->signal & ~SIGNAL_CONSOLES); /* its doorbell is asked for */
}

void session_ring(const struct session *session)
{
    if (session->doorbell != L4_CAP_NULL) {
        const l4_status_t status = l4_signal(session->doorbell, session->bits);
        (void)status; /* the client is gone: init will say so */
    }
}

void session_ring_index(uint32_t kind, uint32_t index)
{
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        if (devmgr.session[i].kind == kind && devmgr.session[i].index == index) {
            session_ring(&devmgr.session[i]);
            return;
        }
    }
}
