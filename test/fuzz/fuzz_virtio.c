/*
 * A guest that does what it likes with virtio transports and rings, over a block and an entropy
 * device: the input is its register accesses, what it writes to its RAM, and when the server's
 * completions come.
 *
 * Invariants: nothing outside of guest RAM is read or written (RAM is a heap block); a disk request
 * names whole sectors of guest RAM; requests and jobs add up; a device that nothing is in flight of
 * is quiet, and its reset is over at once; a broken device's rings are left alone.
 */
#include <stdlib.h>
#include <string.h>

#include <vmm/virtio_blk.h>
#include <vmm/virtio_rng.h>

#include "fuzz.h"

#define RAM_BASE 0x40000000u
#define RAM_SIZE 0x4000u
#define SECTORS 64u
#define STEPS 400u
#define LONG_SEED 1500u

struct world {
    struct virtio_page page;
    struct guest_memory memory;
    struct virtio_chain chain;
    struct l4_vm_device counters[2];
    struct virtio_blk blk;
    struct virtio_rng rng;
    uint32_t in_flight; /* ids that the server has */
    uint32_t stock;     /* of entropy */
};

static void irq(void *context, uint32_t number, bool level)
{
    (void)level;
    FUZZ_CHECK(context != NULL && number - VIRTIO_IRQ < 2u);
}

static void submit(void *context, const struct l4_disk_request *r)
{
    struct world *const w = context;
    uint32_t bytes = 0;
    FUZZ_CHECK(r->id < L4_DISK_REQUESTS && (w->in_flight >> r->id & 1u) == 0);
    FUZZ_CHECK(r->segment_count <= L4_DISK_SEGMENTS);
    FUZZ_CHECK((r->op == L4_DISK_FLUSH) == (r->segment_count == 0));
    for (uint32_t i = 0; i < r->segment_count; i++) {
        FUZZ_CHECK(r->segment[i].size != 0 && r->segment[i].offset < RAM_SIZE);
        FUZZ_CHECK(r->segment[i].size <= RAM_SIZE - r->segment[i].offset);
        bytes += r->segment[i].size;
    }
    FUZZ_CHECK(bytes % L4_DISK_SECTOR == 0);
    FUZZ_CHECK(r->sector <= SECTORS && bytes / L4_DISK_SECTOR <= SECTORS - r->sector);
    w->in_flight |= 1u << r->id;
}

static void kick(void *context)
{
    FUZZ_CHECK(context != NULL);
}

static uint32_t entropy(void *context, uint8_t *bytes, uint32_t count)
{
    struct world *const w = context;
    count = count < w->stock ? count : w->stock;
    memset(bytes, 0x5a, count);
    w->stock -= count;
    return count;
}

static void attach(struct world *w, struct virtio *virtio, uint32_t slot)
{
    virtio->memory = &w->memory;
    virtio->chain = &w->chain;
    virtio->counters = &w->counters[slot];
    virtio->irq = irq;
    virtio->irq_context = w;
    virtio->irq_number = VIRTIO_IRQ + slot;
    virtio_init(virtio);
    w->page.slot[slot] = virtio;
}

static void init(struct world *w, uint32_t flags)
{
    const struct virtio_blk_disk disk = {.sectors = SECTORS, .flags = flags};
    const struct virtio_blk_port blk = {w, submit, kick};
    const struct virtio_rng_port rng = {w, entropy};
    w->memory = (struct guest_memory){calloc(1, RAM_SIZE), RAM_BASE, RAM_SIZE, NULL, 0};
    FUZZ_CHECK(w->memory.ram != NULL);
    virtio_blk_init(&w->blk, &disk, &blk);
    virtio_rng_init(&w->rng, &rng);
    attach(w, &w->blk.virtio, 0);
    attach(w, &w->rng.virtio, 1);
}

static l4_status_t store(struct world *w, uint32_t offset, uint32_t size, uint32_t value)
{
    struct mmio access = {offset, size, 0, value};
    return virtio_page_ops.write(&w->page, &access);
}

