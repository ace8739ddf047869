/*
 * Dedicated devices: whole pages and the interrupt, given to one client and taken back.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/cap.h>
#include <l4/format/dt.h>
#include <l4/irq.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/start.h>

#include "devmgr.h"

#define COMPATIBLE_MAX ((L4_MSG_WORDS - L4_DEVICE_COMPATIBLE) * 4u)

static struct grant {
    uint32_t badge;
    bool usable;          /* the board has it */
    uint64_t base, size;  /* its registers */
    uint64_t pages, span; /* the whole pages around them */
    uint32_t intid;
    bool edge;
    uint32_t flags; /* L4_DEVICE_DMA_COHERENT */
    const char *compatible;
    uint32_t compatible_size;
    l4_cap_t share, irq; /* what the client's capabilities derive from; 0: not given yet */
} grants[L4_START_GRANTS];

static uint32_t grant_count;

bool grant_covers(uint64_t pa, uint64_t size)
{
    for (uint32_t i = 0; i < grant_count; i++) {
        if (l4_range_overlaps(pa, size, grants[i].pages, grants[i].span)) {
            return true;
        }
    }
    return false;
}

static int find_node(uint64_t base, uint64_t *size)
{
    uint64_t at = 0;
    int node = fdt_next_node(board_dtb(), -1, NULL);
    while (node >= 0 && (dt_reg(board_dtb(), node, 0, &at, size) != L4_OK || at != base ||
                         !dt_enabled(board_dtb(), node))) {
        node = fdt_next_node(board_dtb(), node, NULL);
    }
    return node;
}

static bool owned_by_others(const struct grant *grant)
{
    bool owned = board_needs(grant->pages, grant->span);
    for (uint32_t i = 0; i < grant_count; i++) {
        owned = owned ||
                (grants[i].badge != grant->badge &&
                 l4_range_overlaps(grant->pages, grant->span, grants[i].pages, grants[i].span));
    }
    return owned;
}

/* Why the device cannot be given; NULL: it can. */
static const char *check(struct grant *grant)
{
    int length = 0;
    const int node = find_node(grant->base, &grant->size);
    if (node < 0 || grant->size == 0 || grant->size > L4_BLOCK_SIZE) {
        return "the board's device tree has no such device";
    }
    grant->span = l4_align_up(grant->base + grant->size, L4_PAGE_SIZE) - grant->pages;
    if (dt_interrupt(board_dtb(), node, 0, &grant->intid, &grant->edge) != L4_OK) {
        return "it has no interrupt";
    }
    grant->compatible = fdt_getprop(board_dtb(), node, "compatible", &length);
    if (grant->compatible == NULL || length <= 0 || (uint32_t)length > COMPATIBLE_MAX) {
        return "its compatible property is missing or too long";
    }
    grant->compatible_size = (uint32_t)length;
    grant->flags = board_is_coherent(node) ? L4_DEVICE_DMA_COHERENT : 0;
    if (owned_by_others(grant)) {
        return "its page holds registers of somebody else's device";
    }
    if (board_region(grant->pages, grant->span) == NULL) {
        return "it does not lie in device memory";
    }
    uintptr_t address = 0;
    if (fdt_node_check_compatible(board_dtb(), node, "virtio,mmio") == 0 &&
        board_registers(grant->base, &address) != L4_OK) { /* for stop() */
        return "its registers cannot be mapped";
    }
    return NULL;
}

void grant_init(void)
{
    grant_count = 0;
    for (uint32_t i = 0; i < devmgr.start->grant_count && i < L4_START_GRANTS; i++) {
        struct grant *const grant = &grants[i];
        const uint64_t base = devmgr.start->grant[i].base;
        *grant = (struct grant){.badge = devmgr.start->grant[i].badge,
                                .base = base,
                                .pages = l4_align_down(base, L4_PAGE_SIZE),
                                .span = L4_PAGE_SIZE};
        const char *const why = check(grant);
        grant->usable = why == NULL;
        if (why != NULL) {
            l4_log("ERROR: the device at 0x%x cannot be given away: %s", (unsigned int)grant->base,
                   why);
        }
        grant_count++;
    }
}

/* Nothing in the pages is in motion afterwards: the client has all of them, and with them virtio
 * transports that the configuration does not name. False: one does not let itself be reset. */
