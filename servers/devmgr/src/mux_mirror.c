/*
 * Mirrors: what is `ahead` bytes into a client's ring the mirror has had, and not yet the serial
 * line.
 */
#include <devmgr/mux.h>

void mux_mirror(struct mux *mux, uint32_t client, bool present)
{
    struct mux_client *const c = &mux->client[client];
    if (c->mirrored != present) {
        c->mirrored = present;
        c->stalled = false;
        c->ahead = 0;
    }
}

/* The ring as the mirror has to see it. */
static struct l4_ring mirror_view(const struct mux_client *client)
{
    struct l4_ring view = client->tx;
    view.index += client->ahead;
    return view;
}

uint32_t mux_mirror_peek(const struct mux *mux, uint32_t client, void *bytes, uint32_t count)
{
    const struct mux_client *const c = &mux->client[client];
    if (!c->open || !c->mirrored) {
        return 0;
    }
    const struct l4_ring view = mirror_view(c);
    return l4_ring_peek(&view, bytes, count);
}

void mux_mirror_done(struct mux *mux, uint32_t client, uint32_t count)
{
    mux->client[client].ahead += count;
}

void mux_mirror_stalled(struct mux *mux, uint32_t client, bool stalled)
{
    mux->client[client].stalled = stalled;
}

uint32_t mux_mirror_limit(const struct mux_client *client)
{
    return client->mirrored && !client->stalled ? client->ahead : UINT32_MAX;
}

void mux_mirror_skip(struct mux_client *client, uint32_t count)
{
    const uint32_t had = count < client->ahead ? count : client->ahead;
    l4_ring_skip(&client->tx, count);
    client->dropped += client->mirrored ? count - had : 0;
    client->ahead -= had;
}

uint32_t mux_mirror_missed(struct mux *mux, uint32_t client)
{
    struct mux_client *const c = &mux->client[client];
    const uint32_t missed = c->stalled ? 0 : c->dropped;
    c->dropped -= missed;
    return missed;
}

uint32_t mux_mirror_input(struct mux *mux, uint32_t client, const void *bytes, uint32_t count)
{
    struct mux_client *const c = &mux->client[client];
    const uint8_t *const from = bytes;
    uint32_t done = 0;
    if (!c->open) {
        return 0;
    }
    do {
        done += l4_ring_put(&c->rx, from + done, count - done);
    } while (done < count && !l4_ring_wait_space(&c->rx));
    return done;
}
