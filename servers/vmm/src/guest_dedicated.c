/*
 * See guest_dedicated.h. The guest drives these devices by itself; the VMM only knows where they
 * are. It resets those that it knows to master the bus, virtio's, before guest RAM is loaded anew.
 */
#include <string.h>

#include <l4/base/range.h>
#include <l4/base/status.h>
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/proto/devmgr.h>
#include <l4/start.h>

#include "guest.h"

#define VIRTIO_MAGIC 0x74726976u /* "virt", the first register */
#define VIRTIO_STATUS 0x70u
#define RESET_TRIES 1000u /* reads of Status; 4.2.3.1 wants to see 0 */

/* What devmgr answers about device n. */
struct answer {
    uint64_t base;
    uint32_t size, irq;
    bool edge;
    uint32_t reg_offset, reg_size, flags;
    uint32_t compatible_size;
};

static l4_status_t answer_read(const struct l4_msg *msg, struct answer *a, char *compatible)
{
    const uint32_t *word = l4_msgbuf()->word;
    uint32_t words = l4_tag_words(msg->tag);
    if (l4_tag_items(msg->tag) != 2 || words <= L4_DEVICE_COMPATIBLE) {
        return L4_ERR_TRANSFER;
    }
    *a = (struct answer){.base = msg->w[1],
                         .size = msg->w[2],
                         .irq = msg->w[3] & 0xffffu,
                         .edge = msg->w[3] >> 16 != 0,
                         .reg_offset = word[L4_DEVICE_REG_OFFSET],
                         .reg_size = word[L4_DEVICE_REG_SIZE],
                         .flags = word[L4_DEVICE_FLAGS],
                         .compatible_size = word[L4_DEVICE_COMPATIBLE_SIZE]};
    if (a->compatible_size == 0 || a->compatible_size > GUEST_COMPATIBLE ||
        a->compatible_size > (words - L4_DEVICE_COMPATIBLE) * 4u ||
        !l4_range_fits(a->reg_offset, a->reg_size, a->size) ||
        !l4_is_aligned(a->base | a->size, L4_PAGE_SIZE)) {
        return L4_ERR_FORMAT;
    }
    memcpy(compatible, &word[L4_DEVICE_COMPATIBLE], a->compatible_size);
    compatible[a->compatible_size - 1u] = '\0';
    return L4_OK;
}

static l4_status_t device_ask(struct guest_dedicated *d, uint32_t n, uint32_t flags,
                              struct answer *a)
{
    struct l4_msgbuf *buffer = l4_msgbuf();
    buffer->slot[0] = d->pages;
    buffer->slot[1] = d->irq;
    buffer->slot[2] = buffer->slot[3] = 0;
    buffer->window_size = 0;
    struct l4_msg msg = l4_msg(DEVMGR_DEVICE, n, flags, 0, 0);
    l4_status_t status = l4_call_within(L4_START_DEVMGR, &msg, guest_server_us(L4_START_DEVMGR));
    guest_server_heard(L4_START_DEVMGR, status);
    buffer->slot[0] = buffer->slot[1] = 0;
    if (status == L4_OK) {
        status = (l4_status_t)msg.w[0];
    }
    return status == L4_OK ? answer_read(&msg, a, d->compatible) : status;
}

/* Several devices of the guest may lie in one page. */
static bool pages_mapped(const struct guest *guest, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (guest->dedicated[i].base == guest->dedicated[n].base) {
            return true;
        }
    }
    return false;
}

/* The VMM's own view of a virtio transport. */
static l4_status_t status_map(struct guest *guest, struct guest_dedicated *d, uint32_t reg_offset)
{
    l4_status_t status = L4_OK;
    if (strcmp(d->compatible, "virtio,mmio") != 0) {
        return L4_OK;
    }
    if (d->own_pages == 0) {
        status = l4_slots_take(&guest->slots, &d->own_pages);
        if (status == L4_OK) {
            status = l4_window_take(&guest->window, d->size, L4_PAGE_SIZE, &d->own);
        }
    }
    if (status == L4_OK) {
        status =
            l4_region_share(d->pages, 0, d->size, d->own_pages, L4_RIGHT_READ | L4_RIGHT_WRITE);
    }
    if (status == L4_OK) {
        status = l4_aspace_map(L4_START_ASPACE, d->own_pages, d->own, L4_MAP_READ | L4_MAP_WRITE);
    }
    d->status = status == L4_OK
                    ? (volatile uint32_t *)(uintptr_t)(d->own + reg_offset + VIRTIO_STATUS)
                    : NULL;
    return status;
}

