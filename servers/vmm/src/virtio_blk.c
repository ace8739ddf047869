/* See virtio_blk.h. Requests: virtio 1.2, 5.2.6. */
#include <string.h>

#include <vmm/virtio_blk.h>

#define F_SEG_MAX (UINT64_C(1) << 2)
#define F_RO (UINT64_C(1) << 5)
#define F_BLK_SIZE (UINT64_C(1) << 6)
#define F_FLUSH (UINT64_C(1) << 9)

#define SEG_MAX 14u /* data, header and status fit into the chains that a disk request can name */
#define ALL_REQUESTS ((1u << L4_DISK_REQUESTS) - 1u)

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_GET_ID = 8 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

struct blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

struct blk_config {
    uint64_t capacity;
    uint32_t size_max;
    uint32_t seg_max;
    uint16_t cylinders;
    uint8_t heads, sectors;
    uint32_t blk_size;
};

/* The data of a guest's request that has not yet become part of a disk request. */
struct walk {
    const struct virtio_segment *segment;
    uint32_t offset; /* inside it */
    uint32_t left;   /* bytes: whole sectors */
    uint64_t sector;
};

static void walk_skip(struct walk *w, uint32_t bytes)
{
    while (bytes != 0) {
        uint32_t rest = w->segment->size - w->offset;
        uint32_t part = bytes < rest ? bytes : rest;
        bytes -= part;
        w->offset += part;
        if (w->offset == w->segment->size) {
            w->segment++;
            w->offset = 0;
        }
    }
}

/* Cuts `excess` bytes off the end of a request. */
static void request_trim(struct l4_disk_request *r, uint32_t excess)
{
    while (excess != 0) {
        struct l4_disk_segment *last = &r->segment[r->segment_count - 1u];
        uint32_t cut = excess < last->size ? excess : last->size;
        last->size -= cut;
        excess -= cut;
        r->segment_count -= last->size == 0;
    }
}

/* As many whole sectors as one request can name. False: not even one. */
static bool request_fill(struct walk *w, struct l4_disk_request *r)
{
    struct walk at = *w;
    uint32_t bytes = 0;
    r->segment_count = 0;
    while (r->segment_count < L4_DISK_SEGMENTS && bytes < w->left) {
        uint32_t rest = at.segment->size - at.offset;
        uint32_t size = rest < w->left - bytes ? rest : w->left - bytes;
        r->segment[r->segment_count++] =
            (struct l4_disk_segment){at.segment->offset + at.offset, size};
        bytes += size;
        walk_skip(&at, size);
    }
    request_trim(r, bytes % L4_DISK_SECTOR);
    bytes -= bytes % L4_DISK_SECTOR;
    r->sector = w->sector;
    walk_skip(w, bytes);
    w->left -= bytes;
    w->sector += bytes / L4_DISK_SECTOR;
    return bytes != 0;
}

/* --- Jobs ---------------------------------------------------------------------------------- */

static struct l4_disk_request *request_new(struct virtio_blk *blk, uint32_t job, uint32_t op)
{
    uint32_t n = (uint32_t)__builtin_ctz(~blk->state.in_flight);
    struct l4_disk_request *r = &blk->state.request[n];
    blk->state.in_flight |= 1u << n;
    blk->state.job_of[n] = (uint8_t)job;
    r->id = n;
    r->op = op;
    r->sector = 0;
    r->segment_count = 0;
    return r;
}

static void requests_submit(struct virtio_blk *blk, uint32_t mask)
{
    for (; mask != 0; mask &= mask - 1u) {
        blk->port.submit(blk->port.context, &blk->state.request[__builtin_ctz(mask)]);
        blk->kick_due = true;
    }
}

static void kick(struct virtio_blk *blk)
{
    if (blk->kick_due) {
        blk->kick_due = false;
        blk->port.kick(blk->port.context);
    }
}

/* Makes all disk requests of a job, or none. Errors: BUSY (more than are free now), RANGE (it
 * cannot be cut into requests). */
static l4_status_t job_cut(struct virtio_blk *blk, uint32_t job, uint32_t op, struct walk *w)
{
    uint32_t before = blk->state.in_flight;
    l4_status_t status = L4_OK;
    do {
        if (blk->state.in_flight == ALL_REQUESTS) {
            status = before != 0 ? L4_ERR_BUSY : L4_ERR_RANGE;
        } else if (!request_fill(w, request_new(blk, job, op)) && op != L4_DISK_FLUSH) {
            status = L4_ERR_RANGE;
        }
    } while (status == L4_OK && w->left != 0);
    if (status != L4_OK) {
        blk->state.in_flight = before;
    }
    return status;
}

/* Bytes to report when the first `filled` of those that the device writes hold data, and the status
 * is behind. */
static uint32_t used_length(const struct virtio_chain *chain, uint32_t filled)
{
    return filled == chain->write_bytes - 1u ? chain->write_bytes : filled;
}

