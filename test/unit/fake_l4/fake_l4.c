#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <sys/mman.h>

#include <fake_l4.h>
#include <l4/log.h>
#include <l4/start.h>

struct fake_l4 fake_l4;
static struct l4_msgbuf buffer;
struct l4_msgbuf *l4_msgbuf_pointer = &buffer;

static void unmap(struct fake_cap *cap)
{
    if (cap->mapped != 0) {
        (void)munmap((void *)(uintptr_t)cap->mapped, cap->size);
        cap->mapped = 0;
    }
}

void fake_l4_init(void)
{
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        unmap(&fake_l4.cap[i]);
    }
    memset(&fake_l4, 0, sizeof fake_l4);
    memset(&buffer, 0, sizeof buffer);
}

void fake_give(uint32_t slot, enum l4_cap_type type, uint32_t rights)
{
    fake_l4.cap[slot] = (struct fake_cap){.type = type, .rights = rights, .original = true};
}

void fake_give_region(uint32_t slot, uint64_t pa, uint32_t size, uint32_t rights)
{
    fake_give(slot, L4_TYPE_REGION, rights);
    fake_l4.cap[slot].pa = pa;
    fake_l4.cap[slot].size = size;
}

uint32_t fake_count(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        count += fake_l4.cap[i].type != L4_TYPE_NULL;
    }
    return count;
}

static struct fake_cap *at(uint32_t slot)
{
    return slot < FAKE_SLOTS ? &fake_l4.cap[slot] : &fake_l4.cap[0];
}

static struct fake_cap *of_type(uint32_t slot, enum l4_cap_type type)
{
    return at(slot)->type == type ? at(slot) : NULL;
}

/* A child of `from` in the free slot `to`, with at most `rights`. */
static l4_status_t derive(uint32_t from, uint32_t to, uint32_t rights)
{
    if (at(from)->type == L4_TYPE_NULL) {
        return L4_ERR_CAP;
    }
    if ((at(from)->rights & L4_RIGHT_COPY) == 0) {
        return L4_ERR_RIGHTS;
    }
    if (to == 0 || to >= FAKE_SLOTS || at(to)->type != L4_TYPE_NULL) {
        return L4_ERR_SLOT;
    }
    *at(to) = *at(from);
    at(to)->rights &= rights;
    at(to)->parent = from;
    at(to)->original = false;
    at(to)->mapped = at(to)->used = 0;
    return L4_OK;
}

static void empty(uint32_t slot)
{
    for (uint32_t i = 1; i < FAKE_SLOTS; i++) {
        if (at(i)->type != L4_TYPE_NULL && at(i)->parent == slot) {
            at(i)->parent = at(slot)->parent;
        }
    }
    unmap(at(slot));
    *at(slot) = (struct fake_cap){0};
}

static void revoke(uint32_t slot)
{
    for (uint32_t i = 1; i < FAKE_SLOTS; i++) {
        if (at(i)->type != L4_TYPE_NULL && at(i)->parent == slot) {
            revoke(i);
            empty(i);
        }
    }
    at(slot)->used = 0;
}

l4_status_t l4_sys_cap(struct l4_words *w)
{
    const uint32_t slot = w->r[0];
    if (w->r[1] == L4_CAP_SAVE_REPLY) {
        if (slot == 0 || slot >= FAKE_SLOTS || at(slot)->type != L4_TYPE_NULL) {
            return L4_ERR_SLOT;
        }
        fake_give(slot, L4_TYPE_REPLY, 0);
        return L4_OK;
    }
    if (at(slot)->type == L4_TYPE_NULL) {
        return L4_ERR_CAP;
    }
    switch (w->r[1]) {
    case L4_CAP_INFO:
        if ((at(slot)->rights & L4_RIGHT_INFO) == 0) {
            return L4_ERR_RIGHTS;
        }
        w->r[1] = at(slot)->type | at(slot)->rights << 8 | (uint32_t)at(slot)->original << 16;
        w->r[2] = 0;
        return L4_OK;
    case L4_CAP_COPY:
        return derive(slot, w->r[2], w->r[4]);
    case L4_CAP_DELETE:
        empty(slot);
        return L4_OK;
    case L4_CAP_REVOKE:
        revoke(slot);
        return L4_OK;
    default:
        return L4_ERR_NOT_SUPPORTED;
    }
}

static l4_status_t share(uint32_t from, uint32_t offset, uint32_t size, uint32_t to,
                         uint32_t rights)
{
    const struct fake_cap *const region = of_type(from, L4_TYPE_REGION);
    if (region == NULL) {
        return L4_ERR_CAP;
    }
    if (size == 0 || offset > region->size || size > region->size - offset) {
        return L4_ERR_RANGE;
    }
    const l4_status_t status = region->used != 0 ? L4_ERR_BUSY : derive(from, to, rights);
    if (status == L4_OK) {
        at(to)->pa = region->pa + offset;
        at(to)->size = size;
    }
    return status;
}

static l4_status_t split(uint32_t from, uint32_t size, uint32_t to)
{
    struct fake_cap *const region = of_type(from, L4_TYPE_REGION);
    if (region == NULL || !region->original) {
        return L4_ERR_CAP;
    }
    if (size > region->size - region->used) {
        return L4_ERR_NO_MEMORY;
    }
    const l4_status_t status = derive(from, to, L4_RIGHT_ALL);
    if (status == L4_OK) {
        at(to)->original = true;
        at(to)->pa = region->pa + region->used;
        at(to)->size = size;
        region->used += size;
    }
    return status;
}

