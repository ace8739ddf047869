/*
 * The two ends' rules of l4/guest/channel.h. All state is in struct channel; of the shared words
 * those with our end's index are written here and never believed afterwards.
 */
#include "guest/channel.h"

#include <stddef.h>

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Between "index out" and "who waits?", and between "I wait" and "is there more?". */
static void barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static struct l4_ring_shared *out_ring(const struct channel *c)
{
    return &c->page->ring[c->end];
}

static struct l4_ring_shared *in_ring(const struct channel *c)
{
    return &c->page->ring[1u - c->end];
}

static uint8_t *ring_data(const struct channel *c, uint32_t end)
{
    return (uint8_t *)c->page + L4_CHANNEL_DATA + end * c->size;
}

static void copy(uint8_t *to, const uint8_t *from, uint32_t count)
{
    __builtin_memcpy(to, from, count);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

bool channel_init(struct channel *c, struct l4_channel_page *page, uint32_t end,
                  void (*notify)(const struct channel *channel))
{
    uint32_t size = load(&page->size);

    c->page = page;
    c->end = end;
    c->size = size;
    c->notify = notify;
    c->mine = c->other = c->head = c->tail = 0;
    c->connected = false;
    return load(&page->magic) == L4_CHANNEL_MAGIC && end < 2 && size >= L4_CHANNEL_SIZE_MIN &&
           size <= L4_CHANNEL_SIZE_MAX && (size & (size - 1)) == 0;
}

/* The other end's data begins where it says. A place that makes no sense gives an empty ring for
 * as long as the connection lasts. */
static void skip(struct channel *c)
{
    c->tail = load(&c->page->first[1u - c->end]);
    store(&in_ring(c)->tail, c->tail);
}

static void publish(struct channel *c)
{
    skip(c);
    store(&c->page->first[c->end], c->head);
    store(&c->page->open[c->end], L4_CHANNEL_OPEN(c->mine, c->other));
    c->notify(c);
}

/* A number other than the last one, whether that was closed or the guest was reset with it. */
static uint32_t next_number(const struct channel *c)
{
    uint32_t last = load(&c->page->open[c->end]);

    if (last == 0) {
        last = load(&c->page->last[c->end]);
    }
    last = L4_CHANNEL_NUMBER(last + 1);
    return last != 0 ? last : 1;
}

void channel_open(struct channel *c)
{
    c->mine = next_number(c);
    c->other = L4_CHANNEL_NUMBER(load(&c->page->open[1u - c->end]));
    c->connected = false;
    c->head = load(&out_ring(c)->head);
    publish(c);
}

void channel_close(struct channel *c)
{
    if (c->mine == 0) {
        return;
    }
    store(&c->page->last[c->end], c->mine);
    store(&c->page->open[c->end], 0);
    c->mine = 0;
    c->connected = false;
    c->notify(c);
}

static void connect(struct channel *c)
{
    skip(c);
    c->connected = true;
    c->notify(c); /* it may wait for space */
}

enum channel_event channel_poll(struct channel *c)
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
        connect(c);
        return CHANNEL_CONNECTED;
    }
    return CHANNEL_SAME;
}

uint32_t channel_space(const struct channel *c)
{
    uint32_t used = c->head - load(&out_ring(c)->tail);

    return !c->connected || used > c->size ? 0 : c->size - used;
}

uint32_t channel_used(const struct channel *c)
{
    uint32_t used = load(&in_ring(c)->head) - c->tail;

    return !c->connected || used > c->size ? 0 : used;
}

/* True when the flag was up: the other end sleeps. */
static bool must_wake(uint32_t *flag)
{
    barrier();
    if (load(flag) == 0) {
        return false;
    }
    store(flag, 0);
    return true;
}

static uint32_t put(struct channel *c, const uint8_t *bytes, uint32_t count)
{
    uint8_t *data = ring_data(c, c->end);
    uint32_t at = c->head & (c->size - 1);

    count = smaller(count, channel_space(c));
    uint32_t first = smaller(count, c->size - at);
    copy(data + at, bytes, first);
    copy(data, bytes + first, count - first);
    c->head += count;
    store(&out_ring(c)->head, c->head);
    return count;
}

static uint32_t take(struct channel *c, uint8_t *bytes, uint32_t count)
{
    const uint8_t *data = ring_data(c, 1u - c->end);
    uint32_t at = c->tail & (c->size - 1);

    count = smaller(count, channel_used(c));
    uint32_t first = smaller(count, c->size - at);
    copy(bytes, data + at, first);
    copy(bytes + first, data, count - first);
    c->tail += count;
    store(&in_ring(c)->tail, c->tail);
    return count;
}

uint32_t channel_write(struct channel *c, const void *bytes, uint32_t count)
{
    uint32_t done;

    if (!c->connected) {
        return 0;
    }
    done = put(c, bytes, count);
    if (done < count) { /* the second look after the flag, and no third: an interrupt follows */
        store(&out_ring(c)->producer_waits, 1);
        barrier();
        done += put(c, (const uint8_t *)bytes + done, count - done);
    }
    if (done != 0 && must_wake(&out_ring(c)->consumer_waits)) {
        c->notify(c);
    }
    return done;
}

uint32_t channel_read(struct channel *c, void *bytes, uint32_t count)
{
    uint32_t done;

    if (!c->connected) {
        return 0;
    }
    done = take(c, bytes, count);
    if (done < count) {
        store(&in_ring(c)->consumer_waits, 1);
        barrier();
        done += take(c, (uint8_t *)bytes + done, count - done);
    }
    if (done != 0 && must_wake(&in_ring(c)->producer_waits)) {
        c->notify(c);
    }
    return done;
}

bool channel_drained(struct channel *c)
{
    if (!c->connected || channel_space(c) == c->size) {
        return true;
    }
    store(&out_ring(c)->producer_waits, 1);
    barrier();
    return channel_space(c) == c->size;
}