static l4_status_t job_start(struct virtio_blk *blk, const struct virtio_chain *chain, uint32_t op,
                             struct walk *w)
{
    struct virtio_blk_state *s = &blk->state;
    if (s->in_flight == ALL_REQUESTS) {
        return L4_ERR_BUSY;
    }
    uint32_t n = (uint32_t)__builtin_ctz(~s->jobs); /* never more jobs than requests */
    uint32_t before = s->in_flight;
    uint32_t bytes = w->left;
    l4_status_t status = job_cut(blk, n, op, w);
    if (status != L4_OK) {
        return status;
    }
    const struct virtio_segment *last =
        &chain->segment[chain->read_count + (uint32_t)chain->write_count - 1u];
    bool flushes = (blk->virtio.state.features & F_FLUSH) != 0;
    s->jobs |= 1u << n;
    s->job[n] = (struct virtio_blk_job){
        .head = chain->head,
        .parts = (uint16_t)__builtin_popcount(s->in_flight & ~before),
        .status_at = last->offset + last->size - 1u,
        .written = used_length(chain, op == L4_DISK_READ ? bytes : 0),
        .on_failure = used_length(chain, 0),
        .flush = op == L4_DISK_WRITE && !flushes,
    };
    requests_submit(blk, s->in_flight & ~before);
    return L4_OK;
}

/* The status byte may be written: the life of the device that the job began in goes on. */
static void job_end(struct virtio_blk *blk, uint32_t n)
{
    const struct virtio_blk_job *job = &blk->state.job[n];
    struct virtio *virtio = &blk->virtio;
    blk->state.jobs &= ~(1u << n);
    if (virtio_live(virtio) && virtio->state.queue[0].ready != 0) {
        virtio->memory->ram[job->status_at] = job->status;
        virtio_return(virtio, 0, job->head, job->status == S_OK ? job->written : job->on_failure);
    }
}

bool virtio_blk_completed(struct virtio_blk *blk, uint32_t id, l4_status_t status)
{
    struct virtio_blk_state *s = &blk->state;
    if (id >= L4_DISK_REQUESTS || (s->in_flight >> id & 1u) == 0) {
        return false;
    }
    uint32_t n = s->job_of[id];
    s->in_flight &= ~(1u << id);
    if ((s->forgotten >> id & 1u) != 0) {
        s->forgotten &= ~(1u << id);
        return true;
    }
    struct virtio_blk_job *job = &s->job[n];
    job->parts--;
    job->status = status == L4_OK ? job->status : S_IOERR;
    if (job->parts != 0) {
        return true;
    }
    if (job->flush != 0 && job->status == S_OK) {
        job->flush = 0;
        job->parts = 1;
        requests_submit(blk, 1u << request_new(blk, n, L4_DISK_FLUSH)->id);
    } else {
        job_end(blk, n);
    }
    return true;
}

/* --- The guest's requests ------------------------------------------------------------------ */

static void answer(struct virtio_blk *blk, const struct virtio_chain *chain, uint8_t status,
                   uint32_t filled)
{
    (void)virtio_write(chain, chain->write_bytes - 1u, &status, 1);
    virtio_return(&blk->virtio, 0, chain->head, used_length(chain, filled));
}

/* Are these whole sectors of the disk? */
static bool in_range(const struct virtio_blk *blk, uint64_t sector, uint32_t bytes)
{
    return bytes % L4_DISK_SECTOR == 0 && sector <= blk->disk.sectors &&
           bytes / L4_DISK_SECTOR <= blk->disk.sectors - sector;
}

/* Reads and writes. False: no room now. */
static bool transfer(struct virtio_blk *blk, const struct virtio_chain *chain,
                     const struct blk_header *header)
{
    bool write = header->type == TYPE_OUT;
    uint32_t bytes =
        write ? chain->read_bytes - (uint32_t)sizeof(*header) : chain->write_bytes - 1u;
    struct walk w = {chain->segment + (write ? 0 : chain->read_count), 0, bytes, header->sector};
    if (!in_range(blk, header->sector, bytes) ||
        (write && (blk->disk.flags & L4_DISK_READ_ONLY) != 0)) {
        answer(blk, chain, S_IOERR, 0);
        return true;
    }
    if (bytes == 0) {
        answer(blk, chain, S_OK, 0);
        return true;
    }
    walk_skip(&w, write ? sizeof(*header) : 0);
    l4_status_t status = job_start(blk, chain, write ? L4_DISK_WRITE : L4_DISK_READ, &w);
    if (status == L4_ERR_BUSY) {
        return false;
    }
    if (status != L4_OK) {
        answer(blk, chain, S_IOERR, 0);
        return true;
    }
    blk->virtio.counters->bytes_from += write ? bytes : 0;
    blk->virtio.counters->bytes_to += write ? 0 : bytes;
    return true;
}

