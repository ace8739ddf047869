/*
 * See guest_disk.h. The page's contents are devmgr's word: each is read once; a completion of
 * nothing that is in flight, or an index that makes no sense, ends the use of the session until it
 * is opened anew.
 */
#include <string.h>

#include <l4/log.h>

#include "guest.h"

/* Hot path: metric blk.read4k. Only the segments in use are written: the page is shared memory, and
 * what else is in it says nothing. */
static void disk_submit(void *context, const struct l4_disk_request *request)
{
    struct guest_disk *disk = context;
    if (!disk->session.open) {
        return;
    }
    struct l4_disk_request *to = &disk->page->request[l4_ring_slot(&disk->submit)];
    to->id = request->id;
    to->op = request->op;
    to->sector = request->sector;
    to->segment_count = request->segment_count;
    for (uint32_t i = 0; i < request->segment_count; i++) {
        to->segment[i] = request->segment[i];
    }
    l4_ring_publish(&disk->submit, 1);
}

static void disk_dead(struct guest_disk *disk)
{
    disk->session.open = false;
    disk->dead = true;
    l4_log("disk %u: devmgr broke the protocol", (unsigned int)disk->session.offer.number);
}

/* Completions that are there now, at most as many as can be in flight. */
static void completions_take(struct guest_disk *disk)
{
    for (uint32_t n = l4_ring_used(&disk->complete); n != 0; n--) {
        struct l4_disk_completion c = disk->page->completion[l4_ring_slot(&disk->complete)];
        __atomic_signal_fence(__ATOMIC_ACQ_REL);
        l4_ring_skip(&disk->complete, 1);
        if (!virtio_blk_completed(&disk->blk, c.id, c.status)) {
            disk_dead(disk);
            return;
        }
    }
    if (l4_ring_consumer_broken(&disk->complete)) {
        disk_dead(disk);
    }
}

/* The last completion of a run may come between the look at the ring and the flag that asks for
 * the doorbell: hence the second look. */
static void completions_take_all(struct guest_disk *disk)
{
    do {
        completions_take(disk);
    } while (disk->session.open && !l4_ring_wait_data(&disk->complete));
}

/* devmgr comes before us: what the device can do at once is done when the doorbell returns. So we
 * look by ourselves then, and ask for its doorbell only after that. */
static void disk_kick(void *context)
{
    struct guest_disk *disk = context;
    if (disk->session.open && l4_ring_must_wake_consumer(&disk->submit)) {
        l4_ring_wait_not(&disk->complete);
        l4_session_kick(&disk->session.session);
        completions_take_all(disk);
    }
}

static void disk_rings(struct guest_disk *disk)
{
    disk->page = disk->session.session.address;
    l4_ring_init(&disk->submit, &disk->page->submit, NULL, L4_DISK_REQUESTS);
    l4_ring_init(&disk->complete, &disk->page->complete, NULL, L4_DISK_REQUESTS);
}

static struct virtio_blk_disk disk_facts(const struct guest_disk *disk)
{
    struct virtio_blk_disk facts = {.sectors = disk->page->sectors, .flags = disk->page->flags};
    memcpy(facts.label, disk->page->label, sizeof(facts.label));
    return facts;
}

static void disk_serve(struct guest_disk *disk)
{
    completions_take_all(disk);
    virtio_blk_go_on(&disk->blk);
}

static l4_status_t disk_create(struct guest *guest, uint32_t n)
{
    struct guest_disk *disk = &guest->disk[n];
    const struct l4_session_offer offer = {.server = L4_START_DEVMGR,
                                           .bits = DISK_BIT(n),
                                           .kind = L4_SESSION_DISK,
                                           .number = n,
                                           .window = L4_PAGE_SIZE};
    const struct virtio_blk_port port = {disk, disk_submit, disk_kick};
    l4_status_t status =
        guest_session_open(&disk->session, &guest->slots, &guest->window, "disk", &offer, NULL);
    if (status != L4_OK) {
        return status;
    }
    disk_rings(disk);
    struct virtio_blk_disk facts = disk_facts(disk);
    virtio_blk_init(&disk->blk, &facts, &port);
    disk_serve(disk); /* asks for the doorbell of the first completion */
    return guest_virtio_add(guest, &disk->blk.virtio, "disk", n);
}

static l4_status_t disks_create(struct guest *guest)
{
    l4_status_t status = guest->config->disk_count <= GUEST_DISKS ? L4_OK : L4_ERR_CONFIG;
    for (uint32_t n = 0; status == L4_OK && n < guest->config->disk_count; n++) {
        status = disk_create(guest, n);
    }
    return status;
}

static void disks_signal(struct guest *guest, uint32_t bits)
{
    for (uint32_t n = 0; n < guest->config->disk_count; n++) {
        if ((bits & DISK_BIT(n)) != 0 && guest->disk[n].session.open) {
            disk_serve(&guest->disk[n]);
        }
    }
}

static l4_status_t disks_reopen(struct guest *guest)
{
    l4_status_t first = L4_OK;
    for (uint32_t n = 0; n < guest->config->disk_count; n++) {
        struct guest_disk *disk = &guest->disk[n];
        l4_status_t status = guest_session_reopen(&disk->session);
        disk->dead = status != L4_OK;
        if (status == L4_OK) {
            disk_rings(disk);
            struct virtio_blk_disk facts = disk_facts(disk);
            virtio_blk_resubmit(&disk->blk, &facts);
            disk_serve(disk);
        }
        first = first != L4_OK ? first : status;
    }
    return first;
}

bool guest_disks_dead(const struct guest *guest)
{
    for (uint32_t n = 0; n < guest->config->disk_count; n++) {
        if (guest->disk[n].dead && !virtio_quiet(&guest->disk[n].blk.virtio)) {
            return true;
        }
    }
    return false;
}

const struct guest_kind guest_disks = {"disks",      disks_create, DISK_BIT(0) * 0xffu,
                                       disks_signal, L4_VM_DEVMGR, disks_reopen};
