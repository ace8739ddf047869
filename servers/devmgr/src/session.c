/*
 * Sessions: which client is which, their shared pages and doorbells.
 *
 * The pages are devmgr's own, shared with the clients: no client can take one away under it.
 */
#include <stdio.h>
#include <string.h>

#include <l4/cap.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "devmgr.h"

static l4_status_t take_page(struct session *session, l4_cap_t pages)
{
    uint32_t address = 0;
    session->page = devmgr_slot();
    l4_status_t status = l4_region_split(pages, L4_PAGE_SIZE, L4_PAGE_SHIFT, session->page);
    if (status == L4_OK) {
        status = l4_window_take(&devmgr.window, L4_PAGE_SIZE, L4_PAGE_SIZE, &address);
    }
    if (status == L4_OK) {
        status = l4_aspace_map(L4_START_ASPACE, session->page, address, L4_MAP_READ | L4_MAP_WRITE);
    }
    session->address = (struct l4_console_page *)(uintptr_t)address;
    return status;
}

void session_init(const struct l4_start_devmgr *start)
{
    mux_init(&devmgr.mux);
    for (uint32_t i = 0; i < start->client_count && i < MUX_CLIENTS; i++) {
        struct session *const session = &devmgr.session[i];
        session->badge = start->client[i].badge;
        session->name = start->client[i].name;
        (void)snprintf(session->prefix, sizeof session->prefix, "[vmm:%s] ", session->name);
        mux_add(&devmgr.mux, session->name);
        const l4_status_t status = take_page(session, start->pages);
        if (status != L4_OK) {
            devmgr_fail("cannot set up a client's page", status);
        }
        devmgr.session_count++;
    }
}

struct session *session_of(uint32_t badge)
{
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        if (devmgr.session[i].badge == badge) {
            return &devmgr.session[i];
        }
    }
    return NULL;
}

static void end_session(struct session *session)
{
    if (session->doorbell == L4_CAP_NULL) {
        return;
    }
    mux_close(&devmgr.mux, (uint32_t)(session - devmgr.session));
    l4_status_t status = l4_cap_revoke(session->page);
    if (status == L4_OK) {
        status = l4_cap_delete(session->doorbell);
    }
    (void)status; /* both are ours; a doorbell of a dead client is empty already */
    l4_slots_give(&devmgr.slots, session->doorbell);
    session->doorbell = L4_CAP_NULL;
}

void session_close(struct session *session)
{
    if (session->doorbell != L4_CAP_NULL) {
        console_flush();
    }
    end_session(session);
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

void session_open(struct session *session, struct l4_msg *msg)
{
    const uint32_t index = (uint32_t)(session - devmgr.session);
    if (msg->w[1] != L4_SESSION_CONSOLE || msg->w[2] != 0) {
        *msg = l4_msg(0, (uint32_t)L4_ERR_CONFIG, 0, 0, 0);
        return;
    }
    /* What is left of an earlier session goes as far as there is room: a client that opens again
     * and again must not have devmgr wait for the UART. */
    while (mux_pump(&devmgr.mux, false)) {
    }
    end_session(session);
    const l4_status_t status = take_doorbell(session, msg);
    if (status != L4_OK) {
        *msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
        return;
    }
    mux_open(&devmgr.mux, index, session->address);
    l4_msgbuf()->item[0] = (struct l4_item){.cap = session->page,
                                            .kind = L4_ITEM_MAP,
                                            .rights = L4_MAP_READ | L4_MAP_WRITE,
                                            .size = L4_PAGE_SIZE};
    *msg = l4_msg(0, L4_OK, SIGNAL_CLIENTS, L4_PAGE_SIZE, 0);
    msg->tag = l4_tag(0, 0, 1);
}