static bool flush(struct virtio_blk *blk, const struct virtio_chain *chain)
{
    struct walk nothing = {chain->segment, 0, 0, 0};
    return job_start(blk, chain, L4_DISK_FLUSH, &nothing) == L4_OK;
}

static void get_id(struct virtio_blk *blk, const struct virtio_chain *chain)
{
    uint32_t size = chain->write_bytes - 1u;
    size = size < L4_DISK_LABEL ? size : L4_DISK_LABEL;
    answer(blk, chain, S_OK, virtio_write(chain, 0, blk->disk.label, size));
}

/* False: no room now. */
static bool request(struct virtio_blk *blk, const struct virtio_chain *chain)
{
    struct blk_header header;
    if (chain->write_bytes == 0 ||
        virtio_read(chain, 0, &header, sizeof(header)) != sizeof(header)) {
        virtio_broken(&blk->virtio);
        return true;
    }
    switch (header.type) {
    case TYPE_IN:
    case TYPE_OUT:
        return transfer(blk, chain, &header);
    case TYPE_FLUSH:
        return flush(blk, chain);
    case TYPE_GET_ID:
        get_id(blk, chain);
        return true;
    default:
        answer(blk, chain, S_UNSUPP, 0);
        return true;
    }
}

static void chains_take(struct virtio_blk *blk)
{
    struct virtio *virtio = &blk->virtio;
    blk->state.waits = 0;
    while (virtio_take(virtio, 0, virtio->chain) == L4_OK) {
        if (!request(blk, virtio->chain)) {
            virtio_put_back(virtio, 0);
            blk->state.waits = 1;
            break;
        }
    }
}

/* The kick may bring completions already: they make room, or have submitted a flush. */
static void queue_run(struct virtio_blk *blk)
{
    uint32_t in_flight;
    do {
        chains_take(blk);
        in_flight = blk->state.in_flight;
        kick(blk);
    } while (blk->kick_due || (blk->state.waits != 0 && blk->state.in_flight != in_flight));
    virtio_signal(&blk->virtio, 0);
}

void virtio_blk_go_on(struct virtio_blk *blk)
{
    if (blk->state.waits != 0 || blk->kick_due) {
        queue_run(blk);
    }
    virtio_signal(&blk->virtio, 0);
}

static void blk_notify(struct virtio *virtio, uint32_t queue)
{
    struct virtio_blk *blk = virtio->device;
    (void)queue;
    if (blk->state.in_flight != ALL_REQUESTS) {
        queue_run(blk);
    } else {
        blk->state.waits = 1;
    }
}

static void blk_ready(struct virtio *virtio)
{
    blk_notify(virtio, 0);
}

static void blk_reset(struct virtio *virtio)
{
    struct virtio_blk *blk = virtio->device;
    blk->state.forgotten = blk->state.in_flight;
    blk->state.jobs = 0;
    blk->state.waits = 0;
}

static bool blk_quiet(const struct virtio *virtio)
{
    const struct virtio_blk *blk = virtio->device;
    return blk->state.in_flight == 0;
}

static void blk_config_read(struct virtio *virtio, uint32_t offset, void *bytes, uint32_t size)
{
    const struct virtio_blk *blk = virtio->device;
    const struct blk_config config = {
        .capacity = blk->disk.sectors, .seg_max = SEG_MAX, .blk_size = L4_DISK_SECTOR};
    memcpy(bytes, (const uint8_t *)&config + offset, size);
}

static const struct virtio_ops blk_ops = {
    .id = VIRTIO_ID_BLOCK,
    .queues = 1,
    .config_size = sizeof(struct blk_config),
    .features = F_SEG_MAX | F_BLK_SIZE | F_FLUSH | F_RO,
    .reset = blk_reset,
    .quiet = blk_quiet,
    .ready = blk_ready,
    .notify = blk_notify,
    .config_read = blk_config_read,
};

void virtio_blk_init(struct virtio_blk *blk, const struct virtio_blk_disk *disk,
                     const struct virtio_blk_port *port)
{
    memset(&blk->state, 0, sizeof(blk->state));
    blk->disk = *disk;
    blk->port = *port;
    blk->virtio.ops = &blk_ops;
    blk->virtio.device = blk;
    blk->virtio.features = blk_ops.features & ~((disk->flags & L4_DISK_READ_ONLY) != 0 ? 0 : F_RO);
}

void virtio_blk_resubmit(struct virtio_blk *blk, const struct virtio_blk_disk *disk)
{
    bool changed = blk->disk.sectors != disk->sectors;
    blk->disk = *disk;
    blk->state.in_flight &= ~blk->state.forgotten;
    blk->state.forgotten = 0;
    requests_submit(blk, blk->state.in_flight);
    virtio_blk_go_on(blk);
    if (changed) {
        virtio_config_changed(&blk->virtio);
    }
}