static void reg(struct world *w, uint32_t slot, uint32_t offset, uint32_t value)
{
    const l4_status_t status = store(w, slot * VIRTIO_STRIDE + offset, 4, value);
    FUZZ_CHECK(status == L4_OK || status == L4_ERR_BUSY);
    FUZZ_CHECK(status == L4_OK || (slot == 0 && w->in_flight != 0));
}

/* What a driver does until DRIVER_OK, with a queue of 8 at a fixed place. */
static void start(struct world *w, uint32_t slot, uint32_t features)
{
    static const uint32_t place[3] = {0x080, 0x090, 0x0a0};
    reg(w, slot, 0x070, 0);
    reg(w, slot, 0x070, 3);
    reg(w, slot, 0x024, 0);
    reg(w, slot, 0x020, features & (uint32_t)w->page.slot[slot]->features);
    reg(w, slot, 0x024, 1);
    reg(w, slot, 0x020, 1);
    reg(w, slot, 0x070, 11);
    reg(w, slot, 0x030, 0);
    reg(w, slot, 0x038, 8);
    for (uint32_t i = 0; i < 3; i++) {
        reg(w, slot, place[i], RAM_BASE + slot * 0x400u + i * 0x100u);
    }
    reg(w, slot, 0x044, 1);
    reg(w, slot, 0x070, 15);
}

/* A descriptor whose members are mostly plausible. */
static void descriptor(struct world *w, struct fuzz_input *in)
{
    const uint32_t how = fuzz_8(in);
    const uint32_t at = (how & 1u) * 0x400u + (how >> 1 & 15u) * 16u;
    const uint64_t address =
        RAM_BASE + (fuzz_16(in) & 0x3fffu) + (how >= 0xf0u ? UINT64_C(1) << 32 : 0);
    const uint32_t size = how >= 0xe0u ? fuzz_32(in) : fuzz_16(in) & 0x7ffu;
    const uint16_t tail[2] = {(uint16_t)(fuzz_8(in) & 7u), (uint16_t)(fuzz_8(in) & 15u)};
    memcpy(w->memory.ram + at, &address, 8);
    memcpy(w->memory.ram + at + 8, &size, 4);
    memcpy(w->memory.ram + at + 12, tail, 4);
}

/* A chain of header, data and status, and its request. */
static void request(struct world *w, struct fuzz_input *in)
{
    const uint32_t n = fuzz_8(in) & 1u;
    const uint32_t size = (fuzz_8(in) & 15u) * 256u;
    const uint32_t header[4] = {fuzz_8(in) & 15u, 0, fuzz_8(in) & 127u, 0};
    const bool reads = header[0] == 1;
    const struct {
        uint64_t address;
        uint32_t size;
        uint16_t flags, next;
    } d[3] = {{RAM_BASE + 0x2000, 16, 1, 1},
              {RAM_BASE + 0x2100, size, (uint16_t)(reads ? 1 : 3), 2},
              {RAM_BASE + 0x2020, 1, 2, 0}};
    memcpy(w->memory.ram + 0x2000, header, sizeof(header));
    memcpy(w->memory.ram + n * 0x400u, d, sizeof(d));
}

static void available(struct world *w, struct fuzz_input *in)
{
    const uint32_t slot = fuzz_8(in) & 1u;
    const uint32_t how = fuzz_8(in);
    uint16_t *const avail = (uint16_t *)(void *)(w->memory.ram + slot * 0x400u + 0x100u);
    avail[2 + (avail[1] & 7u)] = (uint16_t)(how & 15u);
    avail[1] = (uint16_t)(how == 0xff ? fuzz_16(in) : avail[1] + 1u);
    reg(w, slot, 0x050, 0);
}

static void complete(struct world *w, struct fuzz_input *in)
{
    const uint32_t id = fuzz_8(in) & 31u;
    const bool known = id < L4_DISK_REQUESTS && (w->in_flight >> id & 1u) != 0;
    w->in_flight &= known ? ~(1u << id) : UINT32_MAX;
    FUZZ_CHECK(virtio_blk_completed(&w->blk, id, (id & 1u) != 0 ? L4_ERR_IO : L4_OK) == known);
    virtio_blk_go_on(&w->blk);
}

