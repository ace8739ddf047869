#include <string.h>

#include <ipc_net/channel.h>

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void wipe(struct channel *channel)
{
    memset(channel->page, 0, L4_CHANNEL_BYTES(channel->size));
    channel->page->magic = L4_CHANNEL_MAGIC;
    channel->page->size = channel->size;
    for (uint32_t e = 0; e < 2; e++) {
        channel->end[e].head = channel->end[e].tail = channel->end[e].open = 0;
        channel->page->last[e] = channel->end[e].last;
    }
}

void channel_init(struct channel *channel, struct l4_channel_page *page, uint32_t size,
                  struct l4_net_counters *counters)
{
    *channel = (struct channel){.page = page, .size = size};
    channel->end[0].counters = &counters[0];
    channel->end[1].counters = &counters[1];
    wipe(channel);
}

/* The indices of end e move to the peer's: the end whose session lasts finds its own words as it
 * left them. */
static void empty_rings(struct channel *channel, uint32_t e)
{
    struct l4_ring_shared *const produced = &channel->page->ring[e];
    struct l4_ring_shared *const consumed = &channel->page->ring[1u - e];
    store(&produced->head, load(&produced->tail));
    store(&consumed->tail, load(&consumed->head));
    store(&channel->page->first[e], load(&produced->head));
    store(&produced->producer_waits, 0);
    store(&consumed->consumer_waits, 0);
    channel->end[e].head = load(&produced->head);
    channel->end[e].tail = load(&consumed->tail);
}

static void note_open(struct channel *channel, uint32_t e, uint32_t open)
{
    channel->end[e].open = open;
    if (L4_CHANNEL_NUMBER(open) != 0) {
        channel->end[e].last = L4_CHANNEL_NUMBER(open);
    }
}

static void close_end(struct channel *channel, uint32_t e)
{
    note_open(channel, e, load(&channel->page->open[e]));
    channel->end[e].open = 0;
    store(&channel->page->open[e], 0);
    store(&channel->page->last[e], channel->end[e].last);
}

bool channel_up(struct channel *channel, uint32_t e)
{
    const bool other_up = channel->end[1u - e].up;
    close_end(channel, e);
    if (other_up) {
        empty_rings(channel, e);
    } else {
        wipe(channel);
    }
    channel->end[e].up = true;
    return other_up;
}

bool channel_down(struct channel *channel, uint32_t e)
{
    close_end(channel, e);
    channel->end[e].up = false;
    return channel->end[1u - e].up;
}

bool channel_rung(struct channel *channel, uint32_t e)
{
    struct channel_end *const end = &channel->end[e];
    const uint32_t open = load(&channel->page->open[e]);
    const uint32_t head = load(&channel->page->ring[e].head);
    const uint32_t tail = load(&channel->page->ring[1u - e].tail);
    if (!end->up || (open == end->open && head == end->head && tail == end->tail)) {
        return false;
    }
    const uint32_t bytes = head - end->head;
    if (bytes > channel->size) {
        end->counters->errors++; /* the peer will see a broken ring */
    } else {
        end->counters->tx_bytes += bytes;
        channel->end[1u - e].counters->rx_bytes += bytes;
    }
    note_open(channel, e, open);
    end->head = head;
    end->tail = tail;
    end->counters->tx_frames++;
    channel->end[1u - e].counters->rx_frames++;
    return channel->end[1u - e].up;
}
