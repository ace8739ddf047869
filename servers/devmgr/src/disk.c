#include <stddef.h>
#include <string.h>

#include <devmgr/disk.h>
#include <l4/base/range.h>

l4_status_t disk_fit(struct disk *disk)
{
    const uint64_t sectors = disk->blk->sectors;
    if (disk->sectors == 0 && disk->first < sectors) {
        disk->sectors = sectors - disk->first;
    }
    disk->flags |= disk->blk->read_only ? L4_DISK_READ_ONLY : 0;
    return disk->sectors != 0 && l4_range_fits(disk->first, disk->sectors, sectors) ? L4_OK
                                                                                    : L4_ERR_RANGE;
}

void disk_open(struct disk *disk, struct l4_disk_page *page, const char *label)
{
    memset(page, 0, sizeof *page);
    page->sectors = disk->sectors;
    page->flags = disk->flags;
    page->complete.consumer_waits = 1; /* it has yet to look for the first time */
    for (uint32_t i = 0; i < L4_DISK_LABEL && label[i] != '\0'; i++) {
        page->label[i] = label[i];
    }
    l4_ring_init(&disk->submit, &page->submit, NULL, L4_DISK_REQUESTS);
    l4_ring_init(&disk->complete, &page->complete, NULL, L4_DISK_REQUESTS);
    disk->page = page;
    disk->open = true;
    disk->broken = false;
    disk->active = true; /* asks for its doorbell */
    disk->session++;
    disk->outstanding = 0;
    disk->jobs = 0;
    disk->at = disk->whole.count = 0;
}

void disk_close(struct disk *disk)
{
    disk->open = false;
    disk->active = false;
}

void disk_forgotten(struct disk *disk)
{
    disk->on_device = 0;
    disk->weight = 0;
}

static void complete(struct disk *disk, uint32_t id, l4_status_t status)
{
    disk->page->completion[l4_ring_slot(&disk->complete)] =
        (struct l4_disk_completion){.id = id, .status = status};
    l4_ring_publish(&disk->complete, 1);
}

/* request->weight: as far as that goes, the bytes of all. */
static l4_status_t check_segments(const struct disk *disk, const struct l4_disk_request *asked,
                                  struct blk_request *request)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < asked->segment_count; i++) {
        const struct l4_disk_segment *const segment = &asked->segment[i];
        if (segment->size == 0) {
            return L4_ERR_INVALID;
        }
        if (!l4_range_fits(segment->offset, segment->size, disk->ram_size)) {
            return L4_ERR_RANGE;
        }
        request->segment[i] = (struct vq_buffer){disk->ram_pa + segment->offset, segment->size};
        bytes += segment->size;
    }
    request->weight = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
    if (bytes % L4_DISK_SECTOR != 0) {
        return L4_ERR_INVALID;
    }
    return l4_range_fits(asked->sector, bytes / L4_DISK_SECTOR, disk->sectors) ? L4_OK
                                                                               : L4_ERR_RANGE;
}

/* What the client asks, as the device is to be asked. */
static l4_status_t translate(const struct disk *disk, const struct l4_disk_request *asked,
                             struct blk_request *request)
{
    request->session = disk->session;
    request->op = asked->op;
    request->sector = 0;
    request->count = 0;
    request->weight = DISK_SHARE;
    if (asked->op == L4_DISK_FLUSH) {
        return asked->segment_count == 0 ? L4_OK : L4_ERR_INVALID;
    }
    if ((asked->op != L4_DISK_READ && asked->op != L4_DISK_WRITE) || asked->segment_count == 0 ||
        asked->segment_count > L4_DISK_SEGMENTS) {
        return L4_ERR_INVALID;
    }
    if (asked->op == L4_DISK_WRITE && (disk->flags & L4_DISK_READ_ONLY) != 0) {
        return L4_ERR_RIGHTS;
    }
    if (disk->ram_size == 0) {
        return L4_ERR_IO;
    }
    request->sector = disk->first + asked->sector;
    request->count = asked->segment_count;
    return check_segments(disk, asked, request);
}

/* True when there is a request that may be taken. */
static bool has_request(struct disk *disk)
{
    if (!disk->open || disk->broken || !disk->active) {
        return false;
    }
    disk->broken = l4_ring_consumer_broken(&disk->submit);
    if (disk->broken) {
        return false;
    }
    if (l4_ring_used(&disk->submit) == 0) {
        disk->active = !l4_ring_wait_data(&disk->submit);
        return disk->active && l4_ring_used(&disk->submit) != 0;
    }
    /* Its completions that it has not taken count too: there is room for each, or it lied. */
    disk->broken = l4_ring_producer_broken(&disk->complete) ||
                   disk->outstanding >= l4_ring_space(&disk->complete);
    return !disk->broken;
}

/* The copy is what counts, whatever the client does now. */
static void copy_asked(struct l4_disk_request *asked, const struct l4_disk_request *from)
{
    memcpy(asked, from, offsetof(struct l4_disk_request, segment));
    __asm__ volatile("" ::: "memory");
    for (uint32_t i = 0; i < asked->segment_count && i < L4_DISK_SEGMENTS; i++) {
        asked->segment[i] = from->segment[i];
    }
    __asm__ volatile("" ::: "memory");
}

