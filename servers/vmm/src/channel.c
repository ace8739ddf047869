/* See channel.h; the rules are those of l4/guest/channel.h. */
#include <string.h>

#include <vmm/channel.h>

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

l4_status_t channel_attach(struct channel_end *c, struct l4_channel_page *page, uint32_t bytes,
                           uint32_t end, const struct doorbell *bell)
{
    memset(c, 0, sizeof(*c));
    if (page == NULL) {
        return L4_OK;
    }
    uint32_t size = load(&page->size);
    uint8_t *data = (uint8_t *)page + L4_CHANNEL_DATA;
    if (load(&page->magic) != L4_CHANNEL_MAGIC || end > 1 || size < L4_CHANNEL_SIZE_MIN ||
        size > L4_CHANNEL_SIZE_MAX || (size & (size - 1u)) != 0 || bytes < L4_CHANNEL_BYTES(size)) {
        return L4_ERR_FORMAT;
    }
    *c = (struct channel_end){.page = page, .end = end, .bell = *bell};
    l4_ring_init(&c->tx, &page->ring[end], data + end * size, size);
    l4_ring_init(&c->rx, &page->ring[1u - end], data + (1u - end) * size, size);
    return L4_OK;
}

/* The other end's data begins where it says. A place that makes no sense gives an empty ring for as
 * long as the connection lasts. */
static void skip(struct channel_end *c)
{
    c->rx.index = load(&c->page->first[1u - c->end]);
    l4_ring_skip(&c->rx, 0);
}

static void publish(struct channel_end *c)
{
    skip(c);
    store(&c->page->first[c->end], c->tx.index);
    store(&c->page->open[c->end], L4_CHANNEL_OPEN(c->mine, c->other));
    doorbell_ring(&c->bell);
}

/* A number other than the end's last one. */
static uint32_t next_number(const struct l4_channel_page *page, uint32_t end)
{
    uint32_t last = load(&page->open[end]);
    if (last == 0) {
        last = load(&page->last[end]);
    }
    last = L4_CHANNEL_NUMBER(last + 1u);
    return last != 0 ? last : 1u;
}

void channel_open(struct channel_end *c)
{
    c->mine = next_number(c->page, c->end);
    c->other = L4_CHANNEL_NUMBER(load(&c->page->open[1u - c->end]));
    c->connected = false;
    c->tx.index = load(&c->page->ring[c->end].head);
    publish(c);
}

void channel_clear(struct l4_channel_page *page, uint32_t end)
{
    uint32_t open = load(&page->open[end]);
    if (open != 0) {
        store(&page->last[end], L4_CHANNEL_NUMBER(open));
        store(&page->open[end], 0);
    }
}

void channel_close(struct channel_end *c)
{
    if (c->mine == 0) {
        return;
    }
    store(&c->page->last[c->end], c->mine);
    store(&c->page->open[c->end], 0);
    c->mine = 0;
    c->connected = false;
    doorbell_ring(&c->bell);
}

enum channel_event channel_poll(struct channel_end *c)
{
    uint32_t open = load(&c->page->open[1u - c->end]);
    bool was = c->connected;
    if (c->mine == 0) {
        return CHANNEL_SAME;
    }
    if (L4_CHANNEL_NUMBER(open) != c->other) {
        c->other = L4_CHANNEL_NUMBER(open);
        c->connected = false;
        publish(c);
    }
    bool answers = c->other != 0 && L4_CHANNEL_ANSWERS(open) == c->mine;
    if (was && (!c->connected || !answers)) {
        c->connected = false;
        return CHANNEL_DISCONNECTED;
    }
    if (!was && answers) {
        skip(c);
        c->connected = true;
        doorbell_ring(&c->bell); /* it may wait for space */
        return CHANNEL_CONNECTED;
    }
    return CHANNEL_SAME;
}