l4_status_t l4_sys_region(struct l4_words *w)
{
    const struct fake_cap *const region = of_type(w->r[0], L4_TYPE_REGION);
    if (region == NULL) {
        return L4_ERR_CAP;
    }
    switch (w->r[1]) {
    case L4_REGION_INFO:
        w->r[1] = region->size;
        w->r[2] = region->size - region->used;
        w->r[3] = L4_REGION_RAM;
        return L4_OK;
    case L4_REGION_SPLIT:
        return split(w->r[0], w->r[2], w->r[4]);
    case L4_REGION_SHARE:
        return share(w->r[0], w->r[2], w->r[3], w->r[4], w->r[5]);
    case L4_REGION_PHYS:
        w->r[1] = (uint32_t)region->pa;
        w->r[2] = (uint32_t)(region->pa >> 32);
        return (region->rights & L4_RIGHT_DMA) != 0 ? L4_OK : L4_ERR_RIGHTS;
    default:
        return L4_ERR_NOT_SUPPORTED;
    }
}

/* Memory of its own at that very address: nobody looks at one region through two mappings. */
l4_status_t l4_sys_aspace(struct l4_words *w)
{
    struct fake_cap *const region = of_type(w->r[2], L4_TYPE_REGION);
    if (w->r[1] != L4_ASPACE_MAP || region == NULL) {
        return L4_ERR_NOT_SUPPORTED;
    }
    if (region->mapped != 0 || region->used != 0) {
        return L4_ERR_BUSY;
    }
    if ((w->r[4] & ~region->rights & (L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC)) != 0) {
        return L4_ERR_RIGHTS;
    }
    void *const address = (void *)(uintptr_t)w->r[3];
    if (mmap(address, region->size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != address) {
        return L4_ERR_BUSY;
    }
    region->mapped = w->r[3];
    return L4_OK;
}

l4_status_t l4_sys_irq(struct l4_words *w)
{
    if (w->r[1] == L4_IRQ_GET) {
        for (uint32_t i = 1; i < FAKE_SLOTS; i++) {
            if (at(i)->type == L4_TYPE_IRQ && at(i)->intid == w->r[2]) {
                return L4_ERR_BUSY;
            }
        }
        if (of_type(w->r[0], L4_TYPE_SYSTEM) == NULL || at(w->r[3])->type != L4_TYPE_NULL) {
            return L4_ERR_CAP;
        }
        fake_give(w->r[3], L4_TYPE_IRQ, L4_RIGHT_ALL);
        at(w->r[3])->intid = w->r[2];
        return L4_OK;
    }
    struct fake_cap *const irq = of_type(w->r[0], L4_TYPE_IRQ);
    if (irq == NULL) {
        return L4_ERR_CAP;
    }
    if (w->r[1] == L4_IRQ_UNBIND) {
        const bool bound = irq->bound != 0;
        irq->bound = 0;
        return bound ? L4_OK : L4_ERR_NOT_FOUND;
    }
    return L4_ERR_NOT_SUPPORTED;
}

l4_status_t l4_sys_signal(struct l4_words *w)
{
    if (fake_l4.signals < FAKE_SIGNALS) {
        fake_l4.signal[fake_l4.signals].cap = w->r[0];
        fake_l4.signal[fake_l4.signals].bits = w->r[1];
        fake_l4.signals++;
    }
    return of_type(w->r[0], L4_TYPE_ENDPOINT) != NULL ? L4_OK : L4_ERR_CAP;
}

l4_status_t l4_sys_call(struct l4_words *w)
{
    struct l4_msg msg = {.tag = w->r[1], .w = {w->r[4], w->r[5], w->r[6], w->r[7]}};
    if (fake_l4.call == NULL) {
        return L4_ERR_TIMEOUT;
    }
    const l4_status_t status = fake_l4.call(w->r[0], &msg, w->r[3]);
    w->r[1] = msg.tag;
    memcpy(&w->r[4], msg.w, sizeof msg.w);
    return status;
}

/* Through a kept reply, which is used up. */
l4_status_t l4_sys_send(struct l4_words *w)
{
    if (of_type(w->r[0], L4_TYPE_REPLY) == NULL) {
        return L4_ERR_CAP;
    }
    fake_l4.answers++;
    fake_l4.answer = (l4_status_t)w->r[4];
    empty(w->r[0]);
    return L4_OK;
}

l4_status_t l4_sys_system(struct l4_words *w)
{
    if (w->r[1] != L4_SYSTEM_CLOCK) {
        return L4_ERR_NOT_SUPPORTED;
    }
    w->r[1] = (uint32_t)fake_l4.now_ns;
    w->r[2] = (uint32_t)(fake_l4.now_ns >> 32);
    return L4_OK;
}

l4_status_t fake_receive(uint32_t index, uint32_t slot)
{
    const struct l4_item *const item = &buffer.item[index];
    if (item->kind == L4_ITEM_COPY) {
        return derive(item->cap, slot, item->rights);
    }
    if (item->kind != L4_ITEM_MAP) {
        return L4_ERR_TRANSFER;
    }
    return share(item->cap, item->offset, item->size, slot,
                 item->rights | L4_RIGHT_INFO | L4_RIGHT_COPY);
}

void l4_log(const char *format, ...)
{
    (void)format;
    fake_l4.lines++;
}

void l4_log_set_sink(l4_log_sink_t *sink, void *context)
{
    (void)context;
    fake_l4.sink = sink;
}