static void submit(struct disk *disk, const struct blk_request *piece)
{
    disk->job[piece->id].pieces++;
    disk->on_device++;
    disk->weight += piece->weight;
    blk_submit(disk->blk, piece);
}

static bool is_cut(const struct disk *disk)
{
    return disk->at < disk->whole.count;
}

/* The next DISK_PIECE bytes of what is being cut. */
static void submit_piece(struct disk *disk)
{
    struct blk_request *const whole = &disk->whole;
    struct blk_request piece = {.owner = whole->owner,
                                .session = whole->session,
                                .id = whole->id,
                                .op = whole->op,
                                .sector = whole->sector};
    while (is_cut(disk) && piece.weight < DISK_PIECE) {
        const struct vq_buffer *const from = &whole->segment[disk->at];
        const uint32_t room = DISK_PIECE - piece.weight;
        const uint32_t rest = from->size - disk->offset;
        const uint32_t size = rest < room ? rest : room;
        piece.segment[piece.count++] = (struct vq_buffer){from->pa + disk->offset, size};
        piece.weight += size;
        disk->offset += size;
        if (disk->offset == from->size) {
            disk->offset = 0;
            disk->at++;
        }
    }
    whole->sector += piece.weight / L4_DISK_SECTOR;
    submit(disk, &piece);
}

/* Takes one request: to the device, or back at once. True: back, ring. */
static bool take_request(struct disks *disks, uint32_t index)
{
    struct disk *const disk = &disks->disk[index];
    struct blk_request *const whole = &disk->whole;
    struct l4_disk_request asked;
    copy_asked(&asked, &disk->page->request[l4_ring_slot(&disk->submit)]);
    l4_ring_skip(&disk->submit, 1);
    const l4_status_t status = translate(disk, &asked, whole);
    disk->at = whole->count;
    if (status != L4_OK) {
        complete(disk, asked.id, status);
        return true;
    }
    const uint32_t n = (uint32_t)__builtin_ctz(~disk->jobs); /* has_request() has counted them */
    disk->jobs |= 1u << n;
    disk->job[n] = (struct disk_job){.id = asked.id};
    disk->outstanding++;
    whole->owner = index;
    whole->id = n;
    if (whole->count == 0 || whole->weight <= DISK_PIECE) {
        submit(disk, whole);
    } else {
        disk->at = disk->offset = 0;
        submit_piece(disk);
    }
    return false;
}

/* A piece has ended. True: its request with it. A failure ends the cutting. */
static bool piece_ended(struct disk *disk, uint32_t n, l4_status_t status)
{
    struct disk_job *const job = &disk->job[n];
    job->pieces--;
    if (status != L4_OK) {
        job->status = status;
        disk->at = disk->whole.id == n ? disk->whole.count : disk->at;
    }
    if (job->pieces != 0 || (is_cut(disk) && disk->whole.id == n)) {
        return false;
    }
    disk->jobs &= ~(1u << n);
    disk->outstanding--;
    complete(disk, job->id, job->status);
    return true;
}

static uint32_t take_completions(struct disks *disks, struct blk *blk)
{
    struct blk_request piece;
    l4_status_t status = L4_OK;
    uint32_t bells = 0;
    while (blk_take(blk, &piece, &status)) {
        struct disk *const disk = &disks->disk[piece.owner];
        disk->on_device--;
        disk->weight -= piece.weight;
        if (disk->open && disk->session == piece.session && piece_ended(disk, piece.id, status)) {
            bells |= 1u << piece.owner;
        }
    }
    return bells;
}

/* One piece of the next disk that has one. False: none has, or there is no room. */
static bool take_turn(struct disks *disks, struct blk *blk, uint32_t *bells)
{
    const uint32_t first = disks->turn;
    for (uint32_t n = 0; n < disks->count && blk_room(blk); n++) {
        const uint32_t index = (first + n) % disks->count;
        struct disk *const disk = &disks->disk[index];
        if (disk->blk != blk || disk->weight >= DISK_SHARE) {
            continue;
        }
        const bool cut = disk->open && is_cut(disk);
        if (cut || has_request(disk)) {
            if (cut) {
                submit_piece(disk);
            } else {
                *bells |= take_request(disks, index) ? 1u << index : 0;
            }
            disks->turn = (index + 1) % disks->count;
            return true;
        }
    }
    return false;
}

/* What the device answers, or has no need to see, makes room for more at once. */
static uint32_t take_turns(struct disks *disks, struct blk *blk)
{
    uint32_t bells = take_completions(disks, blk);
    /* A client may fill its ring as fast as it is emptied: not more than that at a time. */
    uint32_t limit = 2 * L4_START_DISKS * L4_DISK_REQUESTS;
    bool more = true;
    while (more) {
        more = false;
        while (limit != 0 && take_turn(disks, blk, &bells)) {
            limit--;
            more = blk->dev.failed || !blk->flush;
        }
        blk_publish(blk);
        if (more) {
            bells |= take_completions(disks, blk);
        }
    }
    return bells;
}

uint32_t disks_run(struct disks *disks, struct blk *blk)
{
    const uint32_t bells = take_turns(disks, blk);
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < disks->count; i++) {
        if ((bells >> i & 1u) != 0 && l4_ring_must_wake_consumer(&disks->disk[i].complete)) {
            wanted |= 1u << i;
        }
    }
    return wanted;
}