/* Asks for device n and maps it; the slots are empty. */
static l4_status_t device_take(struct guest *guest, uint32_t n, uint32_t flags, struct answer *a)
{
    struct guest_dedicated *d = &guest->dedicated[n];
    d->status = NULL;
    l4_status_t status = device_ask(d, n, flags, a);
    d->base = (uint32_t)a->base;
    d->size = a->size;
    if (status == L4_OK && !pages_mapped(guest, n)) {
        status = l4_aspace_map(guest->aspace, d->pages, d->base, L4_MAP_READ | L4_MAP_WRITE);
    }
    return status == L4_OK ? status_map(guest, d, a->reg_offset) : status;
}

static l4_status_t device_create(struct guest *guest, uint32_t n)
{
    struct guest_dedicated *d = &guest->dedicated[n];
    struct answer a = {0};
    l4_status_t status = l4_slots_take(&guest->slots, &d->pages);
    if (status == L4_OK) {
        status = l4_slots_take(&guest->slots, &d->irq);
    }
    if (status == L4_OK) {
        status = device_take(guest, n, 0, &a);
    }
    if (status == L4_OK) {
        status = vcpus_link_add(&guest->vcpus, a.irq, d->irq);
    }
    if (status == L4_OK) {
        status = vm_dedicate(&guest->vm, d->base, d->size, a.irq);
    }
    if (status != L4_OK) {
        l4_log("dedicated device %u at 0x%x, interrupt %u: %s", (unsigned int)n,
               (unsigned int)d->base, (unsigned int)a.irq, l4_status_text(status));
        return status;
    }
    guest->dedicated_node[n] =
        (struct boot_device){.base = a.base + a.reg_offset,
                             .size = a.reg_size,
                             .irq = a.irq,
                             .edge = a.edge,
                             .dma_coherent = (a.flags & L4_DEVICE_DMA_COHERENT) != 0,
                             .compatible = d->compatible,
                             .compatible_size = a.compatible_size};
    return L4_OK;
}

static l4_status_t dedicated_create(struct guest *guest)
{
    uint32_t count = guest->config->device_count;
    l4_status_t status = count <= GUEST_DEDICATED ? L4_OK : L4_ERR_CONFIG;
    for (uint32_t n = 0; status == L4_OK && n < count; n++) {
        status = device_create(guest, n);
    }
    guest->boot.devices.device = guest->dedicated_node;
    guest->boot.devices.device_count = count;
    return status;
}

static void slot_empty(l4_cap_t slot)
{
    if (slot != 0) {
        (void)!l4_cap_delete(slot); /* it went with devmgr, or goes now */
    }
}

/* devmgr's death took the pages and the interrupt away; the guest finds them again as they were. */
static l4_status_t dedicated_reopen(struct guest *guest)
{
    l4_status_t first = L4_OK;
    for (uint32_t n = 0; n < guest->config->device_count; n++) {
        struct guest_dedicated *d = &guest->dedicated[n];
        struct answer a = {0};
        slot_empty(d->own_pages);
        slot_empty(d->pages);
        slot_empty(d->irq);
        l4_status_t status = device_take(guest, n, d->reset_due ? 0 : L4_DEVICE_IN_USE, &a);
        d->reset_due = d->reset_due && status != L4_OK;
        first = first != L4_OK ? first : status;
    }
    gic_link_again(&guest->vm.gic);
    return first;
}

/* False: there are zeros in the registers' place, as devmgr is being restarted. */
static bool reset_one(volatile uint32_t *status)
{
    const volatile uint32_t *magic = status - VIRTIO_STATUS / sizeof(*status);
    *status = 0;
    for (uint32_t i = 0; i < RESET_TRIES && *status != 0; i++) {
    }
    return *magic == VIRTIO_MAGIC;
}

void guest_dedicated_reset(struct guest *guest)
{
    for (uint32_t n = 0; n < guest->config->device_count; n++) {
        struct guest_dedicated *d = &guest->dedicated[n];
        bool known = strcmp(d->compatible, "virtio,mmio") == 0;
        d->reset_due = known && (d->status == NULL || !reset_one(d->status));
    }
}

bool guest_dedicated_quiet(const struct guest *guest)
{
    for (uint32_t n = 0; n < guest->config->device_count; n++) {
        if (guest->dedicated[n].reset_due) {
            return false;
        }
    }
    return true;
}

const struct guest_kind guest_dedicated = {"dedicated devices", dedicated_create, 0, NULL,
                                           L4_VM_DEVMGR,        dedicated_reopen};