static void restart(struct world *w)
{
    const struct virtio_blk_disk disk = w->blk.disk;
    w->in_flight = 0;
    virtio_blk_resubmit(&w->blk, &disk);
}

static void check(const struct world *w)
{
    const struct virtio_blk_state *s = &w->blk.state;
    FUZZ_CHECK(s->in_flight == w->in_flight);
    FUZZ_CHECK((s->forgotten & ~s->in_flight) == 0);
    FUZZ_CHECK(virtio_quiet(&w->blk.virtio) == (s->in_flight == 0));
    uint32_t parts = 0;
    for (uint32_t i = 0; i < L4_DISK_REQUESTS; i++) {
        parts += (s->jobs >> i & 1u) != 0 ? s->job[i].parts : 0;
    }
    FUZZ_CHECK(parts == (uint32_t)__builtin_popcount(s->in_flight & ~s->forgotten));
}

static void step(struct world *w, struct fuzz_input *in)
{
    const uint32_t what = fuzz_8(in);
    switch (what & 15u) {
    case 0:
        start(w, what >> 4 & 1u, fuzz_32(in));
        break;
    case 1:
    case 2:
    case 3:
        descriptor(w, in);
        break;
    case 4:
    case 5:
    case 6:
        available(w, in);
        break;
    case 7:
    case 8:
        request(w, in);
        break;
    case 9:
    case 10:
        complete(w, in);
        break;
    case 11: { /* any register or byte of configuration, of any slot */
        const uint32_t size = 1u << fuzz_8(in) % 3u;
        struct mmio access = {(fuzz_16(in) & 0xfffu) & ~(size - 1u), size, 0, 0};
        FUZZ_CHECK(virtio_page_ops.read(&w->page, &access) == L4_OK);
        const l4_status_t status = store(w, access.offset, size, fuzz_32(in));
        FUZZ_CHECK(status == L4_OK || status == L4_ERR_BUSY);
        break;
    }
    case 12: /* any bytes of the rings */
        w->memory.ram[fuzz_16(in) & 0x7ffu] = fuzz_8(in);
        break;
    case 13:
        w->stock = fuzz_8(in);
        virtio_rng_more(&w->rng);
        break;
    case 14:
        reg(w, what >> 4 & 1u, 0x064, 3);
        break;
    default:
        if (what == 0xff) {
            restart(w);
        } else {
            reg(w, what >> 4 & 1u, 0x070, 0);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    static struct world w;
    memset(&w, 0, sizeof(w));
    init(&w, fuzz_8(&in) & 1u);
    start(&w, 0, 0xffffffffu);
    start(&w, 1, 0);
    for (uint32_t i = 0; i < STEPS && in.left != 0; i++) {
        step(&w, &in);
        check(&w);
    }
    free(w.memory.ram);
    return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const uint8_t seeds[][24] = {
        {0, 7, 0, 4, 0, 3, 4, 0, 0, 9, 0, 7, 0, 2, 1, 5, 4, 0, 0, 10, 0},
        {1, 7, 0, 8, 1, 0, 4, 0, 0, 15, 255, 9, 0, 7, 0, 0, 4, 0, 4, 0, 0},
        {0, 1, 1, 0, 16, 64, 0, 2, 0, 13, 50, 4, 1, 0, 13, 9, 4, 1, 255, 1, 2},
    };
    const unsigned int count = sizeof(seeds) / sizeof(seeds[0]);
    if (n >= count + 8u) {
        return 0;
    }
    if (n >= count) { /* long ones of anything: rings wrap, requests pile up */
        uint32_t random = n;
        for (size_t i = 0; i < LONG_SEED; i++) {
            random = random * 1664525u + 1013904223u;
            data[i] = (uint8_t)(random >> 24);
        }
        return LONG_SEED;
    }
    memcpy(data, seeds[n], sizeof(seeds[n]));
    return sizeof(seeds[n]);
}
