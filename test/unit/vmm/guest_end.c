/* The end of our guests. It is built with names of its own: see CMakeLists.txt. */
#include "guest_end.h"

#include <guest/channel.h>

static struct channel channel;

static void bell(const struct channel *c)
{
    end_bells[c->end]++;
}

static void init(struct l4_channel_page *page, uint32_t end)
{
    if (!channel_init(&channel, page, end, bell)) {
        __builtin_trap();
    }
}

static void open(void)
{
    channel_open(&channel);
}

static void close(void)
{
    channel_close(&channel);
}

static enum end_event poll(void)
{
    return (enum end_event)channel_poll(&channel);
}

static uint32_t write(const void *bytes, uint32_t count)
{
    return channel_write(&channel, bytes, count);
}

static uint32_t read(void *bytes, uint32_t count)
{
    return channel_read(&channel, bytes, count);
}

const struct end_ops end_of_guest = {init, open, close, poll, write, read};