static bool stop(const struct grant *grant)
{
    bool quiet = true;
    uint64_t base = 0;
    uint64_t size = 0;
    for (int node = dt_next_compatible(board_dtb(), -1, "virtio,mmio"); node >= 0;
         node = dt_next_compatible(board_dtb(), node, "virtio,mmio")) {
        struct virtio dev = {0};
        uint32_t type = 0;
        if (grant->usable && dt_reg(board_dtb(), node, 0, &base, &size) == L4_OK &&
            l4_range_overlaps(base, size, grant->pages, grant->span) &&
            board_registers(base, &dev.base) == L4_OK &&
            virtio_probe(&dev, &type) != L4_ERR_NOT_FOUND) {
            quiet = virtio_reset(&dev) == L4_OK && quiet;
        }
    }
    return quiet;
}

/* What the client had of it is gone. */
static l4_status_t revoke(const struct grant *grant)
{
    if (grant->share == L4_CAP_NULL) {
        return L4_OK; /* an earlier devmgr's: that went with it */
    }
    l4_status_t status = l4_cap_revoke(grant->share);
    if (status == L4_OK) {
        status = l4_irq_unbind(grant->irq);
    }
    if (status == L4_OK || status == L4_ERR_NOT_FOUND) { /* nothing was bound */
        status = l4_cap_revoke(grant->irq);
    }
    return status;
}

/* ... and it is quiet. */
static bool take_back(const struct grant *grant)
{
    const l4_status_t status = revoke(grant);
    return stop(grant) && status == L4_OK;
}

bool grant_take_back(uint32_t badge)
{
    bool done = true;
    for (uint32_t i = 0; i < grant_count; i++) {
        if (grants[i].badge == badge && !take_back(&grants[i])) {
            l4_log("ERROR: the device at 0x%x cannot be reset", (unsigned int)grants[i].base);
            done = false;
        }
    }
    return done;
}

/* The capabilities that the client's derive from. */
static l4_status_t obtain(struct grant *grant)
{
    if (grant->share != L4_CAP_NULL) {
        return L4_OK;
    }
    const struct l4_start_device *const device = board_region(grant->pages, grant->span);
    l4_cap_t share = devmgr_slot();
    l4_cap_t irq = devmgr_slot();
    l4_status_t status = l4_region_share(
        device->region, (uint32_t)(grant->pages - device->base), (uint32_t)grant->span, share,
        L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_COPY | L4_RIGHT_INFO);
    if (status == L4_OK) {
        status = l4_irq_get(devmgr.start->system, grant->intid, grant->edge, irq);
    }
    if (status != L4_OK) {
        devmgr_drop(&share);
        devmgr_drop(&irq);
        return status;
    }
    grant->share = share;
    grant->irq = irq;
    return L4_OK;
}

static struct grant *find(uint32_t badge, uint32_t number)
{
    for (uint32_t i = 0; i < grant_count; i++) {
        if (grants[i].badge == badge && number-- == 0) {
            return &grants[i];
        }
    }
    return NULL;
}

static l4_status_t give(struct grant *grant, bool in_use)
{
    if (grant == NULL || !grant->usable) {
        return L4_ERR_CONFIG;
    }
    if (in_use ? revoke(grant) != L4_OK : !take_back(grant)) {
        return L4_ERR_IO;
    }
    return obtain(grant);
}

void grant_request(uint32_t badge, struct l4_msg *msg)
{
    struct grant *const grant = find(badge, msg->w[0]);
    const l4_status_t status = give(grant, (msg->w[1] & L4_DEVICE_IN_USE) != 0);
    if (status != L4_OK) {
        *msg = l4_msg(0, (uint32_t)status, 0, 0, 0);
        return;
    }
    struct l4_msgbuf *const buffer = l4_msgbuf();
    buffer->item[0] =
        (struct l4_item){.cap = grant->share,
                         .kind = L4_ITEM_COPY,
                         .rights = L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_COPY | L4_RIGHT_INFO};
    buffer->item[1] =
        (struct l4_item){.cap = grant->irq, .kind = L4_ITEM_COPY, .rights = L4_RIGHT_CONTROL};
    buffer->word[L4_DEVICE_REG_OFFSET] = (uint32_t)(grant->base - grant->pages);
    buffer->word[L4_DEVICE_REG_SIZE] = (uint32_t)grant->size;
    buffer->word[L4_DEVICE_FLAGS] = grant->flags;
    buffer->word[L4_DEVICE_COMPATIBLE_SIZE] = grant->compatible_size;
    memcpy(&buffer->word[L4_DEVICE_COMPATIBLE], grant->compatible, grant->compatible_size);
    *msg = l4_msg(0, L4_OK, (uint32_t)grant->pages, (uint32_t)grant->span,
                  grant->intid | (uint32_t)grant->edge << 16);
    msg->tag = l4_tag(0, L4_DEVICE_COMPATIBLE + (grant->compatible_size + 3u) / 4u, 2);
}
